"""The registry gives back exactly what was logged, says what exists, and leaves the process as it was."""

import logging
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.features.engine import with_plain_text
from patron.features.errors import ConfigurationError, ModelError
from patron.features.tracking import Tracking
from patron.models import registry
from patron.models.artefact import Artefact, save
from patron.models.tracking_store import artifact_location, experiment_id, import_mlflow, tracking_to


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store whose tables are made: that takes seconds, so that tests copy it."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    with tracking_to(f"sqlite:///{path}") as client:
        client.search_experiments()
    return path


@pytest.fixture
def tracking(empty_store: Path, tmp_path: Path) -> Tracking:
    """A store of the test's own."""
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}", "tests", "repurchase")


def test_a_logged_model_comes_back_verified_and_the_same(artefact: Artefact, tracking: Tracking) -> None:
    logged = registry.log_model(artefact, tracking)
    found = registry.resolve("models:/repurchase/1", tracking)
    assert found.artefact == artefact
    assert found.registered == logged
    assert (logged.version, logged.digest, logged.uri) == (1, artefact.digest, "models:/repurchase/1")


def test_artefacts_lie_beside_the_store(artefact: Artefact, tracking: Tracking, tmp_path: Path) -> None:
    registry.log_model(artefact, tracking)
    folder = registry.resolve("repurchase/1", tracking).folder
    assert folder.is_relative_to(tmp_path / "mlartifacts")


@pytest.mark.parametrize("uri", ["https://tracking.example", "postgresql://db/mlflow"])
def test_a_server_decides_where_its_artefacts_lie(uri: str) -> None:
    assert artifact_location(uri) is None


def test_versions_count_up_and_an_alias_moves(artefact: Artefact, tracking: Tracking) -> None:
    assert registry.champion(tracking) is None
    registry.log_model(artefact, tracking)
    registry.log_model(replace(artefact, card="# Another\n"), tracking)
    assert registry.champion(tracking) is None
    registry.set_alias(tracking, "champion", 1)
    assert registry.champion(tracking).version == 1
    registry.set_alias(tracking, "champion", 2)
    assert [known.aliases for known in registry.versions(tracking)] == [(), ("champion",)]
    assert registry.resolve("models:/repurchase@champion", tracking).artefact.card == "# Another\n"
    registry.delete_alias(tracking, "champion")
    assert registry.champion(tracking) is None


@pytest.mark.parametrize(
    "reference",
    ["models:/repurchase@champion", "repurchase@champion", "models:/repurchase/1", "repurchase/1"],
)
def test_every_way_to_name_a_model_finds_it(artefact: Artefact, tracking: Tracking, reference: str) -> None:
    registry.log_model(artefact, tracking)
    registry.set_alias(tracking, "champion", 1)
    assert registry.resolve(reference, tracking).uri == "models:/repurchase/1"


def test_a_folder_needs_no_registry(artefact: Artefact, tmp_path: Path) -> None:
    save(tmp_path / "model", artefact)
    found = registry.resolve(str(tmp_path / "model"), Tracking("sqlite:////nowhere/mlflow.db"))
    assert found.artefact == artefact
    assert found.registered is None
    assert found.uri == str(tmp_path / "model")


@pytest.mark.parametrize(
    ("reference", "what", "found"),
    [
        ("models:/other@champion", "other is not registered", "models repurchase"),
        ("models:/repurchase@best", "has no alias best", "versions 1 @champion"),
        ("models:/repurchase/7", "has no version 7", "versions 1 @champion"),
        ("just words", "neither a folder", "just words"),
        ("models:/repurchase", "neither a folder", "models:/repurchase"),
    ],
)
def test_what_is_unknown_is_told_with_what_exists(
    artefact: Artefact, tracking: Tracking, reference: str, what: str, found: str
) -> None:
    registry.log_model(artefact, tracking)
    registry.set_alias(tracking, "champion", 1)
    with pytest.raises(ModelError, match=what) as caught:
        registry.resolve(reference, tracking)
    assert caught.value.found == found


def test_where_nothing_is_champion_the_way_to_one_is_told(artefact: Artefact, tracking: Tracking) -> None:
    registry.log_model(artefact, tracking)
    with pytest.raises(ModelError, match="has no alias champion") as caught:
        registry.resolve("models:/repurchase@champion", tracking)
    assert 'patron promote 1 --reason "' in str(caught.value.remedy)
    assert "--model models:/repurchase/1" in str(caught.value.remedy)


def test_asking_a_store_that_is_not_there_does_not_make_one(tmp_path: Path) -> None:
    tracking = Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert registry.versions(tracking) == []
    with pytest.raises(ModelError, match="not registered"):
        registry.resolve("models:/repurchase@champion", tracking)
    assert list(tmp_path.iterdir()) == []


def test_an_alias_for_an_unknown_version_is_refused(artefact: Artefact, tracking: Tracking) -> None:
    with pytest.raises(ModelError, match="not registered"):
        registry.set_alias(tracking, "champion", 1)
    registry.log_model(artefact, tracking)
    with pytest.raises(ModelError, match="no version 2"):
        registry.set_alias(tracking, "champion", 2)


def test_a_model_changed_in_the_store_is_refused(artefact: Artefact, tracking: Tracking) -> None:
    registry.log_model(artefact, tracking)
    folder = registry.resolve("repurchase/1", tracking).folder
    (folder / "calibration.json").write_text('{"kind": "identity"}\n')
    with pytest.raises(ModelError, match="not as it was written"):
        registry.resolve("repurchase/1", tracking)


def test_a_model_is_logged_to_the_active_run_which_stays_open(artefact: Artefact, tracking: Tracking) -> None:
    with tracking_to(tracking.uri) as client, client.start_run(experiment_id=experiment_id(tracking)) as run:
        logged = registry.log_model(artefact, tracking)
        assert client.active_run().info.run_id == run.info.run_id == logged.run_id


def test_a_model_is_logged_to_a_finished_run_by_its_id(artefact: Artefact, tracking: Tracking) -> None:
    with tracking_to(tracking.uri) as client, client.start_run(experiment_id=experiment_id(tracking)) as run:
        pass
    assert registry.log_model(artefact, tracking, run_id=run.info.run_id).run_id == run.info.run_id


def test_an_experiment_is_made_once(tracking: Tracking) -> None:
    assert experiment_id(tracking) == experiment_id(tracking)


def test_a_deleted_experiment_is_told(tracking: Tracking) -> None:
    with tracking_to(tracking.uri) as client:
        client.delete_experiment(experiment_id(tracking))
    with pytest.raises(ConfigurationError, match="deleted"):
        experiment_id(tracking)


def test_a_store_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        experiment_id(Tracking(f"sqlite:///{tmp_path / 'file' / 'mlflow.db'}"))


@pytest.mark.parametrize("before", [None, "file:///elsewhere"])
def test_address_environment_and_log_levels_are_put_back(
    tracking: Tracking, before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = import_mlflow()
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mlflow.set_tracking_uri(before)
    levels = [logging.getLogger(name).level for name in ("mlflow", "alembic")]
    environment = dict(os.environ)
    with tracking_to(tracking.uri):
        assert mlflow.get_tracking_uri() == tracking.uri
    assert mlflow.is_tracking_uri_set() == (before is not None)
    assert [logging.getLogger(name).level for name in ("mlflow", "alembic")] == levels
    assert dict(os.environ) == environment
    mlflow.set_tracking_uri(None)


def test_nothing_is_told_on_the_terminal(
    artefact: Artefact, tracking: Tracking, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        registry.log_model(artefact, tracking)
    registry.set_alias(tracking, "champion", 2)
    registry.resolve("repurchase@champion", tracking)
    assert capfd.readouterr() == ("", "")


def test_mlflow_alone_loads_it_and_predicts_exactly_the_same(
    artefact: Artefact, snapshots: pa.Table, tracking: Tracking, tmp_path: Path
) -> None:
    registry.log_model(artefact, tracking)
    registry.set_alias(tracking, "champion", 1)
    pq.write_table(with_plain_text(snapshots), tmp_path / "features.parquet")
    program = (
        "import mlflow, numpy, pyarrow.parquet, sys\n"
        "store, features, out = sys.argv[1:]\n"
        "mlflow.set_tracking_uri(store)\n"
        "model = mlflow.pyfunc.load_model('models:/repurchase@champion')\n"
        "numpy.save(out, model.predict(pyarrow.parquet.read_table(features).to_pandas()))\n"
    )
    out = tmp_path / "probability.npy"
    arguments = [tracking.uri, str(tmp_path / "features.parquet"), str(out)]
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, cwd=tmp_path)
    np.testing.assert_array_equal(np.load(out), artefact.predict(snapshots))


def test_mlflow_refuses_a_frame_without_a_feature(
    artefact: Artefact, snapshots: pa.Table, tracking: Tracking
) -> None:
    logged = registry.log_model(artefact, tracking)
    with tracking_to(tracking.uri) as client:
        model = client.pyfunc.load_model(logged.uri)
        with pytest.raises(client.exceptions.MlflowException, match="days_since_order"):
            model.predict(with_plain_text(snapshots).drop_columns(["days_since_order"]).to_pandas())


def test_what_is_kept_names_no_customer_and_needs_only_patron(artefact: Artefact, tracking: Tracking) -> None:
    registry.log_model(artefact, tracking)
    folder = registry.resolve("repurchase/1", tracking).folder.parents[1]
    requirements = (folder / "requirements.txt").read_text().split()
    assert [line.split("==")[0] for line in requirements] == ["mlflow", "patron"]
    assert "customer_id" not in (folder / "input_example.json").read_text()


def test_importing_the_room_loads_neither_tracking_nor_plots_nor_tuner() -> None:
    modules = ", ".join(
        f"patron.models.{path.stem}" for path in sorted(Path(registry.__file__).parent.glob("[a-z]*.py"))
    )
    program = f"import sys, {modules}\nprint(*{{'mlflow', 'matplotlib', 'optuna'}} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
