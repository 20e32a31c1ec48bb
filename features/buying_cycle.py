"""When a customer buys, how regularly, and how far along the own cycle the cutoff falls."""

from collections.abc import Iterator

from .expressions import Constant, Evidence, Expression, Formula, FormulaKind, Learned
from .family import Family, Feature

WINDOWS = (7, 14, 30, 60, 90, 180, 365)
"""Days of the windows in which orders are counted."""

HALF_LIVES = (7, 30, 90)
YEAR = 364
"""A year of whole weeks, so that the same season falls on the same weekdays."""

MOST_REGULAR = 50.0
"""Above this a regularity says no more than "clockwork"."""


class BuyingCycle(Family):
    """When a customer buys, and how regularly."""

    name = "buying_cycle"
    reads = ("orders", "bought")
    vocabularies = ("orders.channel",)

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """Recency, age, frequency, gaps, where in the cycle the customer stands, habit, items due, and who is left."""
        orders, bought = evidence
        yield from self._counts(orders)
        yield from self._gaps(orders)
        yield from self._regularity(orders)
        yield from self._position(orders)
        yield from self._pace(orders)
        yield from self._season(orders)
        yield from self._habit(orders, bought)
        yield from self._items(bought)
        yield from self._still_customers(orders)

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

    def _regularity(self, orders: Evidence) -> Iterator[Feature]:
        """Wheat and Morrison (1990): a gap's share in it and the one before is Beta(k, k) for Erlang-k gaps."""
        imbalance = orders.ever().mean("gap_imbalance")
        yield Feature(
            "gap_regularity",
            ((Constant(1.0) - imbalance * 4) / (imbalance * 8)).at_most(MOST_REGULAR),
            "Erlang shape",
            "how regular the gaps are: 1 is chance, higher is more like clockwork",
        )
        yield Feature(
            "gap_recent_ratio",
            orders.latest(3).mean("gap") / orders.ever().mean("gap"),
            "ratio",
            "mean of the last three gaps over that of all: above 1 the customer slows down",
        )
        yield Feature(
            "gap_slope", orders.ever().slope("gap"), "days per day", "by how much gaps grow as time passes"
        )

    def _position(self, orders: Evidence) -> Iterator[Feature]:
        ever = orders.ever()
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
        yield Feature(
            "overdue_quantile",
            ever.at_most("gap", since) / (ever.count() - 1),
            "share",
            "of the own gaps that were over by now",
        )
        shrunk = shrunk_gap(orders)
        yield Feature(
            "gap_shrunk",
            shrunk,
            "days",
            "between orders, the own mean and that of all customers weighed by how much the own gaps say",
        )
        yield Feature(
            "overdue_shrunk_ratio", since / shrunk, "ratio", "days since the last order over the shrunk gap"
        )
        yield Feature("gap_last_ratio", ever.last("gap") / median, "ratio", "last gap over the usual gap")

    def _pace(self, orders: Evidence) -> Iterator[Feature]:
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
        yield Feature(
            "orders_acceleration",
            orders.last(90).count() - orders.between(180, 90).count() * 2 + orders.between(270, 180).count(),
            "orders",
            "change of the change of orders from one 90 days to the next",
        )
        yield Feature(
            "orders_per_30d",
            orders.ever().count() * 30 / orders.ever().days_since_first(),
            "orders per 30 days",
            "since the first order seen",
        )

    def _season(self, orders: Evidence) -> Iterator[Feature]:
        horizon = self.question.horizon_days
        if horizon >= YEAR:
            return
        same = orders.between(YEAR, YEAR - horizon).count()
        yield Feature("orders_same_season", same, "orders", f"in the same {horizon} days a year ago")
        yield Feature(
            "season_ratio",
            same * (YEAR / horizon) / orders.last(YEAR).count(),
            "ratio",
            f"pace of the same {horizon} days a year ago over that of the whole year",
        )
        two_years = orders.last(2 * YEAR).count().learned("orders_two_years", "mean")
        yield Feature(
            "season_index",
            same.learned("orders_same_season", "mean") * (2 * YEAR / horizon) / two_years,
            "ratio",
            f"everybody's pace of the same {horizon} days a year ago over that of two years",
        )

    def _habit(self, orders: Evidence, bought: Evidence) -> Iterator[Feature]:
        """Habit is measurable and is not loyalty (Liu-Thompkins and Tam 2013)."""
        ever, always = orders.ever(), "1 is always the same one"
        yield Feature(
            "weekday_concentration", ever.concentration("weekday"), "share", f"of weekdays: {always}"
        )
        yield Feature(
            "hour_concentration", ever.concentration("hour"), "share", f"of hours of the day: {always}"
        )
        if orders.has("channel"):
            yield Feature("last_order_channel", ever.category("channel"), "channel", "of the last order")
            yield Feature(
                "channel_concentration", ever.concentration("channel"), "share", f"of channels: {always}"
            )
        for column, words in (("category", "categories"), ("product_id", "products")):
            if bought.has(column):
                yield Feature(
                    f"{words}_concentration",
                    bought.ever().concentration(column),
                    "share",
                    f"of {words} in the baskets: {always}",
                )

    def _items(self, bought: Evidence) -> Iterator[Feature]:
        """Cycles of categories and products that the customer buys again and again."""
        horizon, ever = self.question.horizon_days, bought.ever()
        for column, words in (("category", "categories"), ("product_id", "products")):
            if not bought.has(column):
                continue
            due = ever.cycle("due", column, horizon)
            alive = ever.cycle("alive", column, horizon)
            yield Feature(f"{words}_repeated", alive, words, "bought again and again, and not given up")
            yield Feature(
                f"{words}_due", due, words, f"of those that are due in {horizon} days by their own cycles"
            )
            yield Feature(
                f"{words}_due_share", due / alive, "share", f"of the {words} bought repeatedly that are due"
            )
            yield Feature(
                f"{words}_soonest_due",
                ever.cycle("soonest", column, horizon),
                "days",
                f"until the first of the {words} bought repeatedly is due; negative when overdue",
            )
            yield Feature(
                f"{words}_expected",
                ever.cycle("pace", column, horizon),
                "purchases",
                f"in {horizon} days by the cycles of the {words} bought repeatedly",
            )

    def _still_customers(self, orders: Evidence) -> Iterator[Feature]:
        """BG/NBD, learned from all customers' orders before the cutoff; it says nothing of who bought once."""
        horizon, again = self.question.horizon_days, orders.ever().count() - 1
        more_than_once = again / again
        yield Feature(
            "alive_probability",
            _bgnbd("alive", orders, horizon) * more_than_once,
            "probability",
            "of still being a customer, by BG/NBD; unknown after a single order",
        )
        yield Feature(
            "expected_orders",
            _bgnbd("purchases", orders, horizon),
            "orders",
            f"expected in {horizon} days, by BG/NBD",
        )
        yield Feature(
            "order_probability",
            _bgnbd("buys", orders, horizon),
            "probability",
            f"of an order in {horizon} days, by BG/NBD",
        )


def shrunk_gap(orders: Evidence) -> Expression:
    """The customer's mean gap, shrunk to the population's by Bühlmann's credibility (1967).

    n own gaps weigh n / (n + k), where k is the variance within customers over that between their true means.
    """
    ever = orders.ever()
    gaps, mean, spread = ever.count() - 1, ever.mean("gap"), ever.spread("gap")
    typical = mean.learned("gap_mean", "mean")
    within = (spread * spread).learned("gap_variance", "mean")
    apart = mean.learned("gap_mean", "spread")
    by_chance = within * (Constant(1.0) / gaps).learned("gap_inverse_count", "mean")
    between = (apart * apart - by_chance).at_least(1e-6)
    k = within / between
    return (gaps * mean.or_else(0.0) + k * typical) / (gaps + k)


def _bgnbd(kind: FormulaKind, orders: Evidence, horizon: int) -> Expression:
    ever = orders.ever()
    again, age = ever.count() - 1, ever.days_since_first()
    history = (again, age - ever.days_since_last(), age)
    model = [Learned("bgnbd", part, "bgnbd", history) for part in ("r", "alpha", "a", "b")]
    return Formula(kind, (*history, Constant(float(horizon)), *model))
