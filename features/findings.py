"""Findings: what looks as if it knew the future, with what was seen, why it matters and what to do."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["leak", "look"]
"""leak: the audit says no. look: a person has to say whether it is honest."""


@dataclass(frozen=True)
class Finding:
    """One thing that the audit saw: `saw` has the numbers, `subject` names the table, column or feature."""

    level: Level
    check: str
    subject: str
    saw: str
    why: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def __str__(self) -> str:
        mark = "leak" if self.level == "leak" else "look at it"
        return f"{mark}: {self.check}: {self.subject}\n  saw:   {self.saw}\n  why:   {self.why}\n  to do: {self.remedy}"
