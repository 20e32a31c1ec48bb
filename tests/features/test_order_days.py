"""Order days: what SQL counts is what plain pandas counts, and what an order is to features is one here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.features.gap_survival import GapSurvival
from patron.features.order_days import LARGE_CATEGORIES, GapCounts, OrderDays, Repeats

LINES = "customer_id purchased_at amount order_id category"


@pytest.fixture
def days_of(business: Callable[..., Any]) -> Iterator[Callable[..., OrderDays]]:
    """The order days of literal lines, observed from 2020-01-01 until 2020-02-01 (31 days)."""

    def made(rows: list[tuple[Any, ...]], names: str = LINES, **options: Any) -> OrderDays:
        given = {"until": "2020-02-01", "observed_from": "2020-01-01", **options}
        store = opened.enter_context(business(**given).table("purchases", rows, names).store())
        return opened.enter_context(OrderDays(store))

    with ExitStack() as opened:
        yield made


def found(counts: GapCounts) -> tuple[dict[int, int], dict[int, int]]:
    ended, cut_off = (
        {int(day): int(n[day]) for day in np.flatnonzero(n)} for n in (counts.ended, counts.cut_off)
    )
    return ended, cut_off


def test_gaps_are_between_days_with_an_order(days_of: Callable[..., OrderDays]) -> None:
    days = days_of(
        [
            (1, "2020-01-01 09:00", 5.0, "a", "tea"),
            (1, "2020-01-01 18:00", 5.0, "b", "tea"),  # the same day is no gap
            (1, "2020-01-04 09:00", 5.0, "c", "tea"),
            (1, "2020-01-06 09:00", -5.0, "d", "tea"),  # a return is no order
            (1, "2020-01-11 09:00", 5.0, None, "rice"),  # a line without an order is one
            (2, "2020-01-31 23:59", 5.0, "a", None),
            (3, "2020-01-15 00:00", 0.0, "e", "tea"),  # nor is a gift
        ]
    )
    assert days.span.days == 31
    assert found(days.gaps()) == ({3: 1, 7: 1}, {20: 1, 0: 1})
    assert days.repeats(3) == Repeats(3, buyers=2, again=1, followed=1, followed_again=1)
    assert days.repeats(2) == Repeats(2, buyers=2, again=1, followed=1, followed_again=0)
    assert days.days_per_customer().tolist() == [0, 1, 0, 1]
    assert days.share_first_within(5) == 0.5


def test_gaps_of_a_category_are_between_days_on_which_it_was_bought(
    days_of: Callable[..., OrderDays],
) -> None:
    days = days_of(
        [
            (1, "2020-01-01", 5.0, "a", "tea"),
            (1, "2020-01-03", 5.0, "b", "rice"),
            (1, "2020-01-11", 5.0, "c", "tea"),
            (2, "2020-01-11", 5.0, "d", "tea"),
        ]
    )
    by_category = days.gaps_by_category()
    assert list(by_category) == ["tea", "rice"]
    assert found(by_category["tea"]) == ({10: 1}, {20: 2})
    assert days.repeats_by_category(10)["tea"] == Repeats(10, 2, 1, 2, 1)


def test_an_order_is_of_the_local_day_of_its_first_line(days_of: Callable[..., OrderDays]) -> None:
    rows = [
        (1, "2020-01-02T04:30Z", 5.0, "a"),  # still New Year's Day in New York
        (1, "2020-01-02T05:30Z", 5.0, "a"),
        (1, "2020-01-03T05:30Z", 5.0, "b"),
    ]
    names = "customer_id purchased_at amount order_id"
    days = days_of(
        rows, names, timezone="America/New_York", until="2020-01-10T05:00", observed_from="2020-01-01T05:00"
    )
    assert found(days.gaps()) == ({2: 1}, {6: 1})
    assert days.gaps_by_category() == {}


def test_only_the_largest_categories_are_looked_at(days_of: Callable[..., OrderDays]) -> None:
    rows = [(1, "2020-01-05", 1.0, None, f"c{n}") for n in range(12) for _ in range(n + 1)]
    assert sorted(days_of(rows).gaps_by_category()) == sorted(
        f"c{n}" for n in range(12 - LARGE_CATEGORIES, 12)
    )


def test_an_alias_orders_for_whom_it_belongs_to(business: Callable[..., Any]) -> None:
    shop = business(until="2020-02-01", observed_from="2020-01-01")
    shop.table("purchases", [(1, "2020-01-01", 5.0), (9, "2020-01-06", 5.0)])
    shop.table("identities", [(9, 1, "2020-01-20")])
    with shop.store() as store, OrderDays(store) as days:
        assert found(days.gaps()) == ({5: 1}, {25: 1})


def test_one_customer_on_one_day(business: Callable[..., Any]) -> None:
    with (
        business(until="2020-01-02").table("purchases", [(1, "2020-01-01", 5.0)]).store() as store,
        OrderDays(store) as days,
    ):
        assert days.span.days == 1
        assert found(days.gaps()) == ({}, {0: 1})
        assert days.last_gaps(10, 10)[0].size == 0


def test_nobody_ordered(business: Callable[..., Any]) -> None:
    with (
        business(until="2020-01-02").table("purchases", [(1, "2020-01-01", -5.0)]).store() as store,
        OrderDays(store) as days,
    ):
        assert found(days.gaps()) == ({}, {})
        assert days.repeats(3) == Repeats(3, 0, 0, 0, 0)
        assert np.isnan(days.share_first_within(30))
        assert days.days_per_customer().tolist() == [0]


def test_pandas_counts_the_same(business: Callable[..., Any]) -> None:
    random = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "customer_id": random.integers(0, 60, 900),
            "purchased_at": pd.Timestamp("2019-06-01")
            + pd.to_timedelta(random.integers(0, 214 * 24, 900), "h"),
            "amount": random.choice([-3.0, 0.0, 2.0, 4.0], 900),
        }
    )
    bought = frame[frame["amount"] > 0]
    days = bought.assign(day=bought["purchased_at"].dt.normalize())[["customer_id", "day"]].drop_duplicates()
    days = days.sort_values(["customer_id", "day"])
    gap = days.groupby("customer_id")["day"].diff().dropna().dt.days
    last = (pd.Timestamp("2019-12-31") - days.groupby("customer_id")["day"].max()).dt.days
    first = days.groupby("customer_id")["day"].min()
    second = days.groupby("customer_id")["day"].nth(1)
    waited = pd.Series(second.to_numpy(), days.loc[second.index, "customer_id"]).reindex(first.index) - first
    old = first + pd.Timedelta(days=20) <= pd.Timestamp("2019-12-31")
    shop = business(until="2020-01-01", observed_from="2019-06-01").frame("purchases", frame)
    with shop.store() as store, OrderDays(store) as order_days:
        counts, repeats = order_days.gaps(), order_days.repeats(20)
        customers, gaps = order_days.last_gaps(1_000, 3)
    assert found(counts) == (gap.value_counts().to_dict(), last.value_counts().to_dict())
    assert counts.quantile(0.5) == gap.quantile(0.5, interpolation="lower")
    soon = int((waited[old] <= pd.Timedelta(days=20)).sum())
    assert repeats == Repeats(20, first.size, int(waited.notna().sum()), int(old.sum()), soon)
    assert gaps[customers == 7].tolist() == gap[days["customer_id"] == 7].tolist()[:-4:-1]
    assert_survival(GapSurvival.of(counts), gap.to_numpy(), last.to_numpy())


def assert_survival(survival: GapSurvival, gaps: np.ndarray, cut_off: np.ndarray) -> None:
    """The survival is the product over days of the share at risk who did not order on it."""
    stays = 1.0
    for day in range(1, 20):
        at_risk = (gaps >= day).sum() + (cut_off >= day).sum()
        stays *= 1 - (gaps == day).sum() / at_risk
        assert survival.open[day] == pytest.approx(stays)
