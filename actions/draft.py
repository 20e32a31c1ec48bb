"""The draft of a plan: who fits which programme on which day, and who may be contacted at all."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.models.table_columns import numbers

from .candidates import Candidates
from .contactable import MAY_BE, NEVER, Contacts, opted_out, past_contacts
from .drawing import draw_share, fifths, generator, strata_of
from .draws import Draw
from .economics import PlanSettings
from .known_effects import KnownEffect
from .moments import Ground
from .plan import HOLD_OUT, assigned

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

OPTED_OUT = "opted out"
NEVER_TOUCHED = "in the control that is never contacted"
IN_PROGRAMME = "drawn for a programme before, and its horizon is not over"
NO_FIT = "no programme fits"
NOT_DUE = "fits a programme, but is not due within the plan"
OFTEN = "fits a programme, but was contacted often enough"


@dataclass(frozen=True, eq=False)
class Draft:
    """Candidates [n] and programmes [k]: `fits` [n, k] says who could get what, `moment` [n, k] when (instants).

    `reason` [n] says why nothing fits, empty where something does. `never` are the assignments to the control that is
    never contacted, of those who were not drawn before. `stratum` [n] are kinds of customers that lots are drawn in.
    """

    ground: Ground
    settings: PlanSettings
    candidates: Candidates
    known: tuple[KnownEffect, ...]
    fits: Flags
    moment: Places
    reason: npt.NDArray[np.object_]
    stratum: Places
    never: pa.Table
    notes: tuple[str, ...] = ()

    @property
    def unit_cost(self) -> Floats:
        """What a contact costs [n, k]: the incentive is paid by the probability to buy."""
        bought = numbers(self.candidates.table, "probability")
        costs = np.empty(self.fits.shape)
        for place, each in enumerate(self.known):
            costs[:, place] = each.programme.cost + each.programme.incentive * bought
        return costs

    def places(self, state: str) -> list[int]:
        """The programmes of a state."""
        return [place for place, each in enumerate(self.known) if each.state == state]

    def random(self, *said: object) -> np.random.Generator:
        """Random numbers of one draw of this plan."""
        return generator(self.ground.seed, self.candidates.cutoff, *said)


def draft_of(
    ground: Ground,
    settings: PlanSettings,
    candidates: Candidates,
    known: tuple[KnownEffect, ...],
    draws: Mapping[str, Draw],
    earlier: Contacts,
) -> Draft:
    """Candidates, what is known of the programmes, and the draws so far to the draft.

    `earlier` are contacts that other plans have planned from the cutoff on.
    """
    count, horizon = candidates.count, ground.question.horizon_days
    stratum = strata_of(
        np.array(candidates.table["stage"].to_pylist(), np.str_),
        fifths(numbers(candidates.table, "probability")),
    )
    reason = np.full(count, "", object)
    notes = []
    if settings.opt_out is None:
        out = np.zeros(count, np.bool_)
        notes.append("No column of the profile says who opted out ([plan] opt_out).")
    else:
        out = opted_out(ground.store, settings.opt_out)[candidates.customer]
    never, table = _never_contacted(ground, settings, candidates, draws.get(NEVER), out, stratum)
    busy = np.isin(candidates.customer, _in_programmes(ground, candidates.cutoff, draws))
    for blocked, why in ((busy, IN_PROGRAMME), (never, NEVER_TOUCHED), (out, OPTED_OUT)):
        reason[blocked] = why
    free = reason == ""
    wanted = np.zeros((count, len(known)), np.bool_)
    due, moment = wanted.copy(), np.full(wanted.shape, candidates.cutoff, np.int64)
    allowed = wanted.copy()
    contacts = _together(past_contacts(ground.store, candidates.cutoff), earlier)
    days_on = np.concatenate(
        [ground.store.zone.shift_days(np.array([candidates.cutoff]), day) for day in range(horizon)]
    )
    for place, each in enumerate(known):
        programme = each.programme
        wanted[:, place] = programme.whom.holds(candidates.table)
        days = np.floor(np.maximum(programme.when.numbers(candidates.table), 0))
        due[:, place] = days < horizon
        moment[:, place] = days_on[np.where(due[:, place], days, 0).astype(np.int64)]
        allowed[:, place] = (
            _contacts_near(ground, contacts, candidates, moment[:, place], programme.within_days)
            < programme.most
        )
    fits = wanted & due & allowed & free[:, None]
    for lacking, why in (
        (~(wanted & due & allowed).any(axis=1), OFTEN),
        (~(wanted & due).any(axis=1), NOT_DUE),
    ):
        reason[free & lacking] = why
    reason[free & ~wanted.any(axis=1)] = NO_FIT
    return Draft(ground, settings, candidates, known, fits, moment, reason, stratum, table, tuple(notes))


def _never_contacted(
    ground: Ground,
    settings: PlanSettings,
    candidates: Candidates,
    before: Draw | None,
    out: Flags,
    stratum: Places,
) -> tuple[Flags, pa.Table]:
    """Who is never contacted [n], and the assignments of those who were not drawn before and did not opt out."""
    known = np.zeros(candidates.count, np.bool_)
    never = known.copy()
    if before is not None:
        known = np.isin(candidates.customer, before.customer)
        never = np.isin(candidates.customer, before.customer[before.arm == NEVER])
    new = np.flatnonzero(~known & ~out)
    share = settings.never_contacted
    if share == 0:
        new = new[:0]
    random = generator(ground.seed, candidates.cutoff, NEVER)
    drawn = draw_share(stratum[new], share, random)
    never[new[drawn]] = True
    arms = [NEVER if each else MAY_BE for each in drawn.tolist()]
    chance = np.where(drawn, share, 1 - share)
    return never, assigned(candidates, new, [NEVER] * new.size, arms, chance, [NEVER] * new.size)


def _in_programmes(ground: Ground, cutoff: int, draws: Mapping[str, Draw]) -> Places:
    """Codes of those whom an earlier plan has drawn for a programme, in either arm, whose horizon is not over."""
    found = [np.empty(0, np.int64)]
    for draw in draws.values():
        if draw.control == HOLD_OUT:
            over = ground.store.zone.shift_days(draw.moment, ground.question.horizon_days)
            found.append(draw.customer[(draw.moment < cutoff) & (over > cutoff)])
    return np.unique(np.concatenate(found))


def _contacts_near(
    ground: Ground, contacts: Contacts, candidates: Candidates, moment: Places, days: int
) -> Places:
    """The firm's contacts of each candidate less than so many days before or after its moment."""
    after, before = (ground.store.zone.shift_days(moment, each) for each in (-days, days))
    return contacts.between(ground.store.customers, candidates.customer, after, before)


def _together(first: Contacts, second: Contacts) -> Contacts:
    return Contacts(
        np.concatenate([first.customer, second.customer]), np.concatenate([first.moment, second.moment])
    )
