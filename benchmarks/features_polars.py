"""The same features as a good Polars user would write them: lazily, one plan for all cutoffs, on all cores."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from workload import COMMON, LOOKBACK_DAYS, Workload

DAY = timedelta(days=1)


def build(workload: Workload) -> Callable[[], Any]:
    """What collects the plan from the Parquet file to memory."""
    cutoffs = [datetime.fromisoformat(cutoff) for cutoff in workload.cutoffs]

    def run() -> Any:
        orders = pl.scan_parquet(workload.orders).sort("customer_id", "purchased_at", "amount")
        orders = orders.with_columns(gap=_days(pl.col("purchased_at").diff()).over("customer_id"))
        return pl.concat([_snapshots(orders, cutoff) for cutoff in cutoffs]).collect(engine="streaming")

    return run


def _snapshots(orders: pl.LazyFrame, cutoff: datetime) -> pl.LazyFrame:
    """The active customers of a cutoff with their features."""
    known = orders.filter(pl.col("purchased_at") < cutoff)
    measured = known.group_by("customer_id").agg(**_measures(cutoff))
    active = measured.filter(pl.col("days_since_order") <= LOOKBACK_DAYS)
    derived = active.with_columns(**_averages()).with_columns(**_ratios())
    return derived.select(
        "customer_id", pl.lit(cutoff).alias("cutoff"), *[pl.col(name).cast(pl.Float32) for name in COMMON]
    )


def _measures(cutoff: datetime) -> dict[str, pl.Expr]:
    at, amount, gap = pl.col("purchased_at"), pl.col("amount"), pl.col("gap")
    since = _days(cutoff - at)

    def weight(half_life: int) -> pl.Expr:
        return (-since / half_life * 0.6931471805599453).exp()

    def within(days: int, until: int = 0) -> pl.Expr:
        inside = at >= cutoff - days * DAY
        return inside & (at < cutoff - until * DAY) if until else inside

    return {
        "days_since_order": _days(cutoff - at.last()),
        "days_since_first_order": _days(cutoff - at.first()),
        "orders_ever": pl.len(),
        **{f"orders_{days}d": within(days).sum() for days in (7, 14, 30, 60, 90, 180, 365)},
        "orders_same_season": within(364, 334).sum(),
        **{f"orders_decayed_{days}d": weight(days).sum() for days in (7, 30, 90)},
        "gap_last": gap.last(),
        "gap_mean": gap.mean(),
        "gap_median": gap.median(),
        "gap_spread": gap.std(),
        "gap_shortest": gap.min(),
        "gap_longest": gap.max(),
        **{f"spend_{days}d": amount.filter(within(days)).sum() for days in (30, 90, 180, 365)},
        "spend_ever": amount.sum(),
        "spend_decayed_90d": (amount * weight(90)).sum(),
        "order_value_median": amount.median(),
        "order_value_spread": amount.std(),
        "order_value_last": amount.last(),
        "order_value_largest": amount.max(),
    }


def _averages() -> dict[str, pl.Expr]:
    return {
        "order_value_mean": pl.col("spend_ever") / pl.col("orders_ever"),
        "order_value_recent": _ratio("spend_90d", "orders_90d"),
    }


def _ratios() -> dict[str, pl.Expr]:
    return {
        "gap_variation": _ratio("gap_spread", "gap_mean"),
        "overdue_ratio": _ratio("days_since_order", "gap_median"),
        "overdue_days": pl.col("days_since_order") - pl.col("gap_median"),
        "overdue_longest_ratio": _ratio("days_since_order", "gap_longest"),
        "gap_last_ratio": _ratio("gap_last", "gap_median"),
        "orders_trend": 3 * _ratio("orders_30d", "orders_90d"),
        "orders_long_trend": 2 * _ratio("orders_90d", "orders_180d"),
        "orders_per_30d": 30 * _ratio("orders_ever", "days_since_first_order"),
        "spend_trend": 2 * _ratio("spend_90d", "spend_180d"),
        "order_value_last_ratio": _ratio("order_value_last", "order_value_median"),
    }


def _ratio(above: str, below: str) -> pl.Expr:
    """Null where the divisor is zero."""
    return pl.col(above) / pl.when(pl.col(below) != 0).then(pl.col(below))


def _days(elapsed: pl.Expr) -> pl.Expr:
    return elapsed.dt.total_microseconds() / 86_400e6
