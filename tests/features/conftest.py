"""Businesses of a few literal rows: an evidence store of them, and their snapshots as a frame."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest

from patron.features.contracts import TABLES
from patron.features.engine import FAMILIES, build_snapshots, prepare
from patron.features.family import Family
from patron.features.question import Question
from patron.features.snapshots import parse_cutoffs
from patron.features.store import EvidenceStore
from patron.features.tables import ColumnSource, DataSpec, TableSpec

REQUIRED = {
    "purchases": ("customer_id", "purchased_at", "amount"),
    "satisfaction": ("customer_id", "answered_at", "score", "asked_at"),
    "cases": ("customer_id", "opened_at", "closed_at"),
    "activities": ("customer_id", "occurred_at", "activity"),
    "identities": ("alias_id", "customer_id", "linked_at"),
    "referrals": ("customer_id", "referrer_id", "referred_at"),
    "profile": ("customer_id",),
    "assignments": ("customer_id", "test", "arm", "assigned_at"),
    "mentions": ("customer_id", "mentioned_at"),
}
"""What literal rows hold unless their columns are named."""

_ARROW = {
    "time": pa.string(),
    "money": pa.float64(),
    "number": pa.float64(),
    "text": pa.string(),
    "flag": pa.bool_(),
}


class Business:
    """Evidence tables given as literal rows; times are texts such as "2020-01-31 10:00", in UTC unless it says so."""

    def __init__(
        self,
        until: str = "2021-01-01",
        timezone: str = "UTC",
        observed_from: str | Mapping[str, str] | None = None,
    ) -> None:
        self.until = datetime.fromisoformat(until).replace(tzinfo=UTC)
        self.timezone = timezone
        self.observed_from = observed_from
        self.specs: dict[str, TableSpec] = {}

    def table(
        self, name: str, rows: Iterable[Sequence[Any]], columns: str | None = None, **options: Any
    ) -> "Business":
        """The business with another table: rows as tuples, in the order of the named columns."""
        names = REQUIRED[name] if columns is None else tuple(columns.split())
        return self.frame(name, arrow_rows(name, names, list(rows)), **options)

    def frame(self, name: str, frame: Any, **options: Any) -> "Business":
        """The business with a table given as a frame."""
        return self._with(TableSpec(name, frame=frame, **self._stated(name, options)))

    def file(self, name: str, path: object, **options: Any) -> "Business":
        """The business with a table in a file."""
        return self._with(TableSpec(name, path=str(path), **self._stated(name, options)))

    def _with(self, spec: TableSpec) -> "Business":
        self.specs[spec.name] = spec
        return self

    def _stated(self, name: str, options: dict[str, Any]) -> dict[str, Any]:
        stated = self.observed_from
        if isinstance(stated, Mapping):
            stated = stated.get(name)
        if stated is not None and "observed_from" not in options:
            options["observed_from"] = datetime.fromisoformat(stated).replace(tzinfo=UTC)
        columns = options.get("columns")
        if columns:
            options["columns"] = {
                key: source if isinstance(source, ColumnSource) else ColumnSource(name=source)
                for key, source in columns.items()
            }
        return options

    def store(self, question: Question | None = None) -> EvidenceStore:
        """The evidence store; close it, or use it as a context."""
        data = DataSpec(self.specs, self.until, self.timezone)
        return EvidenceStore(data, question or Question(), memory=1 << 30)

    def snapshots(
        self,
        *cutoffs: str | date,
        question: Question | None = None,
        families: Sequence[type[Family]] = FAMILIES,
        **options: Any,
    ) -> pd.DataFrame:
        """The snapshots of the population asked about, by customer and cutoff (a naive UTC time)."""
        with self.store(question) as store:
            moments = parse_cutoffs(cutoffs, store.zone, store.observed_until)
            prepared = prepare(store, question or Question(), families, moments)
            table, excluded = build_snapshots(store, prepared, moments, **options)
        found = by_snapshot(table)
        found.attrs["excluded"] = excluded
        return found


def arrow_rows(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Literal rows as an Arrow table whose types follow the contract."""
    found = {}
    for place, column in enumerate(columns):
        values = [row[place] for row in rows]
        kinds = {each.name: each.kind for each in TABLES[name].columns}
        kind = kinds.get(column, "text")
        if kind == "time" and any(isinstance(value, datetime) for value in values):
            found[column] = pa.array(values, pa.timestamp("us"))
        else:
            found[column] = pa.array(values, None if kind == "id" else _ARROW[kind])
    return pa.table(found)


def by_snapshot(table: pa.Table) -> pd.DataFrame:
    """A snapshot table as a frame indexed by customer id and cutoff (naive UTC)."""
    columns = {
        name: table[name].cast(pa.string()) if pa.types.is_dictionary(table[name].type) else table[name]
        for name in table.column_names
    }
    frame = pd.DataFrame({name: column.to_pylist() for name, column in columns.items()})
    for name, column in columns.items():
        if pa.types.is_floating(column.type):
            frame[name] = column.to_numpy()
    cutoff = np.asarray(table["cutoff"].cast(pa.timestamp("us")), "datetime64[us]")
    return frame.assign(cutoff=cutoff).set_index(["customer_id", "cutoff"])


@pytest.fixture(scope="session")
def business() -> Callable[..., Business]:
    """Makes a business to which tables are added."""
    return Business


@pytest.fixture(scope="session")
def bytes_of() -> Callable[[pa.Table], dict[str, bytes]]:
    """The bytes of every column, so that NaN equals NaN and nothing else is close enough."""

    def column_bytes(table: pa.Table) -> dict[str, bytes]:
        found = {}
        for name in table.column_names:
            column = table[name].combine_chunks()
            if pa.types.is_floating(column.type):
                values: npt.NDArray[np.float32] = np.asarray(column.fill_null(np.float32(-1e30)), np.float32)
                found[name] = values.tobytes() + np.asarray(column.is_null()).tobytes()
            else:
                found[name] = repr(column.to_pylist()).encode()
        return found

    return column_bytes
