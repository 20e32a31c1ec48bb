"""How a simulated retailer and its customers get in touch: activities, and who was randomised to a campaign."""

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from .simulator_clock import DAY, HOUR, MINUTE, NEVER, Clock, reactions, recorded, times
from .simulator_customers import CONTACT, NOT_ELIGIBLE, Customers, Ints, first_day
from .simulator_days import Orders
from .simulator_identities import Identities
from .simulator_prospects import Prospects
from .simulator_purchases import labels
from .simulator_retailer import Retailer

NAMES = ("newsletter", "win-back letter", "question")
INVITATION = "invitation"
_CHANNELS = ("email", "letter", "phone", "chat")
_OBJECTIVES = ("inform", "win back", "sell")
_RESULTS = ("delivered", "bounced", "responded", "redeemed")
_SILENT_DAYS = 75


def assignments(retailer: Retailer, customers: Customers) -> pa.Table:
    """The evidence table `assignments`: the arm of everybody who was drawn in each campaign."""
    clock = Clock.of(retailer)
    parts = []
    for row, campaign in enumerate(retailer.campaigns):
        drawn = np.flatnonzero(customers.arm[row] != NOT_ELIGIBLE)
        contact = customers.arm[row, drawn] == CONTACT
        at = clock.at(np.full(drawn.size, first_day(campaign, retailer), dtype=np.int64), 7.0)
        part = {
            "customer_id": customers.ids[drawn],
            "test": labels([campaign.name], np.zeros_like(drawn)),
            "arm": labels(["control", "contact"], contact.astype(np.int64)),
            "assigned_at": times(at),
            "probability": np.where(contact, campaign.probability, 1 - campaign.probability),
            "control_arm": labels(["control"], np.zeros_like(drawn)),
            "recorded_at": times(at),
        }
        parts.append(pa.table(part))
    return pa.concat_tables(parts) if parts else _no_assignments()


def activities(
    retailer: Retailer,
    chunk: int,
    customers: Customers,
    orders: Orders,
    at: Ints,
    identities: Identities,
    prospects: Prospects,
) -> pa.Table:
    """The evidence table `activities`, in the order of time.

    Only the campaigns have an effect, and invitations on those who have not bought yet. Newsletters and win-back
    letters have none: the latter go to those who have been silent for long, so they are followed by few purchases all
    the same. Nobody is contacted after opting out.
    """
    random = retailer.random(chunk, "activities")
    contacts = _Contacts(retailer, customers, random)
    contacts.newsletters()
    contacts.win_back(orders, at)
    contacts.questions(orders, at)
    for row in range(len(retailer.campaigns)):
        contacts.campaign(row)
    contacts.invitations(prospects)
    return contacts.table(identities)


class _Contacts:
    """Collects contacts of several kinds; each is a row of codes until all become one table."""

    def __init__(self, retailer: Retailer, customers: Customers, random: Generator) -> None:
        self.retailer = retailer
        self.customers = customers
        self.random = random
        self.clock = Clock.of(retailer)
        self.names = [*NAMES, *(campaign.name for campaign in retailer.campaigns), INVITATION]
        self.parts: list[dict[str, np.ndarray]] = []

    def newsletters(self) -> None:
        """Monthly, to one registered customer in eight."""
        reads = np.flatnonzero((self.random.random(len(self.customers)) < 0.125) & ~self.customers.guest)
        months = self.retailer.days // 30
        who = np.repeat(reads, months)
        day = np.tile(np.arange(months, dtype=np.int64) * 30 + 10, reads.size)
        known = (day > self.customers.starts[who]) & (self.customers.starts[who] < self.retailer.days)
        self.add(0, who[known], self.clock.at(day[known], 8.0), "email", "inform", 0.02, responds=0.12)

    def win_back(self, orders: Orders, at: Ints) -> None:
        """To four in ten of those who have not ordered for 75 days."""
        sorting = np.lexsort((at, orders.customer))
        who = orders.customer[sorting]
        last = at[sorting]
        following = np.r_[last[1:], self.clock.end]
        following[:-1][who[1:] != who[:-1]] = self.clock.end
        wait = _SILENT_DAYS * DAY + self.random.integers(0, 14, who.size) * DAY
        contact = last // DAY * DAY + wait + 11 * HOUR
        silent = (following > contact) & (self.random.random(who.size) < 0.4) & ~self.customers.guest[who]
        self.add(1, who[silent], contact[silent], "letter", "win back", 0.85, responds=0.03)

    def questions(self, orders: Orders, at: Ints) -> None:
        """Customers ask something around one order in sixteen."""
        asks = np.flatnonzero(self.random.random(len(orders)) < 0.06)
        when = at[asks] // DAY * DAY + self.random.integers(1, 8, asks.size) * DAY
        when += self.random.integers(8 * 60, 20 * 60, asks.size) * MINUTE
        channel = ("phone", "chat", "email")
        kind = self.random.integers(0, 3, asks.size)
        for code, name in enumerate(channel):
            mine = kind == code
            self.add(2, orders.customer[asks[mine]], when[mine], name, None, 0.0, responds=0.0)

    def campaign(self, row: int) -> None:
        """Everybody in the contact arm, once."""
        campaign = self.retailer.campaigns[row]
        who = np.flatnonzero(self.customers.arm[row] == CONTACT)
        when = self.clock.at(np.full(who.size, first_day(campaign, self.retailer), dtype=np.int64), 9.0)
        self.add(len(NAMES) + row, who, when, campaign.channel, "sell", campaign.cost, responds=0.15)

    def invitations(self, prospects: Prospects) -> None:
        """To those who have not bought yet, at random."""
        row, day = prospects.invited
        when = self.clock.at(day, 10.0)
        self.add(len(self.names) - 1, prospects.who[row], when, "email", "inform", 0.05, responds=0.1)

    def add(
        self,
        name: int,
        who: Ints,
        when: Ints,
        channel: str,
        objective: str | None,
        cost: float,
        responds: float,
    ) -> None:
        """Keep these contacts, with their results; the firm leaves those alone who opted out."""
        firm = objective is not None
        if firm:
            welcome = when < self.clock.at(self.customers.opts_out[who], 0.0)
            who, when = who[welcome], when[welcome]
        chance = self.random.random(who.size)
        result = np.where(chance < responds, 2, np.where(chance > 0.98, 1, 0))
        answers = self.clock.known(when + reactions(who.size, self.random))
        responded = np.where(result == 2, answers, NEVER)
        result = np.where((result == 2) & (responded == NEVER), 0, result)
        result = np.where((result == 2) & (objective == "sell"), 3, result)
        codes = np.zeros(who.size, dtype=np.int64)
        part = {
            "who": who,
            "when": when,
            "name": codes + name,
            "channel": codes + _CHANNELS.index(channel),
            "firm": codes + firm,
            "objective": codes + (_OBJECTIVES.index(objective) if objective else -1),
            "result": result if firm else codes - 1,
            "cost": np.full(who.size, cost if firm else np.nan),
            "responded": responded,
        }
        self.parts.append(part)

    def table(self, identities: Identities) -> pa.Table:
        """All contacts as the evidence table, those known before the end."""
        columns = {key: np.concatenate([part[key] for part in self.parts]) for key in self.parts[0]}
        known = recorded(columns["when"], 0.03, self.random)
        order = np.lexsort((columns["name"], columns["who"], columns["when"]))
        order = order[self.clock.past(known[order])]
        columns = {key: values[order] for key, values in columns.items()}
        return pa.table(
            {
                "customer_id": identities.names(columns["who"], columns["when"]),
                "occurred_at": times(columns["when"]),
                "activity": labels(self.names, columns["name"]),
                "channel": labels(_CHANNELS, columns["channel"]),
                "initiated_by": labels(["customer", "firm"], columns["firm"]),
                "objective": labels(_OBJECTIVES, columns["objective"]),
                "result": labels(_RESULTS, columns["result"]),
                "cost": pa.array(columns["cost"], from_pandas=True),
                "responded_at": times(columns["responded"]),
                "recorded_at": times(known[order]),
            }
        )


def _no_assignments() -> pa.Table:
    """The table of a retailer without campaigns."""
    text, time = pa.string(), pa.timestamp("us")
    kinds = (pa.int64(), text, text, time, pa.float64(), text, time)
    names = ("customer_id", "test", "arm", "assigned_at", "probability", "control_arm", "recorded_at")
    return pa.schema(zip(names, kinds, strict=True)).empty_table()
