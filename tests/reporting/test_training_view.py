"""The verdicts and rows of a training report."""

from dataclasses import replace

import numpy as np
import pytest

from patron.features.catalogue import FeatureField
from patron.models.ageing import AgeCurve, AgePoint
from patron.models.evaluation import Evaluation
from patron.models.intervals import Estimate, NextCutoff
from patron.reporting.segments import cutoffs_won, headline
from patron.reporting.training_page import FeatureWeight, TrainingPage
from patron.reporting.training_view import TrainingView, verdict


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.01, 0.05, "better"),
        (-0.05, -0.01, "worse"),
        (-0.01, 0.05, "no measurable difference"),
        (0.0, 0.05, "no measurable difference"),
        (np.nan, np.nan, "not defined"),
    ],
)
def test_the_verdict_follows_the_interval(low: float, high: float, said: str) -> None:
    assert verdict(Estimate(0.02, low, high)) == said


@pytest.mark.parametrize(
    ("error", "chance", "said"),
    [(0.010, 0.012, "No miscalibration can be seen."), (0.015, 0.012, "This is more than chance explains.")],
)
def test_calibration_is_set_beside_chance(page: TrainingPage, error: float, chance: float, said: str) -> None:
    model = {**page.evaluation.model, "calibration_error": Estimate(error, error, error)}
    judged = replace(
        page.evaluation,
        overall=replace(page.evaluation.overall, model=model),
        chance_calibration_error=chance,
        expected_calibration_error=0.008,
    )
    reading = TrainingView(replace(page, evaluation=judged)).calibration[0]
    assert (reading.value, reading.says) == (
        f"{error:.4f}",
        f"Right probabilities would show 0.0080 on average and stay below 0.0120 in 95% of samples like this. {said}",
    )


@pytest.mark.parametrize(
    ("slope", "said"),
    [
        (Estimate(0.8, 0.7, 0.9), "1 is right. High probabilities are too high and low ones too low."),
        (Estimate(1.2, 1.1, 1.3), "1 is right. High probabilities are too low and low ones too high."),
        (Estimate(1.0, 0.9, 1.1), "1 is right. The interval holds it."),
        (Estimate(np.nan, np.nan, np.nan), "1 is right. It is not defined here."),
    ],
)
def test_the_slope_is_read_against_one(page: TrainingPage, slope: Estimate, said: str) -> None:
    judged = replace(page.evaluation, recalibration={**page.evaluation.recalibration, "slope": slope})
    assert TrainingView(replace(page, evaluation=judged)).calibration[2].says == said


def test_only_the_heaviest_features_are_listed(page: TrainingPage) -> None:
    field = FeatureField("f", "days", "of something", "spend")
    many = tuple(FeatureWeight(f"feature_{i:02}", (i + 1) / 210, field) for i in range(20))
    rows = TrainingView(replace(page, features=many)).features
    assert [bar.label for bar, *_ in rows] == [f"feature_{i:02}" for i in range(19, 4, -1)]
    assert (rows[0][0].width, rows[-1][0].width) == ("100.0%", "30.0%")


def test_crossing_labels_are_named(page: TrainingPage) -> None:
    assert TrainingView(page).crossings == ()
    late = TrainingView(replace(page, geometry=replace(page.geometry, settle_days=1)))
    assert late.crossings == ("the label of 2017-10-23 was not mature at the test cutoff 2017-11-06",)


def test_cutoffs_keep_the_day_of_the_business(page: TrainingPage) -> None:
    assert [row.name for row in TrainingView(page).cutoffs] == ["2017-11-06", "2017-11-20", "2017-12-04"]
    elsewhere = TrainingView(replace(page, timezone="UTC"))
    assert elsewhere.cutoffs[0].name == "2017-11-06 05:00"


def test_the_headline_is_the_list_nearest_to_a_fifth_of_the_customers(evaluation: Evaluation) -> None:
    row = headline(evaluation)  # a fifth of 700 is 140
    assert row is not None
    assert row.contacted == 100
    assert headline(replace(evaluation, capacity=())) is None


def test_the_longest_bar_is_the_most_cases(page: TrainingPage) -> None:
    view = TrainingView(page)
    assert view.headline is not None
    model, opponent, chance = view.headline_bars(view.headline)
    assert model.width == "100.0%"
    assert float(chance.width[:-1]) < float(opponent.width[:-1]) < 100
    assert model.value == f"{view.headline.buyers.value:.0f}"


def test_one_cutoff_tells_nothing_of_the_spread(page: TrainingPage) -> None:
    single = replace(page.evaluation, per_cutoff=page.evaluation.per_cutoff[:1])
    said = TrainingView(replace(page, evaluation=single)).over_time
    assert said.startswith("Only one test cutoff could be judged")
    assert cutoffs_won(single, "log_loss") == (1, 1)


def test_cutoffs_that_were_not_judged_are_not_counted(page: TrainingPage) -> None:
    first, *others = page.evaluation.per_cutoff
    silent = replace(first, model=None, opponent=None, improvement=None, reason="too few")
    judged = replace(page.evaluation, per_cutoff=(silent, *others))
    view = TrainingView(replace(page, evaluation=judged))
    assert view.over_time.endswith("at 2 of 2.")
    assert (view.cutoffs[0].cells, view.cutoffs[0].reason) == ((), "too few")


def test_every_opponent_has_every_metric_and_what_the_model_gains(page: TrainingPage) -> None:
    gain, won, *metrics = TrainingView(page).rivals
    names = [each.name for each in page.evaluation.opponents]
    assert sorted(names) == ["base rate", "recency rule"]
    assert [cell.value for cell in won[1]] == ["–", "3 of 3", "3 of 3"]
    assert gain[1][2].value == f"+{page.evaluation.opponents[1].improvement['log_loss'].value:.4f}"
    assert len(metrics) == 7
    assert {len(cells) for _, cells in metrics} == {3}
    auc = dict(metrics)["Ranking (AUC)"]
    assert auc[1 + names.index("base rate")].value == "0.500"


def test_three_cutoffs_show_their_range_and_four_what_to_expect(page: TrainingPage) -> None:
    few = TrainingView(page)
    assert few.later == "Single cutoffs"
    values = [part.model["log_loss"].value for part in page.evaluation.per_cutoff if part.model]
    row = next(row for row in few.quality if row.words.label == "Log loss")
    assert row.later == f"{min(values):.4f} to {max(values):.4f}"
    expected = {
        name: {metric: NextCutoff(0.1, 0.2, 4) for metric in found}
        for name, found in page.evaluation.next_cutoff.items()
    }
    more = TrainingView(replace(page, evaluation=replace(page.evaluation, next_cutoff=expected)))
    assert more.later == "Next cutoff"
    assert more.quality[0].later_improvement == "+0.100 to +0.200"


def test_groups_but_stages_have_tables_of_their_own(page: TrainingPage) -> None:
    ((title, rows),) = TrainingView(page).groupings
    assert title == "Spend so far, in thirds"
    assert [row.name for row in rows] == ["low", "middle", "high"]


def test_ages_are_listed_with_what_they_cost(page: TrainingPage) -> None:
    worse, none = Estimate(0.003, 0.001, 0.005), Estimate(0.001, -0.001, 0.003)
    curve = AgeCurve((AgePoint(14, none, worse, 3), AgePoint(28, worse, worse, 1)))
    aged = TrainingView(replace(page, ageing=curve))
    assert [(age, cell.value, says) for age, cell, says, _ in aged.ages] == [
        ("14 days", "+0.0010", "no measurable difference"),
        ("28 days", "+0.0030", "worse"),
    ]
    assert "retrain at least every 2 weeks" in aged.rhythm
