"""Checks of a draw by lot: sizes, balance, missing outcomes."""

import numpy as np
import pyarrow as pa
import pytest

from patron.actions.randomisation import DOUBTFUL, check_randomisation
from patron.actions.trial import Trial


def trial(arm, chance, **covariates) -> Trial:
    table = pa.table({"arm": arm, "bought": np.arange(len(arm)) % 2, **covariates})
    return Trial.of(table, "arm", "bought", tuple(covariates), chance)


def test_arms_that_are_not_as_large_as_promised_are_doubted():
    """60 of 100 where 50 were promised: the score test is the plain chi-square, (60-50)²/50 + (40-50)²/50 = 4."""
    found = check_randomisation(trial([0] * 40 + [1] * 60, 0.5))
    assert found.sizes == pytest.approx(0.0455, abs=1e-4)
    assert found.doubts == ()
    assert check_randomisation(trial([0] * 400 + [1] * 600, 0.5)).sizes < DOUBTFUL


def test_chances_that_differ_between_rows_give_the_sizes_expected():
    arm = [0] * 90 + [1] * 10 + [0] * 10 + [1] * 90
    chance = np.repeat([0.9, 0.1, 0.1, 0.9], [90, 10, 10, 90])
    table = pa.table({"arm": arm, "bought": np.arange(200) % 2, "chance": chance})
    assert check_randomisation(Trial.of(table, "arm", "bought", (), "chance")).sizes == pytest.approx(1.0)


def test_p_values_of_a_real_draw_are_even():
    """In 300 draws of 300 customers the checks fall below 0.1 about 30 times."""
    random = np.random.default_rng(1)
    low = []
    for _ in range(300):
        age, city = random.normal(size=300), random.choice(["a", "b", "c"], 300)
        found = check_randomisation(trial((random.random(300) < 0.3).astype(int), 0.3, age=age, city=city))
        low.append((found.sizes < 0.1, found.balance < 0.1))
    assert 0.05 < np.mean([each[0] for each in low]) < 0.16
    assert 0.05 < np.mean([each[1] for each in low]) < 0.16


def test_arms_that_differed_before_are_doubted_and_the_covariate_is_named():
    random = np.random.default_rng(2)
    age, city = random.normal(size=(2, 2000))
    arm = (random.random(2000) < 1 / (1 + np.exp(-age))).astype(int)
    found = check_randomisation(trial(arm, 0.5, age=age, city=city))
    assert found.balance < DOUBTFUL
    assert found.apart == "age"
    assert any("age" in doubt for doubt in found.doubts)


def test_outcomes_that_are_missing_in_one_arm_are_doubted():
    arm = np.arange(1000) % 2
    bought = [None if number % 2 and number < 200 else 1.0 for number in range(1000)]
    table = pa.table({"arm": arm, "bought": pa.array(bought, pa.float64())})
    found = check_randomisation(Trial.of(table, "arm", "bought", (), 0.5))
    assert found.missing < DOUBTFUL
    assert any("missing" in doubt for doubt in found.doubts)


def test_nothing_is_doubted_where_nothing_can_be_checked():
    found = check_randomisation(trial([0, 1] * 50, 0.5))
    assert np.isnan(found.balance)
    assert np.isnan(found.missing)
    assert found.doubts == ()
