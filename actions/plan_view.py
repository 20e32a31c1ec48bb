"""From a plan to the page's input."""

from patron.reporting.budget_line import BudgetLine
from patron.reporting.plan_page import PlannedProgramme, PlanPage

from .plan import Plan, ProgrammePlan


def plan_page(plan: Plan, timezone: str) -> PlanPage:
    """What the page shows of a plan; no customer is on it."""
    curve = plan.curve
    return PlanPage(
        plan.question,
        timezone,
        plan.cutoff,
        plan.customers,
        plan.settings.budget,
        plan.cost,
        tuple(_programme(each) for each in plan.programmes),
        dict(plan.without),
        None if curve is None else BudgetLine(curve.spent, curve.profit),
        plan.notes,
    )


def _programme(plan: ProgrammePlan) -> PlannedProgramme:
    programme = plan.known.programme
    return PlannedProgramme(
        programme.name,
        programme.title,
        programme.whom_in_words,
        programme.whom.code,
        programme.when_in_words,
        programme.channel,
        programme.objective,
        plan.left_out or plan.known.words,
        plan.fits,
        plan.contacted,
        plan.held_out,
        plan.cost,
        plan.expected,
        None if plan.experiment is None else plan.experiment.words,
    )
