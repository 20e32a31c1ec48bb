"""Rebuilding: snapshots of a sample built again in another future, and compared bit by bit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .engine import NOT_FEATURES, Prepared, build_anchored, build_snapshots, prepare
from .facts import Range
from .family import Family
from .instants import Instant
from .perturbation import PERTURBATIONS, TAKEN_BACK, TOGETHER, Perturbation, as_it_stood
from .progress import Progress, silent
from .question import Question
from .sample import Sample
from .store import EvidenceStore
from .tables import DataSpec

STANDING = ("stage", "population")
"""Compared as features are: where a customer stands at a cutoff."""

ROWS = "which customers are there"
"""The name under which snapshots that come or go are reported."""


@dataclass(frozen=True)
class Difference:
    """A feature that came out otherwise: in how many of the snapshots, and one of them, before and after."""

    family: str
    feature: str
    snapshots: int
    customer: str
    before: str
    after: str


@dataclass(frozen=True)
class Rebuild:
    """One comparison: the snapshots of an instant, after one of the `CHANGES`.

    `not_yet` counts features whose table had no fact by then, which a replay does not have.
    """

    instant: Instant
    change: str
    snapshots: int
    features: int
    not_yet: int
    differences: tuple[Difference, ...]

    @property
    def values(self) -> int:
        """How many values were compared."""
        return self.snapshots * (self.features + len(STANDING))


@dataclass(frozen=True)
class _Built:
    """Snapshots of one instant and the families of their features."""

    table: pa.Table
    families: dict[str, str]

    @property
    def features(self) -> list[str]:
        return [name for name in self.table.column_names if name not in NOT_FEATURES]


class Rebuilder:
    """Builds the snapshots of a sample in its own and in other futures."""

    def __init__(
        self, sample: Sample, question: Question, families: Sequence[type[Family]], memory: int
    ) -> None:
        self.sample = sample
        self.question = question
        self.families = families
        self.memory = memory

    def rebuild(
        self, instants: Sequence[Instant], store: EvidenceStore, progress: Progress = silent
    ) -> Iterator[Rebuild]:
        """Every instant in every other future, replayed, and beside the other instants; `store` holds the sample."""
        steps = len(instants) * (len(PERTURBATIONS) + 1)
        people = [self._people(store, instant) for instant in instants]
        # Each alone before all together: a family that remembers what it was shown gives itself away.
        alone = [self._build(store, *each) for each in zip(instants, people, strict=True)]
        together = self._together(store, instants)
        for place, (instant, known, expected) in enumerate(zip(instants, people, alone, strict=True)):
            if instant.calendar and together is not None:
                yield self._beside(instant, expected, together)
            for change, perturbation in enumerate(PERTURBATIONS):
                progress("rebuilding snapshots", place * (len(PERTURBATIONS) + 1) + change, steps)
                found = self._elsewhere(self._perturbed(perturbation, instant), instant, known)
                yield self._compared(instant, perturbation.name, expected, found)
            found = self._elsewhere(self._replayed(instant), instant, known)
            yield self._replay(instant, expected, found)
        progress("rebuilding snapshots", steps, steps)

    def _perturbed(self, perturbation: Perturbation, instant: Instant) -> DataSpec:
        return self.sample.spec(perturbation.queries(self.sample, instant.cutoff))

    def _replayed(self, instant: Instant) -> DataSpec:
        """The evidence as it stood at the instant: nothing later had been written down."""
        return self.sample.spec(as_it_stood(self.sample, instant.cutoff), until=instant.cutoff)

    def _people(self, store: EvidenceStore, instant: Instant) -> npt.NDArray[np.int64]:
        """The ids of those known before an instant."""
        everyone = Range(0, store.customers)
        known = store.known_from(everyone) < instant.cutoff
        return np.asarray(store.ids(everyone), np.int64)[known]

    def _elsewhere(self, data: DataSpec, instant: Instant, people: npt.NDArray[np.int64]) -> _Built:
        with EvidenceStore(data, self.question, memory=self.memory) as store:
            return self._build(store, instant, people)

    def _build(self, store: EvidenceStore, instant: Instant, people: npt.NDArray[np.int64]) -> _Built:
        moments = np.array([instant.cutoff], np.int64)
        prepared = prepare(store, self.question, self.families, moments)
        if instant.calendar:
            table, _ = build_snapshots(store, prepared, moments, memory=self.memory)
        else:
            codes = store.codes(pa.array(people))
            codes = codes[codes >= 0]
            table = build_anchored(
                store, prepared, codes, np.full(codes.size, instant.cutoff), memory=self.memory
            )
        return _Built(table, _families(prepared))

    def _together(self, store: EvidenceStore, instants: Sequence[Instant]) -> _Built | None:
        """The snapshots of all calendar cutoffs, built at once as for a training set; None for a single one."""
        moments = np.array(sorted(each.cutoff for each in instants if each.calendar), np.int64)
        if moments.size < 2:
            return None
        prepared = prepare(store, self.question, self.families, moments)
        table, _ = build_snapshots(store, prepared, moments, memory=self.memory)
        return _Built(table, _families(prepared))

    def _beside(self, instant: Instant, expected: _Built, together: _Built) -> Rebuild:
        """Later cutoffs in the same build must not change an earlier one; a feature that only they have is unknown."""
        cutoffs = together.table["cutoff"].cast(pa.int64())
        found = _Built(
            together.table.filter(pc.equal(cutoffs, pa.scalar(instant.cutoff, pa.int64()))), together.families
        )
        shared = _Built(found.table.select(_present(found.table, expected.table)), found.families)
        rebuild = self._compared(instant, TOGETHER, expected, shared)
        known = tuple(
            self._difference(expected, found, name, np.flatnonzero(_known(found.table[name])))
            for name in found.features
            if name not in expected.families and _known(found.table[name]).any()
        )
        return Rebuild(
            instant, rebuild.change, rebuild.snapshots, rebuild.features, 0, (*rebuild.differences, *known)
        )

    def _replay(self, instant: Instant, expected: _Built, found: _Built) -> Rebuild:
        """What was not a feature then is set aside."""
        kept = _Built(expected.table.select(_present(expected.table, found.table)), expected.families)
        rebuild = self._compared(instant, TAKEN_BACK, kept, found)
        missing = len(expected.features) - len(kept.features)
        return Rebuild(
            instant, rebuild.change, rebuild.snapshots, rebuild.features, missing, rebuild.differences
        )

    def _compared(self, instant: Instant, change: str, expected: _Built, found: _Built) -> Rebuild:
        differences = list(self._rows(expected, found))
        left, right = _shared(expected, found), _shared(found, expected)
        names = list(dict.fromkeys([*STANDING, *left.features, *right.features]))
        for name in names:
            if name in left.table.column_names and name in right.table.column_names:
                unlike = np.flatnonzero(differs(left.table[name], right.table[name]))
                if unlike.size:
                    differences.append(self._difference(left, right, name, unlike))
            else:
                differences.append(self._difference(left, right, name, np.arange(left.table.num_rows)))
        return Rebuild(
            instant, change, expected.table.num_rows, len(expected.features), 0, tuple(differences)
        )

    def _rows(self, expected: _Built, found: _Built) -> Iterator[Difference]:
        """Snapshots that are in only one of the two."""
        ids = [set(built.table["customer_id"].to_pylist()) for built in (expected, found)]
        for only, before, after in (
            (ids[0] - ids[1], "a snapshot", "none"),
            (ids[1] - ids[0], "none", "a snapshot"),
        ):
            if only:
                yield Difference("snapshots", ROWS, len(only), self.sample.shown_id(min(only)), before, after)

    def _difference(
        self, expected: _Built, found: _Built, name: str, places: npt.NDArray[np.int64]
    ) -> Difference:
        family = expected.families.get(name) or found.families.get(name, "snapshots")
        example = int(places[0]) if places.size else 0
        customer = int(found.table["customer_id"][example].as_py()) if places.size else -1
        return Difference(
            family,
            name,
            int(places.size),
            self.sample.shown_id(customer),
            _shown(expected.table, name, example),
            _shown(found.table, name, example),
        )


def _shared(built: _Built, other: _Built) -> _Built:
    """The snapshots of customers whom the other has, too."""
    ids = other.table["customer_id"].combine_chunks()
    return _Built(built.table.filter(pc.is_in(built.table["customer_id"], value_set=ids)), built.families)


def _families(prepared: Prepared) -> dict[str, str]:
    return {each.feature.name: each.family for each in prepared.plan.features}


def _present(table: pa.Table, other: pa.Table) -> list[str]:
    return [name for name in table.column_names if name in other.column_names]


def _shown(table: pa.Table, name: str, place: int) -> str:
    if name not in table.column_names or place >= table.num_rows:
        return "not a feature"
    value = table[name][place].as_py()
    return "unknown" if value is None or value != value else str(value)


def _known(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    known = pc.is_valid(column)
    if pa.types.is_floating(column.type):
        known = pc.and_(known, pc.invert(pc.is_nan(column.fill_null(np.nan))))
    return np.asarray(known, np.bool_)


def differs(left: pa.ChunkedArray, right: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Where two columns of the same length differ in a single bit; missing equals missing; bool[n]."""
    if pa.types.is_floating(left.type) and left.type == right.type:
        bits = np.uint32 if left.type == pa.float32() else np.uint64
        values = [np.asarray(each.fill_null(0.0)).view(bits) for each in (left, right)]
        missing = [np.asarray(pc.is_null(each)) for each in (left, right)]
        return np.asarray((values[0] != values[1]) | (missing[0] != missing[1]), np.bool_)
    texts = [each.cast(pa.string()) for each in (left, right)]
    missing = [np.asarray(pc.is_null(each)) for each in texts]
    unlike = np.asarray(pc.not_equal(*(each.fill_null("") for each in texts)))
    return np.asarray(unlike | (missing[0] != missing[1]), np.bool_)
