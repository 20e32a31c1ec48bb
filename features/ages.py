"""How old the newest facts of each table are, at a cutoff and as a rule."""

from collections.abc import Iterable

import numpy as np

from .localtime import DAY
from .sql import first_row, quoted
from .store import EvidenceStore

AGED = ("purchases", "satisfaction", "cases", "activities", "mentions", "referrals")
"""Tables that grow with what happens; a profile or an assignment may well stay as it is for years."""

USUAL_SHARE = 0.99
_LATEST_DAYS = 366


def newest_facts(store: EvidenceStore, cutoff: int, tables: Iterable[str]) -> dict[str, float]:
    """Days from the newest fact before the cutoff (an instant) to it, by table; tables without one are left out."""
    found = {}
    for name in tables:
        row = first_row(
            store.connection, f"SELECT max(happened) FROM {quoted(name)} WHERE happened < {cutoff}"
        )
        if row is not None and row[0] is not None:
            found[name] = (cutoff - int(row[0])) / DAY
    return found


def usual_ages(store: EvidenceStore, tables: Iterable[str]) -> dict[str, float]:
    """How many days old the newest fact is at most, at the ends of 99 of 100 days of the last year, by table.

    A business that rests on Sundays has 2, one with a satisfaction survey each quarter about 90.
    """
    found = {}
    for name in tables:
        rows = store.connection.execute(
            f"SELECT DISTINCT happened // {DAY} AS day FROM {quoted(name)} ORDER BY day"
        ).fetchnumpy()
        days = np.asarray(rows["day"], np.int64)
        days = days[days >= days[-1] - _LATEST_DAYS] if days.size else days
        ages = np.concatenate([np.arange(1, gap + 1) for gap in np.diff(days)] or [np.empty(0)])
        if ages.size:
            found[name] = float(np.quantile(ages, USUAL_SHARE, method="higher"))
    return found
