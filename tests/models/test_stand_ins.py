"""Groups that tell the same cover for each other; groups that tell different things do not."""

import numpy as np

from patron.models.classifier import RepurchaseClassifier
from patron.models.group_gains import Gain, GroupGain, LaterRows, compare
from patron.models.intervals import Estimate
from patron.models.refits import Arena, refit, refit_pairs
from patron.models.stand_ins import MOST_GROUPS, pairs_to_ask, stand_ins

GROUPS = {"one": (0,), "twin": (1,), "other": (2,)}
PAIRS = (("one", "twin"), ("one", "other"))


def world(seed: int) -> tuple[Arena, LaterRows]:
    """Two columns tell the same trait, a third one another; both decide."""
    random = np.random.default_rng(seed)
    customer, cutoff = np.repeat(np.arange(400), 4), np.tile(np.arange(4), 400)
    trait, other = 2 * random.normal(size=(2, 400))[:, customer]
    twin = trait + 0.3 * random.normal(size=400)[customer]
    outcome = (random.random(customer.size) < 1 / (1 + np.exp(-trait - other))).astype(np.int8)
    matrix = np.column_stack([trait, twin, other]).astype(np.float32)
    learned = cutoff < 2
    settings = RepurchaseClassifier(learning_rate=0.2, min_child=10, n_leaves=6, feature_fraction=0.7)
    arena = Arena(
        matrix[learned], outcome[learned], cutoff[learned], customer[learned],
        matrix[~learned], cutoff[~learned], customer[~learned], (),
        settings.booster_parameters, n_trees=20,
    )  # fmt: skip
    return arena, LaterRows(outcome[~learned], customer[~learned], float(outcome[learned].mean()))


def test_the_twins_are_named_and_the_others_are_not():
    arena, tested = world(1)
    fitted = refit(arena, GROUPS, 3)

    found = stand_ins(tested, fitted.whole, fitted.groups, refit_pairs(arena, GROUPS, PAIRS, 3))

    assert [(each.first, each.second) for each in found] == list(PAIRS)
    assert found[0].is_measurable
    assert found[0].covered.value > 0.2
    assert not found[1].is_measurable


def test_a_pair_is_permuted_as_its_groups_are_alone():
    arena, _ = world(2)
    both = refit_pairs(arena, GROUPS, [("one", "one")], 3)["one", "one"]
    alone = refit(arena, GROUPS, 3).groups["one"].without
    np.testing.assert_array_equal(both.prediction, alone.prediction[: len(both.prediction)])


def test_only_groups_that_tell_something_alone_are_asked_about_and_the_most_telling():
    def group(name: str, alone: float) -> GroupGain:
        share = Estimate(alone, alone - 0.05, alone + 0.05)
        gain = Gain(share, share, share)
        return GroupGain(name, 1, gain, gain, share)

    groups = [
        group(name, alone) for name, alone in zip("abcdef", (0.1, 0.5, 0.02, 0.4, 0.3, 0.2), strict=True)
    ]
    pairs = pairs_to_ask(groups)

    assert {name for pair in pairs for name in pair} == {"b", "d", "e", "f"}
    assert len(pairs) == MOST_GROUPS * (MOST_GROUPS - 1) // 2
    assert pairs[0] == ("b", "d")


def test_what_is_covered_agrees_with_what_compare_says():
    """Without both less without either, all as shares: the same numbers by two ways."""
    arena, tested = world(4)
    fitted = refit(arena, GROUPS, 5)
    both = refit_pairs(arena, GROUPS, PAIRS[:1], 5, fits=10)[PAIRS[0]]
    whole, groups = compare(tested, fitted.whole, fitted.groups)
    lost = tested.losses(both).mean() - tested.losses(fitted.whole).mean()
    single = sum(each.adds.loss.value for each in groups if each.group in PAIRS[0])

    (found,) = stand_ins(tested, fitted.whole, fitted.groups, {PAIRS[0]: both})

    np.testing.assert_allclose(found.covered.value, (lost - single) / whole.loss.value, atol=1e-12)
