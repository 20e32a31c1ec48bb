"""Timing regularity: whether customers order by a clock or by chance.

Wheat and Morrison (1990): of two successive gaps the first makes up a share M of both; where gaps are Erlang-k with a
rate of each customer's own, Var(M) = 1 / (4 (2k + 1)). k = 1 is chance (Poisson); the higher, the more regular.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .order_days import OrderDays

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_CUSTOMERS = 50_000
MOST_GAPS = 20
FEWEST_GAPS = 4
"""Fewer gaps do not show whether a customer is regular."""

FEWEST_CUSTOMERS = 30
CHANCE = 0.05
_DRAWS = 20_000


@dataclass(frozen=True)
class Regularity:
    """How regular the timing of orders is.

    `k` is Wheat and Morrison's, from one pair of gaps of each of `pairs` customers; NaN where there are too few.
    Of the `customers` with at least four gaps, `regular` is the share whose gaps vary less than those of all but 5 % of
    customers who order by chance as often; `variation` is the median of their coefficients of variation, and
    `histogram` counts them by tenths from 0 to 2 and above.
    """

    k: float
    pairs: int
    customers: int
    regular: float
    variation: float
    histogram: tuple[int, ...]

    @property
    def words(self) -> str:
        """What it says, in plain words."""
        if np.isnan(self.k) or np.isnan(self.regular):
            return "Too few customers have enough orders to say how regular their timing is."
        if self.regular < 2 * CHANCE:
            return (
                "Hardly anyone orders by a clock: the day of a next order can only be given as a wide range."
            )
        if self.regular < 1 / 3:
            return "Some customers order by a clock, most do not: timing helps for the regular ones."
        return "Many customers order by a clock: how overdue an order is will say much."


def measure_regularity(days: OrderDays) -> Regularity:
    """The latest gaps of customers, of many a sample, to how regular they are."""
    customer, gap = days.last_gaps(MOST_CUSTOMERS, MOST_GAPS)
    # A gap of g whole days stands for g − 1 to g days: at the middle, chance looks like chance also for short gaps.
    return regularity(customer, gap.astype(np.float64) - 0.5)


def regularity(customer: Integers, gap: Floats) -> Regularity:
    """Gaps in days (float64[n]) of customers (int64[n], sorted, each with at least two) to how regular they are."""
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    shares = gap[starts] / (gap[starts] + gap[starts + 1])
    sizes = np.diff(np.append(starts, customer.size))
    enough = sizes >= FEWEST_GAPS
    variations = _variations(gap, starts, sizes)[enough]
    known = variations.size >= FEWEST_CUSTOMERS
    chance = _least_by_chance(sizes[enough]) if known else np.empty(0)
    return Regularity(
        erlang_k(shares),
        int(shares.size),
        int(variations.size),
        float((variations < chance).mean()) if known else np.nan,
        float(np.median(variations)) if known else np.nan,
        tuple(np.histogram(np.minimum(variations, 1.99), bins=20, range=(0, 2))[0].tolist()),
    )


def erlang_k(shares: Floats) -> float:
    """Shares of the first of two successive gaps, one of each customer, to k; NaN where there are too few.

    All gaps alike have no variance, and k is infinite.
    """
    if shares.size < FEWEST_CUSTOMERS:
        return np.nan
    variance = float(((shares - 0.5) ** 2).mean())
    return float("inf") if variance == 0 else (1 - 4 * variance) / (8 * variance)


def _variations(gap: Floats, starts: Integers, sizes: Integers) -> Floats:
    """Each customer's standard deviation of gaps over their mean."""
    if not starts.size:
        return np.empty(0)
    mean = np.add.reduceat(gap, starts) / sizes
    square = np.add.reduceat((gap - np.repeat(mean, sizes)) ** 2, starts) / (sizes - 1)
    return np.asarray(np.sqrt(square) / mean)


def _least_by_chance(sizes: Integers) -> Floats:
    """For each number of gaps the variation that only 5 % of those who order by chance stay below."""
    random = np.random.default_rng(7)
    least = np.zeros(int(sizes.max()) + 1)
    for size in np.unique(sizes):
        gaps = random.exponential(size=(_DRAWS, int(size)))
        least[size] = np.quantile(gaps.std(axis=1, ddof=1) / gaps.mean(axis=1), CHANCE)
    return least[sizes]
