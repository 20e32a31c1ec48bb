"""What earlier draws say of a programme: in money, only from horizons that are over, and for whom."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patron.actions.draws import draws_of
from patron.actions.known_effects import KnownEffect, _line, known_effect
from patron.actions.scores import Scores

from .businesses import ground_of
from .shops import Shop, programme

NOBODY = np.empty(0, np.int64)


@pytest.fixture(scope="module")
def shop():
    return Shop.of()


def known(shop, asked=None, cutoff=None, until="2020-09-01", **frames):
    with shop.store(until, **frames) as store:
        ground = ground_of(store)
        (draw,) = draws_of(store, 30)
        moment = store.observed_until if cutoff is None else store.zone.midnight(pd.Timestamp(cutoff).date())
        return known_effect(ground, asked or programme("mail"), draw, 0.5, NOBODY, moment)


def test_the_profit_of_a_contact_is_the_margin_of_what_it_added_less_its_cost(shop):
    found = known(shop)
    true = 0.5 * 0.5 * 30  # half of them bought for another 30, half of which is earned
    assert found.draws == 600
    assert found.effect.estimate.low < true < found.effect.estimate.high
    assert found.gain.value == pytest.approx(found.effect.estimate.value - 1)
    assert found.state == "pays"


def test_an_incentive_is_paid_to_every_buyer_among_the_contacted(shop):
    without, paid = known(shop), known(shop, programme("mail", incentive=2.0))
    assert paid.effect.estimate.value == pytest.approx(without.effect.estimate.value - 2, abs=0.1)


def test_whether_it_pays_is_said_only_where_the_interval_leaves_zero_out(shop):
    assert known(shop, programme("mail", cost=20.0)).state == "does not pay"
    assert known(shop, programme("mail", cost=7.5)).state == "unknown"


def test_no_outcome_after_the_cutoff_is_used(shop):
    early = known(shop, cutoff="2020-06-30")
    assert early.effect is None
    assert early.state == "unknown"
    assert "no horizon after its draw is over" in early.words
    late = shop.purchases[shop.purchases["purchased_at"] >= "2020-07-05"].assign(amount=999.0)
    changed = pd.concat([shop.purchases[shop.purchases["purchased_at"] < "2020-07-05"], late])
    same = known(shop, cutoff="2020-07-05"), known(shop, cutoff="2020-07-05", purchases=changed)
    assert same[0].effect.estimate == same[1].effect.estimate


def test_a_test_without_one_arm_beside_its_control_says_so(shop):
    three = shop.assignments.assign(arm=np.resize(["a", "b", "hold out"], 600))
    found = known(shop, assignments=three)
    assert found.state == "unknown"
    assert "a, b, hold out" in found.words


def test_what_was_never_tested_is_unknown():
    assert "never tested" in KnownEffect(programme("mail")).words


def test_a_line_tells_who_gains_more_with_an_interval():
    random = np.random.default_rng(2)
    chance = random.random((5000, 1))
    effect = 1 + 4 * chance[:, 0] + random.normal(size=5000)
    scores = Scores(np.column_stack([np.zeros(5000), effect]), np.zeros((5000, 2)), np.arange(5000))
    value, low, high = _line(chance, scores, np.array([[0.0], [1.0]]), 7)
    assert value == pytest.approx([1, 5], abs=0.15)
    at_an_end = 2 / np.sqrt(5000)  # the error of a line at either end of an even spread, for noise of 1
    assert high - low == pytest.approx(2 * 1.96 * at_an_end, rel=0.1)


def test_whom_it_moves_is_used_once_it_was_learned(shop, monkeypatch):
    """Half of the customers buy seldom, and only the others respond."""
    monkeypatch.setattr("patron.actions.known_effects.FEWEST_TO_LEARN", 500)
    seldom = shop.purchases["customer_id"] % 2 == 0
    added = shop.purchases["amount"] == 30
    often = shop.purchases[~seldom]
    rare = shop.purchases[seldom & ~added & (shop.purchases["purchased_at"].dt.month % 3 == 0)]
    frames = {"purchases": pd.concat([often, rare])}
    with shop.store(**frames) as store:
        ground = ground_of(store)
        (draw,) = draws_of(store, 30)
        asked = replace(programme("mail"), cost=1.0)
        found = known_effect(ground, asked, draw, 0.5, np.arange(600), store.observed_until)
    assert found.learned is not None
    assert found.gains.value[1::2].mean() > found.gains.value[::2].mean() + 3
    assert "learned from" in found.words
