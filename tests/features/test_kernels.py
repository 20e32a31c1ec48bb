"""Kernels against loops that anyone can check."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.features import kernels
from patron.features.localtime import FOREVER

NAN = float("nan")


@st.composite
def order_lines(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    """Lines of two customers: bounds, happened, order code, known, until, amount; in the order of the store."""
    starts, rows = [0], []
    for _ in range(2):
        lines = []
        for _ in range(draw(st.integers(0, 7))):
            happened = draw(st.integers(0, 4))
            known = happened + draw(st.sampled_from([0, 0, 1, 3]))
            until = draw(st.sampled_from([FOREVER, FOREVER, draw(st.integers(0, 8))]))
            lines.append((happened, known, draw(st.integers(-1, 2)), until, draw(st.integers(-3, 9))))
        rows += sorted(lines)
        starts.append(len(rows))
    columns = np.array(rows, np.int64).reshape(-1, 5).T
    happened, known, order, until, amount = (np.ascontiguousarray(column) for column in columns)
    return np.array(starts, np.int64), happened, order, known, until, amount


@given(order_lines(), st.integers(0, 10))
def test_an_order_is_at_every_moment_what_its_lines_known_then_make_of_it(
    lines: tuple[np.ndarray, ...], moment: int
):
    starts, happened, order, known, until, amount = lines
    places, begins = kernels.group_orders(starts, order)
    group, since, ends = kernels.order_versions(places, begins, known, until, FOREVER)
    positive = amount > 0
    sums = kernels.sum_order_lines(places, begins, known, until, group, since, positive, amount)
    first = kernels.first_order_line(places, begins, known, until, group, since)

    expected: dict[tuple[int, object], list[int]] = {}
    for customer in range(2):
        for row in range(starts[customer], starts[customer + 1]):
            if known[row] < moment <= until[row]:
                key = (customer, ("line", row) if order[row] < 0 else int(order[row]))
                expected.setdefault(key, []).append(row)
    seen = [v for v in range(group.size) if since[v] < moment <= ends[v] and first[v] >= 0]
    found = sorted((int(sums[v]), int(happened[first[v]])) for v in seen)
    assert found == sorted(
        (int(sum(amount[row] for row in rows if amount[row] > 0)), int(min(happened[row] for row in rows)))
        for rows in expected.values()
    )


def test_an_order_of_many_lines_at_many_moments_takes_no_quadratic_time():
    n = 200_000
    known = np.arange(n)
    forever = np.full(n, FOREVER)
    places, begins = kernels.group_orders(np.array([0, n]), np.zeros(n, np.int64))
    group, since, _ = kernels.order_versions(places, begins, known, forever, FOREVER)
    ones = np.ones(n, np.int64)
    sums = kernels.sum_order_lines(places, begins, known, forever, group, since, ones > 0, ones)
    assert sums.tolist() == list(range(1, n + 1))


@pytest.mark.parametrize(
    ("alias", "customer", "kept"),
    [
        ([0, 1], [1, 2], [True, True]),
        ([0, 1], [1, 0], [True, False]),
        ([0, 1, 2], [1, 2, 0], [True, True, False]),
        ([0, 0], [1, 2], [True, False]),
        ([0], [0], [False]),
        ([], [], []),
    ],
)
def test_the_first_link_of_an_alias_counts_and_no_circle_closes(
    alias: list[int], customer: list[int], kept: list[bool]
):
    found = kernels.links_without_circles(np.array(alias, np.int64), np.array(customer, np.int64), 3)
    assert found.tolist() == kept


VALUES = [3.0, NAN, 1.0, 2.0, NAN, 10.0]
LOW = np.array([0, 1, 1, 3, 4, 6])
HIGH = np.array([6, 2, 4, 6, 5, 6])


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (kernels.known_values, [4, 0, 2, 2, 0, 0]),
        (kernels.minimum, [1, NAN, 1, 2, NAN, NAN]),
        (kernels.median, [2.5, NAN, 1.5, 6, NAN, NAN]),
        (kernels.spread, [math.sqrt(50 / 3), NAN, math.sqrt(0.5), math.sqrt(32), NAN, NAN]),
        (kernels.last_known, [10, NAN, 2, 10, NAN, NAN]),
    ],
)
def test_measures_leave_out_what_is_not_known(kernel: Callable[..., np.ndarray], expected: list[float]):
    np.testing.assert_allclose(kernel(LOW, HIGH, np.array(VALUES)), expected)


def test_the_spread_of_equal_large_values_is_zero():
    values = np.full(1_000, 1e9 + 0.1)
    assert kernels.spread(np.array([0]), np.array([1_000]), values).tolist() == [0.0]


def test_a_slope_needs_two_moments():
    days = np.array([0.1, 0.1, 1.1, 2.1, 9.1])
    values = np.array([1.0, 3.0, 4.0, 6.0, NAN])
    found = kernels.slope(np.array([0, 0, 1, 3]), np.array([1, 2, 5, 5]), values, days)
    np.testing.assert_allclose(found, [NAN, NAN, 1.5, NAN])


def test_equal_values_have_no_slope():
    found = kernels.slope(np.array([0]), np.array([500]), np.full(500, 0.1), np.arange(500) / 7)
    assert found.tolist() == [0.0]


def test_a_streak_ends_at_the_first_value_below_or_unknown():
    values = np.array([5.0, 5.0, NAN, 5.0, 5.0, 1.0])
    low, high = np.array([0, 0, 0, 0]), np.array([6, 5, 3, 2])
    found = kernels.streak(low, high, values, np.array([5.0, 5.0, 5.0, NAN]))
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

    sums, rests = kernels.running_float_sum(offsets, values)
    found = kernels.window_float_sum(*bounds, sums, rests, values)[0]
    expected = math.fsum(value for value in segments[which][low:high] if not math.isnan(value))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-3)
    alone_sums, alone_rests = kernels.running_float_sum(
        np.array([0, len(segments[which])]), np.array(segments[which])
    )
    alone = kernels.window_float_sum(
        np.array([low]), np.array([high]), alone_sums, alone_rests, np.array(segments[which])
    )
    assert found == alone[0]


def test_sums_of_integers_are_exact_beyond_what_a_float_holds():
    values = np.array([2**55, 1, -(2**55), 1], np.int64)
    sums = kernels.running_sum(np.array([0, 4]), values)
    assert kernels.window_sum(np.array([0, 1]), np.array([4, 2]), sums, values).tolist() == [2.0, 1.0]


def test_decayed_sums_halve_with_every_half_life():
    days, values = np.array([0.0, 10.0, 0.0]), np.array([8.0, NAN, 3.0])
    assert kernels.decayed(np.array([0, 2, 3]), days, values, 10.0).tolist() == [8.0, 4.0, 3.0]


def test_distinct_counts_known_codes_once():
    codes = np.array([0, 1, 0, -1, 2])
    found = kernels.distinct(np.array([0, 3, 0]), np.array([3, 5, 0]), codes, 3)
    assert found.tolist() == [2, 1, 0]
