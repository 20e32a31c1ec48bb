"""Curves that a report draws: promised against observed, buyers found down a ranking, and what a list holds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .intervals import CustomerBootstrap, Estimate, wilson
from .metrics import Ranking, calibration_bins
from .predictions import Predictions
from .reliability import design_effect


@dataclass(frozen=True)
class ReliabilityBin:
    """Snapshots of like probability: what was promised, what was observed, and the Wilson interval of the latter.

    The interval is that of as many independent snapshots as say as much as these, of which a customer has several.
    """

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


def reliability(ranking: Ranking, customers: NDArray[Any]) -> tuple[ReliabilityBin, ...]:
    """A ranking and the customers of its rows as they came [n] to ten bins of equal size, lowest probability first.

    Ties stay together, so that there may be fewer.
    """
    bins, who = calibration_bins(ranking), np.asarray(customers)[ranking.order]
    found = [bins == i for i in np.unique(bins)[::-1]]
    return tuple(_reliability_bin(ranking.outcome[at], ranking.probability[at], who[at]) for at in found)


def _reliability_bin(
    outcome: NDArray[np.float64], probability: NDArray[np.float64], customers: NDArray[Any]
) -> ReliabilityBin:
    rows, rate = len(outcome), float(outcome.mean())
    alone = rows / design_effect(outcome - rate, customers)
    interval = wilson(rate * alone, alone)
    return ReliabilityBin(rows, float(probability.mean()), rate, interval.low, interval.high)


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
