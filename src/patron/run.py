"""How a verb runs: the memory it may take and the user's own families."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunSettings:
    """Bytes for the whole process, and own feature families as "package.module:ClassName"."""

    memory: int = 8 * 10**9
    families: tuple[str, ...] = ()
