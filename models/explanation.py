"""An explanation: one customer's score in parts that sum to it, feature by feature and group by group."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from scipy.special import expit

from .feature_groups import words_of
from .reasons import Reason


@dataclass(frozen=True)
class Part:
    """What one feature contributes to the log-odds, its value in words and its group."""

    feature: str
    group: str
    words: str
    contribution: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return dict(vars(self))


@dataclass(frozen=True)
class Explanation:
    """Why a customer got a score. `base` + all `parts` + `calibration` is the log-odds of `probability`.

    `base` is what the model says of a customer of whom nothing is known, `calibration` what the correction of the
    probability adds, its season among it. Where the question is not about the customer, `excluded_because` says why,
    and the score is what the model would say. `warnings` are those of the cutoff.
    """

    customer: str
    cutoff: datetime
    question: str
    model: str
    probability: float
    percentile: float
    stage: str
    base: float
    calibration: float
    parts: tuple[Part, ...]
    reasons: tuple[Reason, ...]
    excluded_because: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def log_odds(self) -> float:
        """The sum of all parts."""
        return self.base + sum(part.contribution for part in self.parts) + self.calibration

    @property
    def groups(self) -> tuple[tuple[str, float], ...]:
        """What each group of features contributes, the weightiest first."""
        sums: dict[str, float] = {}
        for part in self.parts:
            sums[part.group] = sums.get(part.group, 0.0) + part.contribution
        return tuple(sorted(sums.items(), key=lambda pair: (-abs(pair[1]), pair[0])))

    def __str__(self) -> str:
        lines = [f"{self.customer} at {self.cutoff:%Y-%m-%d}: {self._score}", *map(str, self.reasons), ""]
        width = max(len(words) for words, _ in self._sums)
        lines += [f"{words.ljust(width)}  {_signed(value)}" for words, value in self._sums]
        lines += [f"{''.ljust(width)}  ------", f"{'log-odds'.ljust(width)}  {_signed(self.log_odds)}"]
        for group, total in self.groups:
            lines += ["", f"{_title(group)} ({_signed(total)})"]
            lines += [
                f"  {_signed(part.contribution)}  {part.words}  [{part.feature}]" for part in self._of(group)
            ]
        return "\n".join([*lines, *self._closing])

    @property
    def _score(self) -> str:
        said = f"{self.probability:.1%} for {self.question!r} ({self.stage}), by {self.model}"
        return (
            said
            if self.excluded_because is None
            else f"not asked about ({self.excluded_because}); it would be {said}"
        )

    @property
    def _sums(self) -> list[tuple[str, float]]:
        return [
            ("somebody of whom nothing is known", self.base),
            *((words_of(group), value) for group, value in self.groups),
            ("calibration", self.calibration),
        ]

    def _of(self, group: str, least: float = 0.005) -> Sequence[Part]:
        """The parts of a group that can be seen in two decimals, the weightiest first."""
        return [part for part in self.parts if part.group == group and abs(part.contribution) >= least]

    @property
    def _closing(self) -> list[str]:
        hidden = len(self.parts) - sum(len(self._of(group)) for group, _ in self.groups)
        lines = (
            ["", f"{hidden} features that contribute less than 0.005 are in the sums and not shown."]
            if hidden
            else []
        )
        note = "This is how the model came to its number, not what would happen if something were changed."
        return [*lines, note, *(f"warning: {warning}" for warning in self.warnings)]

    def _repr_html_(self) -> str:
        """The explanation for a notebook; whatever comes from the data is escaped."""
        rows = "".join(
            f"<tr><th colspan=2 style='text-align:left'>{escape(_title(group))}</th>"
            f"<th style='text-align:right'>{_signed(total)}</th></tr>"
            + "".join(
                f"<tr><td style='text-align:left'>{escape(part.words)}</td><td><code>{escape(part.feature)}</code></td>"
                f"<td>{_signed(part.contribution)}</td></tr>"
                for part in self._of(group)
            )
            for group, total in self.groups
        )
        ends = "".join(
            f"<tr><td colspan=2 style='text-align:left'>{name}</td><td>{_signed(value)}</td></tr>"
            for name, value in (
                ("somebody of whom nothing is known", self.base),
                ("calibration", self.calibration),
                ("log-odds", self.log_odds),
            )
        )
        reasons = "".join(f"<li>{escape(str(reason))}</li>" for reason in self.reasons)
        head = escape(f"{self.customer} at {self.cutoff:%Y-%m-%d}: {self._score}")
        closing = "<br>".join(escape(line) for line in self._closing if line)
        return f"<div><p><b>{head}</b></p><ul>{reasons}</ul><table>{rows}{ends}</table><p>{closing}</p></div>"

    def to_dict(self) -> dict[str, Any]:
        """The explanation as plain data."""
        return {
            **{
                name: value
                for name, value in vars(self).items()
                if name not in ("parts", "reasons", "warnings")
            },
            "cutoff": self.cutoff.isoformat(),
            "log_odds": self.log_odds,
            "groups": dict(self.groups),
            "parts": [part.to_dict() for part in self.parts],
            "reasons": [dict(vars(reason)) for reason in self.reasons],
            "warnings": list(self.warnings),
        }

    def holds(self) -> bool:
        """Whether the parts sum to the score."""
        return abs(float(expit(self.log_odds)) - self.probability) < 1e-9


def _title(group: str) -> str:
    words = words_of(group)
    return words[:1].upper() + words[1:]


def _signed(value: float) -> str:
    text = f"{abs(value):.2f}"
    return f"{'−' if value < 0 and text != '0.00' else '+'}{text}"
