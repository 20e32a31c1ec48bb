"""Past cutoffs are scored as of then, and each run is that of `score`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyarrow import dataset

import patron
from patron.features.families import FAMILIES
from patron.models.registry import ResolvedModel
from patron.serving.scorer import Backfill, score_cutoffs

Score = Callable[..., SimpleNamespace]
TRAINED = ["2025-04-02", "2025-03-03"]
"""Cutoffs between those of the training."""


@pytest.fixture
def backfill(shop: Any, champion: ResolvedModel, tmp_path: Path) -> Callable[..., Backfill]:
    def run(cutoffs: Sequence[str], out: str = "backfill", **options: Any) -> Backfill:
        data = shop.config(tmp_path).data
        return score_cutoffs(
            data, champion, cutoffs, tmp_path / out, families=FAMILIES, memory=8 << 30, **options
        )

    return run


def test_each_cutoff_has_the_bytes_of_its_own_run(backfill: Callable[..., Backfill], score: Score) -> None:
    found = backfill(TRAINED)
    assert [run.cutoff[:10] for run in found.runs] == sorted(TRAINED)
    for run in found.runs:
        alone = score(cutoff=run.cutoff[:10]).result
        assert alone.folder.name == run.folder.name
        for file in alone.folder.rglob("*.parquet"):
            assert (run.folder / file.relative_to(alone.folder)).read_bytes() == file.read_bytes()
    rows = dataset.dataset([str(file) for path in found.paths for file in path.iterdir()]).count_rows()
    assert rows == sum(run.scored for run in found.runs)


def test_cutoffs_that_were_scored_before_are_not_scored_again(
    backfill: Callable[..., Backfill], tmp_path: Path
) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what.startswith("cutoffs") and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backfill(TRAINED, progress=stop)
    assert [run.repeated for run in backfill(TRAINED).runs] == [True, False]
    assert [run.repeated for run in backfill([*TRAINED, TRAINED[0]]).runs] == [True, True]


def test_a_cutoff_that_is_refused_does_not_keep_the_others_back(backfill: Callable[..., Backfill]) -> None:
    found = backfill(["2024-06-01", *TRAINED])
    assert [run.cutoff[:10] for run in found.runs] == sorted(TRAINED)
    assert list(found.refused) == ["2024-06-01"]
    assert found.refused["2024-06-01"].exit_code == 2
    plain = found.to_dict()
    assert {each["kind"] for each in plain["refused"]["2024-06-01"]} <= {"emptied", "unseen"}
    assert len(plain["runs"]) == 2


def test_what_the_model_has_learned_from_is_said(backfill: Callable[..., Backfill], score: Score) -> None:
    (run,) = backfill(TRAINED[:1]).runs
    assert "learned from what followed 2025-04-02" in run.warnings[-1]
    assert score().result.warnings == ()


def test_without_a_cutoff_there_is_nothing_to_do(backfill: Callable[..., Backfill]) -> None:
    with pytest.raises(patron.ConfigurationError, match="no cutoff"):
        backfill([])
