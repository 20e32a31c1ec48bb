"""Order days: on which local days each customer ordered, the gaps between them, and who came back, counted in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import duckdb
import numpy as np
import numpy.typing as npt

from .columns import wall_from_utc
from .localtime import DAY, FOREVER
from .sql import first_row, quoted
from .store import EvidenceStore

Integers = npt.NDArray[np.int64]

LARGE_CATEGORIES = 8
"""So many categories, those with the most lines, are looked at one by one."""

_DAYS, _CATEGORY_DAYS = quoted("order days"), quoted("category days")


@dataclass(frozen=True, eq=False)
class GapCounts:
    """How long customers stay away after a day with an order, until the next or until the data end.

    `ended` int64[days + 1]: silences that ended with an order on exactly that day; `cut_off` int64[days + 1]: silences
    that were followed for exactly so many days, and no order came.
    """

    ended: Integers
    cut_off: Integers

    @property
    def silences(self) -> int:
        """All silences: one for each customer and day with an order."""
        return int(self.ended.sum() + self.cut_off.sum())

    @property
    def customers(self) -> int:
        """Customers with an order: the last silence of each was cut off by the end of the data."""
        return int(self.cut_off.sum())

    def quantile(self, share: float) -> float:
        """The gap that this share of all gaps does not exceed, in days; NaN where nobody came back."""
        if not self.ended.any():
            return np.nan
        reached = np.cumsum(self.ended) >= share * self.ended.sum()
        return float(np.argmax(reached))


@dataclass(frozen=True)
class Repeats:
    """How many of the buyers ordered again on a later day.

    Of `buyers`, `again` did so far; of the `followed` whose first order is at least `within_days` days old,
    `followed_again` did within those days.
    """

    within_days: int
    buyers: int
    again: int
    followed: int
    followed_again: int


@dataclass(frozen=True)
class Span:
    """The days that were observed: local day numbers since 1970, the second exclusive."""

    first: int
    end: int

    @property
    def days(self) -> int:
        """How many days there are."""
        return self.end - self.first


class OrderDays:
    """The days on which customers ordered, as now known; use it as a context, as it holds tables in the store.

    An order is what it is to the features: the lines of one order id (a line without one by itself) of which one has an
    amount above zero, on the local day of its first line.
    """

    def __init__(self, store: EvidenceStore) -> None:
        self.connection: duckdb.DuckDBPyConnection = store.connection
        self.has_categories = "category" in store.columns["purchases"]
        begin, end = store.observed_from("purchases"), store.observed_until
        ends = store.zone.to_wall(np.array([begin, end - 1], np.int64)) // DAY
        self.span = Span(int(ends[0]), int(ends[1]) + 1)
        self._create(store)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for name in (_DAYS, _CATEGORY_DAYS):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")

    def _create(self, store: EvidenceStore) -> None:
        first, last = store.accounts["purchases"].first, store.accounts["purchases"].last
        assert first is not None
        assert last is not None
        wall = wall_from_utc("happened", store.zone, first, last)
        day = f"CAST(floor(({wall}) / {DAY}.0) AS BIGINT)"
        order = "order_id" if "order_id" in store.columns["purchases"] else "NULL"
        current = f"purchases WHERE until = {FOREVER}"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_DAYS} AS SELECT DISTINCT customer, {day} AS day FROM ("
            f"SELECT customer, min(happened) AS happened FROM {current} AND {order} IS NOT NULL"
            f" GROUP BY customer, {order} HAVING max(amount) > 0"
            f" UNION ALL SELECT customer, happened FROM {current} AND {order} IS NULL AND amount > 0)"
        )
        if self.has_categories:
            bought = f"{current} AND amount > 0 AND category IS NOT NULL"
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {_CATEGORY_DAYS} AS SELECT DISTINCT category, customer, {day} AS day"
                f" FROM {bought} AND category IN (SELECT category FROM {bought} GROUP BY category"
                f" ORDER BY count(*) DESC, category LIMIT {LARGE_CATEGORIES})"
            )

    def gaps(self) -> GapCounts:
        """The gaps between the days on which a customer ordered."""
        return self._gaps(f"SELECT NULL AS category, * FROM {_DAYS}").get(None) or self._nothing()

    def gaps_by_category(self) -> Mapping[str, GapCounts]:
        """The gaps between the days on which a customer bought of a large category; the largest first."""
        if not self.has_categories:
            return {}
        found = self._gaps(f"SELECT * FROM {_CATEGORY_DAYS}")
        ordered = sorted(found.items(), key=lambda item: (-item[1].silences, str(item[0])))
        return {str(name): counts for name, counts in ordered}

    def repeats(self, within_days: int) -> Repeats:
        """Of those who ordered, how many did again."""
        found = self._repeats(f"SELECT NULL AS category, * FROM {_DAYS}", within_days)
        return found.get(None, Repeats(within_days, 0, 0, 0, 0))

    def repeats_by_category(self, within_days: int) -> Mapping[str, Repeats]:
        """Of those who bought of a large category, how many bought of it again."""
        if not self.has_categories:
            return {}
        found = self._repeats(f"SELECT * FROM {_CATEGORY_DAYS}", within_days)
        return {str(name): repeats for name, repeats in found.items()}

    def days_per_customer(self) -> Integers:
        """How many customers ordered on one day, on two, …: int64[most + 1], the first of them zero."""
        rows = self.connection.execute(
            f"SELECT days, count(*) FROM (SELECT count(*) AS days FROM {_DAYS} GROUP BY customer) GROUP BY days"
        ).fetchall()
        counts = np.zeros(max((days for days, _ in rows), default=0) + 1, np.int64)
        for days, customers in rows:
            counts[days] = customers
        return counts

    def share_first_within(self, days: int) -> float:
        """Of all customers' first orders, the share in the first days of the history; NaN where nobody ordered."""
        row = first_row(
            self.connection,
            f"SELECT avg(CAST(first < {self.span.first + days} AS DOUBLE)) FROM"
            f" (SELECT min(day) AS first FROM {_DAYS} GROUP BY customer)",
        )
        return np.nan if row is None or row[0] is None else float(row[0])

    def last_gaps(self, most_customers: int, most_gaps: int) -> tuple[Integers, Integers]:
        """The latest gaps of customers with at least two, the last one first: customer int64[n], gap in days int64[n].

        Where there are more customers than asked for, every n-th by code is taken.
        """
        row = first_row(self.connection, f"SELECT count(DISTINCT customer) FROM {_DAYS}")
        every = 1 if row is None else max(1, -(-int(row[0]) // most_customers))
        found = self.connection.execute(
            f"SELECT customer, gap FROM (SELECT customer, day - lag(day) OVER days AS gap,"
            " row_number() OVER (PARTITION BY customer ORDER BY day DESC) AS back,"
            " count(*) OVER (PARTITION BY customer) AS days"
            f" FROM {_DAYS} WHERE customer % {every} = 0 WINDOW days AS (PARTITION BY customer ORDER BY day))"
            f" WHERE gap IS NOT NULL AND days > 2 AND back <= {most_gaps} ORDER BY customer, back"
        ).fetchnumpy()
        return np.asarray(found["customer"], np.int64), np.asarray(found["gap"], np.int64)

    def _nothing(self) -> GapCounts:
        return GapCounts(*(np.zeros(self.span.days + 1, np.int64) for _ in range(2)))

    def _gaps(self, days: str) -> dict[str | None, GapCounts]:
        rows = self.connection.execute(
            f"SELECT category, next IS NULL AS is_open, coalesce(next, {self.span.end - 1}) - day AS waited,"
            " count(*) FROM (SELECT *, lead(day) OVER (PARTITION BY category, customer ORDER BY day) AS next"
            f" FROM ({days})) GROUP BY ALL"
        ).fetchall()
        found: dict[str | None, GapCounts] = {}
        for category, is_open, waited, count in rows:
            counts = found.setdefault(category, self._nothing())
            # A silence can be longer than the history where purchases lie before its stated beginning.
            place = min(waited, self.span.days)
            (counts.cut_off if is_open else counts.ended)[place] += count
        return found

    def _repeats(self, days: str, within: int) -> dict[str | None, Repeats]:
        followed = f"first + {within} < {self.span.end}"
        rows = self.connection.execute(
            f"SELECT category, count(*), count(second), count(*) FILTER ({followed}),"
            f" count(*) FILTER ({followed} AND second <= first + {within}) FROM (SELECT category, customer,"
            " min(day) AS first, min(day) FILTER (place = 2) AS second FROM (SELECT *,"
            f" row_number() OVER (PARTITION BY category, customer ORDER BY day) AS place FROM ({days}))"
            " GROUP BY category, customer) GROUP BY category"
        ).fetchall()
        return {category: Repeats(within, *counts) for category, *counts in rows}
