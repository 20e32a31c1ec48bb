"""Tables that are made one after the other as one: in memory while they are small, in a mapped file beyond that."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pyarrow as pa

from .full_disk import tell_full_disk
from .scratch import ScratchFolder


def held_together(tables: Iterable[pa.Table], most_bytes: int | None = None) -> pa.Table:
    """Tables of one schema (at least one) as one.

    Beyond `most_bytes` (None: without a limit) all of them go to a temporary file that is mapped into memory: the
    system holds of it what is read and takes the rest back where memory is short. The file has no name any more when
    this returns, and goes with the table. DiskFullError where the disk is full.
    """
    held: list[pa.Table] = []
    coming = iter(tables)
    for table in coming:
        held.append(table)
        if most_bytes is not None and sum(each.nbytes for each in held) > most_bytes:
            return _mapped(chain(_given_away(held), coming))
    return pa.concat_tables(held)


def _given_away(held: list[pa.Table]) -> Iterable[pa.Table]:
    """The tables, each forgotten once it is taken."""
    held.reverse()
    while held:
        yield held.pop()


def _mapped(tables: Iterable[pa.Table]) -> pa.Table:
    with ScratchFolder() as folder:
        path = Path(folder.name) / "snapshots.arrow"
        try:
            _write(tables, path)
        except OSError as problem:
            tell_full_disk(problem)
            raise
        pa.default_memory_pool().release_unused()
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()


def _write(tables: Iterable[pa.Table], path: Path) -> None:
    writer: pa.ipc.RecordBatchFileWriter | None = None
    try:
        for table in tables:
            if writer is None:
                writer = pa.ipc.new_file(str(path), table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
