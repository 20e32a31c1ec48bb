"""The outline of the evidence: which tables and columns there are, and since when, without any of their rows."""

from collections.abc import Mapping
from typing import Protocol

from .contracts import TableContract
from .judging import ALWAYS
from .localtime import LocalTime, to_microseconds
from .reading import TableAccount
from .referral_facts import SOURCES
from .tables import DataSpec


class Outline(Protocol):
    """What plans are made from, wherever the rows are."""

    @property
    def data(self) -> DataSpec:
        """What was said of the evidence."""

    @property
    def zone(self) -> LocalTime:
        """The business's time zone."""

    @property
    def observed_until(self) -> int:
        """When what is known ends (an instant, exclusive)."""

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The contract's columns that each table has, and those of the tables that are derived."""

    def contract(self, table: str) -> TableContract:
        """What a table holds."""

    def observed_from(self, table: str) -> int:
        """From when on a table is complete (an instant)."""


def complete_since(table: str, data: DataSpec, accounts: Mapping[str, TableAccount]) -> int:
    """From when on a table is complete: as stated, else its first fact; one derived of several, when all are."""
    if table in SOURCES:
        return max(complete_since(source, data, accounts) for source in SOURCES[table])
    stated = data.tables[table].observed_from
    if stated is not None:
        return to_microseconds(stated)
    first = accounts[table].first
    return ALWAYS if first is None else first
