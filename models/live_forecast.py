"""What scores said beyond the first horizon's probability, beside what came: further horizons, purchases and spend."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .intervals import CustomerBootstrap, Estimate, finite
from .live import LivePart, live_part
from .predictions import Predictions

Floats = NDArray[np.float64]

AMOUNTS = {"expected_purchases": "target_purchases", "expected_spend": "target_spend"}
"""The columns of scores that expect an amount, with the outcome that each expects."""

_FURTHER = re.compile(r"probability_(\d+)d")


def further_horizon(column: str) -> int | None:
    """The days of the further horizon of which a column of scores is the probability; None for any other column."""
    found = _FURTHER.fullmatch(column)
    return None if found is None else int(found[1])


def is_judged_later(column: str) -> bool:
    """Whether a column of scores is beside the first probability and can be held to what came."""
    return column in AMOUNTS or further_horizon(column) is not None


@dataclass(frozen=True)
class LiveHorizon:
    """The probabilities of a further horizon beside what came; `part` is None until its target is mature."""

    horizon_days: int
    mature_at: datetime
    part: LivePart | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "horizon_days": self.horizon_days,
            "mature_at": self.mature_at.isoformat(),
            "part": self.part and self.part.to_dict(),
        }


@dataclass(frozen=True)
class LiveAmount:
    """What was expected of those scored within the first horizon, in total, and what came.

    `came` has the interval of such samples of customers; `ratio` is what came for each one expected (1 is right), NaN
    where nothing was expected.
    """

    name: str
    """"purchases" or "spend"."""
    customers: int
    expected: float
    came: Estimate
    ratio: Estimate

    @property
    def is_kept(self) -> bool:
        """Whether what came is what was expected, within the interval; of nothing, nothing."""
        if np.isnan(self.ratio.value):
            return self.came.value == 0
        return not (self.ratio.high < 1 or self.ratio.low > 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "customers": self.customers,
            "expected": finite(self.expected),
            "came": self.came.to_dict(),
            "ratio": self.ratio.to_dict(),
        }


@dataclass(frozen=True)
class LiveForecast:
    """All that a run said beside the first probability, as far as it can be judged."""

    horizons: tuple[LiveHorizon, ...]
    amounts: tuple[LiveAmount, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "horizons": [each.to_dict() for each in self.horizons],
            "amounts": [each.to_dict() for each in self.amounts],
        }


def live_forecast(
    said: Mapping[str, Floats],
    outcomes: Mapping[str, Floats],
    customer: NDArray[np.int64],
    cutoff: int,
    mature_at: Mapping[int, datetime],
    spread: float,
    seed: int = 0,
    replicates: int = 500,
) -> LiveForecast:
    """Columns of scores and outcomes of customers, all [n], of one cutoff (an instant) to how good they were.

    An outcome is NaN, or not there at all, where it is not known. `mature_at` says of each further horizon (days) when
    its target is known; `spread`, of the first horizon's level in log-odds, is taken for the further ones too.
    """
    horizons = []
    for days, moment in mature_at.items():
        probability = said[f"probability_{days}d"]
        outcome = outcomes.get(f"target_{days}d", np.full(len(customer), np.nan))
        known = np.isfinite(outcome) & np.isfinite(probability)
        part = None
        if known.any():
            rows = Predictions(
                customer[known],
                np.full(int(known.sum()), cutoff),
                outcome[known].astype(np.int8),
                probability[known],
                {},
            )
            part = live_part(f"within {days} days", rows, spread, seed, replicates)
        horizons.append(LiveHorizon(days, moment, part))
    amounts = []
    for column, target in AMOUNTS.items():
        if column in said and target in outcomes:
            known = np.isfinite(outcomes[target]) & np.isfinite(said[column])
            if known.any():
                name = column.removeprefix("expected_")
                both = said[column][known], outcomes[target][known]
                amounts.append(live_amount(name, *both, customer[known], seed, replicates))
    return LiveForecast(tuple(horizons), tuple(amounts))


def live_amount(
    name: str,
    expected: Floats,
    came: Floats,
    customer: NDArray[np.int64],
    seed: int = 0,
    replicates: int = 500,
) -> LiveAmount:
    """Amounts expected and come, and whose they are, all [n], to the totals; intervals resample customers."""
    plan = CustomerBootstrap.of(customer, seed, replicates)
    sums = [np.bincount(plan.code, each, plan.n_customers) for each in (came, expected)]

    def measured(counts: Floats) -> Floats:
        total, said = float(counts @ sums[0]), float(counts @ sums[1])
        return np.array([total, total / said if said > 0 else np.nan])

    value, drawn = measured(np.ones(plan.n_customers)), plan.run(measured)
    total, ratio = (Estimate.of(value[place], drawn[:, place]) for place in (0, 1))
    return LiveAmount(name, plan.n_customers, float(sums[1].sum()), total, ratio)
