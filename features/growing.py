"""Which features grow with the history: from them alone the time of a cutoff can be read."""

from collections.abc import Iterable

from .expressions import Window
from .family import FamilyFeature

GROWING_KINDS = (
    "count",
    "sum",
    "distinct",
    "first",
    "days_since_first",
    "at_least",
    "minimum",
    "maximum",
)
"""Measures that change with how far back a history without a beginning is known; a mean or a last value need not."""


def growing_features(features: Iterable[FamilyFeature]) -> frozenset[str]:
    """The names of features that count, sum or reach for extremes over everything that was ever observed."""
    return frozenset(
        each.feature.name
        for each in features
        if any(
            measure.kind in GROWING_KINDS and _is_boundless(measure.window)
            for measure in each.feature.expression.measures()
        )
    )


def _is_boundless(window: Window) -> bool:
    """Whether it reaches back as far as anything was observed."""
    return window.start_days is None and window.since is None and window.latest is None
