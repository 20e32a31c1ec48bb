"""Customers who never change are not said to move, however noisy their orders and answers; those who do are."""

from dataclasses import replace

import numpy as np
import pytest

from patron.models.loyalty_movement import Moving, close_pairs, dispersion, movement

DAYS = (180, 90)
MOMENTS = ("2024-01-01", "2024-04-01")


def constant(seed, customers=3000, bursts=0.0, noise=0.15):
    """Customers of a constant rate and attitude, with bursts of orders and answers that miss the truth at times."""
    random = np.random.default_rng(seed)
    rate = random.gamma(1.0, 3.0, customers)
    months = random.poisson(rate[:, None] / 3, (customers, 9)).astype(float)
    if bursts:
        months = random.negative_binomial(
            np.maximum(rate[:, None] / 3 / bursts, 1e-9), 1 / (1 + bursts), (customers, 9)
        )
        months = months.astype(float)
    truth = random.random(customers) < 0.6
    said = [np.where(random.random(customers) < noise, ~truth, truth) for _ in range(2)]
    answered = random.random(customers) < 0.5
    later = np.where(answered, said[1], said[0]).astype(float)
    moving = Moving(
        months[:, :6].sum(axis=1),
        months[:, 3:].sum(axis=1),
        months[:, 6:].sum(axis=1),
        said[0].astype(float),
        later,
        answered,
        months[:, 6:],
    )
    pairs = random.random(800) < 0.6
    retests = tuple(np.where(random.random(800) < noise, ~pairs, pairs) for _ in range(2))
    return moving, retests


def found(seed, **how):
    moving, retests = constant(seed, **how)
    return movement(moving, retests, 6.0, DAYS, MOMENTS, seed)


@pytest.mark.parametrize("bursts", [0.0, 1.0])
def test_constant_customers_move_no_more_than_noise(bursts):
    said = [change.is_more for seed in range(12) for change in found(seed, bursts=bursts).changes]
    assert len(said) == 36
    assert sum(said) <= 4  # 2.5 % of them would be expected


def test_the_noise_of_constant_customers_is_what_they_show():
    for change in found(5).changes:
        assert change.noise.value == pytest.approx(change.observed, abs=0.03)


def test_customers_who_stop_are_seen_to_move():
    moving, retests = constant(3)
    stopped = np.random.default_rng(9).random(moving.since.size) < 0.3
    later = np.where(stopped, moving.later - moving.since, moving.later)
    since = np.where(stopped, 0.0, moving.since)
    changed = movement(replace(moving, later=later, since=since), retests, 6.0, DAYS, MOMENTS, 1)
    assert changed.changes[0].what == "behaviour"
    assert changed.changes[0].is_more


def test_customers_who_change_their_mind_are_seen_to_move_in_attitude_alone():
    moving, retests = constant(4)
    turned = moving.answered & (np.random.default_rng(2).random(moving.since.size) < 0.4)
    other = np.where(turned, 1.0 - moving.attitude_later, moving.attitude_later)
    changed = movement(replace(moving, attitude_later=other), retests, 6.0, DAYS, MOMENTS, 1)
    assert [each.is_more for each in changed.changes] == [False, True, True]


def test_transitions_account_for_every_customer_with_an_order():
    moving, retests = constant(6)
    result = movement(moving, retests, 6.0, DAYS, MOMENTS, 6)
    assert np.sum(result.transitions) == result.changes[0].customers
    assert np.sum(result.expected) == pytest.approx(result.changes[0].customers, abs=2)


def test_with_too_few_retests_nothing_is_said_of_attitude():
    moving, retests = constant(7)
    result = movement(moving, tuple(each[:10] for each in retests), 6.0, DAYS, MOMENTS, 7)
    assert [each.what for each in result.changes] == ["behaviour"]
    assert result.expected is None


def test_few_customers_are_not_followed():
    moving, retests = constant(8, customers=150)
    assert movement(moving, retests, 6.0, DAYS, MOMENTS, 8) is None


def test_dispersion_is_one_for_chance_more_for_bursts_and_not_moved_by_a_steady_trend():
    random = np.random.default_rng(1)
    assert dispersion(random.poisson(2.0, (20_000, 3)).astype(float)) == pytest.approx(1.0, abs=0.05)
    assert dispersion(random.negative_binomial(2.0, 0.5, (20_000, 3)).astype(float)) == pytest.approx(
        2.0, abs=0.1
    )
    trend = random.poisson([1.0, 2.0, 3.0], (20_000, 3)).astype(float)
    assert dispersion(trend) == pytest.approx(1.0, abs=0.05)
    assert dispersion(np.full((3, 3), np.nan)) == 1.0


def test_retests_are_the_neighbouring_answers_closest_together():
    customer = np.array([1, 1, 1, 2, 2, 3])
    moment = np.array([0, 10, 100, 5, 205, 7])
    satisfied = np.array([True, False, True, True, True, False])
    first, second = close_pairs(customer, moment, satisfied)
    assert (first.tolist(), second.tolist()) == ([True], [False])
