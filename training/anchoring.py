"""Moments from the evidence: snapshots just after something became known, and those of customers alike beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.engine import Prepared, build_anchored, prepare_as_learned
from patron.features.family import Family
from patron.features.localtime import DAY
from patron.features.outcomes import SPEND
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.targets import maturity
from patron.models.exposure import EXPOSURE, Exposure, exposure_cells
from patron.models.moments import Floats, Moments
from patron.models.table_columns import numbers

from .snapshots import BuiltTrainingSet

NEEDED = ("days_since_order", "orders_90d")
"""The features that, with the stage, make the cells of exposure."""

MOST_MOMENTS = 300_000
"""Moments of a kind that are looked at; where there are more, those of a sample of the customers."""

HIGHEST_SPEND = 0.99
"""Net spend above this quantile of the comparison's, and below its mirror image, counts as that much (winsorised)."""

Anchors = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Anchoring:
    """How to take snapshots at moments of the time that the training cutoffs cover."""

    store: EvidenceStore
    question: Question
    prepared: Prepared
    built: BuiltTrainingSet
    memory: int
    seed: int

    @classmethod
    def of(
        cls,
        store: EvidenceStore,
        question: Question,
        families: Sequence[type[Family]],
        built: BuiltTrainingSet,
        memory: int,
        seed: int,
        further: Sequence[str] = (),
    ) -> "Anchoring | None":
        """For the exposure and further features; None where the evidence cannot give the exposure."""
        there = [field.name for field in built.data.catalogue]
        if not set(there).issuperset(NEEDED):
            return None
        names = [name for name in there if name in (*EXPOSURE, *further)]
        prepared = prepare_as_learned(store, question, families, built.prepared.population, names)
        return cls(store, question, prepared, built, memory, seed)

    def at(self, anchors: Anchors) -> pa.Table:
        """Snapshots with mature targets at customers' moments, of the population that the question is about."""
        customer, moment = anchors
        built, question, zone = self.built, self.question, self.store.zone
        last = zone.shift_days(built.cutoffs[-1:], question.spacing_days)[0]
        chosen = (moment >= built.cutoffs[0]) & (moment < last)
        chosen[chosen] = maturity(question, zone, moment[chosen]) <= self.store.observed_until
        if chosen.sum() > MOST_MOMENTS:
            drawn = (
                np.random.default_rng(self.seed).random(self.store.customers) < MOST_MOMENTS / chosen.sum()
            )
            chosen &= drawn[customer]
        table = build_anchored(
            self.store, self.prepared, customer[chosen], moment[chosen],
            targets=True, with_outcomes=SPEND in built.data.table.column_names, memory=self.memory,
        )  # fmt: skip
        about = pc.is_in(table["population"], pc.unique(built.data.table["population"]))
        return table.filter(pc.and_(pc.is_valid(table["target"]), about))


class Comparison:
    """Comparison moments with what their exposure leads to, for whether the target was met and for net spend."""

    def __init__(self, table: pa.Table) -> None:
        self.names = [name for name in EXPOSURE if name in table.column_names]
        exposure = _exposure(table, self.names)
        outcome = np.asarray(table["target"], np.int8)
        self._target = Exposure(exposure, outcome)
        self.alike = _moments(table, outcome, self._target.forecast(exposure))
        self.spend_alike: Moments | None = None
        if SPEND in table.column_names and not table[SPEND].null_count and table.num_rows:
            spend = numbers(table, SPEND)
            self.cap = float(np.quantile(np.abs(spend), HIGHEST_SPEND))
            spend = spend.clip(-self.cap, self.cap)
            self._spend = Exposure(exposure, spend)
            self.spend_alike = _moments(table, spend, self._spend.forecast(exposure))

    def moments(self, table: pa.Table) -> Moments:
        """Other snapshots, with what these lead one to expect of them."""
        forecast = self._target.forecast(_exposure(table, self.names))
        return _moments(table, np.asarray(table["target"], np.int8), forecast)

    def spend(self, table: pa.Table) -> Moments | None:
        """The same of their net spend, winsorised; None where spend is no outcome of the question."""
        if self.spend_alike is None:
            return None
        forecast = self._spend.forecast(_exposure(table, self.names))
        return _moments(table, numbers(table, SPEND).clip(-self.cap, self.cap), forecast)


def _exposure(table: pa.Table, names: Sequence[str]) -> dict[str, Floats]:
    return {**{name: numbers(table, name) for name in names}, "time": instants(table) / DAY}


def _moments(table: pa.Table, outcome: npt.NDArray[np.int8] | Floats, forecast: Floats) -> Moments:
    cell = exposure_cells(table["stage"].to_pylist(), *(numbers(table, name) for name in NEEDED))
    return Moments(np.asarray(table["customer"], np.int64), cell, outcome, forecast)


def instants(table: pa.Table) -> npt.NDArray[np.int64]:
    """The moments of the snapshots."""
    return np.asarray(table["cutoff"]).astype("datetime64[us]").astype(np.int64)
