"""What the families say about one customer whose numbers can be worked out by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.features.question import Question

LINES = "customer_id purchased_at amount order_id quantity product_id category discount channel"
BOUGHT = [
    (1, "2020-01-01", 10.0, "a", 1.0, "p1", "tea", 0.0, "web"),
    (1, "2020-01-11", 20.0, "b", 2.0, "p2", "tea", 5.0, "web"),
    (1, "2020-01-11", 10.0, "b", 1.0, "p3", "milk", 5.0, "web"),
    (1, "2020-01-31", 40.0, "c", 4.0, "p1", "tea", None, "shop"),
    (1, "2020-02-10", -20.0, "b", -2.0, "p2", "tea", None, "post"),
]
ASKED = [
    (1, "2020-01-05", 4.0, "2020-01-03", None, "below", 3.0),
    (1, "2020-01-15", 5.0, "2020-01-14", None, "met", None),
    (1, "2020-01-25", 5.0, "2020-01-22", None, "exceeded", 5.0),
    (1, None, None, "2020-02-20", None, None, None),
]
SENT = [
    (1, "2020-01-02", "mailing", "email", "firm", 0.5, "2020-01-04"),
    (1, "2020-02-25", "call", "phone", "customer", 2.0, None),
    (1, "2020-02-28", "mailing", "E-Mail", "firm", None, "2020-03-05"),
]


@pytest.fixture(scope="module")
def customer(business: Any) -> pd.Series:
    """The features of customer 1 at 2020-03-01, 30 days after the last order."""
    made = business(observed_from="2018-01-01").table("purchases", BOUGHT, LINES)
    made.table(
        "satisfaction", ASKED, "customer_id answered_at score asked_at order_id expectation competitor_score"
    )
    made.table("activities", SENT, "customer_id occurred_at activity channel initiated_by cost responded_at")
    return made.snapshots("2020-03-01").iloc[0]


EXPECTED = {
    "days_since_order": 30,
    "days_since_first_order": 60,
    "orders_ever": 3,
    "orders_30d": 1,
    "orders_60d": 3,
    "orders_7d": 0,
    "orders_decayed_30d": 0.25 + 2 ** (-50 / 30) + 0.5,
    "gap_last": 20,
    "gap_mean": 15,
    "gap_median": 15,
    "gap_spread": np.sqrt(50),
    "gap_shortest": 10,
    "gap_longest": 20,
    "gap_variation": np.sqrt(50) / 15,
    "overdue_ratio": 2,
    "overdue_days": 15,
    "overdue_longest_ratio": 1.5,
    "gap_last_ratio": 20 / 15,
    "orders_trend": 1,
    "orders_long_trend": 2,
    "orders_same_season": 0,
    "orders_per_30d": 1.5,
    "spend_30d": 20,
    "spend_90d": 60,
    "spend_ever": 60,
    "spend_decayed_90d": 10 * 2 ** (-60 / 90)
    + 30 * 2 ** (-50 / 90)
    + 40 * 2 ** (-30 / 90)
    - 20 * 2 ** (-20 / 90),
    "spend_trend": 2,
    "order_value_mean": 80 / 3,
    "order_value_median": 30,
    "order_value_last": 40,
    "order_value_largest": 40,
    "order_value_spread": np.std([10, 30, 40], ddof=1),
    "order_value_last_ratio": 40 / 30,
    "order_value_recent": 80 / 3,
    "basket_lines_mean": 4 / 3,
    "basket_lines_last": 1,
    "return_share": 0.25,
    "returns_180d": 1,
    "days_since_return": 20,
    "discount_share": 10 / 90,
    "discount_share_90d": 10 / 90,
    "categories_90d": 2,
    "categories_ever": 2,
    "products_90d": 3,
    "products_ever": 3,
    "pieces_90d": 6,
    "satisfaction_last": 5,
    "satisfaction_first": 4,
    "satisfaction_mean": 14 / 3,
    "satisfaction_lowest": 4,
    "satisfaction_spread": np.std([4, 5, 5], ddof=1),
    "satisfaction_slope": 0.05,
    "satisfaction_change": 5 - 14 / 3,
    "satisfaction_top_share": 2 / 3,
    "satisfaction_top_streak": 2,
    "days_since_answer": 36,
    "satisfaction_competitor_gap": 0,
    "expectation_below_share": 1 / 3,
    "expectation_met_share": 1 / 3,
    "expectation_exceeded_share": 1 / 3,
    "asked_ever": 4,
    "answered_ever": 3,
    "asked_90d": 4,
    "answer_share": 0.75,
    "unanswered_ever": 1,
    "days_since_asked": 10,
    "answer_delay_mean": 2,
    "answer_delay_last": 3,
    "contacts_7d": 2,
    "contacts_90d": 3,
    "contacts_ever": 3,
    "days_since_contact": 2,
    "contact_pressure": 2 ** (-59 / 30) + 2 ** (-5 / 30) + 2 ** (-2 / 30),
    "contacts_channel_email_30d": 0,
    "contacts_channel_email_90d": 1,
    "contacts_channel_e_mail_30d": 1,
    "contacts_activity_mailing_90d": 2,
    "own_contacts_90d": 1,
    "days_since_own_contact": 5,
    "contact_cost_90d": 2.5,
    "responses_90d": 1,
    "responses_ever": 1,
    "response_share": 1 / 3,
    "days_since_response": 57,
    "response_delay_mean": 2,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_feature_by_hand(customer: pd.Series, name: str):
    assert customer[name] == pytest.approx(EXPECTED[name], rel=1e-6)


def test_the_last_channel_is_that_of_the_last_order_and_not_of_a_return(customer: pd.Series):
    assert customer["last_order_channel"] == "shop"


ONE_ORDER_UNKNOWN = (
    "gap_last",
    "gap_mean",
    "gap_median",
    "overdue_ratio",
    "overdue_days",
    "order_value_spread",
)


@pytest.mark.parametrize("name", ONE_ORDER_UNKNOWN)
def test_what_one_order_cannot_tell_is_unknown(business: Any, name: str):
    made = business(observed_from="2018-01-01").table("purchases", [(1, "2020-01-01", 5.0)])
    assert np.isnan(made.snapshots("2020-03-01")[name].item())


def test_a_customer_who_was_never_asked_has_no_score_and_zero_questions(business: Any):
    made = business(observed_from="2018-01-01").table(
        "purchases", [(1, "2020-01-01", 5.0), (2, "2020-01-01", 5.0)]
    )
    made.table("satisfaction", [(2, "2020-01-02", 5.0, "2020-01-01")])
    found = made.snapshots("2020-03-01").xs(1, level="customer_id").iloc[0]
    assert (found["asked_ever"], found["answered_ever"], found["satisfaction_top_streak"]) == (0, 0, 0)
    assert np.isnan(
        [found["satisfaction_last"], found["satisfaction_top_share"], found["answer_share"]]
    ).all()


def test_before_any_score_the_top_box_is_unknown(business: Any):
    made = business(observed_from="2018-01-01").table("purchases", [(1, "2020-01-01", 5.0)])
    made.table("satisfaction", [(1, "2020-05-02", 5.0, "2020-01-01")])
    assert np.isnan(made.snapshots("2020-03-01")["satisfaction_top_streak"].item())


@pytest.mark.parametrize(("horizon", "there"), [(30, True), (363, True), (364, False), (500, False)])
def test_the_same_season_is_a_year_ago_and_never_in_the_future(business: Any, horizon: int, there: bool):
    made = business(observed_from="2010-01-01").table("purchases", [(1, "2020-01-01", 5.0)])
    found = made.snapshots("2020-03-01", question=Question(horizon_days=horizon))
    assert ("orders_same_season" in found.columns) == there


def test_a_feature_of_an_absent_column_is_left_out(business: Any):
    found = business().table("purchases", [(1, "2020-01-01", 5.0)]).snapshots("2020-03-01")
    assert {"discount_share", "categories_ever", "products_ever", "pieces_90d", "last_order_channel"} & set(
        found.columns
    ) == set()
