"""History: what the question takes is what the calendar gives."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from patron.features.errors import DataError
from patron.features.history import HistoryNeed, history_need
from patron.features.localtime import LocalTime, to_microseconds
from patron.features.question import Question
from patron.features.snapshots import calendar_cutoffs

BERLIN = ZoneInfo("Europe/Berlin")


def need(question: Question, days: int, test_cutoffs: int = 3) -> HistoryNeed:
    begin = datetime(2024, 1, 1, tzinfo=BERLIN)
    end = to_microseconds(datetime(2024, 1, 1, tzinfo=BERLIN)) + days * 86_400_000_000
    zone = LocalTime("Europe/Berlin")
    until = int(zone.shift_days(np.array([to_microseconds(begin)]), days)[0])
    assert abs(until - end) <= 3_600_000_000
    return history_need(question, test_cutoffs, zone, to_microseconds(begin), until)


def test_twelve_fortnights_take_half_a_year() -> None:
    found = need(Question(horizon_days=14, cutoff_every_days=14, cutoffs=12, lookback_days=180), 364)
    assert (found.days, found.asked_days, found.fitting) == (364, 14 + 11 * 14 + 14, 12)
    assert found.observed_days == 180 + 11 * 14 + 14
    assert found.is_enough
    assert found.judged_cutoffs == 5  # three tests, one to choose trees on, and one to learn from before it


def test_a_short_history_says_from_when_on_it_is_long_enough() -> None:
    found = need(Question(horizon_days=90, cutoff_every_days=30, cutoffs=12), 400)
    assert found.asked_days == 90 + 11 * 30 + 90 == 510
    assert found.fitting == (400 - 180) // 30 + 1 == 8
    assert not found.is_enough
    assert found.end == date(2025, 2, 4)
    assert found.enough_on == date(2025, 5, 25)
    assert found.spacing_that_fits == 14
    assert found.judged_cutoffs == 3 + 2 * 3


@given(
    days=some.integers(1, 500),
    horizon=some.integers(1, 90),
    spacing=some.integers(1, 60),
    settle=some.integers(0, 30),
    asked=some.integers(1, 12),
)
def test_as_many_cutoffs_fit_as_the_calendar_gives(
    days: int, horizon: int, spacing: int, settle: int, asked: int
) -> None:
    question = Question(horizon_days=horizon, cutoff_every_days=spacing, settle_days=settle, cutoffs=asked)
    zone = LocalTime("Europe/Berlin")
    begin = to_microseconds(datetime(2024, 1, 1, 9, tzinfo=BERLIN))  # the shop opened within the first day
    until = int(zone.floor_to_day(zone.shift_days(np.array([begin]), days))[0])
    found = history_need(question, 3, zone, begin, until)
    assert found.days == days - 1
    if found.fitting == 0:
        with pytest.raises(DataError):
            calendar_cutoffs(question, zone, begin, until)
    else:
        assert calendar_cutoffs(question, zone, begin, until).size == found.fitting
    assert found.is_enough == (found.fitting == asked)
