"""The age of the newest facts, and what is usual of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from patron.features.ages import newest_facts, usual_ages
from patron.features.localtime import to_microseconds


def moment(written: str) -> int:
    return to_microseconds(datetime.fromisoformat(written).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (range(1, 29), 1.0),
        ([day for day in range(1, 29) if day % 7], 2.0),  # closed one day a week
        ([1, 8, 15, 22], 7.0),
    ],
)
def test_the_usual_age_is_that_of_nearly_all_evenings(business: Any, days: Any, expected: float):
    rows = [(1, f"2020-02-{day:02}", 1.0) for day in days]
    with business().table("purchases", rows).store() as store:
        assert usual_ages(store, ["purchases"]) == {"purchases": expected}


def test_only_the_last_year_counts(business: Any):
    rows = [(1, "2018-01-01", 1.0), *((1, f"2020-02-{day:02}", 1.0) for day in range(1, 29))]
    with business().table("purchases", rows).store() as store:
        assert usual_ages(store, ["purchases"]) == {"purchases": 1.0}


def test_a_single_day_says_nothing_of_what_is_usual(business: Any):
    with business().table("purchases", [(1, "2020-02-01", 1.0)]).store() as store:
        assert usual_ages(store, ["purchases"]) == {}


def test_the_newest_fact_is_that_before_the_cutoff(business: Any):
    rows = [(1, "2020-02-01", 1.0), (1, "2020-02-03 12:00", 1.0), (1, "2020-02-05", 1.0)]
    with business().table("purchases", rows).store() as store:
        assert newest_facts(store, moment("2020-02-05"), ["purchases"]) == {"purchases": 1.5}
        assert newest_facts(store, moment("2020-02-01"), ["purchases"]) == {}
