"""What the monitor leaves behind: a page, an exit code, and figures in MLflow that come once."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from patron import api
from patron.cli import app
from patron.models.registry import CHAMPION, log_model, resolve, set_alias
from patron.models.tracking_store import local_file, tracking_to
from patron.serving.monitor_log import MONITORS


@pytest.fixture
def watched(trained: Any, tmp_path: Path) -> tuple[Any, Path]:
    """The configuration of the trained shop, its store a copy, and the folder of two published runs.

    Its champion is one that was trained by 2025-01-31, so that what comes after is new to it.
    """
    store = Path(shutil.copy(local_file(trained.config.tracking.uri), tmp_path / "mlflow.db"))
    tracking = replace(trained.config.tracking, uri=f"sqlite:///{store}")
    config, out = replace(trained.config, tracking=tracking), tmp_path / "scores"
    artefact = resolve("models:/repurchase@champion", tracking).artefact
    window = replace(artefact.contract.window, last_cutoff="2025-01-01T00:00:00+00:00")
    earlier = replace(artefact, contract=replace(artefact.contract, window=window))
    set_alias(tracking, CHAMPION, log_model(earlier, tracking).version)
    for cutoff in ("2025-03-01", "2025-06-01"):
        api.score(config, cutoff=cutoff, out=out)
    return config, out


def test_page_and_figures_are_left_beside_the_models_run(watched: tuple[Any, Path], tmp_path: Path) -> None:
    config, out = watched
    first = api.monitor(config, scores=out, out=tmp_path / "page.html")
    second = api.monitor(config, scores=out, out=tmp_path / "page.html")
    assert first.page == tmp_path / "page.html"
    assert first.verdict.sentence in first.page.read_text().replace("&#39;", "'")
    assert first.tracked == second.tracked
    with tracking_to(config.tracking.uri) as mlflow:
        client = mlflow.MlflowClient()
        run = client.get_run(first.tracked)
        history = client.get_metric_history(first.tracked, "live_came")
        scored = client.get_metric_history(first.tracked, "scored")
        amounts = {
            name: client.get_metric_history(first.tracked, name)
            for name in ("live_expected_spend", "live_came_spend", "live_came_purchases")
        }
        files = {each.path for each in client.list_artifacts(first.tracked)}
    assert run.data.tags["mlflow.parentRunId"] == run.data.tags[MONITORS]
    assert run.data.tags["patron.verdict"] == first.verdict.standing
    judged = first.runs[0]
    assert judged.everyone is not None
    assert [(each.step, each.value) for each in history] == [(20148, judged.everyone.total.came)]
    assert [each.step for each in scored] == [20148, 20240]
    assert judged.forecast is not None
    purchases, spend = judged.forecast.amounts
    assert {name: [(each.step, each.value) for each in told] for name, told in amounts.items()} == {
        "live_expected_spend": [(20148, pytest.approx(spend.expected))],
        "live_came_spend": [(20148, pytest.approx(spend.came.value))],
        "live_came_purchases": [(20148, purchases.came.value)],
    }
    assert files == {"page.html", "monitoring.json"}


def test_a_tracking_server_that_fails_takes_nothing_away(
    watched: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr("patron.serving.monitor_log._run_of", broken)
    config, out = watched
    report = api.monitor(config, scores=out, out=tmp_path / "page.html")
    assert report.page is not None
    assert report.page.exists()
    assert report.tracked is None
    assert "broke off (ConnectionError: gone)" in report.notes[-1]


def test_a_model_in_a_folder_is_watched_and_not_logged(watched: tuple[Any, Path], tmp_path: Path) -> None:
    config, out = watched
    folder = resolve("models:/repurchase@champion", config.tracking).folder
    report = api.monitor(config, model=str(folder), scores=out, out=tmp_path / "page.html")
    assert len(report.runs) == 2
    assert report.tracked is None
    assert "of no registry" in report.notes[-1]


@pytest.mark.parametrize(("standing", "code"), [("keep", 0), ("wait", 0), ("look", 3), ("retrain", 3)])
def test_the_exit_code_tells_the_scheduler(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, standing: Any, code: int
) -> None:
    from types import SimpleNamespace

    from patron.models.watched import Verdict

    class Report(SimpleNamespace):
        def __str__(self) -> str:
            return self.verdict.sentence

        def to_dict(self) -> dict[str, Any]:
            return {"verdict": self.verdict.standing}

    monkeypatch.setattr("patron.cli._load", lambda *_: None)
    monkeypatch.setattr("patron.api.monitor", lambda *_, **__: Report(verdict=Verdict(standing, "So it is.")))
    shown = CliRunner().invoke(app, ["monitor"])
    assert (shown.exit_code, shown.stdout) == (code, "So it is.\n")
    machine = CliRunner().invoke(app, ["monitor", "--json"])
    assert (machine.exit_code, json.loads(machine.stdout)) == (code, {"verdict": standing})
