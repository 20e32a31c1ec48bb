"""Customers are resampled with all their snapshots; intervals cover what they promise."""

import numpy as np
import pytest
from scipy.stats import binomtest

from patron.models.intervals import (
    FEWEST_REPLICATES,
    ROW_BUDGET,
    CustomerBootstrap,
    Estimate,
    NextCutoff,
    customer_bootstrap,
    wilson,
)

CUSTOMERS = np.array([4, 9, 4, 2, 9, 4])


def test_all_rows_of_a_customer_have_one_weight() -> None:
    for weights in customer_bootstrap(CUSTOMERS, seed=7, replicates=20):
        for customer in (2, 4, 9):
            assert len(set(weights[customer == CUSTOMERS])) == 1


def test_as_many_customers_are_drawn_as_there_are() -> None:
    plan = CustomerBootstrap.of(CUSTOMERS, 7, 50)
    assert [plan.counts(replicate).sum() for replicate in range(50)] == [3.0] * 50


def test_replicates_differ_and_a_seed_repeats_them() -> None:
    first = np.array(list(customer_bootstrap(np.arange(50), 7, 5)))
    again = np.array(list(customer_bootstrap(np.arange(50), 7, 5)))
    other = np.array(list(customer_bootstrap(np.arange(50), 8, 5)))
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first, axis=0)) == 5
    assert (first != other).any()


def test_run_evaluates_every_replicate_in_order() -> None:
    plan = CustomerBootstrap.of(CUSTOMERS, 7, 8)
    expected = np.array([plan.counts(replicate) for replicate in range(8)])
    np.testing.assert_array_equal(plan.run(lambda counts: counts), expected)


def test_very_many_rows_have_fewer_replicates() -> None:
    rows = ROW_BUDGET // 300
    assert CustomerBootstrap.of(np.zeros(rows, np.int8), 7, 500).replicates == 300
    assert CustomerBootstrap.of(np.zeros(10, np.int8), 7, 500).replicates == 500
    assert CustomerBootstrap.of(np.zeros(rows * 10, np.int8), 7, 500).replicates == FEWEST_REPLICATES


def test_an_estimate_leaves_out_the_middle_95_percent() -> None:
    assert Estimate.of(0.5, np.linspace(0, 1, 1001)) == Estimate(
        0.5, pytest.approx(0.025), pytest.approx(0.975)
    )


def test_undefined_replicates_are_left_out() -> None:
    assert Estimate.of(1.0, np.array([np.nan, 1.0, 1.0])) == Estimate(1.0, 1.0, 1.0)


def test_an_undefined_estimate_is_none_in_plain_data_and_comes_back() -> None:
    plain = Estimate.of(np.nan, np.array([1.0])).to_dict()
    assert plain == {"value": None, "low": None, "high": None}
    assert np.isnan(Estimate.from_dict(plain).value)


def test_an_estimate_survives_plain_data() -> None:
    assert Estimate.from_dict(Estimate(0.5, 0.4, 0.6).to_dict()) == Estimate(0.5, 0.4, 0.6)


def test_the_interval_of_repeated_customers_is_wider_than_that_of_independent_rows() -> None:
    rng = np.random.default_rng(7)
    taste = rng.normal(size=300)
    values = np.repeat(taste, 10)
    customers = np.repeat(np.arange(300), 10)
    spread = {}
    for name, ids in {"customers": customers, "rows": np.arange(3_000)}.items():
        means = [weights @ values / weights.sum() for weights in customer_bootstrap(ids, 7, 200)]
        spread[name] = np.std(means)
    assert spread["customers"] == pytest.approx(1 / np.sqrt(300), rel=0.2)
    assert spread["rows"] == pytest.approx(1 / np.sqrt(3_000), rel=0.2)


@pytest.mark.parametrize(("events", "rows"), [(0, 20), (3, 20), (20, 20), (417, 3_000)])
def test_wilson_agrees_with_scipy(events: int, rows: int) -> None:
    expected = binomtest(events, rows).proportion_ci(method="wilson")
    interval = wilson(events, rows)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_no_rows_is_undefined() -> None:
    assert np.isnan(wilson(0, 0).value)


def test_the_next_cutoff_s_interval_by_hand() -> None:
    """Values 1, 2, 3, 4 with errors of 0.5: variance 5/3; t with 3 degrees is 3.1824."""
    found = NextCutoff.of([Estimate.around(value, 0.5) for value in (1.0, 2.0, 3.0, 4.0)])
    reach = 3.182446 * np.sqrt(5 / 3 * (1 + 1 / 4))
    assert (found.low, found.high) == pytest.approx((2.5 - reach, 2.5 + reach), abs=1e-5)
    assert (found.is_range, found.cutoffs) == (False, 4)


def test_cutoffs_alike_by_chance_leave_the_sampling_error() -> None:
    found = NextCutoff.of([Estimate.around(0.8, 0.01)] * 4)
    assert found.high - 0.8 == pytest.approx(1.959964 * 0.01 * np.sqrt(5 / 4), abs=1e-6)


def test_fewer_than_four_cutoffs_give_their_range_and_none_gives_nothing() -> None:
    three = NextCutoff.of([Estimate.around(value, 0.1) for value in (0.7, 0.9, 0.8)])
    assert (three.low, three.high, three.is_range) == (0.7, 0.9, True)
    assert np.isnan(NextCutoff.of([Estimate(np.nan, np.nan, np.nan)]).low)


def test_an_interval_stays_within_what_a_metric_can_be() -> None:
    assert NextCutoff(-0.5, 1.2, 4).within(0.0, 1.0) == NextCutoff(0.0, 1.0, 4)


@pytest.mark.parametrize("cutoffs", [4, 8])
@pytest.mark.parametrize("between", [0.0, 0.02, 0.1], ids=["all chance", "both", "mostly season"])
def test_the_next_cutoff_lies_in_its_interval_about_as_often_as_it_says(cutoffs: int, between: float) -> None:
    """The truth is known: cutoffs differ by a normal `between`, samples by a normal error of 0.02."""
    rng = np.random.default_rng(23)
    truth = 0.8 + between * rng.normal(size=(2_000, cutoffs + 1))
    seen = truth + 0.02 * rng.normal(size=truth.shape)
    found = [NextCutoff.of([Estimate.around(value, 0.02) for value in row[:-1]]) for row in seen]
    covered = np.mean([each.low <= row[-1] <= each.high for each, row in zip(found, seen, strict=True)])
    assert 0.94 <= covered <= 0.99
