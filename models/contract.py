"""The contract of a model: what it was asked, what it reads, and what was usual when it was trained."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from patron.features.catalogue import FeatureField
from patron.features.errors import ModelError

SCORE_LEVELS = 1001
"""Points of the reference grid of scores: the quantiles 0, 0.001, ..., 1."""

INPUT_LEVELS = 21
"""Points of the reference grid of a numeric input: the quantiles 0, 0.05, ..., 1."""

REFERENCE_ROWS = 200_000
"""Rows drawn for the distributions of the inputs: more would take time and not move a quantile."""


@dataclass(frozen=True)
class InputReference:
    """How one input was distributed in training: the share missing, and quantiles or shares per category."""

    missing: float
    quantiles: tuple[float, ...] = ()
    """`INPUT_LEVELS` quantiles of the values present; empty for a category, and where none was present."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """Share of each category among the values present; empty for a number."""


@dataclass(frozen=True)
class Reference:
    """The distributions that scores and inputs are compared with later."""

    scores: tuple[float, ...]
    """`SCORE_LEVELS` quantiles of the out-of-time probabilities."""
    inputs: Mapping[str, InputReference]

    def percentile(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities [n] to the share in percent of reference scores below them, ties counted half."""
        levels = np.linspace(0.0, 100.0, len(self.scores))
        grid, first, counts = np.unique(np.array(self.scores), return_index=True, return_counts=True)
        middle = (levels[first] + levels[first + counts - 1]) / 2
        percentile: NDArray[np.float64] = np.interp(probability, grid, middle)
        return percentile


@dataclass(frozen=True)
class TrainingWindow:
    """The time that a model has seen: its training cutoffs and the end of its evidence (ISO 8601, UTC)."""

    first_cutoff: str
    last_cutoff: str
    observed_until: str
    judged_until: str | None = None
    """Last training cutoff of the judged booster."""


@dataclass(frozen=True)
class Contract:
    """What a model needs and promises, as plain data.

    `features` are in the order of the booster's columns. `tables` names the columns that each evidence table
    must have for them. `population_values` are what each training cutoff knew of the population, and since when
    each table is complete; scoring uses them as they are. Nothing in it names a customer.
    """

    question: Mapping[str, Any]
    timezone: str
    tables: Mapping[str, tuple[str, ...]]
    features: tuple[FeatureField, ...]
    reference: Reference
    window: TrainingWindow
    population_values: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """All that was chosen before data was seen, by dotted names: two models of one recipe differ by data alone."""
    usual: Mapping[str, Any] = field(default_factory=dict)
    """What was usual of the evidence: `ids` are of this type, `ages` of the newest facts in days by table, and at each
    of `cutoffs` how many customers were known and asked about. Models of earlier versions lack some or all."""
    promise: Mapping[str, Any] = field(default_factory=dict)
    """What training said of later cutoffs, as `Promise.to_dict` gives it; empty in models of before."""
    loyalty: Mapping[str, Any] = field(default_factory=dict)
    """Where behaviour and attitude are cut, as `LoyaltyThresholds.to_dict` gives it; empty in models of before."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the booster's columns."""
        return tuple(field.name for field in self.features)

    def to_dict(self) -> dict[str, Any]:
        """The contract as plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The contract that `to_dict` described, also after a round trip through JSON."""
        reference = plain["reference"]
        inputs = {name: _input_reference(entry) for name, entry in reference["inputs"].items()}
        return cls(
            question=plain["question"],
            timezone=plain["timezone"],
            tables={name: tuple(columns) for name, columns in plain["tables"].items()},
            features=tuple(_feature_field(entry) for entry in plain["features"]),
            reference=Reference(tuple(reference["scores"]), inputs),
            window=TrainingWindow(**plain["window"]),
            population_values=plain["population_values"],
            versions=plain["versions"],
            digests=plain["digests"],
            recipe=plain.get("recipe", {}),
            usual=plain.get("usual", {}),
            promise=plain.get("promise", {}),
            loyalty=plain.get("loyalty", {}),
        )

    def digest(self) -> str:
        """The sha256 of the contract: equal for equal contracts, on any machine."""
        return hashlib.sha256(canonical_json(self.to_dict()).encode()).hexdigest()


def canonical_json(plain: Any) -> str:
    """Plain data to JSON text whose bytes depend only on the data; ValueError for a number not finite."""
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def reference_of(
    probability: NDArray[np.float64], matrix: NDArray[np.float32], features: Sequence[FeatureField]
) -> Reference:
    """Out-of-time probabilities [n] and encoded training inputs [m, k] to the reference of a model."""
    if len(probability) == 0 or not np.isfinite(probability).all():
        raise ModelError(
            "The reference distribution needs finite scores.",
            found=f"{len(probability)} scores, {int((~np.isfinite(probability)).sum())} of them not finite",
            remedy="pass the out-of-time probabilities of the judged model",
        )
    if matrix.shape[1] != len(features):
        raise ModelError(
            "The matrix does not have one column for each feature.",
            found=f"{matrix.shape[1]} columns, {len(features)} features",
        )
    if len(matrix) > REFERENCE_ROWS:
        rows = np.random.default_rng(0).choice(len(matrix), REFERENCE_ROWS, replace=False)
        matrix = matrix[np.sort(rows)]
    inputs = {field.name: input_reference_of(matrix[:, i], field) for i, field in enumerate(features)}
    return Reference(_quantiles(probability, SCORE_LEVELS), inputs)


def input_reference_of(values: NDArray[np.float32], feature: FeatureField) -> InputReference:
    """One encoded column [m] (category codes, or numbers) to its reference distribution."""
    present = values[np.isfinite(values)]
    missing = 1.0 - len(present) / len(values) if len(values) else 1.0
    if feature.kind == "category":
        counts = np.bincount(present.astype(np.int64), minlength=len(feature.categories))
        shares = counts / max(len(present), 1)
        return InputReference(missing, shares=dict(zip(feature.categories, shares.tolist(), strict=True)))
    return InputReference(missing, quantiles=_quantiles(present, INPUT_LEVELS) if len(present) else ())


def _quantiles(values: NDArray[Any], levels: int) -> tuple[float, ...]:
    quantiles: list[float] = np.quantile(values.astype(np.float64), np.linspace(0, 1, levels)).tolist()
    return tuple(quantiles)


def _input_reference(plain: Mapping[str, Any]) -> InputReference:
    return InputReference(plain["missing"], tuple(plain["quantiles"]), plain["shares"])


def _feature_field(plain: Mapping[str, Any]) -> FeatureField:
    return FeatureField(**{**plain, "categories": tuple(plain["categories"])})
