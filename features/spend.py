"""How much a customer spends, on what, and at what price."""

from collections.abc import Iterator

from .expressions import Constant, Evidence
from .family import Family, Feature

WINDOWS = (30, 90, 180, 365)
RECENT_DAYS = 90


class Spend(Family):
    """Money, baskets, returns, prices, discounts, breadth, and how the baskets change."""

    name = "spend"
    reads = ("lines", "orders", "returns", "bought")
    vocabularies = ("bought.category",)

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """Net spend by window, order values, returns, prices and discounts, categories and products."""
        lines, orders, returns, bought = evidence
        yield from self._amounts(lines)
        yield from self._order_values(orders)
        yield from self._returns(lines, returns)
        if orders.has("discount"):
            yield from self._discounts(orders)
        if bought.has("category"):
            yield from self._categories(bought)
        if bought.has("product_id"):
            yield from self._products(bought)
        if lines.has("quantity"):
            yield Feature(
                "pieces_90d", lines.last(90).sum("quantity"), "pieces", "net of returns, in the last 90 days"
            )

    def _amounts(self, lines: Evidence) -> Iterator[Feature]:
        for days in WINDOWS:
            yield Feature(
                f"spend_{days}d",
                lines.last(days).sum("amount"),
                "currency",
                f"net of returns, in the last {days} days",
            )
        yield Feature(
            "spend_ever", lines.ever().sum("amount"), "currency", "net of returns, in all that was observed"
        )
        yield Feature(
            "spend_decayed_90d",
            lines.ever().decayed(90, "amount"),
            "currency",
            "net, each amount counting half for every 90 days that have passed",
        )
        yield Feature(
            "spend_trend",
            lines.last(90).sum("amount") * 2 / lines.last(180).sum("amount"),
            "ratio",
            "net spend of the last 90 days over the pace of the last 180",
        )
        yield Feature(
            "spend_per_30d",
            lines.ever().sum("amount") * 30 / lines.ever().days_since_first(),
            "currency per 30 days",
            "net of returns, since the first purchase seen",
        )

    def _order_values(self, orders: Evidence) -> Iterator[Feature]:
        ever = orders.ever()
        yield Feature(
            "order_value_mean", ever.mean("amount"), "currency", "of an order on average, before returns"
        )
        yield Feature(
            "order_value_median", ever.median("amount"), "currency", "of the usual order, before returns"
        )
        yield Feature(
            "order_value_spread", ever.spread("amount"), "currency", "standard deviation of the order value"
        )
        yield Feature(
            "order_value_variation",
            ever.spread("amount") / ever.mean("amount"),
            "ratio",
            "standard deviation of the order value over its mean",
        )
        yield Feature(
            "order_value_slope",
            ever.slope("amount") * 30,
            "currency per 30 days",
            "by how much the order value grows as time passes",
        )
        yield Feature(
            "order_value_last", ever.last("amount"), "currency", "of the last order, before returns"
        )
        yield Feature(
            "order_value_largest", ever.maximum("amount"), "currency", "of the largest order, before returns"
        )
        yield Feature(
            "order_value_last_ratio",
            ever.last("amount") / ever.median("amount"),
            "ratio",
            "last order value over the usual one",
        )
        yield Feature(
            "order_value_recent",
            orders.last(90).mean("amount"),
            "currency",
            "of an order on average, in the last 90 days",
        )
        yield Feature("basket_lines_mean", ever.mean("lines"), "lines", "per order on average")
        yield Feature("basket_lines_last", ever.last("lines"), "lines", "in the last order")

    def _returns(self, lines: Evidence, returns: Evidence) -> Iterator[Feature]:
        returned = -returns.ever().sum("amount")
        bought = lines.ever().sum("amount") + returned
        yield Feature(
            "return_share", returned / bought, "share", "of what was bought, by amount, that was returned"
        )
        yield Feature("returns_180d", returns.last(180).count(), "lines", "returned in the last 180 days")
        yield Feature("days_since_return", returns.ever().days_since_last(), "days", "since the last return")

    def _discounts(self, orders: Evidence) -> Iterator[Feature]:
        """Whoever buys only on promotion is a customer of the promotion."""
        ever, recent = orders.ever(), orders.last(90)
        discounted = ever.sum("discounted") / ever.count()
        yield Feature(
            "discount_share",
            ever.sum("discount") / (ever.sum("amount") + ever.sum("discount")),
            "share",
            "of the regular price that was taken off",
        )
        yield Feature(
            "discount_share_90d",
            recent.sum("discount") / (recent.sum("amount") + recent.sum("discount")),
            "share",
            "of the regular price that was taken off, in the last 90 days",
        )
        yield Feature(
            "full_price_share",
            Constant(1.0) - discounted,
            "share",
            "of the orders that had no discount at all",
        )
        yield Feature(
            "full_price_orders_180d",
            orders.last(180).count() - orders.last(180).sum("discounted"),
            "orders",
            "without any discount, in the last 180 days",
        )
        yield Feature(
            "discounted_streak",
            ever.streak("discounted", 1.0),
            "orders",
            "latest ones in a row with a discount: many are a customer of the promotion",
        )
        yield Feature(
            "discount_dependence",
            discounted - discounted.learned("discounted_share", "mean"),
            "share",
            "of the orders that had a discount, less that of all customers",
        )

    def _categories(self, bought: Evidence) -> Iterator[Feature]:
        ever = bought.ever()
        for days in (90, 180):
            yield Feature(
                f"categories_{days}d",
                bought.last(days).distinct("category"),
                "categories",
                f"bought from in the last {days} days",
            )
        yield Feature(
            "categories_ever", ever.distinct("category"), "categories", "bought from in all that was observed"
        )
        yield Feature(
            "category_entropy",
            ever.entropy("category"),
            "nats",
            "how mixed the repertoire is: 0 is one category alone",
        )
        yield Feature("category_main", ever.mode("category"), "category", "the one bought from most often")
        yield Feature("category_last", ever.category("category"), "category", "of the last line bought")
        yield Feature(
            "category_shift",
            ever.shift("category", bought.last(RECENT_DAYS)),
            "share",
            f"of the baskets of the last {RECENT_DAYS} days that lies in other categories than before",
        )
        yield Feature(
            "new_categories_90d",
            bought.last(90).new("category"),
            "categories",
            "bought from for the first time in the last 90 days",
        )
        yield Feature(
            "price_tier",
            ever.mean("log_price") - ever.usual("log_price", by="category"),
            "log ratio",
            "price of a piece over what others pay in the same categories: 0 is the same, above it dearer",
        )

    def _products(self, bought: Evidence) -> Iterator[Feature]:
        recent = bought.last(90)
        yield Feature(
            "products_90d", recent.distinct("product_id"), "products", "different ones in the last 90 days"
        )
        yield Feature(
            "products_ever",
            bought.ever().distinct("product_id"),
            "products",
            "different ones in all that was observed",
        )
        yield Feature(
            "new_products_90d",
            recent.new("product_id"),
            "products",
            "bought for the first time in the last 90 days",
        )
        yield Feature(
            "new_products_share",
            recent.new("product_id") / recent.distinct("product_id"),
            "share",
            "of the products of the last 90 days that were bought for the first time",
        )
        yield Feature(
            "product_shift",
            bought.ever().shift("product_id", bought.last(RECENT_DAYS)),
            "share",
            f"of the baskets of the last {RECENT_DAYS} days that lies in other products than before",
        )
