"""Allocation: one option each, the budget is kept, and no other choice within it would bring much more."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.actions.allocation import NOBODY, allocate, budget_curve


def profit(gain, choice):
    taken = np.flatnonzero(choice != NOBODY)
    return float(gain[taken, choice[taken]].sum())


def spent(cost, choice):
    taken = np.flatnonzero(choice != NOBODY)
    return float(cost[taken, choice[taken]].sum())


@st.composite
def offers(draw):
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 2)))
    numbers = st.floats(-2, 5).map(lambda each: round(each, 2))
    prices = st.floats(0, 3).map(lambda each: round(each, 2))
    size = shape[0] * shape[1]
    gain = np.array(draw(st.lists(numbers, min_size=size, max_size=size))).reshape(shape)
    cost = np.array(draw(st.lists(prices, min_size=size, max_size=size))).reshape(shape)
    return gain, cost, draw(st.floats(0, 8).map(lambda each: round(each, 2)))


@given(offers())
def test_the_budget_is_kept_and_at_most_one_customer_is_lost_to_the_best_there_is(offer):
    gain, cost, budget = offer
    found = allocate(gain, cost, budget, np.arange(gain.shape[0]))
    assert spent(cost, found.choice) <= budget + 1e-9
    every = (np.array(each) for each in product(range(NOBODY, gain.shape[1]), repeat=gain.shape[0]))
    best = max(profit(gain, each) for each in every if spent(cost, each) <= budget + 1e-12)
    assert profit(gain, found.choice) >= best - max(float(gain.max()), 0.0) - 1e-9
    assert found.spent == pytest.approx(spent(cost, found.choice))


def test_with_money_enough_everybody_gets_the_best_that_pays():
    gain = np.array([[1.0, 2.0], [-1.0, -0.1], [3.0, np.nan]])
    found = allocate(gain, np.ones((3, 2)), 10.0, np.arange(3))
    assert found.choice.tolist() == [1, NOBODY, 0]
    assert found.price == 0


def test_equal_ones_come_by_lot():
    gain, cost = np.full((4, 1), 1.0), np.full((4, 1), 1.0)
    assert allocate(gain, cost, 2.0, np.array([3, 0, 2, 1])).choice.tolist() == [NOBODY, 0, NOBODY, 0]


def test_without_a_budget_only_what_is_free_is_done():
    gain, cost = np.full((2, 1), 1.0), np.array([[0.0], [0.5]])
    assert allocate(gain, cost, 0.0, np.arange(2)).choice.tolist() == [0, NOBODY]


def test_the_curve_rises_as_long_as_it_pays():
    curve = budget_curve(np.array([[3.0], [1.0], [-2.0], [np.nan]]), np.ones((4, 1)))
    assert curve.spent == (0.0, 1.0, 2.0, 3.0)
    assert curve.profit == (0.0, 3.0, 4.0, 2.0)
    assert curve.stops_paying_at == 2.0
