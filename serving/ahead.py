"""Building ahead: the next piece is built in a thread while the one before is predicted and written."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from types import TracebackType
from typing import Self

from patron.features.facts import Range
from patron.features.partition import Partition

from .partitions import Build


class Ahead:
    """Gives what `build` gives, and has the piece built that is asked for next; a context, and a `Build` itself.

    A piece that cannot be built raises when its turn comes, and nothing is built ahead of it. What was begun when the
    context ends is waited for, as it reads the evidence.
    """

    def __init__(self, build: Build, following: Mapping[Range, Range]) -> None:
        """`following` says of a piece which one is asked for after it; of others nothing is known."""
        self._build = build
        self._following = following
        self._thread = ThreadPoolExecutor(1)
        self._begun: dict[Range, Future[Partition]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()

    def __call__(self, piece: Range) -> Partition:
        """The piece, built now unless it was ahead."""
        begun = self._begun.pop(piece, None)
        made = self._build(piece) if begun is None else begun.result()
        if piece in self._following:
            following = self._following[piece]
            self._begun[following] = self._thread.submit(self._build, following)
        return made


def in_order(pieces: Sequence[Sequence[Range]], alone: Sequence[bool]) -> dict[Range, Range]:
    """Which piece follows which through all partitions; none is built beside a partition that is to be `alone`."""
    named = [(piece, apart) for part, apart in zip(pieces, alone, strict=True) for piece in part]
    return {piece: after for (piece, a), (after, b) in pairwise(named) if not (a or b)}
