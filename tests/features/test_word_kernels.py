"""Kernels of words against counters that anyone can check."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.features import word_kernels

NAN = float("nan")


@st.composite
def segments(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Codes of four words (-1 is unknown) in a few segments, some of them empty, and their bounds."""
    drawn = draw(st.lists(st.lists(st.integers(-1, 3), max_size=12), min_size=1, max_size=5))
    bounds = np.concatenate([[0], np.cumsum([len(each) for each in drawn])]).astype(np.int64)
    return np.array([code for each in drawn for code in each], np.int64), bounds


def mode(words: Sequence[int]) -> float:
    """The most frequent word, of several the one that came last."""
    counts = Counter(words)
    return next((w for w in reversed(words) if counts[w] == max(counts.values())), NAN)


COUNTED: dict[str, Callable[[list[int]], float]] = {
    "mode": mode,
    "concentration": lambda words: (
        sum((n / len(words)) ** 2 for n in Counter(words).values()) if words else NAN
    ),
    "entropy": lambda words: (
        -sum(n / len(words) * math.log(n / len(words)) for n in Counter(words).values()) if words else NAN
    ),
}


@given(segments())
@pytest.mark.parametrize("name", COUNTED)
def test_every_measure_of_words_is_what_counting_says(name: str, drawn: tuple[np.ndarray, np.ndarray]):
    codes, bounds = drawn
    found = getattr(word_kernels, f"running_{name}")(bounds, codes, 4)
    expected = [
        COUNTED[name]([code for code in codes[low : row + 1].tolist() if code >= 0])
        for low, high in pairwise(bounds)
        for row in range(low, high)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(segments(), st.data())
def test_different_words_of_any_window_are_counted(drawn: tuple[np.ndarray, np.ndarray], data: st.DataObject):
    codes, bounds = drawn
    place = data.draw(st.integers(0, bounds.size - 2))
    low = data.draw(st.integers(int(bounds[place]), int(bounds[place + 1])))
    high = data.draw(st.integers(low, int(bounds[place + 1])))
    before = word_kernels.previous(bounds, codes, 4)
    found = word_kernels.distinct(np.array([low]), np.array([high]), before)
    assert found.tolist() == [len({code for code in codes[low:high].tolist() if code >= 0})]


def test_a_word_is_new_once_in_every_segment():
    codes = np.array([0, 1, 0, -1, 0, 1])
    found = word_kernels.first_times(np.array([0, 4, 6]), codes, 2)
    assert found.tolist() == [True, True, False, False, True, True]


@pytest.mark.parametrize(
    ("codes", "middle", "expected"),
    [
        ([0, 1, 0, 1], 2, 0.0),
        ([0, 0, 1, 1], 2, 1.0),
        ([0, 0, 0, 1], 2, 0.5),
        ([0, -1, 0, 1, 1, 1], 2, 0.75),
        ([0, 1], 0, NAN),
        ([0, 1], 2, NAN),
        ([-1, 1], 1, NAN),
    ],
)
def test_a_shift_is_half_of_what_the_shares_differ_by(codes: list[int], middle: int, expected: float):
    rows, ends = np.array(codes, np.int64), np.array([len(codes)] * 2)
    found = word_kernels.shift(np.array([0, 0]), np.array([middle] * 2), ends, rows, 2)
    np.testing.assert_array_equal(found, [expected, expected])


def test_what_is_usual_is_the_mean_over_the_words_that_have_a_value():
    values = np.array([[1.0, 5.0, NAN], [2.0, NAN, NAN]])
    codes = np.array([0, 1, 1, 2, -1])
    low, high, moment = np.array([0, 0, 3]), np.array([5, 5, 5]), np.array([0, 1, 0])
    found = word_kernels.usual(low, high, codes, values, moment)
    np.testing.assert_allclose(found, [11 / 3, 2, NAN])


def test_words_that_repeat_are_due_one_mean_cycle_after_their_last_time():
    """Word 0 every 10 from 0 to 20, word 1 at 5 and (twice) at 9, word 2 once."""
    codes = np.array([0, 1, 1, 1, 0, 2, 0])
    happened = np.array([0, 5, 9, 9, 10, 12, 20])

    def at(cutoff: int, rows: int = 7, within: float = 5.0) -> list[float]:
        zero, end = np.array([0]), np.array([rows])
        found = word_kernels.cycles(zero, end, codes, 3, happened, np.array([cutoff]), within, 3.0)
        return found[:, 0].tolist()

    assert at(21) == [2, 1, -8, 1 / 10 + 1 / 4]  # word 1 was due at 13; word 0 is due at 30, in 9
    assert at(21, within=10) == [2, 2, -8, 1 / 10 + 1 / 4]
    assert at(22) == [1, 0, 8, 1 / 10]  # more than three cycles of word 1 have passed
    np.testing.assert_array_equal(at(9, rows=2), [0, 0, NAN, 0])  # nothing has repeated yet
