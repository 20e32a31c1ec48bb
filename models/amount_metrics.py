"""How well expected amounts rank customers: Gini, Spearman and level, with row weights and exact ties.

Not the squared error, which a handful of big spenders decides (Wang, Liu and Miao 2019).
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

AMOUNT_METRICS = ("gini", "spearman", "level")
"""`gini`: of the amounts along the ranking, over that of a perfect ranking; 1 is perfect, 0 chance.
`spearman`: rank correlation with the amounts. `level`: predicted over realised total; 1 is right."""


@dataclass(frozen=True, eq=False)
class AmountRanking:
    """Amounts [n] beside what was expected of them [n], sorted for weighted metrics."""

    amount: Floats
    expected: Floats
    by_expected: "_Ties"
    by_amount: "_Ties"

    @classmethod
    def of(cls, amount: Floats, expected: Floats) -> Self:
        """What happened and what was expected, [n] each; an expectation that is unknown counts as nothing."""
        known = np.nan_to_num(expected, nan=0.0)
        return cls(amount, known, _Ties.of(known), _Ties.of(amount))

    def measure(self, weight: Floats) -> Floats:
        """Row weights [n] to `AMOUNT_METRICS` in their order; NaN where one is not defined."""
        total = float(weight @ self.amount)
        values = np.full(3, np.nan)
        if total <= 0:
            return values
        best = self._gini(self.by_amount, weight)
        if best > 0:
            values[0] = self._gini(self.by_expected, weight) / best
        values[1] = _correlation(self.by_expected.ranks(weight), self.by_amount.ranks(weight), weight)
        values[2] = float(weight @ self.expected) / total
        return values

    def _gini(self, ties: "_Ties", weight: Floats) -> float:
        """Twice the area between the amounts that are found along a ranking, best first, and the diagonal."""
        rows, amounts = ties.sums(weight), ties.sums(weight * self.amount)
        found = np.cumsum(amounts[::-1])
        middle = found - amounts[::-1] / 2
        return float(2 * (rows[::-1] @ middle) / (rows.sum() * found[-1]) - 1)


@dataclass(frozen=True, eq=False)
class _Ties:
    """Rows in rising order of a value, and where each distinct value begins."""

    order: npt.NDArray[np.intp]
    begins: npt.NDArray[np.intp]
    group: npt.NDArray[np.intp]
    """For each row as it came the place of its value among the distinct ones."""

    @classmethod
    def of(cls, values: Floats) -> Self:
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        group = np.empty(values.size, np.intp)
        group[order] = np.cumsum(new) - 1
        return cls(order, np.flatnonzero(new), group)

    def sums(self, values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values[self.order], self.begins))

    def ranks(self, weight: Floats) -> Floats:
        """The middle of each row's tied ranks."""
        rows = self.sums(weight)
        return np.asarray((np.cumsum(rows) - rows / 2)[self.group])


def _correlation(one: Floats, other: Floats, weight: Floats) -> float:
    total = weight.sum()
    one, other = one - weight @ one / total, other - weight @ other / total
    apart = np.sqrt((weight @ one**2) * (weight @ other**2))
    return float(weight @ (one * other) / apart) if apart > 0 else np.nan


def amount_metrics(amount: Any, expected: Any) -> dict[str, float]:
    """What happened and what was expected, [n] each, to all `AMOUNT_METRICS`.

    >>> amount_metrics([0.0, 10.0], [1.0, 9.0])
    {'gini': 1.0, 'spearman': 1.0, 'level': 1.0}
    """
    ranking = AmountRanking.of(np.asarray(amount, np.float64), np.asarray(expected, np.float64))
    found = ranking.measure(np.ones(ranking.amount.size)).tolist()
    return dict(zip(AMOUNT_METRICS, found, strict=True))
