"""BG/NBD against the paper's numbers, the package lifetimes, integrals and simulated customers."""

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln
from scipy.stats import nbinom

from patron.features.bgnbd import (
    BgNbd,
    _Likelihood,
    expected_purchases,
    fit_bgnbd,
    probability_alive,
    purchase_probability,
)
from patron.features.errors import DataError

CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
"""Fader, Hardie and Lee (2005), table 2: the 1/10 sample of CDNOW, in weeks."""


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    spec = importlib.util.find_spec("lifetimes")
    assert spec is not None
    assert spec.origin is not None
    return pd.read_csv(Path(spec.origin).parent / "datasets" / "cdnow_customers_summary.csv")


@pytest.fixture(scope="module")
def peer() -> Any:
    """The fitter of lifetimes; importing it sets a pandas option that is deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter
    fitter = BetaGeoFitter()
    fitter.params_ = pd.Series({name: getattr(CDNOW, name) for name in ("r", "alpha", "a", "b")})
    return fitter


def test_the_papers_parameters_and_likelihood_are_found(cdnow: pd.DataFrame):
    found = fit_bgnbd(cdnow["frequency"], cdnow["recency"], cdnow["T"])
    assert found.converged
    assert [round(float(value), 3) for value in (found.r, found.alpha, found.a, found.b)] == [
        0.243, 4.414, 0.793, 2.426,
    ]  # fmt: skip
    assert round(found.log_likelihood * len(cdnow), 1) == -9582.4


def test_another_unit_of_time_changes_only_alpha(cdnow: pd.DataFrame):
    weeks = fit_bgnbd(cdnow["frequency"], cdnow["recency"], cdnow["T"])
    days = fit_bgnbd(cdnow["frequency"], cdnow["recency"] * 7, cdnow["T"] * 7)
    assert np.allclose([days.r, days.alpha, days.a, days.b], [weeks.r, weeks.alpha * 7, weeks.a, weeks.b])


def test_the_order_of_customers_changes_no_bit(cdnow: pd.DataFrame):
    shuffled = cdnow.sample(frac=1, random_state=1)
    assert fit_bgnbd(cdnow["frequency"], cdnow["recency"], cdnow["T"]) == fit_bgnbd(
        shuffled["frequency"], shuffled["recency"], shuffled["T"]
    )


def test_a_weight_of_two_is_a_customer_twice(cdnow: pd.DataFrame):
    twice = pd.concat([cdnow, cdnow[:500]])
    weights = np.where(np.arange(len(cdnow)) < 500, 2.0, 1.0)
    one = fit_bgnbd(twice["frequency"], twice["recency"], twice["T"])
    other = fit_bgnbd(cdnow["frequency"], cdnow["recency"], cdnow["T"], weights)
    assert np.allclose([one.r, one.alpha, one.a, one.b], [other.r, other.alpha, other.a, other.b], rtol=1e-5)


def test_a_customer_of_weight_zero_does_not_count():
    x, last, now = [3.0, 1.0, 0.0, 0.0], [20.0, 8.0, 0.0, 0.0], [25.0, 30.0, 30.0, 9.0]
    assert fit_bgnbd([*x, 50], [*last, 1], [*now, 90], [1, 1, 1, 1, 0]) == fit_bgnbd(x, last, now)


@pytest.mark.parametrize("logs", [(-1.4, 1.5, -0.2, 0.9), (2.0, -1.0, 1.0, -3.0), (0.0, 0.0, 3.0, 3.0)])
def test_the_likelihood_is_that_of_lifetimes_and_its_slope_that_of_small_steps(
    cdnow: pd.DataFrame, peer: Any, logs: tuple[float, ...]
):
    ordered = cdnow.sort_values("frequency")
    columns = [ordered[name].to_numpy(float) for name in ("frequency", "recency", "T")]
    ones = np.ones(len(cdnow))
    likelihood, at = _Likelihood(*columns, ones / ones.size), np.array(logs)
    value, slope = likelihood(at)
    assert value == pytest.approx(peer._negative_log_likelihood(at, *columns, ones, 0.0), rel=1e-12)
    steps = 1e-5 * np.eye(4)
    rise = [(likelihood(at + step)[0] - likelihood(at - step)[0]) / 2e-5 for step in steps]
    assert slope == pytest.approx(rise, abs=1e-7)


def test_parameters_of_simulated_customers_are_found_again():
    random = np.random.default_rng(3)
    truth, n = BgNbd(r=0.8, alpha=60.0, a=1.2, b=6.0), 20_000
    rate = random.gamma(truth.r, 1 / truth.alpha, n)
    leaving = random.beta(truth.a, truth.b, n)
    age = random.uniform(100, 700, n)
    frequency, recency, at = np.zeros(n), np.zeros(n), np.zeros(n)
    here = np.ones(n, bool)
    while here.any():
        at = np.where(here, at + random.exponential(1 / rate), at)
        here &= at < age
        frequency, recency = frequency + here, np.where(here, at, recency)
        here &= random.random(n) >= leaving
    found = fit_bgnbd(frequency, recency, age)
    assert found.converged
    assert np.allclose([found.r, found.alpha], [truth.r, truth.alpha], rtol=0.1)
    assert np.isclose(found.a / (found.a + found.b), truth.a / (truth.a + truth.b), rtol=0.1)


@pytest.mark.parametrize(
    ("frequency", "recency", "age"), [([], [], []), ([0, 0], [0, 0], [5, 9]), ([0, 1], [0, 0], [0, 0])]
)
def test_where_nobody_came_back_nothing_is_known(
    frequency: list[float], recency: list[float], age: list[float]
):
    found = fit_bgnbd(frequency, recency, age)
    assert not found.converged
    assert np.isnan([found.r, found.alpha, found.a, found.b]).all()
    assert np.isnan(purchase_probability(7, found, [0, 3], [0, 2], [9, 9])).all()


@pytest.mark.parametrize(
    ("history", "alive"),
    [
        (([4.0] * 50, [29.0] * 50, [30.0] * 50), 1.0),  # all still buy, at one rate
        (([1.0] * 90 + [0.0] * 10, [1.0] * 90 + [0.0] * 10, [300.0] * 100), 0.0),  # all left at once
    ],
)
def test_populations_without_variety_are_fitted_too(history: tuple[list[float], ...], alive: float):
    found = fit_bgnbd(*history)
    assert np.isfinite([found.r, found.alpha, found.a, found.b]).all()
    assert probability_alive(found, *(column[:1] for column in history)) == pytest.approx(alive, abs=0.01)


@pytest.mark.parametrize(
    ("history", "shown"),
    [
        (([1, 2], [3, 9], [5, 8]), "frequency 2, recency 9, age 8, weight 1"),
        (([-1], [0], [5]), "frequency -1, recency 0, age 5, weight 1"),
        (([1], [float("nan")], [5]), "frequency 1, recency nan, age 5, weight 1"),
        (([1], [1], [float("inf")]), "frequency 1, recency 1, age inf, weight 1"),
        (([1], [1], [5], [-1]), "frequency 1, recency 1, age 5, weight -1"),
    ],
)
def test_an_impossible_history_is_refused(history: tuple[list[float], ...], shown: str):
    with pytest.raises(DataError, match="A purchase history is impossible") as error:
        fit_bgnbd(*history)
    assert error.value.found == shown


# What is expected


def test_the_papers_example_is_reproduced():
    """The customer 1 of its spreadsheet: two repeat purchases, the last after 30.43 of 38.86 weeks; 39 more weeks."""
    assert expected_purchases(39, CDNOW, 2, 30.43, 38.86) == pytest.approx(1.226, abs=0.001)


def test_lifetimes_expects_the_same(cdnow: pd.DataFrame, peer: Any):
    columns = [cdnow[name].to_numpy(float) for name in ("frequency", "recency", "T")]
    alive = peer.conditional_probability_alive(*columns)
    assert np.allclose(probability_alive(CDNOW, *columns), alive, rtol=1e-12)
    for weeks in (1.0, 39.0, 500.0):
        theirs = peer.conditional_expected_number_of_purchases_up_to_time(weeks, *columns)
        assert np.allclose(expected_purchases(weeks, CDNOW, *columns), theirs, rtol=1e-9)


def test_who_bought_once_is_alive_whatever_the_silence():
    assert probability_alive(CDNOW, [0, 0, 1], [0, 0, 0], [1, 1e6, 1e6])[:2].tolist() == [1.0, 1.0]
    silent = purchase_probability(10, CDNOW, [0, 0, 0], [0, 0, 0], [1, 100, 1e6])
    assert (np.diff(silent) < 0).all()


@settings(max_examples=60, deadline=None)
@given(
    x=st.sampled_from([0.0, 1.0, 4.0, 60.0, 2_000.0]),
    z=st.floats(1e-3, 0.9),
    r=st.floats(-3, 3).map(np.exp2),
    a=st.one_of(st.just(1.0), st.floats(-3, 6).map(np.exp2)),
    b=st.floats(-3, 6).map(np.exp2),
)
def test_expected_purchases_are_the_integral_over_all_ways_to_leave(
    x: float, z: float, r: float, a: float, b: float
):
    odds, power = z / (1 - z), 8.0

    def density(p: float, stays: float) -> float:
        bought = -np.expm1(-(r + x) * np.log1p(p * odds)) / p
        return bought * np.exp((a - 1) * np.log(p) + (b + x - 1) * np.log(stays) - betaln(a, b + x))

    def near_zero(u: float) -> float:  # substituted so that neither end has a pole
        return density(u**power, 1 - u**power) * power * u ** (power - 1)

    def near_one(u: float) -> float:
        return density(1 - u**power, u**power) * power * u ** (power - 1)

    half = 0.5 ** (1 / power)
    low, high = (quad(side, 0, half, limit=400)[0] for side in (near_zero, near_one))
    model = BgNbd(r, alpha=1.0, a=a, b=b)
    alive = probability_alive(model, x, 9.0, 9.0) if x else 1.0
    assert expected_purchases(10 * odds, model, x, 9.0 if x else 0.0, 9.0) / alive == pytest.approx(
        low + high, rel=1e-6
    )


@pytest.mark.parametrize("x", [0.0, 3.0, 200.0])
@pytest.mark.parametrize(("r", "a", "b"), [(1000.0, 0.5, 40.0), (40.0, 3.0, 3.0), (0.5, 2_000.0, 1.0)])
def test_homogeneous_and_fleeting_populations_lose_no_digits(x: float, r: float, a: float, b: float):
    """Where the quick series would cancel or overflow: against purchases wanted, one by one, and the chance to stay."""
    alpha, age, horizon = 30.0, 60.0, 45.0
    z = horizon / (alpha + age + horizon)
    wanted = nbinom(r + x, 1 - z).sf(np.arange(5_000))
    stayed = np.cumprod(np.append(1.0, (b + x + np.arange(4_999)) / (a + b + x + np.arange(4_999))))
    model = BgNbd(r, alpha, a, b)
    last = age if x else 0.0
    expected = float(wanted @ stayed) * probability_alive(model, x, last, age)
    assert expected_purchases(horizon, model, x, last, age) == pytest.approx(expected, rel=1e-9)


def test_no_horizon_brings_no_purchase_and_a_short_one_at_most_the_chance_of_one():
    x, last, now = np.array([0.0, 2.0, 500.0]), np.array([0.0, 20.0, 299.0]), np.array([50.0, 30.0, 300.0])
    assert expected_purchases(0, CDNOW, x, last, now).tolist() == [0.0, 0.0, 0.0]
    assert purchase_probability(0, CDNOW, x, last, now).tolist() == [0.0, 0.0, 0.0]
    short = 1e-4
    assert np.allclose(
        expected_purchases(short, CDNOW, x, last, now),
        purchase_probability(short, CDNOW, x, last, now),
        rtol=1e-3,
    )


def test_thousands_of_purchases_and_long_silences_stay_finite():
    x, last, now = np.array([5_000.0, 5_000.0]), np.array([700.0, 1.0]), np.array([700.1, 4_000.0])
    for found in (probability_alive(CDNOW, x, last, now), expected_purchases(90, CDNOW, x, last, now)):
        assert np.isfinite(found).all()
        assert found[0] > 0.5
        assert found[1] == 0.0


def test_each_row_may_have_parameters_of_its_own():
    models = BgNbd(
        np.array([0.243, 1.0]), np.array([4.414, 9.0]), np.array([0.793, 0.5]), np.array([2.426, 3.0])
    )
    other = BgNbd(1.0, 9.0, 0.5, 3.0)
    together = expected_purchases([7, 14], models, [2, 2], [30, 30], [39, 39])
    assert together.tolist() == [
        expected_purchases(7, CDNOW, 2, 30, 39)[0],
        expected_purchases(14, other, 2, 30, 39)[0],
    ]


def test_an_unknown_number_makes_the_answer_unknown():
    unknown = float("nan")
    for history in ((unknown, 0, 5), (2, unknown, 5), (2, 1, unknown), (0, 0, unknown)):
        assert np.isnan(purchase_probability(7, CDNOW, *history)).all()
        assert np.isnan(expected_purchases(7, CDNOW, *history)).all()
