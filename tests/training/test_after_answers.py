"""Answers are moments of the time that the training covers, of those asked about, and mature."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.features.families import load_families
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec, TableSpec
from patron.training import anchoring
from patron.training.after_answers import learn_after_answers
from patron.training.snapshots import build_training_set

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
UNTIL = FIRST + timedelta(days=400)
QUESTION = Question(horizon_days=30, lookback_days=180, cutoffs=6)


def day(number):
    return FIRST + timedelta(days=float(number))


def evidence(instrument=None, asked=True, seed=3):
    """400 customers; half of their orders are asked about, two thirds answer, and five buy again within a week."""
    random = np.random.default_rng(seed)
    purchases, answers = [], []
    for customer in range(400):
        at = random.uniform(0, 60)
        while at < 395:
            purchases.append((customer, day(at), 10.0))
            gap = random.exponential(45) + 8
            if random.random() < 0.5:
                score = float(random.integers(1, 6))
                given = random.random() < 0.67
                answers.append(
                    (customer, day(at + 2), day(at + 3) if given else None, score if given else None)
                )
                gap = 7 if given and score == 5 else gap
            at += gap
    bought = pd.DataFrame(purchases, columns=["customer_id", "purchased_at", "amount"])
    said = pd.DataFrame(answers, columns=["customer_id", "asked_at", "answered_at", "score"])
    said = said[said["asked_at"] < UNTIL]
    if instrument:
        said["instrument"] = instrument
    if not asked:
        said = said.drop(columns="asked_at").dropna(subset="answered_at")
    tables = {
        "purchases": TableSpec("purchases", frame=bought),
        "satisfaction": TableSpec("satisfaction", frame=said),
    }
    return DataSpec(observed_until=UNTIL, timezone="UTC", tables=tables)


def learned(data):
    families = load_families((), ".")
    with EvidenceStore(data, QUESTION) as store:
        built = build_training_set(store, QUESTION, families, 1 << 32)
        return learn_after_answers(store, QUESTION, families, built, 1 << 32, seed=7)


@pytest.mark.parametrize("instrument", [None, "csat"])
def test_the_score_that_brings_customers_back_is_found_on_its_own_points(instrument):
    found = learned(evidence(instrument))

    assert [each.name for each in found.bands] == ["1", "2", "3", "4", "5"]
    assert found.unit == ("points of csat" if instrument else "points")
    assert found.bands[-1].share.value == 1.0
    assert (found.step.below, found.step.above) == ("4", "5")
    assert [each.name for each in found.response] == ["asked, no answer", "asked and answered"]


def test_without_knowing_who_was_asked_nothing_is_said_of_the_silent():
    assert learned(evidence(asked=False)).response == ()


def test_without_answers_there_is_nothing_to_say():
    data = evidence()
    purchases = DataSpec(observed_until=UNTIL, timezone="UTC", tables={"purchases": data.tables["purchases"]})
    assert learned(purchases) is None


def test_many_answers_are_those_of_a_sample_of_the_customers(monkeypatch):
    data = evidence()
    whole = learned(data)
    monkeypatch.setattr(anchoring, "MOST_MOMENTS", 250)

    sampled = learned(data)

    moments = [sum(each.moments for each in found.bands) for found in (whole, sampled)]
    assert 0 < moments[1] < moments[0]
    assert sampled == learned(data)
