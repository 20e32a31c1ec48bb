"""A training page as the template shows it: every number already written, every verdict already in words."""

import math
from dataclasses import dataclass
from functools import cached_property

from patron.models.curves import CapacityRow
from patron.models.evaluation import Segment
from patron.models.grade import Grade, grade_of
from patron.models.intervals import Estimate, NextCutoff

from .after_answers_view import AfterAnswersView
from .after_cases_view import AfterCasesView
from .answer_view import AnswerView
from .data_view import AccountRow, account_row, reason_rows
from .forecast_view import ForecastView
from .formats import UNDEFINED, count, day, decimal, estimate_text, percent, sentence, spread, words
from .kinds_view import KindsView
from .loyalty_view import LoyaltyView
from .segments import cutoff_of, cutoffs_won, headline, lowest_and_highest
from .totals_view import TotalRow, total_sections, totals_sentence
from .training_page import TrainingPage
from .wording import GLOSSARY, MetricWords, Wording, aim_of, metric_words, short_name

TOP_FEATURES = 15

_TITLES = {
    "recency": "Last order",
    "known": "Known for",
    "category": "Main category",
    "spend": "Spend so far, in thirds",
}


@dataclass(frozen=True)
class Cell:
    """A value and, beneath it, the ends of its interval."""

    value: str
    ends: str = ""

    @classmethod
    def of(cls, estimate: Estimate, digits: int, *, signed: bool = False) -> "Cell":
        """An estimate with so many decimals."""
        return cls(decimal(estimate.value, digits, signed=signed), spread(estimate, digits))


@dataclass(frozen=True)
class QualityRow:
    """One metric, model beside opponent."""

    words: MetricWords
    model: Cell
    opponent: Cell
    improvement: Cell
    verdict: str
    later: str
    """The model at the next cutoff, or at those judged."""
    later_improvement: str


@dataclass(frozen=True)
class SegmentRow:
    """A test cutoff or stage: its cells, or the reason why it has none."""

    name: str
    customers: str
    snapshots: str | None
    """Where they are more than the customers."""
    rate: str
    cells: tuple[Cell, ...]
    reason: str | None


@dataclass(frozen=True)
class Bar:
    """A labelled bar; `width` is a percentage of the room there is."""

    label: str
    value: str
    width: str
    kind: str = ""
    ends: str = ""


@dataclass(frozen=True)
class Reading:
    """A quantity of the calibration with what it says."""

    label: str
    value: str
    says: str


class TrainingView:
    """The words and rows of a training page."""

    def __init__(self, page: TrainingPage) -> None:
        self.page = page
        self.judged = page.evaluation
        self.wording = Wording.of(page.question)
        self.aim = aim_of(page.question.population)
        self.opponent = short_name(page.opponent)
        self.metrics = metric_words(self.wording.cases)
        self.glossary = GLOSSARY
        self.answer = None
        if page.answer is not None:
            fields = tuple(weight.field for weight in page.features)
            self.answer = AnswerView(
                page.answer, page.spend_answer, page.stand_ins, page.attribution, fields, self.aim
            )
        followed = page.after_answers
        self.after_answers = AfterAnswersView(followed, self.wording) if followed is not None else None
        cases = page.after_cases
        self.after_cases = AfterCasesView(cases, self.wording) if cases is not None else None
        self.loyalty = LoyaltyView(page.loyalty, self.wording) if page.loyalty is not None else None
        self.kinds = KindsView(page.kinds, self.wording) if page.kinds is not None else None

    @property
    def opponent_rule(self) -> str:
        """What the opponent does, where its name does not say it all."""
        return self.page.opponent.partition(":")[2].strip()

    @cached_property
    def headline(self) -> CapacityRow | None:
        """The list length of the first screen."""
        return headline(self.judged)

    @property
    def standing(self) -> str:
        """What became of the model, in a word or two."""
        if self.page.alias:
            return sentence(self.page.alias)
        return "Registered" if self.page.version else "Not registered"

    @property
    def observed_until(self) -> str:
        """The day at which the data end."""
        return day(self.page.observed_until, self.page.timezone)

    @property
    def tests(self) -> str:
        """How much was judged, in words."""
        cutoffs = len(self.judged.per_cutoff)
        return (
            f"{count(self.judged.n)} snapshots of {count(self.judged.customers)} customers at "
            f"{cutoffs} test {'cutoff' if cutoffs == 1 else 'cutoffs'}"
        )

    def headline_bars(self, row: CapacityRow) -> tuple[Bar, ...]:
        """Cases among the contacted: model, opponent, chance. The longest bar is the most of them."""
        kinds = (
            ("model", row.buyers.value, "model", ""),
            (self.opponent, row.opponent_buyers.value, "opponent", spread(row.opponent_buyers, 0)),
            ("at random", row.random_buyers, "random", ""),
        )
        most = max(found for _, found, *_ in kinds) or 1.0
        return tuple(
            Bar(label, count(found), f"{100 * found / most:.1f}%", kind, ends)
            for label, found, kind, ends in kinds
        )

    def range_by_cutoff(self, row: CapacityRow) -> str:
        """The fewest and the most cases at single cutoffs."""
        return f"{count(min(row.by_cutoff))} to {count(max(row.by_cutoff))}"

    @property
    def quality(self) -> tuple[QualityRow, ...]:
        """All metrics over all test cutoffs."""
        judged = self.judged
        return tuple(
            QualityRow(
                said,
                Cell.of(judged.model[name], said.digits, signed=said.signed),
                Cell.of(judged.opponent[name], said.digits, signed=said.signed),
                Cell.of(judged.improvement[name], said.digits, signed=True),
                verdict(judged.improvement[name]),
                _ends(judged.next_cutoff["model"][name], said.digits),
                _ends(judged.next_cutoff["improvement"][name], said.digits, signed=True),
            )
            for name, said in self.metrics.items()
            if name in judged.model
        )

    @property
    def main_quality(self) -> tuple[QualityRow, ...]:
        """The metrics that a short summary shows."""
        labels = [self.metrics[name].label for name in ("auc", "lift_at_10", "log_loss", "calibration_error")]
        return tuple(row for row in self.quality if row.words.label in labels)

    @property
    def grade(self) -> Grade:
        """The grade with its reasons."""
        return grade_of(self.judged)

    @property
    def later(self) -> str:
        """What the column of later cutoffs holds."""
        return "Single cutoffs" if self._is_range else "Next cutoff"

    @property
    def later_note(self) -> str:
        """How to read the column of later cutoffs."""
        if self._is_range:
            return (
                "Small figures hold for other customers at these cutoffs. “Single cutoffs” shows the lowest and the"
                " highest value at any of them: what a next one would bring can be said from four judged cutoffs on"
                " ([training] test_cutoffs)."
            )
        return (
            "Small figures hold for other customers at these cutoffs. “Next cutoff” is wider: 95 of 100 further"
            " cutoffs like these would lie in it, given how far those judged lie apart."
        )

    @property
    def _is_range(self) -> bool:
        return self.judged.next_cutoff["model"]["log_loss"].is_range

    @property
    def rivals(self) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
        """All metrics of the model and of each opponent, the best first, and how far the model is ahead of each."""
        opponents, said = self.judged.opponents, self.metrics["log_loss"]
        gains = [Cell.of(each.improvement["log_loss"], said.digits, signed=True) for each in opponents]
        won = [Cell(f"{each.won} of {len(self.judged.per_cutoff)}") for each in opponents]
        everybody = (self.judged.model, *(each.metrics for each in opponents))
        rows = [
            (
                metric.label,
                tuple(Cell.of(each[name], metric.digits, signed=metric.signed) for each in everybody),
            )
            for name, metric in self.metrics.items()
        ]
        return (
            ("Log loss gain of the model", (Cell(UNDEFINED), *gains)),
            ("Test cutoffs won by the model", (Cell(UNDEFINED), *won)),
            *rows,
        )

    @property
    def rhythm(self) -> str:
        """How often to retrain."""
        return self.page.ageing.rhythm(self.judged.improvement["log_loss"].value)

    @property
    def ages(self) -> tuple[tuple[str, Cell, str, str], ...]:
        """Age, what it costs beside a fresh model, what that says, and at how many cutoffs it was seen."""
        says = {True: "worse", False: "no measurable difference"}
        return tuple(
            (
                f"{count(point.days)} days",
                Cell.of(point.loss, 4, signed=True),
                "better" if point.loss.high < 0 else says[point.loss.low > 0],
                count(point.cutoffs),
            )
            for point in self.page.ageing.points
        )

    @property
    def ceiling(self) -> str:
        """The lift that a perfect ranking would have."""
        return decimal(min(10.0, 1 / self.judged.base_rate), 2)

    @property
    def cutoffs(self) -> tuple[SegmentRow, ...]:
        """The test cutoffs, earliest first."""
        zone = self.page.timezone
        return tuple(_segment_row(day(cutoff_of(part), zone), part) for part in self.judged.per_cutoff)

    @property
    def stages(self) -> tuple[SegmentRow, ...]:
        """The stages that have snapshots."""
        return tuple(_segment_row(words(part.name), part) for part in self.judged.per_stage)

    @property
    def groupings(self) -> tuple[tuple[str, tuple[SegmentRow, ...]], ...]:
        """The other ways of grouping customers, each with its title and its groups."""
        return tuple(
            (_TITLES.get(name, words(name)), tuple(_segment_row(words(part.name), part) for part in parts))
            for name, parts in self.judged.groups.items()
            if name != "stage" and len(parts) > 1
        )

    @property
    def over_time(self) -> str:
        """How far the test cutoffs lie apart, and at how many the model wins."""
        ends, (won, judged) = lowest_and_highest(self.judged, "auc"), cutoffs_won(self.judged, "log_loss")
        if ends is None:
            return "No single test cutoff has enough customers to be judged by itself."
        told = f"the whole interval of the log loss improvement is above zero at {won} of {judged}"
        if judged == 1:
            return f"Only one test cutoff could be judged, so that nothing is known of the spread in time: {told}."
        low, high = (decimal(end, 3) for end in ends)
        return f"From cutoff to cutoff the model's AUC lies between {low} and {high}; {told}."

    @property
    def calibration(self) -> tuple[Reading, ...]:
        """What the calibration comes to."""
        error, chance = self.judged.model["calibration_error"].value, self.judged.chance_calibration_error
        level, fit = self.judged.model["mean_difference"], self.judged.recalibration
        explained = error <= chance
        return (
            Reading(
                "Calibration error (ECE)",
                decimal(error, 4),
                f"Right probabilities would show {decimal(self.judged.expected_calibration_error, 4)} on average and"
                f" stay below {decimal(chance, 4)} in 95% of samples like this. "
                + ("No miscalibration can be seen." if explained else "This is more than chance explains."),
            ),
            Reading(
                "Level",
                estimate_text(level, 4, signed=True),
                "Promised minus observed. "
                + _against(level, 0, "Too little is promised.", "Too much is promised."),
            ),
            Reading(
                "Slope",
                estimate_text(fit["slope"], 2),
                "1 is right. "
                + _against(
                    fit["slope"],
                    1,
                    "High probabilities are too high and low ones too low.",
                    "High probabilities are too low and low ones too high.",
                ),
            ),
            Reading(
                "Intercept",
                estimate_text(fit["intercept"], 2, signed=True),
                "0 is right. "
                + _against(
                    fit["intercept"],
                    0,
                    "Where 50% is promised, less happens.",
                    "Where 50% is promised, more happens.",
                ),
            ),
        )

    @property
    def forecast(self) -> ForecastView | None:
        """Purchases, spend, further horizons and dates; None where nothing of them was judged."""
        return None if self.page.forecast.is_empty else ForecastView(self.page.forecast)

    @property
    def totals(self) -> tuple[tuple[str, tuple[TotalRow, ...]], ...]:
        """Promised and came, by test cutoff and by group."""
        return total_sections(self.page.totals, self.page.timezone)

    @property
    def totals_kept(self) -> str:
        """At how many test cutoffs what came is within what was promised."""
        return totals_sentence(self.page.totals)

    @property
    def deciles(self) -> tuple[tuple[str, ...], ...]:
        """Tenth, lift of model and opponent, share found down to there by model and opponent."""
        lifts = [self.judged.lift_by_decile[name] for name in ("model", "opponent")]
        found = (self.judged.gains.model[10::10], self.judged.gains.opponent[10::10])
        return tuple(
            (str(i + 1), *(decimal(lift[i], 2) for lift in lifts), *(percent(line[i]) for line in found))
            for i in range(len(lifts[0]))
        )

    @property
    def capacity(self) -> tuple[tuple[str, tuple[Cell, ...], bool], ...]:
        """Contacted, the cells of the row, and whether it is the headline's."""
        return tuple(
            (
                count(row.contacted),
                (
                    Cell.of(row.buyers, 0),
                    Cell(percent(row.buyers.value / row.contacted, 0)),
                    Cell.of(row.opponent_buyers, 0),
                    Cell(count(row.random_buyers)),
                    Cell(self.range_by_cutoff(row)),
                ),
                row is self.headline,
            )
            for row in self.judged.capacity
        )

    @property
    def families(self) -> tuple[tuple[Bar, str], ...]:
        """The families with their number of features, the heaviest first."""
        ordered = sorted(self.page.families, key=lambda weight: (-weight.share, weight.family))
        top = max((weight.share for weight in ordered), default=0)
        return tuple(
            (_bar(words(weight.family), weight.share, top), count(weight.features)) for weight in ordered
        )

    @property
    def features(self) -> tuple[tuple[Bar, str, str, str], ...]:
        """The heaviest features with unit, description and family."""
        ordered = sorted(self.page.features, key=lambda weight: (-weight.share, weight.name))[:TOP_FEATURES]
        top = max((weight.share for weight in ordered), default=0)
        return tuple(
            (
                _bar(weight.name, weight.share, top),
                weight.field.unit,
                weight.field.description,
                words(weight.field.family),
            )
            for weight in ordered
        )

    @property
    def crossings(self) -> tuple[str, ...]:
        """Label windows that reach past a test cutoff, which there should not be."""
        zone = self.page.timezone
        return tuple(
            f"the label of {day(cutoff, zone)} was not mature at the test cutoff {day(test, zone)}"
            for cutoff, test in self.page.geometry.crossings(zone)
        )

    @property
    def judged_until(self) -> str:
        """When the labels of the judged model were mature."""
        return day(self.page.geometry.judged_until, self.page.timezone)

    @property
    def production(self) -> str | None:
        """The first and last cutoff that the production model learned from."""
        cutoffs = sorted(self.page.geometry.production_cutoffs)
        if not cutoffs:
            return None
        first, last = (day(cutoff, self.page.timezone) for cutoff in (cutoffs[0], cutoffs[-1]))
        return f"{len(cutoffs)} cutoffs from {first} to {last}"

    @property
    def accounts(self) -> tuple[AccountRow, ...]:
        """What became of each table's rows."""
        return tuple(account_row(account, self.page.timezone) for account in self.page.accounts)

    @property
    def excluded(self) -> tuple[tuple[str, str], ...]:
        """Snapshots left out: reason and number, the most first."""
        return reason_rows(self.page.excluded)


def _ends(later: NextCutoff, digits: int, *, signed: bool = False) -> str:
    """From where to where."""
    if not (math.isfinite(later.low) and math.isfinite(later.high)):
        return UNDEFINED
    low, high = (decimal(end, digits, signed=signed) for end in (later.low, later.high))
    return f"{low} to {high}"


def verdict(improvement: Estimate) -> str:
    """What an interval of an improvement says."""
    if not (math.isfinite(improvement.low) and math.isfinite(improvement.high)):
        return "not defined"
    if improvement.low > 0:
        return "better"
    return "worse" if improvement.high < 0 else "no measurable difference"


def _against(estimate: Estimate, right: float, below: str, above: str) -> str:
    """What an interval says beside the value that is right."""
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return "It is not defined here."
    if estimate.high < right:
        return below
    return above if estimate.low > right else "The interval holds it."


def _segment_row(name: str, part: Segment) -> SegmentRow:
    cells: tuple[Cell, ...] = ()
    if part.model is not None and part.opponent is not None and part.improvement is not None:
        cells = (
            Cell.of(part.model["auc"], 3),
            Cell.of(part.opponent["auc"], 3),
            Cell.of(part.improvement["auc"], 3, signed=True),
            Cell.of(part.improvement["log_loss"], 4, signed=True),
            Cell.of(part.model["mean_difference"], 3, signed=True),
        )
    reason = None if cells else part.reason or UNDEFINED
    snapshots = f"{count(part.n)} snapshots" if part.n > part.customers else None
    return SegmentRow(name, count(part.customers), snapshots, percent(part.base_rate), cells, reason)


def _bar(label: str, share: float, top: float) -> Bar:
    width = 100 * share / top if top > 0 and math.isfinite(share) else 0.0
    return Bar(label, percent(share), f"{width:.1f}%")
