"""Gamma-Gamma against the paper's numbers, the data's own structure, and simulated customers."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad

from patron.features.errors import DataError
from patron.models.gamma_gamma import GammaGamma, _negative_log_likelihood, fit_gamma_gamma


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    """Repeat transactions of the 1/10 sample in the first 39 weeks: how many days with one, and their mean value."""
    spec = importlib.util.find_spec("lifetimes")
    assert spec is not None
    assert spec.origin is not None
    columns = ["master", "customer", "date", "discs", "value"]
    path = Path(spec.origin).parent / "datasets" / "CDNOW_sample.txt"
    lines = pd.read_csv(path, sep=r"\s+", names=columns)
    days = lines[lines["date"] <= 19970930].groupby(["customer", "date"], as_index=False)["value"].sum()
    first = days.groupby("customer")["date"].transform("min")
    repeats = days[days["date"] > first]
    return repeats.groupby("customer")["value"].agg(["size", "mean"])


def test_the_papers_parameters_are_found(cdnow: pd.DataFrame) -> None:
    assert len(cdnow) == 946
    found = fit_gamma_gamma(cdnow["size"], cdnow["mean"])
    assert found.converged
    assert found.p == pytest.approx(6.25, abs=0.005)
    assert found.q == pytest.approx(3.74, abs=0.005)
    assert found.v == pytest.approx(15.44, abs=0.01)


def test_another_currency_changes_only_v(cdnow: pd.DataFrame) -> None:
    one, other = (fit_gamma_gamma(cdnow["size"], cdnow["mean"] * rate) for rate in (1, 100))
    assert (other.p, other.q) == pytest.approx((one.p, one.q), rel=1e-4)
    assert other.v == pytest.approx(one.v * 100, rel=1e-4)


def test_the_order_of_the_customers_changes_no_bit(cdnow: pd.DataFrame) -> None:
    shuffled = cdnow.sample(frac=1, random_state=3)
    assert fit_gamma_gamma(cdnow["size"], cdnow["mean"]) == fit_gamma_gamma(
        shuffled["size"], shuffled["mean"]
    )


def test_the_slope_is_that_of_the_likelihood() -> None:
    x, z = np.array([1.0, 2.0, 7.0]), np.array([0.5, 1.5, 1.0])
    error = check_grad(
        lambda at: _negative_log_likelihood(at, x, z)[0],
        lambda at: _negative_log_likelihood(at, x, z)[1],
        np.log([1.5, 2.5, 0.8]),
    )
    assert error < 1e-6


PAPER = GammaGamma(6.25, 3.74, 15.44)


def test_who_bought_nothing_is_worth_what_all_are_and_who_bought_much_what_was_seen() -> None:
    everybody = 6.25 * 15.44 / (3.74 - 1)
    found = PAPER.expected_value([0, 3, 1_000_000, 2], [np.nan, 0.0, 50.0, 50.0])
    assert found[:2] == pytest.approx([everybody] * 2)
    assert found[2] == pytest.approx(50.0, rel=1e-4)
    assert found[3] == pytest.approx(6.25 * (15.44 + 100) / (6.25 * 2 + 3.74 - 1))


@given(st.integers(1, 500), st.floats(0.01, 1e5))
def test_the_expectation_lies_between_the_own_mean_and_everybodys(purchases: int, mean: float) -> None:
    everybody = 6.25 * 15.44 / (3.74 - 1)
    (found,) = PAPER.expected_value([purchases], [mean])
    assert min(mean, everybody) * (1 - 1e-9) <= found <= max(mean, everybody) * (1 + 1e-9)


def test_the_parameters_of_simulated_customers_are_found_again() -> None:
    random = np.random.default_rng(1)
    x = random.integers(1, 12, 20_000).astype(float)
    rate = random.gamma(4.0, 1 / 20.0, x.size)
    mean = random.gamma(3.0 * x, 1 / rate) / x
    found = fit_gamma_gamma(x, mean)
    assert (found.p, found.q, found.v) == pytest.approx((3.0, 4.0, 20.0), rel=0.06)


def test_nobody_to_learn_from_gives_no_parameters() -> None:
    found = fit_gamma_gamma([0.0, 2.0], [10.0, np.nan])
    assert not found.converged
    assert np.isnan(found.expected_value([1.0], [2.0])).all()


def test_an_impossible_history_is_refused() -> None:
    with pytest.raises(DataError, match="impossible"):
        fit_gamma_gamma([-1.0], [10.0])
