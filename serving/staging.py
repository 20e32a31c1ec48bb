"""Staging: where a run is prepared, found again after a kill by what the run is."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from pyarrow import parquet

from patron.features.errors import PatronError

from .durable import make_folder, write_file
from .journal import Journal
from .locking import is_held

_RUN = "run.json"
_SUFFIX = ".staging"


class DamagedPartitionError(PatronError):
    """A staged partition is not as it was written; `number` says which."""

    def __init__(self, number: int, file: Path) -> None:
        self.number = number
        super().__init__(
            "A staged partition was damaged on the disk again and again, so nothing is published.",
            where=str(file),
            found="other bytes than were written",
            remedy="look after the disk, and start the run again: it goes on where it was",
        )


class Staging:
    """A hidden folder beside the final one, with the partitions that are done, checked, in a journal.

    The identity is all that the results depend on. Only one process at a time may use it.
    """

    def __init__(self, final: Path, identity: Mapping[str, Any]) -> None:
        self.folder = staging_of(final)
        self._identity = json.loads(json.dumps(identity))
        self._journal = Journal(self.folder / "journal")
        self.done: dict[int, dict[str, Any]] = {}
        """What was written down of each partition that is there and whole."""
        self.begun: dict[int, int] = {}
        """How many times each partition that is not done was begun before."""
        self.resumed = False
        """Whether there was a beginning of this very run."""

    @classmethod
    def take_up(cls, final: Path, identity: Mapping[str, Any]) -> Self:
        """The staging of the run, with what is left of an earlier attempt, or begun now; OSError where it cannot be."""
        staging = cls(final, identity)
        if staging._is_ours():
            staging._check()
        else:
            staging._begin()
        return staging

    @cached_property
    def scored_at(self) -> str:
        """When the run was created (ISO 8601, UTC): the same however often it was taken up."""
        return str(json.loads((self.folder / _RUN).read_text(encoding="utf-8"))["scored_at"])

    def _is_ours(self) -> bool:
        try:
            said = json.loads((self.folder / _RUN).read_text(encoding="utf-8"))
            self._journal.entries()
        except (OSError, ValueError):
            return False
        return isinstance(said, dict) and said.get("identity") == self._identity and "scored_at" in said

    def _begin(self) -> None:
        remove(self.folder)
        make_folder(self.folder)
        self._journal.begin()
        created = {"identity": self._identity, "scored_at": datetime.now(UTC).isoformat()}
        write_file(self.folder / _RUN, json.dumps(created, indent=1).encode())

    def _check(self) -> None:
        """Take up what was done, and drop what is not as it was written or belongs to nothing."""
        self.resumed = True
        for entry in self._journal.entries():
            number = entry["partition"]
            if "files" in entry:
                self.done[number] = entry
            else:
                self.begun[number] = self.begun.get(number, 0) + 1
        for number, entry in list(self.done.items()):
            if any(_digest_of(self.folder / file) != digest for file, digest in entry["files"].items()):
                self.drop(number)
        known = {file for entry in self.done.values() for file in entry["files"]} | {_RUN, "journal"}
        for path in self.folder.iterdir():
            if path.name not in known:
                remove(path)

    def start(self, number: int) -> None:
        """Write down that a partition is begun."""
        self._journal.add({"partition": number})

    def keep(self, number: int, tables: Mapping[str, pa.Table], facts: Mapping[str, Any]) -> None:
        """Keep the rows of a partition and what is to be known of it; all of it or nothing is there after a kill."""
        files = {}
        for name, table in tables.items():
            content = _parquet(table)
            file = _file(number, name)
            write_file(self.folder / file, content)
            files[file] = hashlib.sha256(content).hexdigest()
        entry = {"partition": number, "files": files, **facts}
        self._journal.add(entry)
        self.done[number] = entry

    def read(self, number: int, name: str) -> pa.Table:
        """The rows of a partition as they were kept; DamagedPartitionError where they are not."""
        file = _file(number, name)
        try:
            content = (self.folder / file).read_bytes()
        except FileNotFoundError:
            content = b""
        if hashlib.sha256(content).hexdigest() != self.done[number]["files"][file]:
            raise DamagedPartitionError(number, self.folder / file)
        return parquet.read_table(pa.BufferReader(content))

    def drop(self, number: int) -> None:
        """Forget a partition, so that it is computed again."""
        for file in self.done.pop(number)["files"]:
            remove(self.folder / file)


def staging_of(final: Path) -> Path:
    """Where a run is prepared that will be published as `final`."""
    return final.parent / f".{final.name}{_SUFFIX}"


def stagings(folder: Path) -> Iterable[Path]:
    """The folders in which runs are prepared beside the published ones."""
    return (path for path in sorted(folder.glob(f".*{_SUFFIX}")) if path.is_dir())


def identity_of(staging: Path) -> dict[str, Any]:
    """What the run of a staging depends on; empty where that cannot be read."""
    try:
        said = json.loads((staging / _RUN).read_text(encoding="utf-8"))
        return dict(said["identity"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def remove_superseded(final: Path) -> None:
    """Remove the staging of this run, and those of the same cutoff that nobody will take up any more."""
    own = staging_of(final)
    cutoff = identity_of(own).get("cutoff")
    remove(own)
    for other in stagings(final.parent):
        lock = other.parent / f"{other.name.removesuffix('.staging')}.lock"
        if cutoff is not None and identity_of(other).get("cutoff") == cutoff and not is_held(lock):
            remove(other)


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _file(number: int, name: str) -> str:
    return f"{number:06d}-{name}.parquet"


def _parquet(table: pa.Table) -> bytes:
    """A table as bytes of Parquet; light compression, as it is read once."""
    sink = BytesIO()
    parquet.write_table(table, sink, compression="lz4")
    return sink.getvalue()


def _digest_of(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return None
