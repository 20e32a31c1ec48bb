"""The loyalty map: how often somebody buys, and what they last said, as two axes that are never one index.

Repeat patronage without a favourable attitude is not loyalty (Dick & Basu 1994), and a favourable attitude without
repeat patronage is not either; the names of the four corners are those of Jones & Sasser (1995).
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .table_columns import numbers

Floats = npt.NDArray[np.float64]

ORDER_DAYS = (180, 90, 60, 30)
"""Windows in which orders may be counted, the first that is fit is taken: a long one says more of a habit."""

SCORE, ANSWER_AGE = "satisfaction_last", "days_since_answer"
"""The features that attitude is read from."""

RECENT_DAYS = 365
"""An answer of this many days ago or more says nothing of attitude now: satisfaction changes (Kumar et al. 2013)."""

SATISFIED = 0.75
"""Where on the scale, from the lowest last score to the highest, the satisfied begin: 4 of five stars, 8 of an NPS."""

FEWEST_KNOWN = 0.95
"""Share of the customers whose whole window must have been observed."""

LOYALTY_TYPES = (
    "loyalist",
    "mercenary",
    "hostage",
    "defector",
    "attitude unknown, buys often",
    "attitude unknown, buys seldom",
)
"""Satisfied and buying often, satisfied and seldom, dissatisfied and often, dissatisfied and seldom; nobody knows."""

LOYALTY = "loyalty_type"
"""The column of the scores."""


@dataclass(frozen=True)
class LoyaltyThresholds:
    """Where the axes are cut, learned at training; a customer's type depends on nobody else who is scored.

    Somebody buys often who had at least `orders` in `window_days`. Somebody is satisfied whose last score, given less
    than `recent_days` ago, is at least `score`; None where nobody had answered when it was learned.
    """

    window_days: int
    orders: float
    score: float | None = None
    recent_days: int = RECENT_DAYS

    @property
    def frequency(self) -> str:
        """The feature that behaviour is read from."""
        return f"orders_{self.window_days}d"

    def types(self, table: pa.Table) -> npt.NDArray[np.int64]:
        """Snapshots with the features [n] to their place in `LOYALTY_TYPES` [n]."""
        often = numbers(table, self.frequency) >= self.orders
        if self.score is None:
            return types_of(often, np.full(often.size, np.nan))
        return types_of(often, self.attitude(table))

    def attitude(self, table: pa.Table) -> Floats:
        """Whether the customers [n] are satisfied (1) or not (0); NaN where they did not say lately."""
        score, age = numbers(table, SCORE), numbers(table, ANSWER_AGE)
        said = np.isfinite(score) & (age < self.recent_days)
        return np.where(said, score >= (np.inf if self.score is None else self.score), np.nan)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self | None:
        """The thresholds that `to_dict` described; None for a model of before there were any."""
        return cls(**plain) if plain else None


def types_of(often: npt.NDArray[np.bool_], satisfied: Floats) -> npt.NDArray[np.int64]:
    """Behaviour and attitude (1, 0, NaN: unknown) [n] to places in `LOYALTY_TYPES` [n].

    >>> types_of(np.array([True, False, False]), np.array([1.0, 0.0, np.nan])).tolist()
    [0, 3, 5]
    """
    unknown = np.isnan(satisfied)
    return np.where(unknown, 4, np.where(satisfied == 1.0, 0, 2)) + np.where(often, 0, 1)


def learn_thresholds(table: pa.Table, names: Collection[str]) -> LoyaltyThresholds | None:
    """Snapshots of one cutoff to thresholds, from features among `names` alone; None where none counts orders.

    Often is at least the median of the customers; should half of them have one order, it is the first number above.
    """
    days = next((each for each in ORDER_DAYS if _is_known(table, f"orders_{each}d", names)), None)
    if days is None:
        return None
    orders = numbers(table, f"orders_{days}d")
    orders = orders[np.isfinite(orders)]
    half = float(np.ceil(np.median(orders)))
    least = half if half > orders.min() else half + 1.0
    return LoyaltyThresholds(days, least, _satisfied_from(table, names))


def _satisfied_from(table: pa.Table, names: Collection[str]) -> float | None:
    if not {SCORE, ANSWER_AGE} <= set(names) & set(table.column_names):
        return None
    score = numbers(table, SCORE)
    score = score[np.isfinite(score)]
    if not score.size or score.min() == score.max():
        return None
    return float(score.min() + SATISFIED * (score.max() - score.min()))


def _is_known(table: pa.Table, name: str, names: Collection[str]) -> bool:
    if name not in names or name not in table.column_names or not table.num_rows:
        return False
    return bool(np.isfinite(numbers(table, name)).mean() >= FEWEST_KNOWN)


def loyalty_column(table: pa.Table, thresholds: LoyaltyThresholds | None) -> pa.Array:
    """Snapshots with the features [n] to the names of their types [n]; null by a model that has no thresholds."""
    if thresholds is None:
        return pa.nulls(table.num_rows, pa.string())
    return pa.array(np.array(LOYALTY_TYPES)[thresholds.types(table)].tolist(), pa.string())
