"""The drawing of what a budget brings, and of where it stops paying."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .budget_line import BudgetLine
from .canvas import INK, MODEL, MUTED, Drawing, quiet_grid


def budget_chart(curve: BudgetLine, budget: float | None, key: str = "budget") -> Drawing:
    """Expected profit by what is spent, with the budget, if there is one, and where it stops paying."""
    pays_for_all = curve.stops_paying_at == curve.spent[-1]

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        if curve.low is not None and curve.high is not None:
            axes.fill_between(curve.spent, curve.low, curve.high, color=MODEL, alpha=0.15, linewidth=0)
        axes.plot(curve.spent, curve.profit, color=MODEL)
        axes.axhline(0, color=INK, linewidth=1.0)
        _mark(axes, curve, curve.stops_paying_at, "pays for all" if pays_for_all else "stops paying", 8, ":")
        if budget is not None and budget <= curve.spent[-1]:
            _mark(axes, curve, budget, "budget", 24, "--")
        axes.set_xlabel("spent on contacts and incentives")
        axes.set_ylabel("expected profit")
        axes.locator_params(axis="both", nbins=4 if narrow else 6)
        quiet_grid(axes, "both")

    beyond = "it pays for all of them" if pays_for_all else "beyond that more contacts only lose"
    given = "" if budget is None else f" The budget is {budget:,.2f}."
    return Drawing(
        key,
        f"Expected profit by what is spent. It is highest, {max(curve.profit):,.2f}, at {curve.stops_paying_at:,.2f};"
        f" {beyond}.{given}",
        paint,
        (720, 320),
        (358, 300),
    )


def _mark(axes: Axes, curve: BudgetLine, spent: float, word: str, up: int, line: str) -> None:
    """A line at an amount, and its word on the side where there is room."""
    color = INK if line == "--" else MUTED
    axes.axvline(spent, color=color, linestyle=line)
    right = spent > curve.spent[-1] / 2
    axes.annotate(
        word,
        (spent, 0),
        (-4 if right else 4, up),
        textcoords="offset points",
        color=color,
        ha="right" if right else "left",
    )
