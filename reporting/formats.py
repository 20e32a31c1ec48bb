"""Numbers, intervals and days as a reader expects them: one way to write each, everywhere."""

import math
from datetime import datetime
from zoneinfo import ZoneInfo

from patron.features.localtime import to_datetime
from patron.models.intervals import Estimate

UNDEFINED = "–"
MINUS = "−"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Spelled out here: what the operating system calls them depends on its language."""


def decimal(value: float, digits: int, *, signed: bool = False) -> str:
    """A number with so many decimals, a real minus and thousands separators; a dash where it is not finite."""
    if not math.isfinite(value):
        return UNDEFINED
    text = f"{abs(value):,.{digits}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    return f"{MINUS if value < 0 else '+' if signed else ''}{text}"


def count(value: float) -> str:
    """A number of things: 12,345."""
    return decimal(value, 0)


def percent(share: float, digits: int = 1) -> str:
    """A share of 1: 12.3%."""
    return UNDEFINED if not math.isfinite(share) else f"{decimal(share * 100, digits)}%"


def spread(estimate: Estimate, digits: int) -> str:
    """The ends of the interval: 0.768 to 0.801."""
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return ""
    low, high = (decimal(end, digits) for end in (estimate.low, estimate.high))
    return f"{low} to {high}"


def estimate_text(estimate: Estimate, digits: int, *, signed: bool = False) -> str:
    """A value with its interval: 0.785 (0.768 to 0.801)."""
    value, ends = decimal(estimate.value, digits, signed=signed), spread(estimate, digits)
    return f"{value} ({ends})" if ends else value


def day(moment: datetime, timezone: str) -> str:
    """The business's day of an instant, with the time where it is not midnight: 2017-08-17."""
    local = moment.astimezone(ZoneInfo(timezone))
    midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
    return f"{local:%Y-%m-%d}" if midnight else f"{local:%Y-%m-%d %H:%M}"


def day_of(microseconds: int | None, timezone: str) -> str:
    """The day on which an instant falls; a dash for none, and for undated facts, which hold from ever on."""
    if microseconds is None or abs(microseconds) >= 2**62:
        return UNDEFINED
    return f"{to_datetime(microseconds).astimezone(ZoneInfo(timezone)):%Y-%m-%d}"


def short_day(moment: datetime, timezone: str) -> str:
    """A day for an axis, on two lines: Aug 17, 2017."""
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{MONTHS[local.month - 1]} {local.day}\n{local.year}"


def sentence(text: str) -> str:
    """A text with a capital first letter, and the rest as it is: BG/NBD stays BG/NBD."""
    return text[:1].upper() + text[1:]


def words(name: str) -> str:
    """The name of a family, stage or table as words: buying_cycle becomes buying cycle."""
    return name.replace("_", " ").strip() or UNDEFINED
