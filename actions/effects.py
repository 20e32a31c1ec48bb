"""What a measurement found: for each arm against the control, in numbers and in words that claim no more."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.stats import norm

from patron.models.intervals import Estimate, finite

from .comparability import Comparability
from .experiment import Experiment, propose_experiment
from .randomisation import Randomisation


@dataclass(frozen=True)
class Effect:
    """What an arm changed in the outcome, against the control.

    `estimate` is the effect of being given the arm, adjusted for covariates; None where none can be had, and
    `why_not` says why. `plain` is the mere difference of the arms' means. `detectable` would be seen in four of
    five tests like this one, `spread` is the outcome's standard deviation. `adjusted_p` is corrected for all
    comparisons made together (Holm). Where nobody drew lots, `compared` says how arms were made alike,
    `placebo` what is found where there is nothing to find, and `robustness` how much of the rest of both arm
    and outcome a cause that nobody recorded would have to explain to take the finding away.
    """

    arm: str
    control: str
    outcome: str
    randomised: bool
    rows: tuple[int, int]
    customers: int
    means: tuple[float, float]
    plain: Estimate
    estimate: Estimate | None
    detectable: float
    spread: float
    adjusted_p: float = np.nan
    why_not: str | None = None
    compared: Comparability | None = None
    placebo: Mapping[str, Estimate] = field(default_factory=dict)
    robustness: float = np.nan
    experiment: Experiment | None = None

    @property
    def p_value(self) -> float:
        """Two-sided, of no effect at all; NaN without an estimate."""
        if self.estimate is None or not self.estimate.error > 0:
            return np.nan
        return float(2 * norm.sf(abs(self.estimate.value) / self.estimate.error))

    @property
    def width(self) -> float:
        """The width of the adjusted interval as a share of the plain one's: below 1 the adjustment helped."""
        if self.estimate is None or not self.plain.error > 0:
            return np.nan
        return self.estimate.error / self.plain.error

    def beside_placebo(self, found: "Effect") -> "Effect":
        """The effect with the same measured on an outcome that it cannot have changed; no estimate where that moves."""
        if found.estimate is None:
            return replace(
                self, estimate=None, why_not=f"{found.outcome} cannot be compared: {found.why_not}"
            )
        placebo = {**self.placebo, found.outcome: found.estimate}
        if found.estimate.low <= 0 <= found.estimate.high:
            return replace(self, placebo=placebo)
        return replace(self, placebo=placebo).without_number(told_apart(found.outcome, found.estimate))

    def without_number(self, why_not: str) -> "Effect":
        """The effect that cannot be told, and why, with the test among all these customers that would tell it."""
        experiment = self.experiment or propose_experiment(self.customers, self.spread, self.outcome)
        return replace(self, estimate=None, why_not=why_not, experiment=experiment)

    @property
    def words(self) -> str:
        """The finding in a sentence: "effect" only where lots were drawn, or with what it takes beside it."""
        return self._said()[:1].upper() + self._said()[1:]

    def _said(self) -> str:
        if self.estimate is None:
            remedy = "" if self.experiment is None else f" What would tell: {self.experiment.words}"
            return f"{self.arm}: no effect on {self.outcome} can be told, as {self.why_not}.{remedy}"
        found, what = self.estimate, f"{self.outcome} per customer"
        change = f"{found.value:+.3g} (95% interval {found.low:+.3g} to {found.high:+.3g})"
        measurable = found.low > 0 or found.high < 0
        if self.randomised:
            said = (
                f"changed {what} by {change}"
                if measurable
                else f"had no measurable effect on {what}: {change}"
            )
            small = (
                ""
                if measurable
                else f"; {self.detectable:.3g} or more would have been seen in four of five tests"
            )
            return f"{self.arm} {said}, against {self.control}{small}."
        said = (
            f"goes with {change} in {what}"
            if measurable
            else f"goes with no measurable change in {what}: {change}"
        )
        return f"{self.arm} {said}, against {self.control}. {self._assumed()}"

    def _assumed(self) -> str:
        if np.isnan(self.robustness) or self.robustness == 0:
            hidden = ""
        else:
            hidden = f"; one that explains {self.robustness:.1%} of what is left of both would take the finding away"
        return f"It is an effect only if nothing else than the covariates decided both{hidden}."

    def to_dict(self) -> dict[str, Any]:
        """Plain data; None where something is not defined."""
        return {
            "arm": self.arm,
            "control": self.control,
            "outcome": self.outcome,
            "randomised": self.randomised,
            "rows": list(self.rows),
            "customers": self.customers,
            "means": [finite(each) for each in self.means],
            "plain": self.plain.to_dict(),
            "estimate": None if self.estimate is None else self.estimate.to_dict(),
            "p_value": finite(self.p_value),
            "adjusted_p": finite(self.adjusted_p),
            "detectable": finite(self.detectable),
            "width_of_plain": finite(self.width),
            "why_not": self.why_not,
            "compared": None if self.compared is None else self.compared.to_dict(),
            "placebo": {name: each.to_dict() for name, each in self.placebo.items()},
            "robustness": finite(self.robustness),
            "experiment": None if self.experiment is None else self.experiment.to_dict(),
            "words": self.words,
        }


@dataclass(frozen=True)
class Measurement:
    """All arms of a trial against its control. `draw` are the checks of the randomisation, None where there was none.

    `set_apart` counts rows that could not be used, by reason and arm: rows in = rows used + rows set apart.
    """

    effects: tuple[Effect, ...]
    draw: Randomisation | None
    rows: int
    set_apart: Mapping[str, Mapping[str, int]]

    def __getitem__(self, arm: str) -> Effect:
        """The effect of an arm; KeyError for an arm that was not measured."""
        for effect in self.effects:
            if effect.arm == arm:
                return effect
        raise KeyError(arm)

    def __str__(self) -> str:
        lines = [effect.words for effect in self.effects]
        if self.draw is not None:
            lines += [f"Doubtful: {doubt}." for doubt in self.draw.doubts]
        for reason, counts in self.set_apart.items():
            lines.append(f"{sum(counts.values()):,} rows are set apart: {reason}.")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "effects": [effect.to_dict() for effect in self.effects],
            "draw": None if self.draw is None else self.draw.to_dict(),
            "rows": self.rows,
            "set_apart": {reason: dict(counts) for reason, counts in self.set_apart.items()},
        }


def told_apart(name: str, found: Estimate) -> str:
    """Why there is no number where a placebo moves."""
    return (
        f"it would seem to have changed {name} by {found.value:+.3g} ({found.low:+.3g} to {found.high:+.3g}), which it"
        " cannot have changed: those who got it were different before"
    )


def holm(p_values: list[float]) -> list[float]:
    """P-values of comparisons made together, each corrected for all of them (Holm 1979); NaN stays, and counts not.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    known = [place for place, p in enumerate(p_values) if not np.isnan(p)]
    corrected, highest = [float("nan")] * len(p_values), 0.0
    for rank, place in enumerate(sorted(known, key=lambda each: p_values[each])):
        highest = max(highest, min(1.0, (len(known) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected
