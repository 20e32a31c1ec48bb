"""The days of a simulated retailer: who orders when, and how each order changes satisfaction.

Every customer has an operational clock that runs at their purchase hazard; an order falls due when the clock has run
a gamma-distributed stretch. With constant hazard the gaps are Erlang; season, satisfaction and campaigns speed the
clock up or slow it down. Random numbers are drawn only where an order happens, so a day costs little.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .simulator_customers import BEFORE, CONTACT, Customers, Flags, Floats, Ints, first_day
from .simulator_retailer import Retailer

_LEARNING = 0.3
"""Weight of the newest experience in satisfaction."""
_FAILURES = 0.05
"""Share of orders that go wrong."""
_AMENDS = _FAILURES * 2 * (0.8 + 0.4 / _LEARNING)
"""What the other orders are better by, so that satisfaction does not sink the more a customer buys."""
_LIMIT = 3.0
"""Satisfaction stays within this of neutral."""


@dataclass(frozen=True)
class Orders:
    """The m orders of a chunk, day by day.

    customer: index into the chunk. number: 0 for the customer's first in the span. category: what it was mainly
    about. pull: purchase hazard by category when ordering [m, categories]. surprise: experienced quality less
    satisfaction before. severity: of the failure, 0 where nothing went wrong. satisfaction: with the category, after.
    """

    customer: Ints
    day: Ints
    number: Ints
    category: Ints
    pull: Floats
    surprise: Floats
    severity: Ints
    satisfaction: Floats

    def __len__(self) -> int:
        return len(self.customer)

    @classmethod
    def none(cls, categories: int) -> "Orders":
        """No orders."""
        whole, pull = np.empty(0, np.int64), np.empty((0, categories))
        return cls(whole, whole, whole, whole, pull, np.empty(0), whole, np.empty(0))


@dataclass(frozen=True)
class Life:
    """What the days leave behind: the orders, and satisfaction at the end [n, categories]."""

    orders: Orders
    satisfaction: Floats


def live(retailer: Retailer, customers: Customers, random: Generator) -> Life:
    """All days of the span for the customers of a chunk."""
    days = Days(retailer, People(retailer, customers, random))
    orders = days.until(retailer.days)
    return Life(orders, days.people.satisfaction)


class Days:
    """The days of the span, gone through as far as is asked; what people do until then knows nothing of later days.

    In between, `people.customers` may be replaced by the same with other arms of campaigns that have yet to start.
    """

    def __init__(self, retailer: Retailer, people: "People", day: int = 0) -> None:
        self.retailer = retailer
        self.people = people
        self.day = day

    def until(self, day: int) -> Orders:
        """The orders from where the days stand to before a day of the span."""
        people, customers, retailer = self.people, self.people.customers, self.retailer
        season = seasons(retailer)
        boosts = _boosts(retailer, customers)
        starts, drifts, leaves = (
            _by_day(days, retailer.days) for days in (customers.starts, customers.drifts, customers.leaves)
        )
        first_weekday = retailer.observed_from.weekday()
        happened = [Orders.none(len(retailer.categories))]
        for today in range(self.day, day):
            people.begin(starts[today])
            people.drift(drifts[today])
            people.leave(leaves[today])
            factor = season[today] * customers.weekday[(first_weekday + today) % 7]
            happened.append(people.spend(today, factor, boosts))
        self.day = day
        return _joined(happened)


def seasons(retailer: Retailer) -> Floats:
    """Factor of the hazard on each day of the span: quiet Sundays, busy Saturdays, a peak before Christmas."""
    weekly = np.array([0.90, 0.92, 0.95, 1.02, 1.20, 1.35, 0.66])
    days = np.datetime64(retailer.observed_from, "D") + np.arange(retailer.days)
    weekday = (days.astype("int64") + 3) % 7
    of_year = (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype("int64")
    summer_dip = 1 - 0.12 * np.cos((of_year - 15) / 365 * 2 * np.pi + np.pi)
    christmas = 0.6 * np.exp(-0.5 * ((of_year - 345) / 9) ** 2)
    return np.asarray(weekly[weekday] * (summer_dip + christmas), dtype=np.float64)


class People:
    """The changing state of a chunk's customers."""

    def __init__(self, retailer: Retailer, customers: Customers, random: Generator) -> None:
        self.customers = customers
        self.random = random
        self.effect = np.array([category.effect for category in retailer.categories])
        self.satisfaction = customers.first.copy()
        self.wish = customers.rate[:, None] * customers.preference
        self.pull = np.zeros_like(self.wish)
        self.hazard = np.zeros(len(customers))
        self.clock = np.zeros(len(customers))
        self.due = np.full(len(customers), np.inf)
        known = np.flatnonzero(customers.starts == BEFORE)
        self.begin(known)
        self.clock[known] *= random.random(known.size)

    def begin(self, who: Ints) -> None:
        """New customers: their first order is due at once."""
        self.feel(who)
        self.due[who] = self.stretch(who)
        self.clock[who] = self.due[who]

    def drift(self, who: Ints) -> None:
        """Other rates and other tastes."""
        factor = self.customers.rate[who] * self.customers.drift_factor[who]
        self.wish[who] = factor[:, None] * self.customers.later_preference[who]
        alive = who[np.isfinite(self.due[who])]
        self.feel(alive)

    def leave(self, who: Ints) -> None:
        """No orders any more."""
        self.hazard[who] = 0.0
        self.due[who] = np.inf

    def feel(self, who: Ints) -> None:
        """Satisfaction multiplies the hazard by category; the square keeps the average hazard where it was."""
        log_factor = self.effect * self.satisfaction[who] - self.effect**2 / 2
        self.pull[who] = self.wish[who] * np.exp(log_factor)
        self.hazard[who] = self.pull[who].sum(axis=1)

    def stretch(self, who: Ints) -> Floats:
        """Operational time until the next order: mean one, the more regular the customer the less spread."""
        shape = self.customers.regularity[who]
        return self.random.gamma(shape) / shape

    def spend(self, day: int, factor: Floats, boosts: list[tuple[int, int, Floats]]) -> Orders:
        """One day: clocks run, and who is due orders (once a day at most)."""
        self.clock += self.hazard * factor
        for first, last, boost in boosts:
            if first <= day < last:
                self.clock += self.hazard * factor * boost
        return self.order(day, np.flatnonzero(self.clock >= self.due))

    def order(self, day: int, who: Ints) -> Orders:
        """The orders of a day, and what they do to satisfaction."""
        self.clock[who] -= self.due[who]
        self.due[who] = self.stretch(who)
        pull = self.pull[who]
        category = pick(pull, self.random)
        before = self.satisfaction[who, category]
        quality = self.customers.base[who, category] + self.random.normal(_AMENDS, 1, who.size)
        severity = np.where(self.random.random(who.size) < _FAILURES, self.random.integers(1, 4, who.size), 0)
        surprise = quality - 0.8 * severity - before
        after = np.clip(before + _LEARNING * surprise - 0.4 * severity, -_LIMIT, _LIMIT)
        self.satisfaction[who, category] = after
        self.feel(who)
        days = np.full(who.size, day, dtype=np.int64)
        return Orders(who, days, np.zeros_like(days), category, pull, surprise, severity, after)


def pick(pull: Floats, random: Generator) -> Ints:
    """One column for each row of pull [m, k], with chances in proportion to it."""
    upto = pull.cumsum(axis=1)
    drawn = random.random(len(pull)) * upto[:, -1]
    column = np.asarray((upto <= drawn[:, None]).sum(axis=1), dtype=np.int64)
    return np.asarray(np.minimum(column, pull.shape[1] - 1))


def _boosts(retailer: Retailer, customers: Customers) -> list[tuple[int, int, Floats]]:
    """First day, day after the last, and what each campaign adds to the hazard of its contacted customers."""
    boosts = []
    for row, campaign in enumerate(retailer.campaigns):
        contacted: Flags = customers.arm[row] == CONTACT
        added = np.where(contacted, np.expm1(customers.response[row]), 0.0)
        start = first_day(campaign, retailer)
        boosts.append((start, start + campaign.effective_days, added))
    return boosts


def _by_day(day: Ints, days: int) -> list[Ints]:
    """For each day of the span the customers whose day it is."""
    order = np.argsort(day, kind="stable")
    edges = np.searchsorted(day[order], np.arange(days + 1))
    return [order[edges[d] : edges[d + 1]] for d in range(days)]


def _joined(parts: list[Orders]) -> Orders:
    """All orders in one, numbered per customer."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in (field.name for field in fields(Orders))
    }
    columns["number"] = _numbered(columns["customer"])
    return Orders(**columns)


def _numbered(customer: NDArray[np.int64]) -> Ints:
    """0, 1, 2, … within each customer, in the order of the rows."""
    order = np.argsort(customer, kind="stable")
    ordered = customer[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if ordered.size else ordered
    number = np.empty(len(customer), dtype=np.int64)
    lengths = np.diff(np.r_[begins, ordered.size])
    number[order] = np.arange(ordered.size) - np.repeat(begins, lengths)
    return number
