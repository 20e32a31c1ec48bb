"""How many customers change their loyalty type, beside how many would if nothing but chance were at work.

Behaviour: had a customer's rate of orders stayed what it was, the orders of both windows together would be spread over
the stretches (before, shared, after) by their lengths alone. Given their number that is a multinomial, whatever the
rate, so that no rate has to be guessed. Customers whose orders come in bursts vary more: with a dispersion above 1, as
of a negative binomial whose variance grows with its mean, the split is Dirichlet-multinomial. The dispersion is the
mean square of second differences of three neighbouring months over what chance would give, which a steady trend does
not move. Below 1 it counts as 1: regular buyers then seem to have more noise than they have, and less movement is said.

Attitude: two answers of a customer that lie close together differ by noise. How often they fall on different sides is
what noise alone gives; what truly changed even between them makes it too large, and again less movement is said.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .intervals import Estimate
from .loyalty import LOYALTY_TYPES, Floats, types_of

Integers = npt.NDArray[np.int64]

DRAWS = 200
"""Times that the customers are drawn anew with nothing but noise."""

FEWEST_MOVING = 200
"""Customers that must be on the map at both moments."""

FEWEST_RETESTS = 50
"""Pairs of answers close together that tell how noisy a score is."""

CLOSEST = 0.25
"""Of the pairs of neighbouring answers, this share with the shortest time between counts as close together."""


@dataclass(frozen=True, eq=False)
class Moving:
    """Customers [n] at two moments: orders in each window and in the time since, and attitude (1, 0, NaN: unknown).

    `answered` are those who gave an answer in between. `months` are their orders in the last three months, [n, 3].
    """

    earlier: Floats
    later: Floats
    since: Floats
    attitude_earlier: Floats
    attitude_later: Floats
    answered: npt.NDArray[np.bool_]
    months: Floats

    def chosen(self, rows: npt.NDArray[np.bool_]) -> "Moving":
        """Some of them."""
        return Moving(**{name: values[rows] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Change:
    """The share of customers who changed, with what noise alone would give: its mean and 95 % of draws."""

    what: str
    customers: int
    observed: float
    noise: Estimate

    @property
    def is_more(self) -> bool:
        """Whether more changed than noise explains."""
        return self.observed > self.noise.high

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "what": self.what,
            "customers": self.customers,
            "observed": self.observed,
            "noise": self.noise.to_dict(),
            "is_more": self.is_more,
        }


@dataclass(frozen=True)
class Movement:
    """What changed between two moments (ISO days), axis by axis and in type, and the transitions.

    `transitions` counts customers by type before (rows) and after (columns), as `LOYALTY_TYPES`; `expected` is the same
    under noise alone, on average, None where it cannot be told for attitudes. `dispersion` is that of order counts.
    """

    earlier: str
    later: str
    changes: tuple[Change, ...]
    transitions: tuple[tuple[int, ...], ...]
    expected: tuple[tuple[float, ...], ...] | None
    dispersion: float
    retests: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "earlier": self.earlier,
            "later": self.later,
            "types": list(LOYALTY_TYPES),
            "changes": [each.to_dict() for each in self.changes],
            "transitions": [list(each) for each in self.transitions],
            "expected": None if self.expected is None else [list(each) for each in self.expected],
            "dispersion": self.dispersion,
            "retests": self.retests,
        }


def movement(
    moving: Moving,
    retests: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]],
    orders: float,
    days: tuple[int, int],
    moments: tuple[str, str],
    seed: int,
) -> Movement | None:
    """Customers at two moments to what changed; None where fewer than `FEWEST_MOVING` had an order at all.

    `retests` are the sides of pairs of answers close together, `orders` is the threshold of buying often, `days` are
    those of the window and of the time between the moments, which is not longer.
    """
    stretches = _stretches(moving)
    moving, stretches = moving.chosen(stretches.sum(axis=1) > 0), stretches[stretches.sum(axis=1) > 0]
    if len(stretches) < FEWEST_MOVING:
        return None
    window, between = days
    shares = np.array([between, window - between, between]) / (window + between)
    random = np.random.default_rng(seed)
    known = np.isfinite(moving.attitude_earlier) & np.isfinite(moving.attitude_later)
    told = retests[0].size >= FEWEST_RETESTS and int(known.sum()) >= FEWEST_MOVING
    seen = (moving.earlier >= orders, moving.later >= orders, moving.attitude_later)
    observed = _changed(seen, moving.attitude_earlier, known)
    draws, tables = [], []
    for _ in range(DRAWS):
        spread = dispersion(moving.months, random)
        often = _drawn_behaviour(stretches, shares, spread, orders, random)
        attitude = _drawn_attitude(moving, retests, random) if told else moving.attitude_later
        draws.append(_changed((*often, attitude), moving.attitude_earlier, known))
        tables.append(_table((*often, attitude), moving.attitude_earlier))
    noise = np.array(draws)
    sizes = (len(stretches), int(known.sum()), int(known.sum()))
    changes = [
        Change(
            what, sizes[place], float(observed[place]), Estimate.of(noise[:, place].mean(), noise[:, place])
        )
        for place, what in enumerate(("behaviour", "attitude", "type"))
        if place == 0 or told
    ]
    counted = _table(seen, moving.attitude_earlier)
    return Movement(
        *moments,
        tuple(changes),
        tuple(tuple(int(each) for each in row) for row in counted),
        tuple(tuple(row) for row in np.mean(tables, axis=0).round(1).tolist()) if told else None,
        dispersion(moving.months),
        int(retests[0].size),
    )


Drawn = tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], Floats]


def _stretches(moving: Moving) -> Integers:
    """Orders before the shared time, in it, and after the earlier moment; int64[n, 3]."""
    shared = np.maximum(moving.later - moving.since, 0)
    return np.stack([np.maximum(moving.earlier - shared, 0), shared, moving.since], axis=1).astype(np.int64)


def _changed(drawn: Drawn, attitude: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Shares that changed in behaviour, and among those whose attitude is known twice in attitude and in type."""
    before, after, later = drawn
    behaviour = before != after
    if not known.any():
        return np.array([behaviour.mean(), np.nan, np.nan])
    opinion = attitude[known] != later[known]
    return np.array([behaviour.mean(), opinion.mean(), (opinion | behaviour[known]).mean()])


def _table(drawn: Drawn, attitude: Floats) -> Integers:
    """Customers by type before and after; int64[6, 6]."""
    before, after, later = drawn
    count = len(LOYALTY_TYPES)
    place = types_of(before, attitude) * count + types_of(after, later)
    return np.bincount(place, minlength=count * count).reshape(count, count)


def _drawn_behaviour(
    stretches: Integers, shares: Floats, spread: float, orders: float, random: np.random.Generator
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Who buys often at both moments, the orders of each customer spread anew; bool[n] twice."""
    total = stretches.sum(axis=1)
    chances = np.broadcast_to(shares, stretches.shape)
    if spread > 1.0:
        weight = random.gamma(np.maximum(total[:, None] / (spread - 1.0) * shares, 1e-9))
        chances = (weight + 1e-12 * shares) / (weight + 1e-12 * shares).sum(axis=1, keepdims=True)
    drawn = random.multinomial(total, chances)
    return drawn[:, :2].sum(axis=1) >= orders, drawn[:, 1:].sum(axis=1) >= orders


def _drawn_attitude(
    moving: Moving, retests: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], random: np.random.Generator
) -> Floats:
    """Attitudes at the later moment [n], those who answered in between drawn as noise alone would have them."""
    first, second = retests
    drawn = random.integers(0, first.size, first.size)  # how often sides differ is itself not known for sure
    first, second = first[drawn], second[drawn]
    differ = int((first != second).sum())
    flips = [differ / max(differ + 2 * int(((first == side) & (second == side)).sum()), 1) for side in (0, 1)]
    attitude = moving.attitude_earlier
    chance = np.where(attitude == 1.0, flips[1], flips[0])
    turned = moving.answered & (random.random(attitude.size) < chance)
    same = np.where(turned, 1.0 - attitude, attitude)
    return np.where(np.isnan(moving.attitude_later) | np.isnan(attitude), moving.attitude_later, same)


def dispersion(months: Floats, random: np.random.Generator | None = None) -> float:
    """Orders of three neighbouring months [n, 3] to their variance over their mean, at least 1; see the module.

    With `random`, of customers drawn anew. 1 where nothing is known.
    """
    known = months[np.isfinite(months).all(axis=1)]
    if not len(known):
        return 1.0
    if random is not None:
        known = known[random.integers(0, len(known), len(known))]
    square = (known @ np.array([1.0, -2.0, 1.0])) ** 2
    chance = float((known @ np.array([1.0, 4.0, 1.0])).sum())
    return max(1.0, float(square.sum()) / chance) if chance > 0 else 1.0


def close_pairs(
    customer: Integers, moment: Integers, satisfied: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Answers [n], by customer and then moment, to the sides of neighbouring ones that lie closest together [k]."""
    same = customer[1:] == customer[:-1]
    gap = (moment[1:] - moment[:-1])[same]
    if not gap.size:
        return np.empty(0, np.bool_), np.empty(0, np.bool_)
    close = gap <= np.quantile(gap, CLOSEST)
    return satisfied[:-1][same][close], satisfied[1:][same][close]
