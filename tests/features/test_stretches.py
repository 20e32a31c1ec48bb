"""Stretches: what is followed along windows is the same however their rows are laid out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.features import number_kernels, stretches
from patron.features.stretches import Stretch, followed
from patron.features.views import View


def view_of(happened: list[int]) -> View:
    rows = np.array(happened, np.int64)
    bounds = np.array([0, rows.size], np.int64)
    return View(rows, bounds, bounds[:1], bounds[1:], {}, {})


@pytest.mark.parametrize("most", [1, 3, 1_000])
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.data())
def test_a_window_of_its_own_finds_what_the_segment_does(most: int, drawn: list[int], data: st.DataObject):
    values = np.array(drawn, np.float64)
    view = view_of(list(range(values.size)))
    ends = data.draw(st.lists(st.integers(0, values.size), min_size=1, max_size=6))
    high = np.array(ends, np.int64)
    low = np.zeros_like(high)
    opened = followed(number_kernels.running_minimum, view, Stretch(low, high, None, opens=True), values)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stretches, "_MOST_ROWS", most)
        apart = followed(number_kernels.running_minimum, view, Stretch(low, high, None), values)
    expected = [values[:end].min() if end else np.nan for end in ends]
    np.testing.assert_array_equal(opened, expected)
    np.testing.assert_array_equal(apart, expected)
