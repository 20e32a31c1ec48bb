"""What customers answered when they were asked how satisfied they are."""

from collections.abc import Iterator

from .expressions import Evidence, Expression
from .family import Family, Feature

TOP_POINTS = 90.0
"""Top box on the common scale: 9 and 10 of an NPS, 5 of five stars."""


class Satisfaction(Family):
    """Scores that were given; whether someone was asked at all belongs to `asking`.

    With an instrument column scores are on the common scale from 0 to 100, otherwise on their own; the top box is then
    the highest score that anyone had given before the cutoff.
    """

    name = "satisfaction"
    reads = ("answers",)

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """Level, change, top box and expectation."""
        (answers,) = evidence
        column, unit, top = self._scale(answers)
        ever, year = answers.ever(), answers.last(365)
        yield Feature("satisfaction_last", ever.last(column), unit, "last score given")
        yield Feature("satisfaction_first", ever.first(column), unit, "first score given")
        yield Feature("satisfaction_mean", ever.mean(column), unit, "scores given, on average")
        yield Feature(
            "satisfaction_mean_365d", year.mean(column), unit, "scores given in the last 365 days, on average"
        )
        yield Feature("satisfaction_lowest", ever.minimum(column), unit, "lowest score given")
        yield Feature(
            "satisfaction_spread", ever.spread(column), unit, "standard deviation of the scores given"
        )
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
            "satisfaction_top_share",
            ever.at_least(column, top) / ever.count(),
            "share",
            "of the answers that were in the top box",
        )
        yield Feature(
            "satisfaction_top_streak",
            ever.streak(column, top),
            "answers",
            "latest ones in a row in the top box",
        )
        yield Feature("days_since_answer", ever.days_since_last(), "days", "since the last score was given")
        gap = "competitor_points" if column == "points" else "competitor_gap"
        if answers.has(gap):
            yield Feature(
                "satisfaction_competitor_gap",
                ever.last(gap),
                unit,
                "last score less the one given to a competitor with it",
            )
        if answers.has("expectation"):
            yield from self._expectation(answers)

    def _scale(self, answers: Evidence) -> tuple[str, str, Expression | float]:
        if answers.has("points"):
            return "points", "points of 100", TOP_POINTS
        return "score", "points", answers.population("score", "maximum")

    def _expectation(self, answers: Evidence) -> Iterator[Feature]:
        ever = answers.ever()
        for word in ("below", "met", "exceeded"):
            share = answers.where("expectation", word).ever().count() / ever.count()
            yield Feature(
                f"expectation_{word}_share",
                share,
                "share",
                f"of the answers that say expectations were {word}",
            )
