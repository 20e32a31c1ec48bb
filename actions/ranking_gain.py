"""What a ranking of customers is worth when only some can be treated: TOC, AUTOC and Qini, with intervals.

The targeting operator characteristic TOC(u) is the mean effect among the share u ranked highest less that among all
(Yadlowsky, Fleming, Shah, Brunskill & Wager 2025). AUTOC is its mean over u, which weighs the very top most; the Qini
coefficient is the mean of u · TOC(u) (Radcliffe 2007), the gain per customer over a random draw of the same size.
Effects of single customers are never seen: their doubly robust scores stand for them.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from patron.models.intervals import Estimate

Floats = npt.NDArray[np.float64]

REPLICATES = 500
CURVE = np.linspace(0.05, 1.0, 20)
"""Shares of customers at which the curve is told."""


@dataclass(frozen=True)
class RankingGain:
    """AUTOC and Qini of a ranking in the outcome's unit, each with its 95% interval, and the curve.

    `gains` are what treating the share `CURVE` of customers ranked highest gains per customer of all, with intervals.
    """

    autoc: Estimate
    qini: Estimate
    gains: tuple[Estimate, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain data."""
        gains = [
            {"share": float(share), **gain.to_dict()} for share, gain in zip(CURVE, self.gains, strict=True)
        ]
        return {"autoc": self.autoc.to_dict(), "qini": self.qini.to_dict(), "gains": gains}


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rows from the highest rank to the lowest; ties share what they have, as their order says nothing."""

    order: npt.NDArray[np.intp]
    tie: npt.NDArray[np.intp]

    @classmethod
    def of(cls, priority: Floats) -> Self:
        """Priorities [n], the highest first to be treated."""
        order = np.argsort(-priority, kind="stable")
        ranked = priority[order]
        starts = np.concatenate([[True], ranked[1:] != ranked[:-1]])
        return cls(order, np.cumsum(starts) - 1)

    def statistics(self, scores: Floats, weight: Floats) -> Floats:
        """Scores and weights of the rows [n] to AUTOC, Qini, and the gain at each share of `CURVE`."""
        weight = weight[self.order]
        effect = self._levelled(scores[self.order], weight)
        total = weight.sum()
        share = np.cumsum(weight) / total
        gained = np.cumsum(effect * weight) / total
        everyone = gained[-1]
        over_random = gained - share * everyone
        inside = share > 0
        each = weight[inside] / total
        autoc = float(np.sum(over_random[inside] / share[inside] * each))
        qini = float(np.sum(over_random[inside] * each))
        at = np.interp(CURVE, np.concatenate([[0.0], share]), np.concatenate([[0.0], gained]))
        return np.array([autoc, qini, *at])

    def _levelled(self, scores: Floats, weight: Floats) -> Floats:
        total = np.bincount(self.tie, weight)
        mean = np.bincount(self.tie, weight * scores) / np.where(total > 0, total, 1)
        levelled: Floats = mean[self.tie]
        return levelled


def ranking_gain(priority: Floats, scores: Floats, seed: int) -> RankingGain:
    """Priorities [n] and doubly robust scores of the effect [n] to what the ranking gains.

    The priority of a row must not have seen its outcome. Rows are resampled with replacement for the intervals.
    """
    ranked = Ranked.of(priority)
    value = ranked.statistics(scores, np.ones(scores.size))
    replicates = np.array([ranked.statistics(scores, weight) for weight in _weights(scores.size, seed)])
    found = [Estimate.of(float(each), column) for each, column in zip(value, replicates.T, strict=True)]
    return RankingGain(found[0], found[1], tuple(found[2:]))


def gain_between(first: Floats, second: Floats, scores: Floats, seed: int) -> Estimate:
    """Two priorities [n] and the scores [n] to the Qini of the first less that of the second, in pairs."""
    one, other = Ranked.of(first), Ranked.of(second)
    ones = np.ones(scores.size)

    def difference(weight: Floats) -> float:
        return float(one.statistics(scores, weight)[1] - other.statistics(scores, weight)[1])

    replicates = np.array([difference(weight) for weight in _weights(scores.size, seed)])
    return Estimate.of(difference(ones), replicates)


def _weights(rows: int, seed: int) -> list[Floats]:
    """How often each row is drawn, `REPLICATES` times."""
    random = np.random.default_rng(seed)
    return [
        np.bincount(random.integers(0, rows, rows), minlength=rows).astype(np.float64)
        for _ in range(REPLICATES)
    ]
