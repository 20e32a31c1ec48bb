"""Worlds in which a test is run, a plan is made of what it showed, and the plan is carried out; with the truth.

Customers, satisfaction, seasons and the response to an offer are those of the simulated retailer. Days before the plan
are the same whether it is carried out or not, as chance is asked only where an order happens.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from patron.simulator_customers import (
    BEFORE,
    CONTACT,
    CONTROL,
    NOT_ELIGIBLE,
    Customers,
    draw_customers,
    first_day,
)
from patron.simulator_days import Life, Orders, live, seasons
from patron.simulator_retailer import Campaign, Retailer

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

DAYS = 540
HORIZON = 28
REDUCED = 0.2
"""What an order costs less when it is bought reduced, which those prone to discounts do more often."""

_SPREAD = 0.4
_TEST, _PLAN = 0, 1


@dataclass(frozen=True)
class World:
    """A retailer's customers, who were drawn for an offer once; `margin` is what is earned of their spend.

    So many `plans` may follow, each as soon as the one before can be measured.
    """

    seed: int
    customers: int
    effect: float
    margin: float = 0.4
    plans: int = 1

    @cached_property
    def retailer(self) -> Retailer:
        """The retailer; the campaigns after the first are plans, whose arms come from outside."""
        offer = Campaign("offer", starts=0.6, effect=self.effect, effective_days=HORIZON)
        plans = (
            replace(offer, name="plan", starts=0.85 + (HORIZON + 1) * number / DAYS)
            for number in range(self.plans)
        )
        return Retailer(
            customers=self.customers,
            seed=self.seed,
            days=DAYS,
            campaigns=(offer, *plans),
            guests=0.0,
            prospects=0.0,
        )

    @cached_property
    def people(self) -> Customers:
        """Everybody, nobody in the plan yet."""
        drawn = draw_customers(self.retailer, 0)
        arm = drawn.arm.copy()
        arm[_PLAN:] = NOT_ELIGIBLE
        return replace(drawn, arm=arm)

    @cached_property
    def before(self) -> Life:
        """How it goes without a plan."""
        return live(self.retailer, self.people, self.retailer.random(0, "days"))

    def after(self, *contacted: Places) -> Life:
        """How it goes where the plans contact these customers, one plan after the other."""
        return live(self.retailer, self.in_plans(*contacted), self.retailer.random(0, "days"))

    def in_plans(self, *contacted: Places) -> Customers:
        """Everybody, these customers contacted by one plan after the other."""
        arm = self.people.arm.copy()
        for plan, who in enumerate(contacted):
            arm[_PLAN + plan, who] = CONTACT
        return replace(self.people, arm=arm)

    def day(self, campaign: int) -> int:
        """The day on which the test (0) or a plan (1, 2, …) is drawn."""
        return first_day(self.retailer.campaigns[campaign], self.retailer)

    def moment(self, day: int) -> pd.Timestamp:
        """The midnight that begins a day of the span."""
        return pd.Timestamp(self.retailer.observed_from) + pd.Timedelta(days=day)

    def purchases(self, life: Life, until: int) -> pd.DataFrame:
        """The orders before a day; what each costs depends on customer and day alone."""
        return purchases_of(self.retailer, self.people, life.orders, until)

    def test(self) -> pd.DataFrame:
        """Who was drawn to which arm of the first offer."""
        arm = self.people.arm[_TEST]
        drawn = np.flatnonzero(arm != NOT_ELIGIBLE)
        return pd.DataFrame(
            {
                "customer_id": drawn,
                "test": "offer",
                "arm": np.where(arm[drawn] == CONTROL, "hold out", "contact"),
                "assigned_at": self.moment(self.day(_TEST)),
                "probability": 0.5,
                "control_arm": "hold out",
            }
        )

    def worth(self, campaign: int, life: Life | None = None) -> Floats:
        """What the offer adds to each customer's margin in the horizon [n], from all that nobody can know.

        Where an earlier plan was carried out `life` is what it made of them.

        Extra orders are the extra hazard of the days on which the customer is there; what an order brings follows from
        tastes, prices and how often it is reduced. The offer's effect on satisfaction is left out.
        """
        people, retailer, day = self.people, self.retailer, self.day(campaign)
        satisfaction = people.first.copy()
        orders = (life or self.before).orders
        earlier = np.flatnonzero(orders.day < day)
        satisfaction[orders.customer[earlier], orders.category[earlier]] = orders.satisfaction[earlier]
        drifted = (people.drifts < day)[:, None]
        rate = people.rate * np.where(drifted[:, 0], people.drift_factor, 1.0)
        wish = rate[:, None] * np.where(drifted, people.later_preference, people.preference)
        effect = np.array([each.effect for each in retailer.categories])
        pull = wish * np.exp(effect * satisfaction - effect**2 / 2)
        spend = pull @ np.array([each.price for each in retailer.categories])
        spend = spend * (1 - REDUCED * people.discount_proneness)
        days = np.arange(day, day + HORIZON)
        pace = (
            seasons(retailer)[days][:, None] * people.weekday[(retailer.observed_from.weekday() + days) % 7]
        )
        there = (people.starts[None, :] < days[:, None]) & (people.leaves[None, :] > days[:, None])
        started = (people.starts == BEFORE) | (people.starts < day)
        return np.asarray(
            self.margin * spend * (pace * there).sum(axis=0) * started * np.expm1(people.response[campaign])
        )


def purchases_of(retailer: Retailer, people: Customers, orders: Orders, until: int) -> pd.DataFrame:
    """The orders before a day as evidence, customers by their place; what each costs depends on who and when alone."""
    random, shape = np.random.default_rng([retailer.seed, 1]), (len(people), retailer.days)
    noise, luck = random.normal(size=shape), random.random(shape)
    known = orders.day < until
    who, day, category = orders.customer[known], orders.day[known], orders.category[known]
    price = np.array([each.price for each in retailer.categories])[category]
    full = price * np.exp(_SPREAD * noise[who, day] - _SPREAD**2 / 2)
    off = np.where(luck[who, day] < people.discount_proneness[who], REDUCED, 0.0) * full
    names = np.array([each.name for each in retailer.categories])
    return pd.DataFrame(
        {
            "customer_id": who,
            "purchased_at": pd.Timestamp(retailer.observed_from)
            + pd.to_timedelta(day, "D")
            + pd.Timedelta("12h"),
            "amount": np.round(full - off, 2),
            "discount": np.round(off, 2),
            "category": names[category],
        }
    )
