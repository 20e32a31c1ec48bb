"""The accuracy benchmark on a small simulated retailer, and its arithmetic on literal numbers."""

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

HERE = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _beside_the_benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.syspath_prepend(str(HERE / "accuracy_peers"))


@pytest.fixture
def accuracy():
    import accuracy as module

    yield module
    for name in ("accuracy", "accuracy_cases", "accuracy_data", "peer", "peer_answers"):
        sys.modules.pop(name, None)


@pytest.fixture
def said(accuracy):
    outcome = np.array([1, 0, 1, 0] * 50, np.int8)
    good, fair = np.where(outcome == 1, 0.8, 0.2), np.where(outcome == 1, 0.6, 0.4)
    by = {"Patron": good, "flaml": fair, "base rate": np.full(200, 0.5)}
    return accuracy.Said(outcome, np.arange(200), np.repeat([1, 2], 100), by)


def test_how_much_lower_is_in_percent_of_the_others_loss(said):
    expected = 100 * (1 - np.log(0.8) / np.log(0.6))
    assert said.lower("flaml").value == pytest.approx(expected)
    assert said.best_other == "flaml"


def test_a_verdict_needs_the_whole_interval_above_the_margin(accuracy, said):
    worse = replace(said, by={**said.by, "Patron": said.by["base rate"]})
    verdicts = accuracy.verdict({"good": said, "bad": worse})
    assert [row[-1] for row in verdicts] == ["yes", "no"]


def test_calibration_error_in_excess_of_chance_is_told_by_cutoff_and_over_all(accuracy, said):
    """Half of those who were told .8 or .2 bought, at every cutoff: off by .3, of which chance gives .05 or so."""
    off = replace(said, outcome=np.tile([1, 1, 0, 0], 50).astype(np.int8), customer=np.arange(200))
    title, by_cutoff, over_all, little = accuracy.excess({"off": off})[0]
    error, mean, most = off.calibration("Patron")
    assert (title, little) == ("off", "no")
    assert error == pytest.approx(0.3)
    assert 0.01 < mean < most < 0.1
    assert over_all == f"{error - mean:.3f}"
    assert len(by_cutoff.split(", ")) == 2


def test_places_are_pooled_over_those_who_took_part_everywhere(accuracy, said):
    other = replace(said, by={name: said.by[name] for name in ("flaml", "Patron")})
    assert accuracy.pooled({"a": said, "b": other}) == [("Patron", "1.00"), ("flaml", "2.00")]


def test_peers_validate_on_the_latest_cutoff_with_targets_that_were_over_by_then():
    import peer

    assert peer.later_for_validation([10, 20, 30, 40], 20) == ([10, 20], [40])
    assert peer.later_for_validation([10, 20], 90) == ([10], [20])
    assert peer.later_for_validation([10], 90) == ([10], [10])


def test_a_case_runs_from_evidence_to_a_table(accuracy, tmp_path):
    import accuracy_cases
    import accuracy_data

    case = accuracy_cases.Case("simulated", partial(accuracy_data.simulated, customers=900), 30)
    built = accuracy_cases.build(case, tmp_path)
    found = accuracy.said_by_all(built, tmp_path, 0, ())
    rows = accuracy.rows_of(found)
    assert {row[0] for row in rows} >= {"Patron", "RFM regression", "base rate"}
    assert built.tested.size == found.outcome.size
    assert (built.data.outcome[built.tested] == found.outcome).all()
    assert (built.folder / "orders.parquet").is_file()


def test_a_peer_is_asked_once_and_again_when_it_is_given_something_else(tmp_path, monkeypatch):
    import peer_answers

    code = tmp_path / "code"
    code.mkdir()
    (code / "peer.py").write_bytes((HERE / "accuracy_peers" / "peer.py").read_bytes())
    (code / "rate_peer.py").write_text(
        "def features(snapshots, folder):\n"
        "    return snapshots[['orders_ever']]\n\n"
        "def predict(features, outcome, first, latest, every, at):\n"
        "    return outcome[every].mean() + 0 * features['orders_ever'][at]\n"
    )
    monkeypatch.setattr(peer_answers, "CODE", code)
    asked = []
    monkeypatch.setattr(
        peer_answers, "python_of", lambda peer, _folder: asked.append(peer) or Path(sys.executable)
    )
    home = tmp_path / "case"
    home.mkdir()
    snapshots = pa.table(
        {"customer": [1, 1, 1], "cutoff": [10, 20, 30], "outcome": [1, 0, 1], "orders_ever": [1.0, 2.0, 3.0]}
    )
    parquet.write_table(snapshots, home / "snapshots.parquet")
    parquet.write_table(pa.table({"customer": [1]}), home / "orders.parquet")
    folds = {"folds": [{"cutoff": 30, "train": [10, 20]}], "horizon": 10}
    (home / "folds.json").write_text(json.dumps(folds))

    for _ in range(2):
        np.testing.assert_array_equal(peer_answers.answer_of("rate", home, tmp_path), [np.nan, np.nan, 0.5])
    assert asked == ["rate"]
    folds["folds"][0]["train"] = [10]
    (home / "folds.json").write_text(json.dumps(folds))
    np.testing.assert_array_equal(peer_answers.answer_of("rate", home, tmp_path), [np.nan, np.nan, 1.0])
    assert asked == ["rate", "rate"]
