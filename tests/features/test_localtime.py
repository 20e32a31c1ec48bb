"""Local time: days of 23 and 25 hours, times that do not exist or exist twice."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.features.errors import ConfigurationError
from patron.features.localtime import LocalTime, to_datetime, to_microseconds


def wall(*parts: int) -> int:
    return to_microseconds(datetime(*parts, tzinfo=UTC))


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("America/New_York", (2017, 7, 1, 12), (2017, 7, 1, 16)),
        ("America/New_York", (2017, 3, 12, 2, 30), (2017, 3, 12, 7, 30)),  # does not exist
        ("America/New_York", (2017, 11, 5, 1, 30), (2017, 11, 5, 5, 30)),  # exists twice
        ("America/New_York", (2017, 11, 5, 2, 0), (2017, 11, 5, 7, 0)),
        ("America/Sao_Paulo", (2018, 11, 4, 0, 0), (2018, 11, 4, 3, 0)),  # no midnight on that day
        ("Australia/Lord_Howe", (2017, 4, 2, 1, 45), (2017, 4, 1, 14, 45)),  # half an hour twice
        ("UTC", (1931, 1, 1), (1931, 1, 1)),
    ],
)
def test_wall_times_take_the_offset_before_a_change(
    zone: str, local: tuple[int, ...], utc: tuple[int, ...]
) -> None:
    assert LocalTime(zone).to_utc(np.array([wall(*local)])).tolist() == [wall(*utc)]


def test_a_day_before_is_the_same_wall_time_across_a_clock_change() -> None:
    cutoff = np.array([wall(2017, 3, 13, 4)])  # 2017-03-13 00:00 in New York, the day after a 23-hour day
    assert LocalTime("America/New_York").shift_days(cutoff, -1).tolist() == [wall(2017, 3, 12, 5)]


def test_floor_to_day_is_the_local_midnight() -> None:
    berlin = LocalTime("Europe/Berlin")
    assert berlin.floor_to_day(np.array([wall(2020, 7, 1, 22, 30)])).tolist() == [wall(2020, 7, 1, 22)]
    assert berlin.midnight(date(2020, 7, 2)) == wall(2020, 7, 1, 22)


@given(
    st.sampled_from(["America/New_York", "Europe/London", "Asia/Kathmandu", "Pacific/Apia", "UTC"]),
    st.lists(st.integers(wall(1960, 1, 1), wall(2037, 1, 1)), min_size=1, max_size=20),
)
def test_the_way_to_wall_time_agrees_with_the_standard_library(zone: str, instants: list[int]) -> None:
    expected = [
        to_microseconds(to_datetime(instant).astimezone(ZoneInfo(zone)).replace(tzinfo=UTC))
        for instant in instants
    ]
    assert LocalTime(zone).to_wall(np.array(instants)).tolist() == expected


@given(st.lists(st.integers(wall(1960, 1, 1), wall(2037, 1, 1)), min_size=1, max_size=20))
def test_the_way_to_utc_agrees_with_the_standard_library(walls: list[int]) -> None:
    expected = [
        to_microseconds(to_datetime(time).replace(tzinfo=ZoneInfo("America/New_York"), fold=0))
        for time in walls
    ]
    assert LocalTime("America/New_York").to_utc(np.array(walls)).tolist() == expected


def test_an_unknown_zone_names_its_neighbours() -> None:
    with pytest.raises(ConfigurationError, match="Europe/Berlin"):
        LocalTime("Europe/Berln")
