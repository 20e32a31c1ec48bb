"""The configuration: what is read, and how every mistake is told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.config import load_config, to_utc
from patron.features.errors import ConfigurationError
from patron.features.localtime import LocalTime, to_datetime
from patron.features.question import Purchase, Question, SpendDrop
from patron.features.tables import ColumnSource
from patron.features.tracking import Tracking
from patron.run import RunSettings
from patron.training.settings import TrainingSettings

DESIGN = """
[data]
observed_until = "2018-01-01"
timezone = "America/New_York"

[purchases]
path = "data/purchases.parquet"
customer_id = "household_id"
purchased_at = "transaction_timestamp"
amount = { sql = "quantity * price" }
timezone = "UTC"

[question]
name = "repurchase"
horizon_days = 14
lookback_days = 180
population = "active"
settle_days = 0
cutoff_every_days = 14
cutoffs = 12

[training]
seed = 7
trials = 0
test_cutoffs = 3

[tracking]
uri = "sqlite:///mlflow.db"
experiment = "patron"
model_name = "repurchase"

[run]
memory = "8GB"
families = []
"""

SMALL: dict[str, Any] = {"data": {"observed_until": "2018-01-01"}, "purchases": {"path": "purchases.csv"}}
SHOP = "postgresql://patron:hunter2@host/shop"


def write(folder: Path, text: str) -> Path:
    path = folder / "patron.toml"
    path.write_text(text)
    return path


def message_of(source: Any, **keywords: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_config(source, **keywords)
    return str(caught.value)


def test_the_file_of_the_design_becomes_the_value_objects(tmp_path: Path):
    config = load_config(write(tmp_path, DESIGN))

    assert config.path == tmp_path / "patron.toml"
    assert config.question == Question(horizon_days=14, cutoff_every_days=14)
    assert config.training == TrainingSettings(seed=7, trials=0, test_cutoffs=3)
    assert config.tracking == Tracking(uri=f"sqlite:///{tmp_path}/mlflow.db")
    assert config.run == RunSettings(memory=8_000_000_000)
    assert config.data.observed_until == datetime(2018, 1, 1, 5, tzinfo=UTC)
    assert config.data.folder == str(tmp_path)
    purchases = config.data.tables["purchases"]
    assert purchases.path == "data/purchases.parquet"
    assert purchases.timezone == "UTC"
    assert purchases.columns == {
        "customer_id": ColumnSource(name="household_id"),
        "purchased_at": ColumnSource(name="transaction_timestamp"),
        "amount": ColumnSource(sql="quantity * price"),
    }


def test_a_mapping_says_the_same_as_the_file_but_starts_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import tomllib

    monkeypatch.chdir(tmp_path)
    from_mapping = load_config(tomllib.loads(DESIGN))
    from_file = load_config(write(tmp_path, DESIGN))

    assert from_mapping == replace(from_file, path=None)


def test_what_is_left_out_takes_the_defaults():
    config = load_config(SMALL)

    assert config.question == Question()
    assert config.training == TrainingSettings()
    assert config.run == RunSettings()
    assert config.data.timezone == "UTC"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2018-07-01", datetime(2018, 6, 30, 22, tzinfo=UTC)),
        (date(2018, 7, 1), datetime(2018, 6, 30, 22, tzinfo=UTC)),
        ("2018-07-01T06:30:00", datetime(2018, 7, 1, 4, 30, tzinfo=UTC)),
        (datetime(2018, 7, 1, 6, 30), datetime(2018, 7, 1, 4, 30, tzinfo=UTC)),
        ("2018-07-01T06:30:00Z", datetime(2018, 7, 1, 6, 30, tzinfo=UTC)),
        (
            datetime(2018, 7, 1, 6, 30, tzinfo=timezone(timedelta(hours=-5))),
            datetime(2018, 7, 1, 11, 30, tzinfo=UTC),
        ),
        (pd.Timestamp("2018-07-01"), datetime(2018, 6, 30, 22, tzinfo=UTC)),
    ],
)
def test_a_moment_without_an_offset_is_the_business_s_own(written: Any, expected: datetime):
    config = load_config({**SMALL, "data": {"observed_until": written, "timezone": "Europe/Paris"}})

    assert config.data.observed_until == expected
    assert type(config.data.observed_until) is datetime


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        (datetime(2024, 3, 31, 2, 30), datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),  # does not exist
        (datetime(2024, 10, 27, 2, 30), datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),  # exists twice
    ],
)
def test_odd_local_times_take_the_earlier_offset_as_the_readers_of_tables_do(
    wall: datetime, expected: datetime
):
    by_reader = LocalTime("Europe/Paris").to_utc(
        np.array([(wall - datetime(1970, 1, 1)) // timedelta(microseconds=1)], np.int64)
    )

    assert to_utc(wall, "Europe/Paris") == expected
    assert to_datetime(int(by_reader[0])) == expected


def test_observed_from_is_read_in_the_business_time_zone():
    purchases = {"path": "p.csv", "timezone": "UTC", "observed_from": date(2018, 7, 1)}
    config = load_config(
        {"data": {"observed_until": "2019-01-01", "timezone": "Europe/Paris"}, "purchases": purchases}
    )

    assert config.data.tables["purchases"].observed_from == datetime(2018, 6, 30, 22, tzinfo=UTC)


def test_every_option_of_a_table_is_kept():
    purchases = {
        "path": "p.csv",
        "where": "amount <> 0",
        "key": ["order_id", "product_id"],
        "currency": "EUR",
    }
    table = load_config({**SMALL, "purchases": purchases}).data.tables["purchases"]

    assert (table.where, table.key, table.currency) == ("amount <> 0", ("order_id", "product_id"), "EUR")
    assert table.columns == {}


@pytest.mark.parametrize(
    ("written", "column", "only"),
    [
        ("EUR", None, "EUR"),
        ({"column": "ccy"}, ColumnSource(name="ccy"), None),
        ({"sql": "upper(ccy)"}, ColumnSource(sql="upper(ccy)"), None),
        ({"column": "ccy", "only": "EUR"}, ColumnSource(name="ccy"), "EUR"),
    ],
)
def test_currency_is_stated_mapped_or_both(written: Any, column: ColumnSource | None, only: str | None):
    table = load_config({**SMALL, "purchases": {"path": "p.csv", "currency": written}}).data.tables[
        "purchases"
    ]

    assert table.columns.get("currency") == column
    assert table.currency == only


def test_scales_of_own_instruments_are_options_of_satisfaction_and_no_columns():
    table = load_config(
        {**SMALL, "satisfaction": {"path": "s.csv", "scales": {"recommend": [0, 100]}}}
    ).data.tables["satisfaction"]

    assert table.scales == {"recommend": (0.0, 100.0)}
    assert table.columns == {}


def test_attributes_of_the_profile_are_free_and_static_ones_are_mapped_too():
    profile = {"path": "p.csv", "attributes": ["income"], "age": "age_years", "static": ["gender"]}
    table = load_config({**SMALL, "profile": profile}).data.tables["profile"]

    assert table.static == ("gender",)
    assert table.columns == {
        "age": ColumnSource(name="age_years"),
        "income": ColumnSource(name="income"),
        "gender": ColumnSource(name="gender"),
    }


def test_a_frame_replaces_the_path_and_is_passed_on_as_it_is():
    frame = pd.DataFrame({"customer_id": [1]})
    config = load_config(SMALL, frames={"purchases": frame, "cases": frame})

    assert config.data.tables["purchases"].frame is frame
    assert config.data.tables["purchases"].path is None
    assert config.data.tables["cases"].frame is frame


def test_the_source_mapping_is_left_as_it_was():
    source = {"data": {"observed_until": "2018-01-01"}, "purchases": {"path": "p.csv"}}
    load_config(source, frames={"purchases": pd.DataFrame()}, question__horizon_days=7)

    assert source == {"data": {"observed_until": "2018-01-01"}, "purchases": {"path": "p.csv"}}


def test_targets():
    assert load_config(SMALL).question.target == Purchase()
    narrowed = load_config(SMALL, question__target={"where": "category = 'COFFEE'"})
    assert narrowed.question.target == Purchase(where="category = 'COFFEE'")
    drop = load_config(SMALL, question__target={"kind": "spend_drop", "below": 0.25})
    assert drop.question.target == SpendDrop(below=0.25)


def test_keywords_come_after_texts_and_both_after_the_file(tmp_path: Path):
    config = load_config(
        write(tmp_path, DESIGN),
        overrides=["question.horizon_days=30", "question.settle_days=3"],
        question__horizon_days=60,
    )

    assert (config.question.horizon_days, config.question.settle_days) == (60, 3)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sqlite:///runs/mlflow.db", "sqlite:///{folder}/runs/mlflow.db"),
        ("sqlite:////var/mlflow.db", "sqlite:////var/mlflow.db"),
        ("mlruns", "{folder}/mlruns"),
        ("https://mlflow.example.com", "https://mlflow.example.com"),
        ("databricks://profile", "databricks://profile"),
        ("databricks", "databricks"),
    ],
)
def test_relative_stores_start_at_the_file(tmp_path: Path, uri: str, expected: str):
    config = load_config(write(tmp_path, DESIGN), tracking__uri=uri)

    assert config.tracking.uri == expected.format(folder=tmp_path)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"questoin": {}}, ["no section 'questoin'", "did you mean 'question'?", "known: data, purchases"]),
        ({"question": {"horizon": 30}}, ["no key 'horizon'", "[question]", "'horizon_days'", "settle_days"]),
        (
            {"purchases": {"path": "p", "custmer_id": "x"}},
            ["no key 'custmer_id'", "[purchases]", "'customer_id'"],
        ),
        ({"horizon_days": 30}, ["stands outside its section", "move it into [question]"]),
        ({"question": 30}, ["question must be a section", "30 (a whole number)"]),
        (
            {"question": {"horizon_days": "30"}},
            ["[question] horizon_days", "'30' (text)", "horizon_days = 30"],
        ),
        ({"question": {"horizon_days": True}}, ["True (true or false)", "whole number"]),
        ({"question": {"horizon_days": 1.5}}, ["1.5 (a number)", "whole number"]),
        ({"question": {"horizon_days": 0}}, ["horizon_days must be at least 1", "found: 0"]),
        ({"question": {"population": "actve"}}, ["population is unknown", "actve", "active, lapsed"]),
        ({"question": {"target": {"kind": "spend_dorp"}}}, ["no target 'spend_dorp'", "'spend_drop'"]),
        (
            {"question": {"target": {"kind": "spend_drop", "below": 2}}},
            ["share above 0", "[question.target] below"],
        ),
        ({"question": {"target": {"below": 0.5}}}, ["no key 'below'", "[question.target]"]),
        ({"data": {}}, ["observed_until is missing", "[data] observed_until"]),
        ({"data": {"observed_until": "January"}}, ["[data] observed_until", "'January'", "2018-01-31"]),
        ({"data": {"observed_until": 2018}}, ["2018 (a whole number)", "date"]),
        ({"data": {"observed_until": "2018-01-01", "timezone": "Europe/Pariss"}}, ["'Europe/Paris'?"]),
        ({"data": {"observed_until": "2018-01-01", "timezone": "Paris"}}, ["'Europe/Paris'?"]),
        ({"data": {"observed_until": "2018-01-01", "timezone": "+02:00"}}, ["tz database"]),
        ({"purchases": {"connection": SHOP}}, ["one table or one query", "beside the connection give"]),
        ({"purchases": {"connection": SHOP, "table": "t", "query": "q"}}, ["table and query"]),
        ({"purchases": {"connection": SHOP, "table": "t", "path": "p"}}, ["a path and a connection"]),
        ({"purchases": {"path": "p.csv", "query": "q"}}, ["leave query out", "in place of the path"]),
        (
            {"purchases": {"connection": "mysql://u:hunter2@h/db", "table": "t"}},
            ["mysql://u:***@h/db", "Parquet"],
        ),
        ({"purchases": {"path": "postgresql://u:hunter2@h/db"}}, ["A database is no path", "u:***@h"]),
        (
            {"purchases": {"connection": SHOP, "table": "t", "version": 1}},
            ["Only Delta tables have versions"],
        ),
        ({"purchases": {"path": "lake", "version": -1}}, ["count from 0"]),
        ({"purchases": {}}, ["needs one source", "neither a path nor a connection nor a frame"]),
        ({"purchases": {"path": "p", "amount": 3}}, ["amount must be a column", "3 (a whole number)"]),
        ({"purchases": {"path": "p", "amount": {"sq": "x"}}}, ["amount", '{ sql = "an expression" }']),
        (
            {"purchases": {"path": "p", "key": ["order"]}},
            ["no column 'order'", "[purchases] key", "'order_id'"],
        ),
        ({"purchases": {"path": ""}}, ["path", "it is empty"]),
        ({"run": {"memory": "8 gigs"}}, ["[run] memory", '"8GB"']),
        ({"run": {"memory": "100MB"}}, ["[run] memory", "at least 1GB"]),
        ({"run": {"families": ["loyalty"]}}, ["[run] families", "package.module:ClassName"]),
        ({"training": {"test_cutoffs": 0}}, ["test_cutoffs must be at least 1"]),
        ({"question": {"horizon_days": []}}, ["[question] horizon_days", "whole number, or a rising list"]),
        ({"question": {"horizon_days": [30, 14]}}, ["longer than the one before", "write [14, 30]"]),
        (
            {"question": {"horizon_days": [14, 30], "target": {"kind": "spend_drop"}}},
            ["Only a purchase can be asked about for several horizons"],
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_cure(change: dict[str, Any], parts: list[str]):
    message = message_of({**SMALL, **change})

    for part in parts:
        assert part in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"run": {"engine": "ray"}}, "there are the engines 'local' and 'spark'"),
        ({"spark": {}}, "What Spark may use is said to Spark"),
    ],
)
def test_an_engine_is_one_of_two_and_has_no_section_of_its_own(change: dict[str, Any], part: str):
    assert part in message_of({**SMALL, **change})


@pytest.mark.parametrize("missing", ["data", "purchases"])
def test_the_sections_that_every_configuration_needs(missing: str):
    source = {name: section for name, section in SMALL.items() if name != missing}

    assert f"The section [{missing}] is missing" in message_of(source)


def test_a_missing_file_leads_to_init(tmp_path: Path):
    message = message_of(tmp_path / "nowhere.toml")

    assert str(tmp_path / "nowhere.toml") in message
    assert "patron init" in message


def test_broken_toml_names_file_and_line(tmp_path: Path):
    message = message_of(write(tmp_path, "[data]\nobserved_until = 2018-13-01\n"))

    assert "not valid TOML" in message
    assert "line 2" in message


def test_a_file_cannot_hold_a_frame(tmp_path: Path):
    message = message_of(write(tmp_path, '[purchases]\nframe = "x"\n'))

    assert "A file cannot hold a frame" in message
    assert "[purchases] frame" in message


def test_an_unknown_frame_is_told():
    assert "did you mean 'purchases'?" in message_of(SMALL, frames={"purchase": pd.DataFrame()})


def test_a_path_and_a_frame_are_one_too_many():
    source = {**SMALL, "purchases": {"path": "p.csv", "frame": pd.DataFrame()}}

    assert "a path and a frame" in message_of(source)


def test_an_unknown_argument_is_told():
    assert "no argument 'horizon'" in message_of(SMALL, horizon=30)


def test_secrets_come_from_the_environment_and_are_never_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STORE_PASSWORD", "hunter2")
    config = load_config(SMALL, tracking__uri="postgresql://patron:${STORE_PASSWORD}@host/db")

    assert config.tracking.uri == "postgresql://patron:hunter2@host/db"
    assert "hunter2" not in repr(config)
    assert "${STORE_PASSWORD}" in repr(config)


def test_secrets_are_not_shown_in_errors_either(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ZONE", "hunter2")

    message = message_of(SMALL, data__timezone="${ZONE}")
    assert "hunter2" not in message
    assert "${ZONE}" in message


def test_a_password_of_the_environment_may_hold_anything(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STORE_PASSWORD", "p@ss/w:rd")
    source = {"connection": "postgresql://patron:${STORE_PASSWORD}@host/db", "table": "orders"}
    config = load_config({**SMALL, "purchases": source})

    assert config.data.tables["purchases"].connection == "postgresql://patron:p%40ss%2Fw%3Ard@host/db"
    assert "${STORE_PASSWORD}" in repr(config)


def test_a_password_that_is_written_out_is_not_shown():
    config = load_config({**SMALL, "purchases": {"connection": SHOP, "table": "orders"}})

    assert config.data.tables["purchases"].connection == SHOP
    assert "postgresql://patron:***@host/shop" in repr(config)
    assert "hunter2" not in repr(config)


def test_a_frame_takes_the_place_of_a_connection():
    source = {**SMALL, "purchases": {"connection": SHOP, "table": "orders"}}
    table = load_config(source, frames={"purchases": pd.DataFrame()}).data.tables["purchases"]

    assert (table.connection, table.table) == (None, None)


def test_a_relative_store_from_the_environment_stays_hidden(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STORE", "hunter2")
    config = load_config(SMALL, tracking__uri="sqlite:///${STORE}.db")

    assert config.tracking.uri.endswith("/hunter2.db")
    assert "hunter2" not in repr(config)


def test_an_unset_variable_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NOWHERE_SET", raising=False)
    message = message_of({**SMALL, "purchases": {"path": "${NOWHERE_SET}/p.csv"}})

    assert "'NOWHERE_SET' is not set" in message
    assert "[purchases] path" in message


def test_of_several_horizons_the_first_is_the_judged_one():
    question = load_config({**SMALL, "question": {"horizon_days": [14, 30, 90]}}).question
    assert (question.horizon_days, question.further_horizons) == (14, (30, 90))
    assert question.spacing_days == 14
