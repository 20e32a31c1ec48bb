"""One partition: the tables of a range of customers in, snapshots with features and targets out. A pure function.

Everything around it is plumbing: the local engine hands it ranges from DuckDB, another engine may hand it anything
else, and the rows are the same bit by bit. Inside, customers are taken in blocks, one for each thread at a time;
no value of a customer depends on who else is in the block.
"""

import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .evaluation import Sight, Snapshots, run
from .expressions import Measure
from .facts import Range
from .family import FamilyFeature
from .localtime import LocalTime
from .measures import words_of
from .outcomes import outcomes
from .population import PopulationHistory
from .program import Program
from .question import Question
from .rows import Rows
from .snapshots import standing
from .targets import target_values
from .timeline import Timeline
from .timelines import TIMELINES
from .views import View
from .vocabulary import output_words

CUTOFF_TYPE = pa.timestamp("us", tz="UTC")

_BLOCK_SNAPSHOTS = 1 << 18
_BLOCK_ROWS = 1 << 21
"""What a block holds at most, a single customer apart."""


@dataclass(frozen=True)
class FeaturePlan:
    """What to compute: the question, the features, and what of each table that takes.

    `timelines` maps each timeline to the columns it must show, `columns` each table to the columns it must have.
    `observed_from` (by table) and `observed_until` are instants. `scales` are the lowest and highest scores of the
    business's own instruments, by `name_part`.
    """

    question: Question
    timezone: str
    observed_from: Mapping[str, int]
    observed_until: int
    features: tuple[FamilyFeature, ...]
    timelines: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, tuple[str, ...]]
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def program(self) -> Program:
        """The program that computes the features."""
        return Program.of([each.feature.expression for each in self.features])


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

    def part(self, low: int, high: int) -> "Customers":
        """Those from `low` until `high`, counted from the first."""
        return Customers(self.first + low, self.known_from[low:high], self.known_until[low:high])


@dataclass(frozen=True)
class Partition:
    """Snapshots of customers that the question is about, and those of all others with the reason.

    `snapshots`: customer (code), cutoff, stage, population, the features (float32, or dictionaries of strings), and
    `target` if asked (int8, null where it is not mature or not defined). `excluded`: customer, cutoff, stage,
    excluded_because. Both are sorted by customer and cutoff.
    """

    snapshots: pa.Table
    excluded: pa.Table


def make_timelines(rows: Mapping[str, Rows], plan: FeaturePlan) -> dict[str, Timeline]:
    """The timelines of a plan with the columns that it shows, from the rows of their tables."""
    scaled = {name: replace(each, scales=plan.scales) for name, each in rows.items()}
    return {
        name: TIMELINES[name].build(scaled[TIMELINES[name].table], columns)
        for name, columns in plan.timelines.items()
    }


def candidates(customers: Customers, cutoffs: npt.NDArray[np.int64]) -> Snapshots:
    """Every customer known before a cutoff, at every such cutoff; cutoffs ascending."""
    first = np.searchsorted(cutoffs, customers.known_from, side="right")
    often = cutoffs.size - first
    before = np.cumsum(often) - often
    customer = np.repeat(np.arange(customers.count), often)
    places = np.arange(customer.size) - np.repeat(before - first, often)
    return Snapshots(customer, places, cutoffs, cutoffs)


def build_partition(
    tables: Mapping[str, pa.Table],
    customers: Customers,
    snapshots: Snapshots,
    plan: FeaturePlan,
    population: PopulationHistory,
    *,
    everyone: bool = False,
    targets: bool = False,
    with_outcomes: bool = False,
) -> Partition:
    """The snapshots of some customers with the plan's features, from their tables, whose rows are in any order.

    Options are those of `build_blocks`.
    """
    made = [
        part
        for _, part in build_blocks(
            tables,
            customers,
            snapshots,
            plan,
            population,
            everyone=everyone,
            targets=targets,
            with_outcomes=with_outcomes,
        )
    ]
    return Partition(
        pa.concat_tables([each.snapshots for each in made]),
        pa.concat_tables([each.excluded for each in made]),
    )


def build_blocks(
    tables: Mapping[str, pa.Table],
    customers: Customers,
    snapshots: Snapshots,
    plan: FeaturePlan,
    population: PopulationHistory,
    *,
    everyone: bool = False,
    targets: bool = False,
    with_outcomes: bool = False,
) -> Iterator[tuple[Range, Partition]]:
    """`build_partition` block by block: the codes of its customers, and their snapshots.

    While one is used the next are made, and no more than the threads can take: features need not all be held.
    With `everyone` all snapshots get features, whatever the population asked about. `with_outcomes` adds what
    `outcomes` finds to the target.
    """
    rows = {name: Rows.of(table, customers.first, customers.count) for name, table in tables.items()}

    def build(block: "_Block") -> tuple[Range, Partition]:
        part = {name: each.part(block.low, block.high) for name, each in rows.items()}
        who = customers.part(block.low, block.high)
        chosen = snapshots.part(block.begin, block.end, block.low)
        made = _build_block(
            part,
            who,
            chosen,
            plan,
            population,
            everyone=everyone,
            targets=targets,
            with_outcomes=with_outcomes,
        )
        return Range(customers.first + block.low, customers.first + block.high), made

    plan.program  # noqa: B018  # made once, before threads ask for it
    threads = os.cpu_count() or 1
    waiting: deque[Future[tuple[Range, Partition]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for block in _blocks(rows, customers.count, snapshots):
            waiting.append(pool.submit(build, block))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@dataclass(frozen=True)
class _Block:
    """Customers `low` to `high` and their snapshots `begin` to `end` (all exclusive at the end)."""

    low: int
    high: int
    begin: int
    end: int


def _blocks(rows: Mapping[str, Rows], customers: int, snapshots: Snapshots) -> list[_Block]:
    """All customers in blocks, at least one (of nobody, where there is nobody)."""
    asked = np.concatenate([[0], np.cumsum(np.bincount(snapshots.customer, minlength=customers))])
    load = asked / _BLOCK_SNAPSHOTS
    for each in rows.values():
        load = load + each.starts / _BLOCK_ROWS
    bounds = [0]
    while bounds[-1] < customers:
        low = bounds[-1]
        bounds.append(max(int(np.searchsorted(load, load[low] + 1, side="right")) - 1, low + 1))
    if len(bounds) == 1:
        return [_Block(0, 0, 0, 0)]
    return [_Block(low, high, int(asked[low]), int(asked[high])) for low, high in pairwise(bounds)]


def _build_block(
    rows: Mapping[str, Rows],
    customers: Customers,
    snapshots: Snapshots,
    plan: FeaturePlan,
    population: PopulationHistory,
    *,
    everyone: bool,
    targets: bool,
    with_outcomes: bool,
) -> Partition:
    zone = LocalTime(plan.timezone)
    timelines = make_timelines(rows, plan)
    merged = customers.known_until[snapshots.customer] < snapshots.cutoff
    orders = View.of(timelines["orders"], snapshots.customer, snapshots.as_of)
    stands = standing(orders, snapshots, plan.question, zone, plan.observed_from["purchases"], merged)
    wanted = np.ones(merged.size, np.bool_) if everyone else stands.is_asked_about
    excluded = {
        **_keys(customers, snapshots.chosen(~wanted)),
        "stage": stands.stages(~wanted),
        "excluded_because": stands.reasons(~wanted),
    }
    chosen = snapshots.chosen(wanted)
    columns = {
        **_keys(customers, chosen),
        "stage": stands.stages(wanted),
        "population": stands.populations(wanted),
    }
    seen = {"orders": orders.chosen(wanted)}
    sight = Sight(timelines, plan.observed_from, zone, chosen, population, seen)
    columns |= _features(sight, plan)
    if targets:
        columns["target"] = _target(sight, plan)
    if with_outcomes:
        columns |= outcomes(sight, plan.question, plan.observed_until)
    return Partition(pa.table(columns), pa.table(excluded))


def _keys(customers: Customers, snapshots: Snapshots) -> dict[str, pa.Array]:
    return {
        "customer": pa.array(snapshots.customer + customers.first),
        "cutoff": pa.array(snapshots.cutoff).cast(CUTOFF_TYPE),
    }


def _target(sight: Sight, plan: FeaturePlan) -> pa.Array:
    values = target_values(sight, plan.question, plan.observed_until)
    return pa.array(np.nan_to_num(values).astype(np.int8), mask=np.isnan(values))


def _features(sight: Sight, plan: FeaturePlan) -> dict[str, pa.Array]:
    """The plan's features for all snapshots of the sight."""
    program, found = plan.program, dict[int, pa.Array]()
    for place, values in run(program, sight):
        step = program.steps[place]
        if isinstance(step, Measure) and step.is_category:
            found[place] = _category(values, step, sight)
        else:
            found[place] = pa.array(values.astype(np.float32))
    return {
        each.feature.name: found[place] for each, place in zip(plan.features, program.outputs, strict=True)
    }


def _category(codes: npt.NDArray[np.floating], measure: Measure, sight: Sight) -> pa.DictionaryArray:
    assert measure.column is not None
    words = words_of(sight.timelines[measure.window.evidence.timeline], measure.column)
    indices = pa.array(np.nan_to_num(codes).astype(np.int32), mask=np.isnan(codes))
    return pa.DictionaryArray.from_arrays(indices, pa.array(output_words(measure, words, sight), pa.string()))
