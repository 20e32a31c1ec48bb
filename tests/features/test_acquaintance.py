"""How long prospects have been known, and that nothing is measured of purchases that they do not have."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.features.families import FAMILIES
from patron.features.question import Question

BOUGHT = [(1, "2020-01-01", 5.0), (1, "2020-02-01", 5.0), (2, "2020-03-02", 5.0)]
CONTACTS = [(1, "2020-01-15", "call"), (2, "2020-02-10", "call"), (3, "2020-01-30", "mail")]
PROSPECTS = Question(population="prospects")


@pytest.fixture
def shop(business: Any) -> Any:
    """Customer 1 bought; 2 buys after the cutoff; 3 and 4 never do, and 5 registers after it."""
    profile = pd.DataFrame(
        {
            "customer_id": [2, 4, 5, 4],
            "valid_from": ["2020-02-20", "2019-12-01", "2020-03-01", "2020-02-29"],
            "region": ["north", "south", "south", "east"],
        }
    )
    made = business(observed_from="2019-01-01").table("purchases", BOUGHT).frame("profile", profile)
    return made.table("activities", CONTACTS).table("referrals", [(1, 4, "2019-12-11")])


def test_a_prospect_is_known_since_the_first_fact_before_the_cutoff(shop: Any):
    found = shop.snapshots("2020-03-01", question=PROSPECTS).droplevel("cutoff")
    assert found["days_since_known"].to_dict() == {2: 20.0, 3: 31.0, 4: 91.0}
    assert found.attrs["excluded"] == {"not a prospect: a purchase before the cutoff": 1}


def test_prospects_have_no_feature_that_measures_purchases_of_their_own(shop: Any):
    found = shop.snapshots("2020-03-01", question=PROSPECTS)
    of_orders = ("orders_ever", "days_since_order", "spend_ever", "contacts_since_order", "gap_mean")
    assert not set(of_orders) & set(found.columns)
    assert {"contacts_ever", "profile_region", "referred_ever", "referrer_order_days_90d"} <= set(
        found.columns
    )


@pytest.mark.parametrize("population", ["active", "all"])
def test_customers_have_no_time_since_known(shop: Any, population: Any):
    found = shop.snapshots("2020-03-01", question=Question(population=population))
    assert "days_since_known" not in found.columns
    assert "orders_ever" in found.columns


def test_a_fact_that_was_recorded_late_makes_nobody_known_earlier(business: Any):
    made = business(observed_from="2019-01-01").table("purchases", BOUGHT)
    rows = [(3, "2020-01-30", "mail", "2020-02-20"), (4, "2020-01-30", "mail", "2020-03-01")]
    made.table("activities", [*rows, (1, "2020-01-02", "mail", "2020-01-02")], _LATE)
    found = made.snapshots("2020-03-01", question=PROSPECTS).droplevel("cutoff")
    assert found["days_since_known"].to_dict() == {3: 31.0}


_LATE = "customer_id occurred_at activity recorded_at"


def test_a_profile_without_dates_says_nothing_of_when_somebody_became_known(business: Any):
    profile = pd.DataFrame({"customer_id": [1, 3, 4], "region": ["north", "south", "east"]})
    made = business(observed_from="2019-01-01").table("purchases", BOUGHT)
    made.frame("profile", profile, static=("region",)).table("activities", CONTACTS)
    found = made.snapshots("2020-03-01", question=PROSPECTS, families=FAMILIES).droplevel("cutoff")
    assert found["days_since_known"].to_dict() == {2: 20.0, 3: 31.0}
    assert np.isfinite(found["days_since_known"]).all()
