"""Shares of reasons by period: a true shift is seen, none is not, and few customers are not spoken of."""

import numpy as np
import pytest

from patron.models.reason_shifts import reason_shifts

PERIODS = ("2024-01-01", "2024-04-01", "2024-07-01")


def said(seed, last=(0.25, 0.25, 0.25, 0.25), customers=600):
    """Each customer gives a reason in each period, mostly the own one again."""
    random = np.random.default_rng(seed)
    own = random.integers(0, 4, customers)
    places, words = [], []
    for place in range(3):
        fresh = random.choice(4, customers, p=last if place == 2 else (0.25,) * 4)
        words.append(np.where(random.random(customers) < 0.5, own, fresh))
        places.append(np.full(customers, place))
    names = np.array(["delivery", "price", "quality", "service"])
    return np.tile(np.arange(customers), 3), np.concatenate(places), names[np.concatenate(words)]


def test_a_reason_that_gains_is_seen_with_its_interval():
    found = reason_shifts("answers", *said(1, last=(0.0, 1.0, 0.0, 0.0)), PERIODS)
    price = next(each for each in found.reasons if each.reason == "price")
    assert price.is_measurable
    assert price.change.low > 0.2
    assert found.customers == (600, 600, 600)


def test_reasons_that_do_not_shift_are_seldom_said_to():
    claims = [
        any(each.is_measurable for each in reason_shifts("answers", *said(seed), PERIODS).reasons)
        for seed in range(60)
    ]
    assert sum(claims) <= 12  # 6 would be expected at 10% false discovery


def test_shares_of_a_period_sum_to_one():
    found = reason_shifts("answers", *said(2), PERIODS)
    assert [sum(each.shares[place].value for each in found.reasons) for place in range(3)] == pytest.approx(
        [1] * 3
    )


def test_periods_with_few_customers_are_left_out_and_one_alone_tells_no_shift():
    customer, period, reason = said(3)
    fewer = (period != 1) | (customer < 199)
    found = reason_shifts("answers", customer[fewer], period[fewer], reason[fewer], PERIODS)
    assert found.periods == ("2024-01-01", "2024-07-01")
    only = period == 0
    assert reason_shifts("answers", customer[only], period[only], reason[only], PERIODS) is None
