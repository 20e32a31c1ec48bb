"""From measured activities to the page's input."""

from patron.reporting.activities_page import (
    ActivitiesPage,
    ActivityPart,
    ArmEarnings,
    KindEffect,
    MeasuredEffect,
    PlannedBudget,
    RankedGain,
)
from patron.reporting.budget_line import BudgetLine

from .earnings import Earnings
from .moments import Ground
from .plan_files import PublishedPlan
from .ranking_gain import CURVE
from .results import ActivitiesReport, ActivityResult


def activities_page(
    report: ActivitiesReport, ground: Ground, plan: PublishedPlan | None = None
) -> ActivitiesPage:
    """What the page shows of a report, and of a plan where there is one."""
    zone = ground.store.zone
    return ActivitiesPage(
        ground.question.name,
        zone.zone,
        zone.day_of(ground.store.observed_until).isoformat(),
        report.horizon_days,
        tuple(_part(result) for result in report.results),
        None if plan is None else _planned(plan),
    )


def _planned(plan: PublishedPlan) -> PlannedBudget | None:
    """What a budget brings by a plan; None where it knows no effect."""
    curve = plan.facts.get("curve")
    if curve is None:
        return None
    spent, profit = (tuple(curve[name]) for name in ("spent", "profit"))
    return PlannedBudget(plan.facts["cutoff"], plan.facts["settings"]["budget"], BudgetLine(spent, profit))


def _earned(found: Earnings) -> ArmEarnings:
    value, low, high = (
        tuple(getattr(each, name) for each in found.profit) for name in ("value", "low", "high")
    )
    line = BudgetLine(found.spent, value, low, high)
    return ArmEarnings(found.arm, found.words, found.learned, line)


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
    return ActivityPart(
        result.name,
        result.drawn,
        tuple(result.lines[1:]),
        effects,
        kinds,
        gains,
        tuple(_earned(each) for each in result.earnings),
    )
