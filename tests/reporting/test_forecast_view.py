"""How much and when, as the report says it: verdicts from intervals, and reasons where nothing was judged."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from patron.models.forecast_evaluation import ForecastEvaluation, HorizonQuality, judge_amount
from patron.models.intervals import Estimate
from patron.models.range_evaluation import Followed, judge_ranges
from patron.reporting.forecast_view import ForecastView
from patron.reporting.training_page import TrainingPage, figures, render_training_page


@pytest.fixture(scope="module")
def judged() -> ForecastEvaluation:
    random = np.random.default_rng(3)
    trait, customer = random.gamma(1.0, 1.0, 400), np.arange(400)
    came = random.poisson(trait * 3).astype(float)
    cutoff = np.repeat([0, 10**14], 200)
    said = {"model": trait * 2, "own average": random.random(400)}
    amount = judge_amount("spend", came, said, customer, cutoff, 7)
    low = np.full(400, 1.0)
    days = (low, low + 2, low + 6)
    seen = Followed(random.integers(0, 9, 400) * 1.0, np.full(400, 30.0), customer, cutoff)
    ranges = judge_ranges(days, {"own mean gap": (low, low, low)}, seen, {"few": 3}, 7)
    return ForecastEvaluation((amount,), (HorizonQuality(90, reason="too short"),), ranges)


def test_the_verdict_is_that_of_the_interval(judged: ForecastEvaluation) -> None:
    def says(low: float, high: float) -> str:
        amount = replace(judged.amounts[0], gain=Estimate(0.01, low, high))
        return ForecastView(replace(judged, amounts=(amount,))).amounts[0].says

    assert says(0.001, 0.02).startswith("The model ranks better than own average")
    assert says(-0.01, 0.02).startswith("No measurable difference from own average")
    assert says(-0.02, -0.01).startswith("The model ranks worse than own average")
    assert "expects too little" in says(0.001, 0.02)


def test_ranges_are_told_with_intervals_and_horizons_with_their_reason(judged: ForecastEvaluation) -> None:
    view = ForecastView(judged)
    assert "100.0% of the snapshots have a range" in view.ranges[0]
    assert "the aim is 80%. By test cutoff it was " in view.ranges[1]
    assert "7 days wide" in view.ranges[2]
    assert [(name, parts[0].value, parts[-1].value) for name, parts in view.range_rows] == [
        ("model", "400", "7 days"),
        ("own mean gap", "400", "1 day"),
    ]
    assert view.amounts[0].by_cutoff.startswith("Gain in Gini by test cutoff, the earliest first: +0.")
    assert view.reasons == (("few", "3"),)
    assert view.horizons == (("90 days", "", (), "too short"),)


def test_the_report_has_the_section_only_where_something_was_judged(
    page: Any, judged: ForecastEvaluation
) -> None:
    base: TrainingPage = page
    assert 'id="forecast"' not in render_training_page(base)
    with_forecast = replace(base, forecast=judged)
    html = render_training_page(with_forecast)
    assert "How much, and when" in html
    assert "Net spend in the next" in html
    assert "expected" in figures(with_forecast)
