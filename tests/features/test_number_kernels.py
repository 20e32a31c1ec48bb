"""Kernels of numbers against loops that anyone can check."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.features import number_kernels

NAN = float("nan")

OFFSETS = np.array([0, 6, 6, 8])
VALUES = np.array([3.0, NAN, 1.0, 2.0, NAN, 10.0, NAN, 4.0])


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (number_kernels.running_minimum, [3, 3, 1, 1, 1, 1, NAN, 4]),
        (number_kernels.running_maximum, [3, 3, 3, 3, 3, 10, NAN, 4]),
        (number_kernels.running_last, [3, 3, 1, 2, 2, 10, NAN, 4]),
        (
            number_kernels.running_spread,
            [NAN, NAN, math.sqrt(2), 1, 1, math.sqrt(50 / 3), NAN, NAN],
        ),
    ],
)
def test_what_is_not_known_is_left_out_and_segments_start_anew(
    kernel: Callable[..., np.ndarray], expected: list[float]
):
    np.testing.assert_allclose(kernel(OFFSETS, VALUES), expected)


def test_the_spread_of_equal_large_values_is_zero():
    values = np.full(1_000, 1e9 + 0.1)
    assert number_kernels.running_spread(np.array([0, 1_000]), values)[-1] == 0.0


def test_a_slope_needs_two_moments():
    days = np.array([0.1, 0.1, 1.1, 2.1, 9.1])
    values = np.array([1.0, 3.0, 4.0, 6.0, NAN])
    found = number_kernels.running_slope(np.array([0, 5]), values, days)
    np.testing.assert_allclose(found, [NAN, NAN, 2, 2, 2])


def test_equal_values_have_no_slope():
    found = number_kernels.running_slope(np.array([0, 500]), np.full(500, 0.1), np.arange(500) / 7)
    assert set(found[1:].tolist()) == {0.0}


def test_gaps_and_days_start_anew_in_every_segment():
    happened, offsets = np.array([0, 2, 6, 7]), np.array([0, 3, 3, 4])
    np.testing.assert_array_equal(number_kernels.gaps(happened, offsets, 2), [NAN, 1, 2, NAN])
    np.testing.assert_array_equal(number_kernels.elapsed(happened, offsets, 2), [0, 1, 3, 0])


def test_windows_are_laid_out_one_after_the_other():
    rows, bounds = number_kernels.rows_of_windows(np.array([1, 4, 2]), np.array([3, 4, 5]))
    assert (rows.tolist(), bounds.tolist()) == ([1, 2, 2, 3, 4], [0, 2, 2, 5])


def test_a_streak_ends_at_the_first_value_below_or_unknown():
    values = np.array([5.0, 5.0, NAN, 5.0, 5.0, 1.0])
    low, high = np.array([0, 0, 0, 0]), np.array([6, 5, 3, 2])
    found = number_kernels.streak(low, high, values, np.array([5.0, 5.0, 5.0, NAN]))
    np.testing.assert_array_equal(found, [0, 2, 0, NAN])


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.floats(-1e12, 1e12) | st.just(NAN), max_size=6), min_size=1, max_size=5),
    st.data(),
)
def test_sums_start_anew_in_every_segment(segments: list[list[float]], data: st.DataObject):
    values = np.array([value for segment in segments for value in segment])
    offsets = np.concatenate([[0], np.cumsum([len(segment) for segment in segments])]).astype(np.int64)
    which = data.draw(st.integers(0, len(segments) - 1))
    low = data.draw(st.integers(0, len(segments[which])))
    high = data.draw(st.integers(low, len(segments[which])))
    bounds = (np.array([offsets[which] + low]), np.array([offsets[which] + high]))

    sums, rests = number_kernels.running_float_sum(offsets, values)
    found = number_kernels.window_float_sum(*bounds, sums, rests, values)[0]
    expected = math.fsum(value for value in segments[which][low:high] if not math.isnan(value))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-3)
    alone_sums, alone_rests = number_kernels.running_float_sum(
        np.array([0, len(segments[which])]), np.array(segments[which])
    )
    alone = number_kernels.window_float_sum(
        np.array([low]), np.array([high]), alone_sums, alone_rests, np.array(segments[which])
    )
    assert found == alone[0]


def test_decayed_sums_keep_what_is_left_since_the_row_before():
    kept, values = np.array([NAN, 0.5, NAN]), np.array([8.0, NAN, 3.0])
    assert number_kernels.decayed(np.array([0, 2, 3]), kept, values).tolist() == [8.0, 4.0, 3.0]


def test_what_ends_at_the_cutoff_or_later_or_never_is_unfinished():
    happened, ends = np.array([1, 2, 2, 4]), np.array([3, -1, 9, 5])
    low, high, cutoff = np.array([0, 0, 0]), np.array([4, 4, 1]), np.array([5, 10, 3])
    count, first = number_kernels.unfinished(low, high, happened, ends, -1, cutoff)
    assert (count.tolist(), first.tolist()) == ([3, 1, 1], [1, 1, 0])


@st.composite
def windows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, and windows on them as snapshots of several customers have them, growing and sliding."""
    some = st.sampled_from([NAN, -1.0, 0.0, 0.1, 0.1, 2.5, 1e9])
    values = np.array(draw(st.lists(some, min_size=1, max_size=40)))
    pairs = [
        sorted(draw(st.tuples(*[st.integers(0, values.size)] * 2))) for _ in range(draw(st.integers(1, 9)))
    ]
    low, high = np.array([*pairs, *sorted(pairs)], np.int64).T
    return values, low, high


@given(windows())
def test_a_median_that_is_taken_up_has_the_bits_of_one_begun_anew(drawn: tuple[np.ndarray, ...]):
    values, low, high = drawn
    together = number_kernels.median(low, high, values)
    alone = [number_kernels.median(low[i : i + 1], high[i : i + 1], values)[0] for i in range(low.size)]
    assert together.tobytes() == np.array(alone).tobytes()
    known = [[v for v in values[a:b] if not math.isnan(v)] for a, b in zip(low, high, strict=True)]
    np.testing.assert_array_equal(together, [np.median(each) if each else NAN for each in known])


def test_a_median_of_many_values_that_come_at_once():
    values = np.random.default_rng(3).random(1_000)
    low, high = np.zeros(3, np.int64), np.array([10, 500, 1_000])
    expected = [np.median(values[:end]) for end in high]
    np.testing.assert_array_equal(number_kernels.median(low, high, values), expected)


def test_medians_of_one_customer_leave_nothing_behind_for_the_next():
    random = np.random.default_rng(0)
    sizes = random.integers(1, 90, size=60)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    values = random.random(starts[-1])
    low = np.repeat(starts[:-1], 5)
    high = low + np.sort(random.integers(0, sizes[:, None] + 1, size=(60, 5)), axis=1).ravel()
    expected = [np.median(values[a:b]) if b > a else NAN for a, b in zip(low, high, strict=True)]
    np.testing.assert_array_equal(number_kernels.median(low, high, values), expected)
