"""A permuted group speaks of other customers of the same cutoff, and nothing else changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.models.permutation import is_alike, permute_within, permuted

PAIRS = st.tuples(st.integers(0, 3), st.integers(0, 20))


@given(st.lists(PAIRS, min_size=1, max_size=30, unique=True), st.integers(0, 9))
def test_every_row_is_given_exactly_once_within_its_cutoff(pairs, seed):
    cutoff, customer = np.array(pairs, np.int64).T

    places = permute_within(cutoff, customer, [seed])

    assert sorted(places) == list(range(cutoff.size))
    assert (cutoff[places] == cutoff).all()


def test_customers_keep_their_donor_from_cutoff_to_cutoff_as_far_as_it_is_there():
    customer, cutoff = np.tile(np.arange(50), 2), np.repeat([1, 2], 50)
    donor = customer[permute_within(cutoff, customer, [4])]
    later = np.delete(np.arange(50), 7)

    fewer = later[permute_within(np.full(49, 3), later, [4])]

    assert donor[:50].tolist() == donor[50:].tolist()
    assert (donor != customer).all()
    assert (fewer != np.delete(donor[:50], 7)).sum() == 1  # who had the missing one as donor
    assert donor.tolist() != customer[permute_within(cutoff, customer, [5])].tolist()


def test_the_columns_of_a_group_move_together_and_the_others_stay():
    matrix = np.array([[1, 10, 7], [2, 20, 8], [3, 30, 9]], np.float32)

    changed = permuted(matrix, (0, 1), np.array([2, 0, 1]))

    assert changed.tolist() == [[3, 30, 7], [1, 10, 8], [2, 20, 9]]
    assert matrix[0].tolist() == [1, 10, 7]


@pytest.mark.parametrize(
    ("values", "alike"), [([1.0, 1.0, 2.0, 2.0], True), ([1.0, 1.0, 2.0, 3.0], False), ([np.nan] * 4, True)]
)
def test_what_is_the_same_for_all_customers_of_a_cutoff_cannot_be_permuted(values, alike):
    matrix = np.array([values], np.float32).T

    assert is_alike(matrix, (0,), np.array([100, 100, 200, 200])) == alike
