"""What followed the answers, from the evidence: snapshots taken just after each answer became known."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.engine import Prepared
from patron.features.family import Family
from patron.features.localtime import DAY
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.timelines import SCALES, TIMELINES
from patron.features.words import name_part
from patron.models.after_answers import AfterAnswers, after_answers, response, spend_after
from patron.models.answers_by_category import CategoryGap, gaps_by_segment
from patron.models.answers_over_time import over_time
from patron.models.groups import spend_edges, spend_tiers
from patron.models.intervals import Estimate
from patron.models.moments import Floats, GroupRate, with_alike
from patron.models.table_columns import numbers

from .anchoring import Anchoring, Comparison, instants
from .snapshots import BuiltTrainingSet

SCORE = "satisfaction_last"
"""The score of the answer that has just become known, on the common scale where there are instruments."""

CATEGORY = "category_main"
"""The category that the customer mostly buys, where there are categories."""

SPENT = "spend_365d"
"""What tiers of spend are made of, where it is known."""

DAYS_TO_ANSWER = 7
"""Days from a question on after which it counts as unanswered."""

FEWEST_MATCHED = 0.5
"""Where fewer answers have customers alike who were not asked, those who answered are compared with each other."""


def learn_after_answers(
    store: EvidenceStore,
    question: Question,
    families: Sequence[type[Family]],
    built: BuiltTrainingSet,
    memory: int,
    seed: int,
    progress: Progress = silent,
) -> AfterAnswers | None:
    """Repurchase and spend after each score beside customers alike; None where nobody answered, or too few."""
    if SCORE not in {field.name for field in built.data.catalogue}:
        return None
    anchoring = Anchoring.of(store, question, families, built, memory, seed, (SCORE, CATEGORY))
    if anchoring is None:
        return None
    progress("asking what followed the answers", 0, 1)
    customer, moment, _ = _events(store, _ANSWERS)
    table = anchoring.at((customer, moment + 1))
    table = table.filter(pa.array(np.isfinite(numbers(table, SCORE))))
    if not table.num_rows:
        return None
    comparison, is_among = _comparison(table, built, question)
    score, unit = _own_points(store, anchoring.prepared, numbers(table, SCORE))
    answers = comparison.moments(table)
    found = after_answers(answers, score, comparison.alike, unit)
    if found is None:
        return None
    found = replace(
        found,
        is_among_answers=is_among,
        segments=_segments(table, score, comparison),
        over_time=over_time(answers, score, instants(table), comparison.alike),
    )
    spent = comparison.spend(table)
    if spent is not None and comparison.spend_alike is not None:
        rates, slope = spend_after(spent, score, comparison.spend_alike)
        found = replace(found, spend=rates, spend_slope=slope, spend_cap=comparison.cap)
    if is_among or "asked_at" not in store.columns["satisfaction"]:
        return found
    rates, difference = _responses(anchoring, comparison)
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


def _comparison(table: pa.Table, built: BuiltTrainingSet, question: Question) -> tuple[Comparison, bool]:
    """Those who were not asked in the horizon before, or the answers themselves where hardly any has such alike."""
    every = built.data.table
    name = next(each for each in ("days_since_asked", "days_since_answer") if each in every.column_names)
    days = numbers(every, name)
    not_asked = every.filter(pa.array(np.isnan(days) | (days >= question.horizon_days)))
    if not_asked.num_rows:
        comparison = Comparison(not_asked)
        if with_alike(comparison.moments(table), comparison.alike).mean() >= FEWEST_MATCHED:
            return comparison, False
    return Comparison(table), True


def _segments(table: pa.Table, score: Floats, comparison: Comparison) -> dict[str, tuple[CategoryGap, ...]]:
    """The gaps between the satisfied and the dissatisfied by main category, stage and tier of spend."""
    answers = comparison.moments(table)
    named = {}
    if CATEGORY in table.column_names:
        named["category"] = table[CATEGORY].cast(pa.string()).fill_null("")
    named["stage"] = table["stage"].cast(pa.string()).fill_null("")
    groups = {name: np.array(each.to_pylist(), np.str_) for name, each in named.items()}
    if SPENT in table.column_names:
        spent = numbers(table, SPENT)
        groups["spend"] = spend_tiers(spent, spend_edges(spent))
    found = {name: gaps_by_segment(answers, score, group, comparison.alike) for name, group in groups.items()}
    return {name: gaps for name, gaps in found.items() if gaps}


def _responses(anchoring: Anchoring, comparison: Comparison) -> tuple[tuple[GroupRate, ...], Estimate | None]:
    """Those asked, some days later, by whether they had answered."""
    customer, moment, answered = _events(anchoring.store, _QUESTIONS)
    table = anchoring.at((customer, moment))
    said = dict(zip(zip(customer.tolist(), moment.tolist(), strict=True), answered.tolist(), strict=True))
    keys = zip(table["customer"].to_pylist(), instants(table).tolist(), strict=True)
    return response(
        comparison.moments(table), np.array([said[key] for key in keys], np.bool_), comparison.alike
    )


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
