"""People whom a simulated retailer knows before they buy: how they came, what reaches them, and who buys at last.

What happens between becoming known and the first purchase does not depend on the calendar. It is therefore lived
through by a pool of people from day 0 of their own on, and then laid into the span: those who buy so that they buy
on the day on which a new customer starts, those who have not bought by the end of the span at a random day.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from .simulator_clock import HOUR, MINUTE, Clock, recorded, times
from .simulator_customers import BEFORE, Customers, Flags, Floats, Ints
from .simulator_purchases import labels
from .simulator_retailer import Retailer

ACQUIRED = ("search", "advertisement", "shop", "marketplace", "referral")
REFERRAL = ACQUIRED.index("referral")
AGE_GROUPS = ("18-29", "30-44", "45-59", "60+")

PATIENCE_DAYS = 365
"""Whoever has not bought so long after becoming known never does."""
HALF_LIFE_DAYS = 120
"""How fast interest wanes."""
HAZARD = 0.012
"""Chance of the first purchase on a day just after becoming known, where no effect adds to it."""
SOURCE_EFFECT = (0.3, -0.7, 0.5, -0.2, 0.8)
AGE_EFFECT = (0.3, 0.1, -0.1, -0.4)
INVITATION_EFFECT, INVITATION_DAYS = 0.9, 14
MENTION_EFFECT, MENTION_DAYS = 0.8, 21
_INVITATIONS_PER_DAY = 1 / 40
_MENTIONS_PER_DAY = 1 / 150
_SOURCES = (0.3, 0.3, 0.15, 0.15, 0.1)
_AGES = (0.2, 0.35, 0.3, 0.15)
_NEVER = PATIENCE_DAYS


@dataclass(frozen=True)
class Prospects:
    """The p people of a chunk who were known some time before they bought, or have not bought at all.

    who: index into the chunk. since: day on which they became known; below zero before the span. source, age: codes
    in ACQUIRED and AGE_GROUPS. referrer: index of the customer who sent them, or -1. invited, mentioned: the days of
    invitations and of what they said in public [row of `who`, day], before they bought.
    """

    who: Ints
    since: Ints
    source: Ints
    age: Ints
    referrer: Ints
    invited: tuple[Ints, Ints]
    mentioned: tuple[Ints, Ints]

    def referrals(self, customers: Customers, clock: Clock, random: Generator) -> pa.Table:
        """Rows of the evidence table `referrals`: the day on which they became known."""
        row = np.flatnonzero((self.referrer >= 0) & (self.since >= 0))
        row = row[np.argsort(self.since[row], kind="stable")]
        at = clock.at(self.since[row], 6.0)
        known = recorded(at, 0.05, random)
        row, at, known = (values[clock.past(known)] for values in (row, at, known))
        return pa.table(
            {
                "customer_id": customers.ids[self.who[row]],
                "referrer_id": customers.ids[self.referrer[row]],
                "referred_at": times(at),
                "recorded_at": times(known),
            }
        )

    def mentions(
        self, customers: Customers, clock: Clock, networks: tuple[str, ...], random: Generator
    ) -> pa.Table:
        """Rows of the evidence table `mentions`."""
        row, day = self.mentioned
        at = clock.at(day, 0.0) + random.integers(7 * 60, 23 * 60, row.size) * MINUTE
        known = recorded(at, 0.25, random)
        order = np.lexsort((row, at))
        order = order[clock.past(known[order])]
        size = row.size
        columns = {
            "customer_id": customers.ids[self.who[row]],
            "mentioned_at": times(at),
            "network": labels(networks, random.integers(0, len(networks), size)),
            "sentiment": np.round(np.tanh(random.normal(0.3, 0.5, size)), 2),
            "reach": np.round(random.lognormal(5, 1.2, size)),
            "recorded_at": times(known),
        }
        return pa.table(columns).take(pa.array(order))

    def registered(self, clock: Clock) -> Ints:
        """When they came into the profile [p]."""
        return clock.at(self.since, 6.0) + HOUR


@dataclass(frozen=True)
class _Pool:
    """People in days of their own: day of the first purchase, or _NEVER; invited, mentioned: flags [day, person]."""

    source: Ints
    age: Ints
    buys: Ints
    invited: Flags
    mentioned: Flags


def draw_prospects(retailer: Retailer, chunk: int, customers: Customers) -> Prospects:
    """Who of a chunk was known before the first purchase, those who never bought among them."""
    random = retailer.random(chunk, "prospects")
    days, starts = retailer.days, customers.starts
    new = (starts >= 0) & (starts < days) & ~customers.guest & (customers.referrer < 0)
    bought = np.flatnonzero(new & (random.random(len(customers)) < retailer.interested))
    waits = np.flatnonzero(starts == days)
    pool = _live(2_000 + 2 * (bought.size + waits.size), random)
    buyers = np.flatnonzero(pool.buys < _NEVER)
    entered = random.integers(-PATIENCE_DAYS, days, pool.buys.size)
    silent = np.flatnonzero((pool.buys == _NEVER) | (entered + pool.buys >= days))
    taken = np.r_[np.resize(buyers, bought.size), np.resize(silent, waits.size)].astype(np.int64)
    since = np.r_[starts[bought] - pool.buys[taken[: bought.size]], entered[taken[bought.size :]]]
    return Prospects(
        who=np.r_[bought, waits],
        since=since,
        source=pool.source[taken],
        age=pool.age[taken],
        referrer=_referrers(customers, pool.source[taken] == REFERRAL, random),
        invited=_laid(pool.invited, taken, since, days),
        mentioned=_laid(pool.mentioned, taken, since, days),
    )


def hazards(source: Ints, age: Ints, day: int, invited: Flags, mentioned: Flags) -> Floats:
    """Chance of the first purchase so many days after becoming known [n].

    `invited` and `mentioned` say who was invited or spoke within the days for which that has an effect.
    """
    effect = np.array(SOURCE_EFFECT)[source] + np.array(AGE_EFFECT)[age]
    effect = effect + INVITATION_EFFECT * invited + MENTION_EFFECT * mentioned
    return np.asarray(np.minimum(HAZARD * 0.5 ** (day / HALF_LIFE_DAYS) * np.exp(effect), 1.0))


def first_purchase() -> dict[str, Any]:
    """What was planted, as plain data; effects are changes of the log hazard."""
    return {
        "hazard_per_day": HAZARD,
        "half_life_days": HALF_LIFE_DAYS,
        "patience_days": PATIENCE_DAYS,
        "effect_of_source": dict(zip(ACQUIRED, SOURCE_EFFECT, strict=True)),
        "effect_of_age_group": dict(zip(AGE_GROUPS, AGE_EFFECT, strict=True)),
        "effect_of_invitation": INVITATION_EFFECT,
        "invitation_days": INVITATION_DAYS,
        "effect_of_mention": MENTION_EFFECT,
        "mention_days": MENTION_DAYS,
    }


def _live(size: int, random: Generator) -> _Pool:
    """So many people from becoming known until they buy or lose their patience."""
    source = random.choice(len(_SOURCES), size, p=_SOURCES)
    age = random.choice(len(_AGES), size, p=_AGES)
    invited = random.random((PATIENCE_DAYS, size), np.float32) < _INVITATIONS_PER_DAY
    mentioned = random.random((PATIENCE_DAYS, size), np.float32) < _MENTIONS_PER_DAY
    buys = np.full(size, _NEVER)
    for day in range(1, PATIENCE_DAYS):
        chance = hazards(
            source, age, day, _lately(invited, day, INVITATION_DAYS), _lately(mentioned, day, MENTION_DAYS)
        )
        buys[(random.random(size) < chance) & (buys == _NEVER)] = day
    return _Pool(source, age, buys, _before(invited, buys), _before(mentioned, buys))


def _lately(happens: Flags, day: int, window: int) -> Flags:
    """To whom it happened within the days before a day."""
    return np.asarray(happens[max(day - window, 0) : day].any(axis=0))


def _before(happens: Flags, buys: Ints) -> Flags:
    """What happens before the first purchase."""
    return np.asarray(happens & (np.arange(len(happens))[:, None] < buys))


def _laid(happens: Flags, taken: Ints, since: Ints, days: int) -> tuple[Ints, Ints]:
    """Rows and days of the span on which it happens to the people taken from the pool."""
    row, own_day = np.nonzero(happens.T[taken])
    day = since[row] + own_day
    inside = (day >= 0) & (day < days)
    return row[inside], day[inside]


def _referrers(customers: Customers, was_referred: Flags, random: Generator) -> Ints:
    """Who sent them [p], one of those who were customers before the span; -1 where nobody did."""
    known = np.flatnonzero((customers.starts == BEFORE) & ~customers.guest)
    if not known.size:
        return np.full(was_referred.size, -1, np.int64)
    return np.where(was_referred, known[random.integers(0, known.size, was_referred.size)], -1)
