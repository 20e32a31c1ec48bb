"""Two versions side by side: recipe, data and metrics, a paired difference where it is fair, and why not elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import patron
from patron.models.registry import log_model, resolve


def test_versions_are_compared_by_any_name_and_told_in_words(
    shop: Any,
    quick: None,
    no_pages: None,
    make_store: Callable[[Path], Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    make_store(tmp_path)
    config = shop.config(tmp_path)
    first = patron.train(config)
    second = patron.train(shop.config(tmp_path, training__seed=8))
    third = patron.train(shop.config(tmp_path, question__lookback_days=170))

    capfd.readouterr()
    found = patron.compare(config, first.run_id, "2")
    assert capfd.readouterr() == ("", "")
    assert (found.first.version, found.second.version, found.same_data) == (1, 2, True)
    assert found.recipe == ("training.seed 7 → 8",)
    assert found.paired.gain.low <= found.paired.gain.value <= found.paired.gain.high
    assert found.first.metrics["auc"].to_dict() == first.metrics["auc"]
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["second"]["run_id"] == second.run_id
    text = str(found)
    assert text.startswith("version 1")
    assert "recipe:  training.seed 7 → 8" in text
    assert "  auc               0." in text
    assert f"a gain of {found.paired.gain.value:.4f}" in text

    other = patron.compare(config, "1", str(third.version))
    assert other.paired is None
    assert "They cannot be compared: they answer different questions (lookback_days is 180" in str(other)


def test_a_version_without_a_training_run_is_told(
    trained: Any, make_store: Any, shop: Any, tmp_path: Path
) -> None:
    make_store(tmp_path)
    config = shop.config(tmp_path)
    log_model(resolve("repurchase@champion", trained.config.tracking).artefact, config.tracking)
    with pytest.raises(patron.ModelError, match=r"left no evaluation\.json"):
        patron.compare(config, "1", "1")
