"""Leaks planted into an honest shop, one at a time: the audit says no and names the culprit."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from patron.features.activities import Activities
from patron.features.audit import AuditReport, audit_evidence
from patron.features.buying_cycle import BuyingCycle
from patron.features.question import Question
from patron.features.tables import ColumnSource

QUESTION = Question(population="all", horizon_days=30, cutoffs=6)
FIRST, UNTIL = datetime(2019, 1, 1), datetime(2021, 1, 1)
CUSTOMERS, GUESTS = 90, 12
Rows = list[dict[str, Any]]


class Shop:
    """Two years of 90 customers and 12 guests; every table is honest until a test changes it."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(3)
        self.options: dict[str, dict[str, Any]] = {"profile": {"static": ("region",)}}
        self.tables: dict[str, Rows] = {"purchases": []}
        for customer in range(CUSTOMERS):
            self.buy(customer, FIRST + self.days(200), float(self.rng.choice([12.0, 45.0, 120.0])))
        self.tables["identities"] = [self.guest(CUSTOMERS + number, number) for number in range(GUESTS)]
        surveyed = self.tables["purchases"][::4]
        self.tables["satisfaction"] = [self.survey(order) for order in surveyed]
        self.tables["activities"] = [
            {"customer_id": customer, "occurred_at": FIRST + self.days(730), "activity": "newsletter"}
            for customer in self.rng.integers(0, CUSTOMERS, 600).tolist()
        ]
        self.tables["profile"] = [
            {"customer_id": customer, "region": str(self.rng.choice(["north", "south"]))}
            for customer in range(CUSTOMERS)
        ]

    def days(self, most: float) -> timedelta:
        return timedelta(seconds=round(float(self.rng.random()) * most * 86_400))

    def buy(self, customer: int, since: datetime, gap: float) -> None:
        """Orders from a moment on, at the customer's own pace."""
        moment = since
        while moment < UNTIL:
            self.tables["purchases"].append(
                {
                    "customer_id": customer,
                    "purchased_at": moment,
                    "amount": round(float(self.rng.gamma(2, 20)) + 1, 2),
                    "order_id": f"order-{len(self.tables['purchases'])}",
                    "category": str(self.rng.choice(["tea", "coffee"])),
                }
            )
            moment += timedelta(seconds=round(float(self.rng.exponential(gap)) * 86_400) + 3600)

    def guest(self, alias: int, customer: int) -> dict[str, Any]:
        """A customer's first orders were a guest's, until somebody found out."""
        own = [row for row in self.tables["purchases"] if row["customer_id"] == customer]
        for row in own[:3]:
            row["customer_id"] = alias
        return {
            "alias_id": alias,
            "customer_id": customer,
            "linked_at": own[:3][-1]["purchased_at"] + self.days(90),
        }

    def survey(self, order: dict[str, Any]) -> dict[str, Any]:
        asked = order["purchased_at"] + timedelta(days=2)
        answered = asked + self.days(5)
        said = answered < UNTIL
        return {
            "customer_id": order["customer_id"],
            "order_id": order["order_id"],
            "asked_at": asked,
            "answered_at": answered if said else None,
            "score": float(self.rng.integers(1, 6)) if said else None,
        }

    def orders(self, customer: int) -> list[datetime]:
        return sorted(
            row["purchased_at"] for row in self.tables["purchases"] if row["customer_id"] == customer
        )

    def audited(self, business: Callable[..., Any]) -> AuditReport:
        """What the audit says of the data; rebuilding has tests of its own."""
        made = business(until="2021-01-01")
        for name, rows in self.tables.items():
            kept = [
                row
                for row in rows
                if all(
                    value is None or value < UNTIL for value in row.values() if isinstance(value, datetime)
                )
            ]
            columns = list(kept[0])
            made.table(
                name,
                [tuple(row[c] for c in columns) for row in kept],
                " ".join(columns),
                **self.options.get(name, {}),
            )
        return audit_evidence(made.data, QUESTION, (BuyingCycle, Activities), memory=1 << 30, instants=())


@pytest.fixture
def shop() -> Shop:
    return Shop()


def leaks(report: AuditReport) -> set[tuple[str, str]]:
    assert report.passed == (not report.leaks)
    return {(finding.check, finding.subject) for finding in report.leaks}


def test_the_honest_shop_passes_without_a_word(shop: Shop, business: Callable[..., Any]):
    report = shop.audited(business)

    assert report.passed
    assert report.findings == ()


def test_a_guests_history_linked_later_but_dated_back(shop: Shop, business: Callable[..., Any]):
    for link in shop.tables["identities"]:
        link["linked_at"] = shop.orders(link["alias_id"])[0]

    assert leaks(shop.audited(business)) == {
        ("a guest's history is linked before it began", "[identities] linked_at")
    }


def test_a_guests_orders_under_the_id_of_the_customer_it_turned_out_to_be(
    shop: Shop, business: Callable[..., Any]
):
    owner = {link["alias_id"]: link["customer_id"] for link in shop.tables["identities"]}
    for name in ("purchases", "satisfaction"):
        for row in shop.tables[name]:
            row["customer_id"] = owner.get(row["customer_id"], row["customer_id"])

    assert leaks(shop.audited(business)) == {("ids are already resolved", "[identities] alias_id")}


def test_an_attribute_that_knows_who_left(shop: Shop, business: Callable[..., Any]):
    for row in shop.tables["profile"]:
        gone = shop.orders(row["customer_id"])[-1] < UNTIL - timedelta(days=45)
        row["status"] = "gone" if gone else "active"
    shop.options["profile"] = {"static": ("region", "status")}

    found = leaks(shop.audited(business))
    assert ("an attribute that knows the outcome", "[profile] status") in found


def test_an_attribute_that_sums_up_the_whole_history(shop: Shop, business: Callable[..., Any]):
    for row in shop.tables["profile"]:
        row["last_order"] = shop.orders(row["customer_id"])[-1].date().isoformat()
    shop.options["profile"] = {"static": ("region", "last_order")}

    found = leaks(shop.audited(business))
    assert ("an attribute that sums up the whole history", "[profile] last_order") in found


def test_an_id_in_the_profile(shop: Shop, business: Callable[..., Any]):
    for row in shop.tables["profile"]:
        row["card"] = f"K-{9_000 + row['customer_id']}"
    shop.options["profile"] = {"static": ("region", "card")}

    assert leaks(shop.audited(business)) == {("an id in the profile", "[profile] card")}


def test_todays_attributes_dated_back_in_bulk(shop: Shop, business: Callable[..., Any]):
    shop.options = {}
    for row in shop.tables["profile"]:
        row["valid_from"] = FIRST

    assert leaks(shop.audited(business)) == {("attributes dated back in bulk", "[profile] valid_from")}


def test_order_confirmations_dated_before_their_order(shop: Shop, business: Callable[..., Any]):
    shop.tables["activities"] += [
        {
            "customer_id": row["customer_id"],
            "occurred_at": row["purchased_at"] - timedelta(minutes=5),
            "activity": "confirmation",
        }
        for row in shop.tables["purchases"]
        if row["purchased_at"] - timedelta(minutes=5) > FIRST
    ]

    assert leaks(shop.audited(business)) == {
        ("contacts right before purchases", "[activities] activity 'confirmation'")
    }


def test_confirmations_after_their_order_are_honest(shop: Shop, business: Callable[..., Any]):
    shop.tables["activities"] += [
        {
            "customer_id": row["customer_id"],
            "occurred_at": row["purchased_at"] + timedelta(minutes=5),
            "activity": "confirmation",
        }
        for row in shop.tables["purchases"]
    ]

    assert leaks(shop.audited(business)) == set()


def test_surveys_dated_before_the_order_they_are_about(shop: Shop, business: Callable[..., Any]):
    for row in shop.tables["satisfaction"]:
        row["asked_at"] -= timedelta(days=3)

    assert leaks(shop.audited(business)) == {("answers before their order", "[satisfaction]")}


def test_a_list_of_those_who_will_buy_copied_into_a_table(shop: Shop, business: Callable[..., Any]):
    for weeks in range(1, 60):
        eve = UNTIL - timedelta(days=7 * weeks, hours=1)
        buyers = {
            row["customer_id"]
            for row in shop.tables["purchases"]
            if timedelta() < row["purchased_at"] - eve < timedelta(days=30)
        }
        shop.tables["activities"] += [
            {"customer_id": customer, "occurred_at": eve, "activity": "selected"}
            for customer in sorted(buyers)
        ]

    found = leaks(shop.audited(business))
    assert ("contacts that only buyers get", "[activities] activity 'selected'") in found
    assert ("features too good to be true", "family activities") in found


def test_an_expression_that_takes_the_customers_last_word(shop: Shop, business: Callable[..., Any]):
    last = "last(category) OVER (PARTITION BY customer_id)"
    shop.options["purchases"] = {"columns": {"category": ColumnSource(sql=last)}}

    assert leaks(shop.audited(business)) == {("an expression looks at other rows", "[purchases] category")}


@pytest.mark.parametrize(
    ("sql", "level"),
    [
        ("upper(category)", None),
        ("lag(category) OVER (PARTITION BY customer_id ORDER BY purchased_at)", "look"),
        ("lead(category) OVER (PARTITION BY customer_id ORDER BY purchased_at)", "leak"),
        ("first(category) OVER (PARTITION BY customer_id ORDER BY purchased_at DESC)", "leak"),
        ("CASE WHEN true THEN last(category) OVER (PARTITION BY customer_id) END", "leak"),
    ],
)
def test_expressions_may_look_back_but_not_ahead(
    shop: Shop, business: Callable[..., Any], sql: str, level: str | None
):
    shop.options["purchases"] = {"columns": {"category": ColumnSource(sql=sql)}}

    assert [finding.level for finding in shop.audited(business).findings] == ([level] if level else [])
