"""Outcomes: how often, for how much and when customers bought after a cutoff, as known when it was mature."""

from typing import Any

import numpy as np
import pytest

from patron.features.outcomes import DAYS, PURCHASES, SEEN_DAYS, SPEND, outcome_names, target_name
from patron.features.question import Purchase, Question, SpendDrop

LINES = "customer_id purchased_at amount order_id category recorded_at"
ASKED = Question(horizon_days=14, population="all", further_horizons=(30, 90))
NONE = "none"


@pytest.fixture
def outcome(business: Any) -> Any:
    """One column of outcomes of customer 1, who bought at 2020-01-01, by cutoff; null is "none"."""

    def find(
        column: str,
        rows: list[tuple[Any, ...]],
        *cutoffs: str,
        question: Question = ASKED,
        until: str = "2021-01-01",
        key: tuple[str, ...] = (),
    ) -> list[Any]:
        filled = [(1, *row, *[None] * (5 - len(row))) for row in [("2020-01-01 12:00", 10.0), *rows]]
        made = business(observed_from="2019-01-01", until=until).table("purchases", filled, LINES, key=key)
        table = made.snapshots(*cutoffs, question=question, targets=True, with_outcomes=True)
        return [NONE if value is None or value != value else value for value in table[column].tolist()]

    return find


def test_a_target_of_a_further_horizon_has_its_own_window_and_maturity(outcome: Any) -> None:
    rows = [("2020-02-20", 5.0), ("2020-05-10", 5.0)]
    cutoffs = ("2020-02-01", "2020-02-10", "2020-03-01")
    until = "2020-05-20"
    assert outcome(target_name(30), rows, *cutoffs, until=until) == [1, 1, 0]
    assert outcome(target_name(90), rows, *cutoffs, until=until) == [1, 1, NONE]


def test_purchases_are_orders_and_spend_is_net_of_returns(outcome: Any) -> None:
    rows = [
        ("2020-02-01", 5.0, "a"),
        ("2020-02-02", 2.5, "a"),
        ("2020-02-03", 4.0, "b"),
        ("2020-02-04", -1.0),  # a return is no purchase
        ("2020-02-15", 100.0),  # after the horizon
    ]
    assert outcome(PURCHASES, rows, "2020-02-01") == [2]
    assert outcome(SPEND, rows, "2020-02-01") == [10.5]
    assert outcome(SPEND, [("2020-02-04", -1.0)], "2020-02-01") == [-1.0]


def test_purchases_and_spend_are_unknown_until_the_first_horizon_is_mature(outcome: Any) -> None:
    for column in (PURCHASES, SPEND):
        assert outcome(column, [], "2020-02-01", "2020-02-02", until="2020-02-15") == [0, NONE]


def test_a_condition_narrows_purchases_and_leaves_no_spend(outcome: Any) -> None:
    question = Question(horizon_days=14, population="all", target=Purchase(where="category = 'TEA'"))
    rows = [("2020-02-02", 5.0, "a", "COFFEE"), ("2020-02-05 12:00", 5.0, "b", "TEA")]
    assert outcome(PURCHASES, rows, "2020-02-01", question=question) == [1]
    assert outcome(DAYS, rows, "2020-02-01", question=question) == [4.5]
    with pytest.raises(KeyError, match=SPEND):
        outcome(SPEND, rows, "2020-02-01", question=question)


@pytest.mark.parametrize(
    ("bought", "within", "seen"),
    [("2020-02-01", 0.0, 0.0), ("2020-04-30 12:00", 89.5, 89.5), ("2020-05-01", NONE, 90.0)],
)
def test_days_reach_as_far_as_the_longest_horizon_and_seen_days_as_far_as_today(
    outcome: Any, bought: str, within: Any, seen: Any
) -> None:
    rows = [(bought, 5.0), ("2020-06-01", 5.0)]
    assert outcome(DAYS, rows, "2020-02-01") == [within]
    assert outcome(SEEN_DAYS, rows, "2020-02-01") == [seen]


def test_what_became_known_after_maturity_changes_only_what_is_seen_today(outcome: Any) -> None:
    rows = [("2020-02-03", 5.0, "a", None, "2020-08-01"), ("2020-02-11", 7.0)]
    assert outcome(PURCHASES, rows, "2020-02-01") == [1]
    assert outcome(SPEND, rows, "2020-02-01") == [7.0]
    assert outcome(DAYS, rows, "2020-02-01") == [10.0]
    assert outcome(SEEN_DAYS, rows, "2020-02-01") == [2.0]


def test_outcomes_are_those_of_each_customer(business: Any) -> None:
    rows = [(code, "2020-01-01", 1.0) for code in range(4)]
    rows += [(1, "2020-02-03", 2.0), (3, "2020-02-05", 4.0), (3, "2020-02-06", 4.0)]
    table = business().table("purchases", rows).snapshots("2020-02-01", question=ASKED, with_outcomes=True)
    assert table[PURCHASES].tolist() == [0, 1, 0, 2]
    assert table[SPEND].tolist() == [0, 2, 0, 8]
    np.testing.assert_array_equal(table[DAYS].to_numpy(float), [np.nan, 2, np.nan, 4])


def test_a_drop_of_spend_has_no_outcomes() -> None:
    assert outcome_names(Question(target=SpendDrop())) == ()
    assert outcome_names(ASKED) == ("target_30d", "target_90d", PURCHASES, SPEND, DAYS, SEEN_DAYS)
