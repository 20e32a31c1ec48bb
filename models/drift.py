"""Drift: how far inputs and scores lie from those of training, as sizes rather than p-values.

With many customers every difference is significant, and most do not matter. So each difference has a size, and counts
by how much its feature moves the scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from patron.features.catalogue import FeatureField

from .contract import InputReference, Reference
from .feature_groups import group_of
from .intervals import finite, number

Floats = NDArray[np.float64]

SMALLEST_SHARE = 1e-4
"""A share below it counts as this much, so that a bin which training did not know has a finite size."""

LEAST_SHARE = 0.10
"""What a bin of a number held in training at least."""

FEW = 0.02
"""What a bin beside a value that many share held at least, and the last bin."""

MODERATE = 0.1
"""The population stability index from which the field calls a difference moderate (Siddiqi 2006)."""

WHOLLY_ANOTHER = 1.0
"""An index has no end; beyond this one a feature is another, and how much more so tells nothing."""

SCORES_MOVED = 0.5
"""Scores that lie so far from training's, in units of their spread, are others (a medium effect, Cohen 1988)."""


@dataclass(frozen=True)
class InputDrift:
    """How one input lies beside training.

    `psi` is the population stability index of the values that are there over training's bins, less what chance gives in
    such a sample; NaN where none is there. Missing values are told apart: with every month more windows lie within
    what was observed, and that is no harm. `shift` is by how much the middle nine tenths of a number moved on average,
    and `distance` how far (the Wasserstein distance), both in units of training's spread; NaN for a category and where
    nothing is known. `weight` is the feature's share of what moves the scores, and `moves` what it adds to the
    average log-odds, which in training is about nothing.
    """

    name: str
    psi: float
    shift: float
    distance: float
    missing: float
    missing_before: float
    unseen: float
    """Share of customers whose category training never saw; it counts as missing."""
    weight: float
    moves: float

    @property
    def size(self) -> float:
        """How much it matters: its difference, counted by its weight; one that is wholly another counts as 1."""
        return min(self.psi, WHOLLY_ANOTHER) * self.weight if np.isfinite(self.psi) else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain data; None for what is not defined."""
        return {
            name: finite(value) if isinstance(value, float) else value for name, value in vars(self).items()
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What `to_dict` described."""
        numbers = {name: number(value) for name, value in plain.items() if name != "name"}
        return cls(plain["name"], **numbers)


@dataclass(frozen=True)
class Drift:
    """How a run's scores and inputs lie beside training; inputs that matter most come first.

    `apart` are inputs that tell moments apart and not customers, such as the place in the year: they always differ.
    """

    rows: int
    scores: float
    """How far the scores moved (the Wasserstein distance of their middle nine tenths), in units of training's spread.

    No stability index: calibrated scores have steps, and a step beside the edge of a bin would look like a new world.
    """
    mean_score: float
    mean_score_before: float
    inputs: tuple[InputDrift, ...]
    apart: tuple[str, ...] = ()

    @property
    def weighted(self) -> float:
        """The inputs' stability index on average, each counted by its weight."""
        return float(sum(each.size for each in self.inputs))

    def to_dict(self) -> dict[str, Any]:
        """Plain data; None for what is not defined."""
        plain = {
            name: finite(value) if isinstance(value, float) else value for name, value in vars(self).items()
        }
        inputs = [each.to_dict() for each in self.inputs]
        return {**plain, "weighted": self.weighted, "inputs": inputs, "apart": list(self.apart)}


def drift_of(
    reference: Reference,
    fields: Sequence[FeatureField],
    matrix: NDArray[np.float32],
    unseen: Mapping[str, float],
    probability: Floats,
    weights: Mapping[str, float],
    contributions: Floats,
) -> Drift:
    """Encoded inputs [n, k] and scores [m] beside training's reference.

    `unseen` are shares of customers by feature, `weights` mean absolute contributions by feature and `contributions`
    [r, k] those of some of the rows, in log-odds.
    """
    told = {place: field for place, field in enumerate(fields) if group_of(field) is not None}
    total = sum(weights.get(field.name, 0.0) for field in told.values()) or 1.0
    moves = contributions.mean(axis=0) if len(contributions) else np.full(len(fields), np.nan)
    found = [
        input_drift(
            field,
            reference.inputs[field.name],
            matrix[:, place].astype(np.float64),
            unseen.get(field.name, 0.0),
            weights.get(field.name, 0.0) / total,
            float(moves[place]),
        )
        for place, field in told.items()
    ]
    before = np.array(reference.scores)
    return Drift(
        rows=len(probability),
        scores=_moved(before, probability)[1],
        mean_score=float(probability.mean()) if len(probability) else np.nan,
        mean_score_before=float((before[1:] + before[:-1]).mean() / 2),
        inputs=tuple(sorted(found, key=lambda each: (-each.size, each.name))),
        apart=tuple(field.name for place, field in enumerate(fields) if place not in told),
    )


def input_drift(
    field: FeatureField, reference: InputReference, values: Floats, unseen: float, weight: float, moves: float
) -> InputDrift:
    """One encoded column [n] (category codes, or numbers; NaN is missing) beside its reference."""
    present = values[np.isfinite(values)]
    missing = 1.0 - len(present) / max(len(values), 1)
    if field.kind == "category":
        before = np.array([reference.shares[name] for name in field.categories])
        now = np.bincount(present.astype(np.int64), minlength=len(before)) / max(len(present), 1)
        shift = distance = np.nan
    else:
        before, now = binned(np.array(reference.quantiles), present)
        shift, distance = _moved(np.array(reference.quantiles), present)
    grain = (
        0.0 if field.kind == "category" or not reference.quantiles else _grain(np.array(reference.quantiles))
    )
    psi = stability_index(before, now, len(present), grain) if before.any() else np.nan
    return InputDrift(field.name, psi, shift, distance, missing, reference.missing, unseen, weight, moves)


def stability_index(before: Floats, now: Floats, rows: int, grain: float = 0.0) -> float:
    """Shares of bins in training and of `rows` rows now to the population stability index beyond chance.

    Σ (now − before) ln(now / before), less its expectation where only sampling differs, which is (bins − 1) ÷ rows, and
    less what comes of shares that are only known to a `grain`: each end of a bin is off by grain² ÷ 12 in the mean
    square. Never below zero; NaN without rows.
    """
    if not rows:
        return np.nan
    first, second = np.maximum(before, SMALLEST_SHARE), np.maximum(now, SMALLEST_SHARE)
    index = float(((second - first) * np.log(second / first)).sum())
    filled = before[before > 0]
    blurred = float((grain**2 / 6 / filled).sum()) if len(filled) > 1 else 0.0
    return max(0.0, index - max(len(filled) - 1, 0) / rows - blurred)


def binned(quantiles: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Training's quantiles and values now to the shares of both in bins, each ending with the value at its upper edge.

    Where values repeat, as counts do, the share up to one of them lies between the last level at which it stands and
    the next: the middle is taken. Such a value ends the bin before it, so that the few beside a value that most have
    are seen.
    """
    if not quantiles.size:
        return np.zeros(1), np.zeros(1)
    levels = np.linspace(0, 1, len(quantiles))
    edges, first, counts = np.unique(quantiles, return_index=True, return_counts=True)
    reached = np.minimum(levels[first + counts - 1] + _grain(quantiles) / 2, 1.0)
    reached[-1] = 1.0
    kept = _ends(np.diff(reached, prepend=0.0))
    before = np.diff(reached[kept], prepend=0.0)
    place = np.minimum(np.searchsorted(edges[kept], values, side="left"), len(kept) - 1)
    return before, np.bincount(place, minlength=len(kept)) / max(len(values), 1)


def _grain(quantiles: Floats) -> float:
    """Between which levels the share up to a value lies: nothing where no value repeats."""
    repeats = len(np.unique(quantiles)) < len(quantiles)
    return 1 / (len(quantiles) - 1) if repeats else 0.0


def _ends(shares: Floats) -> list[int]:
    """Shares [e] of training up to rising edges to the edges that end a bin: at `LEAST_SHARE`, or before many."""
    kept, held, last = list[int](), 0.0, len(shares) - 1
    for place, share in enumerate(shares.tolist()):
        held += share
        many_follow = place < last and shares[place + 1] >= LEAST_SHARE - 1e-9
        if held >= LEAST_SHARE - 1e-9 or (held >= FEW - 1e-9 and (many_follow or place == last)):
            kept.append(place)
            held = 0.0
    return [*kept[:-1], last]


def _moved(quantiles: Floats, values: Floats) -> tuple[float, float]:
    """By how much, and how far, the middle nine tenths moved, in units of training's spread; NaN where none is known.

    The spread is the distance of the tenths, as wide as a normal distribution has it; where that is nothing, the
    standard deviation of the quantiles.
    """
    if not quantiles.size or not len(values):
        return np.nan, np.nan
    levels = np.linspace(0, 1, len(quantiles))
    low, high = np.interp([0.1, 0.9], levels, quantiles)
    spread = (high - low) / 2.563 or float(quantiles.std())
    inner = (levels >= 0.05 - 1e-9) & (levels <= 0.95 + 1e-9)
    apart = np.quantile(values, levels[inner]) - quantiles[inner]
    if not spread:
        return (0.0, 0.0) if not apart.any() else (np.nan, np.nan)
    return float(apart.mean() / spread), float(np.abs(apart).mean() / spread)
