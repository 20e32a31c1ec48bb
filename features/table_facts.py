"""What is to know of an evidence table before modelling: missing values, whom it covers, how late its rows come in."""

from collections.abc import Mapping
from dataclasses import dataclass

from .contracts import TABLES
from .localtime import DAY, FOREVER
from .sql import first_row, quoted
from .store import NOT_FACTS, EvidenceStore


@dataclass(frozen=True)
class Lateness:
    """How many days after they happened rows became known: by quantile, and the share later than a day."""

    median: float
    p90: float
    p99: float
    longest: float
    late: float


@dataclass(frozen=True)
class TableFacts:
    """A table's facts as now known; rows that were corrected later or belong to an alias count once.

    `missing` are shares by mapped column. `customers` are distinct, with `rows_per_customer` at the median.
    `who_bought` is the share of them who have ordered, `of_buyers` the share of those who ordered whom the table knows;
    None for purchases. `observed_from` is an instant, `stated` or taken from the first fact.
    """

    table: str
    facts: int
    customers: int
    rows_per_customer: float
    missing: Mapping[str, float]
    who_bought: float | None
    of_buyers: float | None
    lateness: Lateness | None
    observed_from: int
    stated: bool


def measure_tables(store: EvidenceStore) -> tuple[TableFacts, ...]:
    """The facts of each table that was read, purchases first."""
    bought = f"(SELECT DISTINCT customer FROM purchases WHERE until = {FOREVER} AND amount > 0)"
    return tuple(_measure(store, name, bought) for name in store.accounts)


def _measure(store: EvidenceStore, table: str, bought: str) -> TableFacts:
    contract = TABLES[table]
    # The time that dates a row is kept as `happened`, under its own name only where it may also be missing.
    stored = {str(row[0]) for row in store.connection.execute(f"DESCRIBE {quoted(table)}").fetchall()}
    shown = [
        column.name
        for column in contract.columns
        if column.kind != "id" and column.name in stored and column.name in store.columns[table]
    ]
    shares = [f"avg(CAST({quoted(name)} IS NULL AS DOUBLE))" for name in shown]
    current = f"{quoted(table)} WHERE until = {FOREVER}"
    row = first_row(
        store.connection,
        f"SELECT {', '.join(['count(*)', 'count(DISTINCT customer)', *shares])} FROM {current}",
    )
    assert row is not None
    per_customer = first_row(
        store.connection, f"SELECT median(n) FROM (SELECT count(*) AS n FROM {current} GROUP BY customer)"
    )
    assert per_customer is not None
    joined = None if table in ("purchases", *NOT_FACTS) else _join_rates(store, current, bought)
    return TableFacts(
        table=table,
        facts=int(row[0]),
        customers=int(row[1]),
        rows_per_customer=float(per_customer[0] or 0),
        missing=dict(zip(shown, (float(share or 0) for share in row[2:]), strict=True)),
        who_bought=None if joined is None else joined[0],
        of_buyers=None if joined is None else joined[1],
        lateness=_lateness(store, current) if "recorded_at" in store.columns[table] else None,
        observed_from=store.observed_from(table),
        stated=store.data.tables[table].observed_from is not None,
    )


def _join_rates(store: EvidenceStore, current: str, bought: str) -> tuple[float, float]:
    """The share of the table's customers who have ordered, and of those who ordered whom it knows."""
    row = first_row(
        store.connection,
        f"WITH people AS (SELECT DISTINCT customer FROM {current}), bought AS {bought}"
        " SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM bought),"
        " (SELECT count(*) FROM people SEMI JOIN bought USING (customer))",
    )
    assert row is not None
    people, buyers, both = (int(value) for value in row)
    return (both / people if people else 0.0), (both / buyers if buyers else 0.0)


def _lateness(store: EvidenceStore, current: str) -> Lateness:
    days = f"(recorded - happened) / {DAY}.0"
    own = current
    if "identities" in store.accounts:
        # What a linked alias had done is known to its new holder from the link on, which is no delay of the table's.
        own += " AND customer NOT IN (SELECT customer FROM links)"
    row = first_row(
        store.connection,
        f"SELECT median({days}), quantile_cont({days}, 0.9), quantile_cont({days}, 0.99), max({days}),"
        f" avg(CAST({days} > 1 AS DOUBLE)) FROM {own}",
    )
    assert row is not None
    return Lateness(*(float(value or 0) for value in row))
