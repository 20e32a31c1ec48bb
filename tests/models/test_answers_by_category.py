"""A category says something only with enough answers, and only what stands after looking at all of them."""

import numpy as np
import pytest

from patron.models.answers_by_category import gaps_by_segment
from patron.models.moments import Moments


def world(seed=1, customers=3_000):
    """Satisfaction matters in coffee and not in paper; tea has few customers; some have no category."""
    random = np.random.default_rng(seed)
    category = random.choice(["coffee", "paper", "tea", ""], customers, p=[0.4, 0.4, 0.05, 0.15])
    score = random.integers(1, 6, customers).astype(np.float64)
    there = random.random(customers) < 0.4 + 0.25 * ((score >= 4) & (category == "coffee"))
    alike = random.random(9_000) < 0.4
    cells = np.zeros(customers, np.int64), np.zeros(9_000, np.int64)
    return (
        Moments(np.arange(customers), cells[0], there.astype(np.int8)),
        score,
        category,
        Moments(customers + np.arange(9_000), cells[1], alike.astype(np.int8)),
    )


def test_the_category_where_satisfaction_matters_comes_first_and_the_commodity_shows_none():
    coffee, paper = gaps_by_segment(*world())

    assert (coffee.category, coffee.is_measurable) == ("coffee", True)
    assert coffee.gap.low < 0.25 < coffee.gap.high
    assert (paper.category, paper.is_measurable) == ("paper", False)
    assert paper.gap.low < 0 < paper.gap.high
    assert coffee.to_dict()["gap"] == coffee.gap.to_dict()


@pytest.mark.parametrize("outcome", [0, 1])
def test_with_one_outcome_only_nothing_is_said(outcome):
    asked, score, category, alike = world()
    asked.outcome[:] = outcome
    assert gaps_by_segment(asked, score, category, alike) == ()


def test_with_satisfied_customers_only_nothing_is_said():
    asked, score, category, alike = world()
    assert gaps_by_segment(asked, np.full(score.size, 5.0), category, alike) == ()
