"""What would have been expected of each row from its covariates alone, by models that never saw its outcome."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GroupKFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from .trial import Trial

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


# Matrices here are small: threads of BLAS would wait for each other most of the time.


def folds(trial: Trial, seed: int, parts: int = FOLDS) -> list[tuple[Places, Places]]:
    """Rows to learn from and rows to say something about, as often as there are parts.

    Where every row is a customer of its own, arms keep their shares; else all rows of a customer are in one part.
    """
    rows = np.zeros(trial.rows)
    if np.unique(trial.customer).size == trial.rows:
        return list(StratifiedKFold(parts, shuffle=True, random_state=seed).split(rows, trial.arm))
    return list(GroupKFold(parts, shuffle=True, random_state=seed).split(rows, groups=trial.customer))


def expected_outcome(trial: Trial, weight: Floats, seed: int) -> Floats:
    """A trial and weights of its rows [n] to the outcome that was to be expected of each [n], whatever its arm.

    Each row is told by a model of the other folds. The mean, a ridge regression and boosted trees are tried; the one
    with the smallest squared error around the arms' means is taken, so that covariates that say nothing cost nothing.
    """
    with threadpool_limits(1, "blas"):
        found = [_across(make, trial, weight, seed) for make in _regressors(trial, seed)]
    return found[int(np.argmin([_error(each, trial, weight) for each in found]))]


def _regressors(trial: Trial, seed: int) -> list[Callable[[], Any]]:
    if trial.covariates.shape[1] == 0:
        return [DummyRegressor]
    return [
        DummyRegressor,
        lambda: RidgeCV(np.logspace(-1, 5, 13)),
        lambda: LGBMRegressor(**_TREES, random_state=seed),
    ]


def _across(make: Callable[[], Any], trial: Trial, weight: Floats, seed: int) -> Floats:
    told = np.empty(trial.rows)
    for others, tell in folds(trial, seed):
        learn = others[weight[others] > 0]
        model = make().fit(trial.covariates[learn], trial.outcome[learn], sample_weight=weight[learn])
        told[tell] = model.predict(trial.covariates[tell])
    return told


def _error(told: Floats, trial: Trial, weight: Floats) -> float:
    """The weighted mean square of what is left within arms."""
    counts = weight > 0
    left, arm, weight = (trial.outcome - told)[counts], trial.arm[counts], weight[counts]
    total = np.bincount(arm, weight)
    mean = np.bincount(arm, weight * left) / np.where(total > 0, total, 1)
    return float(np.average((left - mean[arm]) ** 2, weights=weight))


def expected_arm(trial: Trial, seed: int) -> Floats:
    """How likely each arm was for each row [n, arms] by its covariates, told across folds.

    A logistic regression and boosted trees are tried, and the one with the lower log loss is taken.
    """
    if trial.covariates.shape[1] == 0:
        return np.tile(trial.counts() / trial.rows, (trial.rows, 1))
    makers: list[Callable[[], Any]] = [
        lambda: LogisticRegression(C=1.0, max_iter=2000),
        lambda: LGBMClassifier(**_TREES, random_state=seed),
    ]
    found = []
    for make in makers:
        told = np.empty((trial.rows, len(trial.arms)))
        with threadpool_limits(1, "blas"):
            for learn, tell in folds(trial, seed):
                model = make().fit(trial.covariates[learn], trial.arm[learn])
                told[tell] = model.predict_proba(trial.covariates[tell])
        found.append(told)
    own = [np.clip(told[np.arange(trial.rows), trial.arm], 1e-12, 1.0) for told in found]
    return found[int(np.argmin([-np.log(each).mean() for each in own]))]
