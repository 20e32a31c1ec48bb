"""What later time says of a forecast: amounts beside their opponents, further horizons, and ranges of days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .amount_metrics import AMOUNT_METRICS, AmountRanking
from .intervals import CustomerBootstrap, Estimate, NextCutoff
from .metrics import METRICS, Ranking
from .plain import as_plain
from .range_evaluation import RangeQuality

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Estimates = Mapping[str, Estimate]

REPLICATES = 200
DECILES = 10


@dataclass(frozen=True)
class Decile:
    """A tenth of the snapshots by what was expected: the means of what was expected and of what happened."""

    expected: float
    realised: Estimate


@dataclass(frozen=True)
class AmountAtCutoff:
    """One test cutoff (its instant): Gini and level of the model, Gini of the best opponent, and the gain in Gini."""

    cutoff: str
    n: int
    gini: Estimate
    opponent_gini: Estimate
    gain: Estimate
    level: Estimate


@dataclass(frozen=True)
class AmountQuality:
    """How well an amount was expected at the test cutoffs: `metrics` by who expected it, the model first.

    `gain` is the model's Gini less that of the `best_opponent`; `deciles` are the model's, the lowest first.
    `by_cutoff` are the test cutoffs, the earliest first, and `next_cutoff` says where the gain at one more will lie.
    """

    what: str
    n: int
    customers: int
    mean: float
    metrics: Mapping[str, Estimates]
    best_opponent: str
    gain: Estimate
    deciles: tuple[Decile, ...]
    by_cutoff: tuple[AmountAtCutoff, ...]
    next_cutoff: NextCutoff


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
class ForecastEvaluation:
    """All of it; what was not fitted or cannot be judged is left out."""

    amounts: tuple[AmountQuality, ...] = ()
    horizons: tuple[HorizonQuality, ...] = ()
    ranges: RangeQuality | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not self.amounts and not self.horizons and self.ranges is None

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data for JSON; None for what is not defined."""
        found: dict[str, Any] = as_plain(self)
        return found

    def metrics(self) -> dict[str, Estimate]:
        """The values that a list of runs is sorted by, under the names they have in MLflow, as `purchases.gini`."""
        found: dict[str, Estimate] = {}
        for amount in self.amounts:
            found |= {f"{amount.what}.{name}": each for name, each in amount.metrics["model"].items()}
            best = amount.metrics[amount.best_opponent]
            found |= {f"{amount.what}.opponent.{name}": each for name, each in best.items()}
            found[f"{amount.what}.improvement.gini"] = amount.gain
        for horizon in self.horizons:
            if horizon.gain is not None:
                name = f"horizon_{horizon.horizon_days}d"
                found |= {f"{name}.{metric}": each for metric, each in horizon.model.items()}
                found |= {f"{name}.opponent.{metric}": each for metric, each in horizon.opponent.items()}
                found[f"{name}.improvement.log_loss"] = horizon.gain
        if self.ranges is not None:
            ranges = self.ranges.model
            for name in ("inside", "before", "after", "by_middle"):
                found[f"next_purchase.{name}"] = getattr(ranges, name)
            exact = ("told", self.ranges.told / self.ranges.snapshots), ("width_days", ranges.width_days)
            found |= {f"next_purchase.{name}": Estimate(value, np.nan, np.nan) for name, value in exact}
        return found


def judge_amount(
    what: str,
    amount: Floats,
    expected: Mapping[str, Floats],
    customer: Integers,
    cutoff: Integers,
    seed: int,
) -> AmountQuality:
    """What happened [n] beside what the model (first) and its opponents expected [n], with intervals over customers."""
    names = list(expected)
    tenth = _tenths(np.nan_to_num(expected[names[0]]))
    value, drawn, plan = _measured(amount, [expected[name] for name in names], customer, seed, tenth)
    metrics = {
        name: {
            metric: Estimate.of(value[at * _SIZE + place], drawn[:, at * _SIZE + place])
            for place, metric in enumerate(AMOUNT_METRICS)
        }
        for at, name in enumerate(names)
    }
    best = max(range(1, len(names)), key=lambda at: np.nan_to_num(value[at * _SIZE], nan=-1.0))
    gain = Estimate.of(value[0] - value[best * _SIZE], drawn[:, 0] - drawn[:, best * _SIZE])
    rows = np.bincount(tenth, minlength=DECILES)
    means = np.bincount(tenth, np.nan_to_num(expected[names[0]]), minlength=DECILES) / np.maximum(rows, 1)
    first = len(names) * _SIZE
    deciles = tuple(
        Decile(float(means[each]), Estimate.of(value[first + each], drawn[:, first + each]))
        for each in range(DECILES)
        if rows[each]
    )
    pair = [expected[names[0]], expected[names[best]]]
    by_cutoff = tuple(
        _at_cutoff(int(moment), amount[at], [each[at] for each in pair], customer[at], seed)
        for moment in np.unique(cutoff)
        for at in [cutoff == moment]
    )
    return AmountQuality(
        what,
        amount.size,
        plan.n_customers,
        float(amount.mean()),
        metrics,
        names[best],
        gain,
        deciles,
        by_cutoff,
        NextCutoff.of([each.gain for each in by_cutoff]),
    )


_SIZE = len(AMOUNT_METRICS)


def _at_cutoff(
    moment: int, amount: Floats, pair: list[Floats], customer: Integers, seed: int
) -> AmountAtCutoff:
    value, drawn, _ = _measured(amount, pair, customer, seed)
    gini, level = AMOUNT_METRICS.index("gini"), AMOUNT_METRICS.index("level")
    return AmountAtCutoff(
        f"{np.datetime64(moment, 'us').astype('datetime64[s]')}Z",
        amount.size,
        Estimate.of(value[gini], drawn[:, gini]),
        Estimate.of(value[_SIZE + gini], drawn[:, _SIZE + gini]),
        Estimate.of(value[gini] - value[_SIZE + gini], drawn[:, gini] - drawn[:, _SIZE + gini]),
        Estimate.of(value[level], drawn[:, level]),
    )


def _measured(
    amount: Floats,
    expected: list[Floats],
    customer: Integers,
    seed: int,
    tenth: npt.NDArray[np.intp] | None = None,
) -> tuple[Floats, Floats, CustomerBootstrap]:
    """The metrics of each expectation, and the mean amount of each tenth; [m], their replicates [r, m], the plan."""
    rankings = [AmountRanking.of(amount, each) for each in expected]
    plan = CustomerBootstrap.of(customer, seed, REPLICATES)

    def statistic(counts: Floats) -> Floats:
        weight = counts[plan.code]
        found = [each.measure(weight) for each in rankings]
        if tenth is not None:
            weights = np.bincount(tenth, weight, minlength=DECILES)
            found.append(
                np.bincount(tenth, weight * amount, minlength=DECILES)
                / np.where(weights > 0, weights, np.nan)
            )
        return np.concatenate(found)

    return statistic(np.ones(plan.n_customers)), plan.run(statistic), plan


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
