"""The weight of snapshots: by their age, and by how much they overlap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.features.localtime import DAY
from patron.training.recipe import Recipe
from patron.training.weights import overlapping, snapshot_weights

CUSTOMER = np.array([3, 3, 3, 8])
CUTOFF = np.array([0, 10, 20, 20]) * DAY


def test_by_default_all_count_the_same() -> None:
    assert snapshot_weights(CUSTOMER, CUTOFF, 15 * DAY, Recipe()) is None


def test_a_snapshot_counts_half_of_one_that_is_a_half_life_later() -> None:
    weight = snapshot_weights(CUSTOMER, CUTOFF, 15 * DAY, Recipe(half_life_days=10))
    assert weight is not None
    assert (weight / weight[-1]).tolist() == pytest.approx([0.25, 0.5, 1.0, 1.0])
    assert weight.mean() == pytest.approx(1.0)


def test_snapshots_that_look_at_the_same_days_share_the_weight_of_one() -> None:
    weight = snapshot_weights(CUSTOMER, CUTOFF, 15 * DAY, Recipe(share_overlap=True))
    assert weight is not None
    # at 10 the first and the third look at some of the same days; those two are 20 days apart
    assert (weight / weight[-1]).tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 2, 1.0])


def test_horizons_that_only_meet_do_not_overlap() -> None:
    assert overlapping(CUSTOMER, CUTOFF, 10 * DAY).tolist() == [1, 1, 1, 1]


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=30, unique=True),
    st.integers(1, 8),
)
def test_overlaps_are_those_of_all_pairs(pairs: list[tuple[int, int]], horizon: int) -> None:
    customer, cutoff = np.array(sorted(pairs)).T
    expected = [
        sum(a == b and abs(one - other) < horizon for b, other in zip(customer, cutoff, strict=True))
        for a, one in zip(customer, cutoff, strict=True)
    ]
    assert overlapping(customer, cutoff, horizon).tolist() == expected
