"""The verdict: what speaks for retraining, what only for a look, and what for neither."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from patron.models.drift import Drift, InputDrift
from patron.models.intervals import Estimate, NextCutoff
from patron.models.live import LivePart
from patron.models.live_forecast import LiveAmount, LiveForecast, LiveHorizon
from patron.models.promise import Promise
from patron.models.totals import Total
from patron.models.verdict import verdict_of
from patron.models.watched import ControlGroup, RowAccount, WatchedRun

PROMISE = Promise(next_cutoff={"auc": NextCutoff(0.78, 0.86, 5)})
MONTH = timedelta(days=30)
INPUT = InputDrift("orders_90d", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.4, 0.0)


def part(
    came: int, auc: float = 0.8, n: int = 1_000, promised: float = 200.0, reach: float = 30.0
) -> LivePart:
    total = Total("everyone", n, Estimate(promised, promised - reach, promised + reach), came)
    metrics = {"auc": Estimate(auc, auc - 0.02, auc + 0.02)}
    slope = {"slope": Estimate(1.0, 0.9, 1.1), "intercept": Estimate(0.0, -0.1, 0.1)}
    return LivePart("everyone", n, total, metrics, slope, 0.03)


@pytest.fixture
def run() -> Callable[..., WatchedRun]:
    """A run of the so-manieth month; without a number that came it is not mature."""

    def make(
        month: int = 1, came: int | None = 200, control: ControlGroup | None = None, **changes: Any
    ) -> WatchedRun:
        cutoff = datetime(2025, 1, 1, tzinfo=UTC) + month * MONTH
        auc = changes.pop("auc", 0.8)
        inputs = changes.pop("inputs", (INPUT,))
        drift = Drift(1_000, changes.pop("scores", 0.0), 0.2, 0.2, inputs)
        account = RowAccount(
            1_000, 0, changes.pop("unknown", 0), 0, 0, 1_000, 0, changes.pop("changed", 0), 0.0, 0, 0
        )
        return WatchedRun(
            name=f"{cutoff:%Y-%m-%d}",
            folder=Path("scores"),
            cutoff=cutoff,
            day=f"{cutoff:%Y-%m-%d}",
            scored_at=cutoff.isoformat(),
            mature_at=cutoff + MONTH,
            is_mature=came is not None,
            account=account,
            drift=drift,
            everyone=None if came is None else part(came, auc),
            control=control,
            tenths=(),
            **changes,
        )

    return make


def test_a_model_that_keeps_its_promise_is_kept(run: Callable[..., WatchedRun]) -> None:
    verdict = verdict_of([run(1), run(2)], PROMISE, 30, {})
    assert (verdict.standing, verdict.reasons, verdict.is_alarm) == ("keep", (), False)
    assert "200 of 1,000, promised 200 (170 to 230)" in verdict.sentence
    assert "AUC 0.800 (0.780 to 0.820)" in verdict.sentence


def test_without_outcomes_there_is_nothing_to_say_but_when(run: Callable[..., WatchedRun]) -> None:
    verdict = verdict_of([run(1, None), run(2, None)], PROMISE, 30, {})
    assert verdict.standing == "wait"
    assert not verdict.is_alarm
    assert "before 2025-03-02" in verdict.sentence
    assert verdict_of([], PROMISE, 30, {}).standing == "wait"


def test_a_ranking_below_the_promise_asks_for_training(run: Callable[..., WatchedRun]) -> None:
    verdict = verdict_of([run(1), run(2, auc=0.7)], PROMISE, 30, {})
    assert verdict.standing == "retrain"
    assert verdict.sentence.startswith("Retrain: the ranking at 2025-03-02 is worse than promised")
    assert (
        verdict_of([run(1, auc=0.77)], PROMISE, 30, {}).standing == "keep"
    )  # its interval reaches into the promise


@pytest.mark.parametrize(
    ("before", "now", "standing"), [(200, 260, "look"), (260, 260, "retrain"), (140, 260, "look")]
)
def test_a_total_that_is_missed_twice_in_the_same_way_asks_for_training(
    run: Callable[..., WatchedRun], before: int, now: int, standing: str
) -> None:
    assert verdict_of([run(1, before), run(2, now)], PROMISE, 30, {}).standing == standing


def test_two_nights_are_not_twice(run: Callable[..., WatchedRun]) -> None:
    """Cutoffs whose horizons overlap share what came, and miss it together."""
    first, night, second = run(1, 260), run(2, 200), run(2, 260)
    night = replace(night, cutoff=second.cutoff - timedelta(days=1))
    missed = replace(run(2, 260), cutoff=second.cutoff - timedelta(days=1))
    assert verdict_of([missed, second], PROMISE, 30, {}).standing == "look"
    assert verdict_of([first, night, second], PROMISE, 30, {}).standing == "retrain"
    assert "so it was at 2025-01-31" in verdict_of([first, night, second], PROMISE, 30, {}).sentence


def test_customers_left_alone_for_whom_the_promise_is_kept_overrule_everybody(
    run: Callable[..., WatchedRun],
) -> None:
    def control(came: int, contacted: float | None = 0.0, reach: float = 12.0) -> ControlGroup:
        return ControlGroup(part(came, n=500, promised=100, reach=reach), 500, contacted, ("holdout",))

    def standing(group: ControlGroup) -> str:
        return verdict_of([run(1, 260), run(2, 260, group)], PROMISE, 30, {}).standing

    assert standing(control(100)) == "look"
    assert standing(control(130)) == "retrain"  # for them, too, more came
    assert standing(control(100, contacted=0.5)) == "retrain"  # they were not left alone
    assert standing(control(100, contacted=None)) == "retrain"  # nobody knows
    assert standing(control(100, reach=60.0)) == "retrain"  # too few to show such a miss
    said = verdict_of([run(1, 260), run(2, 260, control(100))], PROMISE, 30, {}).sentence
    assert "500 customers whom lots left alone" in said
    assert "contacts changed what was predicted" in said


def test_a_ranking_that_holds_for_those_left_alone_overrules_everybody(
    run: Callable[..., WatchedRun],
) -> None:
    def standing(auc: float) -> str:
        control = ControlGroup(part(100, auc, n=500, promised=100), 500, 0.0, ("holdout",))
        return verdict_of([run(1, auc=0.7, control=control)], PROMISE, 30, {}).standing

    assert standing(0.80) == "look"
    assert standing(0.73) == "retrain"  # not shown to be better ranked than everybody
    assert standing(0.75) == "retrain"  # nor as promised


def test_drift_alone_asks_for_a_look_and_names_what_moved_most(run: Callable[..., WatchedRun]) -> None:
    verdict = verdict_of([run(1, inputs=(replace(INPUT, psi=0.5),))], PROMISE, 30, {})
    assert verdict.standing == "look"
    assert "orders_90d (0.50)" in verdict.sentence
    assert (
        verdict_of([run(1, inputs=(replace(INPUT, psi=0.5, weight=0.1),))], PROMISE, 30, {}).standing
        == "keep"
    )
    assert verdict_of([run(1, scores=0.6)], PROMISE, 30, {}).standing == "look"


def test_more_missing_and_unseen_values_are_named_where_they_matter(run: Callable[..., WatchedRun]) -> None:
    (reason,) = verdict_of([run(1, inputs=(replace(INPUT, missing=0.3),))], PROMISE, 30, {}).reasons
    assert reason == "orders_90d is missing for 30.0% of the customers at 2025-01-31, then for 0.0%."
    fewer = replace(INPUT, missing_before=0.3)
    assert verdict_of([run(1, inputs=(fewer,))], PROMISE, 30, {}).standing == "keep"
    assert (
        verdict_of([run(1, inputs=(replace(INPUT, missing=0.3, weight=0.001),))], PROMISE, 30, {}).standing
        == "keep"
    )
    assert verdict_of([run(1, inputs=(replace(INPUT, unseen=0.06),))], PROMISE, 30, {}).standing == "look"


@pytest.mark.parametrize(
    "change", [{"unknown": 10}, {"changed": 50}, {"warnings": ("the season is unknown",)}]
)
def test_lost_customers_late_facts_and_warnings_are_looked_at(
    run: Callable[..., WatchedRun], change: dict[str, Any]
) -> None:
    assert verdict_of([run(1, **change)], PROMISE, 30, {}).standing == "look"


def test_damaged_runs_are_looked_at(run: Callable[..., WatchedRun]) -> None:
    assert verdict_of([run(1)], PROMISE, 30, {"damaged": 0}).standing == "keep"
    assert "2 published runs are damaged" in verdict_of([run(1)], PROMISE, 30, {"damaged": 2}).sentence


def test_probabilities_that_are_too_extreme_are_looked_at(run: Callable[..., WatchedRun]) -> None:
    extreme = run(1)
    assert extreme.everyone is not None
    slope = {"slope": Estimate(0.6, 0.5, 0.7), "intercept": Estimate(0.0, -0.1, 0.1)}
    extreme = replace(extreme, everyone=replace(extreme.everyone, recalibration=slope))
    verdict = verdict_of([extreme], PROMISE, 30, {})
    assert verdict.standing == "look"
    assert "too extreme" in verdict.sentence


def test_a_model_without_a_promise_is_held_to_its_totals(run: Callable[..., WatchedRun]) -> None:
    assert verdict_of([run(1, auc=0.55)], Promise(), 30, {}).standing == "keep"
    assert verdict_of([run(1, 260), run(2, 260)], Promise(), 30, {}).standing == "retrain"


def further(slope: float = 1.0, ratio: float = 1.0, customers: int = 1_000) -> LiveForecast:
    found = replace(part(200), recalibration={"slope": Estimate(slope, slope - 0.05, slope + 0.05)})
    horizons = (
        LiveHorizon(60, datetime(2025, 4, 1, tzinfo=UTC), found),
        LiveHorizon(90, datetime(2025, 5, 1, tzinfo=UTC), None),
    )
    came = Estimate(100 * ratio, 95 * ratio, 105 * ratio)
    return LiveForecast(
        horizons, (LiveAmount("spend", customers, 100.0, came, Estimate(ratio, ratio - 0.05, ratio + 0.05)),)
    )


def test_what_was_said_besides_and_holds_changes_nothing(run: Callable[..., WatchedRun]) -> None:
    assert verdict_of([run(1, forecast=further())], PROMISE, 30, {}).standing == "keep"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (further(slope=0.6), "the probabilities within 60 days of 2025-01-31 are too extreme: slope 0.60"),
        (further(ratio=1.5), "spend at 2025-01-31 came to 1.50 (1.45 to 1.55) of what was expected"),
    ],
)
def test_a_further_horizon_or_an_amount_that_does_not_hold_is_looked_at(
    run: Callable[..., WatchedRun], said: LiveForecast, words: str
) -> None:
    verdict = verdict_of([run(1, forecast=said)], PROMISE, 30, {})
    assert verdict.standing == "look"
    assert words in verdict.reasons[0]


def test_the_newest_horizon_that_is_known_counts_and_a_handful_of_amounts_does_not(
    run: Callable[..., WatchedRun],
) -> None:
    older, newer = run(1, forecast=further(slope=0.6)), run(2, forecast=further(ratio=1.5, customers=20))
    assert verdict_of([older, newer], PROMISE, 30, {}).standing == "keep"
