"""Curves that a report draws: promised against observed, buyers found down a ranking, and what a list holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .intervals import CustomerBootstrap, Estimate, wilson
from .metrics import Ranking, calibration_bins
from .predictions import Predictions


@dataclass(frozen=True)
class ReliabilityBin:
    """Snapshots of like probability: what was promised, what was observed, and the Wilson interval of the latter."""

    n: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class Gains:
    """Of all buyers, the share found among the `shares` of snapshots ranked highest."""

    shares: tuple[float, ...]
    model: tuple[float, ...]
    opponent: tuple[float, ...]


@dataclass(frozen=True)
class CapacityRow:
    """Buyers among the `contacted` customers ranked highest at one cutoff, on average over the test cutoffs.

    The interval is that of the average; `by_cutoff` shows how far single cutoffs lie apart.
    """

    contacted: int
    buyers: Estimate
    opponent_buyers: Estimate
    random_buyers: float
    by_cutoff: tuple[float, ...]


def reliability(ranking: Ranking) -> tuple[ReliabilityBin, ...]:
    """Ten bins of equal size, lowest probability first; ties stay together, so that there may be fewer."""
    bins = calibration_bins(ranking)
    rows = np.bincount(bins)
    predicted = np.bincount(bins, ranking.probability)
    observed = np.bincount(bins, ranking.outcome)
    return tuple(
        ReliabilityBin(int(rows[i]), predicted[i] / rows[i], rate.value, rate.low, rate.high)
        for i in np.flatnonzero(rows)[::-1]
        for rate in [wilson(float(observed[i]), float(rows[i]))]
    )


def gains(ranking: Ranking, shares: NDArray[np.float64]) -> tuple[float, ...]:
    """Of all buyers, the share found among each of the `shares` of rows ranked highest."""
    rows = len(ranking.order)
    found = ranking.captured(shares * rows, np.ones(rows)) / ranking.outcome.sum()
    return tuple(found.tolist())


def capacity(predictions: Predictions, opponent: str, seed: int, replicates: int) -> tuple[CapacityRow, ...]:
    """The buyers to expect from contacting a round number of customers at one cutoff, beside one opponent."""
    moments = [predictions.cutoff == moment for moment in np.unique(predictions.cutoff)]
    sizes = capacity_sizes(min(int(mask.sum()) for mask in moments))
    if not sizes:
        return ()
    plan = CustomerBootstrap.of(predictions.customer, seed, replicates)
    parts = [(predictions.where(mask).rankings([opponent]), plan.code[mask]) for mask in moments]
    listed = [[(ranking, code[ranking.order]) for ranking in pair] for pair, code in parts]
    wanted = np.array(sizes, dtype=np.float64)

    def by_cutoff(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Buyers found [cutoffs, 2, sizes]."""
        return np.array(
            [[ranking.captured(wanted, counts[code]) for ranking, code in pair] for pair in listed]
        )

    found = by_cutoff(np.ones(plan.n_customers))
    drawn = plan.run(lambda counts: by_cutoff(counts).mean(axis=0))
    rate = float(np.mean([predictions.outcome[mask].mean() for mask in moments]))
    mean = found.mean(axis=0)
    return tuple(
        CapacityRow(
            contacted=size,
            buyers=Estimate.of(mean[0, i], drawn[:, 0, i]),
            opponent_buyers=Estimate.of(mean[1, i], drawn[:, 1, i]),
            random_buyers=size * rate,
            by_cutoff=tuple(found[:, 0, i].tolist()),
        )
        for i, size in enumerate(sizes)
    )


def capacity_sizes(population: int) -> tuple[int, ...]:
    """Round numbers of customers to contact (50, 100, 200, 500, 1,000, ...) up to a population."""
    sizes = (step * 10**power for power in range(1, 10) for step in (1, 2, 5))
    return tuple(size for size in sizes if 50 <= size <= population)
