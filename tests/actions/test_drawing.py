"""Lots: the share holds in every stratum, everybody has the same chance, and the same seed draws the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.actions.drawing import draw_share, fifths, generator, strata_of


@given(st.lists(st.integers(0, 4), max_size=60), st.floats(0, 1), st.integers(0, 5))
def test_the_share_holds_overall_and_in_each_stratum_but_for_one(strata, share, seed):
    stratum = np.array(strata, np.int64)
    drawn = draw_share(stratum, share, np.random.default_rng(seed))
    assert abs(drawn.sum() - share * stratum.size) < 1 + 1e-9
    for each in np.unique(stratum):
        mine = stratum == each
        assert abs(drawn[mine].sum() - share * mine.sum()) < 2


def test_everybody_has_the_same_chance():
    stratum = np.repeat([0, 1, 2], [7, 11, 2])
    times = sum(draw_share(stratum, 0.3, np.random.default_rng(seed)).astype(int) for seed in range(4000))
    assert np.abs(times / 4000 - 0.3).max() < 0.03


def test_draws_for_different_things_differ_and_for_the_same_do_not():
    first, again, other = (generator(7, name, 1).random() for name in ("a", "a", "b"))
    assert first == again
    assert first != other


def test_strata_are_the_combinations_that_there_are():
    found = strata_of(np.array(["a", "b", "a"]), np.array([1, 1, 2]))
    assert np.unique(found).size == 3
    assert fifths(np.array([5.0, 1.0, 2.0, 3.0, 4.0, np.nan])).tolist() == pytest.approx([4, 0, 1, 2, 3, 0])
