"""When customers buy: the span of the purchases and the gaps between orders, and the question they suggest."""

import math
from dataclasses import dataclass
from datetime import date

import duckdb

from patron.features.errors import DataError
from patron.features.sql import quoted
from patron.features.tables import ColumnSource

from .guesses import TableGuess

HORIZONS = (7, 14, 30, 60, 90, 180, 365)
DEFAULT_GAP = 30
FAR_DAYS = 366
"""One purchase in a thousand that lies further from the others than this is a mistake: 1970-01-01, 2099-12-31."""
MOST_CUTOFFS = 12
FEWEST_CUTOFFS = 4


@dataclass(frozen=True)
class Rhythm:
    """When purchases happen: first and last day, and the median gap in days between days with an order."""

    first: date
    last: date
    gap: float | None
    repeaters: int
    beyond: int = 0
    """Purchases so far after the others that they are taken for mistakes."""

    @property
    def horizon(self) -> int:
        """The usual horizon nearest to the median gap, in ratio, that leaves room for a history."""
        room = [days for days in HORIZONS if days * FEWEST_CUTOFFS <= self.span] or [HORIZONS[0]]
        gap = self.gap or DEFAULT_GAP
        return min(room, key=lambda days: abs(math.log(days / gap)))

    @property
    def span(self) -> int:
        """Days from the first purchase to the last, both counted."""
        return (self.last - self.first).days + 1

    @property
    def cutoffs(self) -> int:
        """How many cutoffs, a horizon apart, have a label window after them and a horizon of history before.

        Never less than one to learn from and one to be judged on, which `patron check` may find too little.
        """
        return max(min(MOST_CUTOFFS, self.span // self.horizon - 1), 2)

    @property
    def lookback(self) -> int:
        """Half a year, a year where the horizon is long, and never more than half of what is known."""
        wanted = 180 if self.horizon <= 60 else 365
        return max(min(wanted, self.span // 2), self.horizon)


def measure_rhythm(connection: duckdb.DuckDBPyConnection, purchases: TableGuess) -> Rhythm:
    """First and last day of purchases, and the gaps between the days on which a customer orders.

    DataError where no purchase has a customer, a time and an amount above zero.
    """
    customer, moment, amount = (
        sql_of(purchases.column(name).source) for name in ("customer_id", "purchased_at", "amount")
    )
    row = connection.execute(
        f"""
        WITH days AS (
            SELECT DISTINCT {customer} AS customer, CAST(CAST({moment} AS TIMESTAMP) AS DATE) AS day
            FROM {purchases.file.source.relation}
            WHERE TRY_CAST({amount} AS DOUBLE) > 0 AND {customer} IS NOT NULL AND {moment} IS NOT NULL
        ), gaps AS (
            SELECT customer, day, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap FROM days
        )
        SELECT
            min(day) FILTER (day >= early), max(day) FILTER (day <= late), median(gap),
            count(DISTINCT customer) FILTER (gap IS NOT NULL), count(*) FILTER (day > late)
        FROM gaps, (
            SELECT
                CAST(quantile_disc(day, 0.001) - INTERVAL {FAR_DAYS} DAY AS DATE) AS early,
                CAST(quantile_disc(day, 0.999) + INTERVAL {FAR_DAYS} DAY AS DATE) AS late
            FROM days
        )
        """
    ).fetchone()
    if row is None or row[0] is None:
        raise DataError(
            "No purchase has a customer, a time and an amount above zero.",
            where=purchases.file.path,
            remedy="name another file, or write the [purchases] section yourself",
        )
    return Rhythm(*row)


def sql_of(source: ColumnSource) -> str:
    """The source as SQL over the source row."""
    return quoted(source.name) if source.name is not None else f"({source.sql})"
