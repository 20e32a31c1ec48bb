"""What a budget brings, in words for those who cannot see the drawing, and on the pages that show it."""

import pytest

from patron.reporting.activities_page import (
    ActivitiesPage,
    ActivityPart,
    ArmEarnings,
    PlannedBudget,
    render_activities_page,
)
from patron.reporting.budget_figure import budget_chart
from patron.reporting.budget_line import BudgetLine

RISING = BudgetLine((0.0, 50.0, 100.0), (0.0, 20.0, 30.0))
FALLING = BudgetLine((0.0, 50.0, 100.0), (0.0, 20.0, 10.0), (0.0, 5.0, -20.0), (0.0, 40.0, 45.0))


@pytest.mark.parametrize(
    ("line", "budget", "said"),
    [
        (RISING, 80.0, "It is highest, 30.00, at 100.00; it pays for all of them. The budget is 80.00."),
        (FALLING, None, "It is highest, 20.00, at 50.00; beyond that more contacts only lose."),
    ],
)
def test_the_drawing_says_where_it_stops_paying(line, budget, said):
    drawing = budget_chart(line, budget)

    assert drawing.alt == f"Expected profit by what is spent. {said}"
    assert ("pays for all" in drawing.svg()) == (line is RISING)
    assert ("stops paying" in drawing.svg()) == (line is FALLING)


def page(*, plan=None, earnings=()):
    part = ActivityPart("mail", True, ("It changed something.",), (), (), (), earnings)
    return render_activities_page(ActivitiesPage("repurchase", "UTC", "2020-09-01", 30, (part,), plan))


def test_the_page_of_activities_shows_what_a_budget_brings():
    shown = page(plan=PlannedBudget("2020-08-01", 80.0, RISING))
    assert "By the plan of 2020-08-01" in shown
    assert "The budget is 80.00." in shown


@pytest.mark.parametrize(
    ("learned", "said"), [(True, "was learned, judged on"), (False, "by lot, as nothing")]
)
def test_a_test_says_in_which_order_customers_come(learned, said):
    shown = page(earnings=(ArmEarnings("contact", "It earns.", learned, FALLING),))
    assert "What a budget brings: contact" in shown
    assert said in shown


def test_without_a_plan_or_costs_nothing_is_said_of_a_budget():
    assert "budget" not in page()
