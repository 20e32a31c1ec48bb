"""The loyalty map of a training: where its axes are cut, who stands where, and how customers move on it."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.engine import build_anchored, prepare_as_learned
from patron.features.family import Family
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.timelines import TIMELINES
from patron.models.loyalty import ANSWER_AGE, SCORE, LoyaltyThresholds, learn_thresholds
from patron.models.loyalty_map import LoyaltyMap, type_rows
from patron.models.loyalty_movement import Movement, Moving, close_pairs, movement
from patron.models.table_columns import numbers

from .snapshots import BuiltTrainingSet

BETWEEN_DAYS = {180: 90, 90: 30, 60: 30, 30: 14}
"""Days between the two moments of the movement, by those of the window of orders: a quarter as a rule."""

MOST_CUSTOMERS = 20_000
"""Customers whose movement is followed; where there are more, a sample."""

_MONTHS = ("orders_30d", "orders_60d", "orders_90d")
_SEEN = "days_since_first_order"


def thresholds_of(built: BuiltTrainingSet, names: Collection[str]) -> dict[str, Any]:
    """Thresholds from the last training cutoff and the model's features, as plain data; empty where there are none."""
    found = learned_at_the_end(built, names)
    return {} if found is None else found.to_dict()


def learned_at_the_end(built: BuiltTrainingSet, names: Collection[str]) -> LoyaltyThresholds | None:
    """Thresholds from the last training cutoff, by features of these names alone."""
    return learn_thresholds(last_snapshots(built), names)


def last_snapshots(built: BuiltTrainingSet) -> pa.Table:
    """The snapshots of the last training cutoff."""
    return built.data.table.filter(pa.array(built.data.rows([int(built.data.cutoff.max())])))


def learn_loyalty(
    store: EvidenceStore,
    question: Question,
    families: Sequence[type[Family]],
    built: BuiltTrainingSet,
    names: Collection[str],
    memory: int,
    seed: int,
    progress: Progress = silent,
) -> LoyaltyMap | None:
    """The map at the last training cutoff, and the movement up to it; None where nobody's attitude is known."""
    thresholds = learned_at_the_end(built, names)
    if thresholds is None or thresholds.score is None:
        return None
    progress("drawing the loyalty map", 0, 1)
    table = last_snapshots(built)
    spend = f"spend_{thresholds.window_days}d"
    before = numbers(table, spend) if spend in table.column_names else np.full(table.num_rows, np.nan)
    rows = type_rows(thresholds.types(table), before, np.asarray(table["target"], np.int8))
    return LoyaltyMap(thresholds, rows, _movement(store, question, families, built, thresholds, memory, seed))


def _movement(
    store: EvidenceStore,
    question: Question,
    families: Sequence[type[Family]],
    built: BuiltTrainingSet,
    thresholds: LoyaltyThresholds,
    memory: int,
    seed: int,
) -> Movement | None:
    between = BETWEEN_DAYS[thresholds.window_days]
    since = f"orders_{between}d"
    there = {field.name for field in built.data.catalogue}
    wanted = dict.fromkeys((thresholds.frequency, since, _SEEN, SCORE, ANSWER_AGE, *_MONTHS))
    if not there.issuperset(wanted):
        return None
    prepared = prepare_as_learned(store, question, families, built.prepared.population, list(wanted))
    later = int(built.data.cutoff.max())
    earlier = int(store.zone.shift_days(np.array([later], np.int64), -between)[0])
    codes = np.arange(store.customers, dtype=np.int64)
    if codes.size > MOST_CUSTOMERS:
        codes = np.sort(np.random.default_rng(seed).choice(codes, MOST_CUSTOMERS, replace=False))
    one, two = (
        build_anchored(store, prepared, codes, np.full(codes.size, moment, np.int64), memory=memory)
        for moment in (earlier, later)
    )
    moving = _moving(one, two, thresholds, since, between)
    if moving is None:
        return None
    answers = _answers(store, codes, later)
    said = build_anchored(store, prepared, answers[0], answers[1] + 1, memory=memory)
    satisfied = numbers(said, SCORE) >= (thresholds.score or 0.0)
    pairs = close_pairs(np.asarray(said["customer"], np.int64), _instants(said), satisfied)
    days = tuple(store.zone.day_of(moment).isoformat() for moment in (earlier, later))
    return movement(
        moving, pairs, thresholds.orders, (thresholds.window_days, between), (days[0], days[1]), seed
    )


def _moving(
    one: pa.Table, two: pa.Table, thresholds: LoyaltyThresholds, since: str, between: int
) -> Moving | None:
    """Customers who were there before the earlier window began, at both moments; None where nobody was."""
    months = np.diff(np.stack([np.zeros(two.num_rows), *(numbers(two, each) for each in _MONTHS)]), axis=0).T
    moving = Moving(
        numbers(one, thresholds.frequency),
        numbers(two, thresholds.frequency),
        numbers(two, since),
        thresholds.attitude(one),
        thresholds.attitude(two),
        numbers(two, ANSWER_AGE) < between,
        months,
    )
    known = np.isfinite(moving.earlier) & np.isfinite(moving.later) & np.isfinite(moving.since)
    chosen = known & (numbers(one, _SEEN) > thresholds.window_days)
    return moving.chosen(chosen) if chosen.any() else None


_ANSWERS = (
    "SELECT customer, {known} AS moment FROM satisfaction WHERE {event} GROUP BY ALL ORDER BY ALL"
).format(known=TIMELINES["answers"].known_sql, event=TIMELINES["answers"].event_sql)


def _answers(
    store: EvidenceStore, codes: npt.NDArray[np.int64], before: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Customers and moments of the answers that were known before a moment, of some customers."""
    table = store.connection.sql(_ANSWERS).to_arrow_table()
    customer, moment = (np.asarray(table[name], np.int64) for name in ("customer", "moment"))
    chosen = np.isin(customer, codes) & (moment < before - 1)
    return customer[chosen], moment[chosen]


def _instants(table: pa.Table) -> npt.NDArray[np.int64]:
    return np.asarray(table["cutoff"]).astype("datetime64[us]").astype(np.int64)
