"""Businesses of a few literal rows: an evidence store of them, and their snapshots as a frame."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest

from patron.features.contracts import TABLES
from patron.features.engine import build_snapshots, prepare
from patron.features.families import FAMILIES
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


_ATTRIBUTES = {"income": "number", "birthday": "time", "member": "flag"}
"""What the attributes of a literal profile hold, if not text."""


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
        self, name: str, rows: Iterable[Sequence[Any]], names: str | None = None, **options: Any
    ) -> "Business":
        """The business with another table: rows as tuples, in the order of the named columns."""
        named = REQUIRED[name] if names is None else tuple(names.split())
        return self.frame(name, arrow_rows(name, named, list(rows)), **options)

    def frame(self, name: str, frame: Any, **options: Any) -> "Business":
        """The business with a table given as a frame."""
        return self._with(TableSpec(name, frame=frame, **self._stated(name, options)))

    def file(self, name: str, path: object, **options: Any) -> "Business":
        """The business with a table in a file."""
        return self._with(TableSpec(name, path=str(path), **self._stated(name, options)))

    def database(self, name: str, **options: Any) -> "Business":
        """The business with a table in a database."""
        return self._with(TableSpec(name, **self._stated(name, options)))

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

    @property
    def data(self) -> DataSpec:
        """The tables as verbs take them."""
        return DataSpec(self.specs, self.until, self.timezone)

    def store(self, question: Question | None = None) -> EvidenceStore:
        """The evidence store; close it, or use it as a context."""
        return EvidenceStore(self.data, question or Question(), memory=1 << 30)

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


COLUMNS = {
    "purchases": "customer_id purchased_at amount order_id quantity product_id category discount channel recorded_at",
    "satisfaction": "customer_id answered_at score asked_at instrument expectation competitor_score category"
    " recorded_at",
    "cases": "customer_id opened_at closed_at severity topic channel reopened recorded_at",
    "activities": "customer_id occurred_at activity channel initiated_by objective result cost responded_at"
    " recorded_at",
    "mentions": "customer_id mentioned_at network sentiment reach recorded_at",
    "referrals": "customer_id referrer_id referred_at recorded_at",
    "profile": "customer_id valid_from region income birthday member recorded_at",
    "identities": "alias_id customer_id linked_at",
}
"""What random evidence holds."""

KEYS = {"purchases": ("product_id",), "cases": ("topic",)}
"""By what rows of random evidence supersede each other: a few have the same product or topic, most have none."""


class RandomEvidence:
    """Few customers, few moments and few words, so that ties, corrections, links and late rows are the rule."""

    def __init__(self, seed: int, customers: int = 5, rows: int = 30) -> None:
        self.rng = np.random.default_rng(seed)
        self.customers = customers
        self.first = datetime(2020, 1, 1)
        self.tables = {name: [self.row(name) for _ in range(rows)] for name in ("purchases", "activities")}
        for name in ("satisfaction", "mentions", "cases", "referrals", "profile"):
            self.tables[name] = [self.row(name) for _ in range(rows // 2)]
        self.tables["identities"] = [self.row("identities") for _ in range(2)]
        for name in (
            "purchases",
            "satisfaction",
            "activities",
            "mentions",
            "cases",
            "profile",
        ):  # nobody is a stranger
            self.tables[name].append({**self.row(name), "customer_id": 1})
        self.tables["referrals"].append({**self.row("referrals"), "customer_id": 1, "referrer_id": 0})

    def moment(self, earliest: datetime | None = None) -> datetime:
        """A midnight or a noon of the year, not before `earliest`."""
        start = self.first if earliest is None else earliest
        halves = int((datetime(2020, 12, 31) - start) / timedelta(hours=12))
        return start + timedelta(hours=12) * int(self.rng.integers(0, max(halves, 1)))

    def maybe(self, value: Any, chance: float = 0.7) -> Any:
        """The value, or nothing."""
        return value if self.rng.random() < chance else None

    def one_of(self, *values: Any) -> Any:
        """One of the values."""
        return values[int(self.rng.integers(0, len(values)))]

    def row(self, name: str, earliest: datetime | None = None, words: Sequence[str] = ()) -> dict[str, Any]:
        """A row that becomes known at `earliest` or later, but may have happened before."""
        known = self.moment(earliest)
        late = earliest is not None or self.rng.random() < 0.2
        happened = self.moment() if late else known
        happened, recorded = min(happened, known), known if late else self.maybe(known, 0.5)
        if name == "identities":
            ids = self.rng.permutation(self.customers)[:2]
            return {"alias_id": int(ids[0]), "customer_id": int(ids[1]), "linked_at": known}
        made = {"customer_id": int(self.rng.integers(0, self.customers)), "recorded_at": recorded}
        channel = self.one_of("web", "shop", "Web ", None, *words)
        end = self.maybe(happened + timedelta(days=float(self.rng.integers(0, 40))), 0.6)
        if name == "purchases":
            return made | {
                "purchased_at": happened,
                "amount": float(self.one_of(0, 1, 2.5, 9.99, 20, -5, self.rng.integers(1, 9000) / 100)),
                "order_id": self.one_of("a", "b", "c", None),
                "quantity": self.maybe(float(self.rng.integers(1, 4))),
                "product_id": self.one_of("p1", "p2", None, None, None, None, None, None),
                "category": self.one_of("coffee", "tea", None, *words),
                "discount": self.maybe(float(self.rng.integers(0, 300) / 100)),
                "channel": channel,
            }
        if name == "satisfaction":
            return made | {
                "asked_at": happened if end is None else self.maybe(happened, 0.8),
                "answered_at": end,
                "score": None if end is None else float(self.rng.integers(0, 11)),
                "instrument": self.one_of("nps", "stars", "other"),
                "expectation": self.one_of("below", "met", "exceeded", None),
                "competitor_score": self.maybe(float(self.rng.integers(0, 11)), 0.3),
                "category": self.one_of("coffee", "tea", None, *words),
            }
        if name == "cases":
            return made | {
                "opened_at": happened,
                "closed_at": end,
                "severity": self.maybe(float(self.rng.integers(1, 4))),
                "topic": self.one_of("late", "broken", None, None, None, *words),
                "channel": channel,
                "reopened": self.maybe(bool(self.rng.integers(0, 2))),
            }
        if name == "profile":
            return made | {
                "valid_from": happened,
                "region": self.one_of("north", "North ", "south", None, *words),
                "income": self.maybe(float(self.rng.integers(0, 9))),
                "birthday": self.maybe(self.moment()),
                "member": self.one_of(True, False, None),
            }
        if name == "referrals":
            referrer = (made["customer_id"] + int(self.rng.integers(1, self.customers))) % self.customers
            return made | {"referrer_id": referrer, "referred_at": happened}
        if name == "mentions":
            return made | {
                "mentioned_at": happened,
                "network": channel,
                "sentiment": self.maybe(float(self.rng.integers(-2, 3) / 2)),
                "reach": self.maybe(float(self.rng.integers(0, 500))),
            }
        return made | {
            "occurred_at": happened,
            "activity": self.one_of("newsletter", "call", *words),
            "channel": channel,
            "initiated_by": self.one_of("firm", "customer", None),
            "objective": self.one_of("sell", None, *words),
            "result": self.one_of("redeemed", "read", None, *words),
            "cost": self.maybe(float(self.rng.integers(0, 100) / 10)),
            "responded_at": end,
        }

    def business(
        self, tables: Mapping[str, Sequence[Mapping[str, Any]]] | None = None, **options: Any
    ) -> "Business":
        """The business that has these tables (all of them unless given), observed since 2019 began."""
        made = Business(observed_from="2019-01-01", **options)
        for name, rows in (self.tables if tables is None else tables).items():
            names = COLUMNS[name].split()
            keyed = {"key": KEYS[name]} if name in KEYS else {}
            made.table(name, [tuple(row[column] for column in names) for row in rows], COLUMNS[name], **keyed)
        return made


def arrow_rows(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Literal rows as an Arrow table whose types follow the contract."""
    found = {}
    for place, column in enumerate(columns):
        values = [row[place] for row in rows]
        kinds = {each.name: each.kind for each in TABLES[name].columns}
        kinds |= _ATTRIBUTES if name == "profile" else {}
        kind = kinds.get(column, "text")
        if kind == "time" and any(isinstance(value, datetime) for value in values):
            found[column] = pa.array(values, pa.timestamp("us"))
        else:
            found[column] = pa.array(values, None if kind == "id" else _ARROW[kind])
    return pa.table(found)


def by_snapshot(table: pa.Table) -> pd.DataFrame:
    """A snapshot table as a frame indexed by customer id and cutoff (naive UTC)."""
    values: dict[str, Any] = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_floating(column.type):
            values[name] = column.to_numpy()
        elif name == "cutoff":
            values[name] = np.asarray(column.cast(pa.timestamp("us")), "datetime64[us]")
        else:
            text = pa.types.is_dictionary(column.type)
            values[name] = pd.Series((column.cast(pa.string()) if text else column).to_pylist(), dtype=object)
    return pd.DataFrame(values).set_index(["customer_id", "cutoff"])


@pytest.fixture(scope="session")
def business() -> Callable[..., Business]:
    """Makes a business to which tables are added."""
    return Business


@pytest.fixture(scope="session")
def random_evidence() -> Callable[..., RandomEvidence]:
    """Makes random evidence from a seed."""
    return RandomEvidence


@pytest.fixture(scope="session")
def columns_of_random() -> dict[str, str]:
    """The columns of random evidence by table."""
    return COLUMNS


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
