"""Effects for kinds of customers: by stage, recency and main category, with what looking at many does to a finding."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control, norm

from patron.models.groups import ordered_groups
from patron.models.intervals import Estimate, finite

from .scores import Scores, mean_of
from .trial import Trial

Floats = npt.NDArray[np.float64]

FEWEST_CUSTOMERS = 200
FEWEST_OF_EACH = 50
"""Customers, and of either outcome, that a kind of customers needs; below them nothing is said of it."""

FALSE_SHARE = 0.10
"""Of the kinds that are said to respond differently this share may not (Benjamini & Hochberg 1995)."""


@dataclass(frozen=True)
class GroupEffect:
    """The effect of an arm on one kind of customers; `differs` from the others surely, after looking at all kinds."""

    arm: str
    grouping: str
    group: str
    rows: int
    effect: Estimate
    p_value: float
    differs: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "effect": self.effect.to_dict(), "p_value": finite(self.p_value)}


def effects_by_group(
    trial: Trial, scores: Scores, groupings: dict[str, npt.NDArray[np.str_]]
) -> tuple[GroupEffect, ...]:
    """A drawn trial, its scores, and for each way of grouping the group of every row [n] ("": none) to the effects.

    Each group is compared with all other rows; the p-values of all arms and groups are corrected together.
    """
    found: list[GroupEffect] = []
    for place in range(1, len(trial.arms)):
        effect = scores.against_control(place)
        for grouping, every in groupings.items():
            names, group = ordered_groups(grouping, every)
            for name in names:
                inside = (group == name) & (group != "")
                if _is_enough(trial, inside, place):
                    mine, others = (mean_of(effect[rows], trial.customer[rows]) for rows in (inside, ~inside))
                    p = _p_value(mine, others)
                    found.append(
                        GroupEffect(trial.arms[place], grouping, name, int(inside.sum()), mine, p, False)
                    )
    if not found:
        return ()
    surely = false_discovery_control([each.p_value for each in found]) <= FALSE_SHARE
    return tuple(
        GroupEffect(**{**vars(each), "differs": bool(sure)}) for each, sure in zip(found, surely, strict=True)
    )


def _p_value(mine: Estimate, others: Estimate) -> float:
    error = float(np.hypot(mine.error, others.error))
    return float(2 * norm.sf(abs(mine.value - others.value) / error)) if error > 0 else 1.0


def _is_enough(trial: Trial, inside: npt.NDArray[np.bool_], place: int) -> bool:
    """Whether a group has the customers in both arms, others to be compared with, and both outcomes."""
    both = inside & np.isin(trial.arm, (0, place))
    events = int((trial.outcome[both] > 0).sum())
    enough = int(both.sum()) >= FEWEST_CUSTOMERS and min(events, int(both.sum()) - events) >= FEWEST_OF_EACH
    return (
        enough
        and all(int((both & (trial.arm == each)).sum()) > 1 for each in (0, place))
        and not inside.all()
    )
