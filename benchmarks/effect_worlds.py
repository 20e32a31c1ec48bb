"""Worlds in which customers are drawn into tests, or contacted for reasons seen or hidden, and what that truly changes.

Customers, satisfaction, seasons and the response to a contact are those of the simulated retailer. What a contact
changes for a customer is told from where they stood at that moment, hidden state included: many times, the days after
it are lived with the contact and without, by the same random numbers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from plan_worlds import REDUCED, World, purchases_of
from scipy.special import gammaincc, gammainccinv

from patron.simulator_customers import CONTACT, NOT_ELIGIBLE, Customers, draw_customers
from patron.simulator_days import Days, Orders, People
from patron.simulator_retailer import Campaign, Retailer

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

DAYS = 590
HORIZON = 28
OUTCOMES = ("repurchase", "purchases", "net spend")
_REPEATS = 24
"""How often the days after a contact are lived with it and without, to tell what it changes for one customer."""


@dataclass(frozen=True)
class Occasion:
    """A day on which customers are contacted: each of `arms` has an effect on the log hazard for the horizon.

    `weighed` says what makes a contact likelier, in standard deviations among the customers known; None where lots are
    drawn. `hidden` says that no evidence has it. Occasions of one name are one test.
    """

    name: str
    day: int
    arms: Mapping[str, float]
    weighed: "Callable[[Seen], Floats] | None" = None
    hidden: bool = False

    @property
    def drawn(self) -> bool:
        """Whether lots are drawn."""
        return self.weighed is None


@dataclass(frozen=True)
class Seen:
    """What customers [n] are like on the day of an occasion, evidence and hidden state."""

    people: People
    orders: pd.DataFrame
    today: pd.Timestamp

    def recency(self) -> Floats:
        """The log of days since the last order, unlike those long silent: a letter to win back."""
        last = self._by_customer(self.orders.groupby("customer_id")["purchased_at"].max())
        return np.log1p(np.asarray((self.today - last) / pd.Timedelta("1D"), np.float64))

    def habits(self) -> Floats:
        """What hardly changes from month to month: age as a customer, and how much is bought reduced."""
        grouped = self.orders.groupby("customer_id")
        age = (self.today - self._by_customer(grouped["purchased_at"].min())) / pd.Timedelta("1D")
        off = self._by_customer(grouped["discount"].sum() / grouped["amount"].sum())
        return np.asarray(standardised(np.log1p(age)) + standardised(off), np.float64)

    def rate(self) -> Floats:
        """Hidden: how often they would buy at neutral satisfaction."""
        return np.log(self.people.wish.sum(axis=1))

    def satisfaction(self) -> Floats:
        """Hidden: what satisfaction makes of that rate."""
        felt = self.people.effect * self.people.satisfaction - self.people.effect**2 / 2
        return np.log((self.people.wish * np.exp(felt)).sum(axis=1) / self.people.wish.sum(axis=1))

    def presence(self) -> Floats:
        """Hidden: whether they are still customers, or have left without a word."""
        return np.isfinite(self.people.due).astype(np.float64)

    def _by_customer(self, values: pd.Series) -> pd.Series:
        return values.reindex(range(len(self.people.customers)))


def standardised(values: Floats | pd.Series) -> Floats:
    """Values in standard deviations from their mean, unknown ones left out."""
    values = np.asarray(values, np.float64)
    return np.asarray((values - np.nanmean(values)) / np.nanstd(values))


def occasions(effect: float) -> tuple[Occasion, ...]:
    """One test drawn twice, one of several arms, and contacts for reasons seen and hidden; contacts work alike."""
    contact = {"contact": effect}
    return (
        Occasion("offer", 150, contact),
        Occasion("offer", 206, contact),
        Occasion("arms", 262, {"letter": effect / 2, "call": effect}),
        Occasion("by habits", 318, contact, Seen.habits),
        Occasion("by recency", 374, contact, Seen.recency),
        Occasion("by hidden rate", 430, contact, Seen.rate, hidden=True),
        Occasion("by hidden satisfaction", 486, contact, Seen.satisfaction, hidden=True),
        Occasion("by hidden presence", 542, contact, Seen.presence, hidden=True),
    )


@dataclass(frozen=True)
class Happened:
    """An occasion: who was known [n], which arm each got [n] ("": left alone), and with which chance where drawn.

    `truth` has for each arm what it changes in the horizon, as expected for each of the simulated customers [customers,
    outcomes].
    """

    occasion: Occasion
    who: Places
    arm: npt.NDArray[np.str_]
    chance: float
    truth: Mapping[str, Floats]


@dataclass(frozen=True)
class EffectWorld:
    """A retailer whose customers live through all occasions."""

    seed: int
    customers: int
    effect: float
    slope: float
    """Change of the log odds of a contact per standard deviation of what it is weighed by."""

    def lived(self) -> tuple[tuple[Happened, ...], Mapping[str, pd.DataFrame]]:
        """What happened, and the evidence of it."""
        days = self._begun()
        life = Orders.none(len(days.retailer.categories))
        happened, row = [], 0
        for occasion in occasions(self.effect):
            life = _after(life, days.until(occasion.day))
            happened.append(self._happens(days, life, occasion, row))
            row += len(occasion.arms)
        life = _after(life, days.until(DAYS))
        return tuple(happened), self._evidence(days, life, happened)

    def moment(self, day: int) -> pd.Timestamp:
        """The midnight that begins a day of the span."""
        return pd.Timestamp(self._retailer.observed_from) + pd.Timedelta(days=day)

    @property
    def _retailer(self) -> Retailer:
        campaigns = tuple(
            Campaign(arm, (each.day + 0.5) / DAYS, effect, HORIZON)
            for each in occasions(self.effect)
            for arm, effect in each.arms.items()
        )
        return Retailer(
            customers=self.customers,
            seed=self.seed,
            days=DAYS,
            campaigns=campaigns,
            guests=0.0,
            prospects=0.0,
        )

    def _begun(self) -> Days:
        """The first day, nobody contacted yet."""
        retailer = self._retailer
        people = draw_customers(retailer, 0)
        people = replace(people, arm=np.full_like(people.arm, NOT_ELIGIBLE))
        return Days(retailer, People(retailer, people, retailer.random(0, "days")))

    def _happens(self, days: Days, life: Orders, occasion: Occasion, row: int) -> Happened:
        """Contacts customers, from its day on, and says what that changes."""
        random = np.random.default_rng([self.seed, row, 2])
        who, names = np.unique(life.customer), list(occasion.arms)
        truth = {name: outlook(days, who, row + place, random) for place, name in enumerate(names)}
        chance = np.full((who.size, len(names) + 1), 1 / (len(names) + 1))
        if occasion.weighed is not None:
            orders = purchases_of(days.retailer, days.people.customers, life, occasion.day)
            seen = Seen(days.people, orders, self.moment(occasion.day))
            odds = -0.8 + self.slope * standardised(occasion.weighed(seen)[who])
            chance[:, 1] = 1 / (1 + np.exp(-odds))
            chance[:, 0] = 1 - chance[:, 1]
        place = (random.random((who.size, 1)) > np.cumsum(chance, axis=1)).sum(axis=1)
        arm = days.people.customers.arm.copy()
        for number in range(len(names)):
            arm[row + number, who[place == number + 1]] = CONTACT
        days.people.customers = replace(days.people.customers, arm=arm)
        return Happened(occasion, who, np.array(["", *names])[place], float(chance[0, 0]), truth)

    def _evidence(self, days: Days, life: Orders, happened: Sequence[Happened]) -> dict[str, pd.DataFrame]:
        drawn, contacts = [], []
        for each in happened:
            frame = pd.DataFrame({"customer_id": each.who, "arm": each.arm})
            at = self.moment(each.occasion.day)
            if each.occasion.drawn:
                frame["arm"] = frame["arm"].replace("", "hold out")
                drawn.append(frame.assign(test=each.occasion.name, assigned_at=at, probability=each.chance))
            else:
                contacted = frame[frame["arm"] != ""].drop(columns="arm")
                at += pd.Timedelta("9h")
                contacts.append(contacted.assign(activity=each.occasion.name, occurred_at=at))
        return {
            "purchases": purchases_of(days.retailer, days.people.customers, life, DAYS),
            "assignments": pd.concat(drawn).assign(control_arm="hold out"),
            "activities": pd.concat(contacts),
        }


def outlook(days: Days, who: Places, row: int, random: np.random.Generator) -> Floats:
    """What the contact of a campaign's row changes for these customers: the mean change of outcomes [customers, 3]."""
    seed = int(random.integers(1 << 32))
    many = np.repeat(who, _REPEATS)
    sums = []
    for contacted in (True, False):
        future = _repeated(days, many, seed)
        arm = future.people.customers.arm
        arm[row] = CONTACT if contacted else NOT_ELIGIBLE
        orders = future.until(days.day + HORIZON)
        price = np.array([each.price for each in days.retailer.categories])[orders.category]
        price = price * (1 - REDUCED * future.people.customers.discount_proneness[orders.customer])
        count = np.bincount(orders.customer, minlength=many.size)
        spend = np.bincount(orders.customer, price, many.size)
        sums.append(np.stack([count > 0, count, spend], axis=1).astype(np.float64))
    change = (sums[0] - sums[1]).reshape(who.size, _REPEATS, -1).mean(axis=1)
    found = np.full((len(days.people.customers), change.shape[1]), np.nan)
    found[who] = change
    return found


def lived_gain(world: World, plan: int, who: Places, *before: Places) -> Floats:
    """What a contact by a plan earns of customers [n], as expected from where each stood on the plan's day.

    Plans that were carried out `before` it contacted these.
    """
    people = People(world.retailer, world.in_plans(*before), world.retailer.random(0, "days"))
    days = Days(world.retailer, people)
    days.until(world.day(plan))
    change = outlook(days, who, plan, np.random.default_rng([world.seed, 3]))
    return world.margin * change[who, 2]


def _repeated(days: Days, who: Places, seed: int) -> Days:
    """These customers as they are now, each with a rest of the way to the next order of its own."""
    people = copy(days.people)
    people.customers = _those(days.people.customers, who)
    people.random = np.random.default_rng(seed)
    for name in ("satisfaction", "wish", "pull", "hazard", "clock", "due"):
        setattr(people, name, getattr(days.people, name)[who])
    waits = np.flatnonzero(np.isfinite(people.due) & (people.clock < people.due))
    shape, clock = people.customers.regularity[waits], people.clock[waits]
    later = people.random.random(waits.size) * gammaincc(shape, shape * clock)
    people.due[waits] = gammainccinv(shape, later) / shape
    return Days(days.retailer, people, days.day)


def _those(customers: Customers, who: Places) -> Customers:
    """The customers at some places, which may come several times."""
    by_row = ("weekday", "arm", "response")
    columns: Iterator[tuple[str, npt.NDArray[np.generic]]] = (
        (each.name, getattr(customers, each.name)) for each in fields(Customers)
    )
    return Customers(**{name: each[:, who] if name in by_row else each[who] for name, each in columns})


def _after(before: Orders, later: Orders) -> Orders:
    """Orders and those that followed; numbers within customers are not made anew."""
    return Orders(
        **{
            each.name: np.concatenate([getattr(before, each.name), getattr(later, each.name)])
            for each in fields(Orders)
        }
    )
