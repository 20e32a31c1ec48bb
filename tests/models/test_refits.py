"""Refits: the same from run to run, and noise is seldom said to add anything."""

import numpy as np
import pytest

from patron.models.classifier import RepurchaseClassifier
from patron.models.group_gains import LaterRows, compare
from patron.models.refits import FITS_ALONE, Arena, refit

GROUPS = {"trait": (0,), "noise": (1, 2, 3, 4)}


def world(seed, customers=150):
    """Snapshots at four cutoffs, two to learn from: one column decides, four are lasting traits that say nothing."""
    random = np.random.default_rng(seed)
    customer, cutoff = np.repeat(np.arange(customers), 4), np.tile(np.arange(4), customers)
    trait = 2 * random.normal(size=customers)[customer]
    noise = random.normal(size=(customers, 4))[customer]
    outcome = (random.random(customer.size) < 1 / (1 + np.exp(-trait))).astype(np.int8)
    matrix = np.column_stack([trait, noise]).astype(np.float32)
    learned = cutoff < 2
    classifier = RepurchaseClassifier(learning_rate=0.2, min_child=10, n_leaves=6, feature_fraction=0.6)
    arena = Arena(
        matrix[learned], outcome[learned], cutoff[learned], customer[learned],
        matrix[~learned], cutoff[~learned], customer[~learned], (),
        classifier.booster_parameters, n_trees=10,
    )  # fmt: skip
    return arena, LaterRows(outcome[~learned], customer[~learned], float(outcome[learned].mean()))


def gains(seed):
    arena, tested = world(seed)
    found = refit(arena, GROUPS, seed)
    _, groups = compare(tested, found.whole, found.groups)
    return {each.group: each for each in groups}


def test_everything_is_fitted_as_often_as_asked_and_comes_out_the_same_again():
    arena, tested = world(1)

    one, other = refit(arena, GROUPS, seed=3), refit(arena, GROUPS, seed=3)

    rows = tested.outcome.size
    assert one.whole.prediction.shape == one.groups["noise"].without.prediction.shape == (10, rows)
    assert one.groups["trait"].alone.prediction.shape == (FITS_ALONE, rows)
    for name in GROUPS:
        for kind in ("alone", "by_chance", "without"):
            mine, theirs = (getattr(each.groups[name], kind) for each in (one, other))
            assert np.array_equal(mine.prediction, theirs.prediction)


@pytest.fixture(scope="module")
def trials():
    return [gains(seed) for seed in range(20)]


def test_noise_is_seldom_said_to_add_and_never_to_tell_alone(trials):
    assert sum(trial["noise"].adds.is_measurable for trial in trials) <= 2  # nominal: one in forty
    assert sum(trial["noise"].alone.is_measurable for trial in trials) <= 2


def test_noise_is_not_biased_either_way(trials):
    above = sum(trial["noise"].adds.loss.value > 0 for trial in trials)

    assert 4 <= above <= 16


def test_what_decides_is_found_every_time(trials):
    assert all(trial["trait"].adds.is_measurable and trial["trait"].alone.is_measurable for trial in trials)
