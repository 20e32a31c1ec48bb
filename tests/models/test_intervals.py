"""Customers are resampled with all their snapshots; intervals cover what they promise."""

import numpy as np
import pytest
from scipy.stats import binomtest

from patron.models.intervals import (
    FEWEST_REPLICATES,
    ROW_BUDGET,
    CustomerBootstrap,
    Estimate,
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
