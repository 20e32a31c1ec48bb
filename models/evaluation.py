"""How good a model is on later time, beside opponents on the same snapshots, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from patron.features.errors import DataError

from .curves import CapacityRow, Gains, ReliabilityBin, capacity, gains, reliability
from .groups import ordered_groups
from .intervals import CustomerBootstrap, Estimate, NextCutoff
from .metrics import (
    BETTER,
    LIMITS,
    METRICS,
    chance_calibration_error,
    expected_calibration_error,
    log_loss,
)
from .plain import as_plain
from .predictions import Predictions
from .reliability import binned_design_effect, recalibration_interval

SEGMENT_CUSTOMERS = 200
SEGMENT_OUTCOMES = 50
"""A segment is judged only with so many customers, and so many rows of either outcome."""

Estimates = Mapping[str, Estimate]
"""One estimate for each of the `METRICS`."""


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
class Opposed:
    """One opponent over all test cutoffs: its metrics, and by how much the model is better, paired.

    `won` are the test cutoffs at which the model's log loss is the lower one.
    """

    name: str
    metrics: Estimates
    improvement: Estimates
    won: int


@dataclass(frozen=True)
class Evaluation:
    """A model beside opponents on the same later snapshots, with everything that a report draws.

    "The opponent" is everywhere the one with the lowest log loss on these snapshots. Choosing it after the fact
    favours the opponents.
    """

    overall: Segment
    per_cutoff: tuple[Segment, ...]
    groups: Mapping[str, tuple[Segment, ...]]
    """The segments of each grouping, such as `stage`."""
    opponents: tuple[Opposed, ...]
    """All opponents, the best first."""
    next_cutoff: Mapping[str, Mapping[str, NextCutoff]]
    """For `model` and `improvement`, where each metric will lie at one more cutoff."""
    recalibration: Mapping[str, Estimate]
    """Slope (1 is right, less is too extreme) and intercept (0 is right) of the logistic recalibration."""
    chance_calibration_error: float
    """The calibration error that a perfectly calibrated model stays below in 95% of such samples."""
    expected_calibration_error: float
    """The calibration error that a perfectly calibrated model has on average in such samples."""
    reliability: tuple[ReliabilityBin, ...]
    opponent_reliability: tuple[ReliabilityBin, ...]
    gains: Gains
    lift_by_decile: Mapping[str, tuple[float, ...]]
    """For `model` and `opponent`: event rate of each tenth, best first, over the event rate of all."""
    capacity: tuple[CapacityRow, ...]
    seed: int
    replicates: int

    @property
    def best_opponent(self) -> str:
        """The name of the opponent."""
        return self.opponents[0].name

    @property
    def per_stage(self) -> tuple[Segment, ...]:
        """The segments by stage."""
        return self.groups.get("stage", ())

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
        found: dict[str, Any] = as_plain(self)
        return found

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The evaluation that `to_dict` described, also after a round trip through JSON."""
        return cls(
            overall=_segment(plain["overall"]),
            per_cutoff=tuple(_segment(entry) for entry in plain["per_cutoff"]),
            groups={
                name: tuple(_segment(entry) for entry in parts) for name, parts in plain["groups"].items()
            },
            opponents=tuple(_opposed(entry) for entry in plain["opponents"]),
            next_cutoff={
                name: {metric: NextCutoff.from_dict(entry) for metric, entry in found.items()}
                for name, found in plain["next_cutoff"].items()
            },
            recalibration=_estimates(plain["recalibration"]) or {},
            chance_calibration_error=plain["chance_calibration_error"],
            expected_calibration_error=plain["expected_calibration_error"],
            reliability=tuple(ReliabilityBin(**entry) for entry in plain["reliability"]),
            opponent_reliability=tuple(ReliabilityBin(**entry) for entry in plain["opponent_reliability"]),
            gains=Gains(**{name: tuple(values) for name, values in plain["gains"].items()}),
            lift_by_decile={name: tuple(values) for name, values in plain["lift_by_decile"].items()},
            capacity=tuple(_capacity_row(entry) for entry in plain["capacity"]),
            seed=plain["seed"],
            replicates=plain["replicates"],
        )


def evaluate(predictions: Predictions, seed: int, replicates: int = 500) -> Evaluation:
    """Out-of-time predictions of a model and its opponents to their evaluation.

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
    judge = _Judge(predictions.best_opponent, seed, replicates)
    per_cutoff = judge.per_cutoff(predictions)
    rankings = dict(zip(("model", "opponent"), predictions.rankings([judge.opponent]), strict=True))
    shares = np.linspace(0, 1, 101)
    found = {name: gains(ranking, shares) for name, ranking in rankings.items()}
    overall, opponents = judge.overall(predictions)
    said, customers = predictions.probability, predictions.customer
    design = binned_design_effect(predictions.outcome, said, customers)
    return Evaluation(
        overall=overall,
        per_cutoff=per_cutoff,
        groups={name: judge.groups(name, predictions) for name in predictions.groups},
        opponents=opponents,
        next_cutoff=_next_cutoff(per_cutoff),
        recalibration=recalibration_interval(predictions.outcome, said, customers),
        chance_calibration_error=chance_calibration_error(said, seed, design=design),
        expected_calibration_error=expected_calibration_error(said, seed, design=design),
        reliability=reliability(rankings["model"], customers),
        opponent_reliability=reliability(rankings["opponent"], customers),
        gains=Gains(tuple(shares.tolist()), found["model"], found["opponent"]),
        lift_by_decile={name: tuple((np.diff(curve[::10]) * 10).tolist()) for name, curve in found.items()},
        capacity=capacity(predictions, judge.opponent, seed, replicates),
        seed=seed,
        replicates=CustomerBootstrap.of(predictions.customer, seed, replicates).replicates,
    )


@dataclass(frozen=True)
class _Judge:
    """Measures the model beside its best opponent on parts of the snapshots."""

    opponent: str
    seed: int
    replicates: int

    def overall(self, predictions: Predictions) -> tuple[Segment, tuple[Opposed, ...]]:
        """All snapshots, and every opponent on them, the best first."""
        others = [name for name in predictions.opponents if name != self.opponent]
        names = [self.opponent, *others]
        values, drawn = self._measured(predictions, names)
        losses = values[1:, METRICS.index("log_loss")].tolist()
        opposed = []
        for _, place in sorted((loss, place) for place, loss in enumerate(losses)):
            pair = [0, place + 1]
            gain = _estimate_all(_gain(values[pair]), _gain(drawn[:, pair]))
            metrics = _estimate_all(values[place + 1], drawn[:, place + 1])
            opposed.append(Opposed(names[place], metrics, gain, _won(predictions, names[place])))
        best = opposed[0]
        model = _estimate_all(values[0], drawn[:, 0])
        return _described("all", predictions, model, best.metrics, best.improvement), tuple(opposed)

    def per_cutoff(self, predictions: Predictions) -> tuple[Segment, ...]:
        """The metrics at each test cutoff, named by its instant."""
        segments = []
        for moment in np.unique(predictions.cutoff):
            name = f"{np.datetime64(int(moment), 'us').astype('datetime64[s]')}Z"
            segments.append(self._segment(name, predictions.where(predictions.cutoff == moment)))
        return tuple(segments)

    def groups(self, grouping: str, predictions: Predictions) -> tuple[Segment, ...]:
        """The metrics of each group that has snapshots."""
        names, groups = ordered_groups(grouping, np.asarray(predictions.groups[grouping]).astype(str))
        return tuple(self._segment(name, predictions.where(groups == name)) for name in names)

    def _segment(self, name: str, predictions: Predictions) -> Segment:
        """A segment's metrics, or the reason why it has none."""
        n, buyers = len(predictions.outcome), int(np.sum(predictions.outcome))
        customers = len(np.unique(predictions.customer))
        if customers < SEGMENT_CUSTOMERS or min(buyers, n - buyers) < SEGMENT_OUTCOMES:
            reason = (
                f"too few to judge: {customers} customers, {buyers} buyers and {n - buyers} others; "
                f"needs {SEGMENT_CUSTOMERS} customers and {SEGMENT_OUTCOMES} of each"
            )
            return _described(name, predictions, None, None, None, reason)
        values, drawn = self._measured(predictions, [self.opponent])
        model, opponent = (_estimate_all(values[i], drawn[:, i]) for i in (0, 1))
        return _described(name, predictions, model, opponent, _estimate_all(_gain(values), _gain(drawn)))

    def _measured(
        self, predictions: Predictions, opponents: Sequence[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Metrics of the model and of opponents [1 + opponents, metrics], and their replicates [replicates, ...]."""
        plan = CustomerBootstrap.of(predictions.customer, self.seed, self.replicates)
        rankings = predictions.rankings(opponents)
        codes = [plan.code[ranking.order] for ranking in rankings]

        def statistic(counts: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.stack(
                [ranking.measure(counts[code]) for ranking, code in zip(rankings, codes, strict=True)]
            )

        return statistic(np.ones(plan.n_customers)), plan.run(statistic)


def _described(
    name: str,
    predictions: Predictions,
    model: Estimates | None,
    opponent: Estimates | None,
    improvement: Estimates | None,
    reason: str | None = None,
) -> Segment:
    n, buyers = len(predictions.outcome), int(np.sum(predictions.outcome))
    customers = len(np.unique(predictions.customer))
    return Segment(name, n, customers, buyers, buyers / n, model, opponent, improvement, reason)


def _won(predictions: Predictions, opponent: str) -> int:
    """At how many cutoffs the model's log loss is lower than the opponent's."""
    parts = [predictions.where(predictions.cutoff == moment) for moment in np.unique(predictions.cutoff)]
    return sum(
        log_loss(part.outcome, part.probability) < log_loss(part.outcome, part.opponents[opponent])
        for part in parts
    )


def _next_cutoff(per_cutoff: Sequence[Segment]) -> dict[str, dict[str, NextCutoff]]:
    """Where the metrics of the model and its improvements will lie at one more cutoff."""
    model = [part.model for part in per_cutoff if part.model is not None]
    improvement = [part.improvement for part in per_cutoff if part.improvement is not None]
    return {
        "model": {
            name: NextCutoff.of([each[name] for each in model]).within(*LIMITS[name]) for name in METRICS
        },
        "improvement": {name: NextCutoff.of([each[name] for each in improvement]) for name in METRICS},
    }


def _gain(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metrics of model and opponent [..., 2, metrics] to how much better the model is [..., metrics]."""
    quality = np.where(np.array([BETTER[name] for name in METRICS]) > 0, values, -np.abs(values))
    gain: NDArray[np.float64] = quality[..., 0, :] - quality[..., 1, :]
    return gain


def _estimate_all(value: NDArray[np.float64], drawn: NDArray[np.float64]) -> dict[str, Estimate]:
    return {name: Estimate.of(value[i], drawn[:, i]) for i, name in enumerate(METRICS)}


def _estimates(plain: Mapping[str, Any] | None) -> dict[str, Estimate] | None:
    if plain is None:
        return None
    return {name: Estimate.from_dict(entry) for name, entry in plain.items()}


def _segment(plain: Mapping[str, Any]) -> Segment:
    metrics = {key: _estimates(plain[key]) for key in ("model", "opponent", "improvement")}
    return Segment(**{**plain, **metrics})


def _opposed(plain: Mapping[str, Any]) -> Opposed:
    estimates = {key: _estimates(plain[key]) for key in ("metrics", "improvement")}
    return Opposed(**{**plain, **estimates})


def _capacity_row(plain: Mapping[str, Any]) -> CapacityRow:
    estimates = {key: Estimate.from_dict(plain[key]) for key in ("buyers", "opponent_buyers")}
    return CapacityRow(**{**plain, **estimates, "by_cutoff": tuple(plain["by_cutoff"])})
