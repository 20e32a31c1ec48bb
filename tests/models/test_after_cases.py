"""Groups of cases: numbers only from enough customers, and claims that stand after looking at all of them."""

import numpy as np

from patron.models.after_cases import AfterCases, Sides, case_part, controlled, severities
from patron.models.moments import Moments

NAMES = ("mild", "severe", "rare")


def world(seed=1, effect=-0.2, customers=1_200):
    """Severe cases lower repurchase by the effect; the rare kind has 30 customers."""
    random = np.random.default_rng(seed)
    group = np.array(["mild", "severe"])[random.integers(0, 2, customers)].astype("<U6")
    group[:30] = "rare"
    back = (random.random(customers) < 0.5 + effect * (group == "severe")).astype(np.int8)
    calm = (random.random(6_000) < 0.5).astype(np.int8)
    zeros = np.zeros(customers, np.int64), np.zeros(6_000, np.int64)
    cases = Moments(np.arange(customers), zeros[0], back)
    alike = Moments(customers + np.arange(6_000), zeros[1], calm)
    spent = (Moments(each.customer, each.cell, each.outcome * 20.0) for each in (cases, alike))
    return Sides(cases, alike, *spent), group


def looked(*args, **options):
    part = case_part("by severity", *world(*args, **options), NAMES, has_order=True)
    return controlled(AfterCases((part,), 1.0)).parts[0]


def test_the_severe_differ_from_customers_alike_and_from_the_mild():
    mild, severe, _ = looked().groups

    assert (mild.is_measurable, severe.is_measurable) == (False, True)
    assert severe.rate.difference.low < -0.2 < severe.rate.difference.high
    assert severe.spend.difference.low < -4.0 < severe.spend.difference.high
    contrast = looked().contrast
    assert (contrast.first, contrast.last, contrast.is_measurable) == ("mild", "severe", True)


def test_doing_better_than_customers_alike_is_never_claimed():
    _, severe, _ = looked(effect=0.3).groups
    assert severe.rate.difference.low > 0.2
    assert not severe.is_measurable


def test_few_customers_get_a_reason_and_no_number():
    rare = looked().groups[2]
    assert (rare.customers, rare.rate, rare.reason) == (30, None, "fewer than 50 customers")


def test_fewer_than_200_customers_get_a_number_and_no_claim():
    mild, severe, _ = looked(effect=-0.4, customers=300).groups
    assert severe.rate.difference.high < -0.1
    assert not severe.is_measurable
    assert not mild.is_measurable


def test_of_nothing_hardly_anything_is_claimed():
    parts = [looked(seed, effect=0.0) for seed in range(100, 150)]
    assert sum(any(each.is_measurable for each in part.groups) for part in parts) <= 10


def test_all_of_it_is_plain_data():
    plain = controlled(AfterCases((looked(),), 0.9, 4, 4.2)).to_dict()
    assert plain["parts"][0]["groups"][2]["rate"] is None
    assert plain["parts"][0]["contrast"]["difference"].keys() == {"value", "low", "high"}


def test_many_severities_are_told_apart_by_thirds():
    words, names = severities(np.append(np.arange(9.0), np.nan))
    assert names == ("least severe third", "middle third", "most severe third")
    assert words.tolist() == [names[0]] * 3 + [names[1]] * 3 + [names[2]] * 3 + [""]
