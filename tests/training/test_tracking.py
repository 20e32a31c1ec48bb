"""A training run in MLflow: everything that was promised is there, and the champion only moves for a better model."""

import json
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import patron
from patron.features.tracking import Tracking
from patron.models import registry
from patron.models.intervals import Estimate
from patron.models.tracking_store import tracking_to
from patron.training.dossier import Dossier
from patron.training.trainer import record_training


@pytest.fixture(scope="module")
def champions_run(trained: Any) -> SimpleNamespace:
    """What MLflow holds of the champion's run."""
    config, run_id = trained.config, trained.run.run_id
    with tracking_to(config.tracking.uri) as mlflow:
        client = mlflow.MlflowClient()
        run = client.get_run(run_id)
        files = {file.path for file in client.list_artifacts(run_id)}
        figures = {file.path for file in client.list_artifacts(run_id, "figures")}
        catalogue = mlflow.artifacts.load_text(f"runs:/{run_id}/catalogue.md")
        series = client.get_metric_history(run_id, "by_cutoff.model.auc")
    return SimpleNamespace(run=run, files=files, figures=figures, catalogue=catalogue, series=series)


def test_the_run_holds_question_recipe_and_settings(champions_run: Any) -> None:
    parameters = champions_run.run.data.params
    expected = {
        "question.horizon_days": "30",
        "question.population": "active",
        "target.kind": "purchase",
        "recipe.n_trees": "40",
        "training.seed": "7",
        "training.test_cutoffs": "3",
    }
    assert expected.items() <= parameters.items()
    assert champions_run.run.info.status == "FINISHED"


def test_the_run_holds_metrics_with_intervals_and_by_cutoff(champions_run: Any, trained: Any) -> None:
    metrics = champions_run.run.data.metrics
    auc = trained.run.metrics["auc"]
    assert (metrics["model.auc.low"], metrics["model.auc"], metrics["model.auc.high"]) == (
        auc["low"],
        auc["value"],
        auc["high"],
    )
    gain = metrics["opponent.log_loss"] - metrics["model.log_loss"]
    assert metrics["improvement.log_loss"] == pytest.approx(gain)
    assert [point.step for point in champions_run.series] == [0, 1, 2]


def test_the_run_holds_what_was_expected_as_the_result_does(champions_run: Any, trained: Any) -> None:
    metrics, said = champions_run.run.data.metrics, trained.run.metrics
    for name in ("purchases.gini", "spend.gini", "spend.improvement.gini", "purchases.level"):
        assert metrics[f"forecast.{name}"] == said[name]["value"]
        assert (
            metrics[f"forecast.{name}.low"] < metrics[f"forecast.{name}"] < metrics[f"forecast.{name}.high"]
        )
    assert "by_cutoff.forecast.spend.gini" in metrics
    json.dumps(dict(said), allow_nan=False)
    assert "forecast.json" in champions_run.files


def test_the_inputs_of_the_run_are_the_tables_with_their_digests(champions_run: Any, shop: Any) -> None:
    inputs = {each.dataset.name: each.dataset for each in champions_run.run.inputs.dataset_inputs}
    snapshots = inputs.pop("snapshots")
    assert sorted(inputs) == ["activities", "purchases"]
    columns = {column["name"]: column["type"] for column in json.loads(snapshots.schema)["mlflow_colspec"]}
    assert (columns["days_since_order"], columns["last_order_channel"]) == ("double", "string")
    counts = json.loads(snapshots.profile)
    assert counts["cutoffs"] == 8
    assert 0 < counts["customers"] < counts["rows"]
    assert len(snapshots.digest) == 36
    for name, dataset in inputs.items():
        rows = shop.tables[name].num_rows
        assert dataset.digest.startswith(f"{rows}-")
        assert json.loads(dataset.profile) == {"rows": rows, "used": rows, "quarantined": 0}


def test_runs_are_found_and_sorted_as_mlflow_users_do(champions_run: Any, trained: Any) -> None:
    config, grade = trained.config, trained.run.grade
    asked = (
        f"tags.`patron.grade` = '{grade}' AND metrics.`model.log_loss` < 1"
        " AND params.`question.horizon_days` = '30'"
    )
    with tracking_to(config.tracking.uri) as mlflow:
        found = mlflow.search_runs(
            experiment_names=[config.tracking.experiment],
            filter_string=asked,
            order_by=["metrics.`forecast.spend.gini` DESC"],
        )
        (model,) = mlflow.search_logged_models(
            experiment_ids=[champions_run.run.info.experiment_id], output_format="list"
        )
        source = mlflow.data.get_source(champions_run.run.inputs.dataset_inputs[0].dataset)
        description = mlflow.MlflowClient().get_registered_model("repurchase").description
    assert found["run_id"].tolist() == [trained.run.run_id]
    assert {metric.key for metric in model.metrics} == set(champions_run.run.data.metrics)
    (link,) = json.loads(model.tags["mlflow.modelVersions"])
    assert link == {"name": "repurchase", "version": 1}
    assert "champion names the version that scores" in description
    assert source.uri


def test_report_figures_folds_and_catalogue_are_there(champions_run: Any, trained: Any) -> None:
    assert champions_run.files >= {"report.html", "catalogue.md", "evaluation.json", "folds.json", "figures"}
    assert len(champions_run.figures) >= 3
    assert all(name.endswith(".png") for name in champions_run.figures)
    assert "| days_since_order | buying_cycle | days |" in champions_run.catalogue
    assert trained.run.report.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_no_file_of_the_run_names_a_customer(trained: Any) -> None:
    folder = Path(trained.config.data.folder)
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "mlflow.db"]
    assert len(files) > 10
    assert [file for file in files if b"kd-0" in file.read_bytes()] == []


def test_the_model_has_a_signature_and_an_invented_example(trained: Any) -> None:
    with tracking_to(trained.config.tracking.uri) as mlflow:
        model = mlflow.pyfunc.load_model("models:/repurchase@champion")
        example = model.input_example
        kinds = {column.name: str(column.type) for column in model.metadata.get_input_schema()}
    assert kinds["days_since_order"] == "DataType.double"
    assert kinds["last_order_channel"] == "DataType.string"
    assert list(example.columns) == list(kinds)
    assert not example.astype(str).apply(lambda column: column.str.contains("kd-")).to_numpy().any()


def test_mlflow_and_the_scorer_say_the_same_of_the_same_customers(trained: Any, tmp_path: Path) -> None:
    config = trained.config
    result = patron.score(config, "2025-06-01", out=tmp_path)
    scores = parquet.read_table(result.folder / "scores")
    champion = "models:/repurchase@champion"
    features = patron.build_features(config, cutoffs=["2025-06-01"], model=champion)
    assert features["customer_id"].to_pylist() == scores["customer_id"].to_pylist()
    with tracking_to(config.tracking.uri) as mlflow:
        model = mlflow.pyfunc.load_model("models:/repurchase@champion")
        found = model.predict(features.to_pandas())
    assert np.array_equal(found, np.asarray(scores["probability"]))


def test_batches_of_any_size_and_order_of_columns_are_scored_alike(trained: Any) -> None:
    """What Spark hands to a model: pieces of a frame, doubles, nulls, the signature's columns among others."""
    config, champion = trained.config, "models:/repurchase@champion"
    features = patron.build_features(config, cutoffs=["2025-06-01"], model=champion).to_pandas()
    wide = features.astype(dict.fromkeys(features.select_dtypes("float32"), float)).iloc[:, ::-1]
    with tracking_to(config.tracking.uri) as mlflow:
        model = mlflow.pyfunc.load_model(champion)
        whole = model.predict(features)
        parts = [model.predict(wide.iloc[low : low + 97]) for low in range(0, len(wide), 97)]
        requirements = mlflow.pyfunc.get_model_dependencies(champion)
    assert np.array_equal(np.concatenate(parts), whole)
    assert Path(requirements).read_text().split()[1:] == [
        f"patron=={version('patron')}"
    ]  # after MLflow itself


def test_the_first_version_is_champion_and_says_why(trained: Any) -> None:
    assert trained.run.alias == "champion"
    assert trained.run.decision == "Champion: the first version that beats the opponent."
    assert trained.run.version == 1
    assert len(trained.run.summary) == 4
    assert trained.run.summary[-1].startswith(f"Grade {trained.run.grade}: ")
    assert trained.run.grade in "AB"
    assert registry.champion(trained.config.tracking).run_id == trained.run.run_id


def test_the_next_version_is_challenger(
    shop: Any, quick: None, no_pages: None, make_store: Callable[[Path], Path], tmp_path: Path
) -> None:
    make_store(tmp_path)
    config = shop.config(tmp_path)
    first, second = patron.train(config), patron.train(config)
    assert (first.alias, second.alias) == ("champion", "challenger")
    assert second.gate.outcome == "unchanged"
    assert second.decision.startswith("Nothing new: it is, byte for byte, the model of version 1")
    assert [known.aliases for known in registry.versions(config.tracking)] == [("champion",), ("challenger",)]
    assert registry.versions(config.tracking)[0].digest == registry.versions(config.tracking)[1].digest


@pytest.fixture
def noise() -> pa.Table:
    """700 customers who all buy at the same rate, whatever they did before: nothing can be learned."""
    random = np.random.default_rng(4)
    customer = np.repeat(np.arange(700), random.poisson(400 / 40, 700))
    seconds = random.integers(0, 400 * 86_400, customer.size).astype("timedelta64[s]")
    at = np.datetime64("2025-06-01", "us") - np.timedelta64(1, "s") - seconds
    return pa.table({"customer_id": customer, "purchased_at": at, "amount": np.ones(customer.size)})


def test_a_model_of_noise_is_never_champion(
    shop: Any,
    quick: None,
    no_pages: None,
    noise: pa.Table,
    make_store: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    make_store(tmp_path)
    config = shop.config(tmp_path, {"purchases": noise, "activities": None})
    run = patron.train(config)
    assert run.alias == "challenger"
    assert "not shown to be better than the opponent" in run.decision
    assert registry.champion(config.tracking) is None
    with pytest.raises(patron.ModelError, match="no alias champion"):
        patron.score(config, "2025-06-01", out=tmp_path / "scores")
    assert not (tmp_path / "scores").exists()


@pytest.fixture
def unrecorded(
    finished_training: Path, make_store: Callable[[Path], Path], tmp_path: Path
) -> tuple[Dossier, Tracking]:
    """The dossier and an empty store of the test's own."""
    make_store(tmp_path)
    copy = shutil.copytree(finished_training, tmp_path / "unrecorded" / finished_training.name)
    return Dossier.read(copy), Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_a_finished_training_lies_on_the_disk_and_says_how_it_is_recorded(finished_training: Path) -> None:
    assert finished_training.parent.name == "unrecorded"
    assert f"patron train --resume {finished_training}" in (finished_training / "README.txt").read_text()
    assert Dossier.read(finished_training).artefact.digest[:8] == finished_training.name.split("-")[-1]
    files = [file for file in finished_training.rglob("*") if file.is_file()]
    assert len(files) > 10
    assert [file for file in files if b"kd-0" in file.read_bytes()] == []


@pytest.mark.parametrize(
    "step",
    [
        "training.tracking._log_facts",
        "training.tracking.log_model",
        "training.tracking.Dossier.fill",
        "training.tracking.describe",
        "training.tracking.crown",
        "models.champions._remember",
        "models.champions.set_alias",
    ],
)
def test_what_fails_at_any_step_leaves_the_champion_and_can_be_finished(
    unrecorded: tuple[Dossier, Tracking], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*given: Any, **named: Any) -> None:
        raise RuntimeError("the store is gone")

    written, tracking = unrecorded
    monkeypatch.setattr(f"patron.{step}", fail)
    with pytest.raises(patron.PatronError, match="broke off") as caught:
        record_training(written, tracking, tmp_path)
    monkeypatch.undo()
    assert caught.value.found == "RuntimeError: the store is gone"
    assert f"patron train --resume {written.folder}" in caught.value.remedy
    assert "the store is gone" in (written.folder / "README.txt").read_text()
    assert [known.aliases for known in registry.versions(tracking)] in ([], [()])
    with tracking_to(tracking.uri) as mlflow:
        (run,) = mlflow.search_runs(search_all_experiments=True, output_format="list")
        assert mlflow.active_run() is None
    assert run.info.status == "FAILED"

    finished = record_training(Dossier.read(written.folder), tracking, tmp_path)
    assert registry.champion(tracking).run_id == finished.run_id != run.info.run_id
    assert finished.report.read_text() == (
        f"{finished.run_id} {finished.version} Champion Champion: the first version that beats the opponent."
    )
    assert not written.folder.exists()


def test_whoever_is_overtaken_while_it_is_recorded_says_so_and_stays_challenger(
    unrecorded: tuple[Dossier, Tracking], finished_training: Path, tmp_path: Path
) -> None:
    written, tracking = unrecorded
    twin = shutil.copytree(finished_training, tmp_path / "twin")
    winner = record_training(Dossier.read(twin), tracking, tmp_path)
    loser = record_training(written, tracking, tmp_path)
    assert (winner.alias, loser.alias) == ("champion", "challenger")
    assert loser.gate.outcome == "refused"
    assert loser.decision.startswith(
        "Challenger: it lost a race. Before it could take its place, version 1 became"
    )
    assert loser.report.read_text().startswith(f"{loser.run_id} 2 Challenger Challenger: it lost a race.")
    assert [known.aliases for known in registry.versions(tracking)] == [("champion",), ("challenger",)]
    with tracking_to(tracking.uri) as mlflow:
        assert mlflow.get_run(loser.run_id).data.tags["patron.gate"] == "refused"
        version = mlflow.MlflowClient().get_model_version("repurchase", "2")
    assert version.description.startswith("Challenger: it lost a race.")


def test_resuming_from_a_folder_without_a_training_is_refused(shop: Any, tmp_path: Path) -> None:
    with pytest.raises(patron.ConfigurationError, match="no training to be recorded"):
        patron.train(shop.config(tmp_path), resume=tmp_path / "elsewhere")


def test_a_run_that_a_notebook_has_open_stays_open(
    shop: Any,
    quick: None,
    no_pages: None,
    make_store: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    make_store(tmp_path)
    config = shop.config(tmp_path)
    with tracking_to(config.tracking.uri) as mlflow:
        with mlflow.start_run() as mine:
            run = patron.train(config)
            assert mlflow.active_run().info.run_id == mine.info.run_id
        assert run.run_id != mine.info.run_id
        assert mlflow.get_run(mine.info.run_id).data.params == {}


def test_a_model_beats_the_opponent_when_the_whole_interval_is_above_zero() -> None:
    from patron.training.judgement import Judgement

    for low, beats in ((0.001, True), (0.0, False), (-0.001, False), (float("nan"), False)):
        evaluation = SimpleNamespace(improvement={"log_loss": Estimate(0.01, low, 0.02)})
        nothing: Any = None
        judged = Judgement(evaluation, nothing, nothing, nothing, {}, {})  # type: ignore[arg-type]
        assert judged.beats_opponent is beats
