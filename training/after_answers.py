"""What followed the answers, from the evidence: snapshots taken just after each answer became known."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.engine import Prepared, build_anchored, prepare_as_learned
from patron.features.family import Family
from patron.features.localtime import DAY
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.targets import maturity
from patron.features.timelines import SCALES, TIMELINES
from patron.features.words import name_part
from patron.models.after_answers import (
    AfterAnswers,
    Floats,
    GroupRate,
    Moments,
    after_answers,
    exposure_cells,
    response,
)
from patron.models.answers_by_category import gaps_by_category
from patron.models.intervals import Estimate

from .snapshots import BuiltTrainingSet

EXPOSURE = ("days_since_order", "orders_90d")
"""The features that, with the stage, say how alike customers are before the moment."""

SCORE = "satisfaction_last"
"""The score of the answer that has just become known, on the common scale where there are instruments."""

CATEGORY = "category_main"
"""The category that the customer mostly buys, where there are categories."""

DAYS_TO_ANSWER = 7
"""Days from a question on after which it counts as unanswered."""

MOST_MOMENTS = 300_000
"""Answers, and questions, that are looked at; where there are more, those of a sample of the customers."""

Anchors = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


def learn_after_answers(
    store: EvidenceStore,
    question: Question,
    families: Sequence[type[Family]],
    built: BuiltTrainingSet,
    memory: int,
    seed: int,
    progress: Progress = silent,
) -> AfterAnswers | None:
    """Repurchase after each score beside customers alike who were not asked; None where nobody answered, or too few."""
    there = {field.name for field in built.data.catalogue}
    if not there.issuperset((*EXPOSURE, SCORE)):
        return None
    progress("asking what followed the answers", 0, 1)
    names = [field.name for field in built.data.catalogue if field.name in (*EXPOSURE, SCORE, CATEGORY)]
    prepared = prepare_as_learned(store, question, families, built.prepared.population, names)
    alike = _not_asked(built, question)
    customer, moment, _ = _events(store, _ANSWERS)
    table = _anchored(store, question, prepared, built, (customer, moment + 1), memory, seed)
    score = _numbers(table, SCORE)
    known = np.isfinite(score)
    if not known.any():
        return None
    score, unit = _own_points(store, prepared, score[known])
    answers = _moments(table).chosen(known)
    found = after_answers(answers, score, alike, unit)
    if found is not None and CATEGORY in table.column_names:
        category = np.array(table[CATEGORY].cast(pa.string()).fill_null("").to_pylist(), np.str_)[known]
        found = replace(found, categories=gaps_by_category(answers, score, category, alike))
    if found is None or "asked_at" not in store.columns["satisfaction"]:
        return found
    rates, difference = _responses(store, question, prepared, built, alike, memory, seed)
    return replace(found, response=rates, answered_less_silent=difference)


_ANSWERS = (
    "SELECT customer, min({known}) AS moment, true AS answered FROM satisfaction"
    " WHERE {event} GROUP BY customer, answered_at ORDER BY ALL"
).format(known=TIMELINES["answers"].known_sql, event=TIMELINES["answers"].event_sql)

_QUESTIONS = (
    f"SELECT customer, asked_at + {DAYS_TO_ANSWER * DAY} AS moment,"
    f" coalesce(bool_or(answered_at < asked_at + {DAYS_TO_ANSWER * DAY}), false) AS answered FROM satisfaction"
    " WHERE asked_at IS NOT NULL GROUP BY customer, asked_at ORDER BY ALL"
)


def _events(
    store: EvidenceStore, query: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Customers, moments and whether it was answered, in one order."""
    table = store.connection.sql(query).to_arrow_table()
    customer, moment = (np.asarray(table[name], np.int64) for name in ("customer", "moment"))
    return customer, moment, np.asarray(table["answered"], np.bool_)


def _responses(
    store: EvidenceStore,
    question: Question,
    prepared: Prepared,
    built: BuiltTrainingSet,
    alike: Moments,
    memory: int,
    seed: int,
) -> tuple[tuple[GroupRate, ...], Estimate | None]:
    """Those asked, some days later, by whether they had answered."""
    customer, moment, answered = _events(store, _QUESTIONS)
    table = _anchored(store, question, prepared, built, (customer, moment), memory, seed)
    said = dict(zip(zip(customer.tolist(), moment.tolist(), strict=True), answered.tolist(), strict=True))
    keys = zip(table["customer"].to_pylist(), _instants(table).tolist(), strict=True)
    return response(_moments(table), np.array([said[key] for key in keys], np.bool_), alike)


def _anchored(
    store: EvidenceStore,
    question: Question,
    prepared: Prepared,
    built: BuiltTrainingSet,
    anchors: Anchors,
    memory: int,
    seed: int,
) -> pa.Table:
    """Snapshots with targets at moments of the time that the training cutoffs cover, of the population asked about."""
    customer, moment = anchors
    last = store.zone.shift_days(built.cutoffs[-1:], question.spacing_days)[0]
    chosen = (moment >= built.cutoffs[0]) & (moment < last)
    chosen[chosen] = maturity(question, store.zone, moment[chosen]) <= store.observed_until
    if chosen.sum() > MOST_MOMENTS:
        drawn = np.random.default_rng(seed).random(store.customers) < MOST_MOMENTS / chosen.sum()
        chosen &= drawn[customer]
    table = build_anchored(store, prepared, customer[chosen], moment[chosen], targets=True, memory=memory)
    about = pc.is_in(table["population"], pc.unique(built.data.table["population"]))
    return table.filter(pc.and_(pc.is_valid(table["target"]), about))


def _not_asked(built: BuiltTrainingSet, question: Question) -> Moments:
    """The calendar's snapshots of those who were not asked in the horizon before; they stand for customers alike."""
    table = built.data.table
    name = next(each for each in ("days_since_asked", "days_since_answer") if each in table.column_names)
    days = _numbers(table, name)
    return _moments(table).chosen(np.isnan(days) | (days >= question.horizon_days))


def _moments(table: pa.Table) -> Moments:
    cell = exposure_cells(table["stage"].to_pylist(), *(_numbers(table, name) for name in EXPOSURE))
    return Moments(np.asarray(table["customer"], np.int64), cell, np.asarray(table["target"], np.int8))


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name], np.float64)


def _instants(table: pa.Table) -> npt.NDArray[np.int64]:
    return np.asarray(table["cutoff"]).astype("datetime64[us]").astype(np.int64)


def _own_points(store: EvidenceStore, prepared: Prepared, score: Floats) -> tuple[Floats, str]:
    """Scores on their own instrument's scale where there is a single one, and the name of the scale."""
    if "instrument" not in store.columns["satisfaction"]:
        return score, "points"
    used = store.connection.sql(
        f"SELECT DISTINCT instrument FROM satisfaction WHERE {TIMELINES['answers'].event_sql} ORDER BY ALL"
    ).fetchall()
    instruments = {name_part(str(name)) for (name,) in used if name is not None}
    if len(instruments) != 1:
        return score, "points of 100"
    (name,) = instruments
    low, high = {**SCALES, **prepared.plan.scales}[name]
    return (low + score * (high - low) / 100).round(2), f"points of {name}"
