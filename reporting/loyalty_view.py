"""The loyalty map as the report says it: the corners, the movement beside noise, and how it is cut."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from patron.models.intervals import Estimate
from patron.models.loyalty import LOYALTY_TYPES
from patron.models.loyalty_map import LoyaltyMap
from patron.models.loyalty_movement import Change, Movement

from .formats import UNDEFINED, count, decimal, percent, sentence
from .wording import Wording

MEANINGS = (
    "satisfied, buys often",
    "satisfied, buys seldom",
    "dissatisfied, buys often",
    "dissatisfied, buys seldom",
    "no answer of late",
    "no answer of late",
)

_PLURALS = ("loyalists", "mercenaries", "hostages", "defectors")

Part = tuple[str, str]
"""A value and the ends of its interval."""


@dataclass(frozen=True)
class CornerRow:
    """A corner of the map in a table."""

    name: str
    meaning: str
    customers: str
    share: str
    spend: Part
    rate: Part
    stayed: Part


class LoyaltyView:
    """The words and rows of the loyalty map."""

    def __init__(self, found: LoyaltyMap, wording: Wording) -> None:
        self.found = found
        self.wording = wording

    @property
    def sentences(self) -> tuple[str, ...]:
        """Where most customers stand, and whether they move more than noise would have it."""
        named = self.found.rows[:4]
        known = sum(row.customers for row in named)
        total = sum(row.customers for row in self.found.rows)
        first = (
            f"The attitude of {count(known)} of {count(total)} customers is known: "
            + ", ".join(f"{count(row.customers)} {name}" for row, name in zip(named, _PLURALS, strict=True))
            + "."
        )
        return (first, *self._movement)

    @property
    def _movement(self) -> tuple[str, ...]:
        moved = self.found.movement
        if moved is None:
            return ("Too few customers are known for long enough to say how they move on the map.",)
        return tuple(_change_words(each, moved) for each in moved.changes)

    @cached_property
    def rows(self) -> tuple[CornerRow, ...]:
        """The corners, and those whose attitude is unknown."""
        stayed = _stayed(self.found.movement)
        return tuple(
            CornerRow(
                sentence(row.name),
                meaning,
                count(row.customers),
                percent(row.share.value),
                _part(row.spend, lambda value: decimal(value, 0)),
                _part(row.rate, percent),
                part,
            )
            for row, meaning, part in zip(self.found.rows, MEANINGS, stayed, strict=True)
        )

    @property
    def later(self) -> str:
        """The day at which it is seen who is still of a type."""
        return "later" if self.found.movement is None else f"on {self.found.movement.later}"

    @property
    def spend_days(self) -> str:
        """The window of spend and orders."""
        return f"{self.found.thresholds.window_days} days"

    @property
    def how(self) -> str:
        """Where the axes are cut."""
        cut = self.found.thresholds
        moved = self.found.movement
        followed = "" if moved is None else _how_moved(moved)
        return (
            f"Often: at least {count(cut.orders)} orders in {count(cut.window_days)} days. Satisfied: a last score of"
            f" at least {decimal(cut.score or np.nan, 1)}, given less than {count(cut.recent_days)} days before. Both"
            " stand in the model's contract; they do not depend on who is scored. Counts and rates are of the last"
            " training cutoff; no rate or spend is said of fewer than 200 customers, and no rate of fewer"
            f" than 50 who bought or did not.{followed}"
        )


def _change_words(change: Change, moved: Movement) -> str:
    what = {
        "behaviour": f"Of {count(change.customers)} customers who bought, {percent(change.observed)} changed between"
        " buying often and seldom",
        "attitude": f"Of {count(change.customers)} whose attitude is known twice, {percent(change.observed)} changed"
        " between satisfied and dissatisfied",
        "type": f"Of the same, {percent(change.observed)} changed their type",
    }[change.what]
    span = f" from {moved.earlier} to {moved.later}" if change.what == "behaviour" else ""
    noise = f"{percent(change.noise.value)} ({percent(change.noise.low)} to {percent(change.noise.high)})"
    says = "more than noise explains" if change.is_more else "no more than noise explains"
    return f"{what}{span}; had nobody changed, noise alone would show {noise}: {says}."


def _how_moved(moved: Movement) -> str:
    return (
        " Movement is that of customers who were there before the earlier window began. Noise alone: each customer's"
        " orders spread anew over the same time at a constant rate"
        f" (dispersion {decimal(moved.dispersion, 2)}), and answers differing as often as those of"
        f" {count(moved.retests)} pairs given closest together. True change between these counts as noise, so that"
        " movement is said too seldom rather than too often."
    )


def _stayed(moved: Movement | None) -> tuple[Part, ...]:
    """The share of each type that was of it still, and the same under noise alone."""
    if moved is None:
        return ((UNDEFINED, ""),) * len(LOYALTY_TYPES)
    found = []
    for place, row in enumerate(moved.transitions):
        if sum(row) < 50:
            found.append((UNDEFINED, "too few"))
            continue
        noise = ""
        if moved.expected is not None and sum(moved.expected[place]) > 0:
            noise = f"noise alone {percent(moved.expected[place][place] / sum(moved.expected[place]), 0)}"
        found.append((percent(row[place] / sum(row), 0), noise))
    return tuple(found)


def _part(estimate: Estimate, written: Callable[[float], str]) -> Part:
    if not np.isfinite(estimate.value):
        return UNDEFINED, "too few"
    return written(estimate.value), f"{written(estimate.low)} to {written(estimate.high)}"
