"""Writing that survives a kill and a loss of power: a file is there whole, or not at all.

Every change on the disk that a scoring run relies on goes through here.
"""

import os
from contextlib import suppress
from pathlib import Path

UNFINISHED = ".unfinished"
"""The end of the name of a file that is being written."""


def write_file(file: Path, content: bytes) -> None:
    """Put a file with this content in its place, in one step that is on the disk when this returns."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}{UNFINISHED}")
    try:
        with unfinished.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(file)
    except BaseException:
        with suppress(OSError):  # what went wrong first is what is told
            unfinished.unlink()
        raise
    sync_folder(file.parent)


def append_line(file: Path, line: str) -> None:
    """Append a line to a file that exists; it is on the disk when this returns, and torn by a kill at worst.

    FileNotFoundError where the file is gone: a line is never written to where nobody will look.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    with os.fdopen(descriptor, "ab") as opened:
        opened.write(f"{line}\n".encode())
        opened.flush()
        os.fsync(opened.fileno())


def make_folder(folder: Path) -> None:
    """Make a folder, whose parent exists, unless it is there."""
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def move_folder(folder: Path, place: Path) -> None:
    """Give a complete folder its final name in one step; OSError where something with files is there already."""
    sync_folder(folder)
    folder.rename(place)
    sync_folder(place.parent)


def point(link: Path, target: str) -> None:
    """Make a symbolic link say `target`, in one step, whatever it said before; for one process at a time."""
    unfinished = link.with_name(f".{link.name}{UNFINISHED}")
    with suppress(FileNotFoundError):
        unfinished.unlink()
    unfinished.symlink_to(target, target_is_directory=True)
    unfinished.replace(link)
    sync_folder(link.parent)


def sync_file(file: Path) -> None:
    """Bring a file that others have written onto the disk."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder onto the disk, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders, and writes names at once
        if os.name == "nt":
            return
        raise
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
