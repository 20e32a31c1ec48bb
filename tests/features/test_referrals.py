"""Who referred whom, and what became of it, worked out by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.features.referrals import Referrals

BOUGHT = [
    (1, "2019-11-01 10:00", 10.0, None),
    (1, "2020-02-10 09:00", 5.0, None),
    (1, "2020-02-10 18:00", 5.0, None),  # the same day
    (1, "2020-02-20 18:00", -5.0, None),  # a return is no order
    (2, "2020-01-20 08:00", 10.0, None),  # first bought after being referred
    (3, "2019-12-01 10:00", 10.0, None),  # bought before, and again
    (3, "2020-02-01 10:00", 10.0, None),
    (4, "2020-01-01 10:00", 10.0, None),
    (5, "2020-02-25 10:00", 10.0, "2020-03-05"),  # recorded too late
    (6, "2020-01-30 08:00", 10.0, None),  # earlier that day: since
]
REFERRED = [
    (2, 1, "2020-01-10", None),
    (3, 1, "2020-01-15", None),
    (5, 1, "2020-02-05", None),
    (6, 1, "2020-01-30 12:00", None),
    (1, 4, "2020-02-28", "2020-03-01"),  # known too late
]
LINES = "customer_id purchased_at amount recorded_at"
PAIRS = "customer_id referrer_id referred_at recorded_at"
CUTOFF = "2020-03-01"


def shop(
    business: Any, bought: Sequence[Any] = BOUGHT, referred: Sequence[Any] = REFERRED, **options: Any
) -> Any:
    made = business(observed_from="2018-01-01", **options).table("purchases", bought, LINES)
    return made.table("referrals", referred, PAIRS)


def features(made: Any, cutoff: str = CUTOFF) -> pd.DataFrame:
    return made.snapshots(cutoff, families=(Referrals,)).droplevel("cutoff")


@pytest.fixture(scope="module")
def customers(business: Any) -> pd.DataFrame:
    return features(shop(business))


@pytest.mark.parametrize(
    ("customer", "name", "expected"),
    [
        (1, "referred_ever", 0),
        (2, "referred_ever", 1),
        (2, "days_since_referred", 51),
        (2, "referrer_days_since_order", 20),  # in days: from the midnight of 10 February
        (2, "referrer_order_days_90d", 1),
        (1, "referrer_order_days_90d", 0),
        (1, "referrals_made_30d", 1),
        (1, "referrals_made_90d", 4),
        (1, "referrals_made_365d", 4),
        (1, "referrals_made_ever", 4),
        (1, "days_since_referral_made", 25),
        (1, "referrals_won_ever", 2),
        (1, "referrals_won_share", 0.5),
        (2, "referrals_made_ever", 0),
        (2, "referrals_won_ever", 0),
        (4, "referrals_made_ever", 0),
    ],
)
def test_a_feature_by_hand(customers: pd.DataFrame, customer: int, name: str, expected: float):
    assert customers.loc[customer, name] == expected


@pytest.mark.parametrize(
    ("customer", "name"),
    [
        (1, "days_since_referred"),
        (1, "referrer_days_since_order"),
        (2, "days_since_referral_made"),
        (2, "referrals_won_share"),
    ],
)
def test_what_never_happened_has_no_days_and_no_share(customers: pd.DataFrame, customer: int, name: str):
    assert np.isnan(customers.loc[customer, name])


def test_late_facts_count_once_they_are_known(business: Any):
    found = features(shop(business), "2020-03-06")
    assert found.loc[1, ["referred_ever", "referrer_days_since_order", "referrals_won_ever"]].tolist() == [
        1,
        65,
        3,
    ]


def test_a_referral_of_oneself_is_quarantined(business: Any):
    made = shop(business, referred=[*REFERRED, (4, 4, "2020-01-01", None)])
    with made.store() as store:
        assert store.accounts["referrals"].quarantined == {"referrer_id is the customer_id": 1}
        assert store.self_referrals == 0
    assert features(made).loc[4, "referrals_made_ever"] == 0


def test_an_alias_that_refers_its_own_customer_is_left_out_once_that_is_known(business: Any):
    made = shop(business, referred=[(2, 9, "2020-01-10", None)]).table("identities", [(9, 2, "2020-02-15")])
    with made.store() as store:
        assert store.self_referrals == 1
    assert features(made, "2020-02-10").loc[2, "referred_ever"] == 1
    found = features(made).loc[2]
    assert (found["referred_ever"], found["referrals_made_ever"]) == (0, 0)


def test_aliases_on_both_sides_hand_on_what_they_did(business: Any):
    bought = [
        (7, "2020-01-05", 5.0, None),
        (8, "2020-01-20", 5.0, None),
        (1, "2019-06-01", 5.0, None),
        (2, "2019-06-01", 5.0, None),
    ]
    made = shop(business, bought, [(8, 7, "2020-01-10", None)])
    made.table("identities", [(7, 1, "2020-02-01"), (8, 2, "2020-02-02")])
    before = features(made, "2020-01-30")
    assert before.loc[8, "referrer_days_since_order"] == 25
    assert before.loc[7, "referrals_won_ever"] == 1
    after = features(made)
    assert after.loc[2, ["referred_ever", "referrer_days_since_order"]].tolist() == [1, 56]
    # 8 turned out to be 2, who had bought before.
    assert after.loc[1, ["referrals_made_ever", "referrals_won_ever"]].tolist() == [1, 0]


def test_two_referrals_of_one_person_win_at_most_one_customer(business: Any):
    bought = [(1, "2020-01-01", 5.0, None), (2, "2020-01-20", 5.0, None)]
    made = shop(business, bought, [(2, 1, "2020-01-10", None), (2, 1, "2020-02-10", None)])
    found = features(made).loc[1]
    assert (found["referrals_won_ever"], found["referrals_won_share"]) == (1, 0.5)


def test_days_are_those_of_the_business(business: Any):
    bought = [
        (1, "2020-02-10 03:00+00:00", 5.0, None),
        (1, "2020-02-09 23:00+00:00", 5.0, None),
        (2, "2020-02-01", 5.0, None),
    ]
    made = shop(business, bought, [(2, 1, "2020-01-10", None)], timezone="America/New_York")
    found = features(made).loc[2]
    assert (found["referrer_order_days_90d"], found["referrer_days_since_order"]) == (1, 21)


def test_a_correction_takes_an_order_back_from_when_it_is_recorded(business: Any):
    columns = "customer_id purchased_at amount product_id recorded_at"
    bought = [
        (1, "2020-01-05", 5.0, "line", None),
        (1, "2020-01-05", 0.0, "line", "2020-02-15"),
        (2, "2020-01-01", 5.0, None, None),
    ]
    made = business(observed_from="2018-01-01").table("purchases", bought, columns, key=("product_id",))
    made.table("referrals", [(2, 1, "2020-01-10", None)], PAIRS)
    assert features(made, "2020-02-15").loc[2, "referrer_order_days_90d"] == 1
    assert features(made, "2020-02-16").loc[2, "referrer_order_days_90d"] == 0
