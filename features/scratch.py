"""Scratch folders: where a process lays out evidence while it lives, locked so that others can tell when it is dead."""

import os
import re
import shutil
import stat
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from .full_disk import tell_full_disk

_NAME = re.compile(r"patron-(\d+)-")
_LOCK = "owner.lock"
_YOUNG = 60.0
"""Seconds in which a folder may have no lock yet."""


class ScratchFolder:
    """A folder of this process, `name`, which goes with it; where the process is killed, with the next one's start.

    Its owner holds a lock on a file inside, which the system frees however the owner ends. DiskFullError where there
    is no room for it.
    """

    def __init__(self) -> None:
        from filelock import FileLock

        remove_left_behind()
        try:
            self._folder = tempfile.TemporaryDirectory(
                prefix=f"patron-{os.getpid()}-", ignore_cleanup_errors=True
            )
        except OSError as error:
            tell_full_disk(error)
            raise
        self.name = self._folder.name
        self._lock = FileLock(Path(self.name) / _LOCK, timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except OSError as error:
            self._folder.cleanup()
            tell_full_disk(error)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        """Remove the folder with all that is in it."""
        self._lock.release()
        self._folder.cleanup()


def remove_left_behind() -> list[Path]:
    """Remove the scratch folders of this user's processes that are dead; those that are gone now."""
    found = sorted(Path(tempfile.gettempdir()).glob("patron-*-*"))
    return [folder for folder in found if _is_ours(folder) and _removed(folder)]


def _is_ours(folder: Path) -> bool:
    """Whether it is a scratch folder of this user, and no link to something else."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return own and stat.S_ISDIR(status.st_mode) and _NAME.match(folder.name) is not None


def _removed(folder: Path) -> bool:
    """Remove a folder whose owner is dead, holding its lock meanwhile; whether it is gone."""
    from filelock import FileLock, Timeout

    if not (folder / _LOCK).exists():
        return _is_deserted(folder) and _gone(folder)
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except (Timeout, OSError):
        return False
    try:
        return _gone(folder)
    finally:
        lock.release()


def _gone(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _is_deserted(folder: Path) -> bool:
    """Whether a folder without a lock is not just being made, and has the number of a process that is dead."""
    match = _NAME.match(folder.name)
    assert match is not None
    try:
        return time.time() - folder.stat().st_mtime > _YOUNG and not _is_alive(int(match[1]))
    except OSError:
        return False


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
