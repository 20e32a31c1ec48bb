"""DuckDB database files, Delta tables and addresses: what they say, what they are asked, and what their errors say."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from patron.features.contracts import TABLES
from patron.features.errors import DataError, PatronError
from patron.features.source_columns import Source
from patron.features.sources import open_source
from patron.features.tables import TableSpec
from patron.features.undisclosed import undisclosed

TABLE = pa.table(
    {
        "customer_id": ["007", "7", "é", "007"],
        "purchased_at": pa.array([1, 2, 3, 4], pa.timestamp("s", "UTC")),
        "amount": [5.25, -1.0, 12.0, 99.99],
        "order_id": ["a", "a", None, "c"],
        "unused": [1, 2, 3, 4],
    }
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with the table in a DuckDB file, in two schemas and a view."""
    with duckdb.connect(tmp_path / "shop.duckdb") as connection:
        connection.register("lines", TABLE)
        connection.execute('CREATE TABLE "Order Lines" AS SELECT * FROM lines')
        connection.execute("CREATE SCHEMA old")
        connection.execute("CREATE TABLE old.orders AS SELECT * FROM lines LIMIT 1")
        connection.execute('CREATE VIEW orders AS SELECT * FROM "Order Lines"')
    return tmp_path


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own."""
    with duckdb.connect() as made:
        made.execute("SET TimeZone = 'UTC'")
        yield made


def read(reader: duckdb.DuckDBPyConnection, folder: Path, **options: Any) -> Source:
    return open_source(reader, TableSpec("purchases", **options), TABLES["purchases"], str(folder))


def rows(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Any]:
    names = "customer_id, epoch(purchased_at), amount, order_id"
    return connection.execute(f"SELECT {names} FROM {source.relation} ORDER BY ALL").fetchall()


EXPECTED = [("007", 1, 5.25, "a"), ("007", 4, 99.99, "c"), ("7", 2, -1.0, "a"), ("é", 3, 12.0, None)]
DUCKDB = "duckdb:///shop.duckdb"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"table": "Order Lines"}, EXPECTED),
        ({"table": "orders"}, EXPECTED),
        ({"table": "main.orders"}, EXPECTED),
        ({"table": "old.orders"}, EXPECTED[:1]),
        ({"query": "SELECT * FROM orders;"}, EXPECTED),
        ({"query": "SELECT * FROM old.orders"}, EXPECTED[:1]),
    ],
)
def test_tables_and_queries_of_a_duckdb_file(
    connection: duckdb.DuckDBPyConnection, shop: Path, asked: dict[str, str], expected: list[Any]
):
    assert rows(connection, read(connection, shop, connection=DUCKDB, **asked)) == expected
    # A second table of the same file, and one that lies elsewhere.
    assert (
        rows(connection, read(connection, shop, connection=f"duckdb:///{shop}/shop.duckdb", **asked))
        == expected
    )
    assert connection.execute("SELECT current_database()").fetchone() == ("memory",)


def test_a_duckdb_file_says_what_a_frame_says(business: Any, shop: Path):
    database = business().database("purchases", connection=f"duckdb:///{shop}/shop.duckdb", table="orders")
    frame = business().frame("purchases", TABLE)

    pd.testing.assert_frame_equal(database.snapshots("1970-02-01"), frame.snapshots("1970-02-01"))


def test_a_duckdb_file_is_only_read(connection: duckdb.DuckDBPyConnection, shop: Path):
    read(connection, shop, connection=DUCKDB, table="orders")

    held = connection.execute(
        "SELECT readonly FROM duckdb_databases() WHERE path LIKE '%/shop.duckdb'"
    ).fetchall()
    assert held == [(True,)]


def test_only_the_columns_of_a_query_that_are_asked_for_are_kept(
    connection: duckdb.DuckDBPyConnection, shop: Path
):
    source = read(connection, shop, connection=DUCKDB, query="SELECT * FROM orders")

    assert list(source.types) == ["customer_id", "purchased_at", "amount", "order_id"]


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"connection": "duckdb:///shap.duckdb", "table": "orders"}, ["has no database", "shap.duckdb"]),
        ({"connection": "duckdb:///text.duckdb", "table": "orders"}, ["cannot be opened", "not a valid"]),
        ({"connection": DUCKDB, "table": "order lines 2"}, ["does not exist", "Order Lines"]),
        ({"connection": DUCKDB, "query": "SELEC 1"}, ["syntax error", "mend the query"]),
        ({"connection": DUCKDB, "query": "SELECT * FROM ordes"}, ["ordes", "does not exist"]),
        ({"connection": DUCKDB, "query": "SELECT 1 AS id"}, ["no column customer_id", "columns id"]),
    ],
)
def test_a_duckdb_file_that_cannot_be_read_is_told(
    connection: duckdb.DuckDBPyConnection, shop: Path, options: dict[str, str], parts: list[str]
):
    (shop / "text.duckdb").write_text("not a database" * 1000)
    with pytest.raises(DataError) as error:
        read(connection, shop, **options)

    for part in parts:
        assert part in str(error.value)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A folder with the table in a Delta table of two versions; the second holds half of it."""
    deltalake.write_deltalake(
        tmp_path / "lake" / "lines", TABLE.cast(_in_microseconds()), partition_by=["unused"]
    )
    deltalake.DeltaTable(tmp_path / "lake" / "lines").delete("unused > 2")
    return tmp_path


def _in_microseconds() -> pa.Schema:
    return TABLE.schema.set(1, pa.field("purchased_at", pa.timestamp("us", "UTC")))


@pytest.mark.parametrize(
    ("version", "expected"),
    [(None, [EXPECTED[0], EXPECTED[2]]), (0, EXPECTED), (1, [EXPECTED[0], EXPECTED[2]])],
)
def test_a_delta_table_at_each_version(
    connection: duckdb.DuckDBPyConnection, lake: Path, version: int | None, expected: list[Any]
):
    assert rows(connection, read(connection, lake, path="lake/lines", version=version)) == expected


def test_a_delta_table_says_what_a_frame_says(business: Any, lake: Path):
    delta = business().file("purchases", lake / "lake" / "lines", version=0)
    frame = business().frame("purchases", TABLE)

    pd.testing.assert_frame_equal(delta.snapshots("1970-02-01"), frame.snapshots("1970-02-01"))


def test_columns_and_conditions_reach_the_files_of_a_delta_table(
    connection: duckdb.DuckDBPyConnection, lake: Path
):
    source = read(
        connection, lake, path="lake/lines", where="purchased_at >= TIMESTAMPTZ '1970-01-01 00:00:02Z'"
    )
    plan = str(connection.execute(f"EXPLAIN SELECT order_id FROM {source.relation}").fetchall())

    assert "Projections: order_id" in plan
    assert "Filters:" in plan
    assert '"purchased_at" >' in plan
    assert "─ Filter ─" not in plan
    assert "amount" not in plan


def test_deleted_rows_that_only_vectors_tell_of_are_not_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
):
    vectors = {"delta.enableDeletionVectors": "true"}
    deltalake.write_deltalake(tmp_path / "lake", TABLE.cast(_in_microseconds()), configuration=vectors)
    assert deltalake.DeltaTable(tmp_path / "lake").delete("amount > 50")["num_deleted_rows"] == 1
    source = read(connection, tmp_path, path="lake", where="customer_id <> '7'")

    assert rows(connection, source) == [EXPECTED[0], EXPECTED[3]]
    assert "unused" not in source.types


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"path": "lake/lines", "version": 7}, ["lake/lines, version 7", "a version that it has"]),
        ({"path": "lake/other", "version": 0}, ["cannot be read", "the folder of _delta_log"]),
    ],
)
def test_a_delta_table_that_cannot_be_read_is_told(
    connection: duckdb.DuckDBPyConnection, lake: Path, options: dict[str, Any], parts: list[str]
):
    with pytest.raises(DataError) as error:
        read(connection, lake, **options)

    for part in parts:
        assert part in str(error.value)


def test_a_missing_library_is_told_with_the_command(
    connection: duckdb.DuckDBPyConnection, lake: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "deltalake", None)

    with pytest.raises(PatronError, match="need an extra") as error:
        read(connection, lake, path="lake/lines")
    assert error.value.remedy == 'pip install "patron[delta]"'


@pytest.mark.parametrize(
    "path", ["s3://bucket/*.parquet?s3_secret_access_key=sesame", "gcs://bucket/a.parquet"]
)
def test_an_address_is_left_to_duckdb_and_its_secrets_to_nobody(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, path: str
):
    connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    with pytest.raises(DataError) as error:
        read(connection, tmp_path, path=undisclosed(path))

    message = str(error.value)
    assert "httpfs" in str(error.value.found)
    assert path.split("?", maxsplit=1)[0] in message
    assert "CREATE PERSISTENT SECRET" in message
    assert "sesame" not in message


def test_an_address_of_a_kind_that_is_no_file_is_a_delta_table(
    connection: duckdb.DuckDBPyConnection, lake: Path
):
    address = f"file://{lake}/lake/lines"

    assert rows(connection, read(connection, lake, path=address, version=0)) == EXPECTED
    assert len(rows(connection, read(connection, lake, path=address))) == 2


def test_parquet_at_an_address_is_read_as_it_is(connection: duckdb.DuckDBPyConnection, tmp_path: Path):
    parquet.write_table(TABLE, tmp_path / "lines.parquet")

    assert rows(connection, read(connection, tmp_path, path=f"file://{tmp_path}/*.parquet")) == EXPECTED
