"""Local = Spark, value by value: a retailer with guests, referrals and late rows; corrections; hostile ids."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

import patron
from patron import spark as on_spark
from patron.cli import app
from patron.config import Config, load_config
from patron.features import spark_engine
from patron.features.engine import prepare
from patron.features.errors import ConfigurationError, DataError
from patron.features.families import FAMILIES
from patron.features.rebuilding import differs
from patron.features.snapshots import calendar_cutoffs
from patron.features.spark_engine import build_on_spark, prepare_on_spark
from patron.features.spark_evidence import SparkEvidence
from patron.features.store import EvidenceStore
from patron.simulator import simulate

from ..spark_session import WARNINGS, spark_session

pytestmark = WARNINGS


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with spark_session() as found:
        yield found


@pytest.fixture(scope="module")
def retailer(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """400 customers, some of them guests who registered, some of them referred; one line in fifty is recorded late."""
    folder = tmp_path_factory.mktemp("retailer")
    return load_config(simulate(400, seed=3).write(folder).config, question__cutoffs=2)


def assert_same(local: pa.Table, spark: pa.Table) -> None:
    """The same rows and columns, bit by bit, whatever the order of the rows."""
    keys = [("customer_id", "ascending"), ("cutoff", "ascending")]
    local, spark = local.sort_by(keys), spark.sort_by(keys)
    assert spark.column_names == local.column_names
    assert spark.num_rows == local.num_rows > 0
    for name in local.column_names:
        assert spark[name].type == local[name].type, name
        assert not differs(local[name], spark[name]).any(), name


@pytest.fixture(scope="module")
def training_set(retailer: Config) -> pa.Table:
    return patron.build_training_set(retailer)


@dataclass(frozen=True)
class Prepared:
    """The retailer on Spark: what was read, what was learned, and the cutoffs."""

    evidence: SparkEvidence
    prepared: Any
    cutoffs: Any

    def built(self) -> pa.Table:
        table = build_on_spark(self.evidence, self.prepared, self.cutoffs, targets=True).toArrow()
        return table.filter(pc.is_valid(table["target"]))


@pytest.fixture(scope="module")
def on_workers(session: Any, retailer: Config) -> Iterator[Prepared]:
    question = retailer.question
    frames = on_spark.read_frames(session, retailer)
    with SparkEvidence.of(frames, retailer.data, question) as evidence:
        since = evidence.observed_from("purchases")
        cutoffs = calendar_cutoffs(question, evidence.zone, since, evidence.observed_until)
        yield Prepared(evidence, prepare_on_spark(evidence, question, FAMILIES, cutoffs), cutoffs)


def test_what_is_learned_from_all_customers_is_what_the_local_engine_learns(
    on_workers: Prepared, retailer: Config
):
    with EvidenceStore(retailer.data, retailer.question) as store:
        local = prepare(store, retailer.question, FAMILIES, on_workers.cutoffs)

    assert on_workers.prepared.population == local.population
    assert on_workers.prepared.plan == local.plan


def test_the_training_set_is_that_of_the_local_engine(on_workers: Prepared, training_set: pa.Table):
    assert_same(training_set, on_workers.built())


def test_buckets_make_no_difference_and_a_large_customer_has_its_own(
    on_workers: Prepared, training_set: pa.Table, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(spark_engine, "costs", lambda *_: (1, 4_000))  # facts in a bucket
    monkeypatch.setattr(spark_engine, "_MOST_OF_ONE", 40)  # a customer with more than 100 is large
    keep, seen = spark_engine.bucketed, []

    def watched(*options: Any) -> Any:
        seen.append(keep(*options))
        return seen[-1]

    monkeypatch.setattr(spark_engine, "bucketed", watched)

    assert_same(training_set, on_workers.built())

    buckets = seen[0].groupBy("bucket", "own").agg({"customer": "count"}).collect()
    own = [row["count(customer)"] for row in buckets if row["own"] is not None]
    assert len(buckets) - len(own) > 2
    assert min(own) > 100


IDS = ["7", "007", "NULL", "a'b", 'a"b', "ö", " spaced ", "-1", "1e5", "\\N", "x;--", "ﬁ"]


def hostile() -> dict[str, pa.Table]:
    """Orders of customers with odd ids, some of them corrected: moved, repeated, or without a key."""
    random = np.random.default_rng(5)
    rows = 400
    at = np.datetime64("2020-01-01", "us") + random.integers(0, 500 * 86_400, rows).astype("timedelta64[s]")
    late = random.integers(0, 20 * 86_400, rows) * (random.random(rows) < 0.3)
    ids = np.array([*IDS, "", " "], object)[random.integers(0, len(IDS) + 2, rows)]
    ids[random.random(rows) < 0.02] = None
    orders = np.array([f"o{number}" for number in random.integers(0, 250, rows)], object)
    orders[random.random(rows) < 0.1] = None
    amount = np.round(random.gamma(2.0, 9.0, rows), 2) * np.where(random.random(rows) < 0.1, -1, 1)
    amount[:3] = [np.nan, np.inf, 1e12]
    purchases = pa.table(
        {
            "customer_id": pa.array(ids, pa.string()),
            "purchased_at": pa.array(at),
            "amount": amount,
            "order_id": pa.array(orders, pa.string()),
            "recorded_at": pa.array(at + late.astype("timedelta64[s]")),
            "category": random.choice(["tea", "Tea ", "coffee"], rows),
        }
    )
    twice = purchases.slice(0, 40)  # says in every column what another row says
    cases = pa.table(
        {"customer_id": IDS[:4], "opened_at": pa.array(at[:4]), "topic": ["late", None, "", "late"]}
    )
    return {"purchases": pa.concat_tables([purchases, twice]), "cases": cases}


@pytest.fixture(scope="module")
def odd(session: Any) -> tuple[Config, dict[str, Any]]:
    tables = hostile()
    plain = {
        "data": {"observed_until": "2021-06-01"},
        "purchases": {"key": ["order_id"]},
        "question": {"horizon_days": 30, "lookback_days": 365},
    }
    config = load_config(plain, frames=tables)
    return config, {name: session.createDataFrame(table) for name, table in tables.items()}


def test_corrections_and_odd_ids_are_those_of_the_local_engine(
    odd: tuple[Config, dict[str, Any]], session: Any
):
    config, tables = odd
    cutoffs = ["2020-09-01", "2021-04-01"]

    built = on_spark.build_features(session, config, tables, cutoffs).toArrow()

    assert_same(patron.build_features(config, cutoffs), built)
    assert set(built["customer_id"].to_pylist()) <= set(IDS)


def test_every_row_is_accounted_for_as_locally(odd: tuple[Config, dict[str, Any]]):
    config, tables = odd
    with (
        SparkEvidence.of(tables, config.data, config.question) as evidence,
        EvidenceStore(config.data, config.question) as store,
    ):
        for name, account in store.accounts.items():
            found = evidence.accounts[name]
            assert (found.rows, found.used, found.first, found.last) == (
                account.rows,
                account.used,
                account.first,
                account.last,
            )
            assert found.quarantined == account.quarantined
        assert evidence.customers.count() == store.customers


def small(**tables: Any) -> Config:
    plain: dict[str, Any] = {"data": {"observed_until": "2021-01-01"}}
    return load_config({**plain, **tables})


def test_a_table_whose_ids_match_nobody_is_refused(session: Any):
    moment = datetime(2020, 5, 1, tzinfo=UTC)
    bought = session.createDataFrame(
        [("a", moment, 1.0)], "customer_id string, purchased_at timestamp, amount double"
    )
    opened = session.createDataFrame([("b", moment)], "customer_id string, opened_at timestamp")
    config = small(purchases={"path": "p.parquet"}, cases={"path": "c.parquet"})

    with pytest.raises(DataError, match="No customer of the table cases has ever bought"):
        on_spark.build_features(session, config, {"purchases": bought, "cases": opened}, "2020-06-01")


def test_amounts_in_several_currencies_are_refused(session: Any):
    moment = datetime(2020, 5, 1, tzinfo=UTC)
    rows = [("a", moment, 1.0, "EUR"), ("a", moment, 1.0, "USD")]
    bought = session.createDataFrame(
        rows, "customer_id string, purchased_at timestamp, amount double, currency string"
    )

    with pytest.raises(DataError, match="several currencies"):
        on_spark.build_features(
            session, small(purchases={"path": "p.parquet"}), {"purchases": bought}, "2020-06-01"
        )


def test_a_missing_column_is_named_with_those_that_are_there(session: Any):
    bought = session.createDataFrame([("a", 1.0)], "customer_id string, amount double")

    with pytest.raises(DataError, match="no column purchased_at") as caught:
        on_spark.build_features(
            session, small(purchases={"path": "p.parquet"}), {"purchases": bought}, "2020-06-01"
        )

    assert caught.value.found == "columns customer_id, amount"


def test_a_table_that_spark_would_read_otherwise_is_refused(session: Any, tmp_path: Path):
    config = small(purchases={"path": str(tmp_path / "p.csv")})

    with pytest.raises(DataError, match="would not read as Patron does"):
        on_spark.read_frames(session, config)
    with pytest.raises(DataError, match="Spark cannot read the table"):
        on_spark.read_frames(session, small(purchases={"path": str(tmp_path / "p.parquet")}))
    with pytest.raises(ConfigurationError, match="does not have"):
        on_spark.read_frames(session, config, {"orders": None})  # type: ignore[dict-item]


def test_the_command_writes_a_folder_of_snapshots(tmp_path: Path, session: Any):
    parquet.write_table(hostile()["purchases"], tmp_path / "purchases.parquet")
    config = tmp_path / "patron.toml"
    config.write_text(
        '[data]\nobserved_until = "2021-06-01"\n[purchases]\npath = "purchases.parquet"\n[question]\ncutoffs = 2\n'
    )
    out = tmp_path / "snapshots"
    wanted = [
        "features",
        "--config",
        str(config),
        "--targets",
        "--out",
        str(out),
        "--engine",
        "spark",
        "--json",
    ]

    result = CliRunner().invoke(app, wanted)

    assert result.exit_code == 0, result.output
    written = parquet.read_table(out)
    assert json.loads(result.stdout)["rows"] == written.num_rows
    assert_same(patron.build_training_set(load_config(config)), written)
