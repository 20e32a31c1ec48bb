"""What a test's contacts earn by what is spent on them: the margin of net spend less their cost, and where it ends."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from patron.models.intervals import Estimate

from .ranking_gain import CURVE, ranking_gain
from .scores import Scores
from .targeting import Targeting
from .trial import Trial

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Worth:
    """What is earned of net spend, as a share, and what each arm's contacts cost per customer drawn."""

    margin: float
    cost: dict[str, float]

    def of(self, arm: str, control: str) -> float | None:
        """What an arm costs more than the control, per customer; None where that is not known or nothing."""
        if arm not in self.cost:
            return None
        more = self.cost[arm] - self.cost.get(control, 0.0)
        return more if more > 0 else None


@dataclass(frozen=True)
class Earnings:
    """Giving an arm to a growing part of a test's customers: `spent`, and the `profit` that it brings.

    They come in the order of the effect that was `learned`, where that ranks customers whom it has not seen, else by
    lot. Amounts are in the currency of the purchases.
    """

    arm: str
    customers: int
    margin: float
    cost: float
    learned: bool
    spent: tuple[float, ...]
    profit: tuple[Estimate, ...]

    @property
    def stops_paying_at(self) -> float:
        """The budget from which on more only loses, as far as the estimates go."""
        return self.spent[self.profit.index(self._most)]

    @property
    def _most(self) -> Estimate:
        """The highest profit."""
        return max(self.profit, key=lambda each: each.value)

    @property
    def words(self) -> str:
        """Where it stops paying, in a sentence."""
        everyone = f"{self.arm[:1].upper()}{self.arm[1:]} for all {self.customers:,} earns {_amount(self.profit[-1])}"
        terms = f"at a margin of {self.margin:.0%} and {self.cost:,.2f} per customer"
        best = self._most
        if best is self.profit[-1] or best is self.profit[0]:
            return f"{everyone}, {terms}."
        most = f"most, {_amount(best)}, with {self.stops_paying_at:,.2f} on those who respond most"
        return f"{everyone}, {terms}; {most}."

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            **vars(self),
            "spent": list(self.spent),
            "profit": [each.to_dict() for each in self.profit],
            "stops_paying_at": self.stops_paying_at,
            "words": self.words,
        }


def earnings_of(
    trial: Trial, scores: Scores, place: int, targeting: Targeting | None, worth: Worth, seed: int
) -> Earnings | None:
    """A test's trial in net spend, its scores, and what was learned of whom an arm moves; None where costs are unknown.

    What was learned is used where it ranks customers better than lots do, and speaks of the same rows.
    """
    cost = worth.of(trial.arms[place], trial.arms[0])
    if cost is None:
        return None
    learned = targeting is not None and targeting.beats_everyone and targeting.order.size == trial.rows
    share = np.concatenate([[0.0], CURVE])
    if learned and targeting is not None:
        judged = np.isfinite(targeting.order)
        gain = ranking_gain(targeting.order[judged], scores.against_control(place)[judged], seed)
        gains = (Estimate(0.0, 0.0, 0.0), *gain.gains)
    else:
        average = scores.effect(place)
        gains = tuple(
            Estimate(average.value * each, average.low * each, average.high * each) for each in share
        )
    customers = trial.rows
    return Earnings(
        trial.arms[place],
        customers,
        worth.margin,
        cost,
        learned,
        tuple(float(each) for each in share * customers * cost),
        tuple(
            _profit(gain, part, customers, worth.margin, cost)
            for gain, part in zip(gains, share, strict=True)
        ),
    )


def _profit(gain: Estimate, share: float, customers: int, margin: float, cost: float) -> Estimate:
    """The gain in net spend per customer of all, where a share of them is contacted, to the profit of all."""
    return Estimate(
        *(float(customers * (margin * each - cost * share)) for each in (gain.value, gain.low, gain.high))
    )


def _amount(profit: Estimate) -> str:
    return f"{profit.value:+,.2f} ({profit.low:+,.2f} to {profit.high:+,.2f})"
