"""One process at a time works on a scoring run."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from patron.features.errors import PatronError


class BusyError(PatronError):
    """Another process that is alive has what is asked for."""


@contextmanager
def only_one(lock: Path, what: str, *, wait: float = 0.0) -> Iterator[None]:
    """Alone while inside; the operating system frees the lock when its process ends, however it ends.

    BusyError, after `wait` seconds, says which process has it.
    """
    from filelock import FileLock, Timeout

    held = FileLock(lock, timeout=wait)
    try:
        held.acquire()
    except Timeout:
        raise BusyError(
            f"Another process is at work on {what}, so nothing was done here.",
            where=str(lock),
            found=_holder(lock),
            remedy="let it finish: what it publishes is what this command would; if it hangs, end it and start again",
        ) from None
    try:
        _sign(lock)
        yield
    finally:
        with suppress(OSError):  # removed while it is held: whoever waits sees that the file is another
            lock.unlink()
        held.release()


def is_held(lock: Path) -> bool:
    """Whether a living process has the lock."""
    from filelock import FileLock, Timeout

    if not lock.exists():
        return False
    held = FileLock(lock, timeout=0)
    try:
        held.acquire()
    except Timeout:
        return True
    held.release()
    return False


def _sign(lock: Path) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    signature = {"process": os.getpid(), "host": socket.gethostname(), "since": since}
    with suppress(OSError):  # it only helps to say who it is
        lock.write_text(json.dumps(signature), encoding="utf-8")


def _holder(lock: Path) -> str:
    try:
        said = json.loads(lock.read_text(encoding="utf-8"))
        return f"process {said['process']} on {said['host']}, since {said['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "a process that has not said who it is"
