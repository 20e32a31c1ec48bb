"""Reasons: why a customer got this score, in plain words, the weightiest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from patron.features.catalogue import FeatureField

from .contract import Contract
from .contributions import Contributions
from .feature_groups import group_of
from .reason_words import Usual, Value, change_in_words, in_words, topic_of

Floats = npt.NDArray[np.float64]

MOST_REASONS = 3
LEAST = 0.05
"""Log-odds below which nothing is a reason: about one point of probability in the middle, less elsewhere."""

OWN_RHYTHM: Mapping[str, str] = {"days_since_order": "gap_median"}
"""What is usual for the customer rather than for all: days since the last order beside the own usual gap."""


@dataclass(frozen=True)
class Reason:
    """A topic that moves a score: the feature that speaks for it, in words, and what the whole topic contributes."""

    feature: str
    words: str
    contribution: float

    def __str__(self) -> str:
        return f"{'+' if self.contribution > 0 else '−'} {self.words}"


@dataclass(frozen=True)
class Reasons:
    """Words for the features of a contract. What is the same for all customers at a cutoff is never a reason."""

    fields: tuple[FeatureField, ...]
    usual: tuple[Usual, ...]

    @classmethod
    def of(cls, contract: Contract) -> "Reasons":
        """The words of a contract's features, usual being what was so in training."""
        inputs = contract.reference.inputs
        return cls(contract.features, tuple(Usual.of(inputs[field.name]) for field in contract.features))

    def told(self, matrix: npt.NDArray[np.float32], parts: Contributions) -> list[tuple[Reason, ...]]:
        """Encoded features [n, k] and contributions to the reasons of each row, at most `MOST_REASONS`.

        A topic's contribution is that of all its features; it is told by the feature that moves it most in that way.
        """
        return [
            tuple(
                Reason(self.fields[place].name, self.words(place, matrix[row]), weight)
                for place, weight in chosen
            )
            for row, chosen in enumerate(self._weightiest(parts.features))
        ]

    def changed(
        self, before: npt.NDArray[np.float32], now: npt.NDArray[np.float32], difference: Floats
    ) -> list[tuple[Reason, ...]]:
        """Encoded features of customers earlier and now [n, k], and the difference of their contributions, to reasons.

        Each says what is and what was.
        """
        return [
            tuple(
                Reason(
                    self.fields[place].name,
                    change_in_words(
                        self.fields[place], self.value(place, before[row]), self.value(place, now[row])
                    ),
                    weight,
                )
                for place, weight in chosen
            )
            for row, chosen in enumerate(self._weightiest(difference))
        ]

    def _weightiest(self, parts: Floats) -> list[list[tuple[int, float]]]:
        """Parts of scores [n, k] to the weightiest topics of each row: the feature that speaks for it, and its sum."""
        topics = parts @ self._member
        order = np.argsort(-np.abs(topics), axis=1, kind="stable")[:, :MOST_REASONS]
        found = []
        for row, chosen in enumerate(order.tolist()):
            told = [at for at in chosen if abs(topics[row, at]) >= LEAST]
            found.append(
                [(self._speaker(parts[row], at, topics[row, at]), float(topics[row, at])) for at in told]
            )
        return found

    def _speaker(self, parts: Floats, at: int, total: float) -> int:
        """The feature of a topic that moves it most in the direction in which it moves."""
        columns = self._columns[at]
        return int(columns[int(np.argmax(parts[columns] * np.sign(total)))])

    def words(self, place: int, values: npt.NDArray[np.float32]) -> str:
        """A feature of a row [k] in words, beside what is usual."""
        field, usual = self.fields[place], self.usual[place]
        own = self._places.get(OWN_RHYTHM.get(field.name, ""))
        if own is not None and np.isfinite(values[own]):
            usual = Usual(float(values[own]))
        return in_words(field, self.value(place, values), usual)

    def value(self, place: int, values: npt.NDArray[np.float32]) -> Value:
        """A feature's value in a row [k] as it is said; None where it is unknown."""
        encoded, field = float(values[place]), self.fields[place]
        if not np.isfinite(encoded):
            return None
        return field.categories[int(encoded)] if field.kind == "category" else encoded

    @cached_property
    def _places(self) -> dict[str, int]:
        return {field.name: place for place, field in enumerate(self.fields)}

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """The topics, in the order of the features."""
        told = [field for field in self.fields if group_of(field) is not None]
        return tuple(dict.fromkeys(topic_of(field) for field in told))

    @cached_property
    def _columns(self) -> list[npt.NDArray[np.int64]]:
        return [np.flatnonzero(self._member[:, at]) for at in range(len(self.topics))]

    @cached_property
    def _member(self) -> Floats:
        """Which feature belongs to which topic; [features, topics]."""
        places = {topic: at for at, topic in enumerate(self.topics)}
        member = np.zeros((len(self.fields), len(places)))
        for place, field in enumerate(self.fields):
            if group_of(field) is not None:
                member[place, places[topic_of(field)]] = 1.0
        return member


def joined(reasons: Sequence[Reason]) -> str | None:
    """Reasons as one text, "+" before what raises the score and "−" before what lowers it; None where there is none."""
    return " | ".join(map(str, reasons)) or None
