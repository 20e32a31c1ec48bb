"""What a simulated retailer knows about its people: profiles that change, and who referred whom."""

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from .simulator_clock import DAY, HOUR, Clock, recorded, times
from .simulator_customers import BEFORE, Customers, Flags, Ints
from .simulator_identities import Identities
from .simulator_prospects import ACQUIRED, AGE_GROUPS, REFERRAL, Prospects
from .simulator_purchases import labels
from .simulator_retailer import Retailer

_REGIONS = ("north", "south", "east", "west", "centre")


def referrals(retailer: Retailer, chunk: int, customers: Customers, prospects: Prospects) -> pa.Table:
    """The evidence table `referrals`: who was brought and bought soon, and who was sent and has yet to buy."""
    random = retailer.random(chunk, "referrals")
    brought = _brought(retailer, customers, random)
    return pa.concat_tables([brought, prospects.referrals(customers, Clock.of(retailer), random)]).sort_by(
        [("referred_at", "ascending"), ("customer_id", "ascending")]
    )


def _brought(retailer: Retailer, customers: Customers, random: Generator) -> pa.Table:
    clock = Clock.of(retailer)
    who = np.flatnonzero(customers.referrer >= 0)
    who = who[np.argsort(customers.referred[who], kind="stable")]
    at = clock.at(customers.referred[who], 6.0)
    known = recorded(at, 0.05, random)
    kept = clock.past(known)
    return pa.table(
        {
            "customer_id": customers.ids[who[kept]],
            "referrer_id": customers.ids[customers.referrer[who[kept]]],
            "referred_at": times(at[kept]),
            "recorded_at": times(known[kept]),
        }
    )


def profile(
    retailer: Retailer, chunk: int, customers: Customers, identities: Identities, prospects: Prospects
) -> pa.Table:
    """The evidence table `profile`: a row when somebody registers, and one for each later change.

    Prospects are in it; guests only from when they register.
    """
    random = retailer.random(chunk, "profile")
    clock = Clock.of(retailer)
    n = len(customers)
    since = _registered(retailer, customers, identities, random)
    since[prospects.who] = prospects.registered(clock)
    region = random.integers(0, len(_REGIONS), n)
    acquired = np.where(customers.referrer >= 0, REFERRAL, random.integers(0, REFERRAL, n))
    acquired[prospects.who] = prospects.source
    opted_out_at = clock.at(customers.opts_out, 6.0)
    moved_at = since + random.integers(30, 1500, n) * DAY
    moves: Flags = random.random(n) < 0.08
    moved_to = np.where(moves, random.integers(0, len(_REGIONS), n), region)
    age = random.choice(len(AGE_GROUPS), n, p=[0.2, 0.35, 0.3, 0.15])
    age[prospects.who] = prospects.age
    who = np.tile(np.arange(n), 3)
    valid = np.r_[since, np.where(moves, moved_at, clock.end), opted_out_at]
    kept = (valid < clock.end) & (valid >= since[who])
    order = np.lexsort((who, valid))
    order = order[kept[order]]
    who, valid = who[order], valid[order]
    return pa.table(
        {
            "customer_id": customers.ids[who],
            "valid_from": times(valid),
            "region": labels(
                _REGIONS, np.where(moves[who] & (valid >= moved_at[who]), moved_to[who], region[who])
            ),
            "age_group": labels(AGE_GROUPS, age[who]),
            "acquired_by": labels(ACQUIRED, acquired[who]),
            "opt_out": valid >= opted_out_at[who],
        }
    )


def _registered(retailer: Retailer, customers: Customers, identities: Identities, random: Generator) -> Ints:
    """Since when each customer has a profile; the end of the span for guests who never register."""
    clock = Clock.of(retailer)
    n = len(customers)
    before = clock.start - random.integers(1, 1000, n) * DAY + 12 * HOUR
    since = clock.at(customers.starts, 6.0)
    since = np.where(customers.starts == BEFORE, before, since)
    registered = np.minimum(identities.linked, clock.end)
    return np.where(customers.guest, registered, since)
