"""Attributes as they stood at the cutoff."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from patron.features.profile import Profile
from patron.features.question import Question

BOUGHT = [(customer, "2020-01-01", 5.0) for customer in (1, 2, 3)]
ALL = Question(population="all")


def profile(rows: Sequence[tuple[Any, ...]], names: str, **kinds: pa.DataType) -> pa.Table:
    columns = names.split()
    values = {name: [row[place] for row in rows] for place, name in enumerate(columns)}
    return pa.table({name: pa.array(listed, kinds.get(name)) for name, listed in values.items()})


def shop(business: Any, frame: pa.Table, **options: Any) -> Any:
    return business(observed_from="2019-01-01").table("purchases", BOUGHT).frame("profile", frame, **options)


def attributes(made: Any, cutoff: str = "2020-03-01", question: Question = ALL) -> pd.DataFrame:
    found = made.snapshots(cutoff, families=(Profile,), question=question).droplevel("cutoff")
    return found[[name for name in found.columns if name.startswith("profile_")]]


DATED = profile(
    [
        (1, "2019-06-01", "North", 3, True, date(2020, 2, 10)),
        (1, "2020-02-01", "south", None, False, date(2020, 3, 10)),
        (1, "2020-04-01", "west", 9, True, None),
        (2, "2020-01-15", None, 2.5, None, date(1999, 3, 1)),
    ],
    "customer_id valid_from region children opt_out member_since",
)


@pytest.mark.parametrize(
    ("cutoff", "customer", "expected"),
    [
        ("2020-01-20", 1, ["north", 3, 1, np.nan]),  # the date lies ahead
        ("2020-02-01", 1, ["north", 3, 1, np.nan]),  # not yet valid
        ("2020-03-01", 1, ["south", np.nan, 0, np.nan]),  # what the latest row does not say is unknown
        ("2020-03-11", 1, ["south", np.nan, 0, 1]),
        ("2020-03-01", 2, [None, 2.5, np.nan, 7671]),
        ("2020-03-01", 3, [None, np.nan, np.nan, np.nan]),
    ],
)
def test_a_row_holds_until_the_next(business: Any, cutoff: str, customer: int, expected: list[Any]):
    found = attributes(shop(business, DATED), cutoff)
    assert list(found.columns) == [
        "profile_region", "profile_children", "profile_opt_out", "profile_days_since_member_since",
    ]  # fmt: skip
    word, *numbers = found.loc[customer].tolist()
    assert word == expected[0]
    np.testing.assert_array_equal(numbers, expected[1:])


def test_what_is_recorded_later_holds_from_then(business: Any):
    rows = [(1, "2019-06-01", "north", None), (1, "2020-01-01", "south", "2020-03-05")]
    frame = profile(rows, "customer_id valid_from region recorded_at")
    assert attributes(shop(business, frame), "2020-03-05").loc[1, "profile_region"] == "north"
    assert attributes(shop(business, frame), "2020-03-06").loc[1, "profile_region"] == "south"


def test_words_that_are_not_frequent_before_the_cutoff_are_other(business: Any):
    rows = [(customer, "2019-06-01", f"common {customer % 30}") for customer in range(100, 160)]
    rows += [(1, "2019-06-01", "rare"), (2, "2019-06-01", "Common 3"), *[(9, "2020-03-02", "rare")] * 9]
    found = attributes(shop(business, profile(rows, "customer_id valid_from region")))
    assert found.loc[[1, 2, 3], "profile_region"].tolist() == ["other", "common_3", None]


UNDATED = profile([(1, "f", 4, "gold"), (2, "m", 2, "none")], "customer_id gender household_size status")


def test_without_valid_from_only_what_never_changes_is_used(business: Any):
    made = shop(business, UNDATED, static=("gender",), columns={"gender": "gender"})
    found = attributes(made, "2020-01-02")
    assert list(found.columns) == ["profile_gender"]
    assert found["profile_gender"].tolist() == ["f", "m", None]
    with made.store() as store:
        assert store.unused_attributes == ("household_size", "status")


def test_without_valid_from_and_static_columns_there_is_no_attribute(business: Any):
    assert attributes(shop(business, UNDATED)).columns.tolist() == []


def test_the_attributes_that_are_named_are_used_and_others_not(business: Any):
    made = shop(business, DATED, attributes=("region",), columns={"region": "region", "kids": "children"})
    assert attributes(made).columns.tolist() == ["profile_region", "profile_kids"]
    with made.store() as store:
        assert store.unused_attributes == ("opt_out", "member_since")


def test_columns_of_which_nothing_can_be_made_are_left_out(business: Any):
    rows = [(1, "2019-06-01", ["a"], b"x", "mine", "north")]
    frame = profile(rows, "customer_id valid_from listed blob customer region", blob=pa.binary())
    made = shop(business, frame)
    assert attributes(made).columns.tolist() == ["profile_region"]
    with made.store() as store:
        assert store.unused_attributes == ("listed", "blob", "customer")


def test_dates_are_local_midnights_of_the_business(business: Any):
    made = business(observed_from="2019-01-01", timezone="America/New_York").table("purchases", BOUGHT)
    made.frame("profile", profile([(1, "2019-06-01", date(2020, 2, 20))], "customer_id valid_from since"))
    assert attributes(made).loc[1, "profile_days_since_since"] == 10


def test_prospects_have_attributes_too(business: Any):
    rows = [(1, "2019-06-01", "north"), (7, "2020-02-01", "south")]
    made = shop(business, profile(rows, "customer_id valid_from region"))
    found = attributes(made, question=Question(population="prospects"))
    assert found["profile_region"].to_dict() == {7: "south"}


def test_an_infinite_date_is_unknown_and_its_row_is_kept(business: Any):
    rows = [(1, datetime(2019, 6, 1), "infinity", "north")]
    frame = profile(rows, "customer_id valid_from expires region")
    made = shop(business, frame, columns={"expires": _sql("CAST(expires AS TIMESTAMP)")})
    found = attributes(made).loc[1]
    assert (found["profile_region"], np.isnan(found["profile_days_since_expires"])) == ("north", True)


def _sql(expression: str) -> Any:
    from patron.features.tables import ColumnSource

    return ColumnSource(sql=expression)
