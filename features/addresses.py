"""Where files are: on this machine, or at an address of object storage or the web."""

from pathlib import PurePosixPath

_COMPRESSED = {".gz", ".zst"}
NO_SUFFIX = "no suffix"


def is_remote(path: str) -> bool:
    """Whether a path is an address such as s3://bucket/file."""
    return "://" in path


def suffix(path: str) -> str:
    """The end of a file's name that tells its format; of an address, without its parameters."""
    suffixes = PurePosixPath(path.split("?", maxsplit=1)[0] if is_remote(path) else path).suffixes
    if suffixes and suffixes[-1].lower() in _COMPRESSED:
        suffixes = suffixes[:-1]
    return suffixes[-1].lower() if suffixes else NO_SUFFIX
