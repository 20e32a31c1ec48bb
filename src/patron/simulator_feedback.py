"""What the customers of a simulated retailer say: answers to surveys, cases, mentions."""

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from .simulator_clock import DAY, HOUR, MINUTE, NEVER, Clock, reactions, recorded, times
from .simulator_customers import Customers, Flags, Floats, Ints
from .simulator_days import Orders
from .simulator_identities import Identities
from .simulator_prospects import Prospects
from .simulator_purchases import labels, order_numbers
from .simulator_retailer import Retailer

_INSTRUMENTS = ("nps", "csat", "stars")
_CENTRE = np.array([7.0, 3.6, 3.8])
_STEP = np.array([1.9, 0.85, 0.85])
_LOWEST = np.array([0, 1, 1])
_HIGHEST = np.array([10, 5, 5])
_EXPECTATIONS = ("below", "met", "exceeded")
_REASONS = ("quality", "price", "delivery", "service", "assortment")
_COMMENTS = ("Not what I hoped for.", "It was fine.", "Very happy with it.")
_TOPICS = ("late delivery", "damaged item", "wrong item", "billing")
_CASE_CHANNELS = ("phone", "email", "chat")
_NETWORKS = ("instagram", "reddit", "trustpilot", "x")


def satisfaction(
    retailer: Retailer, chunk: int, orders: Orders, at: Ints, identities: Identities
) -> pa.Table:
    """The evidence table `satisfaction`: after one order in four the customer is asked about its main category.

    The satisfied answer more often. Unanswered requests have neither answer nor score.
    """
    random = retailer.random(chunk, "satisfaction")
    clock = Clock.of(retailer)
    asked_at = at // DAY * DAY + 2 * DAY + 10 * HOUR
    asks = (random.random(len(orders)) < 0.25) & (orders.day >= retailer.surveys_from) & clock.past(asked_at)
    order = np.flatnonzero(asks)
    asked_at = asked_at[order]
    feeling = orders.satisfaction[order]
    answers = random.random(order.size) < 1 / (1 + np.exp(0.6 - 0.6 * feeling))
    answered_at = np.where(answers, clock.known(asked_at + reactions(order.size, random)), NEVER)
    answered = answered_at != NEVER
    known = recorded(np.maximum(asked_at, answered_at), 0.04, random)
    kept = clock.past(known)
    instrument = random.choice(len(_INSTRUMENTS), order.size, p=[0.5, 0.3, 0.2])
    score = _score(feeling, instrument, random)
    rival = _score(random.normal(0, 0.8, order.size), instrument, random)
    columns = {
        "customer_id": identities.names(orders.customer[order], at[order]),
        "answered_at": times(answered_at),
        "score": pa.array(score, mask=~answered),
        "asked_at": times(asked_at),
        "instrument": labels(_INSTRUMENTS, instrument),
        "expectation": labels(_EXPECTATIONS, np.where(answered, _expectation(orders.surprise[order]), -1)),
        "competitor_score": pa.array(rival, mask=~answered | (random.random(order.size) > 0.3)),
        "order_id": order_numbers(chunk, order),
        "category": labels([each.name for each in retailer.categories], orders.category[order]),
        "reason": labels(_REASONS, _for_some(random.integers(0, 5, order.size), 0.5, answered, random)),
        "comment": labels(_COMMENTS, _for_some(_level(feeling), 0.2, answered, random)),
        "recorded_at": times(known),
    }
    return _in_time(columns, asked_at, kept)


def cases(retailer: Retailer, chunk: int, orders: Orders, at: Ints, identities: Identities) -> pa.Table:
    """The evidence table `cases`: six in ten customers whose order went wrong complain within days."""
    random = retailer.random(chunk, "cases")
    clock = Clock.of(retailer)
    order = np.flatnonzero((orders.severity > 0) & (random.random(len(orders)) < 0.6))
    opened_at = at[order] // DAY * DAY + random.integers(1, 7, order.size) * DAY
    opened_at += random.integers(9 * 60, 18 * 60, order.size) * MINUTE
    severity = orders.severity[order]
    waits = random.lognormal(0.4 + 0.5 * severity, 0.8).astype(np.int64) + 1
    closed_at = clock.known(opened_at // DAY * DAY + waits * DAY + 16 * HOUR)
    closed = closed_at != NEVER
    known = recorded(opened_at, 0.05, random)
    kept = clock.past(opened_at) & clock.past(known) & (opened_at >= clock.start + retailer.cases_from * DAY)
    columns = {
        "customer_id": identities.names(orders.customer[order], at[order]),
        "opened_at": times(opened_at),
        "closed_at": times(closed_at),
        "severity": severity.astype(np.float64),
        "topic": labels(_TOPICS, random.integers(0, len(_TOPICS), order.size)),
        "channel": labels(_CASE_CHANNELS, random.integers(0, len(_CASE_CHANNELS), order.size)),
        "reopened": closed & (random.random(order.size) < 0.08),
        "recorded_at": times(known),
    }
    return _in_time(columns, opened_at, kept)


def mentions(
    retailer: Retailer,
    chunk: int,
    customers: Customers,
    orders: Orders,
    at: Ints,
    identities: Identities,
    prospects: Prospects,
) -> pa.Table:
    """The evidence table `mentions`: of customers, and of people who have yet to buy."""
    random = retailer.random(chunk, "mentions")
    after = _after_orders(retailer, orders, at, identities, random)
    before = prospects.mentions(customers, Clock.of(retailer), _NETWORKS, random)
    return pa.concat_tables([after, before]).sort_by(
        [("mentioned_at", "ascending"), ("customer_id", "ascending")]
    )


def _after_orders(
    retailer: Retailer, orders: Orders, at: Ints, identities: Identities, random: Generator
) -> pa.Table:
    """Those who feel strongly talk more, and are often found days later."""
    clock = Clock.of(retailer)
    feeling = orders.satisfaction
    order = np.flatnonzero(random.random(len(orders)) < 0.01 + 0.02 * np.abs(feeling))
    mentioned_at = at[order] // DAY * DAY + random.integers(1, 15, order.size) * DAY
    mentioned_at += random.integers(7 * 60, 23 * 60, order.size) * MINUTE
    known = recorded(mentioned_at, 0.25, random)
    sentiment = np.tanh(0.8 * feeling[order] + random.normal(0, 0.3, order.size))
    kept = clock.past(known) & identities.registered(orders.customer[order], mentioned_at)
    columns = {
        "customer_id": identities.ids[orders.customer[order]],
        "mentioned_at": times(mentioned_at),
        "network": labels(_NETWORKS, random.integers(0, len(_NETWORKS), order.size)),
        "sentiment": np.round(sentiment, 2),
        "reach": np.round(random.lognormal(5, 1.2, order.size)),
        "recorded_at": times(known),
    }
    return _in_time(columns, mentioned_at, kept)


def _score(feeling: Floats, instrument: Ints, random: Generator) -> Floats:
    """What a feeling becomes on each instrument's scale: whole numbers with an error of about half a step."""
    raw = _CENTRE[instrument] + _STEP[instrument] * (feeling + random.normal(0, 0.4, len(feeling)))
    return np.clip(np.round(raw), _LOWEST[instrument], _HIGHEST[instrument])


def _expectation(surprise: Floats) -> Ints:
    """Code of below, met or exceeded."""
    return np.digitize(surprise, [-0.8, 0.8]).astype(np.int64)


def _level(feeling: Floats) -> Ints:
    """Code of an unhappy, neutral or happy comment."""
    return np.digitize(feeling, [-0.7, 0.7]).astype(np.int64)


def _for_some(code: Ints, share: float, among: Flags, random: Generator) -> Ints:
    """The codes for a share of those among whom they can occur, -1 for the others."""
    return np.where(among & (random.random(len(code)) < share), code, -1)


def _in_time(columns: dict[str, object], happened: Ints, kept: Flags) -> pa.Table:
    """The kept rows in the order of time."""
    order = np.argsort(happened, kind="stable")
    return pa.table(columns).take(pa.array(order[kept[order]]))
