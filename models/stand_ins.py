"""Which groups of features can stand in for each other: what is lost without both, beyond what is lost without either.

Two groups that tell the same are worth little each on top of the other, and much together. So both are given to other
customers at once, and the model is fitted again: the more is lost beyond the two single losses, the more each had
covered for the other. Groups that tell different things lose what the single losses add up to, or less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from .group_gains import Fits, GroupFits, GroupGain, LaterRows, covered_share
from .intervals import Estimate

MOST_GROUPS = 4
"""So many groups are asked about, those that tell most alone: six pairs at most."""


@dataclass(frozen=True)
class StandIn:
    """Two groups and the share of what the whole model tells that each of them covers for the other."""

    first: str
    second: str
    covered: Estimate

    @property
    def is_measurable(self) -> bool:
        """Whether the whole interval is above zero."""
        return self.covered.low > 0

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"first": self.first, "second": self.second, "covered": self.covered.to_dict()}


def pairs_to_ask(groups: Sequence[GroupGain]) -> tuple[tuple[str, str], ...]:
    """The pairs of the `MOST_GROUPS` groups that tell most alone, of those that tell anything, in the groups' order."""
    telling = [each for each in groups if each.alone.is_measurable]
    most = sorted(telling, key=lambda each: -each.alone.share.value)[:MOST_GROUPS]
    names = [each.group for each in groups if each in most]
    return tuple(combinations(names, 2))


def stand_ins(
    tested: LaterRows,
    whole: Fits,
    groups: Mapping[str, GroupFits],
    without_both: Mapping[tuple[str, str], Fits],
) -> tuple[StandIn, ...]:
    """The fits of the whole model, without each group, and without pairs of them, to what pairs cover; most first.

    Fits of a pair are paired by seed with the first ones of the others.
    """
    found = [
        StandIn(
            *pair,
            covered_share(tested, whole, groups[pair[0]].without, groups[pair[1]].without, both),
        )
        for pair, both in without_both.items()
    ]
    return tuple(sorted(found, key=lambda each: -each.covered.value))
