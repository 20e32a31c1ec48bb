"""CSV files: the delimiter of the header, and lines that are no rows."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as parquet
import pytest

from patron.features.csv_files import CsvFiles
from patron.features.errors import DataError

HEADER = "customer_id,purchased_at,amount\n"
MALFORMED = "not a row of the CSV: too many or too few columns, or not in UTF-8"


def test_malformed_lines_are_quarantined_and_written(business: Any, tmp_path: Path):
    path = tmp_path / "lines.csv"
    path.write_bytes(
        HEADER.encode()
        + b"1,2020-01-01,5\n2,2020-01-02,6,7\n3,2020-01-03\nM\xfcller,2020-01-04,8\n5,2020-01-05,9\n"
    )
    with business().file("purchases", path).store() as store:
        account = store.accounts["purchases"]
        (written,) = store.write_quarantine(tmp_path / "quarantine")
    assert (account.rows, account.used, dict(account.quarantined)) == (5, 2, {MALFORMED: 3})
    rows = (
        parquet.read_table(written)
        .select(["in file", "on line", "the line", "quarantined because"])
        .to_pylist()
    )
    assert [(row["on line"], row["the line"]) for row in rows[:2]] == [
        (3, "2,2020-01-02,6,7"),
        (4, "3,2020-01-03"),
    ]
    assert {(row["in file"], row["quarantined because"]) for row in rows} == {(str(path), MALFORMED)}


def test_one_malformed_line_does_not_hide_the_delimiter(business: Any, tmp_path: Path):
    path = tmp_path / "lines.csv"
    path.write_text('customer_id;purchased_at;amount;note\n1;2020-01-01;5;"x;y"\n2;2020-01-02;6;a, b, c;7\n')
    with business().file("purchases", path).store() as store:
        assert (store.accounts["purchases"].used, store.accounts["purchases"].rows) == (1, 2)


def test_malformed_lines_of_several_files_are_counted_together(business: Any, tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEADER + "1,2020-01-01,5\n1,2020-01-01\n")
    (tmp_path / "b.csv").write_text("amount,customer_id,purchased_at\n5,1,2020-01-01\n5,1,2020-01-01,3\n")
    with business().file("purchases", tmp_path / "*.csv").store() as store:
        assert store.accounts["purchases"].quarantined == {MALFORMED: 2}
        assert store.accounts["purchases"].used == 2


def test_only_malformed_lines_are_an_error(business: Any, tmp_path: Path):
    (tmp_path / "a.csv").write_text(HEADER + "1,2020-01-01\n2,2020-01-01\n")
    with pytest.raises(DataError, match="No row of the table purchases can be used") as error:
        business().file("purchases", tmp_path / "a.csv").store()
    assert error.value.found == f"2 × {MALFORMED}"


@pytest.mark.parametrize("content", ["", HEADER])
def test_a_file_without_rows_is_an_error(business: Any, tmp_path: Path, content: str):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(DataError, match="The table purchases"):
        business().file("purchases", tmp_path / "a.csv").store()


def test_lines_may_break_within_quotes_and_a_byte_order_mark_is_no_text(business: Any, tmp_path: Path):
    path = tmp_path / "lines.csv"
    path.write_text("\ufeff" + HEADER.strip() + ',note\n1,2020-01-01,5,"two\nlines"\n', encoding="utf-8")
    with business().file("purchases", path).store() as store:
        assert (store.accounts["purchases"].rows, store.accounts["purchases"].used) == (1, 1)


@pytest.mark.parametrize(
    ("header", "delimiter"), [("a;b,c;d", ";"), ("a|b", "|"), ("a\tb\tc,d", "\t"), ("a", ",")]
)
def test_the_delimiter_is_the_one_the_header_holds_most_often(tmp_path: Path, header: str, delimiter: str):
    (tmp_path / "a.csv").write_text(f"{header}\n1\n")
    with duckdb.connect() as connection:
        assert CsvFiles.of(connection, [str(tmp_path / "a.csv")]).delimiter == delimiter
