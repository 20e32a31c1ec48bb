"""How a verb runs: the memory it may take and the user's own families."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patron.features.family import Family


@dataclass(frozen=True)
class RunSettings:
    """Bytes for the whole process, and own feature families: classes, or where `load_families` finds them."""

    memory: int = 8 * 10**9
    families: tuple["str | type[Family]", ...] = ()
