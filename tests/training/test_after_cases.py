"""Cases are looked at as they were known: when opened, at one later moment for all, and when their end was known."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from patron.features.families import load_families
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec, TableSpec
from patron.training.after_cases import learn_after_cases
from patron.training.snapshots import build_training_set

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
UNTIL = FIRST + timedelta(days=400)
QUESTION = Question(horizon_days=30, lookback_days=180, cutoffs=8)


def day(number):
    return FIRST + timedelta(days=float(number))


def evidence(seed=3):
    """900 customers; three in ten orders go wrong a day later: the severe half keeps them away for half a year."""
    random = np.random.default_rng(seed)
    purchases, cases = [], []
    for customer in range(900):
        at = random.uniform(0, 60)
        while at < 395:
            purchases.append((customer, day(at), 10.0))
            gap = random.exponential(25) + 3
            if random.random() < 0.3:
                severe = random.random() < 0.5
                took = 6 if severe else 1
                cases.append((customer, day(at + 1), day(at + 1 + took), 3.0 if severe else 1.0, severe))
                gap = 180 if severe else gap
            at += gap
    bought = pd.DataFrame(purchases, columns=["customer_id", "purchased_at", "amount"])
    names = ["customer_id", "opened_at", "closed_at", "severity", "reopened"]
    opened = pd.DataFrame(cases, columns=names)
    opened = opened[opened["opened_at"] < UNTIL]
    return bought, opened.assign(closed_at=opened["closed_at"].where(opened["closed_at"] < UNTIL))


def learned(bought, opened):
    tables = {"purchases": TableSpec("purchases", frame=bought)}
    if opened is not None:
        tables["cases"] = TableSpec("cases", frame=opened)
    data = DataSpec(observed_until=UNTIL, timezone="UTC", tables=tables)
    families = load_families((), ".")
    with EvidenceStore(data, QUESTION) as store:
        built = build_training_set(store, QUESTION, families, 1 << 32, with_outcomes=True)
        return learn_after_cases(store, QUESTION, families, built, 1 << 32, seed=7)


@pytest.fixture(scope="module")
def found():
    return learned(*evidence())


def groups(found, name):
    return {each.name: each for each in found.part(name).groups}


def test_the_severe_case_keeps_customers_away_and_the_mild_does_not(found):
    mild, severe = groups(found, "by severity").values()

    assert (mild.name, severe.name) == ("severity 1", "severity 3")
    assert severe.rate.share.value == 0.0
    assert mild.rate.share.value > 0.5
    assert severe.spend.difference.high < 0
    assert found.part("by severity").contrast.difference.high < -0.5


def test_open_and_closed_cases_are_looked_at_after_the_same_time(found):
    days = found.landmark_days
    later = groups(found, "a day after the case" if days == 1 else f"{days} days after the case")

    assert later["still open"].rate.share.value == 0.0  # the severe ones take six days
    assert later["closed by then"].rate.share.value > 0.5


def test_what_the_end_of_a_case_told_is_told_after_it(found):
    closed = groups(found, "just after it was closed")["all closed"]
    again = groups(found, "reopened")

    assert closed.rate.moments == sum(each.rate.moments for each in again.values())
    assert again["reopened"].rate.share.value < 0.2


def test_without_an_end_nothing_is_said_of_closing():
    bought, opened = evidence()
    part = learned(bought, opened.drop(columns=["closed_at", "reopened"]))

    assert part.landmark_days is None
    assert part.part("just after it was closed") is None
    assert part.part("just after the case").groups[0].rate is not None


def test_without_cases_there_is_nothing_to_say():
    assert learned(evidence()[0], None) is None
