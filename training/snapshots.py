"""The training set: the question's cutoffs, their snapshots with targets, and what was left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.engine import Prepared, build_snapshots, catalogue, prepare
from patron.features.errors import DataError, GateError
from patron.features.family import Family
from patron.features.localtime import LocalTime
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.snapshots import calendar_cutoffs
from patron.features.store import EvidenceStore
from patron.features.targets import maturity

from .folds import FoldPlan, plan_folds
from .gate import CutoffCount
from .rolling import TrainingSet

MOST_HELD = 16
"""Snapshots that take more than this part of the memory lie in a mapped file: folds read them block by block."""


@dataclass(frozen=True)
class BuiltTrainingSet:
    """Snapshots with targets at the question's cutoffs, how they were prepared, and what is not among them.

    `cutoffs` and `mature` (when the targets are known for good) are ascending instants; `excluded` counts snapshots of
    customers that the question is not about, and those whose target is not defined, by reason.
    """

    data: TrainingSet
    prepared: Prepared
    cutoffs: npt.NDArray[np.int64]
    mature: npt.NDArray[np.int64]
    excluded: Mapping[str, int]

    @property
    def customers(self) -> int:
        """Distinct customers with a snapshot."""
        return int(np.unique(self.data.customer).size)

    def folds(self, test_cutoffs: int) -> FoldPlan:
        """The folds that judge a model on the latest cutoffs."""
        return plan_folds(self.cutoffs.tolist(), self.mature.tolist(), test_cutoffs, self._shows_both)

    def counts(self, cutoffs: Sequence[int], zone: LocalTime) -> list[CutoffCount]:
        """Snapshots and events at each of the cutoffs."""
        return [CutoffCount(zone.day_of(cutoff).isoformat(), *self._sizes[cutoff]) for cutoff in cutoffs]

    def _shows_both(self, cutoffs: Sequence[int]) -> bool:
        """Whether someone met the target at one of the cutoffs, and someone did not."""
        snapshots, events = np.sum([self._sizes[cutoff] for cutoff in cutoffs] or [(0, 0)], axis=0)
        return bool(0 < events < snapshots)

    @cached_property
    def _sizes(self) -> dict[int, tuple[int, int]]:
        """Snapshots and events at each cutoff."""
        place = np.searchsorted(self.cutoffs, self.data.cutoff)
        snapshots = np.bincount(place, minlength=self.cutoffs.size)
        events = np.bincount(place[self.data.outcome == 1], minlength=self.cutoffs.size)
        sizes = zip(snapshots.tolist(), events.tolist(), strict=True)
        return dict(zip(self.cutoffs.tolist(), sizes, strict=True))


def build_training_set(
    store: EvidenceStore,
    question: Question,
    families: Sequence[type[Family]],
    memory: int,
    progress: Progress = silent,
    *,
    with_outcomes: bool = False,
) -> BuiltTrainingSet:
    """The snapshots of the question's mature cutoffs with their targets; GateError where there is no such cutoff.

    `with_outcomes` adds what else is known of the time after each cutoff, as columns that are no features.
    """
    cutoffs = _cutoffs(store, question)
    prepared = prepare(store, question, families, cutoffs)
    table, excluded = build_snapshots(
        store,
        prepared,
        cutoffs,
        targets=True,
        with_outcomes=with_outcomes,
        memory=memory,
        most_held=memory // MOST_HELD,
        progress=progress,
    )
    table, undefined = _with_target(table)
    if undefined:
        excluded = {**excluded, "no spend that could drop": undefined}
    return BuiltTrainingSet(
        TrainingSet(table, tuple(catalogue(prepared.plan))),
        prepared,
        cutoffs,
        maturity(question, store.zone, cutoffs),
        excluded,
    )


def _cutoffs(store: EvidenceStore, question: Question) -> npt.NDArray[np.int64]:
    """The question's cutoffs; too short a history for any is one of the gate's refusals."""
    try:
        return calendar_cutoffs(question, store.zone, store.observed_from("purchases"), store.observed_until)
    except DataError as error:
        raise GateError(error.what, where=error.where, found=error.found, remedy=error.remedy) from None


def _with_target(table: pa.Table) -> tuple[pa.Table, int]:
    """The rows whose target is defined, and how many are not."""
    undefined = table["target"].null_count
    return (table.filter(pc.is_valid(table["target"])) if undefined else table), undefined
