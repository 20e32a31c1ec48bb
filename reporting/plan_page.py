"""The page of a plan: what is done by which programme, what to expect of it, and where a budget stops paying."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .budget_line import BudgetLine
from .page_files import write_page


@dataclass(frozen=True)
class PlannedProgramme:
    """A programme's part in the plan, in words and numbers. `expected` is (profit, low, high); None: not known."""

    name: str
    title: str
    whom: str
    code: str
    when: str
    channel: str
    objective: str
    known: str
    fits: int
    contacted: int
    held_out: int
    cost: float
    expected: tuple[float, float, float] | None
    experiment: str | None


@dataclass(frozen=True)
class PlanPage:
    """All that the page shows; amounts are in the currency of the purchases."""

    question: str
    timezone: str
    cutoff: str
    customers: int
    budget: float
    cost: float
    programmes: tuple[PlannedProgramme, ...]
    without: Mapping[str, int]
    curve: BudgetLine | None
    notes: tuple[str, ...]


def render_plan_page(page: PlanPage) -> str:
    """The page as one HTML document that loads nothing and runs nothing; the same text for the same plan."""
    from .plan_view import PlanView
    from .templates import environment, inline_style

    template = environment().get_template("plan.html.jinja")
    return template.render(view=PlanView(page), style=inline_style("page.css"))


def write_plan_page(page: PlanPage, path: Path | str) -> Path:
    """Write the page to a file, making its folder; the file's path."""
    return write_page(render_plan_page(page), path)
