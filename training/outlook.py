"""The outlook of a fold: its calibration, what last year says of its level, and how far levels are usually missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from patron.models.calibration import Shifts, Trial, choose_calibrator
from patron.models.calibrators import Calibrator, Identity, Seasonal, moved
from patron.models.season import Level, Season, season_of, shifts_of_windows, spread_of_levels
from patron.models.totals import miss_spread


@dataclass(frozen=True)
class Outlook:
    """How a fold's scores become probabilities.

    `spread` is the standard deviation, in log-odds, with which the level of a cutoff is missed, by what was mature at
    the fold's cutoff: it widens the intervals of predicted totals.
    """

    calibrator: Calibrator
    season: Season
    spread: float


def outlook(
    cutoff: int,
    learned: Mapping[int, Sequence[int]],
    trial: Trial | None,
    levels: Sequence[Level],
    ahead: Sequence[Level] = (),
) -> Outlook:
    """A fold's cutoff, out-of-time scores of earlier cutoffs, and levels to the fold's outlook.

    `learned` holds the cutoffs that the boosters of this and of the earlier cutoffs learned from. Levels that were not
    mature by the cutoff are not looked at. Without scores nothing is corrected. `ahead` are further levels, by which
    later cutoffs know their season.
    """
    known = [each for each in levels if each.mature <= cutoff]
    seasons = {moment: season_of(moment, learned[moment], known) for moment in learned}
    here = seasons[cutoff]
    earlier = {moment: each.shift for moment, each in seasons.items() if moment != cutoff}
    shifts = {moment: shift for moment, shift in earlier.items() if shift is not None}
    if trial is None:
        return Outlook(Identity(), here, spread_of_levels(known))
    windows = shifts_of_windows(cutoff, learned[cutoff], (*levels, *ahead))
    calibrator = choose_calibrator(
        trial.probability,
        trial.outcome,
        trial.cutoff,
        trial.customers,
        mature={each.cutoff: each.mature for each in levels} or None,
        shifts=None if here.shift is None else Shifts(shifts, here.shift, windows),
    )
    spread = _spread(trial, calibrator, shifts, here.shift or 0.0)
    if here.shift is None:
        spread = np.fmax(spread, spread_of_levels(known))
    return Outlook(calibrator, here, float(np.nan_to_num(spread)))


def _spread(trial: Trial, calibrator: Calibrator, shifts: Mapping[int, float], ahead: float) -> float:
    """How far the levels of the earlier cutoffs are missed, each with its own season where the season is used.

    Then it also holds how sure it is which share of last year comes again (NaN where nothing is known at all).
    """
    again = trial.season_return(shifts)
    if not isinstance(calibrator, Seasonal) or again is None:
        return miss_spread(trial.outcome, calibrator.apply(trial.probability), trial.cutoff)
    level = trial.by_cutoff({moment: again.level(shift) for moment, shift in shifts.items()})
    at = np.isfinite(level)
    probability = calibrator.base.apply(moved(trial.probability[at], level[at]))
    missed = miss_spread(trial.outcome[at], probability, trial.cutoff[at])
    return float(np.hypot(missed, again.error(ahead)))
