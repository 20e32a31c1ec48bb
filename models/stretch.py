"""Stretching scores: whether their log-odds lie too close together or too far apart, whatever the level of a cutoff.

Trees that are shrunk and stopped early say too little: the rates differ more than the scores. That is alike at all
cutoffs, while levels come and go with the season. So each cutoff gets an intercept of its own (Cox 1958, one for each
stratum), which is then thrown away, and the mean of the scores stays what it was.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from .calibrators import Stretch
from .logistic import Floats, log_odds, logistic_regression

FEWEST_CUTOFFS = 3
"""The scatter of fewer slopes says next to nothing."""

ERRORS = 2.0
"""A slope is believed where it is so many standard errors away from 1."""


FURTHEST = 1.75
"""A slope beyond it is not followed: such scores hardly differ, and by how little one booster's level differs from
another's would be stretched as well."""


@dataclass(frozen=True, eq=False)
class _Slope:
    """The slope at one cutoff, and by how much each of its rows [n] moves it."""

    value: float
    pulls: Floats


def stretch(slope: float, probability: Floats) -> Stretch:
    """A slope and scores [n] to the curve of that slope that keeps the mean of the scores."""
    return Stretch(slope, _level(slope, probability))


def stretch_of(
    outcome: NDArray[Any],
    probability: Floats,
    cutoff: NDArray[np.int64],
    customers: NDArray[Any] | None = None,
) -> float | None:
    """Outcomes, out-of-time scores, cutoffs and customers [n] to the slope of log-odds; None where none but 1 is shown.

    The slope is the mean of those at the cutoffs, by their rows. It has to lie two standard errors away from 1, the
    larger of that over customers, who have several snapshots, and that over cutoffs, and not beyond `FURTHEST`.
    """
    moments, place = np.unique(cutoff, return_inverse=True)
    weight, value, pulls = np.zeros(moments.size), np.full(moments.size, np.nan), np.zeros(len(outcome))
    for number in range(moments.size):
        at = place == number
        found = _slope(np.asarray(outcome)[at], log_odds(probability[at]))
        if found is not None:
            weight[number], value[number], pulls[at] = at.sum(), found.value, at.sum() * found.pulls
    known = weight > 0
    if known.sum() < FEWEST_CUTOFFS:
        return None
    weight, pulls = weight[known] / weight.sum(), pulls / weight.sum()
    slope = float(weight @ value[known])
    who = np.arange(len(outcome)) if customers is None else np.unique(customers, return_inverse=True)[1]
    over_customers = float(np.sqrt((np.bincount(who, pulls) ** 2).sum()))
    scatter = float(((weight * (value[known] - slope)) ** 2).sum())
    over_cutoffs = float(np.sqrt(scatter * known.sum() / (known.sum() - 1)))
    if not 0 < slope <= FURTHEST or abs(slope - 1) <= ERRORS * max(over_customers, over_cutoffs):
        return None
    return slope


def _slope(outcome: NDArray[Any], score: Floats) -> _Slope | None:
    """Outcomes and log-odds [n] of a cutoff to their slope; None where it is not defined."""
    slope, intercept = logistic_regression(score[:, None], np.asarray(outcome, np.float64)).tolist()
    if not np.isfinite(slope):
        return None
    design = np.column_stack([score, np.ones(len(score))])
    rate = expit(slope * score + intercept)
    bread = np.linalg.inv(design.T @ (design * (rate * (1 - rate))[:, None]))
    return _Slope(slope, (design @ bread[0]) * (outcome - rate))


def _level(slope: float, probability: Floats) -> float:
    """The intercept with which the mean of the stretched probabilities is that of the probabilities [n]."""
    score, mean = log_odds(probability), float(np.mean(probability))
    far = (slope + 1) * float(np.abs(score).max()) + 1
    return float(brentq(lambda intercept: expit(slope * score + intercept).mean() - mean, -far, far))
