"""Reasons from the front door: one customer explained, and scores that say why."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from typer.testing import CliRunner

import patron
from patron import api
from patron.cli import app


def test_a_customer_is_explained_in_parts_that_sum_to_the_score(trained: Any, tmp_path: Path) -> None:
    scored = api.score(trained.config, cutoff="2025-06-01", out=tmp_path / "scores", reasons="top:0.05")
    rows = parquet.read_table(scored.folder / "scores").to_pylist()
    best = min(rows, key=lambda row: row["rank_in_run"])
    found = patron.explain(trained.config, best["customer_id"], cutoff="2025-06-01")
    assert found.holds()
    assert found.probability == best["probability"]
    assert found.percentile == best["percentile"]
    assert best["reasons"] == " | ".join(map(str, found.reasons))
    assert found.model == trained.run.model_uri


def test_the_configuration_says_for_whom_reasons_are_told(trained: Any, shop: Any, tmp_path: Path) -> None:
    assert trained.config.scoring.reasons == "none"
    assert shop.config(tmp_path, scoring__reasons="top:0.1").scoring.reasons == "top:0.1"
    config = shop.config(tmp_path, scoring__reasons="some")
    with pytest.raises(patron.ConfigurationError, match="Reasons are told for"):
        api.score(config, cutoff="2025-06-01", model=str(model_folder(trained)), out=tmp_path / "scores")


def model_folder(trained: Any) -> Path:
    from patron.models.registry import resolve

    return resolve("models:/repurchase@champion", trained.config.tracking).folder


def test_the_command_shows_the_sums_and_machines_get_all_parts(
    trained: Any, shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patron.cli._load", lambda *_: trained.config)
    customer = shop.tables["purchases"]["customer_id"][0].as_py()
    asked = ["explain", customer, "--cutoff", "2025-06-01"]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith(f"{customer} at 2025-06-01: ")
    assert "somebody of whom nothing is known" in shown.stdout
    plain = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    total = plain["base"] + plain["calibration"] + sum(each["contribution"] for each in plain["parts"])
    assert plain["log_odds"] == pytest.approx(total)
    nobody = CliRunner().invoke(app, ["explain", "nobody", "--cutoff", "2025-06-01"])
    assert nobody.exit_code == 2
    assert "does not know this customer" in nobody.stderr
