"""Drift: sizes of differences, counted by what they move."""

import numpy as np
import pytest

from patron.features.catalogue import FeatureField
from patron.models.contract import InputReference, Reference, input_reference_of
from patron.models.drift import drift_of, input_drift, stability_index

NUMBER = FeatureField("orders_90d", "orders", "in the last 90 days", "buying_cycle")
WORD = FeatureField("channel", "", "of the last order", "buying_cycle", "category", ("app", "shop"))
MONTH = FeatureField("cutoff_month", "", "of the cutoff", "calendar")
NORMAL = np.random.default_rng(1).normal(10, 2, 20_000)


def of_number(values: np.ndarray, before: np.ndarray = NORMAL):  # type: ignore[no-untyped-def]
    reference = input_reference_of(before.astype(np.float32), NUMBER)
    return input_drift(NUMBER, reference, values, unseen=0.0, weight=0.5, moves=0.0)


def test_what_has_not_changed_has_no_size() -> None:
    found = of_number(np.random.default_rng(2).normal(10, 2, 5_000))
    assert found.psi < 0.01
    assert abs(found.shift) < 0.05
    assert found.distance < 0.06
    assert found.missing == 0


@pytest.mark.parametrize("spreads", [-1.0, 0.5, 2.0])
def test_a_shift_is_told_in_units_of_trainings_spread(spreads: float) -> None:
    found = of_number(NORMAL + 2 * spreads)
    assert found.shift == pytest.approx(spreads, rel=0.03)
    assert found.distance == pytest.approx(abs(spreads), rel=0.03)
    assert found.psi > 0.2


def test_a_wider_spread_moves_far_and_not_to_one_side() -> None:
    found = of_number(10 + (NORMAL - 10) * 2)
    assert abs(found.shift) < 0.05
    assert found.distance > 0.5


def test_counts_that_few_have_do_not_look_like_another_world() -> None:
    before, now = (np.random.default_rng(seed).poisson(6, 20_000).astype(float) for seed in (3, 4))
    assert of_number(now, before).psi < 0.02


@pytest.mark.parametrize("most", [0.0, 9.0])
def test_the_few_beside_a_value_that_most_have_are_seen(most: float) -> None:
    """As with complaints: three in a hundred had any, and now thirty have."""

    def with_others(share: float) -> np.ndarray:
        return np.where(np.arange(10_000) < 10_000 * share, 3.0, most)

    assert of_number(with_others(0.03), with_others(0.03)).psi < 0.01
    assert of_number(with_others(0.30), with_others(0.03)).psi > 0.5


def test_the_index_is_that_of_the_definition_less_what_chance_gives() -> None:
    before, now = np.array([0.5, 0.5]), np.array([0.6, 0.4])
    expected = 0.1 * np.log(0.6 / 0.5) - 0.1 * np.log(0.4 / 0.5)
    assert stability_index(before, now, 1_000) == pytest.approx(expected - 1 / 1_000)
    assert stability_index(before, before, 10) == 0
    assert np.isnan(stability_index(before, now, 0))


def test_small_samples_of_the_same_do_not_drift_on_average() -> None:
    random = np.random.default_rng(5)
    found = [of_number(random.normal(10, 2, 100)).psi for _ in range(200)]
    assert np.mean(found) < 0.1  # 20 bins and 100 rows give 0.2 by chance alone


def test_missing_values_are_told_apart_from_the_values() -> None:
    found = of_number(np.where(np.arange(20_000) % 4 == 0, np.nan, NORMAL))
    assert found.missing == 0.25
    assert found.missing_before == 0
    assert found.psi < 0.01
    nothing = of_number(np.full(10, np.nan))
    assert nothing.missing == 1
    assert np.isnan(nothing.psi)
    assert nothing.size == 0


def test_a_category_is_compared_by_its_shares() -> None:
    reference = InputReference(0.0, shares={"app": 0.5, "shop": 0.5})
    codes = np.array([0.0] * 900 + [1.0] * 100)
    found = input_drift(WORD, reference, codes, unseen=0.1, weight=0.5, moves=0.0)
    expected = 0.4 * np.log(0.9 / 0.5) - 0.4 * np.log(0.1 / 0.5)
    assert found.psi == pytest.approx(expected - 1 / 1_000)
    assert np.isnan(found.distance)
    assert found.unseen == 0.1


def test_a_difference_counts_by_its_weight_and_moments_are_apart() -> None:
    matrix = np.column_stack([NORMAL + 20, np.zeros(NORMAL.size), np.full(NORMAL.size, 7.0)]).astype(
        np.float32
    )
    inputs = {
        "orders_90d": input_reference_of(NORMAL.astype(np.float32), NUMBER),
        "channel": InputReference(0.0, shares={"app": 0.5, "shop": 0.5}),
        "cutoff_month": InputReference(0.0, tuple(np.linspace(1, 3, 21).tolist())),
    }
    found = drift_of(
        Reference(tuple(np.linspace(0, 1, 1001).tolist()), inputs),
        (NUMBER, WORD, MONTH),
        matrix,
        {},
        np.linspace(0, 1, 1_000),
        {"orders_90d": 0.2, "channel": 0.6, "cutoff_month": 9.0},
        np.array([[0.5, -0.5, 3.0], [0.7, -0.1, 3.0]]),
    )
    assert found.apart == ("cutoff_month",)
    assert {each.name: each.weight for each in found.inputs} == pytest.approx(
        {"orders_90d": 0.25, "channel": 0.75}
    )
    assert {each.name: each.moves for each in found.inputs} == pytest.approx(
        {"orders_90d": 0.6, "channel": -0.3}
    )
    channel, orders = found.inputs[0], found.inputs[1]
    assert channel.name == "channel"
    assert orders.psi > 1
    assert found.weighted == pytest.approx(0.75 * min(channel.psi, 1) + 0.25)
    assert found.scores == pytest.approx(0, abs=0.01)
    assert found.mean_score_before == pytest.approx(0.5)
