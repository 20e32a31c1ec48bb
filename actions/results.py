"""What activities achieved: a result for every test and every activity in the evidence, and all of them together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .earnings import Earnings
from .effects import Effect
from .experiment import Experiment
from .group_effects import GroupEffect
from .randomisation import Randomisation
from .targeting import Targeting


@dataclass(frozen=True)
class Objective:
    """Whether an activity did what it was for, apart from its effect: what became of its contacts."""

    objective: str
    contacts: int
    responded: int | None
    results: Mapping[str, int]

    @property
    def words(self) -> str:
        """The objective and what came of it, in a sentence."""
        goal = f" for {self.objective!r}" if self.objective else ""
        said = "" if self.responded is None else f"; {self.responded / self.contacts:.1%} responded"
        results = ", ".join(f"{name} {count / self.contacts:.1%}" for name, count in self.results.items())
        return f"{self.contacts:,} contacts{goal}{said}{f'; {results}' if results else ''}."

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "results": dict(self.results), "words": self.words}


@dataclass(frozen=True)
class ActivityResult:
    """A test or an activity: what it changed, for whom, and what became of its contacts.

    `effects` are those of every arm on every outcome, `earnings` what they are worth; `customers` took part,
    `set_apart` counts those who are not used, by reason. `why_not` says why nothing could be measured. `notes` are what
    a reader should know before believing it.
    """

    name: str
    drawn: bool
    customers: int
    first: str
    last: str
    effects: tuple[Effect, ...] = ()
    draw: Randomisation | None = None
    expectation: bool = False
    groups: tuple[GroupEffect, ...] = ()
    targeting: tuple[Targeting, ...] = ()
    earnings: tuple[Earnings, ...] = ()
    objective: Objective | None = None
    set_apart: Mapping[str, int] = field(default_factory=dict)
    why_not: str | None = None
    experiment: Experiment | None = None
    notes: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The result in sentences, the first one its name and kind."""
        how = "drawn by lot" if self.drawn else "not drawn by lot"
        found = [f"{self.name} ({how}, {self.customers:,} customers, {self.first} to {self.last})"]
        if self.why_not is not None:
            found.append(f"Nothing can be said: {self.why_not}.")
        found += self._findings()
        found += [words for each in self.targeting for words in each.words]
        found += [each.words for each in self.earnings]
        found += [] if self.objective is None else [self.objective.words]
        found += [f"{count:,} customers are set apart: {reason}." for reason, count in self.set_apart.items()]
        return [*found, *self.notes]

    def _findings(self) -> list[str]:
        """A sentence for each effect; where none can be told of any outcome, one for all of an arm."""
        untold = [effect for effect in self.effects if effect.estimate is None]
        if len(untold) < len(self.effects):
            return [effect.words for effect in self.effects]
        found = []
        for arm in dict.fromkeys(effect.arm for effect in untold):
            mine = [effect for effect in untold if effect.arm == arm]
            outcomes = " or ".join(effect.outcome for effect in mine)
            found.append(f"{arm}: no effect on {outcomes} can be told, as {mine[0].why_not}.")
            if mine[0].experiment is not None:
                found.append(f"What would tell: {mine[0].experiment.words}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "drawn": self.drawn,
            "customers": self.customers,
            "first": self.first,
            "last": self.last,
            "effects": [each.to_dict() for each in self.effects],
            "draw": None if self.draw is None else self.draw.to_dict(),
            "expectation": self.expectation,
            "groups": [each.to_dict() for each in self.groups],
            "targeting": [each.to_dict() for each in self.targeting],
            "earnings": [each.to_dict() for each in self.earnings],
            "objective": None if self.objective is None else self.objective.to_dict(),
            "set_apart": dict(self.set_apart),
            "why_not": self.why_not,
            "experiment": None if self.experiment is None else self.experiment.to_dict(),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class ActivitiesReport:
    """All tests and activities of a business. P-values of the effects are corrected for all of them, by outcome."""

    results: tuple[ActivityResult, ...]
    horizon_days: int
    page: Path | None = None

    def __getitem__(self, name: str) -> ActivityResult:
        """The result of a test or activity; KeyError for one that is not there."""
        for result in self.results:
            if result.name == name:
                return result
        raise KeyError(name)

    def __str__(self) -> str:
        if not self.results:
            return "The evidence holds neither tests (assignments) nor contacts (activities)."
        return "\n\n".join("\n  ".join(result.lines) for result in self.results)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "horizon_days": self.horizon_days,
            "results": [each.to_dict() for each in self.results],
            "page": None if self.page is None else str(self.page),
        }
