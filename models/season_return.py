"""How a season comes again: which share of last year's shifts, and how far levels lie off all the same.

A regression of what the levels of earlier cutoffs were missed by on last year's shifts of them, in log-odds. There are
only a handful of cutoffs, so that it starts from what is usual, and leaves it as far as they show. What is usual was
found in simulated retailers, whose level swings by the calendar.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

USUAL_SHARE, SHARE_SPREAD = 0.8, 0.25
"""How much of last year's shift usually comes again, and the standard deviation of that."""

DRIFT_SPREAD = 0.1
"""The standard deviation of a level that lies off beside the season, as the business grows or shrinks."""

NOISE = 0.1
"""The standard deviation of what comes and goes with a single cutoff."""

FADING = 0.5
"""Each cutoff counts so much of the one after it: drifts change, and the first boosters knew little."""

FEWEST_CUTOFFS = 2
"""A single cutoff shows nothing."""

LEAST_SHARE = 0.2
"""Less of a season is no season."""


@dataclass(frozen=True, eq=False)
class SeasonReturn:
    """A level is off by `drift` and by `share` of last year's shift; `covariance` [2, 2] is how sure that is."""

    drift: float
    share: float
    covariance: Floats

    def level(self, shift: float) -> float:
        """Last year's shift of a cutoff to the log-odds by which its level is expected to be off."""
        return self.drift + self.share * shift

    def error(self, shift: float) -> float:
        """The standard error of that."""
        at = np.array([1.0, shift])
        return float(np.sqrt(at @ self.covariance @ at))


def season_return(shifts: Floats, misses: Floats) -> SeasonReturn | None:
    """Last year's shifts of earlier cutoffs and the log-odds that these were missed by [k], ascending, to the return.

    None where fewer than two cutoffs are known, or next to nothing of the season came again.
    """
    if len(shifts) < FEWEST_CUTOFFS:
        return None
    design = np.column_stack([np.ones(len(shifts)), shifts])
    precision = FADING ** np.arange(len(shifts))[::-1] / NOISE**2
    usual = np.diag([DRIFT_SPREAD**-2, SHARE_SPREAD**-2])
    covariance = np.linalg.inv((design.T * precision) @ design + usual)
    found = covariance @ ((design.T * precision) @ misses + usual @ [0.0, USUAL_SHARE])
    drift, share = found.tolist()
    return SeasonReturn(drift, share, covariance) if share >= LEAST_SHARE else None
