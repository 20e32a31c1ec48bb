"""Outcomes: what customers did after a cutoff beyond the question's target: how often, for how much, and when.

Each counts what was known at its own maturity, as the target does, so that no outcome changes with later corrections.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .evaluation import Sight, evaluate
from .expressions import Evidence, Window
from .localtime import DAY, LocalTime
from .number_kernels import first_at_or_after
from .question import Purchase, Question
from .views import View

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PURCHASES = "target_purchases"
"""Purchases in the first horizon; null where it is not mature."""

SPEND = "target_spend"
"""Net spend in the first horizon, returns taken off; null where it is not mature."""

DAYS = "target_days"
"""Days from the cutoff to the next purchase, null where none came within the longest horizon or that is not mature."""

SEEN_DAYS = "seen_days"
"""Days from the cutoff to the next purchase that is known today, however late; null where none was seen."""

_LINES = Evidence("lines", ("amount",))


def target_name(horizon_days: int) -> str:
    """The column that says whether the target was met within a further horizon."""
    return f"target_{horizon_days}d"


def outcome_names(question: Question) -> tuple[str, ...]:
    """The columns of all outcomes that a question has; those of spend need lines, see `outcomes`."""
    if not isinstance(question.target, Purchase):
        return ()
    return (*map(target_name, question.further_horizons), PURCHASES, SPEND, DAYS, SEEN_DAYS)


def horizon_maturity(question: Question, zone: LocalTime, cutoff: Integers, horizon_days: int) -> Integers:
    """When a target of that horizon is known for good at each cutoff (instants)."""
    return zone.shift_days(cutoff, horizon_days + question.settle_days)


def outcomes(sight: Sight, question: Question, observed_until: int) -> dict[str, pa.Array]:
    """The outcomes of every snapshot by column; none for a target that is no purchase.

    Purchases are orders that meet the question's condition. Spend is that of all lines, so there is none where a
    condition narrows the question.
    """
    if not isinstance(question.target, Purchase):
        return {}
    found: dict[str, pa.Array] = {}
    for days in question.further_horizons:
        after = _After.of(sight, horizon_maturity(question, sight.zone, sight.cutoffs, days))
        found[target_name(days)] = _nullable(
            after.purchases(days) > 0, after.mature(observed_until), pa.int8()
        )
    first = horizon_maturity(question, sight.zone, sight.cutoffs, question.horizon_days)
    after = _After.of(sight, first)
    mature = after.mature(observed_until)
    found[PURCHASES] = _nullable(after.purchases(question.horizon_days), mature, pa.int32())
    if question.target.where is None and "lines" in sight.timelines:
        spend = evaluate(Window(_LINES, 0, -question.horizon_days).sum("amount"), after.sight)
        found[SPEND] = _nullable(spend, mature, pa.float64())
    longest = question.horizons[-1]
    after = _After.of(sight, horizon_maturity(question, sight.zone, sight.cutoffs, longest))
    days_until = after.days_until(sight.shifted(longest))
    found[DAYS] = _nullable(days_until, ~np.isnan(days_until) & after.mature(observed_until), pa.float64())
    today = np.full(sight.cutoffs.size, observed_until, np.int64)
    days_until = _After.of(sight, today).days_until(today)
    found[SEEN_DAYS] = _nullable(days_until, ~np.isnan(days_until), pa.float64())
    return found


@dataclass(frozen=True)
class _After:
    """The purchases that each snapshot's customer is known to have made by some later moment."""

    sight: Sight
    view: View
    begin: Integers
    """The first row that happened at or after the cutoff."""

    @classmethod
    def of(cls, sight: Sight, known_at: Integers) -> "_After":
        """As known at the moments int64[c] of the different cutoffs."""
        later = replace(sight, snapshots=replace(sight.snapshots, known_at=known_at), views={})
        snapshots = later.snapshots
        seen = View.of(later.timelines["orders"], snapshots.customer, snapshots.as_of)
        view = seen.only(seen.numbers("is_target") > 0)
        begin = first_at_or_after(view.happened, view.begin, view.end, sight.cutoffs, snapshots.places)
        return cls(later, view, begin)

    def mature(self, observed_until: int) -> Flags:
        """Whether the moment had come by the end of the evidence; bool[s]."""
        return self.sight.snapshots.as_of <= observed_until

    def _end(self, until: Integers) -> Integers:
        return first_at_or_after(self.view.happened, self.begin, self.view.end, until, self.sight.places)

    def purchases(self, days: int) -> Floats:
        """How many there were within so many local days after the cutoff; float64[s]."""
        return (self._end(self.sight.shifted(days)) - self.begin).astype(np.float64)

    def days_until(self, until: Integers) -> Floats:
        """Days from the cutoff to the first before the moments int64[c], NaN where there was none; float64[s]."""
        some = self._end(until) > self.begin
        found = np.full(some.size, np.nan)
        happened = self.view.happened[self.begin[some]]
        found[some] = (happened - self.sight.snapshots.cutoff[some]) / DAY
        return found


def _nullable(values: npt.NDArray[np.generic], known: Flags, kind: pa.DataType) -> pa.Array:
    filled = np.where(known, values, 0)
    return pa.array(filled.astype(kind.to_pandas_dtype()), kind, mask=~known)
