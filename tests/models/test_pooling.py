"""Partial pooling: the published numbers of a well-known meta-analysis, and what it does to groups."""

import numpy as np
import pytest

from patron.models.intervals import Estimate
from patron.models.pooling import pooled

BCG = [
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13_536, 248, 12_619), (33, 5_036, 47, 5_761),
    (180, 1_361, 372, 1_079), (8, 2_537, 10, 619), (505, 87_886, 499, 87_892), (29, 7_470, 45, 7_232),
    (17, 1_699, 65, 1_600), (186, 50_448, 141, 27_197), (5, 2_493, 3, 2_338), (27, 16_886, 29, 17_825),
]  # fmt: skip
"""Tuberculosis with and without vaccination in 13 trials (Colditz et al. 1994): cases and others, both arms."""


def log_risk_ratios():
    for ill, well, ill_control, well_control in BCG:
        arm, control = ill + well, ill_control + well_control
        variance = 1 / ill - 1 / arm + 1 / ill_control - 1 / control
        yield Estimate.around(np.log(ill / arm / (ill_control / control)), np.sqrt(variance))


def test_it_gives_the_published_numbers_of_the_bcg_trials():
    found = pooled(list(log_risk_ratios()))  # DerSimonian-Laird: tau2 0.3088, -0.7141 with error 0.1787

    assert found.spread**2 == pytest.approx(0.3088, abs=5e-5)
    assert found.common.value == pytest.approx(-0.7141, abs=5e-5)
    assert found.common.error == pytest.approx(0.1787, abs=5e-5)


def test_a_group_that_tells_little_is_drawn_most():
    close, far = pooled(
        [Estimate.around(0.3, 0.01), Estimate.around(0.0, 0.01), Estimate.around(0.9, 0.5)]
    ).groups[1:]
    assert abs(close.value) < 0.01
    assert far.value < 0.9 - 0.25


def test_groups_that_differ_no_more_than_chance_are_alike():
    found = pooled([Estimate.around(value, 0.1) for value in (0.1, 0.11, 0.12, 0.13)])

    assert found.spread == 0.0
    assert found.groups[0].value == pytest.approx(0.115, abs=0.01)
    assert 0.05 < found.groups[0].error < 0.1  # between that of all groups together and that of one alone


def test_a_single_group_stays_as_it_is():
    (alone,) = pooled([Estimate.around(0.2, 0.05)]).groups
    assert (alone.value, alone.error) == pytest.approx((0.2, 0.05))


def test_pooled_intervals_hold_the_truth_of_groups_as_often_as_they_say():
    random, held = np.random.default_rng(3), []
    for _ in range(200):
        truth, error = random.normal(0.05, 0.1, 12), random.uniform(0.03, 0.2, 12)
        seen = [
            Estimate.around(value, each)
            for value, each in zip(random.normal(truth, error), error, strict=True)
        ]
        held += [each.low < value < each.high for each, value in zip(pooled(seen).groups, truth, strict=True)]
    assert 0.92 < np.mean(held) < 0.98
