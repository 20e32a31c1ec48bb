"""Seasons: customers alike are compared with last year's same window, and only with what was known in time."""

import numpy as np
import pytest

from patron.models.season import (
    TOLERANCE,
    YEAR,
    Level,
    Season,
    same_window,
    season_of,
    shifts_of_windows,
    spread_of_levels,
)

DAY = 86_400_000_000
HORIZON = 30 * DAY


def level(day: int, *bands: tuple[int, int]) -> Level:
    """A level whose first bands have so many snapshots and events."""
    padded = [*bands, *[(0, 0)] * (7 - len(bands))]
    snapshots, events = zip(*padded, strict=True)
    return Level(day * DAY, day * DAY + HORIZON, snapshots, events)


def test_snapshots_are_counted_by_days_since_the_last_order() -> None:
    days = np.array([0.0, 6.9, 7.0, 400.0, np.nan], np.float32)
    found = Level.of(5, 9, days, np.array([1, 0, 1, 0, 0], np.int8))
    assert found == Level(5, 9, (2, 1, 0, 0, 0, 0, 2), (1, 1, 0, 0, 0, 0, 0))
    assert found.rate == pytest.approx(0.4)


def test_the_shift_is_the_difference_in_log_odds_of_last_years_window() -> None:
    levels = [level(0, (1_000, 500)), level(300, (1_000, 250)), level(330, (1_000, 250))]
    found = season_of(365 * DAY, [300 * DAY, 330 * DAY], levels)
    assert (found.learned, found.last_year) == (0.25, 0.5)
    assert found.shift == pytest.approx(np.log(3), abs=0.01)


def test_only_customers_alike_are_compared() -> None:
    """Both bands buy as they did, but a year ago the history was young and everybody had bought recently."""
    levels = [level(0, (900, 450), (100, 10)), level(330, (100, 50), (900, 90))]
    found = season_of(365 * DAY, [330 * DAY], levels)
    assert found.last_year == pytest.approx(0.46)
    assert found.learned == pytest.approx(0.14)
    assert found.shift == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(
    ("year_ago", "seen"), [(0, True), (14, True), (-15, True), (17, False), (-17, False)]
)
def test_last_years_window_is_at_most_half_a_month_off(year_ago: int, seen: bool) -> None:
    levels = [level(year_ago + 100, (100, 50)), level(400, (100, 25))]
    found = season_of(465 * DAY, [400 * DAY], levels)
    assert (found.shift is not None) == seen
    assert found.learned == 0.25


def test_a_level_that_was_not_mature_by_the_cutoff_is_not_looked_at() -> None:
    late = Level(0, 366 * DAY, (100, *[0] * 6), (50, *[0] * 6))
    assert season_of(365 * DAY, [330 * DAY], [late, level(330, (100, 25))]) == Season(0.25)


def test_the_same_window_is_the_nearest_to_a_year_before_and_the_earlier_of_two() -> None:
    assert same_window(YEAR, [-DAY, DAY, 3 * DAY]) == -DAY
    assert same_window(YEAR, [-TOLERANCE]) == -TOLERANCE
    assert same_window(YEAR, [TOLERANCE + 1]) is None
    assert same_window(YEAR, []) is None


def test_the_windows_say_of_later_cutoffs_what_the_season_will_say() -> None:
    """Every window's shift is that of `season_of`, whichever cutoff meets it again."""
    rates = {0: 500, 30: 250, 60: 100, 330: 250}
    levels = [level(day, (1_000, events)) for day, events in rates.items()]
    windows = dict(shifts_of_windows(365 * DAY, [330 * DAY], levels[::-1]))
    assert list(windows) == [day * DAY for day in rates]
    for day in (0, 30, 60):
        found = season_of(day * DAY + YEAR, [330 * DAY], levels)
        assert windows[day * DAY] == found.shift


def test_windows_that_were_not_mature_at_the_training_end_are_not_kept() -> None:
    levels = [level(0, (100, 50)), level(30, (100, 90)), level(60, (100, 25))]
    assert [moment for moment, _ in shifts_of_windows(60 * DAY, [0], levels)] == [0, 30 * DAY]
    assert shifts_of_windows(29 * DAY, [0], levels) == ()
    assert shifts_of_windows(60 * DAY, [], levels) == ()


def test_nothing_is_known_of_nothing() -> None:
    assert np.isnan(season_of(365 * DAY, [330 * DAY], []).learned)
    assert season_of(365 * DAY, [], [level(0, (100, 50))]).shift is None


def test_bands_without_anybody_in_one_of_the_years_say_nothing() -> None:
    levels = [level(0, (100, 50), (0, 0)), level(330, (100, 50), (100, 90))]
    assert season_of(365 * DAY, [330 * DAY], levels).shift == pytest.approx(0.0)
    apart = [level(0, (100, 50), (0, 0)), level(330, (0, 0), (100, 90))]
    assert season_of(365 * DAY, [330 * DAY], apart).shift == 0.0


def test_the_spread_of_levels_is_what_sampling_does_not_explain() -> None:
    rng = np.random.default_rng(7)
    alike = [level(i, (1_000, int(rng.binomial(1_000, 0.3)))) for i in range(40)]
    assert spread_of_levels(alike) < 0.05
    apart = [level(0, (10_000, 2_500)), level(1, (10_000, 5_000))]
    assert spread_of_levels(apart) == pytest.approx(np.log(3) / np.sqrt(2), abs=0.01)
    assert spread_of_levels(apart[:1]) == 0.0
