"""What customers answered when they were asked how satisfied they are."""

from collections.abc import Iterator
from dataclasses import dataclass

from .expressions import Evidence, Expression
from .family import Family, Feature
from .localtime import INSTANT
from .words import name_part

TOP_POINTS = 90.0
"""Top box on the common scale: 9 and 10 of an NPS, 5 of five stars."""

LOW_POINTS = 25.0
"""Low box on the common scale: up to 2 of an NPS, 1 and 2 of five stars."""


@dataclass(frozen=True)
class _Scale:
    """What scores are compared on: a column, its unit, the top and the low box, and how many answers are on it."""

    column: str
    competitor: str
    unit: str
    top: Expression | float
    low: Expression | float
    answers: Expression


class Satisfaction(Family):
    """Scores that were given; whether someone was asked at all belongs to `asking`.

    With an instrument column scores are on the common scale from 0 to 100, beside those of each frequent instrument on
    its own; without it they are on their own. There the top box is the highest score that anyone had given before the
    cutoff, and the low box the lowest.
    """

    name = "satisfaction"
    reads = ("answers",)
    may_read = ("cases", "orders")
    vocabularies = ("answers.instrument",)

    def features(self, *evidence: Evidence | None) -> Iterator[Feature]:
        """Level, change, boxes, instruments, competitors, others, expectation, and answers around cases and orders."""
        answers, cases, orders = evidence
        assert answers is not None
        scale = self._scale(answers)
        yield from self._level(answers, scale)
        yield from self._change(answers, scale)
        yield from self._boxes(answers, scale)
        yield Feature(
            "days_since_answer", answers.ever().days_since_last(), "days", "since the last score was given"
        )
        yield from self._instruments(answers)
        yield from self._comparison(answers, scale)
        if answers.has("expectation_level"):
            yield from self._expectation(answers)
        if cases is not None:
            yield from self._around_case(answers, cases, scale)
        if orders is not None:
            yield Feature(
                "satisfaction_since_order",
                answers.since(orders.ever().days_since_last() - INSTANT).last(scale.column),
                scale.unit,
                "last score given since the last order",
            )

    def _scale(self, answers: Evidence) -> _Scale:
        if answers.has("points"):
            known = answers.ever().at_least("points", 0.0)
            return _Scale("points", "competitor_points", "points of 100", TOP_POINTS, LOW_POINTS, known)
        highest, lowest = answers.population("score", "maximum"), answers.population("score", "minimum")
        return _Scale("score", "competitor_gap", "points", highest, lowest, answers.ever().count())

    def _level(self, answers: Evidence, scale: _Scale) -> Iterator[Feature]:
        ever, column, unit = answers.ever(), scale.column, scale.unit
        yield Feature("satisfaction_last", ever.last(column), unit, "last score given")
        yield Feature("satisfaction_first", ever.first(column), unit, "first score given")
        yield Feature("satisfaction_mean", ever.mean(column), unit, "scores given, on average")
        yield Feature(
            "satisfaction_mean_365d",
            answers.last(365).mean(column),
            unit,
            "scores given in the last 365 days, on average",
        )
        yield Feature("satisfaction_lowest", ever.minimum(column), unit, "lowest score given")
        yield Feature("satisfaction_highest", ever.maximum(column), unit, "highest score given")
        yield Feature(
            "satisfaction_spread", ever.spread(column), unit, "standard deviation of the scores given"
        )

    def _change(self, answers: Evidence, scale: _Scale) -> Iterator[Feature]:
        ever, column, unit = answers.ever(), scale.column, scale.unit
        recent = answers.latest(3)
        earlier = answers.before(recent.days_since_first())
        yield Feature(
            "satisfaction_slope",
            ever.slope(column),
            f"{unit} per day",
            "by how much the scores change as time passes",
        )
        yield Feature(
            "satisfaction_change", ever.last(column) - ever.mean(column), unit, "last score less the average"
        )
        yield Feature(
            "satisfaction_recent_change",
            recent.mean(column) - earlier.mean(column),
            unit,
            "the last three answers on average less those before them",
        )

    def _boxes(self, answers: Evidence, scale: _Scale) -> Iterator[Feature]:
        ever, column = answers.ever(), scale.column
        yield Feature(
            "satisfaction_top_share",
            ever.at_least(column, scale.top) / scale.answers,
            "share",
            "of the scores that are in the top box",
        )
        yield Feature(
            "satisfaction_top_streak",
            ever.streak(column, scale.top),
            "answers",
            "latest ones in a row in the top box",
        )
        yield Feature(
            "satisfaction_low_share",
            ever.at_most(column, scale.low) / scale.answers,
            "share",
            "of the scores that are in the low box",
        )

    def _instruments(self, answers: Evidence) -> Iterator[Feature]:
        for instrument, chosen in answers.among("instrument"):
            name, said = name_part(instrument), instrument.replace("_", " ")
            unit = f"points of {said}"
            yield Feature(f"score_{name}_last", chosen.ever().last("score"), unit, f"last {said} score given")
            yield Feature(
                f"score_{name}_mean", chosen.ever().mean("score"), unit, f"{said} scores given, on average"
            )
            yield Feature(f"answers_{name}", chosen.ever().count(), "answers", f"with a {said} score")

    def _comparison(self, answers: Evidence, scale: _Scale) -> Iterator[Feature]:
        ever, gap = answers.ever(), scale.competitor
        if answers.has(gap):
            yield Feature(
                "satisfaction_competitor_gap",
                ever.last(gap),
                scale.unit,
                "last score less the one given to a competitor with it",
            )
            yield Feature(
                "satisfaction_competitor_gap_mean",
                ever.mean(gap),
                scale.unit,
                "scores less those given to a competitor with them, on average",
            )
        if answers.has("category"):
            yield Feature(
                "satisfaction_others_gap",
                ever.mean(scale.column) - ever.usual(scale.column, by="category"),
                scale.unit,
                "scores given, on average, less what all customers say of the same categories",
            )

    def _expectation(self, answers: Evidence) -> Iterator[Feature]:
        ever, level = answers.ever(), "expectation_level"
        compared = ever.at_least(level, -1)
        for word in ("below", "met", "exceeded"):
            yield Feature(
                f"expectation_{word}_share",
                answers.where("expectation", word).ever().count() / compared,
                "share",
                f"of the answers that compare with expectations, {word}",
            )
        yield Feature(
            "expectation_last",
            ever.last(level),
            "-1 to 1",
            "below (-1), met (0) or exceeded (1), the last time",
        )
        yield Feature(
            "expectation_streak",
            ever.streak(level, 0),
            "answers",
            "latest ones in a row not below expectation",
        )
        yield Feature(
            "expectation_exceeded_streak",
            ever.streak(level, 1),
            "answers",
            "latest ones in a row above expectation",
        )

    def _around_case(self, answers: Evidence, cases: Evidence, scale: _Scale) -> Iterator[Feature]:
        since_case = cases.ever().days_since_last() - INSTANT
        before, after = (
            window.mean(scale.column) for window in (answers.before(since_case), answers.since(since_case))
        )
        yield Feature(
            "satisfaction_before_case", before, scale.unit, "scores given before the last case, on average"
        )
        yield Feature(
            "satisfaction_after_case", after, scale.unit, "scores given since the last case, on average"
        )
        yield Feature(
            "satisfaction_case_change",
            after - before,
            scale.unit,
            "scores since the last case less those before it, on average",
        )
