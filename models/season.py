"""The season: how far last year's same window lay above or below the windows that a model learned from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

YEAR = 31_556_952_000_000
"""Microseconds: 365.2425 days."""

TOLERANCE = 15 * 86_400_000_000
"""Last year's same window is that of the cutoff nearest to a year ago, at most so many microseconds off."""

BANDS = (7, 14, 30, 60, 90, 180)
"""Days since the last order at which customers are told apart when the levels of two years are compared."""


@dataclass(frozen=True)
class Level:
    """How many snapshots a cutoff has and how many met the target, for each band of days since the last order.

    Known for good at `mature`; instants.
    """

    cutoff: int
    mature: int
    snapshots: tuple[int, ...]
    events: tuple[int, ...]

    @classmethod
    def of(
        cls, cutoff: int, mature: int, days_since: NDArray[np.float32], outcome: NDArray[np.int8]
    ) -> "Level":
        """Days since the last order (NaN: never) and outcomes [n] of a cutoff's snapshots to its level."""
        band = np.searchsorted(BANDS, days_since, side="right")
        bands = len(BANDS) + 1
        snapshots = np.bincount(band, minlength=bands)
        events = np.bincount(band, outcome, minlength=bands).astype(np.int64)
        return cls(cutoff, mature, tuple(snapshots.tolist()), tuple(events.tolist()))

    @property
    def rate(self) -> float:
        """Share of the snapshots that met the target; NaN without any."""
        return sum(self.events) / sum(self.snapshots) if sum(self.snapshots) else np.nan


@dataclass(frozen=True)
class Season:
    """What last year says of a cutoff: the rate of its same window then, and that of the windows learned from.

    `shift` is by how many log-odds customers alike were above or below in last year's window. `last_year` and `shift`
    are None where that window was not observed, or not mature in time: the season is then unknown.
    """

    learned: float
    last_year: float | None = None
    shift: float | None = None


def season_of(cutoff: int, learned: Iterable[int], levels: Sequence[Level]) -> Season:
    """A cutoff, the cutoffs that its model learned from, and levels to what last year says of it.

    Levels that were not mature by the cutoff are not looked at. Only customers alike are compared, within bands of
    days since their last order: where a history has just begun, everybody bought recently, and the plain rate would
    be too high. The shift is the mean of the bands' differences in log-odds, each weighted by its precision.
    """
    known = {each.cutoff: each for each in levels if each.mature <= cutoff}
    trained = _counts([known[moment] for moment in learned if moment in known])
    rate = _rate(trained)
    near = same_window(cutoff, known)
    if near is None or not trained.any():
        return Season(rate)
    return Season(rate, known[near].rate, _log_odds_between(trained, _counts([known[near]])))


def same_window(cutoff: int, windows: Iterable[int]) -> int | None:
    """Last year's same window of a cutoff: the one nearest to a year before, the earlier of two; None without any."""
    year_ago = cutoff - YEAR
    near = min(windows, key=lambda each: (abs(each - year_ago), each), default=None)
    return None if near is None or abs(near - year_ago) > TOLERANCE else near


def shifts_of_windows(
    end: int, learned: Iterable[int], levels: Iterable[Level]
) -> tuple[tuple[int, float], ...]:
    """The cutoff of each window that was mature by a training end, and by how many log-odds it lay off; ascending.

    Off what was learned from, as `season_of` compares. With `same_window` it gives the season of any later cutoff
    whose window of the year before had been seen.
    """
    known = {each.cutoff: each for each in levels if each.mature <= end}
    trained = _counts([known[moment] for moment in learned if moment in known])
    if not trained.any():
        return ()
    return tuple((moment, _log_odds_between(trained, _counts([known[moment]]))) for moment in sorted(known))


def _counts(levels: Sequence[Level]) -> NDArray[np.float64]:
    """Snapshots and events of each band over all levels; float64[2, bands]."""
    counts = [(each.snapshots, each.events) for each in levels]
    return np.sum(counts, axis=0, dtype=np.float64) if counts else np.zeros((2, len(BANDS) + 1))


def _rate(counts: NDArray[np.float64]) -> float:
    snapshots, events = counts.sum(axis=1).tolist()
    return events / snapshots if snapshots else np.nan


def _log_odds_between(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """The common difference in log-odds of two sets of counts [2, bands], bands weighted by its inverse variance."""
    both = [(events + 0.5, snapshots - events + 0.5) for snapshots, events in (before, after)]
    odds = [np.log(events / others) for events, others in both]
    variance = sum(1 / events + 1 / others for events, others in both)
    weight = np.where((before[0] > 0) & (after[0] > 0), 1 / variance, 0.0)
    return float(weight @ (odds[1] - odds[0]) / weight.sum()) if weight.any() else 0.0


def spread_of_levels(levels: Iterable[Level]) -> float:
    """The standard deviation of the levels' log-odds beyond what sampling explains; 0 with fewer than two."""
    counts = [(sum(each.snapshots), sum(each.events)) for each in levels]
    known = np.array([(n, events) for n, events in counts if 0 < events < n], np.float64)
    if len(known) < 2:
        return 0.0
    n, events = known.T
    sampled = float(np.mean(1 / events + 1 / (n - events)))
    return float(np.sqrt(max(0.0, np.var(logit(events / n), ddof=1) - sampled)))
