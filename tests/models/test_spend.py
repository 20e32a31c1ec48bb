"""What those who buy do: never less than the probability says, in any currency, the same bytes for any threads."""

import numpy as np
import pytest

from patron.models.spend import FEWEST_BUYERS, Expectation, SpendModel, fit_spend

RANDOM = np.random.default_rng(11)
FEATURES = np.column_stack([RANDOM.gamma(2.0, 1.0, 4_000), RANDOM.random(4_000)]).astype(np.float32)
PURCHASES = RANDOM.poisson(FEATURES[:, 0]).astype(float)
SPEND = np.where(PURCHASES > 0, RANDOM.gamma(2.0, 5.0, 4_000) * PURCHASES, 0.0)
BUYERS = FEATURES[PURCHASES > 0]


def fitted(spend: np.ndarray | None = SPEND, threads: int = 1) -> SpendModel:
    found = fit_spend(BUYERS, PURCHASES, spend, categorical=[], seed=7, threads=threads)
    assert found is not None
    return found


def test_no_expectation_of_purchases_lies_below_the_probability() -> None:
    chance = np.linspace(0.001, 0.999, 4_000)
    assert (fitted().expected_purchases(FEATURES, chance) >= chance).all()


def test_totals_and_order_of_the_customers_are_met() -> None:
    model, chance = fitted(), 1 - np.exp(-FEATURES[:, 0].astype(float))
    purchases, spend = model.expected_purchases(FEATURES, chance), model.expected_spend(FEATURES, chance)
    assert purchases.sum() == pytest.approx(PURCHASES.sum(), rel=0.03)
    assert spend.sum() == pytest.approx(SPEND.sum(), rel=0.05)
    assert np.corrcoef(purchases, FEATURES[:, 0])[0, 1] > 0.97


def test_spend_is_in_the_currency_and_everything_else_without_it() -> None:
    chance = np.full(4_000, 0.5)
    one, other = (fitted(SPEND * rate).expected_spend(FEATURES, chance) for rate in (1.0, 100.0))
    np.testing.assert_allclose(other, one * 100, rtol=1e-4)


def test_returns_lower_the_spend_of_buyers_and_those_of_others_the_level() -> None:
    returned = np.where(PURCHASES > 0, SPEND, -1.0)
    model = fitted(returned)
    assert model.level == pytest.approx(1 - (PURCHASES == 0).sum() / SPEND.sum())
    negative = SPEND.copy()
    negative[np.flatnonzero(PURCHASES > 0)[:50]] = -3.0
    assert (fitted(negative).expected_spend(FEATURES, np.full(4_000, 0.5)) >= 0).all()


def test_the_same_bytes_on_any_number_of_threads() -> None:
    assert fitted(threads=1) == fitted(threads=2)


def test_nobody_who_bought_twice_and_nothing_spent_are_expectations_too() -> None:
    once = np.minimum(PURCHASES, 1.0)
    model = fit_spend(BUYERS, once, np.zeros(4_000), categorical=[], seed=7)
    assert model is not None
    assert model.expected_purchases(FEATURES[:3], np.full(3, 0.25)).tolist() == [0.25] * 3
    assert model.spend is None
    assert np.isnan(model.expected_spend(FEATURES[:3], np.full(3, 0.25))).all()


def test_from_too_few_buyers_nothing_is_learned() -> None:
    few = np.zeros(4_000)
    few[: FEWEST_BUYERS - 1] = 1
    assert fit_spend(FEATURES[few > 0], few, None, categorical=[], seed=7) is None


def test_nobody_is_asked_about() -> None:
    assert Expectation(None, 0.5).apply(FEATURES[:0]).size == 0
    assert fitted().expected_purchases(FEATURES[:0], np.empty(0)).size == 0
