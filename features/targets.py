"""Targets: what happened in the horizon, from the facts known when it was mature."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from .evaluation import Sight, evaluate
from .expressions import Evidence, Expression, Window
from .localtime import LocalTime
from .question import Purchase, Question, SpendDrop

Floats = npt.NDArray[np.float64]

_ORDERS = Evidence("orders", ("is_target",))
_LINES = Evidence("lines", ("amount",))


def maturity(question: Question, zone: LocalTime, cutoff: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """When the target of each cutoff is known for good: horizon and settling time after it."""
    return zone.shift_days(cutoff, question.horizon_days + question.settle_days)


def target_values(sight: Sight, question: Question, observed_until: int) -> Floats:
    """1 where the target was met, 0 where not, NaN while immature or undefined; float64[s].

    The label window is [cutoff, cutoff + horizon); facts count that were known before maturity, so a label does not
    change when later corrections come in.
    """
    snapshots = sight.snapshots
    mature = maturity(question, sight.zone, snapshots.cutoffs)
    future = replace(sight, snapshots=replace(snapshots, known_at=mature), views={})
    if isinstance(question.target, Purchase):
        bought = evaluate(_horizon(_ORDERS, question).sum("is_target"), future)
        values = np.where(np.isnan(bought), np.nan, bought > 0)
    else:
        usual = evaluate(_usual_spend(question, question.target), sight)
        spent = evaluate(_horizon(_LINES, question).sum("amount"), future)
        values = np.where(usual > 0, spent < usual, np.nan)
    return np.where(sight.spread(mature <= observed_until), values, np.nan)


def _horizon(evidence: Evidence, question: Question) -> Window:
    return Window(evidence, 0, -question.horizon_days)


def _usual_spend(question: Question, target: SpendDrop) -> Expression:
    """The spend below which it has dropped: a share of the own average for as many days."""
    share = target.below * question.horizon_days / question.lookback_days
    return _LINES.last(question.lookback_days).sum("amount") * share
