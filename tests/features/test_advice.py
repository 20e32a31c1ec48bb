"""Advice: each rule, on gaps and histories that call for it."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from patron.features.advice import Advice, Findings, advise
from patron.features.gap_survival import GapSurvival
from patron.features.history import history_need
from patron.features.localtime import DAY, LocalTime, to_microseconds
from patron.features.order_days import GapCounts
from patron.features.question import Purchase, Question

DAYS = 730


def survival(chance: float, silences: int = 100_000) -> GapSurvival:
    """Silences of customers who order each day with the same chance."""
    ended = np.round(silences * chance * (1 - chance) ** np.arange(-1, DAYS)).astype(np.int64)
    ended[0] = 0
    return GapSurvival.of(GapCounts(ended, np.where(np.arange(DAYS + 1) == DAYS, 30, 0)))


def advice(question: Question, chance: float = 0.05, days: int = DAYS, **found: Any) -> dict[str, Advice]:
    begin = to_microseconds(datetime(2024, 1, 1, tzinfo=UTC))
    history = history_need(question, 3, LocalTime("UTC"), begin, begin + days * DAY)
    findings = Findings(
        survival(chance), history, **{"rate": None, "fewest": None, "late_days": None, **found}
    )
    return {each.setting: each for each in advise(question, findings, 100)}


def test_a_good_question_is_kept_as_it_is() -> None:
    found = advice(Question(horizon_days=14, cutoff_every_days=14, lookback_days=180), rate=0.5)
    assert [each.verdict for each in found.values()] == ["keep"] * 4
    assert found["horizon_days"].why.startswith("50% of active customers buy within 14 days")
    assert found["cutoffs"].why == "they take 182 of the 730 days there are"


def test_where_nearly_all_buy_a_shorter_horizon_is_recommended() -> None:
    found = advice(Question(horizon_days=60), rate=0.95)["horizon_days"]
    assert (found.configured, found.recommended, found.verdict) == (60, 14, "consider")  # 1 − .95^14 is .51
    assert "about 51% would within 14" in found.why


def test_where_too_few_buy_a_longer_horizon_is_recommended() -> None:
    found = advice(Question(horizon_days=7), chance=0.01, rate=0.07, fewest=40)["horizon_days"]
    assert found.recommended == 60  # 1 − .99^60 is .45
    assert "too few to judge a model" in found.why
    assert (
        advice(Question(horizon_days=7), chance=0.01, rate=0.07, fewest=400)["horizon_days"].verdict == "keep"
    )


def test_a_horizon_is_recommended_that_the_history_has_room_for() -> None:
    question = Question(horizon_days=7, cutoffs=2)
    assert advice(question, chance=0.01, days=100, rate=0.07, fewest=40)["horizon_days"].recommended == 14


def test_a_horizon_without_room_in_the_history_should_be_shorter() -> None:
    found = advice(Question(horizon_days=30, lookback_days=180), days=59)
    assert found["horizon_days"].recommended == 14
    assert "59 days of history have no room" in found["horizon_days"].why
    assert found["lookback_days"].why == "it holds everyone in a history of 59 days"
    assert advice(Question(horizon_days=30), days=20)["horizon_days"].verdict == "keep"


def test_of_another_target_the_gaps_say_little() -> None:
    question = Question(horizon_days=60, target=Purchase(where="category = 'tea'"))
    assert advice(question, rate=0.95)["horizon_days"].verdict == "keep"


def test_a_lookback_that_misses_buyers_should_be_longer() -> None:
    found = advice(Question(lookback_days=30, horizon_days=14), chance=0.02)["lookback_days"]
    assert found.recommended == 180  # 1 − .98^180 is .97, 1 − .98^120 is .91
    assert "30 days holds 45" in found.why


def test_a_long_lookback_costs_little_and_is_kept() -> None:
    found = advice(Question(lookback_days=365, horizon_days=14), chance=0.05)["lookback_days"]
    assert found.verdict == "keep"
    assert found.why.endswith("; 60 days would hold 95.4%")


@pytest.mark.parametrize("population", ["all", "prospects"])
def test_a_population_that_does_not_depend_on_the_lookback_is_told_so(population: Any) -> None:
    found = advice(Question(lookback_days=7, population=population))["lookback_days"]
    assert found.verdict == "keep"
    assert "does not depend on it" in found.why


def test_cutoffs_that_overlap_should_lie_farther_apart_where_they_fit() -> None:
    question = Question(horizon_days=30, cutoff_every_days=7, cutoffs=12)
    assert advice(question)["cutoff_every_days"].recommended == 30
    assert advice(question, days=300)["cutoff_every_days"].recommended == 14
    assert advice(question, days=140)["cutoff_every_days"].verdict == "keep"


def test_cutoffs_that_do_not_fit_come_nearer_or_are_fewer() -> None:
    found = advice(Question(horizon_days=30, cutoffs=12), days=240)
    assert found["cutoff_every_days"].recommended == 14
    assert found["cutoffs"].why == "they fit when they are 14 days apart"
    found = advice(Question(horizon_days=30, cutoffs=12), days=120)
    assert found["cutoff_every_days"].verdict == "keep"
    assert found["cutoffs"].recommended == 3
    assert (
        "they would take 390 days, and there are 120; from 2025-01-25 on all would fit"
        in found["cutoffs"].why
    )


def test_late_rows_are_waited_for() -> None:
    found = advice(Question(settle_days=2), late_days=5)["settle_days"]
    assert (found.recommended, found.verdict) == (5, "consider")
    assert advice(Question(settle_days=7), late_days=5)["settle_days"].verdict == "keep"
    assert "settle_days" not in advice(Question())


@pytest.mark.parametrize("population", ["lapsed", "prospects"])
def test_where_too_few_come_the_horizon_grows_at_their_own_pace(population: Any) -> None:
    question = Question(horizon_days=30, population=population)
    found = advice(question, chance=0.2, rate=0.02, fewest=45)["horizon_days"]
    assert found.recommended == 90  # 60 days would bring 90 of the 100
    assert "at the same pace 90 days would bring enough" in found.why
    assert advice(question, rate=0.02, fewest=120)["horizon_days"].verdict == "keep"
    assert advice(question, rate=0.02, fewest=0)["horizon_days"].verdict == "keep"


def test_of_the_lapsed_the_lookback_says_since_when_they_are() -> None:
    found = advice(Question(lookback_days=30, horizon_days=14, population="lapsed"), chance=0.02)
    assert found["lookback_days"].why == "after so many days without a purchase a customer has lapsed"
