"""What a cutoff says by itself: positions that come often enough, and what is known ahead."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.features.calendar import Calendar
from patron.features.calendar_numbers import CalendarKind, CalendarNumber, calendar_numbers
from patron.features.localtime import LocalTime, to_microseconds
from patron.features.question import Question
from patron.features.special_days import SpecialDays


def names(question: Question) -> list[str]:
    return [feature.name for feature in Calendar(question).features()]


def numbers(
    number: CalendarNumber, *cutoffs: str, since: str = "2000-01-01", zone: str = "UTC"
) -> list[float]:
    local = LocalTime(zone)
    moments = np.array([local.instant(datetime.fromisoformat(each)) for each in cutoffs], np.int64)
    return calendar_numbers(number, moments, local, local.midnight(date.fromisoformat(since))).tolist()


# Which features there are


POSITIONS = ["calendar_weekday", "calendar_day_of_month", "calendar_year_sine", "calendar_year_cosine"]


@pytest.mark.parametrize(
    ("every", "cutoffs", "expected"),
    [
        (30, 12, []),
        (1, 27, []),
        (1, 28, POSITIONS[:1]),
        (1, 123, POSITIONS[:1]),
        (1, 124, POSITIONS[:2]),
        (30, 25, []),
        (30, 26, POSITIONS[2:]),
        (7, 100, []),  # always the same weekday
        (14, 60, POSITIONS[2:]),
        (6, 124, POSITIONS),
    ],
)
def test_a_position_needs_cutoffs_that_come_to_each_of_its_places_several_times(
    every: int, cutoffs: int, expected: list[str]
):
    assert names(Question(cutoff_every_days=every, cutoffs=cutoffs)) == expected


@pytest.mark.parametrize(
    ("calendar", "horizon", "expected"),
    [
        (SpecialDays(), 10, []),
        (SpecialDays("US"), 14, ["horizon_holidays", "days_to_holiday"]),
        (SpecialDays("US"), 10, ["horizon_weekend_days", "horizon_holidays", "days_to_holiday"]),
        (SpecialDays(closures=("2020-01-01",)), 7, ["horizon_closed_days"]),
    ],
)
def test_what_is_known_ahead_takes_a_calendar(calendar: SpecialDays, horizon: int, expected: list[str]):
    assert names(Question(horizon_days=horizon, cutoffs=1, calendar=calendar)) == expected


# What they say


@pytest.mark.parametrize(
    ("kind", "cutoff", "expected"),
    [
        ("weekday", "2020-03-01", 7),  # a Sunday
        ("weekday", "2020-03-02", 1),
        ("weekday", "1969-12-31", 3),
        ("day_of_month", "2020-02-29", 29),
        ("day_of_month", "2020-03-01", 1),
        ("year_sine", "2021-01-01", 0),
        ("year_cosine", "2021-01-01", 1),
        ("year_sine", "2020-04-01", np.sin(2 * np.pi * 91 / 366)),
        ("year_cosine", "2021-04-01", np.cos(2 * np.pi * 90 / 365)),
    ],
)
def test_a_position_by_hand(kind: CalendarKind, cutoff: str, expected: float):
    assert numbers(CalendarNumber(kind), cutoff, since="1960-01-01") == pytest.approx([expected], abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "since", "first_known"),
    [
        ("weekday", "2020-01-01", "2020-01-15"),
        ("day_of_month", "2020-01-01", "2020-03-03"),
        ("year_sine", "2020-01-01", "2022-01-01"),
        ("year_cosine", "2020-01-01", "2022-01-01"),
    ],
)
def test_with_less_than_two_cycles_before_it_a_position_is_unknown(
    kind: CalendarKind, since: str, first_known: str
):
    before = date.fromisoformat(first_known).toordinal() - 1
    found = numbers(CalendarNumber(kind), date.fromordinal(before).isoformat(), first_known, since=since)
    assert np.isnan(found).tolist() == [True, False]


US = SpecialDays("US", closures=("2020-07-04/2020-07-06",))


@pytest.mark.parametrize(
    ("kind", "days", "cutoff", "expected"),
    [
        ("holidays", 3, "2020-06-30", 0),
        ("holidays", 5, "2020-06-30", 2),  # the third, observed, and the fourth, a Saturday
        ("holidays", 5, "2020-07-04", 1),
        ("closed_days", 5, "2020-06-30", 1),
        ("closed_days", 30, "2020-06-30", 3),
        ("closed_days", 30, "2020-07-06", 1),
        ("weekend_days", 1, "2020-07-03", 0),
        ("weekend_days", 10, "2020-07-03", 4),
        ("days_to_holiday", 0, "2020-07-04", 0),
        ("days_to_holiday", 0, "2020-07-05", 64),
    ],
)
def test_what_is_known_ahead_by_hand(kind: CalendarKind, days: int, cutoff: str, expected: float):
    assert numbers(CalendarNumber(kind, days, US), cutoff) == [expected]


def test_days_are_those_of_the_business():
    evening = "2020-03-07T23:30"  # Saturday in New York, Sunday in UTC
    assert numbers(CalendarNumber("weekday"), evening, zone="America/New_York") == [6]
    assert numbers(CalendarNumber("weekday"), "2020-03-08T04:30") == [7]


@given(st.lists(st.dates(date(1950, 1, 1), date(2060, 1, 1)), min_size=1, max_size=6, unique=True))
def test_a_cutoff_says_the_same_whoever_else_is_asked_about(dates: list[date]):
    cutoffs = [each.isoformat() for each in sorted(dates)]
    for number in (CalendarNumber("holidays", 20, US), CalendarNumber("days_to_holiday", 0, US)):
        together = numbers(number, *cutoffs)
        assert together == [numbers(number, each)[0] for each in cutoffs]


# In a snapshot


def test_the_features_of_a_snapshot(business: Any):
    question = Question(horizon_days=10, cutoff_every_days=6, cutoffs=124, calendar=US)
    made = business(observed_from="2018-06-01").table("purchases", [(1, "2020-02-01", 5.0)])
    found = made.snapshots("2020-03-01", "2020-06-30", question=question)
    assert found["calendar_weekday"].tolist() == [7, 2]
    assert found["calendar_day_of_month"].tolist() == [1, 30]
    assert np.isnan(found["calendar_year_sine"]).tolist() == [True, False]
    assert found["horizon_holidays"].tolist() == [0, 2]
    assert found["horizon_closed_days"].tolist() == [0, 3]


def test_questions_with_a_calendar_survive_the_contract():
    question = Question(calendar=SpecialDays("US", "NY", ("2017-12-25",)))
    assert Question.from_dict(question.to_dict()) == question


def test_anchored_instants_count_from_their_own_day():
    moment = to_microseconds(datetime(2020, 7, 3, 18, tzinfo=UTC))
    found = calendar_numbers(
        CalendarNumber("holidays", 1, US), np.array([moment], np.int64), LocalTime("UTC"), 0
    )
    assert found.tolist() == [1]
