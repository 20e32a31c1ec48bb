"""What customers say in public: how often, how kindly, and to how many."""

from collections.abc import Iterator

from .expressions import Evidence
from .family import Family, Feature
from .words import name_part


class Social(Family):
    """Mentions by window and network, their sentiment and their reach."""

    name = "social"
    reads = ("mentions",)
    vocabularies = ("mentions.network",)

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """Counts, days since, then what the optional columns say."""
        (mentions,) = evidence
        for days in (30, 90, 365):
            yield Feature(
                f"mentions_{days}d", mentions.last(days).count(), "mentions", f"in the last {days} days"
            )
        yield Feature("mentions_ever", mentions.ever().count(), "mentions", "in all that was observed")
        yield Feature(
            "days_since_mention", mentions.ever().days_since_last(), "days", "since the last mention"
        )
        for network, chosen in mentions.among("network"):
            yield Feature(
                f"mentions_network_{name_part(network)}_365d",
                chosen.last(365).count(),
                "mentions",
                f"on {network.replace('_', ' ')} in the last 365 days",
            )
        if mentions.has("sentiment"):
            yield from self._sentiment(mentions)
        if mentions.has("reach"):
            yield from self._reach(mentions)

    def _sentiment(self, mentions: Evidence) -> Iterator[Feature]:
        ever, year = mentions.ever(), mentions.last(365)
        scale = "sentiment, -1 to 1"
        yield Feature("sentiment_last", ever.last("sentiment"), scale, "of the last mention that shows any")
        yield Feature("sentiment_mean", ever.mean("sentiment"), scale, "of all mentions on average")
        yield Feature(
            "sentiment_mean_365d",
            year.mean("sentiment"),
            scale,
            "of the mentions in the last 365 days on average",
        )
        yield Feature("sentiment_lowest", ever.minimum("sentiment"), scale, "of the unkindest mention")
        yield Feature(
            "sentiment_slope",
            ever.slope("sentiment"),
            "sentiment per day",
            "by how much the sentiment changes as time passes",
        )
        yield Feature(
            "sentiment_change",
            ever.last("sentiment") - ever.mean("sentiment"),
            "sentiment",
            "of the last mention less the average",
        )
        for days in (90, 365):
            yield Feature(
                f"negative_mentions_{days}d",
                mentions.last(days).sum("negative"),
                "mentions",
                f"with a sentiment below zero, in the last {days} days",
            )
        yield Feature(
            "negative_mention_share",
            ever.mean("negative"),
            "share",
            "of the mentions with a sentiment below zero",
        )

    def _reach(self, mentions: Evidence) -> Iterator[Feature]:
        for days in (90, 365):
            yield Feature(
                f"mention_reach_{days}d",
                mentions.last(days).sum("reach"),
                "people",
                f"reached by the mentions of the last {days} days, together",
            )
        yield Feature(
            "mention_reach_largest",
            mentions.ever().maximum("reach"),
            "people",
            "reached by the widest mention",
        )
