"""The partitions of a scoring run: which customers are in each, and their scores, however little memory there is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from patron.features.engine import Prepared, build_range, steady_ranges, with_ids
from patron.features.errors import PatronError
from patron.features.facts import Range
from patron.features.full_disk import is_disk_full
from patron.features.store import EvidenceStore
from patron.models.artefact import Artefact

from .batch import Batch, score_batch

PARTITION_ROWS = 2_000_000
"""What the facts and snapshots of a partition may take, counted in facts; a partition is the least that is repeated."""

_OUT_OF_MEMORY = (MemoryError, duckdb.OutOfMemoryException)


@dataclass(frozen=True)
class Partitions:
    """The customers of the evidence in partitions that depend on the evidence and the model alone."""

    store: EvidenceStore
    prepared: Prepared
    artefact: Artefact
    cutoff: int
    pieces: tuple[tuple[Range, ...], ...]

    @classmethod
    def of(
        cls, store: EvidenceStore, prepared: Prepared, artefact: Artefact, cutoff: int, memory: int
    ) -> "Partitions":
        """All customers in partitions; the memory only decides in how many pieces each is computed."""
        return cls(
            store, prepared, artefact, cutoff, tuple(steady_ranges(store, prepared, memory, PARTITION_ROWS))
        )

    @property
    def bounds(self) -> list[list[int]]:
        """The first and the last code (exclusive) of each partition."""
        return [[part[0].low, part[-1].high] for part in self.pieces]

    def known(self, number: int) -> int:
        """How many customers of a partition were known before the cutoff, as the evidence counts them."""
        low, high = self.bounds[number]
        return self.store.known_before(self.cutoff, Range(low, high))

    def score(self, number: int, failed: int = 0) -> Batch:
        """The scores of a partition; `failed` attempts before this one make its pieces smaller.

        The first failure may have been anyone's; from the second on each halves the pieces.
        """
        pieces = self.pieces[number]
        for _ in range(max(failed - 1, 0)):
            pieces = tuple(half for piece in pieces for half in _halves(piece))
        return together([batch for piece in pieces for batch in self._score(piece)])

    def _score(self, piece: Range) -> list[Batch]:
        """The scores of a piece, in halves of halves where the memory does not suffice."""
        short = None
        try:
            return [self._score_at_once(piece)]
        except _OUT_OF_MEMORY as error:
            if is_disk_full(error):  # smaller pieces need no less of it
                raise
            short = str(error).partition("\n")[0]
        # Outside of the handler, whose traceback holds on to all that was in memory.
        halves = _halves(piece)
        if len(halves) == 1:
            raise PatronError(
                "A single customer's facts do not fit into the memory.",
                where=f"customer {self.store.ids(piece)[0].as_py()!r}",
                found=short or "out of memory",
                remedy="give more memory: [run] memory; or look whether this is one customer: ids such as 0 often"
                " stand for everybody who is unknown",
            )
        return [batch for half in halves for batch in self._score(half)]

    def _score_at_once(self, piece: Range) -> Batch:
        made = build_range(self.store, self.prepared, np.array([self.cutoff], np.int64), piece)
        ids = self.store.ids(piece)
        kept, left_out = (with_ids(table, ids, piece.low) for table in (made.snapshots, made.excluded))
        return score_batch(kept, left_out, self.artefact, self.cutoff)


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
