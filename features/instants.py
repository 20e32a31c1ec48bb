"""Instants: the moments at which the audit rebuilds snapshots, on the calendar and between facts."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .errors import DataError
from .question import Question
from .sample import Sample
from .snapshots import calendar_cutoffs
from .sql import quoted

_EVENTS = (
    ("purchases", "purchased_at", 0, "the very instant of a purchase"),
    ("satisfaction", "answered_at", 1, "just after an answer"),
    ("cases", "closed_at", 1, "just after a case was closed"),
    ("cases", "opened_at", 0, "the very instant at which a case was opened"),
    ("activities", "responded_at", 1, "just after a response"),
    ("activities", "occurred_at", 0, "the very instant of a contact"),
    ("identities", "linked_at", 1, "just after a link"),
)
_MOST = 3
"""So many tables have an instant of their own."""


@dataclass(frozen=True)
class Instant:
    """A moment at which snapshots are rebuilt, and why at this one; `calendar` builds the population of the question,
    else everyone known before gets a row.
    """

    cutoff: int
    reason: str
    calendar: bool


def choose_instants(sample: Sample, question: Question) -> tuple[Instant, ...]:
    """An early, a middle and the last of the question's cutoffs, and moments between facts: at and just after them."""
    # Before the first purchase there is nobody, and nothing that could be taken back.
    first = sample.number("SELECT min(known) FROM purchases")
    found = (*_calendar(sample, question), *_anchors(sample))
    return tuple(each for each in found if first is not None and each.cutoff > first)


def mature_cutoffs(sample: Sample, question: Question) -> list[int]:
    """The question's cutoffs; where history is too short for any, the day in its middle."""
    since = sample.tables["purchases"].observed_from
    try:
        return [int(each) for each in calendar_cutoffs(question, sample.zone, since, sample.until)]
    except DataError:
        middle = np.array([since + (sample.until - since) // 2], np.int64)
        return [int(sample.zone.floor_to_day(middle)[0])]


def _calendar(sample: Sample, question: Question) -> Iterator[Instant]:
    cutoffs = mature_cutoffs(sample, question)
    places = dict.fromkeys((0, len(cutoffs) // 2, len(cutoffs) - 1))
    names = ["the earliest cutoff", "a cutoff in the middle", "the latest cutoff"]
    for place, name in zip(places, names if len(places) == len(names) else names[::2], strict=False):
        yield Instant(cutoffs[place], name, calendar=True)


def _anchors(sample: Sample) -> Iterator[Instant]:
    """The median event of a few kinds, for kinds that the business keeps."""
    found: set[str] = set()
    for table, column, after, reason in _EVENTS:
        if len(found) == _MOST or table in found:
            continue
        if table not in sample.tables or column not in sample.tables[table].columns:
            continue
        name = quoted(column)
        moment = sample.number(
            f"SELECT CAST(quantile_disc({name}, 0.5) AS BIGINT) FROM {quoted(table)}"
            f" WHERE {name} IS NOT NULL AND greatest({name}, known) < {sample.until - 1}"
        )
        if moment is not None:
            found.add(table)
            yield Instant(int(moment) + after, reason, calendar=False)
