"""Ageing: how much worse a booster says what comes, the longer ago it learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .intervals import CustomerBootstrap, Estimate


@dataclass(frozen=True)
class AgedLosses:
    """What one older booster cost at one test cutoff.

    `days` is how much earlier it learned; `customer` and `loss` [n] are the snapshots judged, and by how much the older
    booster's negative log likelihood is above that of the freshest booster of that cutoff.
    """

    days: int
    customer: NDArray[Any]
    loss: NDArray[np.float64]


@dataclass(frozen=True)
class AgePoint:
    """How much log loss an age costs beside a fresh booster (above zero: older is worse), over so many cutoffs."""

    days: int
    loss: Estimate
    beyond: Estimate
    """The same of this and all older ages together."""
    cutoffs: int


@dataclass(frozen=True)
class AgeCurve:
    """The cost of growing old, the youngest age first; without points where no older booster could be tried."""

    points: tuple[AgePoint, ...] = ()

    @classmethod
    def of(cls, aged: Sequence[AgedLosses], seed: int) -> Self:
        """The losses of older boosters to the curve; customers are resampled with all their snapshots."""
        points = []
        for days in sorted({each.days for each in aged}):
            parts = [each for each in aged if each.days == days]
            older = [each for each in aged if each.days >= days]
            points.append(AgePoint(days, _mean_loss(parts, seed), _mean_loss(older, seed), len(parts)))
        return cls(tuple(points))

    def rhythm(self, gain: float) -> str:
        """What the curve says about retraining, in one sentence; `gain` is that of the model over its best opponent.

        One age that stands out by chance is no trend: it and all older ones together have to cost something, too.
        """
        if not self.points:
            return "How fast the model grows old could not be tried: no older one was there to compare with."
        costs = [point.loss.low > 0 and point.beyond.low > 0 for point in self.points]
        if not any(costs):
            oldest = _span(self.points[-1].days)
            return f"No loss from age is visible up to {oldest}: nothing here asks to retrain sooner."
        first = costs.index(True)
        point = self.points[first]
        share = f", {point.loss.value / gain:.0%} of its gain over the best opponent" if gain > 0 else ""
        cure = f"retrain at least every {_span(self.points[first - 1].days)}" if first else _ALWAYS
        return (
            f"A model that learned {_span(point.days)} earlier is visibly worse, by {point.loss.value:.4f} of log loss"
            f" ({point.loss.low:.4f} to {point.loss.high:.4f}{share}): {cure}."
        )


_ALWAYS = "retrain whenever new targets are mature"


def _mean_loss(parts: Sequence[AgedLosses], seed: int) -> Estimate:
    customer = np.concatenate([part.customer for part in parts])
    loss = np.concatenate([part.loss for part in parts])
    plan = CustomerBootstrap.of(customer, seed)
    rows, sums = np.bincount(plan.code), np.bincount(plan.code, loss)
    drawn = plan.run(lambda counts: np.array([counts @ sums / (counts @ rows)]))
    return Estimate.of(float(loss.mean()), drawn[:, 0])


def _span(days: int) -> str:
    if days % 7 == 0 and days >= 14:
        return f"{days // 7} weeks"
    return "1 day" if days == 1 else f"{days} days"


def rows_loss(outcome: NDArray[Any], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Outcomes and probabilities [n] to the negative log likelihood of each row [n]."""
    inside = np.clip(probability, 1e-15, 1 - 1e-15)
    return np.asarray(-np.log(np.where(outcome == 1, inside, 1 - inside)))
