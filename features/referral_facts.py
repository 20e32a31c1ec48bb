"""What is known of a customer through others: who referred whom, and what those bought, as dated facts of the customer.

Such a fact is known once both the referral and the purchase are, and for as long as both are. Ids on either side are
those of whom an alias had turned out to be by then. Instead of lines there is at most one fact for a day.
"""

from collections.abc import Mapping

import duckdb

from .columns import utc_from_wall, wall_from_utc
from .identities import with_links
from .localtime import DAY, LocalTime
from .sql import first_row, quoted

SOURCES: Mapping[str, tuple[str, ...]] = {
    "referred_by": ("referrals",),
    "referrals_made": ("referrals",),
    "referrer_days": ("purchases", "referrals"),
    "referred_days": ("purchases", "referrals"),
}
"""The tables that are derived, and of which tables."""

_PAIRS, _DAYS = quoted("referral pairs"), quoted("days with an order")


def derive_referral_facts(
    connection: duckdb.DuckDBPyConnection, zone: LocalTime, first: int, last: int
) -> int:
    """Fill the derived tables from the purchases and referrals; how many referrals lead back to oneself.

    `first` and `last` are the times of the first and the last of those facts.

    `referred_by`: each referral, as a fact of who was referred; `referrals_made`: the same as a fact of the referrer.
    `referrer_days`: days on which a referrer ordered, as facts of whom they referred. `referred_days`: that somebody
    who was referred has ordered before the day of the referral, or since, as facts of the referrer.
    """
    _resolve(connection, zone, first, last)
    _order_days(connection, zone, first, last)
    for name, query in _QUERIES.items():
        connection.execute(f"CREATE TEMP TABLE {quoted(name)} AS {query}")
    row = first_row(connection, f"SELECT count(*) FROM {_PAIRS} WHERE customer = referrer")
    connection.execute(f"DROP TABLE {_PAIRS}")
    connection.execute(f"DROP TABLE {_DAYS}")
    assert row is not None
    return int(row[0])


def _resolve(connection: duckdb.DuckDBPyConnection, zone: LocalTime, first: int, last: int) -> None:
    """Referrals between customers as they were known, the referrer's aliases resolved like those of the referred."""
    day = _local_day(zone, first, last)
    rows = f"SELECT customer, referrer_id AS referrer, happened, recorded, {day} AS day, until FROM referrals"
    connection.execute(
        f"CREATE TEMP TABLE {_PAIRS} AS SELECT * FROM ({with_links(rows, 'referrer')}) WHERE recorded < until"
    )


def _order_days(connection: duckdb.DuckDBPyConnection, zone: LocalTime, first: int, last: int) -> None:
    """The local days on which those in a referral ordered: their midnight, and from when until when they are known.

    Lines that are superseded at different moments stay apart, so that a day is known as long as any of them is.
    """
    day = _local_day(zone, first, last)
    midnight = utc_from_wall(f"day * {DAY}", zone, first - DAY, last)
    connection.execute(
        f"CREATE TEMP TABLE {_DAYS} AS SELECT customer, day, {midnight} AS midnight, recorded, until FROM ("
        f"SELECT customer, {day} AS day, min(recorded) AS recorded, until FROM purchases WHERE amount > 0"
        f" AND customer IN (SELECT customer FROM {_PAIRS} UNION SELECT referrer FROM {_PAIRS}) GROUP BY ALL)"
    )


def _local_day(zone: LocalTime, first: int, last: int) -> str:
    """The local day of `happened`, counted from 1970."""
    return f"CAST(floor(({wall_from_utc('happened', zone, first, last)}) / {DAY}.0) AS BIGINT)"


_OTHERS = f"{_PAIRS} AS pair JOIN {_DAYS} AS bought"
_BOTH_KNOWN = "greatest(pair.recorded, bought.recorded) < least(pair.until, bought.until)"
_REFERRAL = "pair.customer || ' ' || pair.day AS referral"

_QUERIES: Mapping[str, str] = {
    "referred_by": f"SELECT customer, happened, recorded, until FROM {_PAIRS} WHERE customer <> referrer",
    "referrals_made": f"SELECT referrer AS customer, happened, recorded, {_REFERRAL}, until FROM {_PAIRS} AS pair"
    " WHERE customer <> referrer",
    "referrer_days": "SELECT pair.customer AS customer, bought.midnight AS happened,"
    " min(greatest(pair.recorded, bought.recorded)) AS recorded, CAST(bought.day AS VARCHAR) AS day,"
    f" least(pair.until, bought.until) AS until FROM {_OTHERS} ON bought.customer = pair.referrer"
    f" WHERE pair.customer <> pair.referrer AND {_BOTH_KNOWN} GROUP BY ALL",
    "referred_days": "SELECT customer, recorded AS happened, recorded, referral, moment, until FROM ("
    f"SELECT pair.referrer AS customer, min(greatest(pair.recorded, bought.recorded)) AS recorded, {_REFERRAL},"
    " CASE WHEN bought.day < pair.day THEN 'before' ELSE 'since' END AS moment,"
    f" least(pair.until, bought.until) AS until FROM {_OTHERS} ON bought.customer = pair.customer"
    f" WHERE pair.customer <> pair.referrer AND {_BOTH_KNOWN} GROUP BY ALL)",
}
