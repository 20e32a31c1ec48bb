"""How the model comes to its scores, group by group: contributions that sum to each score, told over many customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from patron.features.catalogue import FeatureField

from .contributions import CALENDAR, Contributions
from .feature_groups import group_of
from .intervals import Estimate

Floats = npt.NDArray[np.float64]

STEADY = 0.8
"""A feature is said to go one way where its rank and that of its contribution agree so closely (Spearman)."""

_FEWEST_VALUES = 20


@dataclass(frozen=True)
class GroupAttribution:
    """A group's part in the scores: the mean size of its contribution in log-odds, and its share of all groups' sizes.

    `leading` is the feature with the largest part in the group, `direction` 1 where more of it goes with higher scores
    throughout, -1 with lower ones, 0 where it goes both ways or is a category.
    """

    group: str
    size: Estimate
    share: float
    leading: str
    direction: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "size": self.size.to_dict()}


@dataclass(frozen=True)
class Attribution:
    """All groups, the largest first, over so many snapshots of the test cutoffs."""

    groups: tuple[GroupAttribution, ...]
    rows: int

    @classmethod
    def of(
        cls,
        found: Contributions,
        fields: Sequence[FeatureField],
        matrix: npt.NDArray[np.float32],
        customer: npt.NDArray[np.int64],
    ) -> Self:
        """Contributions of snapshots [n], their features [n, k] and customers [n] to the groups' parts."""
        by_group = found.by_group(fields)
        sizes = {name: _mean_size(part, customer) for name, part in by_group.items()}
        total = sum(size.value for size in sizes.values()) or 1.0
        weight = np.abs(found.features).mean(axis=0)
        groups = []
        for name, size in sizes.items():
            places = [place for place, field in enumerate(fields) if _name(field) == name]
            leading = max(places, key=lambda place: weight[place])
            direction = _direction(fields[leading], matrix[:, leading], found.features[:, leading])
            groups.append(GroupAttribution(name, size, size.value / total, fields[leading].name, direction))
        return cls(tuple(sorted(groups, key=lambda each: -each.share)), len(matrix))

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"rows": self.rows, "groups": [each.to_dict() for each in self.groups]}


def _name(field: FeatureField) -> str:
    return group_of(field) or CALENDAR


def _mean_size(part: Floats, customer: npt.NDArray[np.int64]) -> Estimate:
    """The mean of the absolute values [n], customers being drawn with all their rows."""
    size = np.abs(part)
    mean = float(size.mean())
    _, code = np.unique(customer, return_inverse=True)
    of_customer = np.bincount(code, size - mean)
    return Estimate.around(mean, float(np.sqrt((of_customer**2).sum())) / size.size)


def _direction(field: FeatureField, values: npt.NDArray[np.float32], part: Floats) -> int:
    known = np.isfinite(values)
    if field.kind == "category" or np.unique(values[known]).size < 2 or known.sum() < _FEWEST_VALUES:
        return 0
    if not np.ptp(part[known]) > 0:
        return 0
    agreement = float(spearmanr(values[known], part[known]).statistic)
    return int(np.sign(agreement)) if abs(agreement) >= STEADY else 0
