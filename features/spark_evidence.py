"""All evidence of a business on Spark: every table read, aliases linked, what follows from several tables joined."""

import json
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import reduce
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .columns import IdType, agreed_id_type
from .contracts import STORED, TABLES, TableContract
from .localtime import FOREVER, LocalTime, to_microseconds
from .outline import complete_since
from .question import Question
from .reading import TableAccount, empty_table, refuse_mixed_currencies, refuse_unused
from .referral_facts import SOURCES
from .spark_links import SparkLinks
from .spark_reading import SparkTable, together
from .spark_referrals import spark_referral_facts
from .store import NOT_FACTS, require_purchases, strangers
from .tables import DataSpec

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


@dataclass(frozen=True)
class SparkEvidence:
    """The evidence of a business as facts of ids, spread over Spark's workers; an `Outline` on the driver.

    `facts` are, by table, customer, happened, recorded, the contract's columns and until; `customers` are customer,
    known (when first) and until (when it turned out to be an alias). What is read is held on the workers until `close`.
    """

    data: DataSpec
    zone: LocalTime
    observed_until: int
    tables: Mapping[str, SparkTable]
    accounts: Mapping[str, TableAccount]
    facts: Mapping[str, "DataFrame"]
    customers: "DataFrame"
    links: SparkLinks | None = None

    @classmethod
    def of(cls, frames: Mapping[str, "DataFrame"], data: DataSpec, question: Question) -> Self:
        """The evidence in DataFrames by table; DataError where a table cannot be used."""
        require_purchases(data)
        zone, until = LocalTime(data.timezone), to_microseconds(data.observed_until)
        tables = {
            name: SparkTable.of(frames[name], data.tables[name], data.timezone, until, question)
            for name in TABLES
            if name in data.tables
        }
        agreed_id_type({name: table.id_types for name, table in tables.items()})
        tables = {name: table.kept() for name, table in tables.items()}
        try:
            accounts = _accounts(tables)
            customers = _customers(tables, until).persist()
            tables["purchases"].cached.append(customers)
            links = _links(tables, customers)
            _refuse_strangers(tables, customers, links)
            facts = _facts(tables, links)
            if "referrals" in tables:
                facts |= _referral_facts(facts, links, zone, accounts)
            customers = _with_until(customers, links)
        except BaseException:
            for table in tables.values():
                table.release()
            raise
        return cls(data, zone, until, tables, accounts, facts, customers, links)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the workers forget what they hold; what is asked of it later is read again."""
        for table in self.tables.values():
            table.release()

    @contextmanager
    def closed_on_error(self) -> Iterator[None]:
        """The evidence while something is asked of it; closed where that fails."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def closed_with(self, frame: "DataFrame") -> "DataFrame":
        """The frame, which was made of the evidence: once nobody holds it any more, neither do the workers."""

        def close() -> None:
            with suppress(Exception):  # the session may be gone
                self.close()

        weakref.finalize(frame, close).atexit = False
        return frame

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The contract's columns that each table has, and those of the tables that are derived."""
        found = {name: table.columns for name, table in self.tables.items()}
        if "referrals" in self.tables:
            found |= {name: STORED[name].column_names for name in SOURCES}
        return found

    def contract(self, table: str) -> TableContract:
        """What a table holds; that of the profile with the attributes that are used."""
        return self.tables[table].contract if table in self.tables else STORED[table]

    def observed_from(self, table: str) -> int:
        """From when on a table is complete: as stated, else its first fact; one derived of several, when all are."""
        return complete_since(table, self.data, self.accounts)

    @property
    def id_type(self) -> IdType:
        """The type of all ids."""
        return self.tables["purchases"].id_types["customer_id"]

    @property
    def spark_id_type(self) -> str:
        """The type of all ids, as Spark calls it."""
        return self.tables["purchases"].types["customer"]

    def known_before(self, moment: int) -> int:
        """How many distinct valid ids were known before an instant."""
        return int(self.customers.where(f"known < {moment}").count())


def _accounts(tables: Mapping[str, SparkTable]) -> dict[str, TableAccount]:
    """What became of all rows; DataError for a table of which nothing can be used, or in several currencies."""
    parts = [table.pieces for table in tables.values()]
    pieces: dict[str, list[Any]] = {name: [] for name in tables}
    for name, told in reduce(lambda a, b: a.union(b), parts).collect():
        pieces[name].append(json.loads(told))
    found = {}
    for name, table in tables.items():
        account, currencies = together(pieces[name], name)
        if not account.rows:
            raise empty_table(name, account.place)
        refuse_unused(account)
        refuse_mixed_currencies(account, currencies)
        found[name] = table.without_repeats(account)
    return found


def _flag(name: str) -> str:
    return f"is in {name}"


def _customers(tables: Mapping[str, SparkTable], until: int) -> "DataFrame":
    """Everybody with when they were first known, and in which tables they have facts."""
    from pyspark.sql import functions as sql

    parts = []
    for name, table in tables.items():
        known: Column = sql.col("recorded") if table.is_dated else sql.lit(until - 1)
        columns = ["customer", *(each for each in table.id_types if each != "customer_id")]
        for column in columns if name not in NOT_FACTS else ["customer"]:
            flags = [sql.lit(other == name and column == "customer").alias(_flag(other)) for other in tables]
            parts.append(table.facts.select(sql.col(column).alias("customer"), known.alias("known"), *flags))
    flags = [sql.max(_flag(name)).alias(_flag(name)) for name in tables]
    everyone: DataFrame = reduce(lambda a, b: a.unionByName(b), parts)
    return everyone.groupBy("customer").agg(sql.min("known").alias("known"), *flags)


def _links(tables: Mapping[str, SparkTable], customers: "DataFrame") -> SparkLinks | None:
    if "identities" not in tables:
        return None
    table = tables["identities"]
    links = SparkLinks.of(table.facts, customers, table.types["customer"]).kept()
    table.cached.append(links.made)
    return links


def _refuse_strangers(
    tables: Mapping[str, SparkTable], customers: "DataFrame", links: SparkLinks | None
) -> None:
    """DataError for a table that shares no customer with the purchases, nor with those whom they are linked to."""
    from pyspark.sql import functions as sql

    asked = [name for name in tables if name not in ("purchases", *NOT_FACTS)]
    if not asked:
        return
    bought = sql.col(f"`{_flag('purchases')}`")
    shared = [sql.max(bought & sql.col(f"`{_flag(name)}`")).alias(name) for name in asked]
    row = customers.agg(*shared).first()
    assert row is not None
    for name in asked:
        if not row[name] and not (links and _is_linked(customers, links, name)):
            told = [f"{_example(tables[each])!r} in {each}" for each in ("purchases", name)]
            raise strangers(name, " and ".join(told))


def _example(table: SparkTable) -> str:
    from pyspark.sql import functions as sql

    row = table.facts.agg(sql.min("customer").cast("string")).first()
    return "" if row is None else str(row[0])


def _is_linked(customers: "DataFrame", links: SparkLinks, table: str) -> bool:
    """Whether somebody in the table holds what a buyer bought under an alias."""
    from pyspark.sql import functions as sql

    buyers = customers.where(f"`{_flag('purchases')}`").select(sql.col("customer").alias("alias"))
    owners = links.held.join(buyers, "alias", "left_semi").select(sql.col("owner").alias("customer"))
    return bool(customers.where(f"`{_flag(table)}`").join(owners, "customer", "left_semi").take(1))


def _facts(tables: Mapping[str, SparkTable], links: SparkLinks | None) -> dict[str, "DataFrame"]:
    found = {name: table.facts for name, table in tables.items() if name not in NOT_FACTS}
    return found if links is None else {name: links.applied(facts) for name, facts in found.items()}


def _referral_facts(
    facts: Mapping[str, "DataFrame"],
    links: SparkLinks | None,
    zone: LocalTime,
    accounts: Mapping[str, TableAccount],
) -> dict[str, "DataFrame"]:
    times: list[Any] = [
        moment
        for name in ("purchases", "referrals")
        for moment in (accounts[name].first, accounts[name].last)
        if moment is not None
    ]
    return spark_referral_facts(facts["purchases"], facts["referrals"], links, zone, min(times), max(times))


def _with_until(customers: "DataFrame", links: SparkLinks | None) -> "DataFrame":
    """Customers with `until`: when they turned out to be an alias of another."""
    from pyspark.sql import functions as sql

    if links is None:
        return customers.select("customer", "known", sql.lit(FOREVER).alias("until"))
    first = links.first.withColumnRenamed("alias", "customer")
    until = sql.coalesce("linked", sql.lit(FOREVER)).alias("until")
    return customers.join(first, "customer", "left").select("customer", "known", until)
