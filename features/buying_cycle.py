"""When a customer buys, how regularly, and how far along the own cycle the cutoff falls."""

from collections.abc import Iterator

from .expressions import Evidence
from .family import Family, Feature

WINDOWS = (7, 14, 30, 60, 90, 180, 365)
"""Days of the windows in which orders are counted."""

HALF_LIVES = (7, 30, 90)
YEAR = 364
"""A year of whole weeks, so that the same season falls on the same weekdays."""


class BuyingCycle(Family):
    """When a customer buys, and how regularly."""

    name = "buying_cycle"
    reads = ("orders",)

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """Recency, age, frequency, gaps, and where in the cycle the customer stands."""
        (orders,) = evidence
        yield from self._counts(orders)
        yield from self._gaps(orders)
        yield from self._position(orders)
        if orders.has("channel"):
            channel = orders.ever().category("channel")
            yield Feature("last_order_channel", channel, "channel", "channel of the last order")

    def _counts(self, orders: Evidence) -> Iterator[Feature]:
        ever = orders.ever()
        yield Feature("days_since_order", ever.days_since_last(), "days", "since the last order")
        yield Feature(
            "days_since_first_order",
            ever.days_since_first(),
            "days",
            "since the first order seen: at least this long a customer",
        )
        yield Feature("orders_ever", ever.count(), "orders", "in all that was observed")
        for days in WINDOWS:
            yield Feature(f"orders_{days}d", orders.last(days).count(), "orders", f"in the last {days} days")
        for half_life in HALF_LIVES:
            yield Feature(
                f"orders_decayed_{half_life}d",
                ever.decayed(half_life),
                "orders",
                f"each counting half as much for every {half_life} days that have passed",
            )

    def _gaps(self, orders: Evidence) -> Iterator[Feature]:
        ever = orders.ever()
        mean, spread = ever.mean("gap"), ever.spread("gap")
        yield Feature("gap_last", ever.last("gap"), "days", "between the last two orders")
        yield Feature("gap_mean", mean, "days", "between orders on average")
        yield Feature("gap_median", ever.median("gap"), "days", "usually between orders")
        yield Feature("gap_spread", spread, "days", "standard deviation of the days between orders")
        yield Feature("gap_shortest", ever.minimum("gap"), "days", "shortest time between orders")
        yield Feature("gap_longest", ever.maximum("gap"), "days", "longest time between orders")
        yield Feature(
            "gap_variation",
            spread / mean,
            "ratio",
            "spread of the gaps over their mean: 0 is clockwork, 1 is chance",
        )

    def _position(self, orders: Evidence) -> Iterator[Feature]:
        ever, horizon = orders.ever(), self.question.horizon_days
        since, median = ever.days_since_last(), ever.median("gap")
        yield Feature(
            "overdue_ratio", since / median, "ratio", "days since the last order over the usual gap"
        )
        yield Feature(
            "overdue_days", since - median, "days", "beyond the usual gap; negative while not yet due"
        )
        yield Feature(
            "overdue_longest_ratio",
            since / ever.maximum("gap"),
            "ratio",
            "days since the last order over the longest gap",
        )
        yield Feature("gap_last_ratio", ever.last("gap") / median, "ratio", "last gap over the usual gap")
        yield Feature(
            "orders_trend",
            orders.last(30).count() * 3 / orders.last(90).count(),
            "ratio",
            "pace of the last 30 days over the last 90",
        )
        yield Feature(
            "orders_long_trend",
            orders.last(90).count() * 2 / orders.last(180).count(),
            "ratio",
            "pace of the last 90 days over the last 180",
        )
        if horizon < YEAR:
            yield Feature(
                "orders_same_season",
                orders.between(YEAR, YEAR - horizon).count(),
                "orders",
                f"in the same {horizon} days a year ago",
            )
        yield Feature(
            "orders_per_30d",
            ever.count() * 30 / ever.days_since_first(),
            "orders per 30 days",
            "since the first order seen",
        )
