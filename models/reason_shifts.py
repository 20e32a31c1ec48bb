"""What customers say they value: the share of each reason by period, and which shares changed beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from .intervals import Estimate, wilson
from .reliability import design_effect

Integers = npt.NDArray[np.int64]

FEWEST_IN_PERIOD = 200
"""Customers who gave a reason that a period needs."""

MOST_REASONS = 8
"""Reasons shown, the most frequent first."""

FALSE_SHARE = 0.10
"""Of the reasons that are said to have changed, this share may not have (Benjamini & Hochberg 1995)."""


@dataclass(frozen=True)
class ReasonShift:
    """A reason: its share in each period, the change from the first to the last, and whether surely."""

    reason: str
    shares: tuple[Estimate, ...]
    change: Estimate
    is_measurable: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "reason": self.reason,
            "shares": [each.to_dict() for each in self.shares],
            "change": self.change.to_dict(),
            "is_measurable": self.is_measurable,
        }


@dataclass(frozen=True)
class ReasonShifts:
    """Reasons given with `given_with`: the periods by their first days, the customers of each, and the reasons."""

    given_with: str
    periods: tuple[str, ...]
    customers: tuple[int, ...]
    reasons: tuple[ReasonShift, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "given_with": self.given_with,
            "periods": list(self.periods),
            "customers": list(self.customers),
            "reasons": [each.to_dict() for each in self.reasons],
        }


def reason_shifts(
    given_with: str, customer: Integers, period: Integers, reason: npt.NDArray[np.str_], names: Sequence[str]
) -> ReasonShifts | None:
    """Reasons given [n], by whom and in which period (a place in `names`), to their shares and how these shift.

    Periods with too few customers are left out; None where fewer than two are left. Customers count with all they said:
    intervals know that one customer's reasons are alike.
    """
    sizes = [np.unique(customer[period == place]).size for place in range(len(names))]
    kept = [place for place, size in enumerate(sizes) if size >= FEWEST_IN_PERIOD]
    if len(kept) < 2:
        return None
    there = np.isin(period, kept)
    customer, reason, period = customer[there], reason[there], np.searchsorted(kept, period[there])
    who = np.unique(customer, return_inverse=True)[1]
    words, counts = np.unique(reason, return_counts=True)
    frequent = words[np.lexsort((words, -counts))][:MOST_REASONS]
    shares, changes = [], []
    for word in frequent:
        said = (reason == word).astype(np.float64)
        shares.append(tuple(_share(said[period == at], customer[period == at]) for at in range(len(kept))))
        changes.append(_change(said, period, who, len(kept) - 1))
    chances = [2 * float(stats.norm.sf(abs(each.value) / max(each.error, 1e-12))) for each in changes]
    surely = stats.false_discovery_control(chances) <= FALSE_SHARE
    rows = zip(frequent.tolist(), shares, changes, surely.tolist(), strict=True)
    return ReasonShifts(
        given_with,
        tuple(names[place] for place in kept),
        tuple(sizes[place] for place in kept),
        tuple(ReasonShift(*each) for each in rows),
    )


def _share(said: npt.NDArray[np.float64], customer: Integers) -> Estimate:
    effect = design_effect(said - said.mean(), customer)
    return wilson(float(said.sum()) / effect, said.size / effect)


def _change(said: npt.NDArray[np.float64], period: Integers, who: Integers, last: int) -> Estimate:
    """The share in the last period less that in the first; its error sums what each customer contributes."""
    value, influence = 0.0, np.zeros(int(who.max()) + 1)
    for place, sign in ((last, 1.0), (0, -1.0)):
        chosen = period == place
        mean = float(said[chosen].mean())
        value += sign * mean
        influence += (
            sign * np.bincount(who[chosen], said[chosen] - mean, minlength=influence.size) / chosen.sum()
        )
    customers = np.unique(who[(period == 0) | (period == last)]).size
    return Estimate.around(value, float(np.sqrt((influence**2).sum() * customers / max(customers - 1, 1))))
