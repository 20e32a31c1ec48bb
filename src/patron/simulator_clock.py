"""Time in a simulated retailer: days of the span become instants, and instants become columns."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from .simulator_customers import Customers, Flags, Floats, Ints
from .simulator_days import Orders
from .simulator_retailer import Retailer

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER = np.iinfo(np.int64).min
"""Stands for no time; becomes null in a column. It is what numpy itself reads as NaT."""


@dataclass(frozen=True)
class Clock:
    """Instants are microseconds of naive local time since 1970; [start, end) is the simulated span."""

    start: int
    end: int

    @classmethod
    def of(cls, retailer: Retailer) -> "Clock":
        """The clock of a retailer's span."""
        end = int(np.datetime64(retailer.observed_until, "us").astype("int64"))
        return cls(end - retailer.days * DAY, end)

    def at(self, day: Ints, hour: Floats | float) -> Ints:
        """The instant of an hour (to the second) on a day of the span."""
        second = np.asarray(np.round(np.asarray(hour) * 3600), dtype=np.int64)
        return np.asarray(self.start + day * DAY + second * 1_000_000, dtype=np.int64)

    def past(self, instant: Ints) -> Flags:
        """Which instants lie before the end: the others are not known."""
        return instant < self.end

    def known(self, instant: Ints) -> Ints:
        """The instants, NEVER where they lie at or after the end."""
        return np.where(self.past(instant), instant, NEVER)


def times(instant: Ints) -> pa.Array:
    """A timestamp column; NEVER is null."""
    return pa.array(instant.view("datetime64[us]"))


def recorded(happened: Ints, late: float, random: Generator) -> Ints:
    """When facts became known: a share `late` one to six days after they happened, the rest at once."""
    days = np.where(random.random(len(happened)) < late, random.integers(1, 7, len(happened)), 0)
    return np.asarray(happened + days * DAY, dtype=np.int64)


def reactions(count: int, random: Generator) -> Ints:
    """How long people take to answer: minutes to half a day, for most of them some days later."""
    days = random.integers(0, 4, count) * DAY
    return np.asarray(days + random.integers(5, 720, count) * MINUTE, dtype=np.int64)


def order_times(retailer: Retailer, customers: Customers, orders: Orders, random: Generator) -> Ints:
    """When each order was placed: scattered around the customer's favourite hour, while the business is awake."""
    hour = np.clip(customers.hour[orders.customer] + random.normal(0, 1.5, len(orders)), 6.5, 22.5)
    return Clock.of(retailer).at(orders.day, hour)
