"""What watching found: every scoring run of a model beside training and, once it is mature, beside what came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from patron.features.notebook import card
from patron.features.question import Question

from .drift import Drift
from .live import LivePart, Tenth
from .live_forecast import LiveForecast
from .promise import Promise

Standing = Literal["keep", "wait", "look", "retrain"]

ALARMS: tuple[Standing, ...] = ("look", "retrain")
"""What a scheduler should not pass over."""


@dataclass(frozen=True)
class RowAccount:
    """What became of every score that was sent: `scored == judged + unknown + undefined + waiting`, always.

    `unknown` customers are no longer in the evidence, `undefined` have no target, `waiting` belong to a target that is
    not mature. Beside that, `changed` counts scores of `compared` customers that would be others today, as facts came
    late or were corrected; `late_customers` counts those who turned out to have been known before the cutoff after all
    (negative where fewer are), and `excluded_now` customers with a score whom the question would not be about today.
    """

    scored: int
    judged: int
    unknown: int
    undefined: int
    waiting: int
    compared: int
    changed: int
    changed_by_a_point: int
    """Of those changed, by more than 0.01."""
    largest_change: float
    late_customers: int
    excluded_now: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return dict(vars(self))


@dataclass(frozen=True)
class ControlGroup:
    """Customers whom lots left alone: how good the scores were for them, and how many were contacted all the same."""

    part: LivePart | None
    customers: int
    contacted: float | None
    tests: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "part": self.part and self.part.to_dict(), "tests": list(self.tests)}


@dataclass(frozen=True)
class WatchedRun:
    """A scoring run (`day` is its cutoff in the business's time), when its target is mature, and what was found."""

    name: str
    folder: Path
    cutoff: datetime
    day: str
    scored_at: str
    mature_at: datetime
    is_mature: bool
    account: RowAccount
    drift: Drift
    everyone: LivePart | None
    """None until the target is mature."""
    control: ControlGroup | None
    tenths: tuple[Tenth, ...]
    warnings: tuple[str, ...] = ()
    forecast: LiveForecast | None = None
    """What was said beside the first probability; None where nothing was."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "cutoff": self.cutoff.isoformat(),
            "day": self.day,
            "scored_at": self.scored_at,
            "mature_at": self.mature_at.isoformat(),
            "is_mature": self.is_mature,
            "account": self.account.to_dict(),
            "drift": self.drift.to_dict(),
            "everyone": self.everyone and self.everyone.to_dict(),
            "control": self.control and self.control.to_dict(),
            "tenths": [each.to_dict() for each in self.tenths],
            "warnings": list(self.warnings),
            "forecast": self.forecast and self.forecast.to_dict(),
        }


@dataclass(frozen=True)
class Together:
    """The judged runs as one: everyone, the control, groups, and tenths of each run together."""

    runs: tuple[str, ...]
    everyone: LivePart
    control: LivePart | None
    groups: Mapping[str, tuple[LivePart, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "runs": list(self.runs),
            "everyone": self.everyone.to_dict(),
            "control": self.control and self.control.to_dict(),
            "groups": {name: [each.to_dict() for each in parts] for name, parts in self.groups.items()},
        }


@dataclass(frozen=True)
class Verdict:
    """Whether to retrain, in one sentence, and everything that speaks for it."""

    standing: Standing
    sentence: str
    reasons: tuple[str, ...] = ()

    @property
    def is_alarm(self) -> bool:
        """Whether somebody has to do something."""
        return self.standing in ALARMS


@dataclass(frozen=True)
class MonitorReport:
    """A model watched over its scoring runs, the oldest first; `page` is where people read it.

    `set_apart` counts the published runs that were not looked at, by reason, with their folders.
    """

    question: Question
    timezone: str
    model: str
    model_digest: str
    observed_until: datetime
    promise: Promise
    runs: tuple[WatchedRun, ...]
    set_apart: Mapping[str, tuple[str, ...]]
    together: Together | None
    verdict: Verdict
    notes: tuple[str, ...] = ()
    page: Path | None = None
    tracked: str | None = None
    """The MLflow run that holds the figures; None where the model is of no registry."""
    features: Mapping[str, str] = field(default_factory=dict)
    """What each feature is, in words."""

    @property
    def judged(self) -> tuple[WatchedRun, ...]:
        """The runs whose target is mature and known of somebody."""
        return tuple(run for run in self.runs if run.everyone is not None)

    def __str__(self) -> str:
        lines = [self.verdict.sentence, *self.verdict.reasons]
        lines.append(
            f"{len(self.runs)} runs of {self.model} were looked at, {len(self.judged)} of them judged"
        )
        lines += [f"{len(folders)} set apart: {reason}" for reason, folders in self.set_apart.items()]
        lines += list(self.notes)
        if self.page is not None:
            lines.append(f"page: {self.page}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """For notebooks: the verdict with its reasons, and what was promised and came at each judged cutoff."""
        sentences = [self.verdict.sentence, *self.verdict.reasons[1:], *self.notes]
        sentences += [f"{len(names)} set apart: {reason}." for reason, names in self.set_apart.items()]
        rows = [
            (run.day, f"{run.everyone.total.promised.value:,.0f}", f"{run.everyone.total.came:,}")
            for run in self.judged
            if run.everyone is not None
        ]
        title = f"Does the model still hold? {self.verdict.standing.capitalize()}"
        return card(f"patron monitor · {self.model}", title, sentences, ("Cutoff", "Promised", "Came"), rows)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "verdict": self.verdict.standing,
            "sentence": self.verdict.sentence,
            "reasons": list(self.verdict.reasons),
            "question": self.question.to_dict(),
            "model": self.model,
            "model_digest": self.model_digest,
            "observed_until": self.observed_until.isoformat(),
            "promise": self.promise.to_dict(),
            "runs": [run.to_dict() for run in self.runs],
            "set_apart": {reason: list(folders) for reason, folders in self.set_apart.items()},
            "together": self.together and self.together.to_dict(),
            "notes": list(self.notes),
            "page": None if self.page is None else str(self.page),
            "mlflow_run": self.tracked,
        }
