"""How ranges of days fared on later time, with those who cannot be followed to the end of their range."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .intervals import CustomerBootstrap, Estimate, NextCutoff

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Days = tuple[Floats, Floats, Floats]
"""The first, the middle and the last day of ranges, in days after the cutoff; float64[n] each, NaN for none."""

REPLICATES = 200


@dataclass(frozen=True)
class Coverage:
    """Shares of `told` ranges: purchases inside, before and after; `by_middle`, by the end of the middle day.

    `width_days` is the median width, `wide_days` what nine of ten do not exceed.
    """

    told: int
    inside: Estimate
    before: Estimate
    after: Estimate
    by_middle: Estimate
    width_days: float
    wide_days: float


@dataclass(frozen=True)
class RangeQuality:
    """How the model's ranges fared beside those of simpler rules.

    Of `snapshots` in all `told` had a range, and `over` were followed to its end. `reasons` counts the others.
    `opponents` are judged where the model told a range and they have one. `by_cutoff` are shares inside, the earliest
    first, and `next_cutoff` is where that of one more cutoff will lie.
    """

    snapshots: int
    told: int
    over: int
    model: Coverage
    opponents: Mapping[str, Coverage]
    by_cutoff: tuple[Estimate, ...]
    next_cutoff: NextCutoff
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Followed:
    """Snapshots after their cutoff: `day` of the next purchase (NaN: none seen), days `observed`, customer, cutoff."""

    day: Floats
    observed: Floats
    customer: npt.NDArray[np.int64]
    cutoff: npt.NDArray[np.int64]

    def where(self, keep: Flags) -> "Followed":
        """Those that are kept, bool[n]."""
        return Followed(self.day[keep], self.observed[keep], self.customer[keep], self.cutoff[keep])


def judge_ranges(
    ranges: Days,
    opponents: Mapping[str, Days],
    followed: Followed,
    reasons: Mapping[str, int],
    seed: int,
) -> RangeQuality | None:
    """Ranges of the model and of its opponents [n] beside what came [n]; None where none can be judged."""
    told = ~np.isnan(ranges[2])
    kept, rows = _chosen(ranges, told), followed.where(told)
    if not _Stages.of(kept, rows).judgeable:
        return None
    by_cutoff = []
    for moment in np.unique(rows.cutoff):
        at = rows.cutoff == moment
        stages = _Stages.of(_chosen(kept, at), rows.where(at))
        by_cutoff.append(
            coverage(_chosen(kept, at), rows.where(at), seed).inside if stages.judgeable else _NONE
        )
    others = {}
    for name, days in opponents.items():
        both = told & ~np.isnan(days[2])
        found = _Stages.of(_chosen(days, both), followed.where(both))
        if found.judgeable:
            others[name] = coverage(_chosen(days, both), followed.where(both), seed)
    return RangeQuality(
        told.size,
        int(told.sum()),
        int((rows.observed >= kept[2] + 1).sum()),
        coverage(kept, rows, seed),
        others,
        tuple(by_cutoff),
        NextCutoff.of(by_cutoff).within(0.0, 1.0),
        reasons,
    )


def coverage(ranges: Days, followed: Followed, seed: int) -> Coverage:
    """Ranges and what came [n] to the shares, with intervals over customers."""
    stages = _Stages.of(ranges, followed)
    plan = CustomerBootstrap.of(followed.customer, seed, REPLICATES)
    value = stages.shares(np.ones(len(followed.day)))
    drawn = plan.run(lambda counts: stages.shares(counts[plan.code]))
    inside, before, after, by_middle = (Estimate.of(value[i], drawn[:, i]) for i in range(4))
    width = ranges[2] - ranges[0] + 1
    median, wide = np.quantile(width, [0.5, 0.9]).tolist()
    return Coverage(len(followed.day), inside, before, after, by_middle, median, wide)


_NONE = Estimate(np.nan, np.nan, np.nan)


def _chosen(ranges: Days, keep: Flags) -> Days:
    low, middle, high = (each[keep] for each in ranges)
    return low, middle, high


@dataclass(frozen=True, eq=False)
class _Stages:
    """A life table of three stages: up to the range, up to the end of its middle day, up to its end.

    Only who came to a stage without a purchase, and was observed to its end, is at risk in it; `bought` are those of
    them who bought in it; bool[3, n] each. To judge only ranges that are over would favour short ones, and to count
    purchases where their absence would not have been seen favours early ones.
    """

    at_risk: Flags
    bought: Flags

    @classmethod
    def of(cls, ranges: Days, followed: Followed) -> "_Stages":
        low, middle, high = ranges
        day = np.nan_to_num(np.floor(followed.day), nan=np.inf)
        ends = np.array([low, middle + 1, high + 1])
        waiting = np.vstack([np.ones((1, day.size), np.bool_), day >= ends[:2]])
        at_risk = waiting & (followed.observed >= ends)
        return cls(at_risk, at_risk & (day < ends))

    @property
    def judgeable(self) -> bool:
        """Whether every stage has somebody at risk, as far as anybody comes to it."""
        return bool(np.isfinite(self.shares(np.ones(self.at_risk.shape[1]))).all())

    def shares(self, weight: Floats) -> Floats:
        """Row weights [n] to the shares inside, before, after, and by the middle; NaN where nobody shows them."""
        risk, events = self.at_risk @ weight, self.bought @ weight
        waits = 1.0
        left = []
        for stays in 1 - events / np.where(risk > 0, risk, np.nan):
            waits = waits * stays if waits > 0 else 0.0
            left.append(waits)
        low, middle, high = left
        return np.array([low - high, 1 - low, high, 1 - middle])
