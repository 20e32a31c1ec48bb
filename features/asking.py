"""Who was asked and who answered: being asked is not being satisfied, and each leaves its own mark."""

from collections.abc import Iterator

from .expressions import Evidence
from .family import Family, Feature
from .localtime import INSTANT


class Asking(Family):
    """Questions asked, answers given, how long they took, and questions that were left unanswered."""

    name = "asking"
    reads = ("asked", "answers")

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """Flags, counts, shares, delays and days since."""
        asked, answers = evidence
        yield Feature("was_asked", asked.ever().count().at_most(1), "1 or 0", "whether ever asked a question")
        yield Feature(
            "has_answered", answers.ever().count().at_most(1), "1 or 0", "whether an answer was ever given"
        )
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
            "days_since_asked", asked.ever().days_since_last(), "days", "since the last question was asked"
        )
        yield from self._unanswered(asked, answers)
        yield Feature(
            "answer_delay_mean", answers.ever().mean("delay"), "days", "from question to answer, on average"
        )
        yield Feature(
            "answer_delay_last",
            answers.ever().last("delay"),
            "days",
            "from the last answered question to its answer",
        )

    def _unanswered(self, asked: Evidence, answers: Evidence) -> Iterator[Feature]:
        count, unanswered = asked.ever().count(), asked.ever().open("answered_at")
        yield Feature(
            "answer_share", (count - unanswered) / count, "share", "of the questions asked that were answered"
        )
        yield Feature("unanswered_ever", unanswered, "questions", "asked and not answered by the cutoff")
        for days in (30, 90):
            yield Feature(
                f"unanswered_{days}d",
                asked.last(days).open("answered_at"),
                "questions",
                f"asked in the last {days} days and not answered by the cutoff",
            )
        since_answer = answers.ever().days_since_last() - INSTANT
        yield Feature(
            "asked_since_answer",
            asked.since(since_answer).count().or_else(count),
            "questions",
            "in a row that were asked since the last answer, or ever where there was none",
        )
