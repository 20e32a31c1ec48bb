"""The local engine: DuckDB reads and sorts, partitions of bounded size are built, and put together again."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .catalogue import FeatureField
from .columns import check_time_type, wall_time, zoned_time
from .compiled import is_compiled
from .contracts import TABLES
from .errors import DataError
from .evaluation import Snapshots
from .expressions import Learned, Measure, PopulationNumber
from .facts import Range
from .family import Family, FamilyFeature, list_features
from .holding import held_together
from .learning import learn_from_customers
from .outline import Outline
from .partition import Customers, FeaturePlan, Partition, build_blocks, build_partition, candidates
from .planning import available_evidence, plan_features, plan_learning, shown_columns
from .population import PopulationHistory, learn_population
from .progress import Progress, silent
from .question import Question
from .snapshots import check_known
from .sources import open_source
from .store import GIGABYTE, EvidenceStore
from .tables import TableSpec
from .timelines import holds_text

NOT_FEATURES = ("customer", "customer_id", "cutoff", "stage", "population", "target")
"""Columns of a built table that are no features."""


@dataclass(frozen=True)
class Prepared:
    """A plan and the population values it uses."""

    plan: FeaturePlan
    population: PopulationHistory


def prepare(
    store: EvidenceStore, question: Question, families: Sequence[type[Family]], cutoffs: npt.NDArray[np.int64]
) -> Prepared:
    """What to compute for these cutoffs, with population values learned as of the business day of each."""
    return prepare_by(LocalTeacher(store), store, question, families, cutoffs)


class Teacher(Protocol):
    """What can be learned from all customers, as of several moments; each history is given back with more in it."""

    def words(self, vocabularies: Sequence[str], moments: Sequence[int]) -> PopulationHistory:
        """The frequent words of text columns."""

    def numbers(self, wanted: Sequence[PopulationNumber], moments: Sequence[int]) -> PopulationHistory:
        """Statistics of columns."""

    def from_customers(
        self,
        plan: FeaturePlan,
        learned: Sequence[Learned],
        usual: Sequence[Measure],
        history: PopulationHistory,
    ) -> PopulationHistory:
        """Statistics of what customers do."""


@dataclass(frozen=True)
class LocalTeacher:
    """What a store of the evidence teaches."""

    store: EvidenceStore

    def words(self, vocabularies: Sequence[str], moments: Sequence[int]) -> PopulationHistory:
        """The frequent words of text columns."""
        return learn_population(self.store, vocabularies, (), moments)

    def numbers(self, wanted: Sequence[PopulationNumber], moments: Sequence[int]) -> PopulationHistory:
        """Statistics of columns."""
        return learn_population(self.store, (), wanted, moments)

    def from_customers(
        self,
        plan: FeaturePlan,
        learned: Sequence[Learned],
        usual: Sequence[Measure],
        history: PopulationHistory,
    ) -> PopulationHistory:
        """Statistics of what customers do."""
        return learn_from_customers(self.store, plan, learned, usual, history)


def prepare_by(
    teacher: Teacher,
    store: Outline,
    question: Question,
    families: Sequence[type[Family]],
    cutoffs: npt.NDArray[np.int64],
) -> Prepared:
    """`prepare` where somebody else learns: what is learned, and in which order, is the same for all engines."""
    moments = np.unique(store.zone.floor_to_day(cutoffs)).tolist()
    named = dict.fromkeys(name for family in families for name in family.vocabularies)
    vocabularies = dict.fromkeys(name for each in named for name in _vocabularies(store, each))
    words = teacher.words(list(vocabularies), moments)
    features = list_features(families, question, available_evidence(store, words))
    history = _learned(teacher, store, question, features, words)
    return Prepared(plan_features(store, question, features), history)


def _learned(
    teacher: Teacher,
    store: Outline,
    question: Question,
    features: Sequence[FamilyFeature],
    words: PopulationHistory,
) -> PopulationHistory:
    """The population's words with the other values that the features take, as of the same moments."""
    parts = list(dict.fromkeys(part for each in features for part in each.feature.expression.walk()))
    numbers = [part for part in parts if isinstance(part, PopulationNumber)]
    learned = [part for part in parts if isinstance(part, Learned)]
    usual = [part for part in parts if isinstance(part, Measure) and part.kind == "usual"]
    history = teacher.numbers(numbers, [values.as_of for values in words.values])
    values = [replace(a, numbers=b.numbers) for a, b in zip(words.values, history.values, strict=True)]
    plan = plan_learning(store, question, learned, usual)
    return teacher.from_customers(plan, learned, usual, PopulationHistory(tuple(values)))


def prepare_as_learned(
    store: Outline,
    question: Question,
    families: Sequence[type[Family]],
    population: PopulationHistory,
    names: Sequence[str],
) -> Prepared:
    """What to compute to get the named features again, with the population values they were learned with.

    DataError names the features that the evidence at hand cannot give.
    """
    features = {
        each.feature.name: each
        for each in list_features(families, question, available_evidence(store, population))
    }
    missing = [name for name in names if name not in features]
    if missing:
        raise DataError(
            "The evidence at hand cannot give all features that the model needs.",
            where="the tables to score",
            found=f"{len(missing)} of {len(names)} missing: {', '.join(missing[:8])}",
            remedy="map the columns that were there in training, and name the same families",
        )
    return Prepared(plan_features(store, question, [features[name] for name in names]), population)


def _vocabularies(store: Outline, name: str) -> list[str]:
    """The vocabularies of that name that the evidence has; "profile.*" stands for all of a timeline's text columns."""
    timeline, _, column = name.partition(".")
    shown = shown_columns(store, timeline) or ()
    return [f"{timeline}.{each}" for each in shown if holds_text(timeline, each) and column in ("*", each)]


def catalogue(plan: FeaturePlan) -> list[FeatureField]:
    """The plan's features with unit and meaning; categories are found in the data."""
    return [each.field() for each in plan.features]


def partitions(
    store: EvidenceStore,
    prepared: Prepared,
    cutoffs: npt.NDArray[np.int64],
    *,
    memory: int = 8 * GIGABYTE,
    most_rows: int | None = None,
    targets: bool = False,
    with_outcomes: bool = False,
    progress: Progress = silent,
) -> Iterator[tuple[Range, Partition]]:
    """Ranges of customers with their snapshots at the cutoffs, in the order of the customers' codes.

    They come block by block, while the next are built. `targets` and `with_outcomes` are those of `build_partition`.
    """
    if not is_compiled():
        progress("compiling, this once", 0, 0)
    parts = _ranges(store, prepared.plan, cutoffs.size, memory, most_rows)
    for done, part in enumerate(parts):
        progress("building snapshots", done, len(parts))
        customers = _customers(store, part)
        yield from build_blocks(
            store.tables(part, prepared.plan.columns),
            customers,
            candidates(customers, cutoffs),
            prepared.plan,
            prepared.population,
            targets=targets,
            with_outcomes=with_outcomes,
        )
    progress("building snapshots", len(parts), len(parts))


def build_range(
    store: EvidenceStore,
    prepared: Prepared,
    cutoffs: npt.NDArray[np.int64],
    part: Range,
    *,
    targets: bool = False,
    with_outcomes: bool = False,
) -> Partition:
    """The snapshots of a range of customers at the cutoffs; options are those of `build_partition`."""
    customers = _customers(store, part)
    return build_partition(
        store.tables(part, prepared.plan.columns),
        customers,
        candidates(customers, cutoffs),
        prepared.plan,
        prepared.population,
        targets=targets,
        with_outcomes=with_outcomes,
    )


def build_chosen(
    store: EvidenceStore, prepared: Prepared, cutoff: int, codes: npt.NDArray[np.int64]
) -> pa.Table:
    """The snapshots at a cutoff of those among chosen customers (codes, ascending) whom the question is about."""
    return chosen_partition(store, prepared, cutoff, codes).snapshots


def chosen_partition(
    store: EvidenceStore,
    prepared: Prepared,
    cutoff: int,
    codes: npt.NDArray[np.int64],
    *,
    everyone: bool = False,
) -> Partition:
    """The snapshots at a cutoff of chosen customers (codes, ascending), who are counted from zero.

    With `everyone` all have features whom the evidence knew by then, whatever the question is about.
    """
    whole = Range(0, store.customers)
    customers = Customers(0, store.known_from(whole)[codes], store.known_until(whole)[codes])
    return build_partition(
        store.tables_of(codes, prepared.plan.columns),
        customers,
        candidates(customers, np.array([cutoff], np.int64)),
        prepared.plan,
        prepared.population,
        everyone=everyone,
    )


def steady_ranges(
    store: EvidenceStore, prepared: Prepared, memory: int, cut: int, *, at_once: int = 1
) -> list[tuple[Range, ...]]:
    """All customers in ranges that depend on the evidence and the plan alone, for one snapshot of each customer.

    A range holds at most what `cut` facts take. Where the memory is too small for that, it comes in several pieces.
    `at_once` pieces fit into the memory.
    """
    per_customer, budget = costs(store, prepared.plan, 1, memory)
    return store.steady_ranges(list(prepared.plan.columns), cut, budget, int(per_customer), at_once)


def _ranges(
    store: EvidenceStore,
    plan: FeaturePlan,
    snapshots: int | npt.NDArray[np.int64],
    memory: int,
    most_rows: int | None,
) -> list[Range]:
    """Ranges that fit into a third of the memory, by what a fact and a snapshot take at their peak.

    `snapshots` is how many each customer has, or int64[customers].
    """
    per_customer, budget = costs(store, plan, snapshots, memory)
    return store.ranges(list(plan.columns), budget if most_rows is None else most_rows, per_customer)


def costs(
    store: Outline, plan: FeaturePlan, snapshots: int | npt.NDArray[np.int64], memory: int
) -> tuple[int | npt.NDArray[np.int64], int]:
    """What a customer with its snapshots takes, and what a third of the memory holds, both in facts.

    A fact is held as it came and as it is sorted, its texts longer than its numbers; a snapshot by its features.
    """
    fact_bytes = max(_fact_bytes(store, table, columns) for table, columns in plan.columns.items())
    snapshot_bytes = 32 + 9 * len(plan.features) // 2
    budget = max((memory - GIGABYTE // 2) // 3, GIGABYTE // 8) // fact_bytes
    return 1 + snapshots * snapshot_bytes // fact_bytes, budget


def _fact_bytes(store: Outline, table: str, columns: Sequence[str]) -> int:
    contract = store.contract(table)
    texts = sum(name in contract.column_names and contract.column(name).kind == "text" for name in columns)
    return 16 * (4 + len(columns)) + 32 * texts


def _customers(store: EvidenceStore, part: Range) -> Customers:
    return Customers(part.low, store.known_from(part), store.known_until(part))


def snapshot_tables(
    store: EvidenceStore,
    prepared: Prepared,
    cutoffs: npt.NDArray[np.int64],
    excluded: Counter[str] | None = None,
    **options: Any,
) -> Iterator[pa.Table]:
    """The snapshots of the population asked about with their ids, one range of customers after the other.

    Rows are sorted by customer and cutoff; options are those of `partitions`. `excluded` is counted up by how many
    others were left out for which reason.
    """
    for part, made in partitions(store, prepared, cutoffs, **options):
        if excluded is not None:
            for count in made.excluded["excluded_because"].value_counts():
                excluded[str(count["values"])] += int(count["counts"].as_py())
        yield with_ids(made.snapshots, store.ids(part), part.low)


def build_snapshots(
    store: EvidenceStore,
    prepared: Prepared,
    cutoffs: npt.NDArray[np.int64],
    *,
    most_held: int | None = None,
    **options: Any,
) -> tuple[pa.Table, dict[str, int]]:
    """All of `snapshot_tables` as one, and how many others were left out for which reason.

    Beyond `most_held` bytes they lie in a file that is mapped into memory.
    """
    excluded = Counter[str]()
    table = _together(snapshot_tables(store, prepared, cutoffs, excluded, **options), most_held)
    return table, dict(sorted(excluded.items()))


def anchored_tables(
    store: EvidenceStore,
    prepared: Prepared,
    customer: npt.NDArray[np.int64],
    cutoff: npt.NDArray[np.int64],
    *,
    targets: bool = False,
    with_outcomes: bool = False,
    memory: int = 8 * GIGABYTE,
    most_rows: int | None = None,
) -> Iterator[pa.Table]:
    """One row for every (customer code, instant) pair that is asked for, sorted by both, whatever the population.

    One range of customers after the other; a table without rows where there is no pair at all.
    """
    check_known(cutoff, store.observed_until)
    order = np.lexsort([cutoff, customer])
    customer, cutoff = customer[order], cutoff[order]
    asked = np.bincount(customer, minlength=store.customers)
    for part in _ranges(store, prepared.plan, asked, memory, most_rows):
        low, high = np.searchsorted(customer, [part.low, part.high])
        if low == high and (customer.size or part.high < store.customers):
            continue
        made = build_partition(
            store.tables(part, prepared.plan.columns),
            _customers(store, part),
            Snapshots.at(customer[low:high] - part.low, cutoff[low:high]),
            prepared.plan,
            prepared.population,
            everyone=True,
            targets=targets,
            with_outcomes=with_outcomes,
        )
        yield with_ids(made.snapshots, store.ids(part), part.low)


def build_anchored(
    store: EvidenceStore,
    prepared: Prepared,
    customer: npt.NDArray[np.int64],
    cutoff: npt.NDArray[np.int64],
    **options: Any,
) -> pa.Table:
    """All of `anchored_tables` as one."""
    return _together(anchored_tables(store, prepared, customer, cutoff, **options))


def asked_pairs(store: EvidenceStore, frame: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Codes and instants of a frame with customer_id and cutoff; DataError where an id is unknown.

    A cutoff without a zone is local time of the business.
    """
    source = open_source(store.connection, TableSpec("pairs", frame=frame), TABLES["purchases"], ".")
    missing = [name for name in ("customer_id", "cutoff") if name not in source.types]
    if missing:
        raise DataError(
            f"The frame of pairs has no column {missing[0]}.",
            where="at",
            found=f"columns {', '.join(source.types)}",
            remedy="pass a frame with the columns customer_id and cutoff",
        )
    check_time_type(source.types["cutoff"], '"cutoff"', "at, column cutoff")
    wall, zoned = (read('"cutoff"', source.types["cutoff"]) for read in (wall_time, zoned_time))
    moments = store.connection.sql(
        f"SELECT {wall} AS wall, {zoned} AS zoned, customer_id IS NULL AS nobody FROM {source.relation}"
    ).to_arrow_table()
    instants = pc.coalesce(moments["zoned"], _to_utc(store, moments["wall"]))
    nobody = np.asarray(moments["nobody"])
    if nobody.any() or instants.null_count:
        raise DataError(
            "Pairs need a customer and a moment each.",
            where="at",
            found=f"{nobody.sum()} ids are missing, {instants.null_count} cutoffs are missing or cannot be read",
            remedy="leave those rows out",
        )
    codes = store.codes_in(source.relation)
    unknown = int((codes < 0).sum())
    if unknown:
        example = store.connection.sql(
            f"SELECT CAST(customer_id AS VARCHAR) FROM {source.relation}"
        ).fetchall()[int(np.argmax(codes < 0))][0]
        raise DataError(
            "Some customers of the pairs are not in the evidence.",
            where="at, column customer_id",
            found=f"{unknown:,} of {codes.size:,}, for example {example!r}",
            remedy="leave them out, or bring the tables that know them",
        )
    return codes, np.asarray(instants, np.int64)


def _to_utc(store: EvidenceStore, wall: pa.ChunkedArray) -> pa.Array:
    """Instants of the business's wall times, null where there is none."""
    instants = store.zone.to_utc(np.asarray(wall.fill_null(0), np.int64))
    return pa.array(instants, mask=np.asarray(wall.is_null()))


def with_ids(table: pa.Table, ids: pa.Array, first: int) -> pa.Table:
    """A built table with the customers' ids after their codes; `ids` are those from code `first` on."""
    places = pa.array(np.asarray(table["customer"]) - first)
    return table.add_column(1, "customer_id", ids.take(places))


def _together(tables: Iterable[pa.Table], most_held: int | None = None) -> pa.Table:
    """Tables of several partitions as one, its dictionaries sorted and free of words that nobody has."""
    table = held_together(map(with_plain_text, tables), most_held)
    for place, name in enumerate(table.column_names):
        if name not in NOT_FEATURES and pa.types.is_string(table[name].type):
            table = table.set_column(place, name, sorted_dictionary(table[name]))
    return table


def with_plain_text(table: pa.Table) -> pa.Table:
    """The same table with dictionary columns as plain text.

    `to_pandas` then gives strings, which the signature of a model in MLflow asks for, and no pandas categories,
    which MLflow refuses.
    """
    for place, name in enumerate(table.column_names):
        if pa.types.is_dictionary(table[name].type):
            table = table.set_column(place, name, table[name].cast(pa.string()))
    return table


def sorted_dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Text as a dictionary of its words in sorted order."""
    words = pc.unique(column).drop_null().sort()
    return pa.DictionaryArray.from_arrays(pc.index_in(column, words).combine_chunks(), words)


def feature_names(table: pa.Table) -> list[str]:
    """The columns of a built table that are features."""
    return [name for name in table.column_names if name not in NOT_FEATURES]
