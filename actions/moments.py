"""Customers at the moments of tests and contacts: what was known just before, what followed, and what to expect."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.engine import (
    Prepared,
    build_anchored,
    build_snapshots,
    catalogue,
    prepare,
    prepare_as_learned,
    with_plain_text,
)
from patron.features.errors import DataError
from patron.features.family import Family
from patron.features.outcomes import PURCHASES, SPEND
from patron.features.question import Purchase, Question
from patron.features.snapshots import calendar_cutoffs
from patron.features.store import EvidenceStore
from patron.models.classifier import RepurchaseClassifier
from patron.models.encoding import encode
from patron.models.logistic import log_odds

Places = npt.NDArray[np.int64]

COVARIATES = (
    "days_since_order",
    "days_since_first_order",
    "orders_ever",
    "orders_90d",
    "orders_365d",
    "gap_shrunk",
    "overdue_shrunk_ratio",
    "alive_probability",
    "expected_orders",
    "spend_90d",
    "spend_365d",
    "order_value_mean",
    "discount_share",
    "full_price_share",
    "category_main",
    "satisfaction_last",
    "days_since_case",
    "contacts_30d",
    "contacts_90d",
    "days_since_contact",
    "responses_365d",
)
"""What customers are compared by, as far as the evidence has it: the rhythm, the money, the last word, the contacts."""

EXPECTED = "expected_log_odds"
"""The column with Patron's own prediction before the moment, from targets that were mature by then."""

OUTCOMES = {"repurchase": "target", "purchases": PURCHASES, "net spend": SPEND}
"""What is measured in the horizon after the moment, and its column."""

MOST_CUTOFFS = 6
MOST_LEARNED_FROM = 100_000
_FEWEST_OF_EACH = 100
"""Of either outcome before a moment, so that a prediction for it can be learned."""


@dataclass(frozen=True)
class Ground:
    """The evidence that activities are measured on: whose purchases, within which horizon."""

    store: EvidenceStore
    question: Question
    families: Sequence[type[Family]]
    memory: int
    seed: int

    @classmethod
    def of(
        cls,
        store: EvidenceStore,
        question: Question,
        families: Sequence[type[Family]],
        memory: int,
        seed: int,
    ) -> "Ground":
        """The question is widened to everybody, and to any purchase: an activity is for customers of every stage."""
        return cls(store, replace(question, population="all", target=Purchase()), families, memory, seed)

    def earlier_cutoffs(self, before: int) -> Places:
        """The question's cutoffs whose targets were mature at an instant, the latest `MOST_CUTOFFS`; may be none."""
        asked = replace(self.question, cutoffs=MOST_CUTOFFS)
        try:
            return calendar_cutoffs(asked, self.store.zone, self.store.observed_from("purchases"), before)
        except DataError:
            return np.empty(0, np.int64)

    def rows(self, prepared: Prepared, customer: Places, moment: Places) -> pa.Table:
        """Features and outcomes of (customer, moment) pairs, sorted by both; immature outcomes are null."""
        table = build_anchored(
            self.store,
            prepared,
            customer,
            moment,
            targets=True,
            with_outcomes=True,
            memory=self.memory,
        )
        return with_plain_text(table)


def compared_by(ground: Ground, cutoffs: Places) -> Prepared:
    """The covariates that the evidence has, with what was known of the population at each of the cutoffs."""
    every = prepare(ground.store, ground.question, ground.families, cutoffs)
    names = [field.name for field in catalogue(every.plan) if field.name in COVARIATES]
    return prepare_as_learned(ground.store, ground.question, ground.families, every.population, names)


def rows_with_expectation(ground: Ground, customer: Places, moment: Places) -> pa.Table:
    """Pairs with covariates, outcomes, and the log-odds that Patron would have given them before the first moment.

    The prediction is learned from snapshots whose targets were mature by then, so that no outcome of the test is in it.
    Where history is too short for one, the column is not there.
    """
    first = int(moment.min())
    cutoffs = ground.earlier_cutoffs(first)
    if not cutoffs.size:
        day = ground.store.zone.floor_to_day(np.array([first], np.int64))
        return ground.rows(compared_by(ground, day), customer, moment)
    prepared = prepare(ground.store, ground.question, ground.families, cutoffs)
    known, _ = build_snapshots(ground.store, prepared, cutoffs, targets=True, memory=ground.memory)
    known = _some(known.filter(pc.is_valid(known["target"])), ground.seed)
    target = np.asarray(known["target"], np.int8)
    table = ground.rows(prepared, customer, moment)
    if min(int(target.sum()), int((1 - target).sum())) < _FEWEST_OF_EACH:
        return table
    return table.append_column(
        EXPECTED, pa.array(_expected(prepared, with_plain_text(known), target, table, ground))
    )


def covariates_of(frame: pa.Table) -> list[str]:
    """The columns that customers are compared by, as far as the frame knows anything in them."""
    wanted = ("stage", EXPECTED, *COVARIATES)
    return [name for name in wanted if name in frame.column_names and frame[name].null_count < frame.num_rows]


def _some(table: pa.Table, seed: int) -> pa.Table:
    if table.num_rows <= MOST_LEARNED_FROM:
        return table
    drawn = np.random.default_rng(seed).choice(table.num_rows, MOST_LEARNED_FROM, replace=False)
    return table.take(pa.array(np.sort(drawn)))


def _expected(
    prepared: Prepared, known: pa.Table, target: npt.NDArray[np.int8], table: pa.Table, ground: Ground
) -> npt.NDArray[np.float64]:
    fields = tuple(
        replace(field, categories=tuple(sorted(set(known[field.name].to_pylist()) - {None})))
        if field.kind == "category"
        else field
        for field in catalogue(prepared.plan)
    )
    model = RepurchaseClassifier(seed=ground.seed)
    words = [place for place, field in enumerate(fields) if field.kind == "category"]
    model.fit(encode(known, fields), target, categorical=words)
    return log_odds(model.predict_probability(encode(table, fields)))
