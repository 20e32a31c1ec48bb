"""Kinds beside others alike: a difference beyond exposure is found, exposure alone is none, few are not told."""

import numpy as np

from patron.models.customer_kinds import CustomerKinds, absent_or, compared, lower_third
from patron.models.moments import Moments


def world(seed, gain=0.0, customers=1200):
    """Half are of the kind, more of them among those who buy often; `gain` is what the kind adds."""
    random = np.random.default_rng(seed)
    cell = random.integers(0, 3, customers)
    of_kind = random.random(customers) < np.array([0.2, 0.5, 0.8])[cell]
    rate = np.array([0.2, 0.4, 0.6])[cell] + gain * of_kind
    outcome = (random.random(customers) < rate).astype(np.int8)
    return Moments(np.arange(customers), cell, outcome), of_kind


def found(seed, gain):
    moments, of_kind = world(seed, gain)
    return absent_or(
        [
            (
                "kind",
                compared(
                    "kind", "of a kind", moments, of_kind, ~of_kind, {"orders": moments.cell.astype(float)}
                ),
            )
        ]
    ).rates[0]


def test_what_the_kind_adds_is_found_beyond_exposure():
    each = found(1, 0.2)
    assert each.is_measurable
    assert each.rate.difference.low < 0.2 < each.rate.difference.high


def test_a_kind_that_only_buys_more_often_is_no_different_from_customers_alike():
    assert sum(found(seed, 0.0).is_measurable for seed in range(40)) <= 7  # 4 would be expected at 10%


def test_the_table_of_kinds_keeps_what_could_not_be_told_with_its_reason():
    kinds = absent_or([("kind", "who is satisfied is not known")])
    assert kinds == CustomerKinds(absent=(("kind", "who is satisfied is not known"),))


def test_few_customers_or_outcomes_of_one_sort_are_not_told():
    moments, of_kind = world(2, customers=300)
    assert (
        compared("kind", "of a kind", moments, of_kind, ~of_kind, {"orders": moments.cell.astype(float)})
        is None
    )
    moments, of_kind = world(2)
    certain = Moments(moments.customer, moments.cell, np.ones_like(moments.outcome))
    assert (
        compared("kind", "of a kind", certain, of_kind, ~of_kind, {"orders": moments.cell.astype(float)})
        is None
    )


def test_the_lower_third_parts_customers_or_is_none():
    assert lower_third(np.array([0.0, 0.5, 1.0, 1.0])) == 0.5
    assert lower_third(np.array([1.0, 1.0, 1.0])) is None
    assert lower_third(np.array([np.nan])) is None
