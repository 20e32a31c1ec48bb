"""What Featuretools can express of the same features: deep feature synthesis at the cutoffs, once for every window.

A training window of its own costs a pass of its own, so that people rarely take more than a few; here it is all that
the counts and sums need.
"""

from collections.abc import Callable
from typing import Any

import featuretools as ft
import numpy as np
import pandas as pd
from workload import FEATURES, LOOKBACK_DAYS, Workload

JUST_BEFORE = pd.Timedelta(microseconds=1)
"""It takes what happened at the cutoff as known, we do not."""

SPEND_WINDOWS = (30, 90, 180, 365)
NAMES = {
    "COUNT(orders)": "orders_ever",
    "SUM(orders.amount)": "spend_ever",
    "MEAN(orders.amount)": "order_value_mean",
    "MEDIAN(orders.amount)": "order_value_median",
    "STD(orders.amount)": "order_value_spread",
    "LAST(orders.amount)": "order_value_last",
    "MAX(orders.amount)": "order_value_largest",
    "MEAN(orders.gap)": "gap_mean",
    "MEDIAN(orders.gap)": "gap_median",
    "STD(orders.gap)": "gap_spread",
    "LAST(orders.gap)": "gap_last",
    "MAX(orders.gap)": "gap_longest",
    "MIN(orders.gap)": "gap_shortest",
    "TIME_SINCE_LAST(orders.purchased_at, unit=days)": "days_since_order",
    "TIME_SINCE_FIRST(orders.purchased_at, unit=days)": "days_since_first_order",
}


def build(workload: Workload) -> Callable[[], Any]:
    """What computes the feature matrices of all customers and cutoffs, from the Parquet file to a frame."""

    def run() -> Any:
        orders = pd.read_parquet(workload.orders).sort_values(["customer_id", "purchased_at", "amount"])
        orders["gap"] = orders.groupby("customer_id")["purchased_at"].diff() / pd.Timedelta(days=1)
        orders["order_id"] = np.arange(len(orders))
        entities = ft.EntitySet()
        entities.add_dataframe(orders, "orders", index="order_id", time_index="purchased_at")
        entities.normalize_dataframe("orders", "customers", "customer_id", make_time_index=False)
        pairs = _active(orders, workload.cutoffs)
        made = _matrix(entities, pairs, list(_ever())).rename(columns=NAMES)
        for days in (7, 14, 30, 60, 90, 180, 365):
            primitives = ["count", "sum"] if days in SPEND_WINDOWS else ["count"]
            recent = _matrix(entities, pairs, primitives, f"{days} days")
            made[f"orders_{days}d"] = recent["COUNT(orders)"].fillna(0)
            if days in SPEND_WINDOWS:
                made[f"spend_{days}d"] = recent["SUM(orders.amount)"].fillna(0)
        return _named(_with_ratios(made))

    return run


def _ever() -> list[Any]:
    since = [ft.primitives.TimeSinceLast(unit="days"), ft.primitives.TimeSinceFirst(unit="days")]
    return ["count", "sum", "mean", "median", "std", "last", "min", "max", *since]


def _active(orders: pd.DataFrame, cutoffs: tuple[str, ...]) -> pd.DataFrame:
    """The active customers of every cutoff."""
    found = []
    for cutoff in pd.to_datetime(list(cutoffs)):
        last = orders[orders["purchased_at"] < cutoff].groupby("customer_id")["purchased_at"].max()
        active = last.index[last >= cutoff - pd.Timedelta(days=LOOKBACK_DAYS)]
        found.append(pd.DataFrame({"customer_id": active, "time": cutoff - JUST_BEFORE}))
    return pd.concat(found)


def _matrix(
    entities: Any, pairs: pd.DataFrame, primitives: list[Any], window: str | None = None
) -> pd.DataFrame:
    matrix, _ = ft.dfs(
        entityset=entities,
        target_dataframe_name="customers",
        cutoff_time=pairs,
        cutoff_time_in_index=True,
        training_window=window,
        agg_primitives=primitives,
        trans_primitives=[],
        max_depth=1,
        include_cutoff_time=window is None,
    )
    return pd.DataFrame(matrix)


def _with_ratios(made: pd.DataFrame) -> pd.DataFrame:
    made["gap_variation"] = made["gap_spread"] / made["gap_mean"]
    made["overdue_ratio"] = made["days_since_order"] / made["gap_median"]
    made["overdue_days"] = made["days_since_order"] - made["gap_median"]
    made["overdue_longest_ratio"] = made["days_since_order"] / made["gap_longest"]
    made["gap_last_ratio"] = made["gap_last"] / made["gap_median"]
    made["orders_trend"] = 3 * made["orders_30d"] / made["orders_90d"]
    made["orders_long_trend"] = 2 * made["orders_90d"] / made["orders_180d"]
    made["orders_per_30d"] = 30 * made["orders_ever"] / made["days_since_first_order"]
    made["spend_trend"] = 2 * made["spend_90d"] / made["spend_180d"]
    made["order_value_last_ratio"] = made["order_value_last"] / made["order_value_median"]
    made["order_value_recent"] = made["spend_90d"] / made["orders_90d"]
    return made.replace([np.inf, -np.inf], np.nan)


def _named(made: pd.DataFrame) -> pd.DataFrame:
    frame = made.reset_index()
    frame["cutoff"] = pd.to_datetime(frame["time"]) + JUST_BEFORE
    return frame[["customer_id", "cutoff", *[name for name in FEATURES if name in frame.columns]]]
