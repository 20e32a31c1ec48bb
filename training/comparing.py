"""Two versions side by side: what they were asked, told and found, and a paired difference where it is fair."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from patron.features.errors import ModelError, PatronError
from patron.features.notebook import card
from patron.features.progress import Progress, silent
from patron.features.tracking import Tracking
from patron.models.contract import Contract
from patron.models.intervals import Estimate
from patron.models.registry import RegisteredVersion, address_of, resolve
from patron.models.run_files import fetch_text

from .promotion import changed_recipe
from .rivals import Comparison, Evidence, compare_models, other_question

SHOWN = ("auc", "log_loss", "brier", "lift_at_10", "calibration_error")
"""The metrics that are shown side by side."""

SEED = 7
"""Of the bootstrap of customers."""


@dataclass(frozen=True)
class Side:
    """One of the two: its version, run and aliases, until when it has observed, and its own judgement."""

    version: int
    run_id: str
    aliases: tuple[str, ...]
    observed_until: str
    metrics: Mapping[str, Estimate]
    judged_at: tuple[str, ...]

    def __str__(self) -> str:
        names = "".join(f" @{alias}" for alias in self.aliases)
        return f"version {self.version}{names}"


@dataclass(frozen=True)
class SideBySide:
    """Two models beside each other. `paired` is None where they cannot be compared, and `why_not` says why.

    `recipe` holds what differs in words; `same_data` whether both have learned from the very same evidence.
    """

    first: Side
    second: Side
    recipe: tuple[str, ...]
    same_data: bool
    paired: Comparison | None
    why_not: str | None

    def to_dict(self) -> dict[str, Any]:
        """Both sides as plain data."""
        paired = None if self.paired is None else self.paired.to_dict()
        sides = {name: _plain_side(side) for name, side in (("first", self.first), ("second", self.second))}
        rest = {"recipe": list(self.recipe), "same_data": self.same_data, "why_not": self.why_not}
        return {**sides, **rest, "paired": paired}

    def __str__(self) -> str:
        return "\n".join([*self._sides(), *self._metrics(), self._verdict()])

    def _repr_html_(self) -> str:
        both = [(name, self.first.metrics[name], self.second.metrics[name]) for name in self._shared()]
        rows = [(name.replace("_", " "), _interval(one), _interval(other)) for name, one, other in both]
        head = ("Metric, each at its own test cutoffs", str(self.first), str(self.second))
        title = f"{self.first}, and {self.second}"
        return card("patron compare", title, [*self._sides()[1:], self._verdict()], head, rows)

    def _shared(self) -> list[str]:
        return [name for name in SHOWN if name in self.first.metrics and name in self.second.metrics]

    def _sides(self) -> list[str]:
        data = "the very same evidence" if self.same_data else "different evidence"
        until = f"{self.first.observed_until} and {self.second.observed_until}"
        recipe = "; ".join(self.recipe) or "the same"
        return [
            f"{self.first}, and {self.second}",
            f"data:    {data}, observed until {until}",
            f"recipe:  {recipe}",
        ]

    def _metrics(self) -> list[str]:
        cutoffs = [", ".join(side.judged_at) for side in (self.first, self.second)]
        where = cutoffs[0] if cutoffs[0] == cutoffs[1] else f"{cutoffs[0]} and {cutoffs[1]}: not the same"
        rows = [f"judged:  each at its own test cutoffs ({where})"]
        for name in self._shared():
            first, second = _interval(self.first.metrics[name]), _interval(self.second.metrics[name])
            rows.append(f"  {name:<18}{first:<28}{second}")
        return rows

    def _verdict(self) -> str:
        if self.paired is None:
            return f"They cannot be compared: {self.why_not}."
        gain = self.paired.gain
        word = (
            "better"
            if gain.low > 0
            else "worse"
            if gain.high < 0
            else "neither better nor worse than can be told"
        )
        relation = word if word.startswith("neither") else f"{word} than version {self.second.version}"
        return (
            f"Paired: at {self.paired.where} version {self.first.version} is {relation}: a log loss of"
            f" {_interval(self.paired.first)} against {_interval(self.paired.second)}, a gain of {_interval(gain)}."
        )


def compare_versions(
    first: str, second: str, tracking: Tracking, evidence: Evidence, progress: Progress = silent
) -> SideBySide:
    """Two versions (numbers, addresses, aliases or run ids) side by side; ModelError for what is not registered.

    The paired difference is that of the judged boosters, rebuilt from the evidence at hand, on the cutoffs that neither
    had learned from.
    """
    references = [address_of(each, tracking) for each in (first, second)]
    models = [resolve(each, tracking) for each in references]
    contracts = [model.artefact.contract for model in models]
    sides = []
    for model, reference in zip(models, references, strict=True):
        if model.registered is None:
            raise ModelError(
                "Only registered versions are compared: a folder has no run.",
                found=reference,
                remedy="name a version, an alias or a run",
            )
        sides.append(_side(model.registered, model.artefact.contract, tracking))
    paired, why_not = None, other_question(*contracts)
    if why_not is not None:
        why_not = f"they answer different questions ({why_not})"
    else:
        try:
            paired = compare_models([models[0].artefact], models[1].artefact, evidence, SEED, progress)
        except PatronError as error:
            why_not = f"{error.what.rstrip('.')} ({error.found})"
        else:
            why_not = None if paired else "there is no cutoff that neither had learned from"
    tables = [
        {name: each for name, each in contract.digests.items() if name != "seed"} for contract in contracts
    ]
    recipe = tuple(changed_recipe(contracts[1], contracts[0]))
    return SideBySide(sides[0], sides[1], recipe, tables[0] == tables[1], paired, why_not)


def _side(registered: RegisteredVersion, contract: Contract, tracking: Tracking) -> Side:
    """What the run of a version says of it."""
    zone = ZoneInfo(contract.timezone)
    evaluation = json.loads(fetch_text(tracking, registered.run_id, "evaluation.json"))
    return Side(
        version=registered.version,
        run_id=registered.run_id,
        aliases=registered.aliases,
        observed_until=_day(contract.window.observed_until, zone),
        metrics={name: Estimate.from_dict(each) for name, each in evaluation["overall"]["model"].items()},
        judged_at=tuple(_day(segment["name"], zone) for segment in evaluation["per_cutoff"]),
    )


def _day(moment: str, zone: ZoneInfo) -> str:
    """An instant (ISO 8601) to the day of the business."""
    return datetime.fromisoformat(moment).astimezone(zone).date().isoformat()


def _plain_side(side: Side) -> dict[str, Any]:
    return {**asdict(side), "metrics": {name: each.to_dict() for name, each in side.metrics.items()}}


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.4f} ({estimate.low:.4f} to {estimate.high:.4f})"
