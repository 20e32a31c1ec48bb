"""The outlook of a fold: no level is looked at before its time, and the season moves only what it may."""

import numpy as np
import pytest
from scipy.special import expit, logit

from patron.models.calibration import Trial
from patron.models.calibrators import Identity, Seasonal
from patron.models.season import Level
from patron.training.outlook import outlook

DAY = 86_400_000_000
MONTH = 30 * DAY
RATES = (0.5, 0.2, 0.5, 0.2, 0.5, 0.2)


def level(moment: int, rate: float, mature: int | None = None) -> Level:
    events = round(10_000 * rate)
    known = moment + MONTH if mature is None else mature
    return Level(moment, known, (10_000, *[0] * 6), (events, *[0] * 6))


def world(seasonal: bool) -> tuple[int, dict[int, list[int]], Trial, list[Level]]:
    """Four inner cutoffs whose level is that of last year, or not; their boosters learned from a rate of .35."""
    start = round(365.2425 * DAY)
    inner = [start + place * MONTH for place in range(4)]
    fold = start + 5 * MONTH
    learned = {moment: [start - MONTH] for moment in (*inner, fold)}
    year_before = [level(place * MONTH, rate) for place, rate in enumerate(RATES)]
    rng = np.random.default_rng(7)
    score = np.clip(rng.normal(0.35, 0.05, 8_000), 0.01, 0.99)
    place = np.arange(8_000) % 4
    moved = logit(score) + seasonal * (logit(np.array(RATES)) - logit(0.35))[place]
    outcome = (rng.random(8_000) < expit(moved)).astype(np.int8)
    levels = [*year_before, level(start - MONTH, 0.35), *(level(moment, 0.35) for moment in inner)]
    return fold, learned, Trial(score, outcome, np.array(inner)[place], np.arange(8_000)), levels


def test_a_season_that_came_again_moves_the_level_of_the_fold() -> None:
    found = outlook(*world(seasonal=True))
    assert isinstance(found.calibrator, Seasonal)
    assert found.calibrator.shift == pytest.approx(logit(0.2) - logit(0.35), abs=0.03)
    assert (found.season.learned, found.season.last_year) == (0.35, 0.2)
    assert 0.02 < found.spread < 0.15  # how much of last year comes again is not known for sure


def test_later_cutoffs_follow_their_own_season_by_what_was_mature() -> None:
    fold, learned, trial, levels = world(seasonal=True)
    later = [level(6 * MONTH, 0.6), level(11 * MONTH, 0.9, mature=fold + 1)]
    found = outlook(fold, learned, trial, levels, later).calibrator
    assert isinstance(found, Seasonal)
    assert found.shift_at(fold) == found.shift
    assert found.share > 0.9
    ahead = found.drift + found.share * (logit(0.6) - logit(0.35))
    assert found.shift_at(fold + MONTH) == pytest.approx(ahead, abs=0.01)
    assert 11 * MONTH not in dict(found.windows)
    score = np.array([0.2, 0.4])
    np.testing.assert_array_equal(found.apply(score, fold), found.apply(score))
    without = outlook(fold, learned, trial, levels).calibrator
    np.testing.assert_array_equal(found.apply(score, fold), without.apply(score, fold))


def test_a_season_that_did_not_come_again_moves_nothing() -> None:
    found = outlook(*world(seasonal=False))
    assert found.calibrator == Identity()
    assert found.season.shift is not None
    assert found.spread < 0.1


def test_levels_that_were_missed_are_expected_to_be_missed_again() -> None:
    fold, learned, trial, levels = world(seasonal=True)
    found = outlook(fold, learned, trial, levels[6:])  # without the year before
    assert found.season.shift is None
    assert found.calibrator == Identity()
    misses = [logit(rate) - logit(0.35) for rate in RATES[:4]]
    assert found.spread == pytest.approx(np.sqrt(np.mean(np.square(misses))), abs=0.05)


def test_with_an_unknown_season_the_levels_that_were_seen_widen_what_is_expected() -> None:
    fold, learned, trial, _ = world(seasonal=False)
    seen = [
        level(moment, rate) for moment, rate in zip(np.unique(trial.cutoff).tolist(), RATES, strict=False)
    ]
    found = outlook(fold, learned, trial, seen)
    assert found.season.shift is None
    assert found.spread == pytest.approx(np.std(logit(RATES[:4]), ddof=1), abs=0.02)


def test_a_level_that_was_not_mature_by_the_fold_changes_nothing() -> None:
    fold, learned, trial, levels = world(seasonal=True)
    late = [level(fold - MONTH, 0.9, mature=fold + 1), level(fold - 12 * MONTH, 0.9, mature=fold + 1)]
    assert outlook(fold, learned, trial, [*levels, *late]) == outlook(fold, learned, trial, levels)


def test_without_earlier_scores_nothing_is_corrected() -> None:
    fold, learned, _, levels = world(seasonal=True)
    found = outlook(fold, learned, None, levels)
    assert found.calibrator == Identity()
    assert found.season.last_year == 0.2
    assert found.spread > 0.3
