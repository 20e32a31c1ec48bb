"""Choosing a calibrator: each candidate is fitted on earlier cutoffs and stays only where it proves itself later."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .calibrators import Calibrator, Identity, Seasonal, fit_beta, fit_isotonic, fit_platt, moved
from .logistic import Floats
from .season_return import SeasonReturn, season_return
from .stretch import stretch, stretch_of
from .totals import level_miss

ISOTONIC_OUTCOMES = 1_000
"""Isotonic steps follow noise with fewer of either outcome."""


@dataclass(frozen=True)
class Shifts:
    """By how many log-odds last year moves the level: of earlier cutoffs, and of the one a calibrator is for.

    `windows` are the shifts of all windows of the past that the later cutoffs may meet again: see `Seasonal`.
    """

    earlier: Mapping[int, float]
    ahead: float
    windows: tuple[tuple[int, float], ...] = ()

    def seasonal(self, again: SeasonReturn, base: Calibrator) -> Seasonal:
        """The calibrator that follows last year as far as it comes again, and then `base`."""
        windows = tuple((moment, again.level(shift)) for moment, shift in self.windows)
        return Seasonal(again.level(self.ahead), base, windows, share=again.share, drift=again.drift)


def choose_calibrator(
    probability: Floats,
    outcome: NDArray[Any],
    cutoff: NDArray[np.int64],
    customers: NDArray[Any] | None = None,
    *,
    required: bool = False,
    mature: Mapping[int, int] | None = None,
    shifts: Shifts | None = None,
) -> Calibrator:
    """Out-of-time scores, outcomes and cutoffs [n] to the calibrator that proved itself on later cutoffs.

    Each candidate is fitted on the cutoffs before each later one and judged there by log loss. `Identity` stays unless
    another is better by more than one standard error, over `customers` and over cutoffs, and always with fewer than
    two later cutoffs. `required` is for scores that are mere ranks: `Identity` is then no candidate.

    Where none proved itself, `stretch_of` may still mend how far the scores lie apart, which needs no later cutoffs.

    `mature` says when the outcomes of a cutoff were known: a candidate is then fitted only on what was known at the
    later cutoff, as in use. With `shifts` the scores are first moved by as much of last year's level as came again at
    the earlier cutoffs (see `season_return`), unless not to move them proves itself better.
    """
    trial = Trial(probability, outcome, cutoff, customers, mature)
    best, losses = _best(trial, required)
    again = None if shifts is None else trial.season_return(shifts.earlier)
    if shifts is not None and again is not None:
        by_row = trial.by_cutoff({moment: again.level(shift) for moment, shift in shifts.earlier.items()})
        at = np.isfinite(by_row)
        turned = trial.where(at).moved(by_row[at])
        seasonal, others = _best(turned, required)
        if not turned.proves_better(others, losses[at]):
            return shifts.seasonal(again, turned.settled(seasonal, trial))
    return trial.settled(best, trial)


@dataclass(frozen=True, eq=False)
class Trial:
    """Out-of-time scores, outcomes, cutoffs and perhaps customers [n], on which candidates are tried."""

    probability: Floats
    outcome: NDArray[Any]
    cutoff: NDArray[np.int64]
    customers: NDArray[Any] | None = None
    mature: Mapping[int, int] | None = None
    """When the outcomes of each cutoff were known; at the next cutoff unless given."""

    def where(self, mask: NDArray[np.bool_]) -> "Trial":
        """The rows [n] for which the mask is true."""
        customers = None if self.customers is None else self.customers[mask]
        return Trial(self.probability[mask], self.outcome[mask], self.cutoff[mask], customers, self.mature)

    def moved(self, shift: Floats) -> "Trial":
        """The same with the log-odds of the scores moved by shifts [n]."""
        return Trial(moved(self.probability, shift), self.outcome, self.cutoff, self.customers, self.mature)

    def by_cutoff(self, values: Mapping[int, float]) -> Floats:
        """Each row's value of its cutoff [n]; NaN where there is none."""
        return np.array([values.get(moment, np.nan) for moment in self.cutoff.tolist()], np.float64)

    def season_return(self, shifts: Mapping[int, float]) -> SeasonReturn | None:
        """How last year's shifts of cutoffs came again, as far as these scores missed the levels."""
        found = []
        for moment in np.unique(self.cutoff).tolist():
            at = self.cutoff == moment
            miss = level_miss(self.outcome[at], self.probability[at]).value
            if moment in shifts and np.isfinite(miss):
                found.append((shifts[moment], miss))
        told = np.array(found, np.float64).reshape(-1, 2)
        return season_return(told[:, 0], told[:, 1])

    def fit(self, name: str) -> Calibrator:
        """A candidate fitted on all rows."""
        return Identity() if name == "identity" else _FITS[name](self.outcome, self.probability)

    def settled(self, name: str, whole: "Trial") -> Calibrator:
        """The chosen candidate fitted on all rows; where none proved itself, a stretch where that is shown.

        How far to stretch is seen in the `whole` trial: it takes no season to tell.
        """
        if name != "identity":
            return self.fit(name)
        slope = stretch_of(whole.outcome, whole.probability, whole.cutoff, whole.customers)
        return Identity() if slope is None else stretch(slope, self.probability)

    def loss(self, fitted: Calibrator) -> Floats:
        """The log loss of each row [n] after a calibrator."""
        applied = fitted.apply(self.probability)
        return np.asarray(-np.log(np.where(self.outcome == 1, applied, 1 - applied)))

    def before(self, moment: int) -> NDArray[np.bool_]:
        """The rows [n] whose outcomes were known at a moment."""
        if self.mature is None:
            return self.cutoff < moment
        known = [each for each in np.unique(self.cutoff).tolist() if self.mature[each] <= moment]
        return np.isin(self.cutoff, known)

    def proves_better(self, incumbent: Floats, candidate: Floats) -> bool:
        """Whether the candidate's losses [n] are lower by more than one standard error of the difference.

        The larger of two errors counts: that over customers, and that over cutoffs, which holds what a season or a
        drift does to all customers alike. A single later cutoff proves nothing.
        """
        judged = np.isfinite(incumbent) & np.isfinite(candidate)
        gain = (incumbent - candidate)[judged]
        moments = np.unique(self.cutoff[judged], return_inverse=True)[1]
        if not len(gain) or moments.max() < 1:
            return False
        who = np.arange(len(gain)) if self.customers is None else self.customers[judged]
        errors = [_error_of_sum(gain, np.unique(codes, return_inverse=True)[1]) for codes in (who, moments)]
        return bool(gain.sum() > max(errors))


def later_losses(trial: Trial) -> dict[str, Floats]:
    """A trial to {candidate: log loss of each row [n]}, each fitted on what was known before the row's cutoff.

    NaN at cutoffs before which nothing was known; but `identity`, which learns nothing, is judged at all of them. A
    candidate that could not be fitted for every later cutoff is left out.
    """
    losses = {"identity": trial.loss(Identity())}
    later = [(moment, trial.before(moment)) for moment in np.unique(trial.cutoff)]
    later = [(moment, before) for moment, before in later if before.any()]
    fewest = min((_rarer(trial.outcome[before]) for _, before in later), default=0)
    for name in [name for name, needed in _FEWEST.items() if fewest >= needed]:
        losses[name] = np.full(len(trial.outcome), np.nan)
        for moment, before in later:
            at = trial.cutoff == moment
            losses[name][at] = trial.where(at).loss(trial.where(before).fit(name))
    return losses


_FITS: Mapping[str, Callable[[NDArray[Any], Floats], Calibrator]] = {
    "platt": fit_platt,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}
_FEWEST = {"platt": 1, "beta": 1, "isotonic": ISOTONIC_OUTCOMES}
"""The candidates after `identity`, simplest first, and the rows of the rarer outcome that each needs."""


def _best(trial: Trial, required: bool) -> tuple[str, Floats]:
    """The candidate that proved itself, and its loss of each row [n]; NaN where it could not be judged."""
    losses = later_losses(trial)
    unknown = np.full(len(trial.outcome), np.nan)
    best = "platt" if required else "identity"
    for name, loss in losses.items():
        if name not in ("identity", best) and trial.proves_better(losses.get(best, unknown), loss):
            best = name
    return best, losses.get(best, unknown)


def _rarer(outcome: NDArray[Any]) -> int:
    events = int(np.sum(outcome))
    return min(events, len(outcome) - events)


def _error_of_sum(gain: Floats, codes: NDArray[np.intp]) -> float:
    """The standard error of a sum of gains [n] whose clusters (codes [n]) are independent of each other."""
    clusters = int(codes.max()) + 1
    surprise = np.bincount(codes, gain - gain.mean())
    return float(np.sqrt((surprise**2).sum() * clusters / max(clusters - 1, 1)))
