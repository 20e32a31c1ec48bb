"""What Temporian can express of the same features: all but medians, decayed sums, and what is made of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import temporian as tp
from workload import FEATURES, LOOKBACK_DAYS, Workload

JUST_BEFORE = pd.Timedelta(microseconds=1)
"""Its windows include their end, ours their beginning: it looks at the microsecond before the cutoff."""

EVER = np.inf


def build(workload: Workload) -> Callable[[], Any]:
    """What evaluates the features for every customer and cutoff, from the Parquet file to a frame."""

    def run() -> Any:
        orders = pd.read_parquet(workload.orders)
        events = tp.from_pandas(
            orders[["customer_id", "purchased_at", "amount"]], ["customer_id"], "purchased_at"
        )
        pairs = pd.DataFrame({"customer_id": orders["customer_id"].unique()}).merge(
            pd.DataFrame({"at": pd.to_datetime(list(workload.cutoffs)) - JUST_BEFORE}), how="cross"
        )
        snapshots = tp.from_pandas(pairs, ["customer_id"], "at")
        frame = tp.to_pandas(_features(events, snapshots))
        active = frame[frame["days_since_order"] <= LOOKBACK_DAYS]
        cutoffs = active["timestamp"].dt.ceil("D")  # it keeps whole seconds, rounded down
        names = [name for name in FEATURES if name in frame.columns]
        return active.assign(cutoff=cutoffs)[["customer_id", "cutoff", *names]].replace(
            [np.inf, -np.inf], np.nan
        )

    return run


def _features(orders: Any, snapshots: Any) -> Any:
    """All features, sampled at the snapshots."""
    made = {**_counts(orders, snapshots), **_amounts(orders, snapshots), **_gaps(orders, snapshots)}
    made |= {
        "orders_trend": made["orders_30d"] * 3.0 / made["orders_90d"],
        "orders_long_trend": made["orders_90d"] * 2.0 / made["orders_180d"],
        "orders_per_30d": made["orders_ever"] * 30.0 / made["days_since_first_order"],
        "spend_trend": made["spend_90d"] * 2.0 / made["spend_180d"],
        "order_value_recent": made["spend_90d"] / made["orders_90d"],
        "gap_variation": made["gap_spread"] / made["gap_mean"],
        "overdue_longest_ratio": made["days_since_order"] / made["gap_longest"],
    }
    return tp.glue(*[each.rename(name) for name, each in made.items()])


def _counts(orders: Any, snapshots: Any) -> dict[str, Any]:
    def within(days: float) -> Any:
        return orders.moving_count(tp.duration.days(days), sampling=snapshots).cast(float)

    one_microsecond = 1 / 86_400e6
    return {
        "days_since_order": orders.since_last(sampling=snapshots) / 86_400.0 + one_microsecond,
        "days_since_first_order": orders.begin().since_last(sampling=snapshots) / 86_400.0 + one_microsecond,
        "orders_ever": orders.moving_count(EVER, sampling=snapshots).cast(float),
        **{f"orders_{days}d": within(days) for days in (7, 14, 30, 60, 90, 180, 365)},
        "orders_same_season": within(364) - within(334),
    }


def _amounts(orders: Any, snapshots: Any) -> dict[str, Any]:
    amount = orders["amount"]
    return {
        **{
            f"spend_{days}d": amount.moving_sum(tp.duration.days(days), sampling=snapshots)
            for days in (30, 90, 180, 365)
        },
        "spend_ever": amount.moving_sum(EVER, sampling=snapshots),
        "order_value_mean": amount.simple_moving_average(EVER, sampling=snapshots),
        "order_value_spread": _sample_spread(amount, snapshots),
        "order_value_last": amount.resample(snapshots),
        "order_value_largest": amount.moving_max(EVER, sampling=snapshots),
    }


def _gaps(orders: Any, snapshots: Any) -> dict[str, Any]:
    days = orders.since_last() / 86_400.0
    gap = days.filter(days.notnan())
    return {
        "gap_last": gap.resample(snapshots),
        "gap_mean": gap.simple_moving_average(EVER, sampling=snapshots),
        "gap_spread": _sample_spread(gap, snapshots),
        "gap_shortest": gap.moving_min(EVER, sampling=snapshots),
        "gap_longest": gap.moving_max(EVER, sampling=snapshots),
    }


def _sample_spread(values: Any, snapshots: Any) -> Any:
    """Its standard deviation divides by n, ours by n - 1."""
    count = values.moving_count(EVER, sampling=snapshots).cast(float)
    return values.moving_standard_deviation(EVER, sampling=snapshots) * (count / (count - 1.0)) ** 0.5
