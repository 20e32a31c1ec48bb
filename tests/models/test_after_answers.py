"""Scores beside customers alike: rates standardised over cells, intervals by customer, and steps that are real."""

import numpy as np
import pytest

from patron.models import after_answers as rules
from patron.models.after_answers import after_answers, response, score_bands
from patron.models.exposure import exposure_cells
from patron.models.moments import Moments, standardise


def moments(customer, cell, outcome):
    return Moments(np.array(customer), np.array(cell), np.array(outcome, np.int8))


def world(seed, customers=4_000, effect=0.0):
    """Scores 1 to 5; the often buying score higher, and a score of 5 has an effect of its own."""
    random = np.random.default_rng(seed)
    cell = random.integers(0, 2, customers)
    score = np.minimum(1 + random.binomial(4, 0.4 + 0.3 * cell), 5).astype(np.float64)
    rate = 0.3 + 0.4 * cell
    there = random.random(customers) < rate + effect * (score == 5)
    alike_cell = random.integers(0, 2, 20_000)
    alike = moments(customers + np.arange(20_000), alike_cell, random.random(20_000) < 0.3 + 0.4 * alike_cell)
    return moments(np.arange(customers), cell, there), score, alike


def test_the_expected_share_weighs_the_rates_of_the_cells_by_the_answers_in_them():
    alike = moments(range(100, 110), [0] * 5 + [1] * 5, [1, 0, 0, 0, 0, 1, 1, 1, 1, 0])  # 20% and 80%
    asked = moments(range(4), [0, 1, 1, 1], [0, 1, 1, 1])

    (rate,) = standardise(asked, np.zeros(4, np.int64), ["all"], alike).rates

    assert rate.expected.value == pytest.approx(0.25 * 0.2 + 0.75 * 0.8)
    assert rate.share.value == 0.75
    assert rate.difference.value == pytest.approx(0.75 - 0.65)
    assert (rate.moments, rate.customers) == (4, 4)


def test_a_customer_who_answers_often_does_not_make_it_more_certain():
    asked, _, alike = world(1, customers=200)
    often = moments(*(np.tile(each, 9) for each in (asked.customer, asked.cell, asked.outcome)))

    (once,) = standardise(asked, np.zeros(200, np.int64), ["all"], alike).rates
    (nine,) = standardise(often, np.zeros(1_800, np.int64), ["all"], alike).rates

    assert nine.difference.low == pytest.approx(once.difference.low)
    assert nine.share.low == pytest.approx(once.share.low, abs=1e-3)
    assert (nine.moments, nine.customers) == (1_800, 200)


def test_who_buys_often_and_scores_high_for_another_reason_is_no_association():
    found = after_answers(*world(2), "points")

    shares = [each.share.value for each in found.bands]
    assert shares[-1] > shares[0] + 0.1  # the raw curve rises
    assert found.slope.low < 0 < found.slope.high
    assert found.step is None


def test_a_step_at_the_top_is_found_there():
    found = after_answers(*world(3, effect=0.15), "points")

    assert found.slope.low > 0
    assert (found.step.below, found.step.above) == ("4", "5")
    assert found.step.change.low < 0.15 < found.step.change.high


def test_intervals_of_nothing_hold_zero_as_often_as_they_say():
    slopes = [after_answers(*world(seed, customers=1_500), "points").slope for seed in range(100, 160)]

    assert sum(each.low < 0 < each.high for each in slopes) >= 52


def test_answers_without_customers_alike_are_left_out_and_counted():
    asked, score, alike = world(4)
    asked.cell[:1_000] = 7

    found = after_answers(asked, score, alike, "points")

    assert found.matched == 0.75
    assert sum(each.moments for each in found.bands) == 3_000


def test_one_score_has_no_shape():
    asked, score, alike = world(5, customers=100)
    assert after_answers(asked, np.full(score.size, 5.0), alike, "points") is None
    assert after_answers(asked, score, alike.chosen(np.zeros(20_000, np.bool_)), "points") is None


def test_few_customers_join_the_next_higher_scores(monkeypatch):
    monkeypatch.setattr(rules, "FEWEST_CUSTOMERS", 2)
    score = np.array([1.0, 2.0, 3.0, 3.0, 4.0])

    band, names, middle = score_bands(score, np.array([1, 2, 3, 4, 5]))

    assert band.tolist() == [0, 0, 1, 1, 1]
    assert names == ("1 to 2", "3 to 4")
    assert middle.tolist() == [1.5, 10 / 3]


def test_a_long_scale_is_shown_in_five_bands(monkeypatch):
    monkeypatch.setattr(rules, "FEWEST_CUSTOMERS", 1)
    score = np.arange(0, 101, 5).astype(np.float64)

    _, names, _ = score_bands(score, np.arange(21))

    assert names == ("0 to 15", "20 to 35", "40 to 55", "60 to 75", "80 to 100")


def test_those_who_answered_are_set_beside_the_silent():
    asked, _, alike = world(6)
    answered = np.arange(4_000) % 2 == 0
    asked.outcome[answered] = 1

    (silent, answering), difference = response(asked, answered, alike)

    assert (silent.name, answering.name) == ("asked, no answer", "asked and answered")
    assert difference.value == pytest.approx(answering.difference.value - silent.difference.value)
    assert difference.low > 0.3
    assert response(asked, np.zeros(4_000, np.bool_), alike) == ((), None)


def test_unknown_exposure_is_a_cell_of_its_own():
    cells = exposure_cells(["repeat"] * 3, np.array([np.nan, 200.0, 1.0]), np.array([2.0, 2.0, np.nan]))
    assert np.unique(cells).size == 3


def test_it_can_be_told_as_plain_data():
    plain = after_answers(*world(3, effect=0.15), "points").to_dict()

    assert plain["step"]["above"] == "5"
    assert plain["bands"][0].keys() == {"name", "moments", "customers", "share", "expected", "difference"}
    assert plain["answered_less_silent"] is None
