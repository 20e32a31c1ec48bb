"""Who was asked and who answered: being asked is not being satisfied, and each leaves its own mark."""

from collections.abc import Iterator

from .expressions import Evidence
from .family import Family, Feature


class Asking(Family):
    """Questions asked, answers given, and how long they took."""

    name = "asking"
    reads = ("asked", "answers")

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """Counts, shares, delays and days since."""
        asked, answers = evidence
        replies = answers.ever().at_least("delay", 0.0)  # an answer that nobody asked for is none
        yield Feature("asked_ever", asked.ever().count(), "questions", "asked in all that was observed")
        yield Feature("answered_ever", answers.ever().count(), "answers", "given in all that was observed")
        for days in (90, 365):
            yield Feature(
                f"asked_{days}d", asked.last(days).count(), "questions", f"asked in the last {days} days"
            )
            yield Feature(
                f"answered_{days}d", answers.last(days).count(), "answers", f"given in the last {days} days"
            )
        yield Feature(
            "answer_share",
            replies / asked.ever().count(),
            "share",
            "of the questions asked that were answered",
        )
        yield Feature(
            "unanswered_ever",
            asked.ever().count() - replies,
            "questions",
            "asked and not answered by the cutoff",
        )
        yield Feature(
            "days_since_asked", asked.ever().days_since_last(), "days", "since the last question was asked"
        )
        yield Feature(
            "answer_delay_mean", answers.ever().mean("delay"), "days", "from question to answer, on average"
        )
        yield Feature(
            "answer_delay_last",
            answers.ever().last("delay"),
            "days",
            "from the last answered question to its answer",
        )
