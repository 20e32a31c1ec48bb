"""Ageing: the cost of each age by hand, and the one sentence it comes to."""

import numpy as np
import pytest

from patron.models.ageing import AgeCurve, AgedLosses, AgePoint, rows_loss
from patron.models.intervals import Estimate


def point(days: int, low: float, beyond: float) -> AgePoint:
    cost, older = (Estimate(end + 0.002, end, end + 0.004) for end in (low, beyond))
    return AgePoint(days, cost, older, 3)


def test_a_row_s_loss_is_its_negative_log_likelihood() -> None:
    assert rows_loss(np.array([1, 0]), np.array([0.5, 0.2])) == pytest.approx([-np.log(0.5), -np.log(0.8)])


def test_an_age_s_cost_is_the_mean_over_its_cutoffs() -> None:
    customers = np.arange(50)
    aged = [
        AgedLosses(28, customers, np.full(50, 0.03)),
        AgedLosses(14, customers, np.full(50, 0.01)),
        AgedLosses(14, customers, np.full(50, 0.02)),
    ]
    young, old = AgeCurve.of(aged, seed=7).points
    assert (young.days, young.cutoffs, old.days, old.cutoffs) == (14, 2, 28, 1)
    assert (young.loss.low, young.loss.value, young.loss.high) == pytest.approx((0.015, 0.015, 0.015))
    assert old.loss.value == pytest.approx(0.03)
    assert (young.beyond.value, old.beyond.value) == pytest.approx((0.02, 0.03))


@pytest.mark.parametrize(
    ("lows", "says"),
    [
        ([], "could not be tried"),
        ([(-0.001, -0.001), (0.001, -0.001)], "No loss from age is visible up to 4 weeks"),
        (
            [(-0.001, 0.001), (0.001, 0.002), (-0.001, 0.003)],
            "by 0.0030 of log loss (0.0010 to 0.0050, 10% of its gain over the best opponent): retrain at least",
        ),
        ([(0.001, 0.001), (0.003, 0.003)], "retrain whenever new targets are mature"),
    ],
    ids=["nothing", "chance", "an age", "at once"],
)
def test_the_rhythm_is_the_last_age_before_losses_that_last(
    lows: list[tuple[float, float]], says: str
) -> None:
    curve = AgeCurve(tuple(point(14 * (i + 1), *each) for i, each in enumerate(lows)))
    assert says in curve.rhythm(gain=0.03)


def test_a_model_without_a_gain_has_no_share_of_it_to_lose() -> None:
    assert "%" not in AgeCurve((point(14, 0.01, 0.01),)).rhythm(gain=-0.1)
