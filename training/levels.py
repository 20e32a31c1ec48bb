"""Levels: how many met the target at each cutoff, and at the same cutoffs a year before, to know the season by."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from patron.features.engine import build_snapshots, prepare, prepare_as_learned
from patron.features.errors import DataError
from patron.features.family import Family
from patron.features.question import Question
from patron.features.snapshots import calendar_cutoffs
from patron.features.store import EvidenceStore
from patron.features.targets import maturity
from patron.models.season import TOLERANCE, YEAR, Level

from .rolling import TrainingSet
from .snapshots import BuiltTrainingSet

CLOCKS = ("days_since_order", "days_since_known")
"""By which of these customers are told apart when years are compared; the latter is that of prospects."""


def with_levels(
    built: BuiltTrainingSet,
    store: EvidenceStore,
    question: Question,
    families: Sequence[type[Family]],
    memory: int,
) -> BuiltTrainingSet:
    """A training set to the same with the levels of its cutoffs, and of a year before them where that was observed.

    Likewise with those that cutoffs to come, up to about a year less the horizon, will meet again (`ahead`). All these
    need targets and one feature only, and are not learned from.
    """
    data = built.data
    clock = next((name for name in CLOCKS if name in data.table.column_names), None)
    if clock is None:
        return built
    levels = list(_levels(data, clock, built.cutoffs, built.mature))
    moments = np.append(
        built.cutoffs, built.mature[-1]
    )  # the last one is when the production model begins to score
    calendar = _before(built.cutoffs[0], store, question)
    nearest = _a_year_before(moments, calendar)
    if nearest.size:
        earlier = np.union1d(nearest, calendar[calendar >= built.cutoffs[-1] - YEAR - TOLERANCE])
        population = prepare(store, question, (), earlier).population
        prepared = prepare_as_learned(store, question, families, population, [clock])
        table, _ = build_snapshots(store, prepared, earlier, targets=True, memory=memory)
        past = TrainingSet(table.filter(table["target"].is_valid()), ())
        found = _levels(past, clock, earlier, maturity(question, store.zone, earlier))
        near = set(nearest.tolist())
        levels += [each for each in found if each.cutoff in near]
        ahead = tuple(each for each in found if each.cutoff not in near)
        data = replace(data, ahead=ahead)
    ordered = tuple(sorted(levels, key=lambda each: each.cutoff))
    return replace(built, data=replace(data, levels=ordered))


def _before(first: int, store: EvidenceStore, question: Question) -> npt.NDArray[np.int64]:
    """The calendar of the question's cutoffs before the first one that is learned from; int64[k], ascending."""
    spacing = question.spacing_days
    longer = replace(question, cutoffs=question.cutoffs + int(400 / spacing) + 1)
    try:
        calendar = calendar_cutoffs(
            longer, store.zone, store.observed_from("purchases"), store.observed_until
        )
    except DataError:
        return np.array([], np.int64)
    before: npt.NDArray[np.int64] = calendar[calendar < first]
    return before


def _a_year_before(moments: npt.NDArray[np.int64], before: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Of earlier cutoffs those that lie nearest to a year before any of the moments; int64[k]."""
    if not before.size:
        return before
    apart = np.abs(before[None, :] - (moments[:, None] - YEAR))
    nearest = apart.argmin(axis=1)
    close = apart[np.arange(moments.size), nearest] <= TOLERANCE
    return np.asarray(np.unique(before[nearest[close]]), np.int64)


def _levels(
    data: TrainingSet, clock: str, cutoffs: npt.NDArray[np.int64], mature: npt.NDArray[np.int64]
) -> list[Level]:
    days = np.asarray(data.table[clock], np.float32)
    found = []
    for cutoff, known in zip(cutoffs.tolist(), mature.tolist(), strict=True):
        at = data.cutoff == cutoff
        found.append(Level.of(cutoff, known, days[at], data.outcome[at]))
    return found
