"""Calibration: from a score to a probability that is right on later time; kept only where it helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from patron.features.errors import ModelError

from .intervals import Estimate

Floats = NDArray[np.float64]

SMALLEST = 1e-6
"""Calibrated probabilities are kept this far from 0 and 1: nobody is certain to buy or not."""

ISOTONIC_OUTCOMES = 1_000
"""Isotonic steps follow noise with fewer of either outcome."""


class Calibrator(Protocol):
    """A rising function from scores in [0, 1] to probabilities."""

    def apply(self, probability: Floats) -> Floats:
        """Scores [n] in [0, 1] to probabilities [n] strictly inside (0, 1)."""

    def to_dict(self) -> dict[str, Any]:
        """The calibrator as plain data, which `calibrator_from_dict` reads."""


@dataclass(frozen=True)
class Identity:
    """Leaves the probability as it is."""

    def apply(self, probability: Floats) -> Floats:
        """The same probabilities [n], kept inside (0, 1)."""
        return _inside(probability)

    def to_dict(self) -> dict[str, Any]:
        """Its kind."""
        return {"kind": "identity"}


@dataclass(frozen=True)
class Platt:
    """A logistic curve over the score's logit: slope 1 and intercept 0 leave it as it is (Platt 1999)."""

    slope: float
    intercept: float

    def apply(self, probability: Floats) -> Floats:
        """Scores [n] to probabilities [n]."""
        return _inside(expit(self.slope * _logit(probability) + self.intercept))

    def to_dict(self) -> dict[str, Any]:
        """Its kind, slope and intercept."""
        return {"kind": "platt", "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True)
class Isotonic:
    """The rising steps that fit best, joined by straight lines between `scores` and flat beyond them."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def apply(self, probability: Floats) -> Floats:
        """Scores [n] to probabilities [n]."""
        return _inside(np.interp(probability, self.scores, self.probabilities))

    def to_dict(self) -> dict[str, Any]:
        """Its kind and knots."""
        return {
            "kind": "isotonic",
            "scores": list(self.scores),
            "probabilities": list(self.probabilities),
        }


def calibrator_from_dict(plain: Mapping[str, Any]) -> Calibrator:
    """The calibrator that `to_dict` described; ModelError for an unknown kind."""
    match plain:
        case {"kind": "identity"}:
            return Identity()
        case {"kind": "platt", "slope": float(slope), "intercept": float(intercept)}:
            return Platt(slope, intercept)
        case {"kind": "isotonic", "scores": [*scores], "probabilities": [*probabilities]}:
            return Isotonic(tuple(scores), tuple(probabilities))
    raise ModelError(
        "The calibration cannot be read.",
        found=plain.get("kind"),
        remedy="load the model with the version of Patron that made it",
    )


def recalibration(outcome: NDArray[Any], probability: Floats) -> Platt:
    """Outcomes and probabilities [n] to the logistic recalibration that fits them best (Cox 1958).

    A slope of 1 and an intercept of 0 say that the probabilities are right; a slope below 1 that they are too
    extreme. With a single outcome, or one that the scores separate, there is none: NaN.
    """
    slope, intercept = _logistic(_logit(probability), np.asarray(outcome, np.float64))
    return Platt(slope, intercept)


def recalibration_interval(
    outcome: NDArray[Any], probability: Floats, customers: NDArray[Any]
) -> dict[str, Estimate]:
    """Outcomes, probabilities and customers [n] to the `slope` and `intercept` of `recalibration` with intervals.

    The errors are robust to a customer's snapshots being alike (the sandwich over customers, Liang & Zeger 1986).
    """
    fitted = recalibration(outcome, probability)
    score = _logit(probability)
    design = np.column_stack([score, np.ones(len(score))])
    rate = expit(fitted.slope * score + fitted.intercept)
    if not np.isfinite(fitted.slope):
        return {"slope": Estimate(np.nan, np.nan, np.nan), "intercept": Estimate(np.nan, np.nan, np.nan)}
    bread = np.linalg.inv(design.T @ (design * (rate * (1 - rate))[:, None]))
    codes = np.unique(customers, return_inverse=True)[1]
    pull = np.column_stack([np.bincount(codes, column * (outcome - rate)) for column in design.T])
    error = np.sqrt(np.diag(bread @ (pull.T @ pull) @ bread))
    return {
        "slope": Estimate.around(fitted.slope, float(error[0])),
        "intercept": Estimate.around(fitted.intercept, float(error[1])),
    }


def fit_platt(outcome: NDArray[Any], probability: Floats) -> Platt:
    """Outcomes and scores [n] to a Platt calibrator; where scores fall as outcomes rise, a constant.

    The target is smoothed as Platt has it, so that separable outcomes give no infinite slope.
    """
    events = float(np.sum(outcome))
    high = (events + 1) / (events + 2)
    low = 1 / (len(outcome) - events + 2)
    target = np.where(np.asarray(outcome) == 1, high, low)
    slope, intercept = _logistic(_logit(probability), target)
    if not slope > 0:
        rate = float(target.mean())
        return Platt(0.0, float(np.log(rate / (1 - rate))))
    return Platt(slope, intercept)


def fit_isotonic(outcome: NDArray[Any], probability: Floats) -> Isotonic:
    """Outcomes and scores [n] to an isotonic calibrator that is never surer than its rows allow."""
    rows = len(outcome)
    steps = IsotonicRegression(y_min=1 / (rows + 2), y_max=(rows + 1) / (rows + 2)).fit(probability, outcome)
    scores = steps.X_thresholds_.astype(float).tolist()
    return Isotonic(tuple(scores), tuple(steps.y_thresholds_.astype(float).tolist()))


def choose_calibrator(
    probability: Floats,
    outcome: NDArray[Any],
    cutoff: NDArray[np.int64],
    customers: NDArray[Any] | None = None,
    *,
    required: bool = False,
) -> Calibrator:
    """Out-of-time scores, outcomes and cutoffs [n] to the calibrator that proved itself on later cutoffs.

    Each candidate is fitted on the cutoffs before each later one and judged there by log loss. `Identity` stays
    unless another is better by more than one standard error (over `customers`, where they are given), and always
    with a single cutoff. `required` is for scores that are mere ranks: `Identity` is then no candidate.
    """
    losses = later_losses(probability, outcome, cutoff)
    best = "platt" if required else "identity"
    for name in losses:
        if name != "identity" and name != best and _proves_better(losses[best], losses[name], customers):
            best = name
    return _fit(best, outcome, probability)


def later_losses(probability: Floats, outcome: NDArray[Any], cutoff: NDArray[np.int64]) -> dict[str, Floats]:
    """Scores, outcomes and cutoffs [n] to {candidate: log loss of each row [n]}, fitted on earlier cutoffs only.

    NaN at the first cutoff, which has none before it. A candidate that could not be fitted for every later cutoff
    is left out, and so are all with fewer than two cutoffs.
    """
    later = np.unique(cutoff)[1:]
    losses = {name: np.full(len(outcome), np.nan) for name in _FEWEST} if len(later) else {}
    for moment in later:
        before, at = cutoff < moment, cutoff == moment
        events = int(np.sum(outcome[before]))
        fewest = min(events, int(before.sum()) - events)
        losses = {name: loss for name, loss in losses.items() if fewest >= _FEWEST[name]}
        for name, loss in losses.items():
            applied = _fit(name, outcome[before], probability[before]).apply(probability[at])
            loss[at] = -np.log(np.where(outcome[at] == 1, applied, 1 - applied))
    return losses


_FEWEST = {"identity": 0, "platt": 1, "isotonic": ISOTONIC_OUTCOMES}
"""The candidates, simplest first, and the rows of the rarer outcome that each needs."""


def _fit(name: str, outcome: NDArray[Any], probability: Floats) -> Calibrator:
    if name == "identity":
        return Identity()
    return fit_platt(outcome, probability) if name == "platt" else fit_isotonic(outcome, probability)


def _proves_better(incumbent: Floats, candidate: Floats, customers: NDArray[Any] | None) -> bool:
    """Whether the candidate's losses [n] are lower by more than one standard error of the difference."""
    judged = np.isfinite(incumbent)
    gain = (incumbent - candidate)[judged]
    codes = (
        np.arange(len(gain)) if customers is None else np.unique(customers[judged], return_inverse=True)[1]
    )
    error = np.sqrt((np.bincount(codes, gain - gain.mean()) ** 2).sum())
    return bool(gain.sum() > error)


def _logistic(score: Floats, target: Floats) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of targets in [0, 1] on scores [n], by Newton's method."""
    if not 0 < target.mean() < 1 or not np.ptp(score) > 0:
        return np.nan, np.nan
    design = np.column_stack([score, np.ones(len(score))])
    beta = np.array([0.0, np.log(target.mean() / (1 - target.mean()))])
    loss = _loss(design @ beta, target)
    for _ in range(100):
        fitted = expit(design @ beta)
        curvature = design.T @ (design * (fitted * (1 - fitted))[:, None])
        if not np.linalg.cond(curvature) < 1e15:
            return np.nan, np.nan
        step = np.linalg.solve(curvature, design.T @ (target - fitted))
        while _loss(design @ (beta + step), target) > loss + 1e-12 and np.abs(step).max() > 1e-10:
            step /= 2
        beta = beta + step
        loss = _loss(design @ beta, target)
        if np.abs(step).max() < 1e-10:
            return float(beta[0]), float(beta[1])
    return np.nan, np.nan


def _loss(margin: Floats, target: Floats) -> float:
    return float(np.mean(np.logaddexp(0, margin) - target * margin))


def _logit(probability: Floats) -> Floats:
    return np.asarray(logit(_inside(probability)))


def _inside(probability: Floats) -> Floats:
    inside: Floats = np.clip(np.asarray(probability, np.float64), SMALLEST, 1 - SMALLEST)
    return inside
