"""Sources: files and frames of every kind say the same, and one that cannot be read says where it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as parquet
import pytest

from patron.features.errors import DataError
from patron.features.tables import ColumnSource, TableSpec

TABLE = pa.table(
    {
        "customer_id": ["007", "7", "é", "007"],
        "purchased_at": [
            "2020-01-05 10:00:00",
            "2020-02-05 00:00:00",
            "2020-03-01 12:30:00",
            "2020-06-01 00:00:00",
        ],
        "amount": [5.25, -1.0, 12.0, 99.99],
        "order_id": ["a", "a", "b", "c"],
        "category": ["tea, green", 'a "quoted" one', None, "tea, green"],
        "quantity": [1.0, 2.0, None, 3.0],
    }
)


def as_json(table: pa.Table, path: Path) -> None:
    table.to_pandas().to_json(path, orient="records", lines=True)


WRITERS: dict[str, Callable[[pa.Table, Path], Any]] = {
    "lines.parquet": parquet.write_table,
    "lines.csv": pyarrow.csv.write_csv,
    "lines.csv.gz": lambda table, path: table.to_pandas().to_csv(path, index=False),
    "semicolons.csv": lambda table, path: table.to_pandas().to_csv(path, index=False, sep=";"),
    "tabs.tsv": lambda table, path: table.to_pandas().to_csv(path, index=False, sep="\t"),
    "lines.jsonl": as_json,
}
FRAMES: dict[str, Callable[[pa.Table], Any]] = {
    "arrow": lambda table: table,
    "arrow in chunks": lambda table: pa.concat_tables([table.slice(0, 1), table.slice(1)]),
    "reader": lambda table: table.to_reader(),
    "pandas": lambda table: table.to_pandas(),
    "pandas of objects": lambda table: pd.DataFrame(
        {name: table[name].to_pylist() for name in table.column_names}, dtype=object
    ),
    "pandas categories": lambda table: table.to_pandas().astype(
        dict.fromkeys(["order_id", "purchased_at"], "category")
    ),
    "polars": pl.from_arrow,
    "polars lazy": lambda table: pl.from_arrow(table).lazy(),
}


@pytest.fixture(scope="module")
def expected(business: Callable[..., Any]) -> pd.DataFrame:
    return snapshots(business().frame("purchases", TABLE))


def snapshots(made: Any) -> pd.DataFrame:
    return made.snapshots("2020-07-01", "2020-04-01")


@pytest.mark.parametrize("name", WRITERS)
def test_files_of_every_kind_say_the_same(business: Any, expected: pd.DataFrame, tmp_path: Path, name: str):
    WRITERS[name](TABLE, tmp_path / name)
    pd.testing.assert_frame_equal(snapshots(business().file("purchases", tmp_path / name)), expected)


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_of_every_kind_say_the_same(business: Any, expected: pd.DataFrame, kind: str):
    pd.testing.assert_frame_equal(snapshots(business().frame("purchases", FRAMES[kind](TABLE))), expected)


def test_files_of_a_pattern_are_one_table(business: Any, expected: pd.DataFrame, tmp_path: Path):
    parquet.write_table(TABLE.slice(0, 2), tmp_path / "part-1.parquet")
    parquet.write_table(TABLE.slice(2).select(TABLE.column_names[::-1]), tmp_path / "part-2.parquet")
    pd.testing.assert_frame_equal(
        snapshots(business().file("purchases", tmp_path / "part-*.parquet")), expected
    )


def test_an_amount_that_is_no_number_is_set_apart_from_parquet_too(business: Any, tmp_path: Path):
    amounts = [5.25, float("nan"), 12.0, 3.0]
    parquet.write_table(
        TABLE.set_column(2, "amount", [pa.array(amounts)]).drop(["quantity"]), tmp_path / "lines.parquet"
    )
    with business().file("purchases", tmp_path / "lines.parquet").store() as store:
        assert store.accounts["purchases"].quarantined == {"amount is not finite": 1}


def test_a_name_with_brackets_is_a_name(business: Any, expected: pd.DataFrame, tmp_path: Path):
    pyarrow.csv.write_csv(TABLE, tmp_path / "lines [1].csv")
    pd.testing.assert_frame_equal(
        snapshots(business().file("purchases", tmp_path / "lines [1].csv")), expected
    )


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_ids_that_look_like_dates_or_uuids_stay_text(business: Any, tmp_path: Path, suffix: str):
    ids = ["2020-01-01", "2020-01-02"]
    table = pa.table({"customer_id": ids, "purchased_at": ["2020-02-01T10:00:00Z"] * 2, "amount": [1.0, 1.0]})
    writer = pyarrow.csv.write_csv if suffix == "csv" else as_json
    writer(table, tmp_path / f"lines.{suffix}")
    with business().file("purchases", tmp_path / f"lines.{suffix}").store() as store:
        assert (store.id_type.family, store.ids(_all(store)).to_pylist()) == ("text", ids)


def _all(store: Any) -> Any:
    from patron.features.facts import Range

    return Range(0, store.customers)


def test_a_missing_file_names_its_neighbours(business: Any, tmp_path: Path):
    (tmp_path / "purchases.parquet").write_bytes(b"x")
    with pytest.raises(DataError, match="The table purchases has no file") as error:
        business().file("purchases", tmp_path / "purchase.parquet").store()
    assert "the folder holds purchases.parquet" in str(error.value.remedy)


def test_a_missing_folder_is_named(business: Any, tmp_path: Path):
    with pytest.raises(DataError) as error:
        business().file("purchases", tmp_path / "data" / "purchases.parquet").store()
    assert f"the folder {tmp_path / 'data'} does not exist" in str(error.value.remedy)


def test_a_missing_required_column_names_candidates(business: Any):
    with pytest.raises(DataError, match="no column purchased_at, which is required") as error:
        business().frame(
            "purchases", pa.table({"customer_id": [1], "purchase_date": ["2020-01-01"], "amount": [1.0]})
        ).store()
    assert error.value.found == "columns customer_id, purchase_date, amount"
    assert error.value.remedy == 'map it in [purchases]: purchased_at = "purchase_date"'


def test_a_mapped_column_that_is_not_there_names_candidates(business: Any):
    frame = TABLE.rename_columns(["household", *TABLE.column_names[1:]])
    with pytest.raises(DataError, match="no column houshold") as error:
        business().frame("purchases", frame, columns={"customer_id": "houshold"}).store()
    assert error.value.remedy == 'map it to "household"'


def test_a_table_without_a_source(business: Any):
    made = business()
    made.specs["purchases"] = TableSpec("purchases")
    with pytest.raises(DataError, match="The table purchases has no source"):
        made.store()


def test_no_purchases_at_all(business: Any):
    with pytest.raises(DataError, match="There is no purchases table"):
        business().table("activities", [(1, "2020-01-01", "call")]).store()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lines.parquet", b"PAR1 this is not Parquet PAR1"),
        ("lines.parquet", b""),
        ("lines.jsonl", b'{"customer_id": 1, "purchased_at":\n'),
        ("lines.csv", b'customer_id,purchased_at,amount\n1,"2020-01-01,5\n2,2020-01-02,6\n'),
    ],
)
def test_a_file_that_cannot_be_read_is_named(business: Any, tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="The table purchases") as error:
        business().file("purchases", tmp_path / name).store()
    assert error.value.where == str(tmp_path / name)


def test_parquet_damaged_in_the_middle_is_named(business: Any, tmp_path: Path):
    path = tmp_path / "lines.parquet"
    parquet.write_table(pa.concat_tables([TABLE] * 2000), path, compression="snappy", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[200:3000] = b"\xff" * 2800
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match="The table purchases cannot be read") as error:
        business().file("purchases", path).store()
    assert error.value.where == str(path)


def test_an_unknown_format_is_named(business: Any, tmp_path: Path):
    (tmp_path / "lines.xlsx").write_bytes(b"x")
    with pytest.raises(DataError, match="a format that Patron does not read") as error:
        business().file("purchases", tmp_path / "lines.xlsx").store()
    assert error.value.found == ".xlsx"


@pytest.mark.parametrize("frame", [[1, 2], "lines", 5])
def test_what_is_no_frame_is_refused(business: Any, frame: object):
    with pytest.raises(DataError, match="The frame given as purchases cannot be read"):
        business().frame("purchases", frame).store()


def test_a_condition_selects_rows_and_other_rows_are_not_counted(business: Any):
    with business().frame("purchases", TABLE, where="amount > 10").store() as store:
        assert store.accounts["purchases"].rows == 2


@pytest.mark.parametrize("where", ["amount >", "price > 10", "amount > 10)"])
def test_a_condition_that_does_not_parse_is_an_error(business: Any, where: str):
    with pytest.raises(DataError, match="The condition on the table purchases cannot be evaluated") as error:
        business().frame("purchases", TABLE, where=where).store()
    assert error.value.where == "[purchases] where"
    assert str(error.value.found).startswith(where)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_numbers_of_a_text_file_are_numbers_to_conditions_and_expressions(
    business: Any, tmp_path: Path, suffix: str
):
    path = tmp_path / f"lines.{suffix}"
    (pyarrow.csv.write_csv if suffix == "csv" else as_json)(TABLE, path)
    made = business().file(
        "purchases", path, where="quantity >= 2", columns={"amount": ColumnSource(sql="quantity * 2")}
    )
    with made.store() as store:
        found = store.connection.execute("SELECT quantity, amount FROM purchases ORDER BY ALL").fetchall()
    assert found == [(2.0, 40_000), (3.0, 60_000)]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_one_bad_number_is_quarantined_and_the_others_are_used(business: Any, tmp_path: Path, suffix: str):
    path = tmp_path / f"lines.{suffix}"
    amounts = pa.array(["5.25", "twelve", "7", "1"])
    (pyarrow.csv.write_csv if suffix == "csv" else as_json)(TABLE.set_column(2, "amount", amounts), path)
    with business().file("purchases", path).store() as store:
        assert store.accounts["purchases"].quarantined == {"amount is not a number": 1}


def test_columns_come_from_expressions_and_names_with_quotes(business: Any):
    frame = pa.table({'the "id"': ["x"], "purchased_at": ["2020-01-01"], "price": [2.5], "pieces": [4]})
    columns = {"customer_id": 'the "id"', "amount": ColumnSource(sql="price * pieces")}
    with business().frame("purchases", frame, columns=columns).store() as store:
        assert store.connection.execute("SELECT amount FROM purchases").fetchall() == [(100_000,)]


def test_a_relation_of_another_connection_is_refused_or_read(business: Any):
    with duckdb.connect() as connection:
        relation = connection.sql("SELECT 1 AS customer_id, '2020-01-01' AS purchased_at, 1.0 AS amount")
        with business().frame("purchases", relation.to_arrow_table()).store() as store:
            assert store.customers == 1
