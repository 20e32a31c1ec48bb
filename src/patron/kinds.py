"""What a key of the configuration may hold: one reader per kind of value."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from math import inf
from typing import Any
from zoneinfo import available_timezones

from patron.features.tables import ColumnSource
from patron.features.undisclosed import undisclosed

from .suggestions import nearest


@dataclass(frozen=True)
class Kind:
    """A kind of value: what it is called in documentation and errors, and how it is read.

    `read` gives the value as Patron uses it, or raises ValueError with what the user should do instead.
    """

    expected: str
    example: str
    read: Callable[[Any], Any]


class WrongType(ValueError):
    """The value is of another type than the key expects."""


def type_in_words(value: object) -> str:
    """What a TOML user would call the type of a value."""
    words: tuple[tuple[type, str], ...] = (
        (bool, "true or false"),
        (str, "text"),
        (int, "a whole number"),
        (float, "a number"),
        (datetime, "a date with a time"),
        (date, "a date"),
        (time, "a time of day"),
        (list, "a list"),
        (dict, "a table"),
    )
    return next((word for kind, word in words if isinstance(value, kind)), type(value).__name__)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongType
    if not value.strip():
        raise ValueError("it is empty: give a text or leave the key out")
    return value


def _whole_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongType
    return value


def _horizons(value: Any) -> tuple[int, ...]:
    listed = value if isinstance(value, list | tuple) else [value]
    if not listed:
        raise WrongType
    return tuple(_whole_number(item) for item in listed)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongType
    return float(value)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_text(value),)
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise WrongType
    return tuple(_text(item) for item in value)


def _closures(value: Any) -> tuple[str, ...]:
    listed = list(value) if isinstance(value, list | tuple) else [value]
    # A date of TOML is as good as its text; a date with a time is not a day.
    return _texts([item.isoformat() if type(item) is date else item for item in listed])


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError('write it as "2018-01-31" or "2018-01-31T06:00:00+01:00"') from None
    if isinstance(value, datetime):
        return datetime.combine(value.date(), value.timetz())
    if isinstance(value, date):
        return datetime.combine(value, time())
    raise WrongType


@cache
def _timezone_names() -> tuple[str, ...]:
    # "localtime" is whatever the machine says, which would make results depend on the machine.
    return tuple(sorted(available_timezones() - {"localtime", "Factory"}))


def _timezone(value: Any) -> str:
    name = _text(value)
    if name in _timezone_names():
        return name
    close = nearest(name, _timezone_names()) or nearest(
        name, (zone.rpartition("/")[2] for zone in _timezone_names())
    )
    full = next((zone for zone in _timezone_names() if close in (zone, zone.rpartition("/")[2])), None)
    raise ValueError(f"use a name of the tz database; did you mean {full!r}?" if full else _TIMEZONE_CURE)


_TIMEZONE_CURE = 'use a name of the tz database, such as "Europe/Paris" or "UTC"'

_MEMORY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B\s*", re.IGNORECASE)
MINIMUM_MEMORY = 10**9


def _memory(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    elif isinstance(value, str):
        match = _MEMORY.fullmatch(value)
        if match is None:
            raise ValueError('write it as "8GB", "800MB" or "8GiB"')
        power = " KMGT".index(match[2].upper() or " ")
        size = int(float(match[1]) * (1024 if match[3] else 1000) ** power)
    else:
        raise WrongType
    if size < MINIMUM_MEMORY:
        raise ValueError("at least 1GB is needed: it is for the whole process, half a gigabyte is the base")
    return size


def _column(value: Any) -> ColumnSource:
    if isinstance(value, str):
        return ColumnSource(name=_text(value))
    if not isinstance(value, dict):
        raise WrongType
    if set(value) == {"sql"} and isinstance(value["sql"], str):
        return ColumnSource(sql=_text(value["sql"]))
    if set(value) == {"column"} and isinstance(value["column"], str):
        return ColumnSource(name=_text(value["column"]))
    raise ValueError('a column is "its name", { column = "its name" } or { sql = "an expression" }')


@dataclass(frozen=True)
class Currency:
    """Where each row's currency is found, and the one that is wanted; either may be left open."""

    column: ColumnSource | None = None
    only: str | None = None


def _currency(value: Any) -> Currency:
    if isinstance(value, str):
        return Currency(only=_text(value))
    if not isinstance(value, dict):
        raise WrongType
    only = value.get("only")
    place = {key: inner for key, inner in value.items() if key != "only"}
    return Currency(_column(place) if place else None, None if only is None else _text(only))


_FAMILY = re.compile(r"([A-Za-z_][\w.]*|[^:]+\.py):[A-Za-z_]\w*")


def _families(value: Any) -> tuple[str, ...]:
    for name in _texts(value):
        if not _FAMILY.fullmatch(name):
            raise ValueError(f'{name!r} is neither "package.module:ClassName" nor "file.py:ClassName"')
    return _texts(value)


def _connection(value: Any) -> str:
    text = undisclosed(_text(value))
    if not text.startswith(("postgresql://", "postgres://", "duckdb:///")):
        raise ValueError(
            'write "postgresql://user:${PGPASSWORD}@host:5432/database" or "duckdb:///file.duckdb"; other databases:'
            " export to Parquet"
        )
    return text


def _version(value: Any) -> int:
    if _whole_number(value) < 0:
        raise ValueError("versions of a Delta table count from 0")
    return int(value)


def _engine(value: Any) -> str:
    if _text(value) not in ENGINES:
        raise ValueError(f"there are the engines {' and '.join(repr(each) for each in ENGINES)}")
    return str(value)


def _frame(value: Any) -> Any:
    if isinstance(value, str | int | float | list | dict | date):
        raise WrongType
    return value


def _scales(value: Any) -> dict[str, tuple[float, float]]:
    if not isinstance(value, dict):
        raise WrongType
    return {_text(name): _scale(name, bounds) for name, bounds in value.items()}


def _scale(name: str, bounds: Any) -> tuple[float, float]:
    if not isinstance(bounds, list | tuple) or len(bounds) != 2:
        raise ValueError(f"give {name!r} its lowest and its highest score, such as [0, 100]")
    low, high = (_number(bound) for bound in bounds)
    if not -inf < low < high < inf:
        raise ValueError(
            f"of {name!r} the first must be the lowest score and the second the highest: [0, 100]"
        )
    return low, high


ENGINES = ("local", "spark")

TEXT = Kind("text", '"text"', _text)
WHOLE_NUMBER = Kind("whole number", "30", _whole_number)
HORIZONS = Kind("whole number, or a rising list of them", "30, or [14, 30, 90]", _horizons)
NUMBER = Kind("number", "0.5", _number)
TEXTS = Kind("list of texts", '["a", "b"]', _texts)
CLOSURES = Kind("list of days", '["2017-12-25", "2017-07-01/2017-07-14"]', _closures)
MOMENT = Kind("date or date with time", '"2018-01-31"', _moment)
TIMEZONE = Kind("time zone name", '"Europe/Paris"', _timezone)
MEMORY = Kind("size", '"8GB"', _memory)
COLUMN = Kind("column", '"its_name" or { sql = "an expression" }', _column)
CURRENCY = Kind("text or column", '"EUR", { column = "its_name" } or both, with only = "EUR"', _currency)
FAMILIES = Kind("list of texts", '["mypackage.loyalty:LoyaltyCard"]', _families)
CONNECTION = Kind("URL of a database", '"postgresql://user:${PGPASSWORD}@host/database"', _connection)
VERSION = Kind("whole number", "12", _version)
SCALES = Kind("table of scales", "{ recommend = [0, 100], smiley = [1, 3] }", _scales)
ENGINE = Kind("text", '"spark"', _engine)
FRAME = Kind("data frame", "a pandas, polars or Arrow table", _frame)
