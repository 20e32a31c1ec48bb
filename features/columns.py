"""How one source column becomes what the contract says, in SQL, and what can be wrong with its values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from .contracts import Column
from .errors import DataError
from .localtime import LocalTime, to_microseconds

MONEY_UNITS = 10_000
"""Money is counted in integers of 1/10,000 of the currency, so that sums are exact in any order."""

LARGEST_AMOUNT = 10_000_000_000
"""A larger amount is not believed; up to it, 90,000 lines of a customer can be summed without overflow."""

EARLIEST = to_microseconds(datetime(1900, 1, 1, tzinfo=UTC))
"""An earlier time is not believed: systems write year 1 where they know none."""

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_NAIVE = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"}
_ZONED = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS WITH TIME ZONE"}
_PLAIN = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]+\d{1,2}:\d{2}(:\d{2}(\.\d*)?)?)?"
"""Text that is a time without a zone; of other text only what holds a clock time is tried as a zoned one."""


@dataclass(frozen=True)
class IdType:
    """How ids of a source type are kept: a family that must agree across tables, and the SQL type."""

    family: str
    sql: str


SQL_OF_IDS = {"integer": "BIGINT", "text": "VARCHAR", "UUID": "UUID", "date": "DATE"}
"""The families of ids with the SQL type in which each is kept."""


def id_type(source_type: str, source: str, place: str) -> IdType:
    """The family of an id column; DataError for types that cannot name anyone."""
    if source_type in _INTEGERS:
        return IdType("integer", SQL_OF_IDS["integer"])
    if source_type == "VARCHAR" or source_type.startswith("ENUM"):
        return IdType("text", SQL_OF_IDS["text"])
    if source_type in ("UUID", "DATE"):
        return IdType(source_type if source_type == "UUID" else "date", source_type)
    raise DataError(
        "The ids are of a type that cannot name a customer.",
        where=place,
        found=source_type,
        remedy=f"if they are whole numbers, map the column as {{ sql = 'TRY_CAST({source} AS BIGINT)' }};"
        " else cast it to VARCHAR",
    )


def agreed_id_type(found: Mapping[str, Mapping[str, IdType]]) -> IdType:
    """The one type of all ids, by table and column; DataError where tables disagree."""
    first = found["purchases"]["customer_id"]
    for table, types in found.items():
        for column, kind in types.items():
            if kind.family != first.family:
                raise DataError(
                    "Ids are of different types in different tables.",
                    where=f"purchases.customer_id and {table}.{column}",
                    found=f"{first.family} and {kind.family}",
                    remedy=f"say how to read one as the other: {column} = "
                    f'{{ sql = "CAST(… AS {first.sql})" }}; "007" and 7 are different ids until you do',
                )
    return first


def is_wall_time(source_type: str) -> bool:
    """Whether times of that type carry no zone of their own (text may or may not)."""
    return source_type in _NAIVE or source_type == "VARCHAR"


def wall_time(name: str, source_type: str) -> str:
    """Naive wall time in microseconds, NULL where there is none or it carries a zone of its own."""
    if source_type in _NAIVE:
        return f"CASE WHEN isfinite({name}) THEN epoch_us(CAST({name} AS TIMESTAMP)) END"
    if source_type in _ZONED:
        return "CAST(NULL AS BIGINT)"
    return f"CASE WHEN {_is_plain(name)} THEN epoch_us(TRY_CAST(trim({name}) AS TIMESTAMP)) END"


def zoned_time(name: str, source_type: str) -> str:
    """The instant of a time that carries its own zone, in microseconds; NULL for all others."""
    if source_type in _ZONED:
        return f"CASE WHEN isfinite({name}) THEN epoch_us({name}) END"
    if source_type in _NAIVE:
        return "CAST(NULL AS BIGINT)"
    # DuckDB reads "10:00+0200" and "10:00 +02", but not "10:00 +0200".
    joined = f"regexp_replace(trim({name}), '\\s+([+-]\\d)', '\\1')"
    zoned = f"NOT {_is_plain(name)} AND contains({name}, ':')"
    return f"CASE WHEN {zoned} THEN epoch_us(TRY_CAST({joined} AS TIMESTAMPTZ)) END"


def _is_plain(name: str) -> str:
    return f"regexp_full_match(trim({name}), '{_PLAIN}')"


def check_time_type(source_type: str, source: str, place: str) -> None:
    """DataError where a column of that type does not hold times."""
    if source_type not in _NAIVE | _ZONED | {"VARCHAR"}:
        raise DataError(
            "The column does not hold times.",
            where=place,
            found=source_type,
            remedy=f"for seconds since 1970 map it as {{ sql = 'to_timestamp({source})' }}",
        )


def utc_from_wall(wall: str, zone: LocalTime, first: int, last: int) -> str:
    """The instants of wall times between `first` and `last` (microseconds), as an SQL expression."""
    changes = zone.changes(first, last)
    before = changes[0].before if changes else zone.offset_before(first)
    branches = [f"WHEN {wall} < {change.wall_until} THEN {wall} - ({change.before})" for change in changes]
    after = changes[-1].after if changes else before
    return f"CASE {' '.join(branches)} ELSE {wall} - ({after}) END" if branches else f"{wall} - ({after})"


def wall_from_utc(instant: str, zone: LocalTime, first: int, last: int) -> str:
    """The wall times of instants between `first` and `last` (microseconds), as an SQL expression."""
    changes = zone.changes(first, last)
    before = changes[0].before if changes else zone.offset_before(first)
    branches = [f"WHEN {instant} < {change.instant} THEN {instant} + ({change.before})" for change in changes]
    after = changes[-1].after if changes else before
    return (
        f"CASE {' '.join(branches)} ELSE {instant} + ({after}) END" if branches else f"{instant} + ({after})"
    )


def is_odd_wall_time(wall: str, zone: LocalTime, first: int, last: int) -> str:
    """Whether a wall time does not exist or exists twice, as an SQL expression."""
    odd = [f"{wall} BETWEEN {c.wall_from} AND {c.wall_until - 1}" for c in zone.changes(first, last)]
    return " OR ".join(odd) or "false"


def plain_value(column: Column, name: str) -> str:
    """A value that is neither id nor time, as the contract keeps it; NULL where it cannot be read."""
    if column.kind == "money":
        number = f"TRY_CAST({name} AS DOUBLE)"
        # Parquet's statistics do not count NaN, and DuckDB leaves out a condition that they say always holds.
        return (
            f"CASE WHEN abs({number}) < {LARGEST_AMOUNT} AND (round({number} * {MONEY_UNITS}) <> 0 OR {number} = 0)"
            f" THEN TRY_CAST(round({number} * {MONEY_UNITS}) AS BIGINT) END"
        )
    if column.kind == "number":
        return f"CASE WHEN isfinite(TRY_CAST({name} AS DOUBLE)) THEN TRY_CAST({name} AS DOUBLE) END"
    if column.kind == "flag":
        return f"TRY_CAST({name} AS BOOLEAN)"
    text = f"CAST({name} AS VARCHAR)"
    # What begins with a letter or a digit need not be trimmed to see that it is not blank, and nearly all does.
    return f"CASE WHEN {text} >= '!' AND {text} < '~' THEN {text} WHEN trim({text}) <> '' THEN {text} END"


def money_problems(name: str, missing: str, value: str, column: str) -> list[tuple[str, str]]:
    """Conditions under which an amount `name`, read as `value`, is refused, each with its reason."""
    number, bad = f"TRY_CAST({name} AS DOUBLE)", f"{value} IS NULL"
    return [
        (f"{bad} AND {missing}", f"no {column}"),
        (f"{bad} AND {number} IS NULL", f"{column} is not a number"),
        (f"{bad} AND NOT isfinite({number})", f"{column} is not finite"),
        (
            f"{value} IS NULL",
            f"{column} is beyond ±{LARGEST_AMOUNT:,} or nearer to zero than 1/{MONEY_UNITS:,}",
        ),
    ]
