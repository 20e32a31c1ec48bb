"""Publishing: a scoring run appears whole or not at all, and `latest` always means a complete one."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
from pyarrow import parquet

from patron.features.errors import ConfigurationError

from .durable import make_folder as make_inner
from .durable import move_folder, point, write_file
from .locking import only_one

ROWS_PER_PART = 500_000
"""Rows of a published part, whatever the partitions in which they were computed."""

MANIFEST = "manifest.json"
LATEST = "latest"
_READY = ".ready"
_LONGEST_WAIT = 60.0
"""Seconds to wait for another run that is being published, which takes moments."""


class Publication:
    """A run on its way into its final folder: parts first, then the manifest, then one step that shows them all."""

    def __init__(self, final: Path, staging: Path) -> None:
        self.final = final
        self.folder = staging / f"{os.getpid()}-{uuid4().hex[:8]}{_READY}"
        self.digests: dict[str, str] = {}
        make_inner(self.folder)

    def write_parts(self, name: str, tables: Iterable[pa.Table], schema: pa.Schema) -> int:
        """Write rows as `name/part-00000.parquet` and on, at least one part; how many rows the files say they have."""
        make_inner(self.folder / name)
        numbers = [
            self._write_part(name, number, table) for number, table in enumerate(_in_parts(tables, schema))
        ]
        return sum(numbers)

    def _write_part(self, name: str, number: int, table: pa.Table) -> int:
        file = f"{name}/part-{number:05d}.parquet"
        sink = BytesIO()
        parquet.write_table(table.combine_chunks(), sink)
        content = sink.getvalue()
        write_file(self.folder / file, content)
        self.digests[file] = hashlib.sha256(content).hexdigest()
        return int(parquet.read_metadata(self.folder / file).num_rows)

    def publish(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest with every file's sha256, and make the run visible in one step; the manifest.

        Where the same run was published in the meantime, that one stays, and its manifest is what comes back.
        """
        with _in_turn(self.final.parent):
            runs = manifests(self.final.parent)
            sequence = 1 + max((plain.get("sequence", 0) for plain in runs.values()), default=0)
            manifest = sealed({**facts, "sequence": sequence, "sha256": self.digests})
            write_file(self.folder / MANIFEST, manifest_text(manifest))
            try:
                move_folder(self.folder, self.final)
            except OSError:
                there = published(self.final)
                if there is None:
                    raise
                return there
        return manifest


def _in_parts(tables: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows in tables of `ROWS_PER_PART`, the last one shorter; at least one."""
    waiting, rows, given = [schema.empty_table()], 0, False
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        while rows >= ROWS_PER_PART:
            together = pa.concat_tables(waiting)
            yield together.slice(0, ROWS_PER_PART)
            waiting, rows, given = [together.slice(ROWS_PER_PART)], rows - ROWS_PER_PART, True
    if rows or not given:
        yield pa.concat_tables(waiting)


def sealed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with its own digest."""
    plain = {name: value for name, value in facts.items() if name != "digest"}
    return {**plain, "digest": hashlib.sha256(manifest_text(plain)).hexdigest()}


def manifest_text(facts: Mapping[str, Any]) -> bytes:
    """A manifest as it stands in its file."""
    return (json.dumps(facts, indent=1) + "\n").encode()


def published(folder: Path) -> dict[str, Any] | None:
    """The manifest of a run that was published to the folder; None where there is no such folder.

    ConfigurationError where the folder holds anything else, or files that are not as they were published.
    """
    if not folder.exists():
        return None
    try:
        plain: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        changed = [file for file, digest in plain["sha256"].items() if _sha256(folder / file) != digest]
        if "digest" in plain and sealed(plain)["digest"] != plain["digest"]:
            changed.append(MANIFEST)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        changed = [str(error)]
    if changed:
        raise ConfigurationError(
            "The folder of this scoring run exists, and is not as it was published.",
            where=str(folder),
            found=", ".join(changed),
            remedy="remove the folder, and score again",
        )
    return plain


def manifests(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifests of all runs that were published to a folder, by the runs' names; unreadable ones are left out."""
    found = {}
    for file in sorted(folder.glob(f"[!.]*/{MANIFEST}")):
        if file.parent.is_symlink():
            continue
        try:
            plain = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(plain, dict) and "cutoff" in plain:
            found[file.parent.name] = plain
    return found


def point_to_latest(folder: Path) -> None:
    """Let `latest` mean the complete run of the latest cutoff; of several, the one that was published last.

    No clock is asked: runs count up as they are published.
    """
    with _in_turn(folder):
        runs = manifests(folder)
        newest = max(runs, key=lambda name: (runs[name]["cutoff"], runs[name].get("sequence", 0), name))
        link = folder / LATEST
        if not link.is_symlink() or link.readlink() != Path(newest):
            point(link, newest)


def _in_turn(folder: Path) -> Any:
    """Alone among the processes that publish to a folder."""
    return only_one(folder / ".publishing.lock", "publishing scores", wait=_LONGEST_WAIT)


def make_folder(folder: Path) -> None:
    """Make the folder if need be; ConfigurationError where that cannot be."""
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """What the system says against writing to the folder, as a ConfigurationError."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            "The scores cannot be written.",
            where=str(folder),
            found=error.strerror or str(error),
            remedy="name an output folder that this user may write to, with room for the scores; what was done is kept,"
            " and the same command goes on with it",
        ) from error


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
