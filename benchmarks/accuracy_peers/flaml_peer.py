"""FLAML on plain windows of recency, frequency and money: its own search, validated on the latest cutoff."""

from pathlib import Path

import numpy as np
import pandas as pd
from flaml import AutoML

TRIALS = 40
"""Configurations that are tried for each test cutoff, whatever time that takes; the best is refitted on everything."""


def features(snapshots: pd.DataFrame, _folder: Path) -> pd.DataFrame:
    """The windows as they are."""
    return snapshots.drop(columns=["customer", "cutoff", "outcome"])


def predict(
    features: pd.DataFrame,
    outcome: np.ndarray,
    first: np.ndarray,
    latest: np.ndarray,
    every: np.ndarray,
    at: np.ndarray,
) -> np.ndarray:
    """Probabilities at the rows `at`, of the best configuration refitted on the rows `every`."""
    settings = {"task": "classification", "metric": "log_loss", "seed": 7, "verbose": 0, "n_jobs": 1}
    search = AutoML()
    search.fit(
        X_train=features[first],
        y_train=outcome[first],
        X_val=features[latest],
        y_val=outcome[latest],
        time_budget=3600,
        max_iter=TRIALS,
        estimator_list=["lgbm", "xgboost", "rf", "extra_tree", "lrl1"],
        eval_method="holdout",
        **settings,
    )
    best = search.model.estimator.__class__(**_kept(search))
    best.fit(features[every].fillna(-1), outcome[every])
    return best.predict_proba(features[at].fillna(-1))[:, 1]


def _kept(search: AutoML) -> dict:
    return search.model.estimator.get_params()
