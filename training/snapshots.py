"""The training set: the question's cutoffs, their snapshots with targets, and what was left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.engine import Prepared, build_snapshots, catalogue, prepare
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
        return plan_folds(self.cutoffs.tolist(), self.mature.tolist(), test_cutoffs)

    def counts(self, cutoffs: Sequence[int], zone: LocalTime) -> list[CutoffCount]:
        """Snapshots and events at each of the cutoffs."""
        found = []
        for cutoff in cutoffs:
            at = self.data.cutoff == cutoff
            day = zone.day_of(cutoff).isoformat()
            found.append(CutoffCount(day, int(at.sum()), int(self.data.outcome[at].sum())))
        return found


def build_training_set(
    store: EvidenceStore,
    question: Question,
    families: Sequence[type[Family]],
    memory: int,
    progress: Progress = silent,
) -> BuiltTrainingSet:
    """The snapshots of the question's mature cutoffs with their targets; DataError where there is no such cutoff."""
    cutoffs = calendar_cutoffs(question, store.zone, store.observed_from("purchases"), store.observed_until)
    prepared = prepare(store, question, families, cutoffs)
    table, excluded = build_snapshots(
        store, prepared, cutoffs, targets=True, memory=memory, progress=progress
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


def _with_target(table: pa.Table) -> tuple[pa.Table, int]:
    """The rows whose target is defined, and how many are not."""
    undefined = table["target"].null_count
    return (table.filter(pc.is_valid(table["target"])) if undefined else table), undefined
