"""A gain is a difference of losses, with the noise of customers and of fits in its interval."""

import numpy as np
import pytest

from patron.models.group_gains import Fits, GroupFits, LaterRows, compare
from patron.models.metrics import auc

GOOD, BETTER, COIN = [0.7, 0.3, 0.7, 0.3], [0.8, 0.2, 0.8, 0.2], [0.5, 0.5, 0.5, 0.5]


def seen(customers):
    return LaterRows(np.array([1, 0, 1, 0] * 25, np.int8), np.arange(100) % customers, prevalence=0.5)


def fits(*probability):
    return Fits(np.array([np.tile(each, 25) for each in probability]))


def added(rows, whole, without):
    """What a group adds, whatever it tells alone."""
    _, (group,) = compare(rows, whole, {"spend": GroupFits(1, whole, whole, without)})
    return group.adds


def test_what_is_added_is_the_mean_difference_of_log_loss_over_the_fits():
    gain = added(seen(100), fits(BETTER, BETTER), fits(COIN, COIN))

    assert gain.loss.value == pytest.approx(np.log(0.8 / 0.5))
    assert gain.auc.value == 0.5
    assert gain.share.value == pytest.approx(1.0)
    assert gain.loss.low == pytest.approx(gain.loss.high)  # all customers and fits say the same


def test_fits_that_differ_widen_the_interval():
    gain = added(seen(100), fits(COIN, COIN), fits([0.4, 0.6] * 2, [0.6, 0.4] * 2))

    one, other = np.log(0.5 / 0.4), np.log(0.5 / 0.6)
    of_seeds, of_arrangement = np.var([one, other], ddof=1) / 2, np.var([one, other], ddof=1)
    half = 12.706 * np.sqrt(of_seeds + of_arrangement)  # Student's t with one degree of freedom
    assert gain.loss.value == pytest.approx((one + other) / 2)
    assert gain.loss.high - gain.loss.value == pytest.approx(half, rel=1e-4)
    assert not gain.is_measurable


def test_customers_are_drawn_with_all_their_rows():
    rows = [[0.9, 0.1, 0.6, 0.4]] * 2

    wide = added(seen(4), fits(*rows), fits(COIN, COIN)).loss
    narrow = added(seen(100), fits(*rows), fits(COIN, COIN)).loss

    gains = np.log([0.9 / 0.5, 0.6 / 0.5])
    error = gains.std() * np.sqrt(4 / 3) / 2  # four customers, two of either gain
    assert wide.value == narrow.value == pytest.approx(gains.mean())
    assert wide.high - wide.value == pytest.approx(1.96 * error, rel=1e-3)
    assert narrow.high - narrow.low < (wide.high - wide.low) / 4


def test_the_auc_agrees_with_the_metric_and_its_error_with_a_bootstrap():
    random = np.random.default_rng(1)
    outcome = random.integers(0, 2, 300).astype(np.int8)
    probability = np.round(1 / (1 + np.exp(-outcome + random.normal(size=300))), 1)
    probability = probability.clip(0.05, 0.95)
    rows = LaterRows(outcome, np.arange(300), 0.5)

    whole, _ = compare(rows, Fits(probability[None]), {})

    drawn = [random.integers(0, 300, 300) for _ in range(400)]
    spread = np.std([auc(outcome[each], probability[each]) for each in drawn])
    assert whole.auc.value == pytest.approx(auc(outcome, probability) - 0.5)
    assert (whole.auc.high - whole.auc.value) / 1.96 == pytest.approx(spread, rel=0.15)


def spend(by_chance):
    """A group that tells something alone, beside a whole model that tells more."""
    groups = {"spend": GroupFits(3, fits(GOOD, GOOD), fits(by_chance, by_chance), without=fits(GOOD, GOOD))}
    whole, (group,) = compare(seen(100), fits(BETTER, BETTER), groups)
    return whole, group


def test_shared_is_what_a_group_tells_alone_less_what_it_adds():
    whole, group = spend(by_chance=[0.4, 0.6, 0.4, 0.6])

    total, alone = np.log(0.8 / 0.5), np.log(0.7 / 0.5)
    assert whole.loss.value == pytest.approx(total)
    assert group.alone.share.value == pytest.approx(alone / total)
    assert group.adds.share.value == pytest.approx(np.log(0.8 / 0.7) / total)
    assert group.shared.value == pytest.approx(group.alone.share.value - group.adds.share.value)
    assert group.features == 3


def test_recognising_customers_is_no_merit_of_a_group():
    _, group = spend(by_chance=[0.6, 0.4, 0.6, 0.4])

    assert group.alone.loss.value == pytest.approx(np.log(0.7 / 0.6))


def test_a_loss_is_told_as_a_bound_and_never_as_harm():
    gain = added(seen(100), fits(COIN, COIN), fits(BETTER, BETTER))

    assert gain.loss.high < 0
    assert not gain.is_measurable
    assert np.isnan(gain.share.value)  # the whole model tells nothing to have a share of


def test_what_fits_differ_by_for_the_customers_tested_is_not_counted_twice():
    random = np.random.default_rng(2)
    outcome = random.integers(0, 2, 400).astype(np.int8)
    rows = LaterRows(outcome, np.arange(400), 0.5)
    drawn = random.uniform(
        0.3, 0.7, (20, 400)
    )  # every fit says something else of every customer, and nothing of all

    gain = added(rows, Fits(drawn[:10]), Fits(drawn[10:]))

    losses = -np.log(np.where(outcome == 1, drawn, 1 - drawn))
    difference = losses[10:].mean(axis=0) - losses[:10].mean(axis=0)
    of_customers = 1.96 * difference.std(ddof=1) / np.sqrt(400)
    of_fits = 2.262 * (losses[10:] - losses[:10]).mean(axis=1).std(ddof=1) / np.sqrt(10)
    assert of_customers <= gain.loss.high - gain.loss.value < np.hypot(of_customers, of_fits)


def test_a_lucky_arrangement_widens_the_interval_however_many_fits_there_are():
    random = np.random.default_rng(3)
    arrangement = random.normal(0, 0.02, 40)  # moves all customers alike, so that no customers explain it
    spread = [
        added(seen(100), fits(*[COIN] * number), fits(*[[0.5 + each, 0.5 - each] * 2 for each in arrangement[:number]]))
        for number in (10, 40)
    ]  # fmt: skip
    few, many = (each.loss.high - each.loss.value for each in spread)

    assert few > 0.04
    assert many > 0.04
