"""For how long somebody has been known who has not bought yet."""

from collections.abc import Iterator
from functools import reduce

from .expressions import Evidence, Expression
from .family import Family, Feature


class Acquaintance(Family):
    """How long prospects have been known. Only where the question is about them: others are known since they bought.

    Somebody is known since their first dated fact, of whatever kind.
    """

    name = "acquaintance"
    reads = ()
    may_read = (
        "profile",
        "referred_by",
        "referrals_made",
        "contacts",
        "mentions",
        "asked",
        "answers",
        "cases",
    )

    def features(self, *evidence: Evidence | None) -> Iterator[Feature]:
        """Days since the first fact; nothing where the question is about customers."""
        known: list[Expression] = [each.ever().days_since_first() for each in evidence if each is not None]
        if self.question.population == "prospects" and known:
            yield Feature("days_since_known", reduce(_earlier, known), "days", "since they became known")


def _earlier(first: Expression, second: Expression) -> Expression:
    """The earlier of two moments, each as days since it; the known one where the other is not."""
    return first.or_else(second).at_least(second.or_else(first))
