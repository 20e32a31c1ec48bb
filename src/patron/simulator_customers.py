"""Who the customers of a simulated retailer are, before anything happens."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .simulator_retailer import Campaign, Retailer

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FIRST_ID = 1_000_001
ALIAS_OFFSET = 500_000_000
BEFORE = -1
"""The start day of those who were customers before the span."""
NOT_ELIGIBLE, CONTROL, CONTACT = -1, 0, 1


@dataclass(frozen=True)
class Customers:
    """The traits of the n customers of a chunk. Days count from the first day of the span; `days` means never.

    rate: orders per day at neutral satisfaction. regularity: Erlang shape of the gaps between orders.
    preference, later_preference: share of wishes by category [n, categories], before and from `drifts` on.
    base: the satisfaction by category that experiences scatter around; first: where it stands at the start.
    weekday: factor of the hazard [7, n]. arm, response: of each campaign [campaigns, n]; response is the change of
    the log hazard while contacted. referrer: index of the customer who brought this one, or -1.
    """

    ids: Ints
    starts: Ints
    leaves: Ints
    drifts: Ints
    drift_factor: Floats
    rate: Floats
    regularity: Ints
    preference: Floats
    later_preference: Floats
    base: Floats
    first: Floats
    weekday: Floats
    hour: Floats
    discount_proneness: Floats
    web: Floats
    guest: Flags
    registers_at: Ints
    opts_out: Ints
    arm: Ints
    response: Floats
    referrer: Ints
    referred: Ints

    def __len__(self) -> int:
        return len(self.ids)


def draw_customers(retailer: Retailer, chunk: int) -> Customers:
    """The customers of one chunk."""
    random = retailer.random(chunk, "customers")
    n, days, categories = retailer.size(chunk), retailer.days, len(retailer.categories)
    starts = _starts(retailer, n, random)
    guest = (starts < days) & (random.random(n) < retailer.guests)
    referrer, referred = _referrals(starts, guest, days, random)
    arrives = np.maximum(starts, 0)
    leaves = np.minimum(arrives + _lifetime(referrer >= 0, random), days)
    drifts = _at_some_time(arrives, days, random.random(n) < retailer.drifting, random)
    opts_out = _at_some_time(arrives, days, random.random(n) < 0.08, random)
    preference = _preference(retailer, n, random)
    drifted = (drifts < days)[:, None]
    proneness = random.beta(0.7, 2.0, n)
    base = random.normal(0, 0.85, (n, categories))
    return Customers(
        ids=FIRST_ID + chunk * retailer.chunk_customers + np.arange(n, dtype=np.int64),
        starts=starts,
        leaves=leaves,
        drifts=drifts,
        drift_factor=np.where(drifts < days, np.exp(random.normal(-0.2, 0.6, n)), 1.0),
        rate=random.gamma(1.2, retailer.orders_per_year / 365 / 1.2, n),
        regularity=random.choice(np.array([1, 2, 4], dtype=np.int64), n, p=[0.5, 0.3, 0.2]),
        preference=preference,
        later_preference=np.where(drifted, _preference(retailer, n, random), preference),
        base=base,
        first=base + random.normal(0, 0.35, (n, categories)),
        weekday=_weekday_habit(n, random),
        hour=np.clip(random.normal(14.5, 3.5, n), 8, 21),
        discount_proneness=proneness,
        web=random.beta(1.2, 1.0, n),
        guest=guest,
        registers_at=1 + random.geometric(0.6, n).astype(np.int64),
        opts_out=opts_out,
        arm=_arms(retailer, starts, guest, opts_out, random),
        response=np.array([_response(campaign, proneness) for campaign in retailer.campaigns]).reshape(-1, n),
        referrer=referrer,
        referred=referred,
    )


def _starts(retailer: Retailer, n: int, random: Generator) -> Ints:
    """Day of the first purchase: BEFORE, a day of the span, or `days` for prospects."""
    kind = random.random(n)
    new = random.integers(0, retailer.days, n)
    before = retailer.prospects + (1 - retailer.prospects) * retailer.already_customers
    return np.where(kind < retailer.prospects, retailer.days, np.where(kind < before, BEFORE, new))


def _referrals(starts: Ints, guest: Flags, days: int, random: Generator) -> tuple[Ints, Ints]:
    """Who brought whom (index or -1), and on which day: some of the new, by somebody who came before them."""
    n = len(starts)
    order = np.argsort(starts, kind="stable")
    earlier = np.searchsorted(starts[order], starts, side="left")
    chosen = order[(random.random(n) * np.maximum(earlier, 1)).astype(np.int64)]
    invited = (starts > 0) & (starts < days) & ~guest & ~guest[chosen] & (earlier > 0)
    invited &= random.random(n) < 0.08
    referred = np.maximum(starts - random.integers(0, 10, n), starts[chosen] + 1)
    invited &= referred <= starts
    return np.where(invited, chosen, -1), np.where(invited, referred, days)


def _lifetime(was_referred: Flags, random: Generator) -> Ints:
    """Days until a customer leaves for good: exponential, its rate gamma over customers; longer for the referred."""
    rate = random.gamma(1.5, 1 / 600 / 1.5, len(was_referred)) * np.where(was_referred, 0.7, 1.0)
    days = random.exponential(1, len(was_referred)) / rate
    return 1 + np.minimum(days, 1e6).astype(np.int64)


def _at_some_time(arrives: Ints, days: int, happens: Flags, random: Generator) -> Ints:
    """A day after arrival for those to whom it happens, else `days`."""
    day = arrives + 1 + (random.random(len(arrives)) * (days - arrives)).astype(np.int64)
    return np.where(happens, np.minimum(day, days), days)


def _preference(retailer: Retailer, n: int, random: Generator) -> Floats:
    """Share of wishes by category [n, categories]: most customers want one or two."""
    popularity = np.array([category.popularity for category in retailer.categories])
    return random.dirichlet(1.6 * popularity / popularity.sum(), n)


def _weekday_habit(n: int, random: Generator) -> Floats:
    """Factor of the hazard by weekday [7, n], one on average: two customers in five have a favourite day."""
    factor = np.ones((7, n))
    habitual = np.flatnonzero(random.random(n) < 0.4)
    factor[random.integers(0, 7, habitual.size), habitual] = 4.0
    return np.asarray(factor / factor.mean(axis=0))


def _arms(retailer: Retailer, starts: Ints, guest: Flags, opts_out: Ints, random: Generator) -> Ints:
    """Arm of each customer in each campaign [campaigns, n]: registered, known and willing customers are drawn."""
    arms = np.full((len(retailer.campaigns), len(starts)), NOT_ELIGIBLE, dtype=np.int64)
    for row, campaign in enumerate(retailer.campaigns):
        day = first_day(campaign, retailer)
        drawn = np.where(random.random(len(starts)) < campaign.probability, CONTACT, CONTROL)
        eligible = (starts < day) & ~guest & (opts_out > day)
        arms[row, eligible] = drawn[eligible]
    return arms


def first_day(campaign: Campaign, retailer: Retailer) -> int:
    """The day on which a campaign draws its arms and contacts."""
    return int(campaign.starts * retailer.days)


def _response(campaign: Campaign, proneness: Floats) -> Floats:
    """Each customer's change of the log hazard; Beta(0.7, 2) has mean 7/27, so they average the campaign's effect."""
    return campaign.effect * (0.5 + 0.5 * proneness * 27 / 7)
