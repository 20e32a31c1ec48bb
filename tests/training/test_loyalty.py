"""The map and the kinds from evidence: of the last cutoff, mature, and silent where nobody was asked."""

import numpy as np
import pandas as pd
import pytest

from patron.features.families import load_families
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec, TableSpec
from patron.training.customer_kinds import learn_kinds
from patron.training.loyalty import learn_loyalty, learned_at_the_end
from patron.training.snapshots import build_training_set

FIRST = pd.Timestamp("2023-01-01", tz="UTC")
UNTIL = FIRST + pd.Timedelta(days=700)
QUESTION = Question(horizon_days=30, lookback_days=180, cutoffs=4)


def evidence(asked=True, seed=5, customers=1_600):
    """Customers of a constant rate and opinion; one order in three is followed by a noisy answer with a reason."""
    random = np.random.default_rng(seed)
    purchases, answers = [], []
    for customer in range(customers):
        gap, opinion = random.uniform(15, 90), random.random() < 0.6
        at = random.uniform(0, 60)
        while at < 690:
            full = random.random() < 0.5
            purchases.append((customer, FIRST + pd.Timedelta(days=at), 10.0, 0.0 if full else 2.0))
            if random.random() < 0.33:
                said = opinion if random.random() < 0.85 else not opinion
                reason = random.choice(["price", "quality"])
                answers.append((customer, FIRST + pd.Timedelta(days=at + 2), 5.0 if said else 2.0, reason))
            at += random.exponential(gap)
    bought = pd.DataFrame(purchases, columns=["customer_id", "purchased_at", "amount", "discount"])
    said = pd.DataFrame(answers, columns=["customer_id", "answered_at", "score", "reason"])
    tables = {"purchases": TableSpec("purchases", frame=bought)}
    if asked:
        tables["satisfaction"] = TableSpec("satisfaction", frame=said)
    return DataSpec(observed_until=UNTIL.to_pydatetime(), timezone="UTC", tables=tables)


def learned(data):
    families = load_families((), ".")
    with EvidenceStore(data, QUESTION) as store:
        built = build_training_set(store, QUESTION, families, 1 << 32)
        names = [field.name for field in built.data.catalogue]
        found = learn_loyalty(store, QUESTION, families, built, names, 1 << 32, seed=7)
        return found, learn_kinds(store, built, learned_at_the_end(built, names)), built


@pytest.fixture(scope="module")
def found():
    return learned(evidence())


def test_the_map_holds_every_customer_of_the_last_cutoff(found):
    loyalty, _, built = found
    assert sum(row.customers for row in loyalty.rows) == int(
        (built.data.cutoff == built.data.cutoff.max()).sum()
    )
    assert loyalty.thresholds.window_days == 180
    assert loyalty.thresholds.score == pytest.approx(2.0 + 0.75 * 3.0)


def test_constant_customers_hardly_move_beyond_noise(found):
    moved = found[0].movement
    assert (moved.earlier, moved.later) < (moved.later, "2025")
    for change in moved.changes:
        assert change.observed <= change.noise.high + 0.02
    assert [change.what for change in moved.changes] == ["behaviour", "attitude", "type"]


def test_kinds_that_are_there_are_told_and_reasons_followed(found):
    kinds = found[1]
    assert kinds.rate("transactional") is not None
    assert kinds.price[0] == "full_price_share"
    assert kinds.reasons[0].given_with == "answers"
    assert {each.reason for each in kinds.reasons[0].reasons} == {"price", "quality"}


def test_where_nobody_was_asked_there_is_neither_map_nor_kinds():
    loyalty, kinds, _ = learned(evidence(asked=False))
    assert loyalty is None
    assert kinds is None
