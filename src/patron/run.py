"""How a verb runs: the memory it may take, the user's own families, and where scores go."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patron.features.family import Family


@dataclass(frozen=True)
class RunSettings:
    """Bytes for the whole process, own feature families (classes, or where `load_families` finds them), and places for
    scores.
    """

    memory: int = 8 * 10**9
    families: tuple["str | type[Family]", ...] = ()
    out: tuple[str, ...] = ()
