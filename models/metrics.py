"""How good probabilities are: ranking, accuracy and calibration, each with row weights and exact ties.

Scores are sorted once into a `Ranking`; all metrics are then one compiled pass over it, which makes hundreds of
resampled weights affordable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

BETTER: Mapping[str, int] = {
    "auc": 1,
    "average_precision": 1,
    "log_loss": -1,
    "brier": -1,
    "lift_at_10": 1,
    "calibration_error": -1,
    "mean_difference": -1,
}
"""All metrics: 1 where more is better, -1 where less is (of the magnitude, for `mean_difference`)."""

METRICS = tuple(BETTER)

LIMITS: Mapping[str, tuple[float, float]] = {
    "auc": (0.0, 1.0),
    "average_precision": (0.0, 1.0),
    "log_loss": (0.0, np.inf),
    "brier": (0.0, 1.0),
    "lift_at_10": (0.0, np.inf),
    "calibration_error": (0.0, 1.0),
    "mean_difference": (-1.0, 1.0),
}
"""The values that each of the metrics can take."""

LIFT_SHARE = 0.10
CALIBRATION_BINS = 10

SMALLEST = 1e-15
"""Probabilities are kept this far from 0 and 1 where a logarithm is taken."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows sorted by falling probability, everything but `order` and `tie_ends` being [n] in that order."""

    order: NDArray[np.intp]
    """The rows, best first; tied rows as they came."""
    outcome: NDArray[np.float64]
    probability: NDArray[np.float64]
    loss: NDArray[np.float64]
    """Negative log likelihood of each row."""
    tie_ends: NDArray[np.intp]
    """For each distinct probability the position after its last row."""

    @classmethod
    def of(cls, outcome: ArrayLike, probability: ArrayLike) -> Self:
        """Outcomes 0 or 1 [n] and probabilities in [0, 1] [n] to their ranking; ValueError for anything else."""
        outcomes = np.asarray(outcome, dtype=np.float64)
        scores = np.asarray(probability, dtype=np.float64)
        if outcomes.ndim != 1 or outcomes.shape != scores.shape or not len(outcomes):
            raise ValueError(f"outcome {outcomes.shape} and probability {scores.shape} must be [n], n > 0")
        if not ((scores >= 0) & (scores <= 1)).all() or not ((outcomes == 0) | (outcomes == 1)).all():
            raise ValueError("probabilities must lie in [0, 1] and outcomes be 0 or 1")
        order = np.argsort(-scores, kind="stable")
        outcomes, scores = outcomes[order], scores[order]
        likelihood = np.where(outcomes == 1, scores, 1.0 - scores)
        loss = -np.log(np.clip(likelihood, SMALLEST, 1.0))
        tie_ends = np.append(np.flatnonzero(np.diff(scores)) + 1, len(scores))
        return cls(order, outcomes, scores, loss, tie_ends)

    def weights(self, weights: ArrayLike | None) -> NDArray[np.float64]:
        """Weights of the rows as they came [n], none negative, to the order of the ranking; ones unless given."""
        if weights is None:
            return np.ones(len(self.order))
        values = np.asarray(weights, dtype=np.float64)
        if values.shape != self.order.shape or not (values >= 0).all():
            raise ValueError(f"weights must be one number >= 0 for each of the {len(self.order)} rows")
        return values[self.order]

    def measure(
        self, weights: NDArray[np.float64], *, share: float = LIFT_SHARE, bins: int = CALIBRATION_BINS
    ) -> NDArray[np.float64]:
        """Weights in the order of the ranking to all `METRICS`, in their order; NaN where one is not defined."""
        values: NDArray[np.float64] = _measure(
            self.outcome, self.probability, self.loss, self.tie_ends, weights, share, bins
        )
        return values

    def captured(self, sizes: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Events among the best rows of total weight `sizes` [m, rising]; a tie at the edge is split evenly."""
        events: NDArray[np.float64] = _captured(self.outcome, self.tie_ends, weights, sizes)
        return events


def measure(outcome: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> dict[str, float]:
    """Outcomes [n], probabilities [n] and row weights [n] to all `METRICS`; NaN where one is not defined."""
    ranking = Ranking.of(outcome, probability)
    return dict(zip(METRICS, ranking.measure(ranking.weights(weights)).tolist(), strict=True))


def auc(outcome: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> float:
    """The chance that an event is ranked above a non-event, ties counted half; NaN with a single class."""
    return measure(outcome, probability, weights)["auc"]


def average_precision(outcome: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Precision averaged over the steps of recall, a tie being one step; NaN without an event."""
    return measure(outcome, probability, weights)["average_precision"]


def log_loss(outcome: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Mean negative log likelihood, in nats."""
    return measure(outcome, probability, weights)["log_loss"]


def brier(outcome: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Mean squared difference between probability and outcome."""
    return measure(outcome, probability, weights)["brier"]


def mean_difference(outcome: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Calibration in the large: mean predicted minus observed rate."""
    return measure(outcome, probability, weights)["mean_difference"]


def lift_at(
    outcome: ArrayLike,
    probability: ArrayLike,
    share: float = LIFT_SHARE,
    weights: ArrayLike | None = None,
) -> float:
    """Event rate among the `share` ranked highest over the event rate of all; a tie at the edge is split."""
    if not 0 < share <= 1:
        raise ValueError(f"share must be in (0, 1], not {share}")
    ranking = Ranking.of(outcome, probability)
    return float(ranking.measure(ranking.weights(weights), share=share)[METRICS.index("lift_at_10")])


def calibration_error(
    outcome: ArrayLike,
    probability: ArrayLike,
    bins: int = CALIBRATION_BINS,
    weights: ArrayLike | None = None,
) -> float:
    """Expected calibration error: |mean predicted - observed| over bins of equal weight, ties kept together.

    A perfectly calibrated model has more than 0 by chance: compare with `chance_calibration_error`.
    """
    ranking = Ranking.of(outcome, probability)
    return float(ranking.measure(ranking.weights(weights), bins=bins)[METRICS.index("calibration_error")])


def chance_calibration_error(
    probability: ArrayLike,
    seed: int,
    *,
    draws: int = 500,
    bins: int = CALIBRATION_BINS,
    level: float = 0.95,
    design: float = 1.0,
) -> float:
    """The calibration error below which a perfectly calibrated model stays in `level` of all samples.

    `design` is how many times the variance of a sum is that of independent rows, as customers have several of them.
    """
    return float(np.quantile(_chance_errors(probability, seed, draws, bins, design), level))


def expected_calibration_error(
    probability: ArrayLike,
    seed: int,
    *,
    draws: int = 500,
    bins: int = CALIBRATION_BINS,
    design: float = 1.0,
) -> float:
    """The calibration error that a perfectly calibrated model has on average in samples like this one."""
    return float(_chance_errors(probability, seed, draws, bins, design).mean())


def _chance_errors(
    probability: ArrayLike, seed: int, draws: int, bins: int, design: float
) -> NDArray[np.float64]:
    """Calibration errors [draws] where outcomes are drawn from the probabilities [n] themselves.

    They are drawn for ten slices of each bin rather than row by row.
    """
    ranking = Ranking.of(np.zeros(np.shape(probability)), probability)
    slices = calibration_bins(ranking, bins * 10)
    rows = np.bincount(slices, minlength=bins * 10)
    expected = np.bincount(slices, ranking.probability, minlength=bins * 10)
    rate = np.clip(expected / np.maximum(rows, 1), 0.0, 1.0)
    drawn = np.random.default_rng(seed).binomial(rows, rate, size=(draws, bins * 10))
    surprise = (drawn - expected).reshape(draws, bins, 10).sum(axis=2)
    errors: NDArray[np.float64] = np.sqrt(design) * np.abs(surprise).sum(axis=1) / len(slices)
    return errors


def calibration_bins(ranking: Ranking, bins: int = CALIBRATION_BINS) -> NDArray[np.intp]:
    """The bin [n] of each row in the order of the ranking: 0 holds the highest probabilities; some may be empty.

    A tie belongs as a whole to the bin that its middle row falls into.
    """
    starts = np.concatenate([[0], ranking.tie_ends[:-1]])
    middle = (starts + ranking.tie_ends) / 2
    bin_of_tie = np.floor(bins * middle / len(ranking.order)).astype(np.intp)
    return np.repeat(bin_of_tie, ranking.tie_ends - starts)


def gains(
    outcome: ArrayLike, probability: ArrayLike, shares: ArrayLike, weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Share of events captured among each of `shares` [m, rising] of rows ranked highest; ties split evenly."""
    ranking = Ranking.of(outcome, probability)
    weight = ranking.weights(weights)
    sizes = np.asarray(shares, dtype=np.float64) * weight.sum()
    events = float(weight @ ranking.outcome)
    return ranking.captured(sizes, weight) / (events or np.nan)


@numba.njit(cache=True, nogil=True)
def _measure(
    outcome: Any, probability: Any, loss: Any, tie_ends: Any, weight: Any, share: float, bins: int
) -> Any:
    total = weight.sum()
    rows = events = ordered_pairs = precision = in_share = loss_sum = square_sum = predicted = 0.0
    surprise = np.zeros(bins)
    start = 0
    for end in tie_ends:
        tie_rows = tie_events = tie_predicted = 0.0
        for i in range(start, end):
            w = weight[i]
            tie_rows += w
            tie_events += w * outcome[i]
            tie_predicted += w * probability[i]
            loss_sum += w * loss[i]
            square_sum += w * (probability[i] - outcome[i]) ** 2
        start = end
        if tie_rows == 0.0:
            continue
        ordered_pairs += (tie_rows - tie_events) * (events + tie_events / 2)
        precision += tie_events * (events + tie_events) / (rows + tie_rows)
        if rows < share * total:
            in_share += tie_events * min(1.0, (share * total - rows) / tie_rows)
        middle = min(bins - 1, int(bins * (rows + tie_rows / 2) / total))  # rounding could reach `bins`
        surprise[middle] += tie_predicted - tie_events
        rows += tie_rows
        events += tie_events
        predicted += tie_predicted
    values = np.full(7, np.nan)
    if 0.0 < events < rows:
        values[0] = ordered_pairs / (events * (rows - events))
    if events > 0.0:
        values[1] = precision / events
        values[4] = in_share / (share * events)
    if rows > 0.0:
        values[2] = loss_sum / rows
        values[3] = square_sum / rows
        values[5] = np.abs(surprise).sum() / rows
        values[6] = (predicted - events) / rows
    return values


@numba.njit(cache=True, nogil=True)
def _captured(outcome: Any, tie_ends: Any, weight: Any, sizes: Any) -> Any:
    captured = np.empty(len(sizes))
    rows = events = 0.0
    start = size = 0
    for end in tie_ends:
        tie_rows = tie_events = 0.0
        for i in range(start, end):
            tie_rows += weight[i]
            tie_events += weight[i] * outcome[i]
        start = end
        while size < len(sizes) and sizes[size] < rows + tie_rows:
            captured[size] = events + tie_events * (sizes[size] - rows) / tie_rows
            size += 1
        if size == len(sizes):
            return captured
        rows += tie_rows
        events += tie_events
    captured[size:] = events
    return captured
