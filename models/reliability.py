"""Reliability: how far what was promised and what came lie apart, with intervals that know of repeated customers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from .calibrators import Platt
from .intervals import Estimate
from .logistic import Floats, log_odds, logistic_regression
from .metrics import Ranking, calibration_bins


def recalibration(outcome: NDArray[Any], probability: Floats) -> Platt:
    """Outcomes and probabilities [n] to the logistic recalibration that fits them best (Cox 1958).

    A slope of 1 and an intercept of 0 say that the probabilities are right; a slope below 1 that they are too
    extreme. With a single outcome, or one that the scores separate, there is none: NaN.
    """
    slope, intercept = logistic_regression(
        log_odds(probability)[:, None], np.asarray(outcome, np.float64)
    ).tolist()
    return Platt(slope, intercept)


def recalibration_interval(
    outcome: NDArray[Any], probability: Floats, customers: NDArray[Any]
) -> dict[str, Estimate]:
    """Outcomes, probabilities and customers [n] to the `slope` and `intercept` of `recalibration` with intervals.

    The errors are robust to a customer's snapshots being alike (the sandwich over customers, Liang & Zeger 1986).
    """
    fitted = recalibration(outcome, probability)
    score = log_odds(probability)
    design = np.column_stack([score, np.ones(len(score))])
    rate = expit(fitted.slope * score + fitted.intercept)
    if not np.isfinite(fitted.slope):
        return {"slope": Estimate(np.nan, np.nan, np.nan), "intercept": Estimate(np.nan, np.nan, np.nan)}
    bread = np.linalg.inv(design.T @ (design * (rate * (1 - rate))[:, None]))
    codes = np.unique(customers, return_inverse=True)[1]
    pull = np.column_stack([np.bincount(codes, column * (outcome - rate)) for column in design.T])
    error = np.sqrt(np.diag(bread @ (pull.T @ pull) @ bread))
    return {
        "slope": Estimate.around(fitted.slope, float(error[0])),
        "intercept": Estimate.around(fitted.intercept, float(error[1])),
    }


def design_effect(residual: Floats, customers: NDArray[Any]) -> float:
    """Residuals and customers [n] to how many times the variance of their sum is that of independent rows.

    Rows of a customer whose horizons overlap go right or wrong together; never below 1 (Kish 1965).
    """
    alone = float(residual @ residual)
    codes = np.unique(customers, return_inverse=True)[1]
    together = np.bincount(codes, residual)
    return max(1.0, float(together @ together) / alone) if alone > 0 else 1.0


def binned_design_effect(outcome: NDArray[Any], probability: Floats, customers: NDArray[Any]) -> float:
    """Outcomes, probabilities and customers [n] to the design effect of the calibration error's bins.

    It is that of the surprises left within each bin, so that probabilities which are wrong do not look like customers
    who are alike.
    """
    ranking = Ranking.of(outcome, probability)
    bins = calibration_bins(ranking)
    surprise = ranking.outcome - ranking.probability
    rows = np.bincount(bins)
    mean = np.bincount(bins, surprise) / np.maximum(rows, 1)
    return design_effect(surprise - mean[bins], np.asarray(customers)[ranking.order])
