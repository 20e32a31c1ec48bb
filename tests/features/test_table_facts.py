"""Table facts: shares, joins and delays of literal rows."""

from collections.abc import Callable
from typing import Any

import pytest

from patron.features.localtime import to_microseconds
from patron.features.table_facts import Lateness, measure_tables


def test_missing_values_and_join_rates(business: Callable[..., Any]) -> None:
    shop = business(until="2020-02-01")
    lines = [(1, "2020-01-01", 5.0, "tea"), (1, "2020-01-02", 5.0, None), (2, "2020-01-02", -5.0, None)]
    shop.table(
        "purchases", [*lines, (3, "2020-01-03", 1.0, "tea")], "customer_id purchased_at amount category"
    )
    shop.table(
        "activities", [(1, "2020-01-05", "letter"), (2, "2020-01-06", "letter"), (9, "2020-01-06", "call")]
    )
    with shop.store() as store:
        purchases, activities = measure_tables(store)
    assert (purchases.facts, purchases.customers, purchases.rows_per_customer) == (4, 3, 1)
    assert purchases.missing == {"purchased_at": 0, "amount": 0, "category": 0.5}
    assert (purchases.who_bought, purchases.of_buyers, purchases.lateness) == (None, None, None)
    assert (activities.who_bought, activities.of_buyers) == (
        pytest.approx(1 / 3),
        0.5,
    )  # customers 1 and 3 bought
    assert not purchases.stated
    assert purchases.observed_from == store.accounts["purchases"].first


def test_where_the_beginning_is_stated_it_is_said(business: Callable[..., Any]) -> None:
    shop = business(until="2020-02-01", observed_from="2019-12-01").table(
        "purchases", [(1, "2020-01-01", 5.0)]
    )
    with shop.store() as store:
        (purchases,) = measure_tables(store)
        assert purchases.stated
        assert purchases.observed_from == to_microseconds(store.data.tables["purchases"].observed_from)


def test_how_late_rows_became_known(business: Callable[..., Any]) -> None:
    names = "customer_id purchased_at amount recorded_at"
    late = [("2020-01-01", "2020-01-01"), ("2020-01-01", None), ("2020-01-02", "2020-01-04")]
    rows = [(n, happened, 1.0, recorded) for n, (happened, recorded) in enumerate(late)]
    with business(until="2020-02-01").table("purchases", rows, names).store() as store:
        (purchases,) = measure_tables(store)
    found = purchases.lateness
    assert found is not None
    assert found == Lateness(0, pytest.approx(1.6), pytest.approx(1.96), 2, pytest.approx(1 / 3))


def test_a_link_is_no_delay(business: Callable[..., Any]) -> None:
    shop = business(until="2020-02-01")
    names = "customer_id purchased_at amount recorded_at"
    rows = [(1, "2020-01-01", 5.0, None), (9, "2020-01-02", 5.0, None), (3, "2020-01-02", 5.0, None)]
    shop.table("purchases", rows, names)
    shop.table("identities", [(9, 1, "2020-01-20")])
    with shop.store() as store:
        purchases, _ = measure_tables(store)
    assert purchases.facts == 3
    assert purchases.lateness is not None
    assert purchases.lateness.longest == 0
