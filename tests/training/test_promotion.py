"""The gate: a refresh has to be not worse, a changed recipe better over seeds, and what cannot be compared is said."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import patron
from patron.models.intervals import Estimate
from patron.models.registry import champion, resolve, versions
from patron.training.judgement import Judgement
from patron.training.promotion import (
    Decision,
    change_decision,
    changed_recipe,
    first_decision,
    lost_race,
    refresh_decision,
)
from patron.training.rivals import Comparison


def comparison(low: float, high: float = 0.02) -> Comparison:
    """A champion's log loss of 0.5, and a gain with this interval."""
    losses = Estimate(0.49, 0.48, 0.50), Estimate(0.50, 0.49, 0.51)
    cutoffs, days = ("2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z"), ("2025-03-01", "2025-04-01")
    return Comparison(cutoffs, days, 900, 500, *losses, Estimate(0.01, low, high))


@pytest.mark.parametrize(
    ("low", "outcome"),
    [
        (0.001, "promoted"),
        (-0.0024, "promoted"),
        (-0.0025, "refused"),
        (-0.01, "refused"),
        (float("nan"), "refused"),
    ],
)
def test_a_refresh_may_be_worse_by_less_than_half_a_percent(low: float, outcome: str) -> None:
    decision = refresh_decision(comparison(low), 4, 0)
    assert decision.outcome == outcome
    assert "-0.0025 (0.5% of the champion's log loss)" in decision.words
    assert decision.against == 4


@pytest.mark.parametrize(
    ("low", "outcome"),
    [(0.001, "promoted"), (0.0, "refused"), (-0.001, "refused"), (float("nan"), "refused")],
)
def test_a_changed_recipe_has_to_be_better(low: float, outcome: str) -> None:
    decision = change_decision(comparison(low), 4, 0, ["training.seed 7 → 8"])
    assert decision.outcome == outcome
    assert "a changed recipe (training.seed 7 → 8)" in decision.words


def test_the_decision_is_told_with_its_numbers_and_how_often_the_cutoffs_were_used() -> None:
    found = replace(comparison(0.004), seeds=3)
    assert change_decision(found, 4, 3, ["recipe.n_leaves 12 → 31"]).words == (
        "Champion: a changed recipe (recipe.n_leaves 12 → 31), and better than version 4. At 2 cutoffs that neither"
        " had learned from (2025-03-01 to 2025-04-01; 900 snapshots of 500 customers) its log loss, averaged over 3"
        " seeds, is 0.4900 (0.4800 to 0.5000) against 0.5000 (0.4900 to 0.5100): a gain of 0.0100 (0.0040 to 0.0200)."
        " A changed recipe passes when the whole interval is above zero. These cutoffs had judged 3 challengers"
        " before. Of 4 challengers that are no better one would pass by luck with a chance of up to about 10%: the"
        " more often cutoffs are used, the less they prove."
    )


def test_without_a_champion_whoever_beats_the_opponent_becomes_it() -> None:
    assert first_decision(True).outcome == "promoted"
    assert first_decision(False).outcome == "refused"


def test_a_decision_survives_the_disk() -> None:
    for decision in (
        first_decision(True),
        change_decision(comparison(0.1), 4, 2, ["a"]),
        lost_race(first_decision(True), 9),
    ):
        assert Decision.from_dict(decision.to_dict()) == decision


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"training.seed": 7}, {"training.seed": 7}, []),
        ({"training.seed": 7}, {"training.seed": 8}, ["training.seed 7 → 8"]),
        ({}, {"recipe.max_bin": 255}, []),  # the older version of Patron did not know the setting
        ({"families": ["spend"]}, {"families": ("spend",)}, []),
        ({"families": ["spend"]}, {"families": ["spend", "loyalty"]}, ["families spend → spend, loyalty"]),
        ({}, {"columns.cases": ["opened_at"]}, ["columns.cases None → opened_at"]),
        ({"columns.cases": ["opened_at"]}, {}, ["columns.cases opened_at → None"]),
    ],
)
def test_what_makes_another_recipe(old: dict[str, Any], new: dict[str, Any], changes: list[str]) -> None:
    contracts: list[Any] = [SimpleNamespace(recipe=recipe) for recipe in (new, old)]
    assert changed_recipe(*contracts) == changes


def test_the_life_of_a_champion(
    shop: Any,
    quick: None,
    no_pages: None,
    make_store: Callable[[Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Forty trees beat a good opponent on some of these dates and on others not, which is not what this is about.
    monkeypatch.setattr(Judgement, "beats_opponent", property(lambda judgement: True))
    make_store(tmp_path)

    def train(until: str = "2025-06-01", **settings: Any) -> Any:
        return patron.train(shop.config(tmp_path, data__observed_until=until, **settings))

    assert train("2025-04-02").gate.outcome == "promoted"
    tracking = shop.config(tmp_path).tracking
    judged_until = resolve("repurchase@champion", tracking).artefact.contract.window.judged_until

    refresh = train()
    found = refresh.gate.comparison
    assert refresh.decision.startswith(
        ("Champion: a refresh of version 1", "Challenger: a refresh of version 1")
    )
    assert (refresh.gate.against, refresh.gate.judged_before, found.seeds) == (1, 0, 1)
    assert all(cutoff > judged_until for cutoff in found.cutoffs)
    assert (found.gain.low > -0.005 * found.second.value) == refresh.gate.promotes
    assert found.gain.value == pytest.approx(found.second.value - found.first.value)
    assert versions(tracking)[1].tags["patron.judged_at"] == ",".join(found.cutoffs)

    changed = train(training__seed=8)
    assert "a changed recipe (training.seed 7 → 8)" in changed.decision
    assert changed.gate.comparison.seeds == 3
    assert changed.gate.judged_before == 1
    assert changed.gate.promotes == (changed.gate.comparison.gain.low > 0)
    holder = champion(tracking).version

    other = train(question__lookback_days=170)
    assert other.gate.outcome == "undecided"
    assert "it answers another question (lookback_days is 170 in one and 180 in the other)" in other.decision

    old = train("2025-01-02", training__seed=9)
    assert old.gate.outcome == "undecided"
    assert "no cutoff that neither of them had learned from" in old.decision
    assert "patron promote" in old.decision
    assert champion(tracking).version == holder
