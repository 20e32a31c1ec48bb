"""What became of the data, in rows for a page: used, left out and why, unreadable values, spans."""

from collections.abc import Mapping
from dataclasses import dataclass

from patron.features.reading import TableAccount

from .formats import UNDEFINED, count, day_of


@dataclass(frozen=True)
class AccountRow:
    """A table's rows in numbers, and what there is to say about those left out."""

    table: str
    place: str
    rows: str
    used: str
    quarantined: str
    span: str
    reasons: tuple[tuple[str, str], ...]
    """Why rows were left out, and how many."""
    unreadable: tuple[tuple[str, str], ...]
    """Optional columns with values that could not be read, and how many."""
    odd_times: str | None
    adds_up: bool


def account_row(account: TableAccount, timezone: str) -> AccountRow:
    """A table's account to its row; days are the business's."""
    left_out = sum(account.quarantined.values())
    first, last = (day_of(instant, timezone) for instant in (account.first, account.last))
    return AccountRow(
        table=account.table,
        place=account.place,
        rows=count(account.rows),
        used=count(account.used),
        quarantined=count(left_out),
        span="undated" if first == last == UNDEFINED else f"{first} to {last}",
        reasons=reason_rows(account.quarantined),
        unreadable=reason_rows(account.unreadable),
        odd_times=count(account.odd_times) if account.odd_times else None,
        adds_up=account.rows == account.used + left_out,
    )


def reason_rows(counts: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """Reasons and their numbers, the most first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple((reason, count(number)) for reason, number in ordered)
