"""Opponents: simpler rules on the same snapshots, which a model has to beat."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from patron.features.errors import ModelError

from .calibration import choose_calibrator
from .calibrators import Calibrator


class RecencyRule:
    """Whoever ordered more recently is likelier to order again: a serious opponent (Wuebben & von Wangenheim 2008).

    Customers are ranked within each cutoff, and the ranks are calibrated on cutoffs whose targets are known.
    """

    calibrator: Calibrator
    """Set by `fit`: from a rank in (0, 1) to a probability."""

    def fit(
        self,
        days_since: NDArray[Any],
        outcome: NDArray[Any],
        cutoff: NDArray[np.int64],
        customers: NDArray[Any] | None = None,
    ) -> Self:
        """Days since the last order (NaN: never), outcomes and cutoffs [n] of mature snapshots to the fitted rule."""
        if not len(outcome):
            raise ModelError(
                "The recency rule has nothing to learn from.",
                found="no mature snapshots",
                remedy="give it the snapshots of the cutoffs before the test cutoffs",
            )
        ranks = recency_ranks(days_since, cutoff)
        self.calibrator = choose_calibrator(ranks, outcome, cutoff, customers, required=True)
        return self

    def predict(self, days_since: NDArray[Any], cutoff: NDArray[np.int64]) -> NDArray[np.float64]:
        """Days since the last order (NaN: never) and cutoffs [n], whole cutoffs at a time, to probabilities [n]."""
        return self.calibrator.apply(recency_ranks(days_since, cutoff))


def recency_ranks(days_since: NDArray[Any], cutoff: NDArray[np.int64]) -> NDArray[np.float64]:
    """Days since the last order and cutoffs [n] to ranks in (0, 1) within each cutoff, the most recent highest.

    Ties share the middle of their ranks; a customer who never ordered (NaN) comes last.
    """
    recency = -np.nan_to_num(np.asarray(days_since, np.float64), nan=np.inf, posinf=np.inf)
    ranks = np.empty(len(recency))
    for moment in np.unique(cutoff):
        at = cutoff == moment
        ranks[at] = (rankdata(recency[at]) - 0.5) / at.sum()
    return ranks
