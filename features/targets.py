"""Targets: what happened in the horizon, from the facts known when it was mature."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from .evaluation import Evaluator, Snapshots
from .expressions import Evidence, Expression, Window
from .localtime import LocalTime
from .population import PopulationHistory
from .question import Purchase, Question, SpendDrop
from .timelines import Timeline

Floats = npt.NDArray[np.float64]

_ORDERS = Evidence("orders", ("is_target",))
_LINES = Evidence("lines", ("amount",))


def maturity(question: Question, zone: LocalTime, cutoff: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """When the target of each cutoff is known for good: horizon and settling time after it."""
    cutoffs, place = np.unique(cutoff, return_inverse=True)
    return zone.shift_days(cutoffs, question.horizon_days + question.settle_days)[place]


def target_values(
    timelines: Mapping[str, Timeline],
    observed_from: Mapping[str, int],
    zone: LocalTime,
    snapshots: Snapshots,
    question: Question,
    observed_until: int,
) -> Floats:
    """1 where the target was met, 0 where not, NaN while immature or undefined; float64[s].

    The label window is [cutoff, cutoff + horizon); facts count that were known before maturity, so a label does not
    change when later corrections come in.
    """
    mature = maturity(question, zone, snapshots.cutoff)
    nobody = PopulationHistory(())
    future = Evaluator(
        timelines, observed_from, zone, Snapshots(snapshots.customer, snapshots.cutoff, mature), nobody
    )
    if isinstance(question.target, Purchase):
        bought = future.values(_horizon(_ORDERS, question).sum("is_target"))
        values = np.where(np.isnan(bought), np.nan, bought > 0)
    else:
        past = Evaluator(timelines, observed_from, zone, snapshots, nobody)
        usual = past.values(_usual_spend(question, question.target))
        spent = future.values(_horizon(_LINES, question).sum("amount"))
        values = np.where(usual > 0, spent < usual, np.nan)
    return np.where(mature <= observed_until, values, np.nan)


def _horizon(evidence: Evidence, question: Question) -> Window:
    return Window(evidence, 0, -question.horizon_days)


def _usual_spend(question: Question, target: SpendDrop) -> Expression:
    """The spend below which it has dropped: a share of the own average for as many days."""
    share = target.below * question.horizon_days / question.lookback_days
    return _LINES.last(question.lookback_days).sum("amount") * share
