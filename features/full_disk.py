"""A full disk: how DuckDB and the system say it, and what a user is told."""

import errno
import re
import tempfile
from pathlib import Path

import duckdb

from .errors import PatronError

_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
_SAID = ("failed to offload data block", "No space left on device", "Disk quota exceeded")
"""What DuckDB says where it cannot spill (as a lack of memory), and where it cannot write a file."""

_FILE = re.compile(r'file \\?"([^"\\]+)\\?"')


class DiskFullError(PatronError):
    """There is no room on the disk for temporary files."""

    exit_code = 2


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of DuckDB or of the system means that the disk is full; the want of memory alone does not."""
    if isinstance(error, OSError):
        return error.errno in _NUMBERS
    return isinstance(error, duckdb.Error) and any(said in str(error) for said in _SAID)


def tell_full_disk(error: BaseException) -> None:
    """DiskFullError where an error means that, with the folder of the file it names, else that of temporary files."""
    if not is_disk_full(error):
        return
    where, cure = tempfile.gettempdir(), "make room there"
    named = _FILE.search(str(error))
    if named is not None and not Path(named[1]).is_relative_to(where):
        where = str(Path(named[1]).parent)
    else:
        cure += ", or name a larger folder in the environment variable TMPDIR"
    raise DiskFullError(
        "The disk is full: temporary files do not fit.",
        where=where,
        found=str(error).partition("\n")[0],
        remedy=f"{cure}; what was published and what a scoring run has done is kept, and the same command goes on"
        " with it",
    ) from error
