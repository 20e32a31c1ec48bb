"""How amounts are ranked: by hand, by scipy, and with rows that count several times."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from patron.models.amount_metrics import AmountRanking, amount_metrics

AMOUNT = np.array([0.0, 0.0, 5.0, 1.0, 20.0, 3.0])
EXPECTED = np.array([0.1, 1.0, 4.0, 1.0, 3.0, 6.0])


def test_gini_of_a_small_ranking_by_hand() -> None:
    # Best first 1, 3, 0 of 4: areas of the steps 1/8, 5/8, 1 thirds; perfect 3, 1, 0: 3/8, 7/8, 1.
    found = amount_metrics([1.0, 3.0, 0.0], [9.0, 5.0, 2.0])["gini"]
    assert found == pytest.approx((2 * (1 / 8 + 5 / 8 + 1) / 3 - 1) / (2 * (3 / 8 + 7 / 8 + 1) / 3 - 1))


def test_a_perfect_ranking_has_gini_1_its_reverse_minus_1_and_no_ranking_0() -> None:
    assert amount_metrics(AMOUNT, AMOUNT * 7)["gini"] == pytest.approx(1)
    assert amount_metrics(AMOUNT, -AMOUNT)["gini"] == pytest.approx(-1)
    assert amount_metrics(AMOUNT, np.ones(6))["gini"] == pytest.approx(0)


def test_spearman_and_level_are_those_of_scipy_and_of_the_totals() -> None:
    found = amount_metrics(AMOUNT, EXPECTED)
    assert found["spearman"] == pytest.approx(spearmanr(AMOUNT, EXPECTED)[0])
    assert found["level"] == pytest.approx(EXPECTED.sum() / AMOUNT.sum())


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any))
def test_a_weight_is_the_row_so_many_times(counts: list[int]) -> None:
    weighted = AmountRanking.of(AMOUNT, EXPECTED).measure(np.array(counts, float))
    repeated = AmountRanking.of(np.repeat(AMOUNT, counts), np.repeat(EXPECTED, counts))
    np.testing.assert_allclose(weighted, repeated.measure(np.ones(sum(counts))), atol=1e-12)


def test_where_nothing_came_nothing_is_defined_and_an_unknown_expectation_is_none() -> None:
    assert all(np.isnan(value) for value in amount_metrics(np.zeros(3), np.ones(3)).values())
    assert amount_metrics([0.0, 4.0], [np.nan, 4.0])["gini"] == pytest.approx(1)
