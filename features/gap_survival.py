"""The survival of a silence: how likely a customer who has not ordered for so many days still stays away.

Kaplan and Meier (1958) over the silences between days with an order, those cut off by the end of the data counted for
as long as they were followed. What a churn window gets wrong follows from it: rules such as "no order for w days: lost"
are the hiatus heuristics of Wübben and von Wangenheim (2008), whose two errors are told apart here.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .order_days import GapCounts

Floats = npt.NDArray[np.float64]

FEWEST_SILENCES = 30
"""Beyond the day that so many silences reach, nothing is said."""

USUAL_WINDOWS = (7, 14, 30, 60, 90, 120, 180, 270, 365, 545, 730)
"""Days of windows that people use."""

KEPT = 0.95
"""The share of a horizon's buyers that a lookback should hold."""

_Z = 1.959963984540054


@dataclass(frozen=True)
class WindowErrors:
    """What a window of `window_days` gets wrong; NaN where too few silences were followed for long enough.

    `came_back`: of the customers called lost, after so many days without an order, the share who order within the next
    `follow_days`, with its 95 % interval. `gone`: of those called active, at any moment, the share who do not.
    `kept`: of all who order within the horizon, the share whom the window calls active before. `silences` were still
    open after the window.
    """

    window_days: int
    follow_days: int
    came_back: float
    came_back_low: float
    came_back_high: float
    gone: float
    kept: float
    silences: int


@dataclass(frozen=True, eq=False)
class GapSurvival:
    """The share of silences that are still open after 0, 1, … days: `open` float64[days + 1].

    `at_risk` int64[days + 1] are the silences that were followed to that day and open before it, `ended` those of them
    that ended on it. `limit` is the last day at which there are enough of them.
    """

    open: Floats
    at_risk: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]

    @classmethod
    def of(cls, counts: GapCounts) -> "GapSurvival":
        """Counted silences to their survival."""
        at_risk = np.cumsum((counts.ended + counts.cut_off)[::-1])[::-1]
        hazard = np.divide(counts.ended, at_risk, out=np.zeros(at_risk.size), where=at_risk > 0)
        return cls(np.cumprod(1 - hazard), at_risk, counts.ended)

    @cached_property
    def limit(self) -> int:
        """The last day that enough silences reach; -1 where there are not enough at all.

        Where enough were followed until all had ended, none is open on any later day either.
        """
        last = int((self.at_risk >= FEWEST_SILENCES).sum()) - 1
        return self.open.size - 1 if last >= 0 and self.open[last] == 0 else last

    def ordered_within(self, days: int) -> float:
        """The share of orders that are followed by another within so many days."""
        return 1 - float(self.open[days]) if days <= self.limit else np.nan

    def came_back(self, window_days: int, follow_days: int) -> tuple[float, float, float]:
        """Of silences of a window's length the share that ends in the days after it; with its 95 % interval.

        The interval is Greenwood's, which takes silences for independent.
        """
        end = window_days + follow_days
        if end > self.limit or self.open[window_days] <= 0:
            return np.nan, np.nan, np.nan
        days = slice(window_days + 1, end + 1)
        ended, at_risk = self.ended[days].astype(float), self.at_risk[days].astype(float)
        stays = float(self.open[end] / self.open[window_days])
        left = at_risk - ended
        variance = np.divide(ended, at_risk * left, out=np.zeros(ended.size), where=left > 0).sum()
        half = _Z * stays * float(np.sqrt(variance))
        value = 1 - stays
        return value, max(value - half, 0.0), min(value + half, 1.0)

    def rate(self, lookback_days: int, horizon_days: int) -> float:
        """Of those who ordered in the lookback before a moment, the share who order within the horizon after it."""
        return self._flow(lookback_days, horizon_days)

    def gone(self, window_days: int, follow_days: int) -> float:
        """Of those who ordered in the window before a moment, the share who do not in the days after it."""
        return 1 - self._flow(window_days, follow_days)

    def kept(self, window_days: int, horizon_days: int) -> float:
        """Of all who order within the horizon after a moment, the share who did in the window before it.

        All: those whose last order is no longer ago than silences can be followed.
        """
        reach = self.limit - horizon_days
        if not 0 < window_days <= reach:
            return np.nan
        found = self._ended_flow(reach, horizon_days)
        return self._ended_flow(window_days, horizon_days) / found if found > 0 else np.nan

    def errors(self, window_days: int, follow_days: int, horizon_days: int) -> WindowErrors:
        """What a window gets wrong."""
        back, low, high = self.came_back(window_days, follow_days)
        silences = int(self.at_risk[window_days + 1]) if window_days + 1 < self.at_risk.size else 0
        gone, kept = self.gone(window_days, follow_days), self.kept(window_days, horizon_days)
        return WindowErrors(window_days, follow_days, back, low, high, gone, kept, silences)

    def follow_days(self, horizon_days: int) -> int:
        """How long a silence is followed after a window: half a year, or a third of what can be, or the horizon."""
        return max(horizon_days, min(180, max(self.limit, 0) // 3))

    def balanced(self, follow_days: int) -> int | None:
        """The window at which as large a share of the lost come back as of the active are gone; None where none is."""
        for window in range(1, self.limit - follow_days + 1):
            if self.came_back(window, follow_days)[0] <= self.gone(window, follow_days):
                return window if window > 1 else None
        return None

    def shortest_window(self, horizon_days: int, kept: float = KEPT) -> int | None:
        """The shortest of the usual windows that holds so many of a horizon's buyers; None where none is known to."""
        reach = self.limit - horizon_days
        usual = [days for days in USUAL_WINDOWS if days <= reach]
        return next((days for days in usual if self.kept(days, horizon_days) >= kept), None)

    def _flow(self, window_days: int, horizon_days: int) -> float:
        """Of the moments at which the last order is in the window, the share with another in the horizon."""
        if window_days + horizon_days - 1 > self.limit:
            return np.nan
        return self._ended_flow(window_days, horizon_days) / float(self.open[:window_days].sum())

    def _ended_flow(self, window_days: int, horizon_days: int) -> float:
        """How many silences, of those begun each day, are open in the window and end within the horizon after it.

        At a moment r days after an order, S(r − 1) of them are open and S(r − 1 + horizon) stay so through the horizon.
        """
        first = self.open[:window_days]
        return float((first - self.open[horizon_days : horizon_days + window_days]).sum())
