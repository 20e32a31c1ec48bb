"""A simulated retailer: evidence tables of any size whose truth is known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from patron.features.contracts import TABLES
from patron.features.progress import Progress, silent

from .simulator_clock import order_times
from .simulator_contacts import activities, assignments
from .simulator_customers import FIRST_ID, draw_customers
from .simulator_days import live
from .simulator_feedback import cases, mentions, satisfaction
from .simulator_files import write_retailer
from .simulator_identities import Identities
from .simulator_people import profile, referrals
from .simulator_prospects import draw_prospects
from .simulator_purchases import purchases
from .simulator_retailer import Campaign, Category, Retailer
from .simulator_truth import customer_truth, parameters, satisfaction_truth
from .written_evidence import WrittenEvidence

__all__ = [
    "Campaign",
    "Category",
    "Chunk",
    "Retailer",
    "SimulatedRetailer",
    "Truth",
    "simulate",
    "simulate_orders",
]


@dataclass(frozen=True)
class Truth:
    """What was planted: `parameters` as plain data, a table per customer, a table per customer and category."""

    parameters: Mapping[str, Any]
    customers: pa.Table
    satisfaction: pa.Table


@dataclass(frozen=True)
class Chunk:
    """The evidence tables of some customers, by name and in the order of time, and the truth behind them."""

    tables: Mapping[str, pa.Table]
    truth: Truth


@dataclass(frozen=True)
class SimulatedRetailer:
    """A retailer that can be looked at as a whole (`tables`, `truth`), chunk by chunk, or written to a folder.

    Nothing is simulated before it is asked for; only `tables` and `truth` hold everything in memory.
    """

    retailer: Retailer

    def chunk(self, index: int) -> Chunk:
        """The customers of one chunk; the same whatever was asked for before."""
        retailer = self.retailer
        customers = draw_customers(retailer, index)
        random = retailer.random(index, "days")
        life = live(retailer, customers, random)
        orders = life.orders
        at = order_times(retailer, customers, orders, random)
        prospects = draw_prospects(retailer, index, customers)
        identities = Identities.of(customers, orders, at)
        tables = {
            "purchases": purchases(retailer, index, customers, orders, at, identities),
            "satisfaction": satisfaction(retailer, index, orders, at, identities),
            "cases": cases(retailer, index, orders, at, identities),
            "activities": activities(retailer, index, customers, orders, at, identities, prospects),
            "assignments": assignments(retailer, customers),
            "mentions": mentions(retailer, index, customers, orders, at, identities, prospects),
            "referrals": referrals(retailer, index, customers, prospects),
            "profile": profile(retailer, index, customers, identities, prospects),
            "identities": identities.table(),
        }
        truth = Truth(
            parameters(retailer),
            customer_truth(retailer, customers, identities, prospects),
            satisfaction_truth(retailer, customers, life),
        )
        return Chunk(tables, truth)

    def chunks(self) -> Iterator[Chunk]:
        """All chunks, one at a time."""
        return (self.chunk(index) for index in range(self.retailer.chunks))

    @cached_property
    def _whole(self) -> Chunk:
        chunks = list(self.chunks())
        tables = {name: pa.concat_tables([chunk.tables[name] for chunk in chunks]) for name in TABLES}
        truth = Truth(
            parameters(self.retailer),
            pa.concat_tables([chunk.truth.customers for chunk in chunks]),
            pa.concat_tables([chunk.truth.satisfaction for chunk in chunks]),
        )
        return Chunk(tables, truth)

    @property
    def tables(self) -> Mapping[str, pa.Table]:
        """The evidence tables of all customers, by name."""
        return self._whole.tables

    @property
    def truth(self) -> Truth:
        """The truth about all customers."""
        return self._whole.truth

    def write(self, folder: Path | str, progress: Progress = silent) -> WrittenEvidence:
        """Write evidence as Parquet, a commented patron.toml, and the truth in a folder that it does not mention.

        One chunk is in memory at a time. Parts of an earlier simulation in the same folder are replaced.
        """
        return write_retailer(self, Path(folder), progress)


def simulate(
    customers: int, seed: int = 7, days: int = 730, observed_until: date = date(2026, 1, 1)
) -> SimulatedRetailer:
    """A retailer with so many known customers, observed for so many days; for more, give `Retailer` settings."""
    settings = replace(Retailer(), customers=customers, seed=seed, days=days, observed_until=observed_until)
    return SimulatedRetailer(settings)


def simulate_orders(customers: int, events: int, seed: int = 7) -> pa.Table:
    """Orders for benchmarks: customer_id, purchased_at (naive, two years up to 2026), amount; in time order.

    Rates and lifetimes differ between customers; nothing else is realistic. Ten million take seconds.
    """
    random = np.random.default_rng(seed)
    rate = random.gamma(0.8, 1.0, customers)
    customer = np.repeat(np.arange(customers), random.multinomial(events, rate / rate.sum()))
    span = 730 * 86_400 * 1_000_000
    arrives = random.random(customers) * 0.6
    stays = (1 - arrives) * random.beta(1.2, 0.8, customers)
    instant = (arrives[customer] + stays[customer] * random.random(events)) * span
    at = instant.astype(np.int64)
    order = np.argsort(at, kind="stable")
    end = int(np.datetime64("2026-01-01", "us").astype("int64"))
    return pa.table(
        {
            "customer_id": (FIRST_ID + customer)[order],
            "purchased_at": (at[order] + end - span).view("datetime64[us]"),
            "amount": np.round(random.gamma(2.0, 15.0, events) + 0.01, 2),
        }
    )
