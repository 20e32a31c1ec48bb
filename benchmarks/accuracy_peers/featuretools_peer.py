"""Featuretools and LightGBM: deep feature synthesis over orders at every cutoff, trees stopped on the latest one."""

from pathlib import Path

import featuretools as ft
import lightgbm
import numpy as np
import pandas as pd

JUST_BEFORE = pd.Timedelta(microseconds=1)
"""It takes what happened at the cutoff as known, we do not."""

EVER = [
    "count",
    "sum",
    "mean",
    "std",
    "max",
    "min",
    "last",
    "median",
    "trend",
    "time_since_last",
    "time_since_first",
]
RECENT = ["count", "sum"]
NO_ROW_NUMBERS = {"last": {"ignore_columns": {"orders": ["order_id"]}}}
"""The number of an order in the table knows the future: the orders before it hold the later ones of other customers."""

WINDOWS = (30, 90, 180, 365)


def features(snapshots: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """One matrix of all snapshots, aligned with them."""
    orders = pd.read_parquet(folder / "orders.parquet")
    orders["happened"] = pd.to_datetime(orders["happened"], unit="us")
    orders = orders.sort_values(["customer", "happened", "amount"]).reset_index(drop=True)
    orders["gap"] = orders.groupby("customer")["happened"].diff() / pd.Timedelta(days=1)
    orders["order_id"] = np.arange(len(orders))
    entities = ft.EntitySet()
    entities.add_dataframe(orders, "orders", index="order_id", time_index="happened")
    entities.normalize_dataframe("orders", "customers", "customer", make_time_index=False)
    pairs = pd.DataFrame(
        {
            "customer": snapshots["customer"],
            "time": pd.to_datetime(snapshots["cutoff"], unit="us") - JUST_BEFORE,
        }
    )
    made = _matrix(entities, pairs, EVER)
    for days in WINDOWS:
        made = made.join(_matrix(entities, pairs, RECENT, f"{days} days").add_suffix(f" {days}d"))
    keys = pd.MultiIndex.from_frame(pairs, names=made.index.names)
    found = made.reindex(keys).reset_index(drop=True).astype(float)
    found.columns = [f"f{place}" for place in range(found.shape[1])]
    return found


def _matrix(
    entities: ft.EntitySet, pairs: pd.DataFrame, primitives: list, window: str | None = None
) -> pd.DataFrame:
    matrix, _ = ft.dfs(
        entityset=entities,
        target_dataframe_name="customers",
        agg_primitives=primitives,
        trans_primitives=[],
        primitive_options=NO_ROW_NUMBERS if "last" in primitives else None,
        cutoff_time=pairs,
        cutoff_time_in_index=True,
        training_window=window,
        include_cutoff_time=True,
        verbose=False,
    )
    return matrix


def predict(
    features: pd.DataFrame,
    outcome: np.ndarray,
    first: np.ndarray,
    latest: np.ndarray,
    every: np.ndarray,
    at: np.ndarray,
) -> np.ndarray:
    """Probabilities at the rows `at`, with as many trees as did best on the latest cutoff, refitted on `every`."""
    settings = {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": 31,
        "min_data_in_leaf": 50,
        "feature_fraction": 0.8,
        "seed": 7,
        "num_threads": 1,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(features[first], outcome[first])
    judge = lightgbm.Dataset(features[latest], outcome[latest], reference=data)
    stop = lightgbm.early_stopping(50, verbose=False)
    trees = lightgbm.train(settings, data, 1000, valid_sets=[judge], callbacks=[stop]).best_iteration
    booster = lightgbm.train(settings, lightgbm.Dataset(features[every], outcome[every]), max(trees, 1))
    return booster.predict(features[at])
