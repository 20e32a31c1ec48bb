"""One partition: the tables of a range of customers in, snapshots with features and targets out. A pure function.

Everything around it is plumbing: the local engine hands it ranges from DuckDB, another engine may hand it anything
else, and the rows are the same bit by bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .evaluation import Evaluator, Snapshots
from .expressions import Measure
from .family import FamilyFeature
from .localtime import LocalTime
from .population import PopulationHistory
from .question import Question
from .snapshots import standing
from .targets import target_values
from .timelines import TIMELINES, Rows, Timeline

CUTOFF_TYPE = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class FeaturePlan:
    """What to compute: the question, the features, and what of each table that takes.

    `timelines` maps each timeline to the columns it must show, `columns` each table to the columns it must have.
    `observed_from` (by table) and `observed_until` are instants.
    """

    question: Question
    timezone: str
    observed_from: Mapping[str, int]
    observed_until: int
    features: tuple[FamilyFeature, ...]
    timelines: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Customers:
    """The customers of a partition: codes from `first` on, and from when until when each is known (instants)."""

    first: int
    known_from: npt.NDArray[np.int64]
    known_until: npt.NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.known_from.size)


def make_timelines(
    tables: Mapping[str, pa.Table], plan: FeaturePlan, customers: Customers
) -> dict[str, Timeline]:
    """The timelines that the plan needs, from tables sorted as the store keeps them."""
    rows = {name: Rows.of(table, customers.first, customers.count) for name, table in tables.items()}
    return {
        name: TIMELINES[name].build(rows[TIMELINES[name].table], columns)
        for name, columns in plan.timelines.items()
    }


def candidates(customers: Customers, cutoffs: npt.NDArray[np.int64]) -> Snapshots:
    """Every customer known before a cutoff, at every such cutoff."""
    customer = np.repeat(np.arange(customers.count), cutoffs.size)
    cutoff = np.tile(cutoffs, customers.count)
    known = customers.known_from[customer] < cutoff
    return Snapshots.at(customer[known], cutoff[known])


def build_partition(
    tables: Mapping[str, pa.Table],
    customers: Customers,
    snapshots: Snapshots,
    plan: FeaturePlan,
    population: PopulationHistory,
    *,
    everyone: bool = False,
    targets: bool = False,
) -> pa.Table:
    """One row per snapshot: customer, cutoff, stage, population, excluded_because, features, and target if asked.

    Snapshots of customers that the question is not about keep their row, with a reason and without features (null);
    with `everyone` all get features. Features are float32 or dictionaries of strings; the target is int8, null where
    it is not mature or not defined.
    """
    zone = LocalTime(plan.timezone)
    timelines = make_timelines(tables, plan, customers)
    stands = standing(timelines["orders"], snapshots, plan.question, zone, plan.observed_from["purchases"])
    merged = customers.known_until[snapshots.customer] < snapshots.cutoff
    reason = np.where(merged, "an alias of another customer", stands.reason)
    wanted = (
        np.ones(reason.size, np.bool_) if everyone else np.array([each is None for each in reason], np.bool_)
    )
    columns: dict[str, pa.Array] = {
        "customer": pa.array(snapshots.customer + customers.first),
        "cutoff": pa.array(snapshots.cutoff).cast(CUTOFF_TYPE),
        "stage": pa.array(stands.stage, pa.string()),
        "population": pa.array(stands.population, pa.string()),
        "excluded_because": pa.array(reason, pa.string()),
    }
    chosen = Snapshots(snapshots.customer[wanted], snapshots.cutoff[wanted], snapshots.as_of[wanted])
    evaluator = Evaluator(timelines, plan.observed_from, zone, chosen, population)
    columns |= _features(evaluator, plan, wanted)
    if targets:
        values = np.full(wanted.size, np.nan)
        values[wanted] = target_values(
            timelines, plan.observed_from, zone, chosen, plan.question, plan.observed_until
        )
        columns["target"] = pa.array(np.nan_to_num(values).astype(np.int8), mask=np.isnan(values))
    return pa.table(columns)


def _features(evaluator: Evaluator, plan: FeaturePlan, wanted: npt.NDArray[np.bool_]) -> dict[str, pa.Array]:
    """The plan's features for the wanted snapshots, null for the others."""
    evaluator.prepare(each.feature.expression for each in plan.features)
    columns = {}
    for each in plan.features:
        expression = each.feature.expression
        values = evaluator.values(expression)
        if each.feature.is_category:
            assert isinstance(expression, Measure)
            columns[each.feature.name] = _category(_spread(values, wanted), evaluator.words(expression))
        else:
            single = _spread(values.astype(np.float32), wanted)
            columns[each.feature.name] = pa.array(single, mask=None if wanted.all() else ~wanted)
    return columns


def _spread(values: npt.NDArray[np.floating], wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.floating]:
    if wanted.all():
        return values
    spread = np.full(wanted.size, np.nan, values.dtype)
    spread[wanted] = values
    return spread


def _category(codes: npt.NDArray[np.floating], words: tuple[str, ...]) -> pa.DictionaryArray:
    indices = pa.array(np.nan_to_num(codes).astype(np.int32), mask=np.isnan(codes))
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))
