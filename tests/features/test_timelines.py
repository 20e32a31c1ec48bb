"""Timelines: what an order is, what an answer is worth, and when each became known."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.features.contracts import STORED
from patron.features.families import FAMILIES
from patron.features.timelines import TIMELINES, available_columns, holds_text, is_stored, table_columns

LINES = "customer_id purchased_at amount order_id channel recorded_at"


def feature(made: Any, name: str, *cutoffs: str) -> list[float]:
    return made.snapshots(*cutoffs)[name].tolist()


def test_without_order_ids_every_bought_line_is_an_order(business: Any):
    made = business().table(
        "purchases", [(1, "2020-01-01", 5.0), (1, "2020-01-01", 7.0), (1, "2020-01-02", -5.0)]
    )
    found = made.snapshots("2020-02-01").iloc[0]
    assert (found["orders_ever"], found["order_value_mean"], found["basket_lines_mean"]) == (2, 6, 1)


def test_an_order_happens_with_its_first_line_and_its_returns_are_no_part_of_its_value(business: Any):
    rows = [
        (1, "2020-01-10", 5.0, "a", "shop", None),
        (1, "2020-01-03", 2.0, "a", "web", None),
        (1, "2020-01-20", -4.0, "a", "post", None),
    ]
    found = business().table("purchases", rows, LINES).snapshots("2020-02-01").iloc[0]
    assert (found["orders_ever"], found["days_since_order"], found["order_value_last"]) == (1, 29, 7)
    assert (found["last_order_channel"], found["spend_ever"], found["days_since_return"]) == ("web", 3, 12)


def test_a_line_after_the_cutoff_is_not_part_of_the_order_at_that_cutoff(business: Any):
    rows = [(1, "2020-01-03", 2.0, "a", None, None), (1, "2020-01-10", 5.0, "a", None, None)]
    made = business().table("purchases", rows, LINES)
    assert feature(made, "order_value_last", "2020-01-10", "2020-01-11") == [2, 7]


def test_a_late_first_line_moves_the_order_back_only_once_it_is_known(business: Any):
    rows = [(1, "2020-01-01", 5.0, "a", None, "2020-03-01"), (1, "2020-01-11", 2.0, "a", None, None)]
    made = business().table("purchases", rows, LINES)
    assert feature(made, "days_since_order", "2020-02-01", "2020-03-02") == [21, 61]


def test_an_order_whose_positive_lines_are_taken_back_by_a_correction_was_one_until_then(business: Any):
    rows = [(1, "2020-01-01", 5.0, "a", None, None), (1, "2020-01-01", 0.0, "a", None, "2020-03-01")]
    made = business().table("purchases", rows, LINES, key=("order_id",))
    found = made.snapshots("2020-02-01", "2020-03-02")
    assert found["orders_ever"].tolist() == [1]
    assert found.attrs["excluded"] == {"no purchase before the cutoff": 1}


def test_blank_order_ids_are_orders_of_their_own(business: Any):
    rows = [(1, "2020-01-01", 5.0, "", None, None), (1, "2020-01-02", 5.0, " ", None, None)]
    assert feature(business().table("purchases", rows, LINES), "orders_ever", "2020-02-01") == [2]


SURVEY = "customer_id answered_at score asked_at instrument competitor_score recorded_at"


@pytest.fixture
def surveyed(business: Any) -> Any:
    """A customer and their surveys."""

    def make(*rows: tuple[Any, ...]) -> pd.DataFrame:
        made = business(observed_from="2019-01-01").table("purchases", [(1, "2020-01-01", 5.0)])
        filled = [(1, *row, *[None] * (6 - len(row))) for row in rows]
        return made.table("satisfaction", filled, SURVEY).snapshots("2020-03-01")

    return make


@pytest.mark.parametrize(
    ("instrument", "score", "points"),
    [
        ("nps", 10.0, 100),
        ("NPS ", 0.0, 0),
        ("csat", 3.0, 50),
        ("stars", 5.0, 100),
        ("ces", 4.0, 50),
        ("stars", 6.0, np.nan),
        ("mood", 3.0, np.nan),
        (None, 3.0, np.nan),
    ],
)
def test_scores_of_known_instruments_are_on_a_common_scale(
    surveyed: Any, instrument: str | None, score: float, points: float
):
    found = surveyed(("2020-02-01", score, None, instrument))["satisfaction_last"]
    np.testing.assert_array_equal(found, [points])


def test_the_gap_to_a_competitor_is_of_one_answer(surveyed: Any):
    found = surveyed(
        ("2020-02-01", 4.0, None, "stars", 2.0),
        ("2020-02-02", 9.0, None, "nps", 7.0),
        ("2020-02-03", 1.0, None, "nps"),
    )
    assert found["satisfaction_competitor_gap"].item() == pytest.approx(20)


def test_an_answer_counts_from_when_it_was_given_or_recorded(surveyed: Any):
    found = surveyed(
        ("2020-03-02", 4.0, "2020-02-20"), ("2020-02-02", 4.0, "2020-02-01", None, None, "2020-03-05")
    )
    assert found[["asked_ever", "answered_ever", "unanswered_ever"]].iloc[0].tolist() == [1, 0, 1]


def test_an_answer_that_nobody_asked_for_is_no_reply(surveyed: Any):
    found = surveyed(("2020-02-01", 4.0, None), ("2020-02-11", 4.0, "2020-02-01"), (None, None, "2020-02-05"))
    assert found[["answer_share", "unanswered_ever", "answered_ever"]].iloc[0].tolist() == [0.5, 1, 2]
    assert found["answer_delay_mean"].item() == 10


def test_a_response_counts_from_when_it_came(business: Any):
    columns = "customer_id occurred_at activity responded_at"
    made = business(observed_from="2019-01-01").table("purchases", [(1, "2020-01-01", 5.0)])
    made.table("activities", [(1, "2020-02-01", "call", "2020-02-11")], columns)
    found = made.snapshots("2020-02-11", "2020-02-12")
    assert found["responses_ever"].tolist() == [0, 1]
    np.testing.assert_array_equal(found["response_delay_mean"], [np.nan, 10])


@pytest.mark.parametrize("name", [name for name, kind in TIMELINES.items() if not kind.has_attributes])
def test_every_timeline_knows_what_it_takes(name: str):
    kind = TIMELINES[name]
    assert available_columns(kind, (), STORED[kind.table]) in (
        None,
        tuple(c for c, sources in kind.columns.items() if not sources),
    )
    whole = available_columns(
        kind, [*kind.needs, *(s for sources in kind.columns.values() for s in sources)], STORED[kind.table]
    )
    assert whole is not None
    assert set(whole) | {"is_target"} == set(kind.columns) | {"is_target"}
    for column in whole:
        assert set(kind.columns[column]) <= set(
            table_columns(kind, [column], [*kind.needs, *kind.columns[column]])
        )


@pytest.mark.parametrize("name", [name for name, kind in TIMELINES.items() if kind.ends])
def test_ends_to_come_stand_last_so_that_they_do_not_reorder_events(name: str):
    kind = TIMELINES[name]
    assert tuple(kind.columns)[-len(kind.ends) :] == kind.ends
    assert not any(is_stored(name, end) for end in kind.ends)


def test_words_and_numbers_are_told_apart():
    assert holds_text("orders", "channel")
    assert not holds_text("lines", "amount")
    assert not holds_text("answers", "points")
    assert is_stored("lines", "amount")
    assert not is_stored("orders", "amount")
    assert not is_stored("answers", "delay")


def test_families_ask_for_timelines_that_exist():
    assert {name for family in FAMILIES for name in (*family.reads, *family.may_read)} <= set(TIMELINES)
