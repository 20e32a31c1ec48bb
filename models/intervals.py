"""Intervals: customers are resampled with all their snapshots, as the snapshots of one customer are alike."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

LEVEL = 0.95
_Z = 1.959963984540054
"""The normal quantile that belongs to `LEVEL`."""

ROW_BUDGET = 100_000_000
"""Rows that one bootstrap may visit: beyond it there are fewer replicates, down to `FEWEST_REPLICATES`."""

FEWEST_REPLICATES = 100
"""At this number the ends of a 95% interval still rest on three replicates each."""


@dataclass(frozen=True)
class Estimate:
    """A value and the ends of its 95% interval; NaN where it is not defined."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, replicates: NDArray[np.float64]) -> Self:
        """A value and its bootstrap replicates [r] to percentile limits; undefined replicates are left out."""
        defined = replicates[np.isfinite(replicates)]
        if not np.isfinite(value) or not len(defined):
            return cls(float(value), np.nan, np.nan)
        low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return cls(float(value), float(low), float(high))

    @classmethod
    def around(cls, value: float, error: float) -> Self:
        """A value and its standard error to the estimate, by the normal distribution."""
        return cls(value, value - _Z * error, value + _Z * error)

    @property
    def error(self) -> float:
        """The standard error that an interval of this width has under the normal distribution."""
        return (self.high - self.low) / (2 * _Z)

    def to_dict(self) -> dict[str, float | None]:
        """The estimate as plain data; None where it is not defined."""
        return {"value": finite(self.value), "low": finite(self.low), "high": finite(self.high)}

    @classmethod
    def from_dict(cls, plain: dict[str, float | None]) -> Self:
        """The estimate that `to_dict` described."""
        return cls(*(number(plain[key]) for key in ("value", "low", "high")))


def is_apart(estimate: Estimate) -> bool:
    """Whether the interval leaves out zero."""
    return estimate.low > 0 or estimate.high < 0


FEWEST_FOR_PREDICTION = 4
"""With fewer cutoffs their variance is hardly known, and the range of what was seen is said instead."""


@dataclass(frozen=True)
class NextCutoff:
    """Where a metric will lie at one more cutoff like those judged, in 95% of cases.

    With fewer than `FEWEST_FOR_PREDICTION` `cutoffs` it is the lowest and the highest value seen, and promises nothing.
    """

    low: float
    high: float
    cutoffs: int

    @classmethod
    def of(cls, estimates: Sequence[Estimate]) -> Self:
        """One estimate for each test cutoff to the interval for the next.

        The values v of k cutoffs scatter by what differs between cutoffs and by who happened to be sampled, and so
        will the next: it lies within mean(v) ± t(k - 1) · sqrt(var(v) (1 + 1/k)), t being Student's 97.5% quantile.
        Where cutoffs are alike by luck the error of sampling alone, whose mean square is s², is the least that there
        is: z · sqrt(s² (1 + 1/k)), z being the normal quantile. The larger reach of the two is taken. Customers whom
        cutoffs share make var(v) smaller, and the next cutoff shares them too.
        """
        values = np.array([each.value for each in estimates])
        errors = np.array([each.error for each in estimates])
        known = np.isfinite(values) & np.isfinite(errors)
        values, errors, cutoffs = values[known], errors[known], int(known.sum())
        if cutoffs == 0:
            return cls(np.nan, np.nan, 0)
        if cutoffs < FEWEST_FOR_PREDICTION:
            return cls(float(values.min()), float(values.max()), cutoffs)
        quantile = float(student.ppf((1 + LEVEL) / 2, cutoffs - 1))
        scattered, sampled = values.var(ddof=1), np.mean(errors**2)
        reach = max(quantile * np.sqrt(scattered), _Z * np.sqrt(sampled)) * np.sqrt(1 + 1 / cutoffs)
        return cls(float(values.mean() - reach), float(values.mean() + reach), cutoffs)

    @property
    def is_range(self) -> bool:
        """Whether this is what was seen rather than what to expect."""
        return self.cutoffs < FEWEST_FOR_PREDICTION

    def within(self, low: float, high: float) -> Self:
        """The same, cut to the values that the metric can take."""
        return type(self)(max(self.low, low), min(self.high, high), self.cutoffs)

    def to_dict(self) -> dict[str, float | None]:
        """Plain data; None where it is not defined."""
        return {"low": finite(self.low), "high": finite(self.high), "cutoffs": self.cutoffs}

    @classmethod
    def from_dict(cls, plain: dict[str, float | None]) -> Self:
        """What `to_dict` described."""
        return cls(number(plain["low"]), number(plain["high"]), int(plain["cutoffs"] or 0))


@dataclass(frozen=True, eq=False)
class CustomerBootstrap:
    """A plan of resampling: which customer each row belongs to, and how often and from which seed to draw.

    Every replicate has a seed of its own, so that it is the same whatever is computed before or beside it.
    """

    code: NDArray[np.intp]
    """For each row [n] its customer as a number from 0 on."""
    n_customers: int
    seed: int
    replicates: int

    @classmethod
    def of(cls, customers: ArrayLike, seed: int, replicates: int = 500) -> Self:
        """Customers of the rows [n] to a plan; with very many rows it has fewer replicates than asked for."""
        names, code = np.unique(np.asarray(customers), return_inverse=True)
        affordable = max(FEWEST_REPLICATES, ROW_BUDGET // max(len(code), 1))
        return cls(code, len(names), seed, min(replicates, affordable))

    def counts(self, replicate: int) -> NDArray[np.float64]:
        """How often each customer [n_customers] was drawn in one replicate."""
        rng = np.random.default_rng([self.seed, replicate])
        drawn = rng.integers(0, self.n_customers, self.n_customers)
        return np.bincount(drawn, minlength=self.n_customers).astype(np.float64)

    def run(self, statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> NDArray[np.float64]:
        """A statistic of the customers' counts to [m] numbers, evaluated for all replicates: [replicates, m].

        Replicates run on two threads; a statistic should spend its time in code that releases the interpreter.
        """
        with ThreadPoolExecutor(2) as pool:
            values = list(
                pool.map(lambda replicate: statistic(self.counts(replicate)), range(self.replicates))
            )
        return np.array(values)


def customer_bootstrap(
    customers: ArrayLike, seed: int, replicates: int = 500
) -> Iterator[NDArray[np.float64]]:
    """Customers of the rows [n] to one weight per row [n] for each replicate: how often its customer was drawn."""
    plan = CustomerBootstrap.of(customers, seed, replicates)
    for replicate in range(plan.replicates):
        yield plan.counts(replicate)[plan.code]


def wilson(events: float, rows: float) -> Estimate:
    """A rate with its 95% interval by Wilson's score (1927), for rows that are independent."""
    if rows <= 0:
        return Estimate(np.nan, np.nan, np.nan)
    rate = events / rows
    spread = _Z * _Z / rows
    centre = (rate + spread / 2) / (1 + spread)
    half = np.sqrt(rate * (1 - rate) * spread + spread * spread / 4) / (1 + spread)
    return Estimate(rate, max(0.0, float(centre - half)), min(1.0, float(centre + half)))


def finite(value: float) -> float | None:
    """A number for JSON: None where it is not finite."""
    return float(value) if np.isfinite(value) else None


def number(plain: float | None) -> float:
    """The number that `finite` made plain: NaN for None."""
    return np.nan if plain is None else plain
