"""What goes wrong, how long it takes to put right, and whether the customer buys again after it."""

from collections.abc import Iterator

from .expressions import Evidence, Expression
from .family import Family, Feature
from .localtime import INSTANT
from .words import name_part

AGAIN_DAYS = 90
"""A case so soon after the one before is a second failure."""


class Support(Family):
    """Cases that were opened and closed, and what was bought since."""

    name = "support"
    reads = ("cases", "orders")
    may_read = ("closings",)
    vocabularies = ("cases.topic", "cases.channel")

    def features(self, *evidence: Evidence | None) -> Iterator[Feature]:
        """Counts, second failures, severity, topics, what is open, how it was resolved, orders before and since."""
        cases, orders, closings = evidence
        assert cases is not None
        assert orders is not None
        yield from self._counts(cases)
        if cases.has("closed_at"):
            yield from self._open(cases)
        if cases.has("severity"):
            yield from self._severity(cases)
        yield from self._kinds(cases)
        if closings is not None:
            yield from self._closings(closings)
        yield from self._orders(cases.ever().days_since_last() - INSTANT, orders)

    def _counts(self, cases: Evidence) -> Iterator[Feature]:
        ever, year = cases.ever(), cases.last(365)
        for days in (30, 90, 365):
            yield Feature(f"cases_{days}d", cases.last(days).count(), "cases", f"in the last {days} days")
        yield Feature("cases_ever", ever.count(), "cases", "in all that was observed")
        yield Feature("days_since_case", ever.days_since_last(), "days", "since the last case was opened")
        yield Feature("case_gap_last", ever.last("gap"), "days", "between the last two cases")
        soon = f"opened within {AGAIN_DAYS} days of the one before"
        yield Feature("cases_again_ever", ever.at_most("gap", AGAIN_DAYS), "cases", soon)
        yield Feature(
            "cases_again_365d", year.at_most("gap", AGAIN_DAYS), "cases", f"of the last 365 days, {soon}"
        )

    def _open(self, cases: Evidence) -> Iterator[Feature]:
        yield Feature("cases_open", cases.ever().open("closed_at"), "cases", "open now")
        yield Feature(
            "oldest_open_case_days",
            cases.ever().days_open("closed_at"),
            "days",
            "for which the oldest open case has been open",
        )

    def _severity(self, cases: Evidence) -> Iterator[Feature]:
        ever, unit = cases.ever(), "severity, higher is worse"
        yield Feature("case_severity_last", ever.last("severity"), unit, "of the last case that has one")
        yield Feature("case_severity_mean", ever.mean("severity"), unit, "of all cases on average")
        yield Feature("case_severity_worst", ever.maximum("severity"), unit, "of the worst case")

    def _kinds(self, cases: Evidence) -> Iterator[Feature]:
        for column, words in (("topic", "about"), ("channel", "through")):
            for value, chosen in cases.among(column):
                said = value.replace("_", " ")
                yield Feature(
                    f"cases_{column}_{name_part(value)}_365d",
                    chosen.last(365).count(),
                    "cases",
                    f"{words} {said} in the last 365 days",
                )
        if cases.has("topic"):
            yield Feature(
                "last_case_topic", cases.ever().category("topic"), "topic", "what the last case is about"
            )

    def _closings(self, closings: Evidence) -> Iterator[Feature]:
        ever = closings.ever()
        yield Feature("days_since_closing", ever.days_since_last(), "days", "since the last case was closed")
        yield Feature("resolution_days_last", ever.last("duration"), "days", "until the last closed case was")
        yield Feature(
            "resolution_days_mean", ever.mean("duration"), "days", "from opening to closing, on average"
        )
        yield Feature(
            "resolution_days_median", ever.median("duration"), "days", "usually from opening to closing"
        )
        if closings.has("reopened"):
            yield Feature(
                "cases_reopened", ever.sum("reopened"), "cases", "closed by now that had been opened again"
            )
            yield Feature(
                "case_reopened_last",
                ever.last("reopened"),
                "1 or 0",
                "whether the last closed case had been opened again",
            )

    def _orders(self, since_case: Expression, orders: Evidence) -> Iterator[Feature]:
        before, after = orders.before(since_case), orders.since(since_case)
        pace_before = before.count() * 30 / (before.days_since_first() - since_case).at_least(30)
        pace_after = after.count() * 30 / since_case.at_least(30)
        yield Feature("orders_before_case", before.count(), "orders", "before the last case was opened")
        yield Feature("orders_since_case", after.count(), "orders", "since the last case was opened")
        yield Feature(
            "bought_since_case",
            after.count().at_most(1),
            "1 or 0",
            "whether there was an order since the last case was opened",
        )
        yield Feature(
            "order_pace_before_case",
            pace_before,
            "orders per 30 days",
            "from the first order seen to the last case, over 30 days at least",
        )
        yield Feature(
            "order_pace_since_case",
            pace_after,
            "orders per 30 days",
            "since the last case was opened, over 30 days at least",
        )
        yield Feature(
            "order_pace_change_case",
            pace_after - pace_before,
            "orders per 30 days",
            "since the last case less before it",
        )
