"""How many days of history the asked cutoffs take, and how many there are."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from .gap_survival import USUAL_WINDOWS
from .localtime import DAY, LocalTime
from .question import Question

FEWEST_SPACING = 7


@dataclass(frozen=True)
class HistoryNeed:
    """Days of history there are, and what the question takes.

    A first cutoff needs a horizon of history before it, a last one the horizon and the settling days after it. For as
    many `test_cutoffs` as asked, each with trees and calibration chosen on earlier time, `judged_cutoffs` are needed;
    `observed_days` is what it takes for the lookback to be observed at every asked cutoff too.
    """

    days: int
    end: date
    asked: int
    fitting: int
    judged_cutoffs: int
    asked_days: int
    judged_days: int
    observed_days: int
    spacing_that_fits: int | None

    @property
    def is_enough(self) -> bool:
        """Whether the asked cutoffs fit."""
        return self.days >= self.asked_days

    @property
    def enough_on(self) -> date:
        """The first day at whose beginning the history is long enough for the asked cutoffs, if data go on."""
        return self.end + timedelta(days=max(self.asked_days - self.days, 0))

    @property
    def judged_on(self) -> date:
        """The first day at whose beginning a model can be judged at as many test cutoffs as asked."""
        return self.end + timedelta(days=max(self.judged_days - self.days, 0))


def history_need(
    question: Question, test_cutoffs: int, zone: LocalTime, observed_from: int, observed_until: int
) -> HistoryNeed:
    """The history of a question between two instants; only whole days count."""
    end = int(zone.floor_to_day(np.array([observed_until], np.int64))[0])
    # The first day is lost where the history begins within it, as a cutoff lies at a midnight.
    start, stop = zone.to_wall(np.array([observed_from, end], np.int64))
    days = max(int((stop - start) // DAY), 0)
    spacing, label = question.spacing_days, question.horizon_days + question.settle_days

    def needed(cutoffs: int, apart: int, before: int) -> int:
        return before + (cutoffs - 1) * apart + label

    room = days - needed(1, spacing, question.horizon_days)
    # A cutoff's target is mature so many cutoffs later; the inner folds of the first test need as many once more.
    judged = test_cutoffs + 2 * -(-label // spacing)
    usual = [each for each in USUAL_WINDOWS if FEWEST_SPACING <= each < spacing]
    fits = [each for each in usual if needed(question.cutoffs, each, question.horizon_days) <= days]
    return HistoryNeed(
        days=days,
        end=zone.day_of(end),
        asked=question.cutoffs,
        fitting=min(room // spacing + 1, question.cutoffs) if room >= 0 else 0,
        judged_cutoffs=judged,
        asked_days=needed(question.cutoffs, spacing, question.horizon_days),
        judged_days=needed(judged, spacing, question.horizon_days),
        observed_days=needed(question.cutoffs, spacing, max(question.horizon_days, question.lookback_days)),
        spacing_that_fits=max(fits, default=None),
    )
