"""A family's gain is what is lost when its rows say nothing of their customers, with the noise of fits in it."""

import numpy as np
import pytest

from patron.features.catalogue import FeatureField
from patron.models.metrics import auc
from patron.training.recipe import Recipe

from .scripts import scripts


@pytest.fixture(scope="module")
def family_gains():
    with scripts("family_gains") as found:
        yield found["family_gains"]


def judgeable(family_gains, families, matrix, **known):
    """Snapshots of customers in turn at cutoff 100 and 200, learned from at the first and tested at the second."""
    matrix = np.array(matrix, np.float32)
    fields = tuple(FeatureField(f"{name}_{place}", "x", "x", name) for place, name in enumerate(families))
    rows = np.arange(len(matrix))
    cutoff = np.where(rows % 2, 200, 100)
    outcome = known.get("outcome", rows % 3 == 0).astype(np.int8)
    return family_gains.Judgeable(matrix, fields, outcome, rows // 2, cutoff, cutoff == 100, cutoff == 200)


def test_a_familys_rows_are_permuted_together_within_each_cutoff_and_nothing_else_changes(family_gains):
    numbers = np.arange(8)
    data = judgeable(family_gains, ["mine", "mine", "other"], np.c_[numbers, numbers * 10, numbers])

    changed = data.permuted("mine", np.random.default_rng(1))

    mine = changed.matrix[:, 0]
    assert mine.tolist() != numbers.tolist()
    assert sorted(mine[::2]) == [0, 2, 4, 6]
    assert sorted(mine[1::2]) == [1, 3, 5, 7]
    assert changed.matrix[:, 1].tolist() == (mine * 10).tolist()
    assert changed.matrix[:, 2].tolist() == data.matrix[:, 0].tolist() == numbers.tolist()


def test_a_family_that_is_left_out_takes_its_columns_and_fields_with_it(family_gains):
    left = judgeable(family_gains, ["mine", "other", "mine"], [[1, 2, 3], [4, 5, 6]]).without("mine")

    assert left.matrix.tolist() == [[2], [5]]
    assert [field.name for field in left.fields] == ["other_1"]


@pytest.mark.parametrize(
    ("values", "alike"), [([1.0, 2.0, 1.0, 2.0], True), ([1.0, 2.0, 1.0, 3.0], False), ([np.nan] * 4, True)]
)
def test_what_is_the_same_for_all_customers_of_a_cutoff_cannot_be_permuted(family_gains, values, alike):
    assert judgeable(family_gains, ["calendar"], np.c_[values]).is_alike("calendar") == alike


def test_each_family_is_judged_on_what_was_not_learned_from(family_gains):
    random = np.random.default_rng(3)
    rows = 4_000
    telling, noise = random.random(rows), random.random(rows)
    outcome = random.random(rows) < 0.1 + 0.8 * telling
    week = np.arange(rows) % 2
    data = judgeable(
        family_gains, ["telling", "noise", "calendar"], np.c_[telling, noise, week], outcome=outcome
    )

    gains = list(family_gains.family_gains(data, range(4), Recipe(n_trees=20)))

    assert [(gain.family, gain.features, gain.left_out) for gain in gains] == [
        ("telling", 1, False),
        ("noise", 1, False),
        ("calendar", 1, True),
    ]
    assert [gain.is_gain for gain in gains] == [True, False, False]
    assert [gain.costs_nothing for gain in gains[1:]] == [True, True]


def judged(family_gains, *probability):
    outcome = np.array([1, 0, 1, 0] * 25, np.int8)
    given = np.array([np.tile(each, 25) for each in probability])
    return family_gains.Judged(given, outcome, np.arange(100))


def test_the_gain_is_the_mean_difference_over_seeds(family_gains):
    whole = judged(family_gains, [0.8, 0.2, 0.8, 0.2], [0.8, 0.2, 0.8, 0.2])
    permuted = judged(family_gains, [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5])

    gain = family_gains.compare("spend", 3, whole, permuted)

    assert gain.log_loss.value == pytest.approx(np.log(0.8 / 0.5))
    assert gain.auc.value == 0.5
    # every customer and every fit says the same
    assert gain.log_loss.low == pytest.approx(gain.log_loss.high)
    assert gain.auc.low == pytest.approx(gain.auc.high)
    assert gain.loss == pytest.approx(-np.log(0.8))


def test_fits_that_differ_widen_the_interval(family_gains):
    whole = judged(family_gains, [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5])
    permuted = judged(family_gains, [0.4, 0.6, 0.4, 0.6], [0.6, 0.4, 0.6, 0.4])

    gain = family_gains.compare("spend", 3, whole, permuted)

    one, other = np.log(0.5 / 0.4), np.log(0.5 / 0.6)
    # Student's t with one degree of freedom, times the error of a mean of two
    half = 12.706 * abs(one - other) / 2
    assert gain.log_loss.value == pytest.approx((one + other) / 2)
    assert gain.log_loss.high - gain.log_loss.value == pytest.approx(half, rel=1e-4)
    assert not gain.costs_nothing


def test_the_interval_is_as_wide_as_customers_drawn_with_all_their_rows_make_it(family_gains):
    random = np.random.default_rng(5)
    customer = np.repeat(np.arange(400), 3)
    trait = np.repeat(random.normal(size=400), 3)
    outcome = (random.random(1_200) < 1 / (1 + np.exp(-trait))).astype(np.int8)
    good, poor = (1 / (1 + np.exp(-(trait + noise * random.normal(size=1_200)))) for noise in (0.5, 2.0))
    whole, permuted = (
        family_gains.Judged(np.stack([each, each]), outcome, customer) for each in (good, poor)
    )

    found = family_gains.compare("spend", 1, whole, permuted).auc

    drawn = []
    for _ in range(300):
        weight = np.bincount(random.integers(0, 400, 400), minlength=400)[customer].astype(float)
        drawn.append(auc(outcome, good, weight) - auc(outcome, poor, weight))
    assert found.value == pytest.approx(auc(outcome, good) - auc(outcome, poor))
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * np.std(drawn), rel=0.15)
