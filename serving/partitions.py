"""The partitions of a scoring run: which customers are in each, and their scores, however little memory there is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from patron.features.engine import Prepared, build_range, steady_ranges, with_ids
from patron.features.errors import PatronError
from patron.features.facts import Range
from patron.features.full_disk import is_disk_full
from patron.features.partition import Partition
from patron.features.store import EvidenceStore
from patron.models.artefact import Artefact

from .batch import Batch, score_batch

PARTITION_ROWS = 2_000_000
"""What the facts and snapshots of a partition may take, counted in facts; a partition is the least that is repeated."""

Build = Callable[[Range], Partition]

_OUT_OF_MEMORY = (MemoryError, duckdb.OutOfMemoryException)


@dataclass(frozen=True)
class Partitions:
    """The customers of the evidence in partitions that depend on the evidence and the model alone."""

    store: EvidenceStore
    prepared: Prepared
    artefact: Artefact
    cutoff: int
    pieces: tuple[tuple[Range, ...], ...]
    _one_reads: Any = field(default_factory=Lock, repr=False, compare=False)
    """DuckDB answers one question at a time on a connection."""

    @classmethod
    def of(
        cls, store: EvidenceStore, prepared: Prepared, artefact: Artefact, cutoff: int, memory: int
    ) -> "Partitions":
        """All customers in partitions; the memory only decides in how many pieces each is computed.

        It holds two pieces: one is predicted while the next is built.
        """
        ranges = steady_ranges(store, prepared, memory, PARTITION_ROWS, at_once=2)
        return cls(store, prepared, artefact, cutoff, tuple(ranges))

    @property
    def bounds(self) -> list[list[int]]:
        """The first and the last code (exclusive) of each partition."""
        return [[part[0].low, part[-1].high] for part in self.pieces]

    def known(self, number: int) -> int:
        """How many customers of a partition were known before the cutoff, as the evidence counts them."""
        low, high = self.bounds[number]
        return self.store.known_before(self.cutoff, Range(low, high))

    def score(self, number: int, failed: int = 0, build: Build | None = None) -> Batch:
        """The scores of a partition; `failed` attempts before this one make its pieces smaller.

        The first failure may have been anyone's; from the second on each halves the pieces. `build` gives what
        `self.build` gives, where that is done ahead.
        """
        pieces = self.pieces[number]
        for _ in range(max(failed - 1, 0)):
            pieces = tuple(half for piece in pieces for half in _halves(piece))
        build = build or self.build
        return together([batch for piece in pieces for batch in self._score(piece, build)])

    def _score(self, piece: Range, build: Build) -> list[Batch]:
        """The scores of a piece, in halves of halves where the memory does not suffice."""
        short = None
        try:
            return [self._score_at_once(piece, build)]
        except _OUT_OF_MEMORY as error:
            if is_disk_full(error):  # smaller pieces need no less of it
                raise
            short = str(error).partition("\n")[0]
        # Outside of the handler, whose traceback holds on to all that was in memory.
        halves = _halves(piece)
        if len(halves) == 1:
            raise PatronError(
                "A single customer's facts do not fit into the memory.",
                where=f"customer {self._id_of(piece)!r}",
                found=short or "out of memory",
                remedy="give more memory: [run] memory; or look whether this is one customer: ids such as 0 often"
                " stand for everybody who is unknown",
            )
        return [batch for half in halves for batch in self._score(half, build)]

    def _score_at_once(self, piece: Range, build: Build) -> Batch:
        made = build(piece)
        return score_batch(made.snapshots, made.excluded, self.artefact, self.cutoff)

    def build(self, piece: Range) -> Partition:
        """The features of some customers and those left out, with their ids; any thread may ask."""
        with self._one_reads:
            made = build_range(self.store, self.prepared, np.array([self.cutoff], np.int64), piece)
            ids = self.store.ids(piece)
        return Partition(*(with_ids(table, ids, piece.low) for table in (made.snapshots, made.excluded)))

    def _id_of(self, piece: Range) -> Any:
        with self._one_reads:
            return self.store.ids(piece)[0].as_py()


def together(batches: Sequence[Batch]) -> Batch:
    """Batches of neighbouring customers as one."""
    if len(batches) == 1:
        return batches[0]
    unseen: dict[str, dict[str, int]] = {}
    for batch in batches:
        for name, counts in batch.unseen.items():
            known = unseen.setdefault(name, {})
            for word, count in counts.items():
                known[word] = known.get(word, 0) + count
    scores, excluded = (_concatenated([get(batch) for batch in batches]) for get in _TABLES)
    return Batch(scores, excluded, unseen)


_TABLES: tuple[Callable[[Batch], pa.Table], ...] = (lambda batch: batch.scores, lambda batch: batch.excluded)


def _concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries()


def _halves(piece: Range) -> tuple[Range, ...]:
    middle = (piece.low + piece.high) // 2
    return (piece,) if middle == piece.low else (Range(piece.low, middle), Range(middle, piece.high))
