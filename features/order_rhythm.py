"""The rhythm of orders: everything that the days with an order say about a question before anything is learned."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .gap_survival import USUAL_WINDOWS, GapSurvival, WindowErrors
from .order_days import GapCounts, OrderDays, Repeats
from .question import Question
from .regularity import Regularity, measure_regularity
from .store import EvidenceStore

HORIZONS = (7, 14, 30, 60, 90, 180, 365)
FIRST_DAYS = 30
"""First orders in so many days from the beginning of the history may well not be the first."""


@dataclass(frozen=True)
class HorizonRow:
    """A horizon: the share of orders followed by another within it, and of active customers who order in it."""

    days: int
    next_orders: float
    rate: float


@dataclass(frozen=True, eq=False)
class Rhythm:
    """How customers return, to the business or to one of its categories.

    `errors` are those of the usual windows and the configured one, each silence followed for `follow_days`; `balanced`
    is the window whose two errors are equal, `shortest` the shortest usual one that holds 95 % of a horizon's buyers.
    """

    gaps: GapCounts
    survival: GapSurvival
    repeats: Repeats
    follow_days: int
    errors: tuple[WindowErrors, ...]
    balanced: int | None
    shortest: int | None

    def error(self, window_days: int) -> WindowErrors | None:
        """What one of the windows gets wrong."""
        return next((each for each in self.errors if each.window_days == window_days), None)


@dataclass(frozen=True, eq=False)
class OrderRhythm:
    """The rhythm of the business and of its large categories, the largest first.

    `order_days` counts customers by the number of days on which they ordered; `early` is the share of first orders
    that fall into the first 30 of the `history_days`; `silent_days` have passed since anyone ordered.
    """

    overall: Rhythm
    categories: tuple[tuple[str, Rhythm], ...]
    horizons: tuple[HorizonRow, ...]
    regularity: Regularity
    order_days: npt.NDArray[np.int64]
    early: float
    history_days: int
    silent_days: int

    @property
    def order_days_median(self) -> float:
        """On how many days half of the customers ordered at most."""
        total = self.order_days.sum()
        return float(np.argmax(np.cumsum(self.order_days) >= total / 2)) if total else np.nan


def measure_order_rhythm(store: EvidenceStore, question: Question) -> OrderRhythm:
    """The evidence of a business to the rhythm of its orders."""
    with OrderDays(store) as days:
        gaps, repeats = days.gaps(), days.repeats(question.horizon_days)
        overall = _rhythm(gaps, repeats, question, None)
        again = days.repeats_by_category(question.horizon_days)
        categories = tuple(
            (name, _rhythm(counts, again[name], question, overall.follow_days))
            for name, counts in days.gaps_by_category().items()
        )
        return OrderRhythm(
            overall,
            categories,
            tuple(_horizon_row(overall.survival, each, question) for each in _horizons(question)),
            measure_regularity(days),
            days.days_per_customer(),
            days.share_first_within(FIRST_DAYS),
            days.span.days,
            int(np.argmax(gaps.cut_off > 0)),
        )


def _rhythm(gaps: GapCounts, repeats: Repeats, question: Question, follow_days: int | None) -> Rhythm:
    survival, horizon = GapSurvival.of(gaps), question.horizon_days
    follow = survival.follow_days(horizon) if follow_days is None else follow_days
    windows = sorted({*USUAL_WINDOWS, question.lookback_days})
    known = [days for days in windows if days <= survival.limit or days == question.lookback_days]
    return Rhythm(
        gaps,
        survival,
        repeats,
        follow,
        tuple(survival.errors(days, follow, horizon) for days in known),
        survival.balanced(follow),
        survival.shortest_window(horizon),
    )


def _horizons(question: Question) -> list[int]:
    return sorted({*HORIZONS, question.horizon_days})


def _horizon_row(survival: GapSurvival, days: int, question: Question) -> HorizonRow:
    return HorizonRow(days, survival.ordered_within(days), survival.rate(question.lookback_days, days))
