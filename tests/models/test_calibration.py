"""A calibrator is kept only where it proved itself on later cutoffs."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from patron.models.calibration import Shifts, Trial, choose_calibrator, later_losses
from patron.models.calibrators import Identity, Isotonic, Platt, Seasonal, fit_platt

Floats = NDArray[np.float64]


def sample(
    rows: int, slope: float = 1.0, seed: int = 7
) -> tuple[Floats, NDArray[np.int8], NDArray[np.int64]]:
    """Scores whose true probability has `slope` times their logit, outcomes, and four cutoffs."""
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 3, rows)
    outcome = (rng.random(rows) < expit(slope * logit(score))).astype(np.int8)
    return score, outcome, np.arange(rows) % 4


def test_right_probabilities_are_left_alone() -> None:
    score, outcome, cutoff = sample(8_000)
    assert choose_calibrator(score, outcome, cutoff, np.arange(8_000) // 4) == Identity()


def test_wrong_probabilities_are_repaired() -> None:
    score, outcome, cutoff = sample(8_000, slope=0.4)
    chosen = choose_calibrator(score, outcome, cutoff, np.arange(8_000) // 4)
    assert isinstance(chosen, Platt)
    assert chosen.slope == pytest.approx(0.4, abs=0.1)


def test_a_bent_curve_with_many_rows_is_repaired_by_steps() -> None:
    rng = np.random.default_rng(7)
    score = rng.uniform(0.05, 0.95, 40_000)
    outcome = (rng.random(40_000) < np.where(score < 0.5, 0.1, 0.6)).astype(np.int8)
    assert isinstance(choose_calibrator(score, outcome, np.arange(40_000) % 4), Isotonic)


def test_a_single_cutoff_proves_nothing() -> None:
    score, outcome, _ = sample(2_000, slope=0.4)
    assert choose_calibrator(score, outcome, np.zeros(2_000, np.int64)) == Identity()


def test_ranks_are_always_calibrated_even_from_a_single_cutoff() -> None:
    score, outcome, _ = sample(2_000)
    assert choose_calibrator(score, outcome, np.zeros(2_000, np.int64), required=True) == fit_platt(
        outcome, score
    )


def test_ranks_are_calibrated_even_where_they_look_right() -> None:
    score, outcome, cutoff = sample(2_000)
    assert isinstance(choose_calibrator(score, outcome, cutoff, required=True), Platt)


def test_a_repair_that_the_next_cutoff_takes_back_is_not_kept() -> None:
    """The first cutoffs are off in one direction, the last in the other."""
    score = sample(6_000)[0]
    cutoff = np.repeat([0, 1, 2], 2_000)
    rng = np.random.default_rng(1)
    shift = np.where(cutoff < 1, 1.0, -1.0)
    outcome = (rng.random(6_000) < expit(logit(score) + shift)).astype(np.int8)
    losses = later_losses(Trial(score, outcome, cutoff))
    at_second = cutoff == 1
    assert losses["platt"][at_second].mean() > losses["identity"][at_second].mean()


def test_later_losses_are_fitted_on_earlier_cutoffs_only() -> None:
    score, outcome, cutoff = sample(2_000, slope=0.4)
    losses = later_losses(Trial(score, outcome, cutoff))
    assert set(losses) == {"identity", "platt", "beta"}
    assert np.isnan(losses["platt"][cutoff == 0]).all()
    at = cutoff == 2
    applied = fit_platt(outcome[cutoff < 2], score[cutoff < 2]).apply(score[at])
    np.testing.assert_allclose(losses["platt"][at], -np.log(np.where(outcome[at] == 1, applied, 1 - applied)))


def trial(customers: NDArray[np.int64] | None = None, rows: int = 200) -> Trial:
    """Rows at two cutoffs, of which only the times and the customers matter."""
    return Trial(np.full(rows, 0.5), np.zeros(rows, np.int8), np.arange(rows) // (rows // 2), customers)


GAIN = np.tile([0.3, -0.2], 100)  # 0.05 on average, at both cutoffs


def test_customers_seen_often_count_once_when_a_repair_must_prove_itself() -> None:
    """The same ten customers twenty times over give no more proof than once."""
    assert trial().proves_better(GAIN, np.zeros(200))
    assert not trial(np.arange(200) % 10).proves_better(GAIN, np.zeros(200))


def test_cutoffs_that_disagree_prove_nothing_however_many_customers_they_have() -> None:
    drifting = np.where(np.arange(200) < 100, 0.3, -0.2)
    assert drifting.sum() == pytest.approx(GAIN.sum())
    assert not trial().proves_better(drifting, np.zeros(200))


def test_a_single_later_cutoff_proves_nothing() -> None:
    unknown_before = np.where(np.arange(200) < 100, np.nan, 0.3)
    assert not trial().proves_better(unknown_before, np.zeros(200))


def test_what_was_not_known_by_a_later_cutoff_is_not_fitted_on() -> None:
    score, outcome, cutoff = sample(2_000, slope=0.4)
    mature = {0: 2, 1: 3, 2: 4, 3: 5}
    losses = later_losses(Trial(score, outcome, cutoff, mature=mature))["platt"]
    assert np.isnan(losses[cutoff <= 1]).all()
    at, known = cutoff == 3, cutoff <= 1
    fitted = fit_platt(outcome[known], score[known])
    np.testing.assert_allclose(losses[at], Trial(score[at], outcome[at], cutoff[at]).loss(fitted))


def seasonal_sample(found: float) -> tuple[Floats, NDArray[np.int8], NDArray[np.int64], Shifts]:
    """Four cutoffs that last year moves up and down in turn, and that this year moves `found` times as far."""
    rng = np.random.default_rng(7)
    score, cutoff = rng.beta(2, 3, 8_000), np.arange(8_000) % 4
    shifts = {0: 0.8, 1: -0.8, 2: 0.8, 3: -0.8}
    by_row = np.array([shifts[int(moment)] for moment in cutoff])
    outcome = (rng.random(8_000) < expit(logit(score) + found * by_row)).astype(np.int8)
    return score, outcome, cutoff, Shifts(shifts, 0.6)


def test_a_season_that_came_again_is_kept_with_the_shift_of_the_cutoff_ahead() -> None:
    score, outcome, cutoff, shifts = seasonal_sample(found=1.0)
    chosen = choose_calibrator(score, outcome, cutoff, shifts=shifts)
    assert isinstance(chosen, Seasonal)
    assert chosen.base == Identity()
    assert chosen.share == pytest.approx(1.0, abs=0.06)
    assert chosen.drift == pytest.approx(0.0, abs=0.05)
    assert chosen.shift == pytest.approx(chosen.drift + 0.6 * chosen.share)


def test_later_windows_follow_the_same_share() -> None:
    score, outcome, cutoff, shifts = seasonal_sample(found=0.5)
    chosen = choose_calibrator(score, outcome, cutoff, shifts=replace(shifts, windows=((4, 0.6), (5, -1.0))))
    assert isinstance(chosen, Seasonal)
    assert chosen.share == pytest.approx(0.5, abs=0.1)
    assert dict(chosen.windows) == pytest.approx({4: chosen.shift, 5: chosen.drift - chosen.share})


@pytest.mark.parametrize("found", [0.0, -1.0], ids=["no season", "the other way round"])
def test_a_season_that_did_not_come_again_is_not_kept(found: float) -> None:
    score, outcome, cutoff, shifts = seasonal_sample(found)
    assert not isinstance(choose_calibrator(score, outcome, cutoff, shifts=shifts), Seasonal)


def test_a_season_is_judged_only_where_last_year_is_known() -> None:
    score, outcome, cutoff, shifts = seasonal_sample(found=1.0)
    one = Shifts({3: shifts.earlier[3]}, 0.6)
    assert not isinstance(choose_calibrator(score, outcome, cutoff, shifts=one), Seasonal)
    assert isinstance(choose_calibrator(score, outcome, cutoff, shifts=Shifts({}, 0.6)), Identity)


def test_scores_are_not_moved_where_that_proves_itself_better() -> None:
    """Right scores, though last year says .5 at every cutoff: too alike to tell a share from a drift the other way."""
    score, outcome, cutoff = sample(40_000)
    shifts = Shifts(dict.fromkeys(range(4), 0.5), 0.5)
    again = Trial(score, outcome, cutoff).season_return(shifts.earlier)
    assert again is not None
    assert again.level(0.5) > 0.03
    too_late = dict.fromkeys(range(4), 9)  # nothing could be repaired on top
    assert choose_calibrator(score, outcome, cutoff, mature=too_late, shifts=shifts) == Identity()
