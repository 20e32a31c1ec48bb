"""Kinds of customers in a training's snapshots: buying on price, difficult and back, of another mind than before."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.localtime import DAY
from patron.features.store import EvidenceStore
from patron.features.timelines import TIMELINES
from patron.models.customer_kinds import CustomerKinds, KindRate, absent_or, compared, lower_third, too_few
from patron.models.exposure import EXPOSURE, exposure_cells
from patron.models.loyalty import ANSWER_AGE, SCORE, LoyaltyThresholds
from patron.models.moments import Moments
from patron.models.reason_shifts import ReasonShifts, reason_shifts
from patron.models.table_columns import numbers

from .loyalty import last_snapshots
from .snapshots import BuiltTrainingSet

TRANSACTIONAL, UNRESOLVED, BACK = "transactional", "difficult, not back", "difficult, back"
CHANGED = {
    "answer_reason_main_changed": "changed their main reason, in answers",
    "reason_main_changed": "changed their main reason, in purchases and returns",
}

PRICE = ("full_price_share", "price_tier")
"""Features that tell who buys on price, the first that is there is taken: the lowest third does."""

DIFFICULT_DAYS = 180
"""A case or a low last score of the last so many days makes a customer a difficult one."""

LOW = 0.25
"""Up to here on the scale, from the lowest last score to the highest, a score is low: 2 of five stars."""

PERIOD_DAYS = 91
MOST_PERIODS = 6
"""Reasons are followed over so many periods, the latest ones."""

_CELLS = ("days_since_order", "orders_90d")


def learn_kinds(
    store: EvidenceStore, built: BuiltTrainingSet, thresholds: LoyaltyThresholds | None
) -> CustomerKinds | None:
    """Kinds over all training cutoffs beside customers alike; None where the evidence tells nothing of any."""
    table, there = built.data.table, {field.name for field in built.data.catalogue}
    if not there.issuperset(_CELLS):
        return None
    moments = _moments(table)
    price = _price(last_snapshots(built), there)
    found = [
        (TRANSACTIONAL, _transactional(table, moments, price, thresholds)),
        *_difficult(table, moments, there),
        *_changed(table, moments, there),
    ]
    kinds = absent_or([each for each in found if each[1] is not None])
    reasons = tuple(each for each in (_shifts(store, kind) for kind in ("answer_reasons", "reasons")) if each)
    if not kinds.rates and not reasons and not _asks_anything(store):
        return None
    return CustomerKinds(kinds.rates, price, kinds.absent, reasons)


def _asks_anything(store: EvidenceStore) -> bool:
    """Whether there is a table that tells of more than purchases."""
    return bool({"satisfaction", "cases"} & store.columns.keys())


def _moments(table: pa.Table) -> Moments:
    cell = exposure_cells(table["stage"].to_pylist(), *(numbers(table, name) for name in _CELLS))
    return Moments(np.asarray(table["customer"], np.int64), cell, np.asarray(table["target"], np.int8))


def _past(table: pa.Table) -> dict[str, npt.NDArray[np.float64]]:
    """Past buying by the features that are there."""
    return {name: numbers(table, name) for name in EXPOSURE if name in table.column_names}


def _price(table: pa.Table, there: set[str]) -> tuple[str, float] | None:
    """By which feature somebody buys on price, and up to which value."""
    for name in PRICE:
        edge = lower_third(numbers(table, name)) if name in there else None
        if edge is not None:
            return name, edge
    return None


def _transactional(
    table: pa.Table, moments: Moments, price: tuple[str, float] | None, thresholds: LoyaltyThresholds | None
) -> KindRate | str:
    if thresholds is None or thresholds.score is None:
        return "who is satisfied is not known"
    if price is None:
        return "neither discounts nor prices per piece and category are known"
    satisfied = thresholds.attitude(table) == 1.0
    paid = numbers(table, price[0])
    on_price = paid <= price[1]
    name = "satisfied, and buying on price"
    known = satisfied & np.isfinite(paid)
    return compared(
        TRANSACTIONAL, name, moments, known & on_price, known & ~on_price, _past(table)
    ) or too_few(name)


def _difficult(table: pa.Table, moments: Moments, there: set[str]) -> list[tuple[str, Any]]:
    """Those with a case or a low score of late, by whether they have ordered since."""
    since = np.full(table.num_rows, np.inf)
    if "days_since_case" in there:
        since = np.minimum(since, _known_or(numbers(table, "days_since_case"), np.inf))
    if {SCORE, ANSWER_AGE} <= there:
        score = numbers(table, SCORE)
        if np.isfinite(score).any():
            low = np.nanmin(score) + LOW * (np.nanmax(score) - np.nanmin(score))
            age = np.where(score <= low, numbers(table, ANSWER_AGE), np.inf)
            since = np.minimum(since, _known_or(age, np.inf))
    if not np.isfinite(since).any():
        return [(BACK, "neither cases nor scores are known")]
    order = numbers(table, "days_since_order")
    difficult, past = since < DIFFICULT_DAYS, _past(table)
    groups = (
        (UNRESOLVED, "difficult, and no order since", difficult & ~(order < since)),
        (BACK, "difficult, and an order since", difficult & (order < since)),
    )
    return [
        (kind, compared(kind, name, moments, chosen, ~difficult, past) or too_few(name))
        for kind, name, chosen in groups
    ]


def _changed(table: pa.Table, moments: Moments, there: set[str]) -> list[tuple[str, Any]]:
    """Those whose main reason is another than before, beside those whose is the same."""
    found, past = [], _past(table)
    for feature, name in CHANGED.items():
        if feature in there:
            value = numbers(table, feature)
            rate = compared(feature, name, moments, value == 1.0, value == 0.0, past)
            found.append((feature, rate or too_few(name)))
    return found


def _shifts(store: EvidenceStore, kind: str) -> ReasonShifts | None:
    """The reasons of a timeline by period, back from the end of what was observed."""
    timeline = TIMELINES[kind]
    if not set(timeline.needs) <= set(store.columns.get(timeline.table, ())):
        return None
    rows = store.connection.sql(
        f"SELECT customer, {timeline.known_sql} AS moment, reason::VARCHAR AS reason FROM {timeline.table}"
        f" WHERE {timeline.event_sql} ORDER BY ALL"
    ).to_arrow_table()
    customer, moment = (np.asarray(rows[name], np.int64) for name in ("customer", "moment"))
    starts = [store.observed_until - PERIOD_DAYS * DAY * back for back in range(MOST_PERIODS, -1, -1)]
    period = np.searchsorted(np.array(starts), moment, side="right") - 1
    first = store.observed_from(timeline.table)
    chosen = (period >= 0) & (period < MOST_PERIODS)
    chosen &= np.array(starts)[np.clip(period, 0, MOST_PERIODS)] >= first
    names = [store.zone.day_of(start).isoformat() for start in starts[:-1]]
    words = np.array(rows["reason"].to_pylist(), np.str_)[chosen]
    return reason_shifts(_GIVEN[kind], customer[chosen], period[chosen], words, names)


_GIVEN = {"answer_reasons": "answers", "reasons": "purchases and returns"}


def _known_or(values: npt.NDArray[np.float64], otherwise: float) -> npt.NDArray[np.float64]:
    return np.where(np.isfinite(values), values, otherwise)
