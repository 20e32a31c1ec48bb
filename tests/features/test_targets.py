"""Targets: what happened in the horizon, as known when it was mature."""

from typing import Any

import pytest

from patron.features.question import Purchase, Question, SpendDrop

LINES = "customer_id purchased_at amount order_id category recorded_at"


@pytest.fixture
def target(business: Any) -> Any:
    """The targets of customer 1, who bought at 2020-01-01, by cutoff; null is None."""

    def find(
        rows: list[tuple[Any, ...]],
        *cutoffs: str,
        question: Question | None = None,
        zone: str = "UTC",
        until: str = "2021-01-01",
        key: tuple[str, ...] = (),
    ) -> list[int | None]:
        filled = [(1, *row, *[None] * (5 - len(row))) for row in [("2020-01-01 12:00", 10.0), *rows]]
        made = business(timezone=zone, observed_from="2019-01-01", until=until).table(
            "purchases", filled, LINES, key=key
        )
        asked = question or Question(horizon_days=30, population="all")
        return made.snapshots(*cutoffs, question=asked, targets=True)["target"].tolist()

    return find


@pytest.mark.parametrize(
    ("bought", "expected"),
    [
        ("2020-01-31 23:59:59.999999", 0),
        ("2020-02-01", 1),
        ("2020-03-01 23:59:59.999999", 1),
        ("2020-03-02", 0),
    ],
)
def test_the_label_window_is_closed_at_the_cutoff_and_open_at_the_horizon(
    target: Any, bought: str, expected: int
):
    assert target([(bought, 5.0)], "2020-02-01") == [expected]


@pytest.mark.parametrize(("bought", "expected"), [("2020-03-08 23:30", 1), ("2020-03-09 00:00", 0)])
def test_the_horizon_is_in_local_days_across_a_change_of_clocks(target: Any, bought: str, expected: int):
    question = Question(horizon_days=1, population="all")
    assert target([(bought, 5.0)], "2020-03-08", question=question, zone="America/New_York") == [expected]


@pytest.mark.parametrize("amount", [0.0, -5.0])
def test_nothing_paid_is_no_purchase(target: Any, amount: float):
    assert target([("2020-02-05", amount)], "2020-02-01") == [0]


def test_a_return_never_undoes_a_label(target: Any):
    assert target([("2020-02-05", 5.0, "a"), ("2020-02-06", -5.0, "a")], "2020-02-01") == [1]


def test_an_order_that_began_before_the_cutoff_is_no_new_purchase(target: Any):
    assert target([("2020-01-31", 5.0, "a"), ("2020-02-02", 5.0, "a")], "2020-02-01") == [0]


def test_a_target_is_known_only_when_it_is_mature(target: Any):
    rows = [("2020-02-05", 5.0)]
    assert target(rows, "2020-02-01", "2020-02-02", until="2020-03-02") == [1, None]
    settled = Question(horizon_days=30, settle_days=5, population="all")
    assert target(rows, "2020-02-01", question=settled, until="2020-03-06") == [None]
    assert target(rows, "2020-02-01", question=settled, until="2020-03-07") == [1]


@pytest.mark.parametrize(
    ("recorded", "settle", "expected"),
    [("2020-03-01", 0, 1), ("2020-03-02", 0, 0), ("2020-03-02", 1, 1), ("2020-03-10", 5, 0)],
)
def test_late_rows_count_until_the_target_is_mature(target: Any, recorded: str, settle: int, expected: int):
    question = Question(horizon_days=30, settle_days=settle, population="all")
    rows = [("2020-02-05", 5.0, None, None, recorded)]
    assert target(rows, "2020-02-01", question=question) == [expected]


def test_a_correction_after_maturity_does_not_change_a_label(target: Any):
    rows = [("2020-02-05", 5.0, "a", None, None), ("2020-02-05", 0.0, "a", None, "2020-06-01")]
    assert target(rows, "2020-02-01", key=("order_id",)) == [1]
    soon = [rows[0], (*rows[1][:4], "2020-02-10")]
    assert target(soon, "2020-02-01", key=("order_id",)) == [0]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("category = 'COFFEE'", 1),
        ("category = 'TEA'", 0),
        ("amount >= 5", 1),
        ("amount > 5", 0),
        ("amount > 49000", 0),
    ],
)
def test_a_condition_narrows_the_purchase_and_sees_whole_currency(target: Any, where: str, expected: int):
    question = Question(horizon_days=30, population="all", target=Purchase(where=where))
    assert target(
        [("2020-02-05", 5.0, "a", "COFFEE"), ("2020-02-05", -9.0, "a", "TEA")],
        "2020-02-01",
        question=question,
    ) == [expected]


@pytest.mark.parametrize(
    ("spent", "expected"),
    [
        ([("2020-02-05", 4.99)], 1),
        ([("2020-02-05", 5.0)], 0),
        ([("2020-02-05", 9.0), ("2020-02-06", -5.0)], 1),
        ([], 1),
    ],
)
def test_spend_has_dropped_below_a_share_of_the_own_average(target: Any, spent: list[Any], expected: int):
    question = Question(horizon_days=30, lookback_days=60, population="all", target=SpendDrop(below=0.5))
    assert target([("2020-01-20", 10.0), *spent], "2020-02-01", question=question) == [expected]  # usually 10


def test_who_spent_nothing_has_nothing_that_could_drop(target: Any):
    question = Question(horizon_days=30, lookback_days=60, population="all", target=SpendDrop())
    assert target([("2020-01-05", -10.0)], "2020-02-01", question=question) == [None]


def test_a_drop_is_unknown_where_the_lookback_was_not_observed(business: Any):
    question = Question(horizon_days=30, lookback_days=60, population="all", target=SpendDrop())
    made = business(observed_from="2020-01-01").table("purchases", [(1, "2020-01-20", 10.0)])
    found = made.snapshots("2020-02-01", "2020-03-01", question=question, targets=True)["target"]
    assert found.tolist() == [None, 1]


def test_a_purchase_is_unknown_where_the_horizon_was_not_observed(business: Any):
    made = business(observed_from="2020-03-01").table("purchases", [(1, "2020-01-20", 10.0)])
    question = Question(horizon_days=30, population="all")
    found = made.snapshots("2020-02-01", "2020-03-01", question=question, targets=True)["target"]
    assert found.tolist() == [None, 0]
