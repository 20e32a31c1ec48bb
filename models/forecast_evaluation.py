"""What later time says of an forecast: amounts beside their opponents, further horizons, and ranges of days."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .amount_metrics import AMOUNT_METRICS, AmountRanking
from .intervals import CustomerBootstrap, Estimate
from .metrics import METRICS, Ranking

Floats = npt.NDArray[np.float64]
Estimates = Mapping[str, Estimate]

REPLICATES = 200
DECILES = 10


@dataclass(frozen=True)
class Decile:
    """A tenth of the snapshots by what was expected: the means of what was expected and of what happened."""

    expected: float
    realised: Estimate


@dataclass(frozen=True)
class AmountQuality:
    """How well an amount was expected at the test cutoffs: `metrics` by who expected it, the model first.

    `gain` is the model's Gini less that of the `best_opponent`; `deciles` are the model's, the lowest first.
    """

    what: str
    n: int
    customers: int
    mean: float
    metrics: Mapping[str, Estimates]
    best_opponent: str
    gain: Estimate
    deciles: tuple[Decile, ...]


@dataclass(frozen=True)
class HorizonQuality:
    """How good the probabilities of a further horizon are; `reason` says why nobody knows."""

    horizon_days: int
    cutoffs: int = 0
    n: int = 0
    customers: int = 0
    base_rate: float = np.nan
    model: Estimates = field(default_factory=dict)
    opponent: Estimates = field(default_factory=dict)
    gain: Estimate | None = None
    """How much lower the log loss is than that of the recency rule."""
    reason: str | None = None


@dataclass(frozen=True)
class RangeQuality:
    """How ranges of days fared: `snapshots` in all, of which `told` had a range and `judged` could be judged.

    A range is judged where its last day was over by the end of the evidence; who had not bought by then counts as
    after it. `inside`, `before` and `after` are shares of the judged, `width_days` is the median, `reasons` counts the
    snapshots without a range.
    """

    snapshots: int
    told: int
    judged: int
    inside: Estimate
    before: Estimate
    after: Estimate
    by_middle: Estimate
    """The share that had bought by the middle day's end; a half is right."""
    width_days: float
    reasons: Mapping[str, int]


@dataclass(frozen=True)
class ForecastEvaluation:
    """All of it; what was not fitted or cannot be judged is left out."""

    amounts: tuple[AmountQuality, ...] = ()
    horizons: tuple[HorizonQuality, ...] = ()
    ranges: RangeQuality | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not self.amounts and not self.horizons and self.ranges is None


def judge_amount(
    what: str, amount: Floats, expected: Mapping[str, Floats], customer: npt.NDArray[np.int64], seed: int
) -> AmountQuality:
    """What happened [n] beside what the model (first) and its opponents expected [n], with intervals over customers."""
    names = list(expected)
    rankings = [AmountRanking.of(amount, expected[name]) for name in names]
    plan = CustomerBootstrap.of(customer, seed, REPLICATES)
    tenth = _tenths(rankings[0].expected)
    rows = np.bincount(tenth, minlength=DECILES)

    def statistic(counts: Floats) -> Floats:
        weight = counts[plan.code]
        weights = np.bincount(tenth, weight, minlength=DECILES)
        means = np.bincount(tenth, weight * amount, minlength=DECILES) / np.where(
            weights > 0, weights, np.nan
        )
        return np.concatenate([*(each.measure(weight) for each in rankings), means])

    value, drawn = statistic(np.ones(plan.n_customers)), plan.run(statistic)
    size = len(AMOUNT_METRICS)
    metrics = {
        name: {
            metric: Estimate.of(value[at * size + place], drawn[:, at * size + place])
            for place, metric in enumerate(AMOUNT_METRICS)
        }
        for at, name in enumerate(names)
    }
    best = max(range(1, len(names)), key=lambda at: np.nan_to_num(value[at * size], nan=-1.0))
    gain = Estimate.of(value[0] - value[best * size], drawn[:, 0] - drawn[:, best * size])
    means = np.bincount(tenth, rankings[0].expected, minlength=DECILES) / np.maximum(rows, 1)
    first = len(names) * size
    deciles = tuple(
        Decile(float(means[each]), Estimate.of(value[first + each], drawn[:, first + each]))
        for each in range(DECILES)
        if rows[each]
    )
    return AmountQuality(
        what, amount.size, plan.n_customers, float(amount.mean()), metrics, names[best], gain, deciles
    )


def _tenths(expected: Floats) -> npt.NDArray[np.intp]:
    """The tenth [n] of each row by what was expected, 0 the lowest; ties as they came."""
    place = np.empty(expected.size, np.intp)
    place[np.argsort(expected, kind="stable")] = np.arange(expected.size)
    return place * DECILES // expected.size


def judge_horizon(
    horizon_days: int,
    outcome: npt.NDArray[np.int8],
    probability: Floats,
    opponent: Floats,
    customer: npt.NDArray[np.int64],
    cutoffs: int,
    seed: int,
) -> HorizonQuality:
    """Outcomes and probabilities of model and opponent [n] to the quality of a further horizon."""
    rankings = [Ranking.of(outcome, said) for said in (probability, opponent)]
    plan = CustomerBootstrap.of(customer, seed, REPLICATES)

    def statistic(counts: Floats) -> Floats:
        weight = counts[plan.code]
        return np.concatenate([each.measure(each.weights(weight)) for each in rankings])

    value, drawn = statistic(np.ones(plan.n_customers)), plan.run(statistic)
    size, loss = len(METRICS), METRICS.index("log_loss")
    model, other = (
        {name: Estimate.of(value[at + i], drawn[:, at + i]) for i, name in enumerate(METRICS)}
        for at in (0, size)
    )
    gain = Estimate.of(value[size + loss] - value[loss], drawn[:, size + loss] - drawn[:, loss])
    rate = float(outcome.mean())
    return HorizonQuality(horizon_days, cutoffs, outcome.size, plan.n_customers, rate, model, other, gain)


def judge_ranges(
    low: Floats,
    middle: Floats,
    high: Floats,
    day: Floats,
    observed_days: Floats,
    customer: npt.NDArray[np.int64],
    reasons: Mapping[str, int],
    seed: int,
) -> RangeQuality | None:
    """Ranges in days after the cutoff (NaN: none), the day of the purchase (NaN: none seen) and the days observed, [n].

    None where no range could be judged.
    """
    told = ~np.isnan(high)
    judged = told & (np.nan_to_num(high, nan=np.inf) < observed_days)
    if not judged.any():
        return None
    low, middle, high = low[judged], middle[judged], high[judged]
    bought = np.nan_to_num(np.floor(day[judged]), nan=np.inf)
    found = np.column_stack(
        [(bought >= low) & (bought <= high), bought < low, bought > high, bought <= middle]
    )
    plan = CustomerBootstrap.of(customer[judged], seed, REPLICATES)

    def shares(counts: Floats) -> Floats:
        weight = counts[plan.code]
        return np.asarray(weight @ found / weight.sum())

    value, drawn = shares(np.ones(plan.n_customers)), plan.run(shares)
    inside, before, after, by_middle = (Estimate.of(value[i], drawn[:, i]) for i in range(4))
    width = float(np.median(high - low + 1))
    return RangeQuality(
        told.size, int(told.sum()), int(judged.sum()), inside, before, after, by_middle, width, reasons
    )
