"""Predictions: what a model and its opponents said of later snapshots, and what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .metrics import Ranking, log_loss


@dataclass(frozen=True, eq=False)
class Predictions:
    """What was predicted out of time and what happened, one row for each snapshot.

    Probabilities lie in [0, 1]; cutoffs are microseconds since 1970 in UTC; outcomes are 0 or 1. `opponents` are
    probabilities by the opponent's name, at least one. `groups` say which group of each grouping a snapshot belongs to
    (see `GROUP_NAMES`).
    """

    customer: NDArray[Any]
    cutoff: NDArray[np.int64]
    outcome: NDArray[np.int8]
    probability: NDArray[np.float64]
    opponents: Mapping[str, NDArray[np.float64]]
    groups: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def best_opponent(self) -> str:
        """The name of the opponent whose log loss on these very snapshots is lowest; the first of equals.

        It is chosen after the fact, which favours the opponents: the model has to beat the luckiest of them.
        """
        losses = {name: log_loss(self.outcome, said) for name, said in self.opponents.items()}
        return min(losses, key=lambda name: losses[name])

    def where(self, mask: NDArray[np.bool_]) -> Self:
        """The rows [n] for which the mask is true."""
        return type(self)(
            self.customer[mask],
            self.cutoff[mask],
            self.outcome[mask],
            self.probability[mask],
            {name: said[mask] for name, said in self.opponents.items()},
            {name: groups[mask] for name, groups in self.groups.items()},
        )

    def rankings(self, opponents: Sequence[str]) -> list[Ranking]:
        """The rows as the model ranks them, and as each of these opponents does."""
        said = (self.probability, *(self.opponents[name] for name in opponents))
        return [Ranking.of(self.outcome, probability) for probability in said]

    @classmethod
    def together(cls, parts: "list[Predictions]") -> "Predictions":
        """The rows of parts with the same opponents and groupings, one part after the other."""

        def joined(arrays: list[NDArray[Any]]) -> NDArray[Any]:
            return np.concatenate(arrays)

        first = parts[0]
        return cls(
            joined([part.customer for part in parts]),
            joined([part.cutoff for part in parts]),
            joined([part.outcome for part in parts]),
            joined([part.probability for part in parts]),
            {name: joined([part.opponents[name] for part in parts]) for name in first.opponents},
            {name: joined([part.groups[name] for part in parts]) for name in first.groups},
        )
