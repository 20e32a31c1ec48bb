"""PostgreSQL: a real server says what Parquet says, value by value, and its errors never say a password."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from patron.features.contracts import TABLES
from patron.features.errors import DataError, PatronError
from patron.features.facts import Range
from patron.features.source_columns import Source
from patron.features.sources import open_source
from patron.features.store import EvidenceStore
from patron.features.tables import ColumnSource, TableSpec

from ..postgres_server import PASSWORD, Server, server, tied_to_us

__all__ = ["server"]


def test_a_server_does_not_outlive_a_killed_test(tmp_path: Path):
    folder = tmp_path / "data"
    folder.mkdir()
    server = tied_to_us(["sh", "-c", "echo $$; exec sleep 600"], folder, stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdin is not None
    pid = int(server.stdout.readline())
    os.kill(pid, 0)  # it runs

    server.stdin.close()  # as the system does for the killed
    server.wait(timeout=60)

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not folder.exists()
    server.stdout.close()


FIRST, SECOND = "6a4f3b0a-0000-4000-8000-000000000001", "00000000-0000-4000-8000-00000000000f"
ODD = f"""INSERT INTO shop."Order Lines" VALUES
('{FIRST}', '2020-01-05 10:00:00.123456+02', 5.25, 'a', 'new', 2, 'é', 12, 'x'),
('{FIRST}', '2020-01-05 10:00:00.123456+02', -1, 'a', 'old', NULL, 'a "quoted" one', 7, NULL),
('{SECOND}', '2019-12-31 23:59:59-05', 12345.6789, '', NULL, 1.5, ' ', 0, 'x'),
(NULL, '2020-02-01 00:00:00Z', 1, 'b', 'old', 1, NULL, NULL, 'x'),
('{SECOND}', NULL, 1, 'b', 'old', 1, NULL, NULL, 'x'),
('{SECOND}', '2020-02-01 00:00:00Z', NULL, 'b', 'old', 1, NULL, NULL, 'x'),
('{SECOND}', '2020-02-01 00:00:00Z', 'NaN', 'b', 'old', 1, NULL, NULL, 'x'),
('{SECOND}', '2020-02-01 00:00:00Z', 0.00001, 'b', 'old', 1, NULL, NULL, 'x'),
('{SECOND}', '2020-12-31 23:59:59.999999Z', 3, 'c', 'old', 'NaN', NULL, NULL, 'x'),
('{SECOND}', '2021-01-01 00:00:00Z', 3, 'c', 'old', 1, NULL, NULL, 'x'),
('{SECOND}', '1899-12-31 00:00:00Z', 3, 'c', 'old', 1, NULL, NULL, 'x'),
('{SECOND}', '2030-01-01 00:00:00Z', 3, 'c', 'old', 1, NULL, NULL, 'x')"""
COLUMNS = {
    "customer_id": "Household",
    "purchased_at": "at",
    "amount": ColumnSource(sql='"Price" * 1'),
    "order_id": "basket",
    "channel": "how",
    "quantity": "pieces",
    "category": "group",
    "product_id": "product",
}
PLAIN = ("order_id", "channel", "quantity", "category", "product_id")


@pytest.fixture(scope="session")
def lines(server: Server) -> str:
    """A table of odd rows and odd names on the server."""
    server.run(
        "CREATE SCHEMA shop",
        "CREATE TYPE shop.age AS ENUM ('new', 'old')",
        "CREATE DOMAIN shop.price AS numeric(14, 5)",
        "CREATE DOMAIN shop.net_price AS shop.price",
        'CREATE TABLE shop."Order Lines" ("Household" uuid, at timestamptz, "Price" shop.net_price, basket text,'
        ' how shop.age, pieces numeric, "group" varchar(20), product numeric(10), unused text)',
        ODD,
    )
    return 'shop."Order Lines"'


def odd_parquet(path: Path) -> Path:
    """The same rows as Parquet."""

    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(UTC)

    first, second, nan = UUID(FIRST).bytes, UUID(SECOND).bytes, float("nan")
    rows: list[tuple[Any, ...]] = [
        (first, at("2020-01-05T10:00:00.123456+02:00"), 5.25, "a", "new", 2, "é", 12),
        (first, at("2020-01-05T10:00:00.123456+02:00"), -1, "a", "old", None, 'a "quoted" one', 7),
        (second, at("2019-12-31T23:59:59-05:00"), 12345.6789, "", None, 1.5, " ", 0),
        (None, at("2020-02-01T00:00:00Z"), 1, "b", "old", 1, None, None),
        (second, None, 1, "b", "old", 1, None, None),
        (second, at("2020-02-01T00:00:00Z"), None, "b", "old", 1, None, None),
        (second, at("2020-02-01T00:00:00Z"), nan, "b", "old", 1, None, None),
        (second, at("2020-02-01T00:00:00Z"), 0.00001, "b", "old", 1, None, None),
        (second, at("2020-12-31T23:59:59.999999Z"), 3, "c", "old", nan, None, None),
        (second, at("2021-01-01T00:00:00Z"), 3, "c", "old", 1, None, None),
        (second, at("1899-12-31T00:00:00Z"), 3, "c", "old", 1, None, None),
        (second, at("2030-01-01T00:00:00Z"), 3, "c", "old", 1, None, None),
    ]
    types = [
        pa.uuid(), pa.timestamp("us", "UTC"), pa.float64(), pa.string(), pa.string(), pa.float64(), pa.string(),
        pa.decimal128(10, 0),
    ]  # fmt: skip
    columns = [
        pa.array([None if value is None else Decimal(value) for value in column], kind)
        if pa.types.is_decimal(kind)
        else pa.array(column, kind)
        for column, kind in zip(zip(*rows, strict=True), types, strict=True)
    ]
    names = ["Household", "at", "Price", "basket", "how", "pieces", "group", "product"]
    parquet.write_table(pa.table(columns, names), path)
    return path


def told(store: EvidenceStore) -> dict[str, Any]:
    """Everything a store says of its purchases but where they came from."""
    account = store.accounts["purchases"]
    everyone = Range(0, store.customers)
    kept = ["amount", *(name for name in store.columns["purchases"] if name in PLAIN)]
    return {
        "ids": store.ids(everyone).to_pylist(),
        "rows": store.tables(everyone, {"purchases": kept})["purchases"].to_pylist(),
        "account": (
            account.rows,
            account.used,
            account.quarantined,
            account.unreadable,
            account.first,
            account.last,
        ),
        "columns": store.columns,
        "digest": store.digest(),
    }


@pytest.mark.parametrize("by", ["table", "query"])
def test_a_server_says_what_parquet_says(server: Server, lines: str, business: Any, tmp_path: Path, by: str):
    source = {by: lines if by == "table" else f"SELECT * FROM {lines}; "}
    file = business().file("purchases", odd_parquet(tmp_path / "odd.parquet"), columns=COLUMNS)

    with (
        business().database("purchases", connection=server.url(), columns=COLUMNS, **source).store() as asked
    ):
        found = told(asked)
    with file.store() as store:
        expected = told(store)

    assert found["ids"] == [UUID(SECOND), UUID(FIRST)]
    assert found["account"][:2] == (12, 4)
    assert found == expected


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_rows_beyond_the_end_stay_on_the_server_and_are_counted(
    server: Server, business: Any, kind: str, zone: str
):
    server.run(
        "DROP TABLE IF EXISTS days",
        f"CREATE TABLE days (customer_id int, purchased_at {kind}, amount int)",
        "INSERT INTO days SELECT day % 7, timestamp '2020-12-01' + day * interval '1 day', 1"
        " FROM generate_series(0, 99) AS day",
        "INSERT INTO days VALUES (1, 'infinity', 1), (2, '-infinity', 1)",
    )
    made = business("2021-01-01", zone).database("purchases", connection=server.url(), table="days")
    with made.store() as store:
        account = store.accounts["purchases"]
        kept = store._readers["purchases"][0].source.left_out
    copy = business("2021-01-01", zone).database(
        "purchases", connection=server.url(), query="SELECT * FROM days"
    )
    with copy.store() as store:
        assert replace(account, place="") == replace(store.accounts["purchases"], place="")
        assert store._readers["purchases"][0].source.left_out == {}

    beyond = "purchased_at at or after observed_until"
    assert account.rows == 102 == account.used + sum(account.quarantined.values())
    assert account.quarantined["purchased_at before 1900"] == 1
    # A time without an offset could be read in any zone, so that two more days are fetched and judged here.
    assert kept == {beyond: 69 if kind == "timestamptz" else 67}
    midnight_is_earlier = zone == "Pacific/Auckland" and kind != "timestamptz"
    assert account.quarantined[beyond] == (69 if midnight_is_earlier else 70)


def test_a_table_of_nothing_but_later_rows_is_not_called_empty(server: Server, business: Any):
    server.run(
        "CREATE TABLE later AS SELECT 1 AS customer_id, timestamptz '2022-01-01Z' AS purchased_at, 1 AS amount"
    )
    with pytest.raises(DataError, match="No row of the table purchases can be used") as error:
        business().database("purchases", connection=server.url(), table="later").store()
    assert error.value.found == "1 × purchased_at at or after observed_until"


def test_a_condition_decides_which_rows_the_table_has_before_any_is_counted(
    server: Server, lines: str, business: Any
):
    made = business().database(
        "purchases", connection=server.url(), table=lines, columns=COLUMNS, where="how = 'old'"
    )
    with made.store() as store:
        assert store.accounts["purchases"].rows == 10


class Reader:
    """Opens tables and queries of the server as purchases; `rows` are those that came last."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, url: str) -> None:
        self.connection = connection
        self.url = url
        self.rows: list[Any] = []

    def __call__(self, *columns: str, url: str | None = None, **options: Any) -> Source:
        mapped = {f"attribute {name}": ColumnSource(name=name) for name in columns}
        spec = TableSpec("purchases", connection=url or self.url, columns=mapped, **options)
        source = open_source(self.connection, spec, TABLES["purchases"], ".")
        self.rows = self.connection.execute(f"SELECT * FROM {source.relation}").fetchall()
        return source


@pytest.fixture
def read(server: Server) -> Iterator[Reader]:
    """A reader of the server's tables."""
    with duckdb.connect() as connection:
        yield Reader(connection, server.url())


NEEDED = "1 AS customer_id, DATE '2020-01-01' AS purchased_at, 1 AS amount"


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("7::int2", "SMALLINT", 7),
        ("7::int4", "INTEGER", 7),
        ("9007199254740993::int8", "BIGINT", 9007199254740993),
        ("1.5::float4", "FLOAT", 1.5),
        ("0.1::float8", "DOUBLE", 0.1),
        ("12.34::money", "VARCHAR", "12.34"),
        ("9007199254740993::numeric(16)", "DECIMAL(16,0)", Decimal(9007199254740993)),
        ("9007199254740993.50::numeric", "VARCHAR", "9007199254740993.50"),
        ("'x'::char(5)", "VARCHAR", "x"),
        ("'é'::varchar(5)", "VARCHAR", "é"),
        ("'n'::name", "VARCHAR", "n"),
        ("true", "BOOLEAN", True),
        ("'{\"a\": 1}'::json", "JSON", '{"a": 1}'),
        ("'{\"a\": 1}'::jsonb", "JSON", '{"a": 1}'),
        (f"'{FIRST}'::uuid", "UUID", UUID(FIRST)),
        ("'2020-02-29'::date", "DATE", date(2020, 2, 29)),
        ("'infinity'::date", "DATE", date(9999, 12, 31)),
        ("'2020-02-29 10:00:00.123456'::timestamp", "TIMESTAMP", datetime(2020, 2, 29, 10, 0, 0, 123456)),
        ("'infinity'::timestamp", "TIMESTAMP", datetime(9999, 12, 31)),
        ("'-infinity'::timestamp", "TIMESTAMP", datetime(1, 1, 1)),
        ("NULL::timestamp", "TIMESTAMP", None),
        ("'10.0.0.1'::inet", "VARCHAR", "10.0.0.1/32"),
        ("ARRAY[1, 2]", "INTEGER[]", [1, 2]),
        ("ARRAY[1.5]", "VARCHAR[]", ["1.5"]),
    ],
)
def test_every_type_arrives_as_what_it_is(read: Reader, value: str, kind: str, expected: object):
    source = read("odd", query=f"SELECT {NEEDED}, {value} AS odd")

    assert source.types["odd"] == kind
    assert read.rows[0][-1] == expected


@pytest.mark.parametrize(("mapped", "kind"), [("order_id", "VARCHAR"), ("quantity", "DOUBLE")])
def test_an_exact_number_stays_as_it_stands_where_a_word_is_made_of_it(read: Reader, mapped: str, kind: str):
    assert read(query=f"SELECT {NEEDED}, 1.50 AS {mapped}").types[mapped] == kind


def test_only_the_columns_that_are_asked_for_are_fetched(read: Reader):
    source = read(
        query=f'SELECT {NEEDED}, 2 AS price, 3 AS "Quantity sold", 4 AS tax, 1 / (SELECT 0) AS broken',
        where="Price > 1",
    )

    assert list(source.types) == ["customer_id", "purchased_at", "amount", "price"]
    assert source.unread == ("Quantity sold", "tax", "broken")
    assert "not fetched: Quantity sold, tax, broken" in source.described


def test_a_query_may_end_as_queries_do(read: Reader):
    read(query=f"SELECT {NEEDED} -- all of them\n;\n")

    assert len(read.rows) == 1


def test_nothing_can_be_changed(server: Server, read: Reader):
    server.run("CREATE SEQUENCE numbers")

    with pytest.raises(DataError, match="cannot be read") as error:
        read(query=f"SELECT {NEEDED}, nextval('numbers') AS order_id")
    assert "read-only transaction" in str(error.value.found)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"password": "sesame"}, 'password authentication failed for user "patron"'),
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"port": "1"}, "Connection refused"),
        ({"port": "sesame"}, "is not a URL of PostgreSQL"),
        ({"user": "patron:sesame@x/y"}, "is not a URL of PostgreSQL"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_the_password(
    server: Server, read: Reader, parts: dict[str, str], said: str
):
    with pytest.raises(PatronError) as error:
        read(url=server.url(**parts), table="orders")

    assert said in str(error.value)
    for secret in (PASSWORD, quote(PASSWORD, safe=""), "sesame"):
        assert secret not in repr(error.value) + str(error.value)


@pytest.mark.parametrize(
    ("asked", "said", "cure"),
    [
        ({"table": "shop.order_lines"}, 'relation "shop.order_lines" does not exist', "shop.Order Lines"),
        ({"query": "SELEC 1"}, 'syntax error at or near "1"', "mend the query"),
        ({"query": f"SELECT {NEEDED}, 1 / (SELECT 0) AS order_id"}, "division by zero", "mend the query"),
        ({"query": "SELECT 1 AS customer_id"}, "columns customer_id", "purchased_at = "),
    ],
)
def test_what_the_server_does_not_understand_is_told(
    lines: str, read: Reader, asked: dict[str, str], said: str, cure: str
):
    with pytest.raises(DataError) as error:
        read(**asked)

    assert said in str(error.value.found)
    assert cure in str(error.value.remedy)
    assert PASSWORD not in str(error.value)


def test_a_missing_driver_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    spec = TableSpec("purchases", connection="postgresql://host/db", table="orders")

    with duckdb.connect() as connection, pytest.raises(PatronError, match="needs an extra") as error:
        open_source(connection, spec, TABLES["purchases"], ".")
    assert error.value.remedy == 'pip install "patron[postgres]"'
