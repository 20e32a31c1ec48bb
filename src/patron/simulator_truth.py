"""The truth behind a simulated retailer, which no evidence table holds and no model may read."""

from typing import Any

import numpy as np
import pyarrow as pa

from .simulator_clock import Clock, times
from .simulator_customers import ALIAS_OFFSET, BEFORE, CONTACT, NOT_ELIGIBLE, Customers, Floats, first_day
from .simulator_days import Life
from .simulator_identities import Identities
from .simulator_prospects import Prospects, first_purchase
from .simulator_purchases import labels
from .simulator_retailer import Retailer


def parameters(retailer: Retailer) -> dict[str, Any]:
    """What was planted, as plain data.

    `satisfaction_effect`: change of the log purchase hazard in a category per unit of satisfaction with it.
    Campaigns: `effect` is the mean change of the log purchase hazard of the contacted, for `effective_days` from
    `assigned_on` on. Other activities have no effect on customers.
    `first_purchase`: the chance of it on the day after becoming known, how it wanes, and what changes its logarithm.
    """
    first = np.datetime64(retailer.observed_from)
    return {
        "settings": {
            "customers": retailer.customers,
            "seed": retailer.seed,
            "days": retailer.days,
            "observed_until": retailer.observed_until.isoformat(),
            "chunk_customers": retailer.chunk_customers,
            "orders_per_year": retailer.orders_per_year,
        },
        "satisfaction_effect": {category.name: category.effect for category in retailer.categories},
        "campaigns": {
            campaign.name: {
                "effect": campaign.effect,
                "assigned_on": str(first + first_day(campaign, retailer)),
                "effective_days": campaign.effective_days,
                "probability": campaign.probability,
            }
            for campaign in retailer.campaigns
        },
        "effect_of_other_activities": 0.0,
        "shares": {
            "prospects": retailer.prospects,
            "already_customers": retailer.already_customers,
            "guests": retailer.guests,
            "drifting": retailer.drifting,
            "interested": retailer.interested,
        },
        "first_purchase": first_purchase(),
    }


def customer_truth(
    retailer: Retailer, customers: Customers, identities: Identities, prospects: Prospects
) -> pa.Table:
    """One row per customer: hazard, dropout, drift, alias, and each campaign's arm and effect on them.

    `interested_on` is when they became known, null for those who came in and bought. `leaves_on` and `drifts_on` are
    null where that does not happen in the span.
    """
    guest = pa.array(customers.ids + ALIAS_OFFSET, mask=~customers.guest)
    interested = np.full(len(customers), retailer.days)
    interested[prospects.who] = prospects.since
    columns = {
        "customer_id": customers.ids,
        "alias_id": guest,
        "registers": identities.ever_registered & (customers.starts < retailer.days),
        "prospect": customers.starts == retailer.days,
        "interested_on": _dates(retailer, interested),
        "already_customer": customers.starts == BEFORE,
        "starts_on": _dates(retailer, np.where(customers.starts == BEFORE, retailer.days, customers.starts)),
        "leaves_on": _dates(retailer, customers.leaves),
        "drifts_on": _dates(retailer, customers.drifts),
        "drift_factor": customers.drift_factor,
        "orders_per_year": customers.rate * 365,
        "regularity": customers.regularity,
        "discount_proneness": customers.discount_proneness,
    }
    for row, campaign in enumerate(retailer.campaigns):
        arm = customers.arm[row]
        codes = np.where(arm == NOT_ELIGIBLE, -1, (arm == CONTACT).astype(np.int64))
        columns[f"arm of {campaign.name}"] = labels(["control", "contact"], codes)
        columns[f"effect of {campaign.name}"] = customers.response[row]
    return pa.table(columns)


def satisfaction_truth(retailer: Retailer, customers: Customers, life: Life) -> pa.Table:
    """One row per customer and category: share of wishes before and after the drift, satisfaction over time."""
    categories = len(retailer.categories)
    names = [category.name for category in retailer.categories]
    return pa.table(
        {
            "customer_id": np.repeat(customers.ids, categories),
            "category": labels(names, np.tile(np.arange(categories), len(customers))),
            "preference": _flat(customers.preference),
            "later_preference": _flat(customers.later_preference),
            "satisfaction_at_start": _flat(customers.first),
            "satisfaction_at_end": _flat(life.satisfaction),
        }
    )


def _flat(values: Floats) -> pa.Array:
    return pa.array(values.ravel().astype(np.float32))


def _dates(retailer: Retailer, day: np.ndarray) -> pa.Array:
    """Days of the span as dates; null where they lie beyond it."""
    clock = Clock.of(retailer)
    return times(clock.known(clock.at(day, 0.0))).cast(pa.date32())
