"""Ranges of days on later time: who is not followed to an end says nothing of it, and nothing before it is lost."""

import numpy as np
import pytest

from patron.models.range_evaluation import Followed, coverage, judge_ranges

NAN = np.nan
LATER = 30 * 86_400_000_000


def followed(day: list[float], observed: list[float], cutoff: list[int] | None = None) -> Followed:
    size = len(day)
    return Followed(
        np.array(day), np.array(observed), np.arange(size), np.array(cutoff or [0] * size, np.int64)
    )


def ranges(*rows: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    low, middle, high = np.array(rows, float).T
    return low, middle, high


def test_days_are_whole_and_who_did_not_buy_is_after() -> None:
    found = coverage(ranges(*[(2, 4, 6)] * 4), followed([6.9, 1.9, 7.0, NAN], [10.0] * 4), 7)
    assert [each.value for each in (found.inside, found.before, found.after)] == [0.25, 0.25, 0.5]
    assert found.by_middle.value == 0.25
    assert (found.told, found.width_days, found.wide_days) == (4, 5, 5)


def test_who_is_lost_from_sight_counts_up_to_then() -> None:
    # All eight are seen to day 2, where one has bought; only four are seen further, of whom half buy by the middle.
    seen = followed([1.0, 3.0, 3.0, 8.0, 8.0, NAN, NAN, NAN], [10.0] * 5 + [3.0] * 3)
    found = coverage(ranges(*[(2, 4, 6)] * 8), seen, 7)
    assert found.before.value == pytest.approx(1 / 8)
    assert found.by_middle.value == pytest.approx(1 - 7 / 8 * 2 / 4)
    assert found.after.value == pytest.approx(7 / 8 * 2 / 4)
    assert found.inside.value + found.before.value + found.after.value == pytest.approx(1)


def test_a_purchase_whose_absence_would_not_have_been_seen_says_nothing() -> None:
    everybody = ranges(*[(0, 4, 6)] * 3)
    found = coverage(everybody, followed([3.0, 8.0, 8.0], [3.5, 10.0, 10.0]), 7)
    assert found.inside.value == 0


def test_censoring_does_not_move_the_coverage() -> None:
    random = np.random.default_rng(5)
    pace = random.choice([5.0, 20.0, 60.0], 20_000)
    day = random.exponential(pace)
    said = np.array([np.round(-np.log1p(-level) * pace) for level in (0.1, 0.5, 0.9)])
    said[1:] -= 1
    observed = np.full(day.size, 40.0)
    seen = Followed(np.where(day < 40, day, NAN), observed, np.arange(day.size), np.zeros(day.size, np.int64))
    found = coverage((said[0], said[1], said[2]), seen, 7)
    truth = ((np.floor(day) >= said[0]) & (np.floor(day) <= said[2])).mean()
    assert (said[2] + 1 <= observed).mean() < 0.5
    assert found.inside.value == pytest.approx(truth, abs=0.01)
    assert found.before.value == pytest.approx((np.floor(day) < said[0]).mean(), abs=0.01)


def test_cutoffs_and_opponents_stand_beside_the_model() -> None:
    said = ranges(*[(2, 4, 6)] * 6, (NAN, NAN, NAN))
    other = ranges((0, 9, 9), (NAN, NAN, NAN), *[(0, 0, 0)] * 5)
    seen = followed([3.0, 3.0, 3.0, 3.0, 9.0, 9.0, 1.0], [10.0] * 7, [0, 0, 0, LATER, LATER, LATER, 0])
    found = judge_ranges(said, {"other": other}, seen, {"few": 1}, 7)
    assert found is not None
    assert (found.snapshots, found.told, found.over) == (7, 6, 6)
    assert [each.value for each in found.by_cutoff] == [1, pytest.approx(1 / 3)]
    assert (found.next_cutoff.low, found.next_cutoff.high) == (pytest.approx(1 / 3), 1)
    assert found.opponents["other"].told == 5
    assert found.opponents["other"].inside.value == pytest.approx(1 / 5)


def test_where_nobody_was_followed_to_the_end_nothing_is_said() -> None:
    assert judge_ranges(ranges((3, 3, 3)), {}, followed([NAN], [3.0]), {}, 7) is None
