"""What nobody drew lots for: those contacted beside customers alike, then and where nothing can have changed."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.engine import Prepared
from patron.features.errors import DataError

from .comparability import Comparability, compare_arms
from .contacts import Contacts
from .effects import Effect
from .measuring import observed_effect
from .moments import OUTCOMES, Ground, covariates_of
from .trial import Trial

Places = npt.NDArray[np.int64]

OTHERS = "not contacted"
"""The arm of those who were not contacted."""

HORIZONS_BEFORE = 2
"""So many horizons before the contact are compared: what lasts shows more surely in two than in one."""


def effects_of_contacts(
    ground: Ground,
    prepared: Prepared,
    contacts: Contacts,
    negative_control: tuple[Ground, Prepared] | None = None,
) -> list[Effect]:
    """Contacts and others to the effect on each outcome that the evidence has; without an estimate where none is told.

    The same comparison in the horizons before is the placebo: where it moves for one outcome, those contacted were
    different before, and no outcome has a number. What is measured on the purchases of a `negative_control` is another.
    Rows are sorted by customer and moment. DataError for contacts or others who are too few.
    """
    pairs = list(beside_before(ground, prepared, contacts))
    placebos = [placebo for _, placebo in pairs if placebo is not None]
    effects = [_beside(effect, own, placebos) for effect, own in pairs]
    if negative_control is None:
        return effects
    return _beside_control(effects, Alike.of(*negative_control, contacts))


def _beside(effect: Effect, own: Effect | None, placebos: Sequence[Effect]) -> Effect:
    """The effect beside its own placebo, then beside those of the other outcomes."""
    for placebo in sorted(placebos, key=lambda each: each is not own):
        if effect.estimate is not None:
            effect = effect.beside_placebo(placebo)
    return effect


def beside_before(
    ground: Ground, prepared: Prepared, contacts: Contacts
) -> Iterator[tuple[Effect, Effect | None]]:
    """The effect on each outcome, and what the same comparison finds in the horizons before, where it can find nothing.

    Each customer is in it once for each horizon at whose beginning it was known: that somebody came in between would
    look like an outcome. Where there is no effect to begin with the earlier one is None; where too few were known, the
    effect has no estimate either.
    """
    zone, horizon = ground.store.zone, ground.question.horizon_days
    earlier = [zone.shift_days(contacts.moment, -back * horizon) for back in range(1, HORIZONS_BEFORE + 1)]
    before = contacts.at(ground.store, earlier)
    now = Alike.of(ground, prepared, contacts)
    then = Alike.of(ground, prepared, before) if before.customer.size else None
    for outcome, column in OUTCOMES.items():
        if column in now.rows.column_names:
            effect = now.effect(column, outcome)
            placebo = None
            if effect.estimate is not None:
                placebo = _earlier(then, column, f"{outcome} before the contact")
                effect = effect if placebo is not None else effect.without_number(_NEW)
            yield effect, placebo


def _earlier(then: "Alike | None", column: str, name: str) -> Effect | None:
    """What is found earlier; None where too few were known then."""
    try:
        return None if then is None else then.effect(column, name)
    except DataError:
        return None


_NEW = "too few of them were known a horizon earlier, when nothing can have changed, to see whether they were different"


class Alike:
    """Contacts and others at some moments, in `rows` with covariates, outcomes and the arm of the contact's own moment.

    The chance to be contacted does not depend on what is measured: it is estimated once for outcomes of the same rows.
    """

    def __init__(self, rows: pa.Table, activity: str, seed: int) -> None:
        self.rows = rows
        self.activity = activity
        self.seed = seed
        self._compared: tuple[Trial, Comparability] | None = None

    @classmethod
    def of(cls, ground: Ground, prepared: Prepared, contacts: Contacts) -> "Alike":
        """Contacts and others at their moments."""
        table = ground.rows(prepared, contacts.customer, contacts.moment)
        order = np.lexsort([contacts.moment, contacts.customer])
        arm = np.where(contacts.contacted[order], contacts.activity, OTHERS)
        return cls(table.append_column("arm", pa.array(arm.tolist())), contacts.activity, ground.seed)

    def effect(self, column: str, name: str) -> Effect:
        """The activity's effect on the outcome in a column, by a name; DataError for contacts or others too few."""
        named = self.rows.rename_columns(
            [name if each == column else each for each in self.rows.column_names]
        )
        trial = Trial.of(named, "arm", name, covariates_of(self.rows), control=OTHERS, customer="customer")
        place = trial.arms.index(self.activity)
        return observed_effect(trial, {}, place, self._comparability(trial, place), self.seed)

    def _comparability(self, trial: Trial, place: int) -> Comparability:
        if self._compared is None or not trial.is_alike(self._compared[0]):
            self._compared = trial, compare_arms(trial.between(place), self.seed)
        return self._compared[1]


def _beside_control(effects: Sequence[Effect], beside: Alike) -> list[Effect]:
    """Effects beside what is found for purchases that the activity cannot have changed."""
    if all(effect.estimate is None for effect in effects):
        return list(effects)
    found = beside.effect("target", "purchases that it is said not to concern")
    return [each if each.estimate is None else each.beside_placebo(found) for each in effects]
