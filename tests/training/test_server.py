"""A real MLflow server on this machine: the whole life of a version on it, and what is left when it goes away."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import patron
from patron.features.tracking import Tracking
from patron.models.champions import history, promote, rollback
from patron.models.registry import champion, resolve, versions
from patron.models.tracking_store import require_store, tracking_to
from patron.training.dossier import Dossier
from patron.training.promotion import current_champion
from patron.training.trainer import record_training


@dataclass
class Server:
    """An MLflow server on a free port, which can be stopped and started again."""

    folder: Path
    port: int
    process: Any = field(default=None)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        arguments = [
            "-m",
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--workers",
            "1",
        ]
        stores = ["--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"]
        artifacts = ["--artifacts-destination", str(self.folder / "artifacts")]
        with (self.folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *arguments, *stores, *artifacts],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={
                    **os.environ,
                    "MLFLOW_DISABLE_TELEMETRY": "true",
                    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                },
            )
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=1).close()  # noqa: S310 - our own address
            except OSError:
                assert self.process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
                time.sleep(0.2)
            else:
                return
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def server(make_store: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    make_store(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Server(folder, port)
    found.start()
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow asks a server that is gone for minutes, unless it is told not to."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")


def a_dossier(finished_training: Path, folder: Path) -> Dossier:
    return Dossier.read(shutil.copytree(finished_training, folder / finished_training.name))


def test_a_version_lives_on_a_server_as_in_a_file(
    server: Server, finished_training: Path, tmp_path: Path
) -> None:
    tracking = Tracking(server.uri, "life", "life")
    assert current_champion(tracking) is None
    run = record_training(a_dossier(finished_training, tmp_path / "one"), tracking, tmp_path)
    assert (run.version, run.alias) == (1, "champion")
    loser = record_training(a_dossier(finished_training, tmp_path / "two"), tracking, tmp_path)
    assert loser.decision.startswith("Challenger: it lost a race.")
    assert resolve("life@champion", tracking).artefact.digest == versions(tracking)[0].digest

    promote(tracking, "2", "tried in the pilot")
    assert champion(tracking).version == 2
    rollback(tracking, "complaints")
    assert champion(tracking).version == 1
    assert [(each.version, each.by) for each in history(tracking)] == [
        (1, "gate"),
        (2, "promote"),
        (1, "rollback"),
    ]

    with tracking_to(tracking.uri) as mlflow:
        client = mlflow.MlflowClient()
        found = client.get_run(run.run_id)
        version = client.get_model_version("life", "1")
        files = {file.path for file in client.list_artifacts(run.run_id)}
    assert found.info.status == "FINISHED"
    assert {"patron.data_digest", "patron.configuration_digest", "patron.version"} <= found.data.tags.keys()
    assert [each.dataset.name for each in found.inputs.dataset_inputs] != []
    assert files >= {"card.md", "report.html", "evaluation.json", "decision.json", "catalogue.md"}
    assert version.description.startswith("Champion: the first version that beats the opponent.")


def test_a_server_that_goes_away_leaves_a_training_that_can_be_finished(
    server: Server, finished_training: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking = Tracking(server.uri, "loss", "loss")
    written = a_dossier(finished_training, tmp_path)

    def lose_the_server(*given: Any, **named: Any) -> None:
        server.stop()
        described(*given, **named)

    from patron.training import tracking as recording

    described = recording.describe
    monkeypatch.setattr(recording, "describe", lose_the_server)
    with pytest.raises(patron.PatronError, match="No alias was given") as caught:
        record_training(written, tracking, tmp_path)
    assert f"patron train --resume {written.folder}" in caught.value.remedy
    assert "It broke off:" in (written.folder / "README.txt").read_text()
    with pytest.raises(patron.ConfigurationError, match="does not answer"):
        require_store(tracking.uri)
    with tracking_to(tracking.uri) as mlflow:
        assert mlflow.active_run() is None

    server.start()
    monkeypatch.setattr(recording, "describe", described)
    (half,) = versions(tracking)
    assert half.aliases == ()
    with tracking_to(tracking.uri) as mlflow:
        assert "has not been finished" in mlflow.MlflowClient().get_model_version("loss", "1").description
    run = record_training(Dossier.read(written.folder), tracking, tmp_path)
    assert (run.version, run.alias, champion(tracking).version) == (2, "champion", 2)
    assert not written.folder.exists()
