"""What the page of a plan shows, in rows and drawings."""

from dataclasses import dataclass
from functools import cached_property

from .budget_figure import budget_chart
from .canvas import Drawing
from .formats import UNDEFINED, count
from .plan_page import PlannedProgramme, PlanPage


@dataclass(frozen=True)
class ProgrammeRow:
    """A row of the summary."""

    title: str
    name: str
    fits: str
    contacted: str
    held_out: str
    cost: str
    expected: str


@dataclass(frozen=True)
class PlanView:
    """The page as its template reads it."""

    page: PlanPage

    @property
    def lead(self) -> tuple[str, ...]:
        """The first sentences: how many are contacted, what it costs, what is expected, what is tested."""
        page = self.page
        contacted = sum(each.contacted for each in page.programmes)
        held = sum(each.held_out for each in page.programmes)
        said = [
            f"Contact {count(contacted)} of {count(page.customers)} customers, and leave {count(held)} alone by lot.",
            f"It costs {page.cost:,.2f} of a budget of {page.budget:,.2f}.",
        ]
        known = [each for each in page.programmes if each.expected is not None and each.contacted]
        if known:
            value, low, high = (
                sum(each.expected[place] for each in known if each.expected) for place in range(3)
            )
            said.append(
                f"Where effects are known it is expected to earn {value:+,.2f} ({low:+,.2f} to {high:+,.2f})."
            )
        tested = [each.title for each in page.programmes if each.expected is None and each.contacted]
        if tested:
            said.append(f"Not known yet, and tested: {', '.join(tested)}.")
        return tuple(said)

    @property
    def rows(self) -> tuple[ProgrammeRow, ...]:
        """A row for each programme."""
        return tuple(_row(each) for each in self.page.programmes)

    @property
    def without(self) -> tuple[tuple[str, str], ...]:
        """Why customers have no programme, and how many they are."""
        return tuple((reason, count(number)) for reason, number in self.page.without.items())

    @cached_property
    def chart(self) -> Drawing | None:
        """The budget's curve; None where no effect is known."""
        curve = self.page.curve
        return None if curve is None or len(curve.spent) < 2 else budget_chart(curve, self.page.budget)


def _row(each: PlannedProgramme) -> ProgrammeRow:
    if each.expected is None:
        expected = "unknown, testing" if each.contacted else UNDEFINED
    else:
        value, low, high = each.expected
        expected = f"{value:+,.2f} ({low:+,.2f} to {high:+,.2f})"
    return ProgrammeRow(
        each.title,
        each.name,
        count(each.fits),
        count(each.contacted),
        count(each.held_out),
        f"{each.cost:,.2f}",
        expected,
    )
