"""The examples of the nightly job are run with stand-ins for the schedulers, and the crontab line by a shell."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import patron

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
PAGE = EXAMPLES.parent / "nightly.md"


def bare(*arguments: Any, **keywords: Any) -> Any:
    """A decorator, with or without arguments, that leaves the function as it is."""
    return (
        arguments[0] if arguments and callable(arguments[0]) and not keywords else lambda function: function
    )


class FailedForGood(Exception):
    """What Airflow does not retry."""


class Failure(Exception):
    """What Dagster raises."""

    def __init__(self, description: str, *, allow_retries: bool) -> None:
        super().__init__(description)
        self.allow_retries = allow_retries


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the examples ask of Patron, which scores nothing here."""
    calls: list[Any] = []
    monkeypatch.setattr(patron, "load_config", lambda path, **keywords: (path, keywords), raising=False)

    def score(config: Any, day: str) -> Any:
        calls.append((config, day))
        return SimpleNamespace(folder=Path("/srv/shop/scores/run"), customers=5, scored=3)

    monkeypatch.setattr(patron, "score", score, raising=False)
    return calls


def load(name: str, monkeypatch: pytest.MonkeyPatch, **modules: dict[str, Any]) -> ModuleType:
    """An example as a module, with stand-ins for what it imports (`__` stands for a dot)."""
    for module, names in modules.items():
        stand_in = ModuleType(module.replace("__", "."))
        vars(stand_in).update(names)
        monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def airflow(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The DAG's task."""
    tasks: list[Callable[..., str]] = []

    def task(**keywords: Any) -> Any:
        assert keywords["retries"] == 3
        return lambda function: tasks.append(function) or (lambda: None)

    load(
        "airflow_dag",
        monkeypatch,
        pendulum={"datetime": lambda *date, tz: (date, tz)},
        airflow={},
        airflow__exceptions={"AirflowFailException": FailedForGood},
        airflow__sdk={"dag": bare, "task": task},
    )
    (found,) = tasks
    return found


def at(day: str) -> Any:
    """A moment of Airflow's that is so many o'clock in any zone."""
    from datetime import datetime

    return SimpleNamespace(in_timezone=lambda zone: datetime.fromisoformat(day))


def test_the_airflow_task_scores_the_day_that_begins(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert airflow(monkeypatch)(data_interval_end=at("2026-01-05T02:15")) == "/srv/shop/scores/run"
    assert asked == [(("/srv/shop/patron.toml", {"data__observed_until": "2026-01-05"}), "2026-01-05")]


@pytest.mark.parametrize(
    ("error", "raised"),
    [(patron.DataError("stale"), FailedForGood), (patron.PatronError("away"), patron.PatronError)],
)
def test_airflow_retries_what_a_retry_may_mend(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch, error: Exception, raised: type[Exception]
) -> None:
    monkeypatch.setattr(patron, "score", lambda *_: (_ for _ in ()).throw(error))
    with pytest.raises(raised, match=str(error)):
        airflow(monkeypatch)(data_interval_end=at("2026-01-05T02:15"))


def dagster(monkeypatch: pytest.MonkeyPatch) -> Any:
    names = {
        "AssetExecutionContext": object,
        "DailyPartitionsDefinition": SimpleNamespace,
        "Definitions": SimpleNamespace,
        "Failure": Failure,
        "MaterializeResult": SimpleNamespace,
        "RetryPolicy": SimpleNamespace,
        "asset": bare,
        "build_schedule_from_partitioned_job": lambda job, **when: (job, when),
        "define_asset_job": lambda name, assets: name,
    }
    return load("dagster_asset", monkeypatch, dagster=names)


def test_the_dagster_asset_scores_its_partition(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    made = dagster(monkeypatch)
    result = made.repurchase_scores(SimpleNamespace(partition_key="2026-01-05"))
    assert result.metadata == {"folder": "/srv/shop/scores/run", "customers": 5, "scored": 3}
    assert asked[0][1] == "2026-01-05"
    assert made.nightly == ("nightly_scores", {"hour_of_day": 2, "minute_of_hour": 15})


@pytest.mark.parametrize(
    ("error", "retries"), [(patron.ModelError("odd"), False), (patron.PatronError("away"), True)]
)
def test_dagster_retries_what_a_retry_may_mend(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch, error: Exception, retries: bool
) -> None:
    monkeypatch.setattr(patron, "score", lambda *_: (_ for _ in ()).throw(error))
    with pytest.raises(Failure, match=str(error)) as caught:
        dagster(monkeypatch).repurchase_scores(SimpleNamespace(partition_key="2026-01-05"))
    assert caught.value.allow_retries is retries


def test_the_crontab_line_scores_today(tmp_path: Path) -> None:
    (line,) = re.findall(r"^15 2 \* \* \* (.*)$", (EXAMPLES / "nightly.cron").read_text(), re.MULTILINE)
    assert line in PAGE.read_text()
    fake = tmp_path / "patron"
    fake.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    fake.chmod(0o755)
    command = line.replace("\\%", "%").replace("/srv/shop", str(tmp_path))
    path = f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"
    subprocess.run(["sh", "-c", command], check=True, env={"PATH": path})
    asked = json.loads((tmp_path / "nightly.log").read_text())
    day = asked[2]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)
    assert asked == ["score", "--cutoff", day, "--set", f"data.observed_until={day}", "--json"]


def test_the_day_of_the_crontab_line_is_one_that_the_configuration_reads() -> None:
    plain = {"data": {"observed_until": "2018-01-01"}, "purchases": {"path": "p.csv"}}
    config = patron.load_config(plain, overrides=["data.observed_until=2026-01-05"])
    assert config.data.observed_until.isoformat() == "2026-01-05T00:00:00+00:00"


def test_the_image_warms_the_kernels_where_its_user_finds_them() -> None:
    lines = (EXAMPLES / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    order = [step[0] for step in steps]
    assert set(order) <= {"FROM", "COPY", "RUN", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}
    (cache,) = (step[1].split("=")[1] for step in steps if step[0] == "ENV" and "NUMBA_CACHE_DIR" in step[1])
    (warm,) = (place for place, step in enumerate(steps) if "patron demo" in step[1])
    assert order.index("ENV") < warm < order.index("USER")
    assert f"chmod -R a+rwX {cache}" in " ".join(steps[warm][1].split())
    assert json.loads(steps[order.index("ENTRYPOINT")][1]) == ["patron"]


def test_the_command_that_warms_the_image_is_one_that_there_is() -> None:
    from typer.testing import CliRunner

    from patron.cli import app

    (line,) = re.findall(r"patron (demo .*?) \\", (EXAMPLES / "Dockerfile").read_text())
    options = [word for word in line.split() if word.startswith("--")]
    shown = CliRunner().invoke(app, ["demo", "--help"]).stdout
    assert all(option in shown for option in options)


@pytest.mark.parametrize("page", ["nightly.md", "scores.md"])
def test_links_of_the_pages_lead_somewhere(page: str) -> None:
    text = (PAGE.parent / page).read_text()
    for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", text):
        assert (PAGE.parent / target).exists(), target
