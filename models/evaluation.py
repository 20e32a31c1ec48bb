"""How good a model is on later time, beside an opponent on the same snapshots, with intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from patron.features.errors import DataError

from .intervals import CustomerBootstrap, Estimate, finite, wilson
from .metrics import BETTER, METRICS, Ranking, calibration_bins, chance_calibration_error
from .reliability import recalibration_interval

SEGMENT_CUSTOMERS = 200
SEGMENT_OUTCOMES = 50
"""A segment is judged only with so many customers, and so many rows of either outcome."""

STAGES = ("new", "repeat", "lapsed", "prospect", "unknown")

Estimates = Mapping[str, Estimate]
"""One estimate for each of the `METRICS`."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What was predicted out of time and what happened, one row for each snapshot.

    Probabilities lie in [0, 1]; cutoffs are microseconds since 1970 in UTC; outcomes are 0 or 1.
    """

    customer: NDArray[Any]
    cutoff: NDArray[np.int64]
    outcome: NDArray[np.int8]
    probability: NDArray[np.float64]
    opponent: NDArray[np.float64]
    stage: NDArray[Any]

    def where(self, mask: NDArray[np.bool_]) -> Self:
        """The rows [n] for which the mask is true."""
        return type(self)(*(np.asarray(getattr(self, field.name))[mask] for field in fields(self)))


@dataclass(frozen=True)
class Segment:
    """A part of the snapshots. The metrics are None where there are too few people, and `reason` says so."""

    name: str
    n: int
    customers: int
    buyers: int
    base_rate: float
    model: Estimates | None
    opponent: Estimates | None
    improvement: Estimates | None
    """Paired, and positive where the model is better, whatever the metric."""
    reason: str | None = None


@dataclass(frozen=True)
class ReliabilityBin:
    """Snapshots of like probability: what was promised, what was observed, and the Wilson interval of the latter."""

    n: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class Gains:
    """Of all buyers, the share found among the `shares` of snapshots ranked highest."""

    shares: tuple[float, ...]
    model: tuple[float, ...]
    opponent: tuple[float, ...]


@dataclass(frozen=True)
class CapacityRow:
    """Buyers among the `contacted` customers ranked highest at one cutoff, on average over the test cutoffs.

    The interval is that of the average; `by_cutoff` shows how far single cutoffs lie apart.
    """

    contacted: int
    buyers: Estimate
    opponent_buyers: Estimate
    random_buyers: float
    by_cutoff: tuple[float, ...]


@dataclass(frozen=True)
class Evaluation:
    """A model beside an opponent on the same later snapshots, with everything that a report draws."""

    overall: Segment
    per_cutoff: tuple[Segment, ...]
    per_stage: tuple[Segment, ...]
    recalibration: Mapping[str, Estimate]
    """Slope (1 is right, less is too extreme) and intercept (0 is right) of the logistic recalibration."""
    chance_calibration_error: float
    """The calibration error that a perfectly calibrated model stays below in 95% of such samples."""
    reliability: tuple[ReliabilityBin, ...]
    opponent_reliability: tuple[ReliabilityBin, ...]
    gains: Gains
    lift_by_decile: Mapping[str, tuple[float, ...]]
    """For `model` and `opponent`: event rate of each tenth, best first, over the event rate of all."""
    capacity: tuple[CapacityRow, ...]
    seed: int
    replicates: int

    @property
    def n(self) -> int:
        """Snapshots."""
        return self.overall.n

    @property
    def customers(self) -> int:
        """Distinct customers."""
        return self.overall.customers

    @property
    def base_rate(self) -> float:
        """Share of snapshots whose outcome is 1."""
        return self.overall.base_rate

    @property
    def model(self) -> Estimates:
        """The model's metrics over all test cutoffs."""
        return self.overall.model or {}

    @property
    def opponent(self) -> Estimates:
        """The opponent's metrics over all test cutoffs."""
        return self.overall.opponent or {}

    @property
    def improvement(self) -> Estimates:
        """By how much the model is better than the opponent, paired; positive is better for every metric."""
        return self.overall.improvement or {}

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as plain data for JSON; None for what is not defined."""
        plain: dict[str, Any] = _plain(self)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The evaluation that `to_dict` described, also after a round trip through JSON."""
        return cls(
            overall=_segment(plain["overall"]),
            per_cutoff=tuple(_segment(entry) for entry in plain["per_cutoff"]),
            per_stage=tuple(_segment(entry) for entry in plain["per_stage"]),
            recalibration=_estimates(plain["recalibration"]) or {},
            chance_calibration_error=plain["chance_calibration_error"],
            reliability=tuple(ReliabilityBin(**entry) for entry in plain["reliability"]),
            opponent_reliability=tuple(ReliabilityBin(**entry) for entry in plain["opponent_reliability"]),
            gains=Gains(**{name: tuple(values) for name, values in plain["gains"].items()}),
            lift_by_decile={name: tuple(values) for name, values in plain["lift_by_decile"].items()},
            capacity=tuple(_capacity_row(entry) for entry in plain["capacity"]),
            seed=plain["seed"],
            replicates=plain["replicates"],
        )


def evaluate(predictions: Predictions, seed: int, replicates: int = 500) -> Evaluation:
    """Out-of-time predictions of a model and an opponent to their evaluation.

    Intervals are 95% percentiles of `replicates` bootstraps that resample customers with all their snapshots; there
    are fewer with very many rows, and `Evaluation.replicates` says how many. DataError without both outcomes.
    """
    buyers = int(np.sum(predictions.outcome))
    if not 0 < buyers < len(predictions.outcome):
        raise DataError(
            "The test cutoffs do not have both outcomes, so that nothing can be judged.",
            found=f"{buyers} buyers among {len(predictions.outcome)} snapshots",
            remedy="widen the horizon, the population, or the test cutoffs",
        )
    rankings = _rankings(predictions)
    shares = np.linspace(0, 1, 101)
    found = {name: _gains(ranking, shares) for name, ranking in rankings.items()}
    return Evaluation(
        overall=_judge("all", predictions, seed, replicates),
        per_cutoff=_per_cutoff(predictions, seed, replicates),
        per_stage=_per_stage(predictions, seed, replicates),
        recalibration=recalibration_interval(
            predictions.outcome, predictions.probability, predictions.customer
        ),
        chance_calibration_error=chance_calibration_error(predictions.probability, seed),
        reliability=_reliability(rankings["model"]),
        opponent_reliability=_reliability(rankings["opponent"]),
        gains=Gains(tuple(shares.tolist()), found["model"], found["opponent"]),
        lift_by_decile={name: tuple((np.diff(curve[::10]) * 10).tolist()) for name, curve in found.items()},
        capacity=_capacity(predictions, seed, replicates),
        seed=seed,
        replicates=CustomerBootstrap.of(predictions.customer, seed, replicates).replicates,
    )


def _rankings(predictions: Predictions) -> dict[str, Ranking]:
    return {
        "model": Ranking.of(predictions.outcome, predictions.probability),
        "opponent": Ranking.of(predictions.outcome, predictions.opponent),
    }


def _per_cutoff(predictions: Predictions, seed: int, replicates: int) -> tuple[Segment, ...]:
    """The metrics at each test cutoff, named by its instant."""
    segments = []
    for moment in np.unique(predictions.cutoff):
        name = f"{np.datetime64(int(moment), 'us').astype('datetime64[s]')}Z"
        segments.append(_segment_of(name, predictions.where(predictions.cutoff == moment), seed, replicates))
    return tuple(segments)


def _per_stage(predictions: Predictions, seed: int, replicates: int) -> tuple[Segment, ...]:
    """The metrics of each stage that has snapshots, known stages first."""
    stage = np.asarray(predictions.stage).astype(str)
    others = sorted(set(stage.tolist()) - set(STAGES))
    present = [name for name in (*STAGES, *others) if (stage == name).any()]
    return tuple(_segment_of(name, predictions.where(stage == name), seed, replicates) for name in present)


def _segment_of(name: str, predictions: Predictions, seed: int, replicates: int) -> Segment:
    """A segment's metrics, or the reason why it has none."""
    n, buyers = len(predictions.outcome), int(np.sum(predictions.outcome))
    customers = len(np.unique(predictions.customer))
    if customers >= SEGMENT_CUSTOMERS and min(buyers, n - buyers) >= SEGMENT_OUTCOMES:
        return _judge(name, predictions, seed, replicates)
    reason = (
        f"too few to judge: {customers} customers, {buyers} buyers and {n - buyers} others; "
        f"needs {SEGMENT_CUSTOMERS} customers and {SEGMENT_OUTCOMES} of each"
    )
    return Segment(name, n, customers, buyers, buyers / n, None, None, None, reason)


def _judge(name: str, predictions: Predictions, seed: int, replicates: int) -> Segment:
    """The metrics of model and opponent and their paired difference, with intervals."""
    plan = CustomerBootstrap.of(predictions.customer, seed, replicates)
    rankings = list(_rankings(predictions).values())
    codes = [plan.code[ranking.order] for ranking in rankings]

    def statistic(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack(
            [ranking.measure(counts[code]) for ranking, code in zip(rankings, codes, strict=True)]
        )

    value = statistic(np.ones(plan.n_customers))
    drawn = plan.run(statistic)
    gain, drawn_gain = _gain(value), _gain(drawn)
    n, buyers = len(predictions.outcome), int(np.sum(predictions.outcome))
    return Segment(
        name=name,
        n=n,
        customers=plan.n_customers,
        buyers=buyers,
        base_rate=buyers / n,
        model=_estimate_all(value[0], drawn[:, 0]),
        opponent=_estimate_all(value[1], drawn[:, 1]),
        improvement=_estimate_all(gain, drawn_gain),
    )


def _gain(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metrics of model and opponent [..., 2, metrics] to how much better the model is [..., metrics]."""
    quality = np.where(np.array([BETTER[name] for name in METRICS]) > 0, values, -np.abs(values))
    gain: NDArray[np.float64] = quality[..., 0, :] - quality[..., 1, :]
    return gain


def _estimate_all(value: NDArray[np.float64], drawn: NDArray[np.float64]) -> dict[str, Estimate]:
    return {name: Estimate.of(value[i], drawn[:, i]) for i, name in enumerate(METRICS)}


def _reliability(ranking: Ranking) -> tuple[ReliabilityBin, ...]:
    """Ten bins of equal size, lowest probability first; ties stay together, so that there may be fewer."""
    bins = calibration_bins(ranking)
    rows = np.bincount(bins)
    predicted = np.bincount(bins, ranking.probability)
    observed = np.bincount(bins, ranking.outcome)
    return tuple(
        ReliabilityBin(int(rows[i]), predicted[i] / rows[i], rate.value, rate.low, rate.high)
        for i in np.flatnonzero(rows)[::-1]
        for rate in [wilson(float(observed[i]), float(rows[i]))]
    )


def _gains(ranking: Ranking, shares: NDArray[np.float64]) -> tuple[float, ...]:
    rows = len(ranking.order)
    found = ranking.captured(shares * rows, np.ones(rows)) / ranking.outcome.sum()
    return tuple(found.tolist())


def _capacity(predictions: Predictions, seed: int, replicates: int) -> tuple[CapacityRow, ...]:
    """The buyers to expect from contacting a round number of customers at one cutoff."""
    moments = [predictions.cutoff == moment for moment in np.unique(predictions.cutoff)]
    sizes = capacity_sizes(min(int(mask.sum()) for mask in moments))
    if not sizes:
        return ()
    plan = CustomerBootstrap.of(predictions.customer, seed, replicates)
    parts = [(_rankings(predictions.where(mask)), plan.code[mask]) for mask in moments]
    listed = [[(ranking, code[ranking.order]) for ranking in pair.values()] for pair, code in parts]
    wanted = np.array(sizes, dtype=np.float64)

    def by_cutoff(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Buyers found [cutoffs, 2, sizes]."""
        return np.array(
            [[ranking.captured(wanted, counts[code]) for ranking, code in pair] for pair in listed]
        )

    found = by_cutoff(np.ones(plan.n_customers))
    drawn = plan.run(lambda counts: by_cutoff(counts).mean(axis=0))
    rate = float(np.mean([predictions.outcome[mask].mean() for mask in moments]))
    mean = found.mean(axis=0)
    return tuple(
        CapacityRow(
            contacted=size,
            buyers=Estimate.of(mean[0, i], drawn[:, 0, i]),
            opponent_buyers=Estimate.of(mean[1, i], drawn[:, 1, i]),
            random_buyers=size * rate,
            by_cutoff=tuple(found[:, 0, i].tolist()),
        )
        for i, size in enumerate(sizes)
    )


def capacity_sizes(population: int) -> tuple[int, ...]:
    """Round numbers of customers to contact (50, 100, 200, 500, 1,000, ...) up to a population."""
    sizes = (step * 10**power for power in range(1, 10) for step in (1, 2, 5))
    return tuple(size for size in sizes if 50 <= size <= population)


def _plain(value: Any) -> Any:
    """Value objects to plain data: None for what is not finite."""
    if isinstance(value, Estimate):
        return value.to_dict()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return finite(value) if isinstance(value, float) else value


def _estimates(plain: Mapping[str, Any] | None) -> dict[str, Estimate] | None:
    if plain is None:
        return None
    return {name: Estimate.from_dict(entry) for name, entry in plain.items()}


def _segment(plain: Mapping[str, Any]) -> Segment:
    metrics = {key: _estimates(plain[key]) for key in ("model", "opponent", "improvement")}
    return Segment(**{**plain, **metrics})


def _capacity_row(plain: Mapping[str, Any]) -> CapacityRow:
    estimates = {key: Estimate.from_dict(plain[key]) for key in ("buyers", "opponent_buyers")}
    return CapacityRow(**{**plain, **estimates, "by_cutoff": tuple(plain["by_cutoff"])})
