"""What the cases of one customer say, worked out by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.features.errors import ConfigurationError
from patron.features.expressions import Evidence
from patron.features.family import Family, Feature

COLUMNS = "customer_id opened_at closed_at severity topic channel reopened recorded_at"
CASES = [
    (1, "2019-01-01", "2019-01-05", 1.0, "Billing", "phone", False, None),
    (1, "2019-11-01", "2019-11-11", 3.0, "damaged item", "phone", True, None),
    (1, "2019-12-31", "2020-03-11", 2.0, "damaged item", "chat", False, None),  # closed after the cutoff
    (1, "2020-02-10", None, None, "Billing ", "chat", None, "2020-02-15"),
    (1, "2020-02-01", "2020-02-03", 9.0, "fire", "chat", True, "2020-03-01"),  # recorded too late
]
BOUGHT = [
    (1, "2019-02-15", 5.0),
    (1, "2019-06-15", 5.0),
    (1, "2020-02-10", 5.0),  # at the very moment of the last case
    (1, "2020-02-20", 5.0),
    (2, "2020-01-01", 5.0),
]


def supported(business: Any, names: str = COLUMNS) -> Any:
    made = business(observed_from="2018-01-01").table("purchases", BOUGHT)
    wanted = [COLUMNS.split().index(name) for name in names.split()]
    return made.table("cases", [tuple(row[place] for place in wanted) for row in CASES], names)


def of_customer(made: Any, who: int, cutoff: str = "2020-03-01") -> pd.Series:
    return made.snapshots(cutoff).xs(who, level="customer_id").iloc[0]


@pytest.fixture(scope="module")
def customer(business: Any) -> pd.Series:
    return of_customer(supported(business), 1)


EXPECTED = {
    "cases_30d": 1,
    "cases_90d": 2,
    "cases_365d": 3,
    "cases_ever": 4,
    "days_since_case": 20,
    "case_gap_last": 41,
    "cases_again_ever": 2,
    "cases_again_365d": 2,
    "cases_open": 2,
    "oldest_open_case_days": 61,
    "case_severity_last": 2,
    "case_severity_mean": 2,
    "case_severity_worst": 3,
    "cases_topic_billing_365d": 1,
    "cases_topic_damaged_item_365d": 2,
    "cases_channel_phone_365d": 1,
    "cases_channel_chat_365d": 2,
    "days_since_closing": 111,
    "resolution_days_last": 10,
    "resolution_days_mean": 7,
    "resolution_days_median": 7,
    "cases_reopened": 1,
    "case_reopened_last": 1,
    "orders_before_case": 3,
    "orders_since_case": 1,
    "bought_since_case": 1,
    "order_pace_before_case": 3 * 30 / 360,
    "order_pace_since_case": 1,  # over 30 days at least
    "order_pace_change_case": 1 - 3 * 30 / 360,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_feature_by_hand(customer: pd.Series, name: str):
    assert customer[name] == pytest.approx(EXPECTED[name], rel=1e-6)


def test_every_feature_of_the_family_is_worked_out_by_hand(business: Any):
    assert family_features(supported(business)) == {*EXPECTED, "last_case_topic"}


def family_features(made: Any) -> set[str]:
    from patron.features.support import Support

    found = made.snapshots("2020-03-01", families=(Support,)).columns
    return set(found) - {"customer", "stage", "population"}


def test_the_last_topic_is_a_word_that_others_use_too(customer: pd.Series):
    assert customer["last_case_topic"] == "billing"


def test_who_never_complained_has_no_case_and_nothing_before_or_after_it(business: Any):
    found = of_customer(supported(business), 2)
    assert found[["cases_ever", "cases_open", "cases_again_ever", "cases_reopened"]].tolist() == [0, 0, 0, 0]
    unknown = ["days_since_case", "oldest_open_case_days", "resolution_days_mean", "bought_since_case"]
    assert found[[*unknown, "orders_before_case", "order_pace_since_case"]].isna().all()


def test_before_the_first_order_there_is_no_pace_to_compare_with(business: Any):
    made = business(observed_from="2018-01-01").table("purchases", [(1, "2020-02-01", 5.0)])
    found = of_customer(made.table("cases", [(1, "2020-01-01", None)]), 1)
    assert found[["orders_before_case", "orders_since_case", "order_pace_since_case"]].tolist() == [0, 1, 0.5]
    assert np.isnan([found["order_pace_before_case"], found["order_pace_change_case"]]).all()


@pytest.mark.parametrize(("cutoff", "is_open", "closed"), [("2020-02-11", 1, 0), ("2020-02-12", 0, 1)])
def test_a_case_is_open_at_the_very_moment_that_closes_it(
    business: Any, cutoff: str, is_open: int, closed: int
):
    made = business(observed_from="2018-01-01").table("purchases", [(1, "2020-01-01", 5.0)])
    found = of_customer(made.table("cases", [(1, "2020-02-01", "2020-02-11")]), 1, cutoff)
    assert (found["cases_open"], found["resolution_days_last"] == 10) == (is_open, closed)


def test_a_closing_that_was_recorded_late_leaves_the_case_open_until_then(business: Any):
    columns = "customer_id opened_at closed_at topic recorded_at"
    told = [
        (1, "2020-01-01", None, "no. 1", "2020-01-01"),
        (1, "2020-01-01", "2020-01-11", "no. 1", "2020-02-10"),
    ]
    made = business(observed_from="2018-01-01").table("purchases", [(1, "2020-01-01", 5.0)])
    found = made.table("cases", told, columns, key=("topic",)).snapshots("2020-02-10", "2020-02-11")
    assert found["cases_open"].tolist() == [1, 0]
    np.testing.assert_array_equal(found["resolution_days_last"], [np.nan, 10])


def test_a_closing_to_come_does_not_reorder_cases_of_one_moment(business: Any):
    columns = "customer_id opened_at closed_at severity"

    def last(*closings: str | None) -> float:
        cases = [(1, "2020-01-01", end, at) for at, end in zip((1.0, 2.0), closings, strict=True)]
        made = business(observed_from="2018-01-01").table("purchases", [(1, "2020-01-01", 5.0)])
        return float(of_customer(made.table("cases", cases, columns), 1)["case_severity_last"])

    assert last(None, "2020-06-01") == last("2020-06-01", None) == last("2020-07-01", "2020-06-01") == 2


def test_without_optional_columns_only_openings_and_orders_remain(business: Any):
    without = family_features(supported(business, "customer_id opened_at"))
    assert without == {
        *(f"cases_{window}" for window in ("30d", "90d", "365d", "ever", "again_ever", "again_365d")),
        *(f"order_pace_{part}_case" for part in ("before", "since", "change")),
        *("days_since_case", "case_gap_last", "orders_before_case", "orders_since_case", "bought_since_case"),
    }


@pytest.mark.parametrize(
    "measure",
    [
        lambda cases: cases.ever().mean("closed_at"),
        lambda cases: cases.ever().last("closed_at"),
        lambda cases: cases.ever().open("severity"),
        lambda cases: cases.ever().days_open("topic"),
        lambda cases: cases.population("closed_at", "maximum"),
    ],
)
def test_nothing_but_whether_it_is_open_is_asked_of_a_closing_to_come(business: Any, measure: Any):
    class Peeking(Family):
        name = "peeking"
        reads = ("cases",)

        def features(self, *evidence: Evidence) -> Any:
            yield Feature("peeked", measure(evidence[0]), "x", "x")

    with pytest.raises(ConfigurationError, match="cannot be computed from the evidence"):
        supported(business).snapshots("2020-03-01", families=(Peeking,))
