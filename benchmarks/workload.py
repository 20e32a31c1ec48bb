"""What every side of a benchmark is given: files, cutoffs, and the features asked for. Only the standard library,
because peers read it in environments of their own.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

UNTIL = date(2026, 1, 1)
"""The end of the simulated orders, exclusive; the last cutoff."""

LOOKBACK_DAYS = 180
HORIZON_DAYS = 30
MOST_CUTOFFS = 12
"""With more, the windows of a year would reach before the first order."""

COMMON = (
    "days_since_order", "days_since_first_order", "orders_ever",
    "orders_7d", "orders_14d", "orders_30d", "orders_60d", "orders_90d", "orders_180d", "orders_365d",
    "orders_decayed_7d", "orders_decayed_30d", "orders_decayed_90d",
    "gap_last", "gap_mean", "gap_median", "gap_spread", "gap_shortest", "gap_longest", "gap_variation",
    "overdue_ratio", "overdue_days", "overdue_longest_ratio", "gap_last_ratio",
    "orders_trend", "orders_long_trend", "orders_same_season", "orders_per_30d",
    "spend_30d", "spend_90d", "spend_180d", "spend_365d", "spend_ever", "spend_decayed_90d", "spend_trend",
    "order_value_mean", "order_value_median", "order_value_spread", "order_value_last", "order_value_largest",
    "order_value_last_ratio", "order_value_recent",
)  # fmt: skip
"""Features of single orders with a time and an amount that every side is asked for."""

FEATURES = (
    *COMMON,
    "gap_regularity", "gap_recent_ratio", "gap_slope", "overdue_quantile", "orders_acceleration", "season_ratio",
    "weekday_concentration", "hour_concentration", "spend_per_30d", "order_value_variation", "order_value_slope",
)  # fmt: skip
"""All that one statement of SQL can express of such orders: what Patron has beyond it takes a fitted model, or more
columns."""

EXACT = (
    "orders_ever", "orders_7d", "orders_14d", "orders_30d", "orders_60d", "orders_90d", "orders_180d", "orders_365d",
    "orders_same_season", "spend_30d", "spend_90d", "spend_180d", "spend_365d", "spend_ever",
    "order_value_last", "order_value_largest",
)  # fmt: skip
"""Counts, and amounts and sums of money."""


@dataclass(frozen=True)
class Workload:
    """Orders of so many customers and events in a folder, and the cutoffs (ISO dates, ascending) asked about."""

    folder: str
    customers: int
    events: int
    cutoffs: tuple[str, ...]
    memory: str = "8GB"
    shape: str = "orders"
    """Whose orders: those of a function of data.py."""

    @property
    def orders(self) -> Path:
        """The Parquet file: customer_id, purchased_at (naive, UTC), amount; in time order."""
        return Path(self.folder) / f"{self.shape}-{self.customers}-{self.events}.parquet"

    @property
    def retailer(self) -> Path:
        """The folder of a simulated retailer of so many customers, with every evidence table and a patron.toml."""
        return Path(self.folder) / f"retailer-{self.customers}"

    @property
    def features(self) -> Path:
        """The Parquet file of all families' features."""
        return Path(self.folder) / f"features-{self.customers}-{len(self.cutoffs)}.parquet"

    def result(self, entry: str) -> Path:
        """Where an entry's result is kept to be compared."""
        return Path(self.folder) / f"result-{entry}-{self.customers}-{len(self.cutoffs)}.parquet"

    def save(self, path: Path) -> Path:
        """Write it where another process reads it."""
        path.write_text(json.dumps(asdict(self)))
        return path

    @classmethod
    def load(cls, path: Path) -> "Workload":
        """What `save` wrote."""
        plain = json.loads(path.read_text())
        return cls(**{**plain, "cutoffs": tuple(plain["cutoffs"])})


def monthly(cutoffs: int) -> tuple[str, ...]:
    """So many cutoffs, 30 days apart, the last one at the end of the data."""
    return tuple((UNTIL - timedelta(days=30 * place)).isoformat() for place in reversed(range(cutoffs)))
