"""What customers say they value: the reasons they give for buying, returning, and for their scores."""

from collections.abc import Iterator

from .expressions import Constant, Evidence, Expression
from .family import Family, Feature
from .words import name_part

RECENT_DAYS = 180


class Reasons(Family):
    """Reasons given with purchases, and with answers to surveys.

    Each frequent reason has a share of its own; which are frequent is known as of the cutoff, and the rest is "other".
    """

    name = "reasons"
    reads = ()
    may_read = ("reasons", "answer_reasons")
    vocabularies = ("reasons.reason", "answer_reasons.reason")

    def features(self, *evidence: Evidence | None) -> Iterator[Feature]:
        """Last and main reason, shares, how mixed they are, and whether the main one has changed."""
        purchases, answers = evidence
        if purchases is not None:
            yield from self._reasons(purchases, "reason", "given with purchases and returns")
        if answers is not None:
            yield from self._reasons(answers, "answer_reason", "given with answers")

    def _reasons(self, said: Evidence, name: str, where: str) -> Iterator[Feature]:
        ever = said.ever()
        yield Feature(f"{name}s_ever", ever.count(), "reasons", where)
        yield Feature(f"days_since_{name}", ever.days_since_last(), "days", f"since the last reason {where}")
        yield Feature(f"{name}_last", ever.category("reason"), "reason", f"the last one {where}")
        yield Feature(f"{name}_main", ever.mode("reason"), "reason", f"the most frequent one {where}")
        yield Feature(
            f"{name}_entropy",
            ever.entropy("reason"),
            "nats",
            f"how mixed those {where} are: 0 is always the same",
        )
        yield Feature(
            f"{name}_main_changed",
            said.last(RECENT_DAYS).mode("reason").differs_from(said.earlier(RECENT_DAYS).mode("reason")),
            "0 or 1",
            f"whether the main one {where} is another in the last {RECENT_DAYS} days than before",
        )
        rest: Expression = Constant(1.0)
        for word, chosen in said.among("reason"):
            share = chosen.ever().count() / ever.count()
            rest = rest - share.or_else(0.0)
            yield Feature(
                f"{name}_{name_part(word)}_share",
                share,
                "share",
                f"of those {where} that are {word.replace('_', ' ')}",
            )
        if said.words("reason"):
            yield Feature(
                f"{name}_other_share",
                rest * (ever.count() / ever.count()),
                "share",
                f"of those {where} that are others",
            )
