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
from patron.serving import spark_publishing
from patron.serving.deviations import BrokenContractError
from patron.serving.publishing import Publication
from patron.serving.spark_publishing import publish_spark_run
from patron.serving.staging import Staging

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


def files_of(run: Path) -> dict[str, bytes]:
    return {str(file.relative_to(run)): file.read_bytes() for file in run.rglob("*.parquet")}


@pytest.fixture(scope="module")
def undisturbed(
    session: Any, files: dict[str, Path], trained: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    """A run that nothing ended, and its files; what it made is held, so that it is quickly published again."""
    folder = tmp_path_factory.mktemp("undisturbed")
    config = _tracked(trained.shop.config(folder, files), trained)
    with on_spark.score(session, config, "2025-06-01") as run:
        yield SimpleNamespace(run=run, files=files_of(publish_spark_run(run, folder).folder))


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


class Killed(BaseException):
    """What no handler catches, as at the end of a process."""


@pytest.mark.parametrize("when", ["the first parts are written", "all is written", "all is published"])
def test_a_run_that_is_killed_publishes_no_half_and_the_next_one_is_whole(
    session: Any, undisturbed: SimpleNamespace, when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def die(*_: Any) -> None:
        raise Killed

    def write_scores(ready: Any, name: str, *rest: Any) -> None:
        return die() if name == "excluded" else write(ready, name, *rest)

    write, folder = spark_publishing._write, tmp_path / "repurchase"
    with monkeypatch.context() as patch:
        if when == "the first parts are written":
            patch.setattr(spark_publishing, "_write", write_scores)
        elif when == "all is written":
            patch.setattr(Publication, "publish", die)
        else:
            patch.setattr(spark_publishing, "remove_superseded", die)
        with pytest.raises(Killed):
            publish_spark_run(undisturbed.run, tmp_path)
    left = list(folder.glob(".*.staging/*/scores/*.parquet"))
    assert bool(left) == (when != "all is published")
    assert (folder / "latest").exists() == (when == "all is published")

    result = publish_spark_run(undisturbed.run, tmp_path)

    assert files_of(result.folder) == undisturbed.files
    assert result.repeated == (when == "all is published")
    assert {path.name for path in folder.iterdir() if path.suffix != ".lock"} == {
        result.folder.name,
        "latest",
    }


def test_what_a_killed_run_of_other_evidence_left_goes_when_the_cutoff_is_published(
    undisturbed: SimpleNamespace, tmp_path: Path
):
    (tmp_path / "repurchase").mkdir()
    other = Staging.take_up(tmp_path / "repurchase" / "other", undisturbed.run.identity)
    later = Staging.take_up(tmp_path / "repurchase" / "later", {**undisturbed.run.identity, "cutoff": 5})

    publish_spark_run(undisturbed.run, tmp_path)

    assert (other.folder.exists(), later.folder.exists()) == (False, True)


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
