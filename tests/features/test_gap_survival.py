"""The survival of silences and what windows get wrong, against hand-counted and simulated silences."""

from typing import Any

import numpy as np
import pytest

from patron.features.gap_survival import FEWEST_SILENCES, GapSurvival
from patron.features.order_days import GapCounts


def counts(ended: dict[int, int], cut_off: dict[int, int], days: int) -> GapCounts:
    arrays = [np.zeros(days + 1, np.int64) for _ in range(2)]
    for array, given in zip(arrays, (ended, cut_off), strict=True):
        for day, number in given.items():
            array[day] = number
    return GapCounts(*arrays)


TEN = counts({1: 200, 2: 100, 4: 50}, {3: 50, 6: 100}, 6)
"""500 silences: at risk on day 1 to 6: 500, 300, 200, 150, 100, 100."""


def test_silences_cut_off_count_for_as_long_as_they_were_followed() -> None:
    survival = GapSurvival.of(TEN)
    assert survival.at_risk.tolist() == [500, 500, 300, 200, 150, 100, 100]
    kept = [1, 300 / 500, 300 / 500 * 200 / 300, 0.4, 0.4 * 100 / 150, 0.8 / 3, 0.8 / 3]
    assert survival.open == pytest.approx(kept)
    assert survival.ordered_within(2) == pytest.approx(0.6)
    assert survival.limit == 6


def test_of_those_called_lost_some_come_back() -> None:
    survival = GapSurvival.of(TEN)
    value, low, high = survival.came_back(
        2, 2
    )  # after 2 days 200 are silent; 50 of the 150 followed to day 4 order
    assert value == pytest.approx(1 / 3)
    error = 2 / 3 * np.sqrt(50 / (150 * 100)) * 1.959964
    assert (low, high) == pytest.approx((1 / 3 - error, 1 / 3 + error))
    assert survival.came_back(4, 2)[0] == 0


def test_of_those_called_active_some_are_gone() -> None:
    survival = GapSurvival.of(TEN)
    # In the two days after an order: 1 and 0.6 still silent; through the three days after, 0.4 and 0.8 / 3 stay so.
    assert survival.gone(2, 3) == pytest.approx((0.4 + 0.8 / 3) / 1.6)
    assert survival.rate(2, 3) == pytest.approx(1 - (0.4 + 0.8 / 3) / 1.6)


def test_a_window_holds_a_share_of_a_horizons_buyers() -> None:
    survival = GapSurvival.of(TEN)
    ended = [
        1 - 0.4,
        0.6 - 0.4,
        0.4 - 0.8 / 3,
        0.4 - 0.8 / 3,
    ]  # who orders within 2 days, 1 to 4 days after an order
    assert survival.kept(1, 2) == pytest.approx(ended[0] / sum(ended))
    assert survival.kept(4, 2) == 1
    assert np.isnan(survival.kept(5, 2))


def test_where_too_few_silences_were_followed_nothing_is_said() -> None:
    few = GapSurvival.of(counts({1: 5}, {40: FEWEST_SILENCES - 1, 10: 1}, 50))
    assert few.limit == 10
    assert np.isnan(few.ordered_within(11))
    assert np.isnan(few.came_back(5, 6)).all()
    assert np.isnan(few.gone(6, 6))
    assert not np.isnan(few.gone(5, 6))


@pytest.mark.parametrize("given", [counts({}, {0: 1}, 1), counts({}, {}, 1), counts({7: 4}, {3: 1}, 40)])
def test_hardly_any_data_says_nothing(given: GapCounts) -> None:
    survival = GapSurvival.of(given)
    assert survival.limit == -1
    assert survival.shortest_window(14) is None
    assert survival.balanced(survival.follow_days(14)) is None
    errors = survival.errors(30, 14, 14)
    assert np.isnan([errors.came_back, errors.gone, errors.kept]).all()


def test_nobody_comes_back() -> None:
    survival = GapSurvival.of(counts({}, {100: 500}, 100))
    assert survival.came_back(30, 30) == (0, 0, 0)
    assert survival.gone(30, 30) == 1
    assert survival.balanced(30) is None
    assert np.isnan(survival.kept(30, 30))


def test_all_gaps_are_a_week() -> None:
    survival = GapSurvival.of(counts({7: 9_000}, {6: 1_000}, 364))
    assert survival.ordered_within(6) == 0
    assert survival.ordered_within(7) == survival.ordered_within(364) == 1
    assert survival.kept(7, 14) == survival.rate(7, 14) == 1
    assert survival.shortest_window(14) == 7
    assert np.isnan(survival.came_back(7, 14)[0])  # nobody is ever called lost


def orders(random: np.random.Generator, customers: int, days: int) -> list[Any]:
    """Days with an order of customers who come with a chance of their own each day until they leave for good."""
    chance = random.beta(1, 12, customers)
    leaves = random.geometric(1 / 200, customers)
    found = []
    for rate, last in zip(chance, leaves, strict=True):
        bought = np.flatnonzero(random.random(days) < rate)
        found.append(bought[bought <= last])
    return found


def test_errors_are_those_that_counting_at_many_moments_finds() -> None:
    days, window, horizon = 1_200, 45, 30
    people = [each for each in orders(np.random.default_rng(3), 4_000, days) if each.size]
    ended, cut_off = np.zeros(days + 1, np.int64), np.zeros(days + 1, np.int64)
    for each in people:
        ended += np.bincount(np.diff(each), minlength=days + 1)
        cut_off[days - 1 - each[-1]] += 1
    survival = GapSurvival.of(GapCounts(ended, cut_off))
    active = again = lost = back = 0
    for moment in range(200, days - horizon, 7):
        for each in people:
            place = np.searchsorted(each, moment)
            if not place:
                continue
            silent = moment - each[place - 1]
            returns = place < each.size and each[place] < moment + horizon
            active, again = active + (silent <= window), again + (silent <= window and returns)
            if silent == window + 1:  # called lost on this very day
                lost, back = lost + 1, back + returns
    assert survival.rate(window, horizon) == pytest.approx(again / active, abs=0.02)
    assert survival.came_back(window, horizon)[0] == pytest.approx(back / lost, abs=0.04)
