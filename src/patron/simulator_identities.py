"""Under which id a customer of a simulated retailer was known when."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .simulator_clock import HOUR, times
from .simulator_customers import ALIAS_OFFSET, Customers, Flags, Ints
from .simulator_days import Orders

_ALWAYS = np.iinfo(np.int64).min
_NOT_YET = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Identities:
    """Ids of a chunk's customers, and from which instant on each goes by their own instead of an alias."""

    ids: Ints
    linked: Ints

    @classmethod
    def of(cls, customers: Customers, orders: Orders, ordered_at: Ints) -> "Identities":
        """Guests register half an hour before the order that makes them; who never gets there stays a guest."""
        linked = np.where(customers.guest, _NOT_YET, _ALWAYS)
        registers = customers.guest[orders.customer]
        registers &= orders.number == customers.registers_at[orders.customer]
        linked[orders.customer[registers]] = ordered_at[registers] - HOUR // 2
        return cls(customers.ids, linked)

    def names(self, customer: Ints, instant: Ints) -> Ints:
        """The ids under which these customers (by index) went at these instants."""
        own = self.ids[customer]
        return np.where(instant < self.linked[customer], own + ALIAS_OFFSET, own)

    def registered(self, customer: Ints, instant: Ints) -> Flags:
        """Whether they went by their own id."""
        return instant >= self.linked[customer]

    @property
    def ever_registered(self) -> Flags:
        """Whether each customer goes by their own id in the end."""
        return self.linked < _NOT_YET

    def table(self) -> pa.Table:
        """The evidence table `identities`: which alias turned out to be whom, and when."""
        late = np.flatnonzero((self.linked != _ALWAYS) & self.ever_registered)
        late = late[np.argsort(self.linked[late], kind="stable")]
        linked = self.linked[late]
        return pa.table(
            {
                "alias_id": self.ids[late] + ALIAS_OFFSET,
                "customer_id": self.ids[late],
                "linked_at": times(linked),
                "recorded_at": times(linked),
            }
        )
