"""What docs/spark.md says is done as it stands there, but for its demo: the shop is scored, on days of its own."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from patron.cli import app

from ..spark_session import WARNINGS, spark_session

pytestmark = WARNINGS

PAGE = (
    (Path(__file__).parents[2] / "docs" / "spark.md")
    .read_text(encoding="utf-8")
    .replace("2026-01-01", "2025-06-01")
    .replace("2025-12-01", "2025-05-01")
)
FENCED = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
LINES = [line for kind, block in FENCED if not kind for line in block.replace("\\\n", "").splitlines()]
BLOCKS = [block for kind, block in FENCED if kind == "python"]
ELSEWHERE = ("pip install ", "patron demo ", "cd ", "PYSPARK_PYTHON=$(which python) spark-submit ")
"""Lines that install, write the demo, or start the job by another program."""


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with spark_session() as found:
        yield found


@pytest.fixture
def job(session: Any, shop: Any, trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the page has it: evidence, configuration and a trained model, in which one is."""
    (tmp_path / "evidence" / "purchases").mkdir(parents=True)
    parquet.write_table(shop.tables["purchases"], tmp_path / "evidence" / "purchases" / "part-00000.parquet")
    parquet.write_table(shop.tables["activities"], tmp_path / "evidence" / "activities.parquet")
    (tmp_path / "patron.toml").write_text(
        '[data]\nobserved_until = "2025-06-01"\n[question]\ncutoffs = 2\n'
        '[purchases]\npath = "evidence/purchases/*.parquet"\n[activities]\npath = "evidence/activities.parquet"\n'
        f'[tracking]\nuri = "{trained.config.tracking.uri}"\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def patron_lines() -> list[list[str]]:
    """The page's commands of Patron, each once, without what is said to Spark before them."""
    found = []
    for line in LINES:
        words = shlex.split(line, comments=True)
        while words and re.match(r"[A-Z_]+=", words[0]):
            words = words[1:]
        if words[0] == "patron" and words[1] != "demo" and words[1:] not in found:
            found.append(words[1:])
    return found


def test_every_line_is_run_here_or_known_to_run_elsewhere() -> None:
    assert [words[0] for words in patron_lines()] == ["score", "features", "features"]
    others = [line for line in LINES if "patron score" not in line and "patron features" not in line]
    assert [line for line in others if not line.startswith(ELSEWHERE)] == []
    assert len(BLOCKS) == 4


def test_the_commands(job: Path) -> None:
    for words in patron_lines():
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output + repr(done.exception)
    (run,) = (
        path for path in (job / "scores" / "repurchase").iterdir() if path.name.startswith("2025-06-01")
    )
    assert (job / "scores" / "repurchase" / "latest").resolve() == run
    assert parquet.read_table(run / "scores").num_rows > 100
    assert len(parquet.read_table(job / "features")["cutoff"].unique()) == 1
    assert set(parquet.read_table(job / "training_set")["target"].to_pylist()) == {0, 1}


def test_the_blocks_in_python(job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import mlflow

    first, job_py, databricks, column = BLOCKS
    assert "saveAsTable" in databricks  # there is no Databricks here
    # Java keeps to the folder in which it was started, which is another test's.
    first = first.replace('"evidence/', f'"{job}/evidence/')
    names: dict[str, Any] = {}
    try:
        for code in (first, column):
            exec(compile(code, "spark.md", "exec"), names)  # noqa: S102 - our own page
    finally:
        mlflow.set_tracking_uri(None)  # or MLflow keeps it, in the environment too
    assert names["features"].columns[:4] == ["customer_id", "cutoff", "stage", "population"]
    assert "target" in names["training"].columns
    said = capsys.readouterr().out
    assert "rank_in_run" in said
    assert "no purchase in the" in said
    assert "probability" in said
    exec(compile(job_py, "job.py", "exec"), {})  # noqa: S102
    assert re.search(r"\d+ of 1246 in scores", capsys.readouterr().out)
