"""How a verb runs: the memory it may take, the user's own families, where scores go, and what they say."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patron.features.family import Family


@dataclass(frozen=True)
class RunSettings:
    """Bytes for the whole process, own feature families (classes, or where `load_families` finds them), places for
    scores, and the engine: "local" or "spark".
    """

    memory: int = 8 * 10**9
    families: tuple["str | type[Family]", ...] = ()
    out: tuple[str, ...] = ()
    engine: str = "local"


@dataclass(frozen=True)
class ScoringSettings:
    """What scores say beside the probability: for whom reasons are told ("all", "none", "top:0.05")."""

    reasons: str = "none"
