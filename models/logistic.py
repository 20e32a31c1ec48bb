"""Logistic regression without a penalty, as calibration needs it: few columns, exact, NaN where there is none."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Floats = NDArray[np.float64]

SMALLEST = 1e-6
"""Calibrated probabilities are kept this far from 0 and 1: nobody is certain to buy or not."""

_WORST_CONDITION = 1e15
"""Beyond it the curvature cannot be inverted: the outcomes are separated, or columns say the same."""


def logistic_regression(columns: Floats, target: Floats) -> Floats:
    """Columns [n, k] and targets in [0, 1] [n] to k slopes and an intercept [k + 1], by Newton's method.

    NaN throughout where there is no maximum: a single outcome, separated outcomes, or columns that say the same.
    """
    undefined = np.full(columns.shape[1] + 1, np.nan)
    if not 0 < target.mean() < 1 or not (np.ptp(columns, axis=0) > 0).all():
        return undefined
    design = np.column_stack([columns, np.ones(len(target))])
    beta = np.append(np.zeros(columns.shape[1]), logit(target.mean()))
    loss = _loss(design @ beta, target)
    for _ in range(100):
        fitted = expit(design @ beta)
        curvature = design.T @ (design * (fitted * (1 - fitted))[:, None])
        if not np.linalg.cond(curvature) < _WORST_CONDITION:
            return undefined
        step = np.linalg.solve(curvature, design.T @ (target - fitted))
        while _loss(design @ (beta + step), target) > loss + 1e-12 and np.abs(step).max() > 1e-10:
            step /= 2
        beta = beta + step
        loss = _loss(design @ beta, target)
        if np.abs(step).max() < 1e-10:
            return beta
    return undefined


def log_odds(probability: Floats) -> Floats:
    """Probabilities [n] to log-odds [n], finite even for 0 and 1."""
    return np.asarray(logit(inside(probability)))


def inside(probability: Floats) -> Floats:
    """Probabilities [n] kept inside (0, 1)."""
    kept: Floats = np.clip(np.asarray(probability, np.float64), SMALLEST, 1 - SMALLEST)
    return kept


def _loss(margin: Floats, target: Floats) -> float:
    return float(np.mean(np.logaddexp(0, margin) - target * margin))
