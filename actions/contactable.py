"""Who may be contacted: not those who opted out, are never contacted, are in a programme already, or were contacted
often enough.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from patron.features.contracts import TABLES
from patron.features.errors import ConfigurationError, DataError
from patron.features.localtime import FOREVER
from patron.features.source_columns import Source, column_sources
from patron.features.sources import open_source
from patron.features.sql import quoted
from patron.features.store import EvidenceStore
from patron.features.tables import TableSpec
from patron.serving.contacted import by_the_firm

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEVER = "never contacted"
"""The test whose control no programme ever touches, and the arm's name."""

MAY_BE = "may be contacted"

_YES = ("1", "true", "t", "yes", "y")
_NO = ("0", "false", "f", "no", "n", "")


@dataclass(frozen=True, eq=False)
class Contacts:
    """Contacts by the firm, past and planned: customers' codes [m] and instants [m]."""

    customer: Places
    moment: Places

    def between(self, customers: int, who: Places, after: Places, before: Places) -> Places:
        """How many contacts each customer has (codes `who` [n] of so many in all) after and before instants [n]."""
        first = np.full(customers, np.iinfo(np.int64).max)
        last = np.full(customers, np.iinfo(np.int64).min)
        first[who], last[who] = after, before
        inside = (self.moment > first[self.customer]) & (self.moment < last[self.customer])
        return np.bincount(self.customer[inside], minlength=customers)[who]


def past_contacts(store: EvidenceStore, before: int) -> Contacts:
    """The firm's contacts before an instant; a contact without `initiated_by` counts as the firm's."""
    if "activities" not in store.columns:
        return Contacts(np.empty(0, np.int64), np.empty(0, np.int64))
    rows = store.connection.execute(
        f"SELECT customer, happened FROM activities WHERE until = ? AND happened < ? AND {by_the_firm(store)}"
        " ORDER BY customer, happened",
        [FOREVER, before],
    ).fetchnumpy()
    return Contacts(*(np.asarray(rows[name], np.int64) for name in ("customer", "happened")))


def opted_out(store: EvidenceStore, column: str) -> Flags:
    """Whether each customer (by code) wants no contact, by the newest row of the profile that says yes or no.

    It is read as it stands today, whatever the cutoff. ConfigurationError where there is no such column, DataError for
    a value that is neither yes nor no.
    """
    spec = store.data.tables.get("profile")
    if spec is None:
        raise ConfigurationError(
            "There is no profile that could say who opted out.",
            where="[plan] opt_out",
            found=column,
            remedy="map [profile], or leave opt_out out where nobody can opt out",
        )
    source = open_source(store.connection, spec, TABLES["profile"], store.data.folder, None)
    mapped = spec.columns.get(column)
    name = column if mapped is None or mapped.name is None else mapped.name
    if name not in source.types:
        raise ConfigurationError(
            "The profile has no such column.",
            where="[plan] opt_out",
            found=f"{column}; the columns are {', '.join(source.types)}",
            remedy="name the column that says who wants no contact",
        )
    found = _newest(store, spec, source, name)
    linked = store.connection.sql("SELECT alias, customer FROM links ORDER BY ALL").fetchnumpy()
    alias, whose = (np.asarray(linked[each], np.int64) for each in ("alias", "customer"))
    found[whose[found[alias]]] = True
    return found


def _newest(store: EvidenceStore, spec: TableSpec, source: Source, name: str) -> Flags:
    """What each customer's newest row says; later rows count more where rows have a `valid_from`."""
    columns = column_sources(spec, TABLES["profile"], source.types)
    since = str(columns["valid_from"]) if "valid_from" in columns else "0"
    rows = store.connection.execute(
        f"SELECT customer, arg_max(said, since) AS said FROM (SELECT CAST({columns['customer_id']} AS VARCHAR)"
        " AS named,"
        f" lower(trim(CAST({quoted(name)} AS VARCHAR))) AS said, {since} AS since FROM {source.relation}) AS rows"
        " JOIN (SELECT customer, CAST(id AS VARCHAR) AS named FROM customers) USING (named)"
        " WHERE said IS NOT NULL AND since IS NOT NULL GROUP BY customer ORDER BY customer"
    ).fetchnumpy()
    words = np.asarray(rows["said"], object)
    strange = sorted({str(each) for each in words.tolist()} - {*_YES, *_NO})
    if strange:
        raise DataError(
            "The column that says who opted out holds neither yes nor no.",
            where=f"[plan] opt_out = {name!r}",
            found=", ".join(repr(each) for each in strange[:5]),
            remedy=f"use true or false ({', '.join(_YES[:4])} or {', '.join(_NO[:4])})",
        )
    found = np.zeros(store.customers, np.bool_)
    found[np.asarray(rows["customer"], np.int64)[np.isin(words, np.array(_YES, object))]] = True
    return found
