"""The benchmark of scoring measures what it says, at a small scale; how fast is nobody's business here."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from .scripts import scripts


@pytest.fixture(scope="module")
def script() -> Iterator[Any]:
    with scripts("scoring") as found:
        yield found["scoring"]


@pytest.fixture
def setting(script: Any, shop: Any, trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The shop and its model in the place of simulated orders."""
    from patron.models.registry import resolve

    made = script.Setting(tmp_path, 1_246, 9_000, 40, 12, "2GB")
    tables = ""
    for name, table in shop.tables.items():
        parquet.write_table(table, tmp_path / f"{name}.parquet")
        tables += f'[{name}]\npath = "{tmp_path / name}.parquet"\n'
    made.config.write_text(f'[data]\nobserved_until = "2025-06-01"\n{tables}')
    shutil.copytree(resolve(trained.run.model_uri, trained.config.tracking).folder, made.model)
    monkeypatch.setattr(script, "CUTOFF", "2025-06-01")
    return made


def test_parts_do_what_the_command_does(script: Any, setting: Any) -> None:
    whole = script.command(setting)
    assert 0 < whole.under_way < whole.seconds
    (run,) = (path.parent for path in setting.out.glob("*/2*/manifest.json"))
    scores = parquet.read_table(run / "scores")
    with script._Opened(setting) as opened:
        matrix = opened.matrix()
        found = opened.artefact.predict_matrix(matrix, opened.moment)
    assert np.array_equal(found, np.asarray(scores["probability"]))
    step = script.step(setting)
    assert (step["rows"], step["features"]) == matrix.shape
    assert step["ratio"] == step["ours"] / step["bare"]
    for part in (script.reading, script.predicting, script.writing):
        assert part(setting).seconds > 0


def test_the_tables_set_the_whole_beside_the_sum_of_its_parts(script: Any) -> None:
    took = {"seconds": 2.0, "processor": 3.0, "peak": 0, "under_way": 1.5}
    found = {part: took for part in script.PARTS if part not in ("step", "patron score")}
    found["patron score"] = {**took, "seconds": 10.0, "processor": 9.0, "peak": 1_500_000_000}
    found["step"] = {"rows": 5, "features": 3, "trees": 300, "ours": 2.1, "bare": 2.0, "ratio": 1.05}
    text = script.tables(found, markdown=False)
    assert "sum of these                         8.0       12.0" in text
    assert "times the sum                       1.25       0.75" in text
    assert "1.50 GB" in text
    assert "5 rows of 3 features, 300 trees" in text
    assert "1.05" in text
