"""Who stands where on the loyalty map at a cutoff: how many, what they spent before, and how many bought after."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .intervals import Estimate, wilson
from .loyalty import LOYALTY_TYPES, Floats, LoyaltyThresholds
from .loyalty_movement import Movement

FEWEST_CUSTOMERS = 200
"""Customers that a sentence about a group needs."""

FEWEST_OF_EACH = 50
"""Of either outcome that a rate needs."""


@dataclass(frozen=True)
class TypeRow:
    """A corner of the map: its customers, their share of all, spend in the window before, and purchase rate after.

    `spend` and `rate` are NaN where they are not known or too few to be said.
    """

    name: str
    customers: int
    share: Estimate
    spend: Estimate
    rate: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        estimates = {name: getattr(self, name).to_dict() for name in ("share", "spend", "rate")}
        return {"name": self.name, "customers": self.customers, **estimates}


@dataclass(frozen=True)
class LoyaltyMap:
    """The map at one cutoff, the thresholds it is cut by, and how customers moved on it."""

    thresholds: LoyaltyThresholds
    rows: tuple[TypeRow, ...]
    movement: Movement | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "thresholds": self.thresholds.to_dict(),
            "rows": [each.to_dict() for each in self.rows],
            "movement": self.movement and self.movement.to_dict(),
        }


def type_rows(
    types: npt.NDArray[np.int64], spend: Floats, outcome: npt.NDArray[np.int8]
) -> tuple[TypeRow, ...]:
    """Customers at one cutoff [n]: their types, spend before (NaN: not known), and outcomes, to the rows of the map.

    Each customer is there once, so that Wilson's intervals hold.
    """
    rows = []
    for place, name in enumerate(LOYALTY_TYPES):
        chosen = types == place
        customers, events = int(chosen.sum()), int(outcome[chosen].sum())
        enough = customers >= FEWEST_CUSTOMERS and min(events, customers - events) >= FEWEST_OF_EACH
        rate = wilson(events, customers) if enough else Estimate(np.nan, np.nan, np.nan)
        rows.append(TypeRow(name, customers, wilson(customers, types.size), _mean(spend[chosen]), rate))
    return tuple(rows)


def _mean(values: Floats) -> Estimate:
    known = values[np.isfinite(values)]
    if known.size < FEWEST_CUSTOMERS:
        return Estimate(np.nan, np.nan, np.nan)
    return Estimate.around(float(known.mean()), float(known.std(ddof=1) / np.sqrt(known.size)))
