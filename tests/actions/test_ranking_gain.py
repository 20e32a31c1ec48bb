"""What a ranking gains over a draw by lot."""

import numpy as np
import pytest

from patron.actions.ranking_gain import CURVE, Ranked, gain_between, ranking_gain


def test_four_customers_by_hand():
    """Effects 3, 1, 0, 0 in the right order, mean 1: TOC at 1/4, 2/4, 3/4, 1 is 2, 1, 1/3, 0."""
    found = Ranked.of(np.array([4.0, 3.0, 2.0, 1.0])).statistics(np.array([3.0, 1.0, 0.0, 0.0]), np.ones(4))
    assert found[0] == pytest.approx((2 + 1 + 1 / 3 + 0) / 4)
    assert found[1] == pytest.approx((2 / 4 + 1 / 2 + 1 / 4 + 0) / 4)
    assert found[-1] == pytest.approx(1.0)
    assert found[2 + list(np.round(CURVE, 2)).index(0.5)] == pytest.approx((3 + 1) / 4)


def test_a_ranking_that_says_nothing_gains_nothing_whatever_the_order_of_rows():
    scores = np.arange(100.0)
    same = Ranked.of(np.ones(100)).statistics(scores, np.ones(100))
    assert same[:2] == pytest.approx([0, 0], abs=1e-9)


def test_the_wrong_way_round_loses_what_the_right_way_gains():
    scores = np.arange(1000.0)
    right, wrong = (Ranked.of(sign * scores).statistics(scores, np.ones(1000))[1] for sign in (1, -1))
    assert right == pytest.approx(-wrong, rel=0.01)


def test_intervals_cover_no_gain_of_noise_in_19_of_20():
    random = np.random.default_rng(0)
    covered = 0
    for seed in range(100):
        found = ranking_gain(random.random(200), random.normal(1, 1, 200), seed).qini
        covered += found.low <= 0 <= found.high
    assert 88 <= covered <= 100


def test_two_rankings_are_compared_in_pairs():
    random = np.random.default_rng(2)
    truth = random.normal(size=2000)
    scores = truth + random.normal(size=2000)
    better = gain_between(truth, random.random(2000), scores, 3)
    assert better.low > 0
    alike = gain_between(truth, truth, scores, 3)
    assert (alike.value, alike.low, alike.high) == (0, 0, 0)
