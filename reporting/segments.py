"""What a report picks out of an evaluation: the headline list length, cutoffs as moments, the spread in time."""

from datetime import UTC, datetime

from patron.models.curves import CapacityRow
from patron.models.evaluation import Evaluation, Segment

HEADLINE_SHARE = 0.2
"""The list length that the first screen speaks of is the one nearest to this share of the customers."""


def headline(judged: Evaluation) -> CapacityRow | None:
    """The list length to speak of first; None where there are too few customers for any."""
    wanted = HEADLINE_SHARE * judged.n / max(len(judged.per_cutoff), 1)
    return min(judged.capacity, key=lambda row: abs(row.contacted - wanted), default=None)


def cutoff_of(segment: Segment) -> datetime:
    """The moment by which an evaluation names a test cutoff."""
    moment = datetime.fromisoformat(segment.name)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def lowest_and_highest(judged: Evaluation, metric: str) -> tuple[float, float] | None:
    """The model's lowest and highest value of a metric among the test cutoffs; None where none was judged."""
    values = [segment.model[metric].value for segment in judged.per_cutoff if segment.model is not None]
    return (min(values), max(values)) if values else None


def cutoffs_won(judged: Evaluation, metric: str) -> tuple[int, int]:
    """At how many test cutoffs the model beats the opponent with the whole interval, and at how many it was judged."""
    gains = [segment.improvement[metric] for segment in judged.per_cutoff if segment.improvement is not None]
    return sum(gain.low > 0 for gain in gains), len(gains)
