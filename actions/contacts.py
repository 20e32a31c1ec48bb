"""Activities as they happened: who was contacted on which day, beside others who were not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from patron.features.localtime import FOREVER
from patron.features.store import EvidenceStore
from patron.features.words import name_part

Places = npt.NDArray[np.int64]

OTHERS_PER_CONTACT = 2
"""So many who were not contacted that day are drawn for each who was."""

MOST_CONTACTS = 20_000
"""Contacts that are looked at for an activity; where there are more, those of a sample of the customers."""


@dataclass(frozen=True, eq=False)
class Contacts:
    """An activity of the firm: customers' codes [n], the local midnight before [n], and whether they were contacted.

    The others are customers known by then, drawn by lot for the same day, who were not contacted by it that day; what
    comes later does not decide who they are. `contacts` counts all, `repeated` those of one customer on one day.
    """

    activity: str
    customer: Places
    moment: Places
    contacted: npt.NDArray[np.bool_]
    contacts: int
    repeated: int

    def at(self, store: EvidenceStore, moments: Sequence[Places]) -> "Contacts":
        """The same customers at other moments of each [n], of which there may be several.

        Only where something was known of the customer by then, and purchases were kept already.
        """
        since = np.maximum(known_since(store)[self.customer], store.observed_from("purchases") - 1)
        known = [since < moment for moment in moments]
        return replace(
            self,
            customer=np.concatenate([self.customer[each] for each in known]),
            moment=np.concatenate([moment[each] for moment, each in zip(moments, known, strict=True)]),
            contacted=np.concatenate([self.contacted[each] for each in known]),
        )


def contacts_of(
    store: EvidenceStore, latest: int, without: frozenset[str], seed: int
) -> tuple[Contacts, ...]:
    """Each activity of the firm before an instant, the most frequent first; those `without`, measured otherwise, not.

    A contact without `initiated_by` counts as the firm's.
    """
    if "activities" not in store.columns:
        return ()
    firm = (
        "AND initiated_by IS DISTINCT FROM 'customer'"
        if "initiated_by" in store.columns["activities"]
        else ""
    )
    rows = store.connection.execute(
        "SELECT activity, customer, happened FROM activities WHERE until = ? AND activity IS NOT NULL"
        f" AND happened < ? {firm} ORDER BY activity, happened, customer",
        [FOREVER, latest],
    ).fetchnumpy()
    activity = np.asarray(rows["activity"], object)
    names, counts = np.unique(activity.astype(np.str_), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return tuple(
        _contacts(store, str(names[each]), rows, activity == names[each], seed)
        for each in order
        if name_part(str(names[each])) not in without
    )


def _contacts(
    store: EvidenceStore,
    name: str,
    rows: dict[str, npt.NDArray[np.generic]],
    mine: npt.NDArray[np.bool_],
    seed: int,
) -> Contacts:
    customer = np.asarray(rows["customer"], np.int64)[mine]
    day = store.zone.floor_to_day(np.asarray(rows["happened"], np.int64)[mine])
    pairs = np.unique(np.stack([day, customer]), axis=1)
    random = np.random.default_rng([seed, customer.size])
    day, who = pairs
    if who.size > MOST_CONTACTS:
        kept = random.random(store.customers)[who] < MOST_CONTACTS / who.size
        day, who = day[kept], who[kept]
    other_day, other = _others(store, day, who, random)
    return Contacts(
        name,
        np.concatenate([who, other]),
        np.concatenate([day, other_day]),
        np.repeat([True, False], [who.size, other.size]),
        int(mine.sum()),
        int(mine.sum()) - pairs.shape[1],
    )


def _others(
    store: EvidenceStore, day: Places, who: Places, random: np.random.Generator
) -> tuple[Places, Places]:
    """Days and customers that stand for those not contacted: known by then, and not contacted on that day."""
    known = known_since(store)
    days = np.repeat(day, OTHERS_PER_CONTACT)
    drawn = random.integers(0, store.customers, days.size)
    contacted = set(zip(day.tolist(), who.tolist(), strict=True))
    pairs = np.unique(np.stack([days, drawn]), axis=1)
    fits = np.array(
        [
            known[code] < moment and (moment, code) not in contacted
            for moment, code in zip(*pairs.tolist(), strict=True)
        ],
        np.bool_,
    )
    return pairs[0][fits], pairs[1][fits]


def known_since(store: EvidenceStore) -> Places:
    """The instant from which on anything is known of each customer, by code [n]."""
    found = store.connection.sql("SELECT known FROM customers ORDER BY customer").fetchnumpy()
    return np.asarray(found["known"], np.int64)
