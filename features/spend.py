"""How much a customer spends, on what, and at what price."""

from collections.abc import Iterator

from .expressions import Evidence
from .family import Family, Feature

WINDOWS = (30, 90, 180, 365)


class Spend(Family):
    """Money, baskets, returns, discounts and breadth."""

    name = "spend"
    reads = ("lines", "orders", "returns")

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """Net spend by window, order value and basket, returns, discounts, categories and products."""
        lines, orders, returns = evidence
        yield from self._amounts(lines)
        yield from self._order_values(orders)
        yield from self._returns(lines, returns)
        if orders.has("discount"):
            yield from self._discounts(orders)
        yield from self._breadth(lines)

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
        ever, recent = orders.ever(), orders.last(90)
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

    def _breadth(self, lines: Evidence) -> Iterator[Feature]:
        if lines.has("category"):
            for days in (90, 180):
                yield Feature(
                    f"categories_{days}d",
                    lines.last(days).distinct("category"),
                    "categories",
                    f"bought from in the last {days} days",
                )
            yield Feature(
                "categories_ever",
                lines.ever().distinct("category"),
                "categories",
                "bought from in all that was observed",
            )
        if lines.has("product_id"):
            yield Feature(
                "products_90d",
                lines.last(90).distinct("product_id"),
                "products",
                "different ones in the last 90 days",
            )
            yield Feature(
                "products_ever",
                lines.ever().distinct("product_id"),
                "products",
                "different ones in all that was observed",
            )
        if lines.has("quantity"):
            yield Feature(
                "pieces_90d", lines.last(90).sum("quantity"), "pieces", "net of returns, in the last 90 days"
            )
