"""Perturbations: another future for a sample of evidence, that differs only in what is known at or after a cutoff.

Each gives a query per table. What was known before the cutoff stays as it was known then: of a survey that was asked
before and answered after it, the asking stays and the answer is of the future.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .columns import EARLIEST, LARGEST_AMOUNT, MONEY_UNITS
from .localtime import DAY
from .sample import Sample, SampledTable
from .sql import first_row, quoted

END_COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "satisfaction": {"answered_at": ("score", "expectation", "competitor_score", "reason", "comment")},
    "cases": {"closed_at": ("reopened",)},
    "activities": {"responded_at": ("result",)},
}
"""What becomes known only with a later end of the same row."""

_LATE_DAYS = 60
_LARGEST = LARGEST_AMOUNT * MONEY_UNITS - 1
_PAIRS = 50


@dataclass(frozen=True)
class Perturbation:
    """A name, and the query it makes of every table; `CHANGES` says in words what it does."""

    name: str
    query: Callable[[SampledTable, "Moment"], str]

    def queries(self, sample: Sample, cutoff: int) -> dict[str, str]:
        """A query for each table of the sample; every table keeps a row of a buyer, so that it stays a table."""
        moment = Moment(cutoff, sample.until, sample.customers)
        found = {name: self.query(table, moment) for name, table in sample.tables.items()}
        for name in _without_buyers(sample, found):
            buyer = f"(SELECT min(customer_id) FROM ({found['purchases']}))"
            found[name] += _last_row(sample.tables[name], None if name == "identities" else buyer, moment)
        return found


@dataclass(frozen=True)
class Moment:
    """The cutoff, up to when facts may be dated, and how many customers there are to choose from."""

    cutoff: int
    until: int
    customers: int

    def later(self, salt: str) -> str:
        """An instant at or after the cutoff for each row: for every seventh the very instant of it."""
        span = max(self.until - self.cutoff, 1)
        return (
            f"CASE WHEN line % 7 = 0 THEN {self.cutoff}"
            f" ELSE {self.cutoff} + CAST(hash(line, '{salt}') % {span} AS BIGINT) END"
        )


def as_known(table: SampledTable, moment: Moment) -> str:
    """The rows known before the cutoff, as they were known then."""
    ends = END_COLUMNS.get(table.name, {})
    changed = {}
    for end, dependants in ends.items():
        if end not in table.columns:
            continue
        over = f"{quoted(end)} < {moment.cutoff}"
        changed[end] = f"CASE WHEN {over} THEN {quoted(end)} END"
        for name in dependants:
            if name in table.columns:
                open_value = f"({quoted(end)} IS NULL AND {quoted(name)} IS NOT NULL)"
                changed[name] = f"CASE WHEN {over} OR {open_value} THEN {quoted(name)} END"
    return f"SELECT {_replaced(changed)} FROM {quoted(table.name)} WHERE known < {moment.cutoff}"


def as_it_stood(sample: Sample, cutoff: int) -> dict[str, str]:
    """A query for each table as it stood at a moment; empty for a table that no buyer was in by then."""
    moment = Moment(cutoff, sample.until, sample.customers)
    found = {name: as_known(table, moment) for name, table in sample.tables.items()}
    return found | dict.fromkeys(_without_buyers(sample, found), "")


def _without_buyers(sample: Sample, queries: Mapping[str, str]) -> list[str]:
    """The tables without a row of anybody in the purchases; links need a row of anybody."""
    names = [name for name in queries if name != "purchases"]
    rows = [
        f"({queries[name]})"
        if name == "identities"
        else f"({queries[name]}) SEMI JOIN buyers USING (customer_id)"
        for name in names
    ]
    if not names:
        return []
    answers = first_row(
        sample.connection,
        f"WITH buyers AS MATERIALIZED (SELECT DISTINCT customer_id FROM ({queries['purchases']}))"
        f" SELECT {', '.join(f'EXISTS (SELECT 1 FROM {each})' for each in rows)}",
    )
    assert answers is not None
    return [name for name, there in zip(names, answers, strict=True) if not there]


def _replaced(changed: Mapping[str, str]) -> str:
    if not changed:
        return "*"
    return "* REPLACE (" + ", ".join(f"{value} AS {quoted(name)}" for name, value in changed.items()) + ")"


def _shifted(table: SampledTable, moment: Moment) -> str:
    """Facts of the future at other times; where rows say when they were recorded, half of them happened before."""
    before = f"SELECT * FROM {quoted(table.name)} WHERE known < {moment.cutoff}"
    ends = [name for name in END_COLUMNS.get(table.name, {}) if name in table.columns]
    moved = {
        end: f"CASE WHEN {quoted(end)} >= {moment.cutoff} THEN {moment.later(end)} ELSE {quoted(end)} END"
        for end in ends
    }
    before = f"SELECT {_replaced(moved)} FROM ({before})"
    after = f"SELECT * FROM {quoted(table.name)} WHERE known >= {moment.cutoff}"
    return f"{before} UNION ALL BY NAME {_at_other_times(table, after, moment, 'shifted')}"


def _at_other_times(table: SampledTable, rows: str, moment: Moment, salt: str) -> str:
    """Rows with all their times moved together, known at or after the cutoff; later ends are cut off."""
    happened = _happened(table)
    if not table.happened:
        return rows
    to = moment.later(salt)
    changed = {}
    if "recorded_at" in table.columns:
        early = f"greatest({moment.cutoff} - CAST(hash(line) % {_LATE_DAYS * DAY} AS BIGINT), {EARLIEST})"
        late = "line % 2 = 0"
        changed["recorded_at"] = f"CASE WHEN {late} THEN {to} END"
        to = f"CASE WHEN {late} THEN {early} ELSE {to} END"
    delta = f"(({to}) - {happened})"
    ends = [name for name in END_COLUMNS.get(table.name, {}) if name in table.columns]
    for name in table.times:
        if name == "recorded_at":
            continue
        value = f"{quoted(name)} + {delta}"
        # An end that dates the row itself (an answer that nobody asked for) moves with it.
        changed[name] = f"CASE WHEN {value} < {moment.until} THEN {value} END" if name in ends else value
    if table.name == "satisfaction":
        changed["score"] = f"CASE WHEN {changed['answered_at']} IS NOT NULL THEN score END"
    return f"SELECT {_replaced(changed)} FROM ({rows})"


def _happened(table: SampledTable) -> str:
    return f"coalesce({', '.join(map(quoted, table.happened))})" if table.happened else "0"


def _corrupted(table: SampledTable, moment: Moment) -> str:
    """Other values in all that is of the future, and much more of it: copies, strangers, words never heard of."""
    if not table.happened:
        return f"SELECT * FROM {quoted(table.name)}"
    rows = quoted(table.name)
    future = f"SELECT * FROM {rows} WHERE known >= {moment.cutoff} AND line % 3 > 0"
    again = f"SELECT * FROM {rows} WHERE known >= {moment.cutoff} AND line % 6 = 1"
    copies = f"SELECT * FROM {rows} WHERE known < {moment.cutoff} AND line % 4 = 0"
    more = _at_other_times(table, copies, moment, "copies")
    parts = [_with_other_ends(table, moment)]
    parts += [_with_other_values(table, part, moment) for part in (future, again, more)]
    if "recorded_at" in table.columns:
        corrections = f"SELECT * FROM {rows} WHERE known < {moment.cutoff} AND line % 5 = 1"
        corrections = f"SELECT * REPLACE ({moment.later('again')} AS recorded_at) FROM ({corrections})"
        parts.append(_with_other_values(table, corrections, moment, keep_ids=True))
    if table.name == "identities":
        parts.append(_other_links(moment))
    return " UNION ALL BY NAME ".join(parts)


def _with_other_ends(table: SampledTable, moment: Moment) -> str:
    """The rows known before the cutoff; what had not ended by then ends otherwise, or for the first time."""
    changed: dict[str, str] = {}
    for end, dependants in END_COLUMNS.get(table.name, {}).items():
        if end not in table.columns or end == table.happened[0]:
            continue
        over = f"{quoted(end)} < {moment.cutoff}"
        ended = f"(line % 3 > 0 OR ({quoted(end)} IS NOT NULL AND line % 2 = 0))"
        changed[end] = f"CASE WHEN {over} THEN {quoted(end)} WHEN {ended} THEN {moment.later('end')} END"
        for name in dependants:
            if name in table.columns:
                kept = f"{over} OR ({quoted(end)} IS NULL AND {quoted(name)} IS NOT NULL)"
                value = _other_value(table, name)
                changed[name] = f"CASE WHEN {kept} THEN {quoted(name)} WHEN {ended} THEN {value} END"
    if table.name == "satisfaction" and "asked_at" in table.columns:
        # An answer that nobody asked for dates the row.
        changed = {
            name: f"CASE WHEN asked_at IS NULL THEN {quoted(name)} ELSE {value} END"
            for name, value in changed.items()
        }
    return f"SELECT {_replaced(changed)} FROM {quoted(table.name)} WHERE known < {moment.cutoff}"


def _with_other_values(table: SampledTable, rows: str, moment: Moment, *, keep_ids: bool = False) -> str:
    changed = {}
    for name in table.columns:
        if table.kind(name) == "time" or (name == "score" and "answered_at" not in table.columns):
            continue
        if table.kind(name) == "id":
            if not keep_ids:
                other = f"2 * CAST(hash(line, '{name}') % {moment.customers} AS BIGINT)"
                changed[name] = (
                    f"CASE line % 3 WHEN 0 THEN {quoted(name)} WHEN 1 THEN {other} ELSE {quoted(name)} + 1 END"
                )
        elif name in table.spec.key and keep_ids:
            continue
        elif name != "currency":
            changed[name] = _other_value(table, name)
    if table.name == "satisfaction":
        changed["score"] = f"CASE WHEN answered_at IS NOT NULL THEN {changed['score']} END"
    return f"SELECT {_replaced(changed)} FROM ({rows})"


def _other_value(table: SampledTable, name: str) -> str:
    """A value that nobody could guess: sums change by orders of magnitude, words are new or spelled differently."""
    kind, column = table.kind(name), quoted(name)
    number = f"CAST(hash(line, '{name}') % 1000000 AS BIGINT)"
    if kind == "money":
        return (
            f"CASE line % 4 WHEN 0 THEN -coalesce({column}, 0) - 1 WHEN 1 THEN"
            f" least(coalesce({column}, 0) * 1000 + 12345, {_LARGEST}) WHEN 2 THEN {number} ELSE 1 END"
        )
    if kind == "number":
        return f"CASE line % 3 WHEN 0 THEN {number} / 7.0 WHEN 1 THEN -coalesce({column}, 3) ELSE 1e6 END"
    if kind == "flag":
        return f"NOT coalesce({column}, false)"
    word = f"concat('never heard of ', {number} % 5)"
    return f"CASE line % 3 WHEN 0 THEN {word} WHEN 1 THEN {column} ELSE coalesce(upper({column}) || '!', {word}) END"


def _other_links(moment: Moment) -> str:
    """Customers who turn out to be others at or after the cutoff."""
    pairs = (
        "SELECT code AS alias_id, lead(code) OVER (ORDER BY hash(code)) AS customer_id, row_number() OVER"
        " (ORDER BY hash(code)) AS line FROM chosen"
    )
    return (
        f"SELECT alias_id, customer_id, {moment.later('links')} AS linked_at FROM ({pairs})"
        f" WHERE customer_id IS NOT NULL AND line <= {_PAIRS}"
    )


def _last_row(table: SampledTable, customer: str | None, moment: Moment) -> str:
    """To be added to a query: the table's last row dated at the very cutoff, of another customer if one is given."""
    rows = f"SELECT * FROM {quoted(table.name)} ORDER BY known DESC, line DESC LIMIT 1"
    changed = {name: str(moment.cutoff) for name in table.times}
    if customer is not None:
        changed["customer_id"] = customer
    return f" UNION ALL BY NAME (SELECT {_replaced(changed)} FROM ({rows}))"


DELETED = Perturbation("deleted", as_known)
MOVED = Perturbation("moved", _shifted)
CORRUPTED = Perturbation("corrupted", _corrupted)
PERTURBATIONS = (DELETED, MOVED, CORRUPTED)
"""Every other future that the audit tries."""

TAKEN_BACK = "taken back"
TOGETHER = "together"
CHANGES: Mapping[str, str] = {
    "deleted": "everything known at or after the cutoff is deleted",
    "moved": "everything known at or after the cutoff is moved to other times at or after it",
    "corrupted": "everything known at or after the cutoff has other amounts, words, ends and customers; more is added",
    TAKEN_BACK: "the evidence is taken back to how it stood at the cutoff, corrections and late rows undone",
    TOGETHER: "the cutoff is built together with the others instead of alone",
}
"""What is done before snapshots are built again, in words."""
