"""A training run in MLflow: everything that was promised is there, and the champion only moves for a better model."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import patron
from patron.models import registry
from patron.models.intervals import Estimate
from patron.models.registry import RegisteredVersion
from patron.models.tracking_store import tracking_to
from patron.training import tracking
from patron.training.tracking import decide


@pytest.fixture
def no_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs without report and figures, which take seconds to draw."""
    monkeypatch.setattr(tracking, "_log_pages", lambda *record: (Path("report.html"), ""))


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


def test_the_inputs_of_the_run_are_the_tables_with_their_digests(champions_run: Any, shop: Any) -> None:
    inputs = {each.dataset.name: each.dataset for each in champions_run.run.inputs.dataset_inputs}
    assert sorted(inputs) == ["activities", "purchases"]
    for name, dataset in inputs.items():
        rows = shop.tables[name].num_rows
        assert dataset.digest.startswith(f"{rows}-")
        assert json.loads(dataset.profile) == {"rows": rows, "used": rows, "quarantined": 0}


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
    assert "version 1 stays champion" in second.decision
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


def test_a_run_that_fails_on_the_way_leaves_the_champion_as_it_was(
    shop: Any,
    quick: None,
    make_store: Callable[[Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*record: Any) -> None:
        raise RuntimeError("the report cannot be drawn")

    make_store(tmp_path)
    monkeypatch.setattr(tracking, "_log_pages", fail)
    config = shop.config(tmp_path)
    with pytest.raises(RuntimeError, match="cannot be drawn"):
        patron.train(config)
    assert registry.champion(config.tracking) is None
    with tracking_to(config.tracking.uri) as mlflow:
        (run,) = mlflow.search_runs(search_all_experiments=True, output_format="list")
        assert mlflow.active_run() is None
    assert run.info.status == "FAILED"


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


@pytest.mark.parametrize(
    ("low", "current", "alias"),
    [
        (0.01, None, "champion"),
        (0.0, None, "challenger"),
        (-0.01, None, "challenger"),
        (0.01, RegisteredVersion("repurchase", 1, "run", "digest", ("champion",)), "challenger"),
        (-0.01, RegisteredVersion("repurchase", 1, "run", "digest", ("champion",)), "challenger"),
    ],
)
def test_only_a_better_model_without_a_champion_before_it_becomes_champion(
    low: float, current: RegisteredVersion | None, alias: str
) -> None:
    judgement: Any = SimpleNamespace(beats_opponent=low > 0)
    assert decide(judgement, current)[0] == alias


def test_a_model_beats_the_opponent_when_the_whole_interval_is_above_zero() -> None:
    from patron.training.judgement import Judgement

    for low, beats in ((0.001, True), (0.0, False), (-0.001, False), (float("nan"), False)):
        evaluation = SimpleNamespace(improvement={"log_loss": Estimate(0.01, low, 0.02)})
        nothing: Any = None
        judged = Judgement(evaluation, nothing, nothing, nothing, {}, {})  # type: ignore[arg-type]
        assert judged.beats_opponent is beats
