"""When the next purchase comes: a low, a middle and a high day, where a customer's own timing supports one.

Time is measured in the customer's own gaps, shrunk to those of all (`gap_shrunk`): phase 1 is when the next purchase is
due. How likely a purchase is at each phase is learned from all customers with a rhythm, as a piecewise exponential
hazard with delayed entry (those who are late at the cutoff entered late). For one customer that curve is stretched so
that it passes through the model's probabilities at every horizon: dates and probabilities cannot contradict each other.

Ranges are of whole days. Their ends are the midnights nearest to where the chance is reached: to take every day that is
touched would hold nine of ten purchases instead of eight where gaps are of days.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FEWEST_PURCHASES = 5
MOST_VARIATION = 0.8
MOST_OVERDUE = 3.0
"""A rhythm takes four gaps that vary less than chance would have them (1), and not more than three of them missed."""

FEWEST_SNAPSHOTS = 200
FEWEST_BUYERS = 50
"""Customers with a rhythm from whom the curve is learned; below them there is none."""

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
"""The chances to have bought before the low day, by the end of the middle one, and by the end of the high one."""

LIKELY = 0.5
"""Who is less likely to buy within the longest horizon gets no date: most of it would be guessed beyond it."""

PHASES = 6.0
STEP = 0.05
_PRIOR = 5.0
"""So many purchases at the average pace are added to every step, so that none is empty."""

COLUMNS = ("days_since_order", "gap_shrunk", "gap_variation", "orders_ever")
"""The features that the range is decided and made from."""

_EDGES = np.linspace(0.0, PHASES, round(PHASES / STEP) + 1)

BECAUSE = (
    f"fewer than {FEWEST_PURCHASES} purchases: too few to know a rhythm",
    "the time between purchases varies too much to name a date",
    "much longer without a purchase than usual: may not come back",
    "likely to stay away for longer than the longest horizon: no date can be named",
)
"""Why there is no range, in the order in which the reasons are looked at."""


@dataclass(frozen=True)
class Timing:
    """The past timing of customers at a cutoff: float64[n] each, NaN for unknown."""

    since: Floats
    gap: Floats
    variation: Floats
    purchases: Floats

    @classmethod
    def of(cls, table: pa.Table) -> Self:
        """Snapshots with the features `COLUMNS` [n] to their timing."""
        return cls(*(np.asarray(table[name], np.float64) for name in COLUMNS))

    @property
    def reason(self) -> npt.NDArray[np.int8]:
        """The place in `BECAUSE` of what speaks against a rhythm, -1 where nothing does; int8[n]."""
        few = ~(self.purchases >= FEWEST_PURCHASES)
        odd = ~(self.variation <= MOST_VARIATION) | ~(self.gap > 0) | np.isnan(self.since)
        with np.errstate(divide="ignore", invalid="ignore"):
            late = self.since > MOST_OVERDUE * self.gap
        return np.select([few, odd, late], [0, 1, 2], -1).astype(np.int8)

    def chosen(self, keep: Flags) -> "Timing":
        """Those that are kept, bool[n]."""
        return Timing(self.since[keep], self.gap[keep], self.variation[keep], self.purchases[keep])


@dataclass(frozen=True)
class NextPurchase:
    """The first, the middle and the last day of the range, counted from the cutoff's own; float64[n], NaN for none.

    `reason` is the place in `BECAUSE` of why there is none, -1 where there is; int8[n].
    """

    low: Floats
    middle: Floats
    high: Floats
    reason: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Rhythm:
    """The chance of a purchase at each phase: hazards for one gap of time, in steps of `STEP` from 0 to `PHASES`."""

    hazards: tuple[float, ...]

    @classmethod
    def fit(cls, timing: Timing, days: Floats, reach: float) -> Self | None:
        """Timings at mature cutoffs and days to the next purchase (NaN: none within `reach` days) to the curve.

        None where too few customers with a rhythm were seen to buy.
        """
        keep = timing.reason < 0
        timing, days = timing.chosen(keep), days[keep]
        bought = ~np.isnan(days)
        if days.size < FEWEST_SNAPSHOTS or bought.sum() < FEWEST_BUYERS:
            return None
        entry = timing.since / timing.gap
        end = (timing.since + np.where(bought, days, reach)) / timing.gap
        events = np.histogram(end[bought & (end < PHASES)], _EDGES)[0]
        exposed = np.diff(_time_before_edges(end) - _time_before_edges(entry))
        pace = max(float(events.sum()), 1.0) / float(exposed.sum())
        hazards = (events + _PRIOR) / (exposed + _PRIOR / pace)
        return cls(tuple(hazards.tolist()))

    def ranges(self, timing: Timing, horizons: tuple[int, ...], probability: Floats) -> NextPurchase:
        """Timings [n] and the probabilities to buy within each of the horizons [n, horizons] to ranges [n]."""
        reason = timing.reason.copy()
        keep = reason < 0
        found = np.full((3, keep.size), np.nan)
        part, chances = timing.chosen(keep), probability[keep]
        reached = self._stretched(part, horizons, chances)
        days = np.array([reached.day_of(level) for level in (LOW, MIDDLE, HIGH)])
        far = (chances[:, -1] < LIKELY) | ((part.since + days[2]) / part.gap > PHASES)
        days[:, far] = np.nan
        found[:, keep] = whole_days(*days)
        reason[np.flatnonzero(keep)[far]] = len(BECAUSE) - 1
        low, middle, high = found
        return NextPurchase(low, middle, high, reason)

    def _stretched(self, timing: Timing, horizons: tuple[int, ...], probability: Floats) -> "_Curve":
        days = np.array([0.0, *horizons])
        phases = (timing.since[:, None] + days) / timing.gap[:, None]
        reached = -np.log1p(-np.column_stack([np.zeros(len(probability)), probability]))
        return _Curve(self, timing, self.accumulated(phases), reached)

    def accumulated(self, phase: Floats) -> Floats:
        """Phases [...] to the hazard accumulated by then; beyond the last step it goes on as in the last gap."""
        knots, tail = self._knots()
        return np.where(phase <= PHASES, np.interp(phase, _EDGES, knots), knots[-1] + (phase - PHASES) * tail)

    def phase_of(self, accumulated: Floats) -> Floats:
        """The inverse of `accumulated`."""
        knots, tail = self._knots()
        inside = np.interp(accumulated, knots, _EDGES)
        return np.where(accumulated <= knots[-1], inside, PHASES + (accumulated - knots[-1]) / tail)

    def _knots(self) -> tuple[Floats, float]:
        hazards = np.array(self.hazards)
        return np.concatenate([[0.0], np.cumsum(hazards * STEP)]), float(hazards[-round(1 / STEP) :].mean())


@dataclass(frozen=True)
class _Curve:
    """Each customer's curve: through `reached` (accumulated by the probabilities) where the rhythm has `base`.

    Both are [n, 1 + horizons], the first column the cutoff. Beyond the last horizon the curve goes on as stretched as
    it was up to there.
    """

    rhythm: Rhythm
    timing: Timing
    base: Floats
    reached: Floats

    def day_of(self, level: float) -> Floats:
        """When the chance to have bought reaches the level, in days after the cutoff; float64[n]."""
        wanted = -np.log1p(-level)
        rows = np.arange(len(self.reached))
        last = self.reached.shape[1] - 1
        place = np.minimum((self.reached < wanted).sum(axis=1), last)  # the horizon by which it is reached
        beyond = self.reached[:, -1] < wanted
        start = np.where(beyond, 0, place - 1)
        rise = self.reached[rows, place] - self.reached[rows, start]
        run = self.base[rows, place] - self.base[rows, start]
        at = self.base[rows, start] + (wanted - self.reached[rows, start]) * run / rise
        return self.rhythm.phase_of(at) * self.timing.gap - self.timing.since


def whole_days(low: Floats, middle: Floats, high: Floats) -> Floats:
    """Moments in days after the cutoff [n] to the first, middle and last whole day between them; float64[3, n].

    >>> whole_days(np.array([1.6]), np.array([3.2]), np.array([6.4])).ravel().tolist()
    [2.0, 2.0, 5.0]
    """
    last = np.maximum(np.round(high) - 1, 0.0)
    first = np.minimum(np.round(low), last)
    return np.array([first, np.clip(np.round(middle) - 1, first, last), last])


def _time_before_edges(moments: Floats) -> Floats:
    """The time that all spend before each edge, of moments [n] up to which each is counted; float64[edges]."""
    ordered = np.sort(moments)
    summed = np.concatenate([[0.0], np.cumsum(ordered)])
    passed = np.searchsorted(ordered, _EDGES)
    return summed[passed] + (ordered.size - passed) * _EDGES
