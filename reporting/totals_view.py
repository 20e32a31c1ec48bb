"""Totals as the training report shows them: what was promised, within which interval, and what came."""

from dataclasses import dataclass
from datetime import UTC, datetime

from patron.models.totals import Total, Totals

from .formats import count, day, decimal, sentence, spread, words

MOST_GROUPS = 12
"""Of a grouping so many groups are shown."""


@dataclass(frozen=True)
class TotalRow:
    """A test cutoff or group: promised, its interval, came, and whether the interval holds it."""

    name: str
    snapshots: str
    promised: str
    ends: str
    came: str
    miss: str
    says: str


def total_sections(totals: Totals | None, timezone: str) -> tuple[tuple[str, tuple[TotalRow, ...]], ...]:
    """The totals to titled rows: the test cutoffs first, then each grouping that has more than one group."""
    if totals is None:
        return ()
    found = [("Test cutoff", tuple(_row(_day(each.name, timezone), each) for each in totals.per_cutoff))]
    for name, parts in totals.groups.items():
        if len(parts) > 1:
            found.append(
                (sentence(words(name)), tuple(_row(words(each.name), each) for each in parts[:MOST_GROUPS]))
            )
    return tuple(found)


def totals_sentence(totals: Totals | None) -> str:
    """At how many test cutoffs as many came as promised."""
    if totals is None or not totals.per_cutoff:
        return ""
    kept, cutoffs = sum(each.is_kept for each in totals.per_cutoff), len(totals.per_cutoff)
    noun = "cutoff" if cutoffs == 1 else "cutoffs"
    return f"What came lies within what was promised at {kept} of {cutoffs} test {noun}."


def _day(name: str, timezone: str) -> str:
    moment = datetime.fromisoformat(name)
    return day(moment if moment.tzinfo else moment.replace(tzinfo=UTC), timezone)


def _row(name: str, total: Total) -> TotalRow:
    outside = "fewer" if total.came < total.promised.low else "more"
    return TotalRow(
        name,
        count(total.n),
        count(total.promised.value),
        spread(total.promised, 0),
        count(total.came),
        f"{decimal(100 * total.miss, 1, signed=True)} points",
        "as promised" if total.is_kept else outside,
    )
