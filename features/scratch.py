"""Scratch folders: where a process lays out evidence while it lives, named so that others can tell when it is dead."""

import os
import re
import tempfile
from pathlib import Path

_NAME = re.compile(r"patron-(\d+)-")


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder of this process, which goes with it unless it is killed."""
    return tempfile.TemporaryDirectory(prefix=f"patron-{os.getpid()}-", ignore_cleanup_errors=True)


def left_behind() -> list[Path]:
    """The scratch folders of this user's processes that are dead."""
    found = []
    for folder in sorted(Path(tempfile.gettempdir()).glob("patron-*-*")):
        match = _NAME.match(folder.name)
        if match is not None and folder.is_dir() and not _is_alive(int(match[1])):
            found.append(folder)
    return found


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
