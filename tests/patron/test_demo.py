"""The demo goes the whole way in order, and stops where the evidence is too little."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from patron.demo import run_demo
from patron.features.errors import ConfigurationError, GateError


class Verbs(ModuleType):
    """Stands for `patron.api`: remembers what was asked of it."""

    def __init__(self, ready: bool = True, promotes: bool = True) -> None:
        super().__init__("patron.api")
        self.asked: list[str] = []
        self.ready = ready
        self.promotes = promotes
        self.scoring: dict[str, Any] = {}

    def check(self, config: Any, progress: Any) -> Any:
        self.asked.append("check")
        return SimpleNamespace(ready=self.ready)

    def train(self, config: Any, progress: Any) -> Any:
        self.asked.append("train")
        return SimpleNamespace(
            run_id="r1",
            model_uri="models:/repurchase/1",
            gate=SimpleNamespace(promotes=self.promotes),
            decision="Version 1 is the champion.",
            summary=["One.", "Two.", "Three."],
        )

    def report(self, config: Any, run: str, out: Path, progress: Any) -> Path:
        self.asked.append(f"report {run}")
        return out

    def score(self, config: Any, progress: Any, **scoring: Any) -> Any:
        self.asked.append("score")
        self.scoring = scoring
        return SimpleNamespace(folder=scoring["out"] / "2026-01-01", customers=40, scored=30)


@pytest.fixture
def verbs(monkeypatch: pytest.MonkeyPatch) -> Verbs:
    verbs = Verbs()
    monkeypatch.setitem(sys.modules, "patron.api", verbs)
    monkeypatch.setattr("patron.api", verbs, raising=False)
    return verbs


def test_the_demo_goes_the_whole_way_in_order(verbs: Verbs, tmp_path: Path) -> None:
    result = run_demo(tmp_path, simulated=True, customers=40)
    assert verbs.asked == ["check", "train", "report r1", "score"]
    assert list(result.seconds) == ["write data", "check", "train", "report", "score"]
    assert result.config == tmp_path / "patron.toml"
    assert result.rows["purchases"] > 0


def test_scores_are_as_of_the_last_known_day_by_the_champion(verbs: Verbs, tmp_path: Path) -> None:
    run_demo(tmp_path, simulated=True, customers=40)
    assert verbs.scoring == {"cutoff": "2026-01-01", "model": None, "out": tmp_path / "scores"}


def test_a_model_that_was_not_chosen_is_scored_by_its_version(verbs: Verbs, tmp_path: Path) -> None:
    verbs.promotes = False
    run_demo(tmp_path, simulated=True, customers=40)
    assert verbs.scoring["model"] == "models:/repurchase/1"


def test_the_summary_has_the_sentences_and_says_where_everything_is(verbs: Verbs, tmp_path: Path) -> None:
    result = run_demo(tmp_path, simulated=True, customers=40)
    assert result.summary[:4] == ("One.", "Two.", "Three.", "Version 1 is the champion.")
    text = "\n".join(result.summary)
    assert f"mlflow ui --backend-store-uri sqlite:///{tmp_path}/mlflow.db" in text
    assert f"30 of 40 customers, in {tmp_path}/scores/2026-01-01" in text
    assert json.loads(json.dumps(asdict(result), default=str))["model"] == "models:/repurchase/1"


def test_too_little_evidence_ends_the_demo_before_training(verbs: Verbs, tmp_path: Path) -> None:
    verbs.ready = False
    with pytest.raises(GateError, match="too little"):
        run_demo(tmp_path, simulated=True, customers=40)
    assert verbs.asked == ["check"]


def test_a_second_demo_of_another_kind_does_not_overwrite_the_first(verbs: Verbs, tmp_path: Path) -> None:
    run_demo(tmp_path, simulated=True, customers=40)
    with pytest.raises(ConfigurationError, match="another configuration"):
        run_demo(tmp_path)
