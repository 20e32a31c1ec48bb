"""The promise of a model: what its training said of later cutoffs, kept with it so that it can be held to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .intervals import Estimate, NextCutoff


@dataclass(frozen=True)
class Promise:
    """What training promised: the metrics it saw out of time, where they lie at one more cutoff, and how levels miss.

    Empty for a model of before promises were kept: it can be watched, and held to nothing but its own probabilities.
    """

    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    """Over all test cutoffs."""
    next_cutoff: Mapping[str, NextCutoff] = field(default_factory=dict)
    """Where each metric should lie at the next cutoff."""
    level_spread: float = 0.0
    """Standard deviation, in log-odds, by which the level of a cutoff is missed (see `total`)."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Mean absolute contribution of each feature to the log-odds, at a test cutoff."""

    def to_dict(self) -> dict[str, Any]:
        """The promise as plain data for JSON."""
        return {
            "metrics": {name: each.to_dict() for name, each in self.metrics.items()},
            "next_cutoff": {name: each.to_dict() for name, each in self.next_cutoff.items()},
            "level_spread": self.level_spread,
            "weights": dict(self.weights),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The promise that `to_dict` described; an empty one for none."""
        return cls(
            {name: Estimate.from_dict(each) for name, each in plain.get("metrics", {}).items()},
            {name: NextCutoff.from_dict(each) for name, each in plain.get("next_cutoff", {}).items()},
            float(plain.get("level_spread", 0.0)),
            dict(plain.get("weights", {})),
        )
