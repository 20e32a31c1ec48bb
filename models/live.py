"""Live quality: scores as they were sent beside what came, for some customers, with intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .evaluation import SEGMENT_CUSTOMERS, SEGMENT_OUTCOMES
from .groups import ordered_groups
from .intervals import CustomerBootstrap, Estimate
from .metrics import METRICS, chance_calibration_error
from .predictions import Predictions
from .reliability import binned_design_effect, recalibration_interval
from .totals import Total, total


@dataclass(frozen=True)
class LivePart:
    """Some of those who were scored: the total promised and come, and the metrics where there are enough people.

    `calibration_by_chance` is the calibration error that right probabilities stay below in 95% of such samples.
    """

    name: str
    customers: int
    total: Total
    metrics: Mapping[str, Estimate]
    """By name; empty where there are too few people, and `reason` says so."""
    recalibration: Mapping[str, Estimate]
    """`slope` (1 is right, less is too extreme) and `intercept` (0 is right); empty as the metrics are."""
    calibration_by_chance: float | None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The part as plain data; None for what is not defined."""
        return {
            "name": self.name,
            "customers": self.customers,
            "total": self.total.to_dict(),
            "metrics": {name: each.to_dict() for name, each in self.metrics.items()},
            "recalibration": {name: each.to_dict() for name, each in self.recalibration.items()},
            "calibration_by_chance": self.calibration_by_chance,
            "reason": self.reason,
        }


def live_part(name: str, sent: Predictions, spread: float, seed: int = 0, replicates: int = 500) -> LivePart:
    """Scores as sent with their outcomes to how good they were; `spread` is that of a cutoff's level in log-odds.

    Intervals resample customers with all their snapshots. At least one row.
    """
    moments = np.unique(sent.cutoff).tolist()
    summed = total(
        name, sent.outcome, sent.probability, sent.cutoff, sent.customer, dict.fromkeys(moments, spread)
    )
    customers, events = len(np.unique(sent.customer)), int(np.sum(sent.outcome))
    others = len(sent.outcome) - events
    if customers < SEGMENT_CUSTOMERS or min(events, others) < SEGMENT_OUTCOMES:
        reason = (
            f"too few to judge: {customers:,} customers, {events:,} cases and {others:,} others; "
            f"needs {SEGMENT_CUSTOMERS} customers and {SEGMENT_OUTCOMES} of each"
        )
        return LivePart(name, customers, summed, {}, {}, None, reason)
    (ranking,) = sent.rankings([])
    plan = CustomerBootstrap.of(sent.customer, seed, replicates)
    code = plan.code[ranking.order]
    values = ranking.measure(np.ones(len(code)))
    drawn = plan.run(lambda counts: ranking.measure(counts[code]))
    design = binned_design_effect(sent.outcome, sent.probability, sent.customer)
    return LivePart(
        name,
        customers,
        summed,
        {metric: Estimate.of(values[i], drawn[:, i]) for i, metric in enumerate(METRICS)},
        recalibration_interval(sent.outcome, sent.probability, sent.customer),
        chance_calibration_error(sent.probability, seed, design=design),
    )


def live_groups(
    sent: Predictions, spread: float, seed: int = 0, replicates: int = 500
) -> dict[str, tuple[LivePart, ...]]:
    """The same for every group of every grouping of the rows, in the order in which to show them."""
    found = {}
    for grouping, labels in sent.groups.items():
        names, groups = ordered_groups(grouping, np.asarray(labels).astype(str))
        found[grouping] = tuple(
            live_part(name, sent.where(groups == name), spread, seed, replicates) for name in names
        )
    return found


@dataclass(frozen=True)
class Tenth:
    """A tenth of those scored, 1 being the likeliest: what was promised, what came, and how many were contacted."""

    tenth: int
    n: int
    promised: float
    came: float | None
    contacted: float | None
    """Share contacted by the firm within the horizon; None where there is no table of activities."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return dict(vars(self))


def tenths(
    probability: NDArray[np.float64],
    customer: NDArray[np.int64],
    outcome: NDArray[Any] | None,
    contacted: NDArray[np.bool_] | None,
) -> tuple[Tenth, ...]:
    """Scores [n] to tenths of equal size, the likeliest first; equal scores are put in the order of their customers."""
    order = np.lexsort([customer, -probability])
    return tuple(
        Tenth(
            place + 1,
            len(rows),
            float(probability[rows].mean()),
            None if outcome is None else float(outcome[rows].mean()),
            None if contacted is None else float(contacted[rows].mean()),
        )
        for place, rows in enumerate(np.array_split(order, 10))
        if len(rows)
    )
