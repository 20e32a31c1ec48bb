"""What the contacts of one customer say, worked out by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.features.activities import Activities

COLUMNS = "customer_id occurred_at activity channel initiated_by objective result cost responded_at"
CONTACTS = [
    (1, "2019-12-10", "voucher", "email", "firm", "sell", "redeemed", 0.5, "2019-12-14"),
    (1, "2020-01-29", "newsletter", "email", "firm", "inform", "read", 0.1, None),  # with the last order
    (1, "2020-02-05", "newsletter", "email", "firm", "inform", None, 0.1, None),
    (1, "2020-03-20", "voucher", "letter", "firm", "sell", "Redeemed ", 1.0, "2020-03-22"),
    (1, "2020-03-25", "question", "phone", "customer", None, None, None, None),
    (1, "2020-03-30", "Voucher", "email", "firm", "sell", "redeemed", 0.5, "2020-04-03"),  # after the cutoff
]
BOUGHT = [(1, "2019-10-01", 5.0), (1, "2019-11-30", 5.0), (1, "2020-01-29", 5.0), (2, "2020-03-01", 5.0)]
AGES = (113, 63, 56, 12, 7, 2)


def contacted(business: Any, names: str = COLUMNS, rows: Any = CONTACTS) -> pd.DataFrame:
    made = business(observed_from="2018-01-01").table("purchases", BOUGHT)
    wanted = [COLUMNS.split().index(name) for name in names.split()]
    made.table("activities", [tuple(row[at] for at in wanted) for row in rows], names)
    return made.snapshots("2020-04-01", families=(Activities,)).droplevel("cutoff")


@pytest.fixture(scope="module")
def found(business: Any) -> pd.DataFrame:
    return contacted(business)


EXPECTED = {
    "contacts_7d": 2,
    "contacts_30d": 3,
    "contacts_90d": 5,
    "contacts_365d": 6,
    "contacts_ever": 6,
    "days_since_contact": 2,
    "contact_pressure": sum(2 ** (-days / 30) for days in AGES),
    "contacts_channel_email_30d": 1,
    "contacts_channel_email_90d": 3,
    "contacts_channel_letter_30d": 1,
    "contacts_channel_letter_90d": 1,
    "contacts_channel_phone_30d": 1,
    "contacts_channel_phone_90d": 1,
    "contacts_activity_voucher_30d": 2,
    "contacts_activity_voucher_90d": 2,
    "contacts_activity_newsletter_30d": 0,
    "contacts_activity_newsletter_90d": 2,
    "contacts_activity_question_30d": 1,
    "contacts_activity_question_90d": 1,
    "contacts_objective_sell_30d": 2,
    "contacts_objective_sell_90d": 2,
    "contacts_objective_inform_30d": 0,
    "contacts_objective_inform_90d": 2,
    "firm_contacts_30d": 2,
    "firm_contacts_90d": 4,
    "firm_contacts_365d": 5,
    "days_since_firm_contact": 2,
    "own_contacts_30d": 1,
    "own_contacts_90d": 1,
    "own_contacts_365d": 1,
    "days_since_own_contact": 7,
    "contacts_since_order": 3,
    "contact_cycle_position": 61 / 60,
    "contact_in_due_window": 1,
    "contacts_since_due": 2,
    "contact_cost_90d": 1.7,
    "contact_cost_365d": 2.2,
    "contact_cost_per_order_365d": 2.2 / 3,
    "responses_30d": 1,
    "responses_90d": 1,
    "responses_365d": 2,
    "responses_ever": 2,
    "response_share": 1 / 3,
    "days_since_response": 10,
    "response_delay_mean": 3,
    "response_delay_last": 2,
    "response_share_channel_email": 1 / 4,
    "response_share_channel_letter": 1,
    "result_redeemed_365d": 2,
    "result_redeemed_share": 1 / 3,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_feature_by_hand(found: pd.DataFrame, name: str):
    assert found.loc[1, name] == pytest.approx(EXPECTED[name], rel=1e-6)


def test_every_feature_of_the_family_is_worked_out_by_hand(found: pd.DataFrame):
    assert set(found.columns) - {"customer", "stage", "population"} == set(EXPECTED)


def test_a_result_that_nobody_responded_with_is_no_feature(found: pd.DataFrame):
    assert not [name for name in found.columns if "read" in name]


def test_who_was_never_contacted_has_no_contacts_and_no_timing(found: pd.DataFrame):
    none = [
        "contacts_ever",
        "contacts_since_order",
        "responses_ever",
        "result_redeemed_365d",
        "contact_cost_365d",
    ]
    assert found.loc[2, none].tolist() == [0] * len(none)
    unknown = ["contact_cycle_position", "contact_in_due_window", "contacts_since_due", "response_share"]
    assert found.loc[2, unknown].isna().all()


@pytest.mark.parametrize(
    ("contact", "position", "is_due", "since_due"),
    [
        ("2019-12-30", -0.5, 0, 0),
        ("2020-02-13", 0.25, 0, 0),
        ("2020-03-14", 0.75, 1, 1),  # on the day from which the customer is due
        ("2020-03-13", 44 / 60, 0, 0),
        ("2020-03-29", 1, 1, 1),
    ],
)
def test_a_contact_is_early_in_time_or_late_by_the_customers_own_cycle(
    business: Any, contact: str, position: float, is_due: int, since_due: int
):
    row = contacted(business, "customer_id occurred_at activity", [(1, contact, "call", *[None] * 6)]).loc[1]
    assert row["contact_cycle_position"] == pytest.approx(position)
    assert (row["contact_in_due_window"], row["contacts_since_due"]) == (is_due, since_due)


def test_a_contact_long_after_the_customer_was_due_is_too_late(business: Any):
    made = business(observed_from="2018-01-01").table("purchases", BOUGHT)
    made.table("activities", [(1, "2020-04-14", "call")])
    row = made.snapshots("2020-06-01", families=(Activities,)).iloc[0]
    assert (row["contact_cycle_position"], row["contact_in_due_window"]) == (pytest.approx(76 / 60), 0)


def test_while_nobody_is_due_no_contact_is_counted_as_such(business: Any):
    found = contacted(business, "customer_id occurred_at activity", [(1, "2020-02-01", "call", *[None] * 6)])
    assert found.loc[1, "contacts_since_order"] == 1
    made = business(observed_from="2018-01-01").table("purchases", BOUGHT)
    made.table("activities", [(1, "2020-02-01", "call")])
    early = made.snapshots("2020-02-10", families=(Activities,)).iloc[0]
    assert (early["contacts_since_order"], early["contacts_since_due"]) == (1, 0)


def test_without_optional_columns_only_counts_and_timing_remain(business: Any):
    found = contacted(business, "customer_id occurred_at activity")
    names = {name for name in found.columns if not name.startswith("contacts_activity")}
    assert names - {"customer", "stage", "population"} == {
        *(
            f"contacts_{window}"
            for window in ("7d", "30d", "90d", "365d", "ever", "since_order", "since_due")
        ),
        *("days_since_contact", "contact_pressure", "contact_cycle_position", "contact_in_due_window"),
    }
    assert np.isclose(found.loc[1, "contact_cycle_position"], 61 / 60)


def test_words_of_responses_are_none_where_nobody_can_respond(business: Any):
    names = "customer_id occurred_at activity channel result"
    found = contacted(business, names)
    assert not [name for name in found.columns if name.startswith(("response", "result"))]
    assert found.loc[1, "contacts_channel_email_90d"] == 3
