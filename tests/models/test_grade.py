"""The grade: A only for who is surely, always and honestly better; every grade says why."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.special import expit, logit

from patron.models.evaluation import Evaluation, evaluate
from patron.models.grade import grade_of
from patron.models.intervals import Estimate
from patron.models.predictions import Predictions

DAY = 86_400_000_000


@cache
def predictions(customers: int = 2_000, cutoffs: int = 3) -> Predictions:
    """A model that knows the truth, and an opponent that knows half of it."""
    rng = np.random.default_rng(11)
    rows = customers * cutoffs
    seen, hidden = rng.normal(size=rows), rng.normal(size=rows)
    return Predictions(
        np.arange(rows) % customers,
        np.arange(rows) // customers * 30 * DAY,
        (rng.random(rows) < expit(seen + hidden)).astype(np.int8),
        expit(seen + hidden),
        {"recency rule": expit(0.85 * seen)},
    )


@cache
def judged() -> Evaluation:
    return evaluate(predictions(), seed=7, replicates=50)


def test_surely_better_at_every_cutoff_and_calibrated_is_an_a() -> None:
    grade = grade_of(judged())
    assert grade.letter == "A"
    assert grade.sentence == (
        "Grade A: better than the best opponent (recency rule), at each of 3 test cutoffs,"
        " and no more miscalibrated than chance explains."
    )


def test_the_smallest_visible_difference_is_that_of_the_paired_standard_error() -> None:
    gain = judged().improvement["log_loss"]
    assert grade_of(judged()).smallest == pytest.approx(2.8 * (gain.high - gain.low) / 3.92, rel=1e-3)


def test_too_sure_a_model_is_at_most_a_b() -> None:
    rows = predictions()
    sure = replace(rows, probability=expit(1.5 * logit(rows.probability)))
    grade = grade_of(evaluate(sure, seed=7, replicates=20))
    assert grade.letter == "B"
    assert "promised and observed rates lie" in grade.sentence


def test_a_cutoff_at_which_it_is_not_better_makes_a_b() -> None:
    first, *others = judged().per_cutoff
    assert first.improvement is not None
    worse = {**first.improvement, "log_loss": Estimate(-0.001, -0.002, 0.001)}
    grade = grade_of(replace(judged(), per_cutoff=(replace(first, improvement=worse), *others)))
    assert (grade.letter, "not better at 1 of 3 test cutoffs" in grade.sentence) == ("B", True)


def test_few_outcomes_make_a_b_and_say_what_could_have_been_seen() -> None:
    grade = grade_of(evaluate(predictions(customers=500), seed=7, replicates=50))
    assert grade.letter == "B"
    assert "of 300 that an A needs" in grade.sentence
    assert f"a difference of {grade.smallest:.4f} in log loss would have been seen" in grade.sentence


def test_few_cutoffs_make_a_b() -> None:
    grade = grade_of(evaluate(predictions(cutoffs=2), seed=7, replicates=20))
    assert (grade.letter, "judged at 2 of the 3 test cutoffs" in grade.sentence) == ("B", True)


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (-0.01, 0.01, "not shown to be better than"),
        (-0.02, -0.01, "worse than"),
        (np.nan, np.nan, "not shown"),
    ],
)
def test_a_model_that_is_not_surely_better_is_a_c(low: float, high: float, says: str) -> None:
    overall = judged().overall
    gain = {**judged().improvement, "log_loss": Estimate((low + high) / 2, low, high)}
    grade = grade_of(replace(judged(), overall=replace(overall, improvement=gain)))
    assert grade.letter == "C"
    assert says in grade.sentence
