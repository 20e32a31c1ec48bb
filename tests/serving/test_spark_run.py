"""Scores of the shop on Spark, beside those of the local engine."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from patron import spark as on_spark
from patron.cli import app
from patron.features.rebuilding import differs
from patron.models.registry import ResolvedModel
from patron.serving.deviations import BrokenContractError

from ..spark_session import WARNINGS, spark_session

pytestmark = WARNINGS


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with spark_session() as found:
        found.conf.set("spark.sql.session.timeZone", "America/New_York")  # nothing may depend on it
        yield found


@pytest.fixture(scope="module")
def files(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The shop as Parquet."""
    folder = tmp_path_factory.mktemp("shop")
    for name, table in shop.tables.items():
        parquet.write_table(table, folder / f"{name}.parquet")
    return {name: folder / f"{name}.parquet" for name in shop.tables}


def assert_same(local: pa.Table, spark: pa.Table) -> None:
    local, spark = (table.sort_by("customer_id") for table in (local, spark))
    assert spark.schema.names == local.schema.names
    assert spark.num_rows == local.num_rows > 0
    for name in local.column_names:
        assert spark[name].type == local[name].type, name
        assert not differs(local[name], spark[name]).any(), name


def ran(command: list[str]) -> dict[str, Any]:
    """What a command says, as JSON."""
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return dict(json.loads(result.stdout))


def test_a_published_run_says_what_the_local_engine_says(
    session: Any, score: Callable[..., SimpleNamespace], files: dict[str, Path], trained: Any, tmp_path: Path
):
    local = score(tables=files, reasons="top:0.05")
    (tmp_path / "patron.toml").write_text(
        '[data]\nobserved_until = "2025-06-01"\n[question]\ncutoffs = 8\n[run]\nengine = "spark"\n'
        f'[tracking]\nuri = "{trained.config.tracking.uri}"\n'
        + "".join(f'[{name}]\npath = "{path}"\n' for name, path in files.items())
    )
    wanted = [
        "score",
        "--config",
        str(tmp_path / "patron.toml"),
        "--cutoff",
        "2025-06-01",
        "--reasons",
        "top:0.05",
    ]
    wanted += ["--out", str(tmp_path / "on spark"), "--json"]

    found, again = ran(wanted), ran(wanted)

    folder = Path(found["folder"])
    assert_same(local.scores, parquet.read_table(folder / "scores"))
    assert_same(local.excluded, parquet.read_table(folder / "excluded"))
    assert (found["scored"], found["excluded"]) == (local.result.scored, dict(local.result.excluded))
    assert found["customers"] == found["scored"] + sum(found["excluded"].values())
    assert found["newest_fact_days"] == local.result.newest_fact_days
    assert (folder.parent / "latest").resolve() == folder
    assert again["repeated"]
    assert again["folder"] == found["folder"]


def test_evidence_that_is_not_that_of_training_is_refused(
    session: Any, shop: Any, files: dict[str, Path], trained: Any, tmp_path: Path
):
    purchases = shop.tables["purchases"]
    cents = pa.array(np.asarray(purchases["amount"]) * 100)
    parquet.write_table(purchases.set_column(2, "amount", cents), tmp_path / "cents.parquet")
    config = trained.shop.config(tmp_path, {**files, "purchases": tmp_path / "cents.parquet"})

    with (
        on_spark.score(session, _tracked(config, trained), "2025-06-01") as run,
        pytest.raises(BrokenContractError, match="not what the model was trained on"),
    ):
        run.account  # noqa: B018  # asking checks


def _tracked(config: Any, trained: Any) -> Any:
    from dataclasses import replace

    return replace(config, tracking=trained.config.tracking)


def test_mlflow_applies_the_model_as_a_column_of_spark(
    session: Any, shop: Any, trained: Any, champion: ResolvedModel, monkeypatch: pytest.MonkeyPatch
):
    import mlflow

    import patron

    monkeypatch.setenv("MLFLOW_TRACKING_URI", trained.config.tracking.uri)
    features = patron.build_features(trained.config, "2025-06-01", model="models:/repurchase@champion")
    names = list(champion.artefact.contract.feature_names)
    wanted = champion.artefact.predict(features.select(names))

    predict = mlflow.pyfunc.spark_udf(session, "models:/repurchase@champion", env_manager="local")
    frame = session.createDataFrame(features)
    found = frame.select("customer_id", predict(*names).alias("probability")).toArrow()

    assert found["customer_id"].to_pylist() == features["customer_id"].to_pylist()
    np.testing.assert_allclose(np.asarray(found["probability"]), wanted, rtol=1e-12)
