"""What followed support cases: repurchase and spend beside customers alike who had no case, and for whom it differs.

A case is looked at just after it became known, some days later by whether it was closed by then (everyone at the same
distance, so that nobody is sorted by what came later), and just after its closing became known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from .answers_by_category import FALSE_SHARE, FEWEST_IN_CATEGORY, FEWEST_OF_EACH
from .intervals import Estimate
from .moments import FEWEST_CUSTOMERS, Floats, GroupRate, Moments, Standardised, standardise, with_alike


@dataclass(frozen=True)
class CaseGroup:
    """Some of the cases: what followed them, or why no number is given.

    `is_measurable` says that they do worse than customers alike, that this stands after looking at all groups and
    contrasts, and that there are enough customers and outcomes for a sentence. Doing better is never claimed: who opens
    a case is still there, and customers alike need not be.
    """

    name: str
    customers: int
    rate: GroupRate | None = None
    spend: GroupRate | None = None
    reason: str = ""
    is_measurable: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        told = {name: each and each.to_dict() for name, each in (("rate", self.rate), ("spend", self.spend))}
        return {**vars(self), **told}


@dataclass(frozen=True)
class Contrast:
    """By how much the last group's difference to customers alike is above the first's."""

    first: str
    last: str
    difference: Estimate
    is_measurable: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "difference": self.difference.to_dict()}


@dataclass(frozen=True)
class CasePart:
    """One way of looking at the cases: its name, its groups in order, and the contrast of the ends."""

    name: str
    groups: tuple[CaseGroup, ...]
    contrast: Contrast | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        groups = [each.to_dict() for each in self.groups]
        return {"name": self.name, "groups": groups, "contrast": self.contrast and self.contrast.to_dict()}


@dataclass(frozen=True)
class AfterCases:
    """What followed the cases, one way of looking at them after the other.

    `landmark_days` is when open cases are told from closed ones, `quick_days` the most that a quick resolution took
    (both None where closing is not known); `matched` the share of cases for which there are customers alike.
    """

    parts: tuple[CasePart, ...]
    matched: float
    landmark_days: int | None = None
    quick_days: float | None = None
    spend_cap: float | None = None

    def part(self, name: str) -> CasePart | None:
        """The part of that name; None where there is none."""
        return next((each for each in self.parts if each.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "parts": [each.to_dict() for each in self.parts]}


@dataclass(frozen=True, eq=False)
class Sides:
    """Cases and comparison moments, for the target and, where it is an outcome, for net spend."""

    cases: Moments
    alike: Moments
    spend: Moments | None = None
    spend_alike: Moments | None = None


def case_part(
    name: str, sides: Sides, group: npt.NDArray[np.str_], names: Sequence[str], *, has_order: bool
) -> CasePart:
    """Cases by group [n] ("" for none), in the order of `names`; groups with an order get a contrast of their ends."""
    matched = with_alike(sides.cases, sides.alike)
    enough = [
        each for each in names if _customers(sides.cases, matched & (group == each)) >= FEWEST_CUSTOMERS
    ]
    rates, split = _standardised(sides.cases, sides.alike, matched, group, enough)
    spend: dict[str, GroupRate] = {}
    if sides.spend is not None and sides.spend_alike is not None:
        spend, _ = _standardised(sides.spend, sides.spend_alike, matched, group, enough)
    groups = tuple(
        CaseGroup(each, rates[each].customers, rates[each], spend.get(each))
        if each in rates
        else _too_few(each, _customers(sides.cases, matched & (group == each)))
        for each in names
    )
    contrast = None
    if has_order and split is not None and len(enough) > 1:
        weights = np.zeros(len(enough))
        weights[0], weights[-1] = -1.0, 1.0
        contrast = Contrast(enough[0], enough[-1], split.contrast(weights))
    return CasePart(name, groups, contrast)


def _too_few(name: str, customers: int) -> CaseGroup:
    return CaseGroup(name, customers, reason=f"fewer than {FEWEST_CUSTOMERS} customers")


def _customers(moments: Moments, chosen: npt.NDArray[np.bool_]) -> int:
    return moments.chosen(chosen).customers


def _standardised(
    moments: Moments,
    alike: Moments,
    matched: npt.NDArray[np.bool_],
    group: npt.NDArray[np.str_],
    names: Sequence[str],
) -> tuple[dict[str, GroupRate], Standardised | None]:
    if not names:
        return {}, None
    chosen = matched & np.isin(group, names)
    place = {each: at for at, each in enumerate(names)}
    code = np.array([place[each] for each in group[chosen].tolist()], np.int64)
    found = standardise(moments.chosen(chosen), code, names, alike)
    return {each.name: each for each in found.rates}, found


def controlled(found: AfterCases) -> AfterCases:
    """The same with what is measurable after looking at everything (Benjamini-Hochberg over groups and contrasts)."""
    estimates = list(_estimates(found))
    if not estimates:
        return found
    chances = [2 * float(stats.norm.sf(abs(each.value) / max(each.error, 1e-12))) for each in estimates]
    surely = iter((stats.false_discovery_control(chances) <= FALSE_SHARE).tolist())
    return replace(found, parts=tuple(_judged(part, surely) for part in found.parts))


def _estimates(found: AfterCases) -> Iterator[Estimate]:
    for part in found.parts:
        yield from (each.rate.difference for each in part.groups if each.rate is not None)
        if part.contrast is not None:
            yield part.contrast.difference


def _judged(part: CasePart, surely: Iterator[bool]) -> CasePart:
    groups = tuple(
        replace(each, is_measurable=next(surely) and _is_worse(each.rate)) if each.rate is not None else each
        for each in part.groups
    )
    if part.contrast is None:
        return replace(part, groups=groups)
    ends = {each.name: each.rate for each in groups if each.rate is not None}
    enough = all(_is_enough(ends[name]) for name in (part.contrast.first, part.contrast.last))
    return replace(
        part, groups=groups, contrast=replace(part.contrast, is_measurable=next(surely) and enough)
    )


def _is_worse(rate: GroupRate) -> bool:
    return rate.difference.value < 0 and _is_enough(rate)


def _is_enough(rate: GroupRate) -> bool:
    """The customers and outcomes that a sentence needs."""
    met = round(rate.share.value * rate.moments)
    return rate.customers >= FEWEST_IN_CATEGORY and min(met, rate.moments - met) >= FEWEST_OF_EACH


def severities(severity: Floats) -> tuple[npt.NDArray[np.str_], tuple[str, ...]]:
    """Severities [n] (NaN: none) to words [n] and their order: single values where there are few, else thirds.

    >>> severities(np.array([1.0, 3.0, np.nan]))[0].tolist()
    ['severity 1', 'severity 3', '']
    """
    known = severity[np.isfinite(severity)]
    points = np.unique(known)
    if points.size <= 5:
        names = [f"severity {each:g}" for each in points.tolist()]
        place = np.searchsorted(points, severity).clip(0, max(points.size - 1, 0))
    else:
        names = ["least severe third", "middle third", "most severe third"]
        place = np.searchsorted(np.quantile(known, [1 / 3, 2 / 3]), severity)
        place = place.clip(0, 2)
    words = np.array([*names, ""])
    return words[np.where(np.isfinite(severity), place, len(names))], tuple(names)
