"""The same features as people write them in pandas: one cutoff after another, groupby and agg."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from workload import COMMON, LOOKBACK_DAYS, Workload


def build(workload: Workload) -> Callable[[], Any]:
    """What loops over the cutoffs from the Parquet file to a frame."""

    def run() -> Any:
        orders = pd.read_parquet(workload.orders).sort_values(["customer_id", "purchased_at", "amount"])
        orders["gap"] = orders.groupby("customer_id")["purchased_at"].diff() / pd.Timedelta(days=1)
        return pd.concat([_snapshots(orders, pd.Timestamp(cutoff)) for cutoff in workload.cutoffs])

    return run


def _snapshots(orders: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """The active customers of a cutoff with their features."""
    known = orders[orders["purchased_at"] < cutoff]
    since = (cutoff - known["purchased_at"]) / pd.Timedelta(days=1)
    by_customer = known.groupby("customer_id")
    last = by_customer["purchased_at"].last()
    made = pd.DataFrame({"days_since_order": (cutoff - last) / pd.Timedelta(days=1)})
    made["days_since_first_order"] = (cutoff - by_customer["purchased_at"].first()) / pd.Timedelta(days=1)
    made["orders_ever"] = by_customer.size()
    made["spend_ever"] = by_customer["amount"].sum()
    for days in (7, 14, 30, 60, 90, 180, 365):
        recent = known[since <= days].groupby("customer_id")["amount"]
        made[f"orders_{days}d"] = recent.size().reindex(made.index, fill_value=0)
        made[f"spend_{days}d"] = recent.sum().reindex(made.index, fill_value=0)
    season = known[(since <= 364) & (since > 334)].groupby("customer_id").size()
    made["orders_same_season"] = season.reindex(made.index, fill_value=0)
    for days in (7, 30, 90):
        made[f"orders_decayed_{days}d"] = (0.5 ** (since / days)).groupby(known["customer_id"]).sum()
    decayed = known["amount"] * 0.5 ** (since / 90)
    made["spend_decayed_90d"] = decayed.groupby(known["customer_id"]).sum()
    gaps = by_customer["gap"].agg(["last", "mean", "median", "std", "min", "max"])
    made[["gap_last", "gap_mean", "gap_median", "gap_spread", "gap_shortest", "gap_longest"]] = gaps
    values = by_customer["amount"].agg(["mean", "median", "std", "last", "max"])
    made[[f"order_value_{name}" for name in ("mean", "median", "spread", "last", "largest")]] = values
    made = _with_ratios(made[made["days_since_order"] <= LOOKBACK_DAYS].copy())
    return made.reset_index().assign(cutoff=cutoff)[["customer_id", "cutoff", *COMMON]]


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
