"""A scoring result in a notebook."""

from pathlib import Path

from patron.serving.scorer import ScoringResult


def test_a_score_shows_that_everybody_is_accounted_for() -> None:
    result = ScoringResult(
        Path("out"), "models:/m/1", "2018-01-01", 10, 7, {"lapsed": 3}, 1.5, warnings=("w",)
    )
    found = result._repr_html_()
    assert "7 of 10 customers are scored" in found
    assert "lapsed" in found
    assert "1.5 days older" in found
