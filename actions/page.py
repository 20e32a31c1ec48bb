"""From measured activities to the page's input."""

from patron.reporting.activities_page import (
    ActivitiesPage,
    ActivityPart,
    KindEffect,
    MeasuredEffect,
    RankedGain,
)

from .moments import Ground
from .ranking_gain import CURVE
from .results import ActivitiesReport, ActivityResult


def activities_page(report: ActivitiesReport, ground: Ground) -> ActivitiesPage:
    """What the page shows of a report."""
    zone = ground.store.zone
    return ActivitiesPage(
        ground.question.name,
        zone.zone,
        zone.day_of(ground.store.observed_until).isoformat(),
        report.horizon_days,
        tuple(_part(result) for result in report.results),
    )


def _part(result: ActivityResult) -> ActivityPart:
    effects = tuple(
        MeasuredEffect(
            result.name,
            each.arm,
            each.outcome,
            each.randomised,
            each.estimate,
            each.adjusted_p,
            each.rows,
            each.means,
            each.width,
        )
        for each in result.effects
    )
    kinds = tuple(
        KindEffect(each.arm, each.grouping, each.group, each.rows, each.effect, each.differs)
        for each in result.groups
    )
    gains = tuple(
        RankedGain(
            each.arm,
            each.outcome,
            tuple(float(share) for share in CURVE),
            each.gain.gains,
            None if each.risk_gain is None else each.risk_gain.gains,
        )
        for each in result.targeting
    )
    return ActivityPart(result.name, result.drawn, tuple(result.lines[1:]), effects, kinds, gains)
