"""The command: what each verb asks the library, prints, and exits with."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

import patron
from patron.cli import app
from patron.feature_files import FeatureFile
from patron.features.errors import DataError, GateError
from patron.models.champions import Change
from patron.training.promotion import Decision, first_decision

VERBS = (
    "init",
    "check",
    "features",
    "audit",
    "train",
    "compare",
    "promote",
    "rollback",
    "score",
    "backfill",
    "forget",
    "explain",
    "monitor",
    "report",
    "demo",
)


@dataclass
class Report:
    """A check report as the command line sees one."""

    ready: bool = True

    def __str__(self) -> str:
        return "3 rows = 3 used"

    def to_dict(self) -> dict[str, Any]:
        return {"ready": self.ready}


@dataclass
class Audit:
    """An audit as the command line sees one."""

    passed: bool = True

    def __str__(self) -> str:
        return "No leak was found."

    def to_dict(self) -> dict[str, Any]:
        return {"passed": self.passed}


@dataclass
class Run:
    """A training run as the command line sees one."""

    summary: tuple[str, ...] = ("One.", "Two.", "Three.")
    decision: str = "Registered as champion."
    model_uri: str = "models:/repurchase/1"
    report: Path = Path("report.html")
    gate: Decision = field(default_factory=lambda: first_decision(True))

    def to_dict(self) -> dict[str, Any]:
        return {"decision": self.decision, "report": self.report}


class Moved:
    """Who moved most, as the command line sees it."""

    def lines(self) -> list[str]:
        return ["since 2017-12-01: 900 customers have a score again", "  kd-1: 80.0% to 20.0%"]


@dataclass
class Result:
    """A scoring result as the command line sees one."""

    folder: Path = Path("scores")
    customers: int = 1200
    scored: int = 1000
    excluded: dict[str, int] = field(default_factory=lambda: {"lapsed": 200})
    unseen: dict[str, dict[str, int]] = field(
        default_factory=lambda: {"last_order_channel": {"fax": 3, "telex": 4}}
    )
    newest_fact_days: float | None = 2.25
    warnings: tuple[str, ...] = ("the seasonal level of 2018-01-01 is unknown",)
    repeated: bool = True
    model: str = "models:/repurchase/1"
    delivered: dict[str, str] = field(default_factory=lambda: {"csv:lists": "written"})
    movers: Any = field(default_factory=lambda: Moved())
    deviations: tuple[dict[str, Any], ...] = (
        {"kind": "stale", "said": "cases are 3 days old", "allowed": True, "size": 3.0},
    )

    def to_dict(self) -> dict[str, Any]:
        return {"scored": self.scored}


@dataclass(frozen=True)
class Past:
    runs: tuple[Any, ...] = ()
    refused: dict[str, Any] = field(
        default_factory=lambda: {"2016-01-01": DataError("odd", found="all is odd")}
    )

    def __post_init__(self) -> None:
        run = Result(warnings=(), repeated=False)
        object.__setattr__(run, "cutoff", "2017-01-01T00:00:00+00:00")
        object.__setattr__(self, "runs", (run,))

    def to_dict(self) -> dict[str, Any]:
        return {"runs": [1]}


class Library(ModuleType):
    """Stands in for `patron.api` and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__("patron.api")
        self.asked: list[tuple[str, Any, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {
            "audit": Audit(),
            "check": Report(),
            "write_features": FeatureFile(Path("june.parquet"), 2, ("customer_id", "orders")),
            "build_training_set": pa.table({"customer_id": [1], "target": [1]}),
            "train": Run(),
            "compare": Report(),
            "promote": Change(3, 1, "promote", "tried in the pilot", "2026-05-03T08:00:00+00:00"),
            "rollback": Change(1, 3, "rollback", "complaints", "2026-05-04T08:00:00+00:00"),
            "score": Result(),
            "backfill": Past(),
            "forget": Report(),
            "report": Path("report.html"),
        }

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self.answers:
            raise AttributeError(name)

        def verb(config: Any, *, progress: Any, **asked: Any) -> Any:
            self.asked.append((name, config, asked))
            progress("working", 1, 2)
            if isinstance(self.answers[name], BaseException):
                raise self.answers[name]
            return self.answers[name]

        return verb


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    """A library that answers at once, in the place of the real one."""
    stand_in = Library()
    monkeypatch.setitem(sys.modules, "patron.api", stand_in)
    monkeypatch.setattr(patron, "api", stand_in, raising=False)
    return stand_in


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a configuration in it."""
    (tmp_path / "patron.toml").write_text(
        '[data]\nobserved_until = "2018-01-01"\n[purchases]\npath = "purchases.csv"\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example_of_itself(verb: str):
    result = run(verb, "--help")

    assert result.exit_code == 0
    assert f"Example: patron {verb}" in " ".join(result.stdout.split())
    assert "--json" in result.stdout


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "demo"])
def test_verbs_on_a_configuration_take_config_and_set(verb: str):
    help_text = run(verb, "--help").stdout

    assert "--config" in help_text
    assert "--set" in help_text


def test_help_lists_the_verbs():
    result = run("--help")

    assert [verb for verb in VERBS if f"  {verb} " not in result.stdout] == []


def test_version():
    assert run("--version").stdout == f"patron {patron.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [("trian",), ("score",), ("check", "--nope"), ("demo", "--customers", "0")]
)
def test_a_wrong_command_exits_with_2(arguments: tuple[str, ...]):
    assert run(*arguments).exit_code == 2


def test_check_prints_the_report_and_passes(library: Library, folder: Path):
    result = run("check")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "3 rows = 3 used\n", "")


def test_check_exits_with_3_where_there_is_too_little_data(library: Library, folder: Path):
    library.answers["check"] = Report(ready=False)
    result = run("check", "--json")

    assert result.exit_code == 3
    assert json.loads(result.stdout) == {"ready": False}


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 3)])
def test_audit_exits_with_3_where_it_says_no(library: Library, folder: Path, passed: bool, code: int):
    library.answers["audit"] = Audit(passed)

    assert (run("audit").stdout, run("audit").exit_code) == ("No leak was found.\n", code)
    assert json.loads(run("audit", "--json").stdout) == {"passed": passed}


def test_set_and_config_reach_the_configuration(library: Library, folder: Path):
    (folder / "patron.toml").rename(folder / "shop.toml")
    assert (
        run(
            "check", "-c", "shop.toml", "--set", "question.horizon_days=7", "--set", "run.memory=2GB"
        ).exit_code
        == 0
    )

    ((_, config, _),) = library.asked
    assert config.question.horizon_days == 7
    assert config.run.memory == 2_000_000_000


def test_features_at_cutoffs_are_written_as_parquet(library: Library, folder: Path):
    result = run("features", "--cutoff", "2017-06-01", "--cutoff", "2017-07-01", "--out", "june.parquet")

    assert result.stdout == "2 snapshots of 2 columns are in june.parquet\n"
    ((verb, _, asked),) = library.asked
    assert (verb, asked) == (
        "write_features",
        {
            "out": Path("june.parquet"),
            "cutoffs": ["2017-06-01", "2017-07-01"],
            "at": None,
            "model": None,
        },
    )


def test_features_at_anchors(library: Library, folder: Path):
    (folder / "at.csv").write_text("customer_id,cutoff,note\n007,2017-06-01,x\n")
    result = run("features", "--at", "at.csv", "--json")

    assert json.loads(result.stdout) == {
        "path": "june.parquet",
        "rows": 2,
        "columns": ["customer_id", "orders"],
    }
    ((_, _, asked),) = library.asked
    assert asked["at"].column("customer_id").to_pylist() == ["007"]
    assert asked["at"].column_names == ["customer_id", "cutoff"]


def test_anchors_without_a_cutoff_are_refused(library: Library, folder: Path):
    (folder / "at.csv").write_text("customer_id,moment\n1,2017-06-01\n")
    result = run("features", "--at", "at.csv")

    assert result.exit_code == 2
    assert "no column cutoff" in result.stderr


def test_features_with_targets(library: Library, folder: Path):
    assert run("features", "--targets", "--out", "new/training.parquet").exit_code == 0
    assert parquet.read_table(folder / "new" / "training.parquet").num_rows == 1
    assert [verb for verb, _, _ in library.asked] == ["build_training_set"]


def test_features_take_only_one_kind_of_moment(library: Library, folder: Path):
    result = run("features", "--targets", "--cutoff", "2017-06-01")

    assert result.exit_code == 2
    assert "only one of" in result.stderr
    assert library.asked == []


def test_train_says_what_came_out(library: Library, folder: Path):
    assert run("train").stdout.splitlines() == [
        "One.",
        "Two.",
        "Three.",
        "Registered as champion.",
        "model:  models:/repurchase/1",
        "report: report.html",
    ]


def test_machines_get_one_object_with_paths_as_texts(library: Library, folder: Path):
    assert json.loads(run("train", "--json").stdout) == {
        "decision": "Registered as champion.",
        "report": "report.html",
    }


def test_score_says_who_is_left_out(library: Library, folder: Path):
    result = run("score", "--cutoff", "2018-01-01", "--out", "today")

    assert result.stdout.splitlines() == [
        "This very run was published before, so nothing was done.",
        "1,000 of 1,200 customers are scored, in scores",
        "200 excluded: lapsed",
        "7 have a last_order_channel that the model has never seen: it counts as missing",
        "the newest purchase is 2.2 days older than the cutoff",
        "warning: the seasonal level of 2018-01-01 is unknown",
        "warning: cases are 3 days old (allowed)",
        "csv:lists: written",
        "since 2017-12-01: 900 customers have a score again",
        "  kd-1: 80.0% to 20.0%",
        "model: models:/repurchase/1",
    ]
    ((_, _, asked),) = library.asked
    assert asked == {
        "cutoff": "2018-01-01", "model": None, "out": ["today"], "allow": (), "reasons": None,
    }  # fmt: skip


def test_score_passes_on_for_whom_reasons_are_told(library: Library, folder: Path):
    run("score", "--cutoff", "2018-01-01", "--reasons", "top:0.05")
    ((_, _, asked),) = library.asked
    assert asked["reasons"] == "top:0.05"


def test_score_passes_on_what_may_deviate(library: Library, folder: Path):
    run("score", "--cutoff", "2018-01-01", "--allow", "stale:cases", "--allow", "unseen")
    ((_, _, asked),) = library.asked
    assert asked["allow"] == ["stale:cases", "unseen"]


def test_backfill_says_what_became_of_each_cutoff(library: Library, folder: Path):
    result = run("backfill", "--cutoff", "2017-01-01", "--cutoff", "2016-01-01", "--model", "m/1")

    assert result.exit_code == 2
    assert result.stdout.splitlines() == [
        "2017-01-01: 1,000 of 1,200 are scored, in scores",
        "  warning: cases are 3 days old (allowed)",
        "2016-01-01: refused. all is odd",
    ]
    ((_, _, asked),) = library.asked
    cutoffs = ["2017-01-01", "2016-01-01"]
    assert asked == {"cutoffs": cutoffs, "model": "m/1", "out": None, "allow": ()}


def test_forget_takes_ids_and_a_file_of_them(library: Library, folder: Path):
    (folder / "ids.txt").write_text("4711\n\n4712\n")
    run("forget", "4710", "--file", str(folder / "ids.txt"), "--out", "today")
    ((_, _, asked),) = library.asked
    assert asked == {"ids": ["4710", "4711", "4712"], "out": ["today"]}


def test_report_prints_the_path(library: Library, folder: Path):
    assert run("report", "--run", "abc").stdout == "report: report.html\n"
    ((_, _, asked),) = library.asked
    assert asked == {"run": "abc", "out": None}


@pytest.mark.parametrize(
    ("error", "code"),
    [(DataError("The table is empty."), 2), (GateError("Too little data."), 3), (ValueError("odd"), 1)],
)
def test_errors_end_in_the_exit_code_without_a_traceback(
    library: Library, folder: Path, error: Exception, code: int
):
    library.answers["train"] = error
    result = run("train")

    assert result.exit_code == code
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_a_mistake_says_what_where_and_what_to_do(library: Library, folder: Path):
    result = run("check", "--set", "question.horizn_days=7")

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: There is no key 'horizn_days'.\n  where: [question]")
    assert "horizon_days" in result.stderr


def test_machines_get_errors_as_json_on_stderr(library: Library, folder: Path):
    library.answers["check"] = DataError("Empty.", where="p.csv", found=0, remedy="fill it")
    result = run("check", "--json")

    assert result.stdout == ""
    assert json.loads(result.stderr) == {
        "error": "DataError",
        "what": "Empty.",
        "where": "p.csv",
        "found": "0",
        "remedy": "fill it",
        "exit_code": 2,
    }


def test_an_unexpected_error_is_one_line_that_names_the_way_to_the_traceback(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("PATRON_DEBUG", raising=False)
    library.answers["train"] = ZeroDivisionError("division by zero")

    assert run("train").stderr == (
        "Unexpected ZeroDivisionError: division by zero (PATRON_DEBUG=1 shows the traceback)\n"
    )


def test_the_traceback_is_shown_on_request(library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATRON_DEBUG", "1")
    library.answers["train"] = ZeroDivisionError("division by zero")

    assert "Traceback (most recent call last)" in run("train").stderr


def test_an_interrupt_exits_with_130(library: Library, folder: Path):
    library.answers["train"] = KeyboardInterrupt()

    assert run("train").exit_code == 130


def test_the_command_is_installed_and_is_silent_on_stderr():
    command = Path(sys.executable).with_name("patron")
    result = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)

    assert (result.stdout, result.stderr) == (f"patron {patron.__version__}\n", "")


def test_promote_and_rollback_say_what_changed_and_why(library: Library, folder: Path):
    promoted = run("promote", "3", "--reason", "tried in the pilot")
    back = run("rollback", "--reason", "complaints", "--json")

    assert promoted.stdout == "Version 3 is champion, instead of version 1: tried in the pilot\n"
    assert json.loads(back.stdout)["replaced"] == 3
    assert [(name, asked) for name, _, asked in library.asked] == [
        ("promote", {"version": "3", "reason": "tried in the pilot"}),
        ("rollback", {"reason": "complaints"}),
    ]


def test_promote_without_a_reason_is_a_wrong_command(library: Library, folder: Path):
    assert run("promote", "3").exit_code == 2
    assert library.asked == []


def test_train_ends_with_3_when_the_gate_refuses_the_model_and_passes_a_folder_to_resume(
    library: Library, folder: Path
):
    library.answers["train"] = Run(gate=first_decision(False))
    refused = run("train", "--resume", "reports/unrecorded/repurchase-1a2b3c4d")

    assert refused.exit_code == 3
    assert "model:  models:/repurchase/1" in refused.stdout
    assert library.asked[0][2] == {"resume": Path("reports/unrecorded/repurchase-1a2b3c4d")}


def test_compare_passes_both_and_shows_them(library: Library, folder: Path):
    assert run("compare", "champion", "2").stdout == "3 rows = 3 used\n"
    assert library.asked[0][2] == {"first": "champion", "second": "2"}
