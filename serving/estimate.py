"""How long the rest will take, judged by what has been done since this process began."""

from collections.abc import Callable
from time import monotonic


class TimeLeft:
    """An estimate from the steps of this process alone: those of an earlier attempt took no time here.

    It asks a clock that never jumps.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._begun = clock()
        self._steps = 0

    def step(self) -> None:
        """Count a step that has been done."""
        self._steps += 1

    def seconds(self, left: int) -> float | None:
        """Seconds that so many more steps of the usual length take; None before the first one was done."""
        if not self._steps:
            return None
        return (self._clock() - self._begun) / self._steps * left

    def told(self, left: int) -> str:
        """The estimate as words for a progress line, such as `about 3 min left`; empty where there is none."""
        seconds = self.seconds(left)
        if seconds is None or not left:
            return ""
        if seconds < 90:
            return f"about {max(round(seconds), 1)} s left"
        if seconds < 5400:
            return f"about {round(seconds / 60)} min left"
        return f"about {seconds / 3600:.1f} h left"
