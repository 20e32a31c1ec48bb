"""What would have been expected of each row from its covariates alone, by models that never saw its outcome."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import StratifiedKFold

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

FOLDS = 5
_TREES: dict[str, Any] = {
    "n_estimators": 120,
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_child_samples": 50,
    "n_jobs": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
"""Small trees: they find bends and crossings that a line misses, and cost little where there are none."""


def folds(arm: Places, seed: int, parts: int = FOLDS) -> list[tuple[Places, Places]]:
    """Rows to learn from and rows to say something about, as often as there are parts; arms keep their shares."""
    splitter = StratifiedKFold(parts, shuffle=True, random_state=seed)
    return [(learn, tell) for learn, tell in splitter.split(np.zeros(arm.size), arm)]


def expected_outcome(covariates: Floats, outcome: Floats, arm: Places, weight: Floats, seed: int) -> Floats:
    """Covariates [n, k], outcomes [n], arms and weights [n] to what was to be expected [n], whatever the arm.

    Each row is told by a model of the other folds. The mean, a ridge regression and boosted trees are tried; the one
    with the smallest squared error around the arms' means is taken, so that covariates that say nothing cost nothing.
    """
    found = [_across(make, covariates, outcome, arm, weight, seed) for make in _regressors(covariates, seed)]
    errors = [_error(each, outcome, arm, weight) for each in found]
    return found[int(np.argmin(errors))]


def _regressors(covariates: Floats, seed: int) -> list[Callable[[], Any]]:
    if covariates.shape[1] == 0:
        return [DummyRegressor]
    return [
        DummyRegressor,
        lambda: RidgeCV(np.logspace(-1, 5, 13)),
        lambda: LGBMRegressor(**_TREES, random_state=seed),
    ]


def _across(
    make: Callable[[], Any], covariates: Floats, outcome: Floats, arm: Places, weight: Floats, seed: int
) -> Floats:
    told = np.empty(outcome.size)
    for others, tell in folds(arm, seed):
        learn = others[weight[others] > 0]
        model = make().fit(covariates[learn], outcome[learn], sample_weight=weight[learn])
        told[tell] = model.predict(covariates[tell])
    return told


def _error(told: Floats, outcome: Floats, arm: Places, weight: Floats) -> float:
    """The weighted mean square of what is left within arms."""
    counts = weight > 0
    left, arm, weight = (outcome - told)[counts], arm[counts], weight[counts]
    total = np.bincount(arm, weight)
    mean = np.bincount(arm, weight * left) / np.where(total > 0, total, 1)
    return float(np.average((left - mean[arm]) ** 2, weights=weight))


def expected_arm(covariates: Floats, arm: Places, arms: int, seed: int) -> Floats:
    """Covariates [n, k] and arms [n] to how likely each arm was for each row [n, arms], told across folds.

    A logistic regression and boosted trees are tried, and the one with the lower log loss is taken.
    """
    shares = np.bincount(arm, minlength=arms) / arm.size
    if covariates.shape[1] == 0:
        return np.tile(shares, (arm.size, 1))
    makers: list[Callable[[], Any]] = [
        lambda: LogisticRegression(C=1.0, max_iter=2000),
        lambda: LGBMClassifier(**_TREES, random_state=seed),
    ]
    found = []
    for make in makers:
        told = np.empty((arm.size, arms))
        for learn, tell in folds(arm, seed):
            told[tell] = make().fit(covariates[learn], arm[learn]).predict_proba(covariates[tell])
        found.append(told)
    own = [np.clip(told[np.arange(arm.size), arm], 1e-12, 1.0) for told in found]
    return found[int(np.argmin([-np.log(each).mean() for each in own]))]
