"""The evaluator: windows in local days, what was observed, which words are meant, and arithmetic."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from patron.features.expressions import Constant, Evidence, Expression
from patron.features.families import FAMILIES
from patron.features.family import Family, Feature


def family_of(reads: tuple[str, ...], make: Any) -> type[Family]:
    """A family with one feature named x."""
    named = {"name": "tried", "reads": reads}

    def features(self: Family, *evidence: Evidence) -> Iterator[Feature]:
        yield Feature("x", make(*evidence), "x", "x")

    return type("Tried", (Family,), {**named, "features": features})


def values(made: Any, make: Any, *cutoffs: str, reads: tuple[str, ...] = ("lines",)) -> list[float]:
    return made.snapshots(*cutoffs, families=(family_of(reads, make),))["x"].tolist()


@pytest.fixture
def daily(business: Any) -> Any:
    """A line of one unit at every midnight of January and February 2020."""
    rows = [(1, f"2020-0{month}-{day:02}", 1.0) for month in (1, 2) for day in range(1, 30)]
    return business(observed_from="2020-01-01").table("purchases", rows)


def test_a_window_is_closed_at_its_start_and_open_at_its_end(daily: Any):
    assert values(daily, lambda lines: lines.last(3).count(), "2020-01-20") == [3]
    assert values(daily, lambda lines: lines.between(5, 3).count(), "2020-01-20") == [2]


@pytest.mark.parametrize("name", ["count", "days_since_last"])
def test_a_window_that_was_not_wholly_observed_is_not_known(daily: Any, name: str):
    found = values(daily, lambda lines: getattr(lines.last(10), name)(), "2020-01-10", "2020-01-11")
    np.testing.assert_array_equal(np.isnan(found), [True, False])


def test_before_a_table_was_kept_nothing_is_known_not_even_a_zero(business: Any):
    made = business().table("purchases", [(1, "2020-01-01", 5.0)], observed_from=None)
    made.table("activities", [(1, "2020-03-01", "call")])
    found = made.snapshots("2020-03-01", "2020-03-02")[["contacts_ever", "contacts_7d", "contact_pressure"]]
    np.testing.assert_array_equal(found.iloc[0], [np.nan] * 3)
    np.testing.assert_array_equal(found.iloc[1][["contacts_ever", "contacts_7d"]], [1, np.nan])


def test_days_are_local_days_across_a_change_of_clocks(business: Any):
    rows = [(1, moment, 1.0) for moment in ("2020-03-07 23:59", "2020-03-08 00:00", "2020-03-08 23:59")]
    made = business(timezone="America/New_York", observed_from="2019-01-01").table("purchases", rows)
    assert values(made, lambda lines: lines.last(1).count(), "2020-03-09") == [2]  # a day of 23 hours
    assert values(made, lambda lines: lines.last(2).count(), "2020-03-09") == [3]


def test_a_filter_means_a_word_in_whatever_spelling(business: Any):
    rows = [
        (1, "2020-01-01", "E-Mail"),
        (1, "2020-01-02", " e mail "),
        (1, "2020-01-03", "letter"),
        (1, "2020-01-04", None),
    ]
    made = business().table("purchases", [(1, "2020-01-01", 5.0)])
    made.table("activities", [(*row, "call") for row in rows], "customer_id occurred_at channel activity")
    assert values(
        made, lambda c: c.where("channel", "e-mail").ever().count(), "2020-02-01", reads=("contacts",)
    ) == [2]


def test_two_filters_hold_at_once(business: Any):
    rows = [
        (1, "2020-01-01", 1.0, "tea", "web"),
        (1, "2020-01-02", 2.0, "tea", "shop"),
        (1, "2020-01-03", 4.0, "milk", "web"),
    ]
    made = business().table("purchases", rows, "customer_id purchased_at amount category channel")
    assert values(
        made,
        lambda lines: lines.where("category", "tea").where("channel", "web").ever().sum("amount"),
        "2020-02-01",
    ) == [1]
    assert values(made, lambda lines: lines.where("category", "beer").ever().count(), "2020-02-01") == [0]


def test_a_word_counts_only_at_cutoffs_at_which_it_was_frequent(business: Any):
    sent = [
        (1, "2020-01-05", "call", "web"),
        (1, "2020-02-05", "call", "fax"),
        (1, "2020-03-05", "call", "fax"),
    ]
    made = business(observed_from="2019-01-01").table("purchases", [(1, "2020-01-01", 5.0)])
    made.table("activities", sent, "customer_id occurred_at activity channel")
    found = made.snapshots("2020-02-01", "2020-02-05", "2020-02-06")
    np.testing.assert_array_equal(found["contacts_channel_fax_90d"], [np.nan, np.nan, 1])
    assert found["contacts_channel_web_90d"].tolist() == [1, 1, 1]


def test_unknown_money_is_left_out_of_averages_and_of_sums(business: Any):
    rows = [(1, "2020-01-01", 5.0, None), (1, "2020-01-02", 5.0, 3.0), (1, "2020-01-03", 5.0, None)]
    made = business().table("purchases", rows, "customer_id purchased_at amount discount")
    for name, expected in (("mean", 3), ("minimum", 3), ("last", 3), ("sum", 3), ("median", 3)):
        assert values(
            made, lambda lines, name=name: getattr(lines.ever(), name)("discount"), "2020-02-01"
        ) == [expected]
    np.testing.assert_array_equal(
        values(made, lambda lines: lines.ever().first("discount"), "2020-02-01"), [np.nan]
    )


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda n: n + 1, 3),
        (lambda n: n - 1, 1),
        (lambda n: n * 2.5, 5),
        (lambda n: n / 4, 0.5),
        (lambda n: -n, -2),
        (lambda n: n / (n - 2), np.nan),
        (lambda n: Constant(7.0), 7),
    ],
)
def test_arithmetic(business: Any, make: Any, expected: float):
    made = business().table("purchases", [(1, "2020-01-01", 5.0), (1, "2020-01-02", 5.0)])

    def twice(lines: Evidence) -> Expression:
        return make(lines.ever().count())

    np.testing.assert_array_equal(values(made, twice, "2020-02-01"), [expected])


def test_money_is_in_whole_currency_and_exact(business: Any):
    rows = [(1, f"2020-01-{day:02}", 0.1) for day in range(1, 11)]
    found = business().table("purchases", rows).snapshots("2020-02-01", families=FAMILIES)
    assert found["spend_ever"].item() == 1.0
    assert found["order_value_mean"].item() == np.float32(0.1)


def test_what_lies_before_a_table_was_kept_is_not_known_since_an_earlier_moment(business: Any):
    made = business().table("purchases", [(1, "2020-01-01", 5.0), (1, "2020-03-01", 5.0)])
    made.table("activities", [(1, "2020-02-01", "call"), (1, "2020-03-05", "call")])
    contacts_since = values(
        made,
        lambda orders, contacts: contacts.since(orders.ever().days_since_last()).count(),
        "2020-02-10",
        "2020-03-10",
        reads=("orders", "contacts"),
    )
    np.testing.assert_array_equal(contacts_since, [np.nan, 1])


def test_ties_are_in_the_same_order_whatever_else_is_measured(business: Any):
    tied = [(1, "2020-01-01", 1.0, "tea", 9.0), (1, "2020-01-01", 1.0, "milk", 3.0)]
    made = business().table("purchases", tied, "customer_id purchased_at amount category quantity")

    def alone(lines: Evidence) -> Expression:
        return lines.ever().last("quantity")

    def beside(lines: Evidence) -> Expression:
        return lines.ever().last("quantity") + lines.ever().distinct("category") * 0

    assert values(made, alone, "2020-02-01") == values(made, beside, "2020-02-01")
