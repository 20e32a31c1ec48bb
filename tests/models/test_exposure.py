"""Equal exposure: heavy buyers within a band of frequency are told apart, and unknown values are no error."""

import numpy as np
import pytest

from patron.models.exposure import Exposure
from patron.models.moments import Moments, standardise


def world(seed=1, size=20_000):
    """The more somebody buys, the more likely they come back, and complain."""
    random = np.random.default_rng(seed)
    orders = random.geometric(0.05, size).astype(np.float64)
    share = orders / (orders + 20)
    complains = random.random(size) < share
    return orders, complains, (random.random(size) < share).astype(np.int8)


def test_those_who_complain_more_as_they_buy_more_are_no_better_at_equal_exposure():
    orders, complains, back = world()
    one_cell, customer = np.zeros(orders.size, np.int64), np.arange(orders.size)
    calm = Exposure({"orders_90d": orders[~complains]}, back[~complains])
    forecast = calm.forecast({"orders_90d": orders})

    def difference(expected):
        moments = Moments(customer, one_cell, back, expected)
        asked, alike = moments.chosen(complains), moments.chosen(~complains)
        return standardise(asked, np.zeros(complains.sum(), np.int64), ["all"], alike).rates[0].difference

    assert (
        difference(np.zeros(orders.size)).low > 0.1
    )  # a coarse cell alone says that complaining brings them back
    assert difference(forecast).low < 0 < difference(forecast).high


def test_amounts_are_forecast_too_and_unknown_values_are_their_own_kind():
    orders = np.array([1.0, np.nan] * 200)
    spend = np.where(np.isnan(orders), 50.0, 10.0)

    forecast = Exposure({"orders_90d": orders}, spend).forecast({"orders_90d": np.array([1.0, np.nan])})

    assert forecast == pytest.approx([10.0, 50.0], abs=0.5)


def test_a_single_outcome_is_expected_of_everyone():
    exposure = Exposure({"orders_90d": np.array([1.0, 2.0])}, np.array([1, 1], np.int8))
    assert exposure.forecast({"orders_90d": np.array([5.0, 7.0, 9.0])}).tolist() == [1.0, 1.0, 1.0]
    assert exposure.forecast({"orders_90d": np.zeros(0)}).size == 0
