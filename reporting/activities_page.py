"""The page of activities: what each changed, what was learned about whom, and what cannot be known yet."""

from dataclasses import dataclass
from pathlib import Path

from patron.models.intervals import Estimate

from .budget_line import BudgetLine
from .page_files import write_page


@dataclass(frozen=True)
class MeasuredEffect:
    """A line of the chart: an arm's effect on an outcome, or None where none can be told."""

    name: str
    arm: str
    outcome: str
    drawn: bool
    estimate: Estimate | None
    adjusted_p: float
    rows: tuple[int, int]
    means: tuple[float, float]
    narrower: float


@dataclass(frozen=True)
class KindEffect:
    """The effect on one kind of customers, and whether it surely differs from that on the others."""

    arm: str
    grouping: str
    group: str
    rows: int
    effect: Estimate
    differs: bool


@dataclass(frozen=True)
class RankedGain:
    """The gain of treating a share of customers first by what was learned, and by risk (None where not known)."""

    arm: str
    outcome: str
    share: tuple[float, ...]
    learned: tuple[Estimate, ...]
    risk: tuple[Estimate, ...] | None


@dataclass(frozen=True)
class ArmEarnings:
    """What an arm's contacts earn by what is spent on the customers of its test, chosen as `learned` or by lot."""

    arm: str
    words: str
    learned: bool
    line: BudgetLine


@dataclass(frozen=True)
class PlannedBudget:
    """What a budget brings by the latest plan: its cutoff, its budget and the curve."""

    cutoff: str
    budget: float
    line: BudgetLine


@dataclass(frozen=True)
class ActivityPart:
    """A test or activity on the page, its sentences among it."""

    name: str
    drawn: bool
    lines: tuple[str, ...]
    effects: tuple[MeasuredEffect, ...]
    kinds: tuple[KindEffect, ...]
    gains: tuple[RankedGain, ...]
    earnings: tuple[ArmEarnings, ...] = ()


@dataclass(frozen=True)
class ActivitiesPage:
    """All that the page shows. `horizon_days` is the time after each moment in which outcomes count; `plan` is None
    where there is none whose effects are known.
    """

    question: str
    timezone: str
    observed_until: str
    horizon_days: int
    parts: tuple[ActivityPart, ...]
    plan: PlannedBudget | None = None


def render_activities_page(page: ActivitiesPage) -> str:
    """The page as one HTML document that loads nothing and runs nothing; the same text for the same results."""
    from .activities_view import ActivitiesView
    from .templates import environment, inline_style

    template = environment().get_template("activities.html.jinja")
    return template.render(view=ActivitiesView(page), style=inline_style("page.css"))


def write_activities_page(page: ActivitiesPage, path: Path | str) -> Path:
    """Write the page to a file, making its folder; the file's path."""
    return write_page(render_activities_page(page), path)
