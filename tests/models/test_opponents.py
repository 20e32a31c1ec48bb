"""Opponents: each says what can be worked out by hand or is published, and knows nothing of what it is asked about."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from patron.features.bgnbd import BgNbd, purchase_probability
from patron.features.errors import ModelError
from patron.features.question import Purchase, Question, SpendDrop
from patron.models.calibrators import Identity
from patron.models.metrics import auc, log_loss
from patron.models.opponents import (
    BaseRate,
    BgNbdRule,
    HiatusRule,
    History,
    Opponent,
    ProspectRegression,
    RfmRegression,
    opponents_of,
    recency_ranks,
)
from patron.models.stretch import stretch, stretch_of

READ = ("days_since_order", "gap_mean", "orders_ever", "spend_ever", "order_probability")
NOTHING: Mapping[int, Any] = {}


def history(outcome: Any, cutoff: Any = None, **features: Any) -> History:
    rows = len(outcome)
    cutoff = np.zeros(rows, np.int64) if cutoff is None else np.asarray(cutoff, np.int64)
    columns = {name: np.asarray(values, np.float64) for name, values in features.items()}
    return History(np.arange(rows), cutoff, np.asarray(outcome), columns)


def simulated(rows: int = 3_000, seed: int = 7) -> History:
    """Customers who buy by chance at rates of their own; three cutoffs."""
    rng = np.random.default_rng(seed)
    gap = rng.lognormal(3, 1, rows)
    days = rng.exponential(gap)
    outcome = (rng.random(rows) < expit(2 - days / 20)).astype(np.int8)
    return history(
        outcome,
        np.arange(rows) % 3,
        days_since_order=days,
        gap_mean=gap,
        orders_ever=1 + rng.poisson(300 / gap),
        spend_ever=rng.lognormal(4, 1, rows),
        order_probability=np.clip(expit(1 - days / 30), 0.01, 0.99),
    )


def test_the_most_recent_ranks_highest_and_ties_share_the_middle() -> None:
    days = np.array([10.0, 3.0, 10.0, 50.0])
    assert recency_ranks(days, np.zeros(4, np.int64)).tolist() == [0.5, 0.875, 0.5, 0.125]


def test_who_never_ordered_comes_last() -> None:
    assert recency_ranks(np.array([np.nan, 400.0]), np.zeros(2, np.int64)).tolist() == [0.25, 0.75]


def test_each_cutoff_is_ranked_by_itself() -> None:
    days = np.array([1.0, 2.0, 100.0, 200.0])
    assert recency_ranks(days, np.array([1, 1, 2, 2])).tolist() == [0.75, 0.25, 0.75, 0.25]


def test_the_base_rate_is_that_of_training_and_never_certain() -> None:
    rule = BaseRate().fit(history([1, 1, 1, 0, 0, 0, 0, 0]), NOTHING)
    assert rule.predict(history([1, 1])).tolist() == [0.4, 0.4]  # (3 + 1) / (8 + 2)
    assert BaseRate().fit(history([0, 0]), NOTHING).predict(history([1])).tolist() == [0.25]


def test_the_recency_rule_promises_the_rate_that_it_saw() -> None:
    known = simulated()
    rule = HiatusRule().fit(known, NOTHING)
    probability = rule.predict(known)
    days = known.features["days_since_order"]
    assert not rule.by_own_gap  # outcomes follow the days alone
    assert rule.rule == "whoever bought last comes first"
    assert probability.mean() == pytest.approx(known.outcome.mean(), abs=0.002)
    assert auc(known.outcome, probability) == pytest.approx(
        auc(known.outcome, np.exp(-days / 1_000)), abs=0.005
    )


def test_the_recency_rule_counts_in_own_gaps_where_that_was_better_in_training() -> None:
    rng = np.random.default_rng(3)
    gap = rng.lognormal(3, 1, 2_000)
    days = gap * rng.exponential(1, 2_000)
    outcome = (rng.random(2_000) < expit(2 - 2 * days / gap)).astype(np.int8)
    known = history(outcome, days_since_order=days, gap_mean=gap)
    rule = HiatusRule().fit(known, NOTHING)
    assert rule.by_own_gap
    assert rule.rule == "whoever is least overdue by the own gaps comes first"
    # Three gaps, two, and the typical one of training for who ordered once: the last is least overdue.
    asked = history([0, 0, 0], days_since_order=[30, 30, 15], gap_mean=[10, 15, np.nan])
    low, middle, high = rule.predict(asked)
    assert rule.typical_gap == pytest.approx(np.median(gap))
    assert low < middle < high


def test_a_calibration_is_tried_only_on_what_was_mature() -> None:
    """Scores twice too sure at three cutoffs; where no outcome was known before a later one, only a stretch is left."""
    rng = np.random.default_rng(5)
    truth = rng.beta(2, 2, 6_000)
    said = expit(2 * np.log(truth / (1 - truth)))
    outcome = (rng.random(6_000) < truth).astype(np.int8)
    known = history(outcome, np.arange(6_000) % 3, order_probability=said)
    at_once = BgNbdRule().fit(replace(known, mature={0: 1, 1: 2, 2: 3}), NOTHING)
    assert at_once.calibrator == BgNbdRule().fit(known, NOTHING).calibrator != Identity()
    too_late = BgNbdRule().fit(replace(known, mature={0: 9, 1: 9, 2: 9}), NOTHING)
    slope = stretch_of(outcome, said, known.cutoff, known.customer)
    assert slope is not None
    assert too_late.calibrator == stretch(slope, said)


def test_for_a_drop_of_spend_the_most_recent_come_last() -> None:
    known = simulated()
    dropped = replace(known, outcome=1 - known.outcome)
    rule = HiatusRule(reversed_order=True).fit(dropped, NOTHING)
    probability = rule.predict(dropped)
    assert rule.rule == "whoever bought last comes last"
    assert auc(dropped.outcome, probability) > 0.7


def test_the_regression_is_a_logistic_one_on_standardised_logarithms() -> None:
    known = simulated()
    rows = np.log1p(np.column_stack([known.features[name] for name in READ[:1] + READ[2:4]]))
    by_hand = LogisticRegression().fit((rows - rows.mean(axis=0)) / rows.std(axis=0), known.outcome)
    expected = by_hand.predict_proba((rows - rows.mean(axis=0)) / rows.std(axis=0))[:, 1]
    rule = RfmRegression().fit(known, NOTHING)
    assert rule.predict(known) == pytest.approx(expected, abs=1e-6)


def test_the_regression_takes_unknown_and_negative_numbers() -> None:
    known = simulated()
    known.features["days_since_order"][:500] = np.nan
    known.features["spend_ever"][:500] = -20.0
    assert np.isfinite(RfmRegression().fit(known, NOTHING).predict(known)).all()


def test_the_regression_is_calibrated_on_scores_that_knew_only_earlier_cutoffs() -> None:
    """Rates halve after the first cutoff: what that one promised was too much, which calibration learns."""
    known = simulated(10_000)
    known = replace(known, cutoff=np.arange(10_000) % 5)
    rng = np.random.default_rng(1)
    fewer = (known.cutoff > 0) & (rng.random(10_000) < 0.5)
    known = replace(known, outcome=np.where(fewer, 0, known.outcome))
    asked = known.where(known.cutoff == 4)
    plain = RfmRegression().fit(known, NOTHING).predict(asked)
    calibrated = RfmRegression().fit(known, dict.fromkeys(range(1, 5), (0,))).predict(asked)
    assert calibrated.mean() < plain.mean() - 0.02


def test_a_single_outcome_in_training_ends_in_its_rate() -> None:
    known = replace(simulated(), outcome=np.zeros(3_000, np.int8))
    assert RfmRegression().fit(known, NOTHING).predict(known) == pytest.approx(1 / 3_002)


def test_bgnbd_says_the_published_model_s_probability() -> None:
    """CDNOW's parameters (Fader, Hardie & Lee 2005): x = 2, t_x = 30.43, T = 38.86 weeks, two weeks ahead."""
    cdnow = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    probability = purchase_probability(2, cdnow, [2, 0, 2], [30.43, 0, 5], [38.86, 38.86, 38.86])
    alive = 1 / (1 + 0.793 / 3.426 * (43.274 / 34.844) ** 2.243)  # P(alive) by the paper's formula
    none = (43.274 / 45.274) ** 2.243
    assert probability[0] == pytest.approx(alive * (1 - none))
    known = history([1, 0, 0], order_probability=probability)
    said = BgNbdRule().fit(known, NOTHING).predict(known)  # a single cutoff proves no correction better
    assert said == pytest.approx(probability)


def test_whom_bgnbd_cannot_speak_of_gets_the_rate_of_such_customers() -> None:
    unknown = [np.nan] * 8
    known = history([1, 1, 1, 0, 0, 0, 0, 0, 1, 0], order_probability=[*unknown, 0.7, 0.2])
    rule = BgNbdRule().fit(known, NOTHING)
    assert rule.predict(history([0, 0], order_probability=[np.nan, 0.6])).tolist() == [0.4, 0.6]


OPPONENTS: list[Opponent] = [BaseRate(), HiatusRule(), RfmRegression(), BgNbdRule()]


@pytest.mark.parametrize("opponent", OPPONENTS, ids=lambda each: each.name)
def test_an_opponent_does_not_look_at_the_outcomes_it_is_asked_about(opponent: Opponent) -> None:
    known, asked = simulated(seed=1), simulated(seed=2)
    opponent.fit(known, {1: (0,), 2: (0, 1)})
    said = opponent.predict(asked)
    assert said.tobytes() == opponent.predict(replace(asked, outcome=1 - asked.outcome)).tobytes()
    assert ((said > 0) & (said < 1)).all()
    if opponent.needs:
        assert log_loss(asked.outcome, said) < log_loss(asked.outcome, np.full(3_000, known.outcome.mean()))


@pytest.mark.parametrize("opponent", OPPONENTS, ids=lambda each: each.name)
def test_nothing_to_learn_from_is_refused(opponent: Opponent) -> None:
    with pytest.raises(ModelError, match="nothing to learn"):
        opponent.fit(simulated().where(np.zeros(3_000, np.bool_)), NOTHING)


ALL = ["base rate", "recency rule", "RFM regression", "BG/NBD model"]


@pytest.mark.parametrize(
    ("question", "features", "names", "why"),
    [
        (Question(), READ, ALL, {}),
        (
            Question(),
            READ[:1],
            ALL[:2],
            {"RFM regression": "orders_ever", "BG/NBD model": "order_probability"},
        ),
        (
            Question(target=Purchase(where="category = 'COFFEE'")),
            READ,
            ALL[:3],
            {"BG/NBD model": "only some"},
        ),
        (Question(target=SpendDrop()), READ, ALL[:3], {"BG/NBD model": "drop of spend"}),
        (
            Question(population="prospects"),
            READ,
            ALL[:1],
            dict.fromkeys(ALL[1:], "who never has"),
        ),
        (
            Question(population="prospects"),
            ("days_since_known", "profile_region=north"),
            ["base rate", "prospect regression"],
            dict.fromkeys(ALL[1:], "who never has"),
        ),
    ],
    ids=["purchase", "few features", "narrowed", "spend drop", "undated prospects", "prospects"],
)
def test_an_opponent_that_cannot_be_had_is_left_out_with_a_reason(
    question: Question, features: tuple[str, ...], names: list[str], why: dict[str, str]
) -> None:
    found, left_out = opponents_of(question, features)
    assert [each.name for each in found] == names
    assert list(left_out) == list(why)
    assert all(part in left_out[name] for name, part in why.items())


def test_the_regression_of_prospects_ranks_by_what_there_is_of_time_contacts_and_attributes() -> None:
    random = np.random.default_rng(1)
    known = random.integers(1, 400, 40_000).astype(np.float64)
    north = random.integers(0, 2, 40_000).astype(np.float64)
    chance = 1 / (1 + np.exp(-(2 - np.log1p(known) + 1.5 * north)))
    outcome = (random.random(40_000) < chance).astype(np.int8)
    features = {"days_since_known": known, "profile_region=north": north, "gap_mean": random.random(40_000)}
    history = History(np.arange(40_000), np.zeros(40_000, np.int64), outcome, features)
    rule = ProspectRegression(list(features))
    assert rule.columns == ("days_since_known", "profile_region=north")
    assert rule.fit(history, {}).predict(history) == pytest.approx(chance, abs=0.05)
