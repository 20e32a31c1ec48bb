"""Kinds of customers beside others alike: what they did after, at equal exposure before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from .exposure import Exposure
from .moments import Floats, GroupRate, Moments, standardise, with_alike
from .reason_shifts import FALSE_SHARE, ReasonShifts

FEWEST_CUSTOMERS = 200
"""Customers that a kind, and those it is compared with, need each."""

FEWEST_OF_EACH = 50
"""Moments of either outcome that both need."""

LOWER_THIRD = 1 / 3


@dataclass(frozen=True)
class KindRate:
    """A kind of customers by its key, the rate of its moments beside others alike, and the share that has any."""

    kind: str
    rate: GroupRate
    matched: float
    is_measurable: bool = False
    """After looking at all kinds."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        told = {"kind": self.kind, "matched": self.matched, "is_measurable": self.is_measurable}
        return {**told, **self.rate.to_dict()}


@dataclass(frozen=True)
class CustomerKinds:
    """Kinds that could be told, what they were read from, those that could not, and why; reasons and how they shift.

    `price` is the feature that tells who buys on price, with the value at or below which somebody does.
    `absent` says in words why a kind is not there, by its key.
    """

    rates: tuple[KindRate, ...] = ()
    price: tuple[str, float] | None = None
    absent: tuple[tuple[str, str], ...] = ()
    reasons: tuple[ReasonShifts, ...] = ()

    def rate(self, kind: str) -> KindRate | None:
        """That of one kind."""
        return next((each for each in self.rates if each.kind == kind), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "rates": [each.to_dict() for each in self.rates],
            "price": None if self.price is None else {"feature": self.price[0], "at_most": self.price[1]},
            "absent": dict(self.absent),
            "reasons": [each.to_dict() for each in self.reasons],
        }


def compared(
    kind: str,
    name: str,
    moments: Moments,
    of_kind: npt.NDArray[np.bool_],
    others: npt.NDArray[np.bool_],
    past: Mapping[str, Floats],
) -> KindRate | None:
    """Moments [n], those of the kind and the others, and their past buying, to a rate; None where either are too few.

    What past buying leads one to expect is learned from the others.
    """
    if not (is_enough(moments.chosen(of_kind)) and is_enough(moments.chosen(others))):
        return None
    exposure = Exposure({each: values[others] for each, values in past.items()}, moments.outcome[others])
    moments = replace(moments, forecast=exposure.forecast(past))
    alike = moments.chosen(others)
    chosen = moments.chosen(of_kind)
    matched = with_alike(chosen, alike)
    if not is_enough(chosen.chosen(matched)):
        return None
    group = np.zeros(int(matched.sum()), np.int64)
    rates = standardise(chosen.chosen(matched), group, (name,), alike).rates
    return KindRate(kind, rates[0], float(matched.mean()))


def is_enough(moments: Moments) -> bool:
    """Whether there are the customers and the outcomes that a sentence needs."""
    events = int(moments.outcome.sum())
    return (
        np.unique(moments.customer).size >= FEWEST_CUSTOMERS
        and min(events, moments.outcome.size - events) >= FEWEST_OF_EACH
    )


def lower_third(values: Floats) -> float | None:
    """Values [n] (NaN: not known) to the end of their lower third; None where that does not part them.

    >>> lower_third(np.array([0.0, 0.5, 1.0, np.nan]))
    0.3333333333333333
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    edge = float(np.quantile(known, LOWER_THIRD))
    return edge if edge < known.max() else None


def too_few(what: str) -> str:
    """Why a kind is not told where its columns are there."""
    return (
        f"{what}: fewer than {FEWEST_CUSTOMERS} customers, or than {FEWEST_OF_EACH} moments with and without a"
        " purchase after, among them or those they would be compared with"
    )


def absent_or(found: Sequence[tuple[str, KindRate | str]]) -> CustomerKinds:
    """What was found of each kind, a rate or why not; what is measurable allows for looking at all of them."""
    rates = _with_chance(tuple(each for _, each in found if isinstance(each, KindRate)))
    return CustomerKinds(rates, absent=tuple((kind, each) for kind, each in found if isinstance(each, str)))


def _with_chance(rates: tuple[KindRate, ...]) -> tuple[KindRate, ...]:
    """The rates, each told whether its difference is measurable among all of them (Benjamini & Hochberg 1995)."""
    if not rates:
        return ()
    gaps = [each.rate.difference for each in rates]
    chances = [2 * float(stats.norm.sf(abs(gap.value) / max(gap.error, 1e-12))) for gap in gaps]
    surely = stats.false_discovery_control(chances) <= FALSE_SHARE
    return tuple(replace(each, is_measurable=bool(sure)) for each, sure in zip(rates, surely, strict=True))
