"""Who is asked about, and when: cutoffs on the calendar, populations and stages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .errors import ConfigurationError, DataError
from .evaluation import Snapshots
from .localtime import LocalTime, to_datetime
from .question import Population, Question
from .views import View

Integers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]


def calendar_cutoffs(
    question: Question, zone: LocalTime, observed_from: int, observed_until: int
) -> Integers:
    """The question's cutoffs whose target is mature, ascending instants; int64[cutoffs].

    The last one is as late as its target is mature; each has at least a horizon of history before it, so there may be
    fewer than were asked for. DataError where there is none.
    """
    last = zone.shift_days(
        zone.floor_to_day(np.array([observed_until], np.int64)),
        -(question.horizon_days + question.settle_days),
    )
    earliest = zone.shift_days(np.array([observed_from], np.int64), question.horizon_days)[0]
    days = [-question.spacing_days * i for i in range(question.cutoffs)]
    found = np.concatenate([zone.shift_days(last, day) for day in reversed(days)])
    found = found[found >= earliest]
    if found.size == 0:
        span = (observed_until - observed_from) / 86_400e6
        raise DataError(
            "The history is too short: no cutoff has a horizon of history before it and a mature target after it.",
            where="[question] horizon_days",
            found=f"{span:.0f} days of purchases, a horizon of {question.horizon_days} days"
            f" and {question.settle_days} to settle",
            remedy=f"ask about at most {max(int(span - question.settle_days) // 3, 1)} days, or bring more history",
        )
    return np.asarray(found, np.int64)


def parse_cutoffs(cutoffs: Sequence[str | date | datetime], zone: LocalTime, observed_until: int) -> Integers:
    """Cutoffs as a user writes them (a date is its local midnight), sorted; int64[cutoffs].

    ConfigurationError where one cannot be read, is not a local midnight, or lies after `observed_until`.
    """
    found = sorted({_parse(cutoff, zone) for cutoff in cutoffs})
    moments = np.array(found, np.int64)
    for moment, midnight in zip(found, zone.floor_to_day(moments).tolist(), strict=True):
        if moment != midnight:
            raise ConfigurationError(
                "A cutoff must be the beginning of a business day.",
                where=f"cutoff, in the time zone {zone.zone}",
                found=to_datetime(moment).isoformat(),
                remedy="give a date; for other instants use build_features(at=…)",
            )
    check_known(moments, observed_until)
    return moments


def check_known(cutoffs: Integers, observed_until: int) -> None:
    """ConfigurationError where a cutoff lies after `observed_until`."""
    late = cutoffs[cutoffs > observed_until]
    if late.size:
        raise ConfigurationError(
            "The cutoff lies after observed_until: what happened in between is not known.",
            where="cutoff",
            found=f"{to_datetime(int(late[0]))}, with observed_until {to_datetime(observed_until)}",
            remedy="move observed_until when newer data has come in, or take an earlier cutoff",
        )


def _parse(cutoff: str | date | datetime, zone: LocalTime) -> int:
    moment = cutoff
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise ConfigurationError(
                "The cutoff is not a date.",
                where="cutoff",
                found=repr(cutoff),
                remedy="write it as 2018-01-31",
            ) from None
    if isinstance(moment, datetime):
        return zone.instant(moment)
    return zone.midnight(moment)


STAGES = ("new", "repeat", "lapsed", "prospect", "unknown")
POPULATIONS = ("active", "lapsed", "prospects")
_ALIAS = "an alias of another customer"


@dataclass(frozen=True)
class Standing:
    """Where each snapshot's customer stands: what is asked of populations, and why some are not asked about.

    `stage` and `population` are places in STAGES and POPULATIONS, `reason` one in `because`, or -1 for those the
    question is about; int8[s].
    """

    stage: Places
    population: Places
    reason: Places
    because: tuple[str, ...]

    @property
    def is_asked_about(self) -> Flags:
        """Whether the question is about the snapshot's customer; bool[s]."""
        return self.reason < 0

    def stages(self, keep: Flags) -> pa.Array:
        """The stages of the kept snapshots, as text."""
        return _words(self.stage[keep], STAGES)

    def populations(self, keep: Flags) -> pa.Array:
        """The populations of the kept snapshots, as text."""
        return _words(self.population[keep], POPULATIONS)

    def reasons(self, keep: Flags) -> pa.Array:
        """Why the kept snapshots are not asked about, as text; null for those that are."""
        return _words(self.reason[keep], self.because)


def _words(places: Places, words: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(
        pa.array(places, mask=places < 0), pa.array(words, pa.string())
    ).cast(pa.string())


def standing(
    view: View,
    snapshots: Snapshots,
    question: Question,
    zone: LocalTime,
    observed_from: int,
    merged: Flags,
) -> Standing:
    """The standing of snapshots, from what they see of the orders.

    `merged` bool[s] says whose customer had turned out to be an alias by then.
    """
    count = view.end - view.begin
    cutoffs, place = snapshots.cutoffs, snapshots.places
    active_from = zone.shift_days(cutoffs, -question.lookback_days)[place]
    seen = count > 0
    active = seen & (_moment(view, view.end - 1, seen) >= active_from)
    first_known = zone.shift_days(np.array([observed_from], np.int64), question.lookback_days)[0]
    is_first = (count == 1) & (_moment(view, view.begin, seen) >= first_known)
    names = ("prospect", "lapsed", "new", "unknown", "repeat")
    stage = _chosen([~seen, ~active, is_first, count == 1], [STAGES.index(name) for name in names])
    population = _chosen(
        [~seen, ~active], [POPULATIONS.index(name) for name in ("prospects", "lapsed", "active")]
    )
    rules = [(merged, _ALIAS), *_rules(question, seen, active)]
    reason = _chosen([applies for applies, _ in rules], [*range(len(rules)), -1])
    return Standing(stage, population, reason, tuple(words for _, words in rules))


def _chosen(conditions: Sequence[Flags], places: Sequence[int]) -> Places:
    """The place of the first condition that holds, the last place where none does; int8[s]."""
    found = np.full(conditions[0].size, places[-1], np.int8)
    for condition, place in zip(reversed(conditions), reversed(places[:-1]), strict=True):
        found[condition] = place
    return found


def _moment(view: View, rows: Integers, seen: Flags) -> Integers:
    if view.happened.size == 0:
        return np.zeros(rows.size, np.int64)
    return np.where(seen, view.happened[np.where(seen, rows, 0)], 0)


def _rules(question: Question, seen: Flags, active: Flags) -> list[tuple[Flags, str]]:
    """Whom the question is not about, and why; the first rule that applies counts."""
    never, lately = "no purchase before the cutoff", f"in the {question.lookback_days} days before the cutoff"
    rules: dict[Population, list[tuple[Flags, str]]] = {
        "active": [(~seen, never), (~active, f"no purchase {lately}")],
        "lapsed": [(~seen, never), (active, f"not lapsed: a purchase {lately}")],
        "all": [(~seen, never)],
        "prospects": [(seen, "not a prospect: a purchase before the cutoff")],
    }
    return rules[question.population]
