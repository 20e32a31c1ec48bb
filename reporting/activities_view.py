"""What the page of activities shows, in rows and drawings."""

import math
from dataclasses import dataclass
from functools import cached_property

from patron.models.intervals import Estimate

from .activities_figure import effects_chart, gains_chart
from .activities_page import ActivitiesPage, ActivityPart, ArmEarnings, MeasuredEffect
from .budget_figure import budget_chart
from .canvas import Drawing
from .formats import UNDEFINED, count, decimal, estimate_text, percent, sentence, words


@dataclass(frozen=True)
class EffectRow:
    """A row of the table of effects."""

    arm: str
    outcome: str
    rows: str
    means: str
    effect: str
    p_value: str
    narrower: str


@dataclass(frozen=True)
class KindRow:
    """A row of the table of kinds of customers."""

    kind: str
    group: str
    rows: str
    effect: str
    says: str


@dataclass(frozen=True)
class PartView:
    """A test or activity as its section shows it."""

    part: ActivityPart
    number: int

    @property
    def anchor(self) -> str:
        """The section's id."""
        return f"activity-{self.number}"

    @property
    def how(self) -> str:
        """Whether lots were drawn."""
        return "drawn by lot" if self.part.drawn else "not drawn by lot"

    @property
    def effects(self) -> tuple[EffectRow, ...]:
        """A row for each arm and outcome."""
        return tuple(_effect_row(each) for each in self.part.effects)

    @property
    def kinds(self) -> tuple[KindRow, ...]:
        """A row for each kind of customers with enough of them."""
        return tuple(
            KindRow(
                words(each.grouping),
                words(each.group),
                count(each.rows),
                _estimate(each.effect),
                "differs from the others" if each.differs else "no measurable difference",
            )
            for each in self.part.kinds
        )

    @cached_property
    def gains(self) -> tuple[Drawing, ...]:
        """A curve for each arm of which it was asked whom it moves."""
        return tuple(
            gains_chart(gain, f"gain-{self.number}-{place}") for place, gain in enumerate(self.part.gains)
        )

    @cached_property
    def earnings(self) -> "tuple[EarningsView, ...]":
        """What a budget brings, for each arm whose contacts have a known cost."""
        return tuple(
            EarningsView(each, budget_chart(each.line, None, f"budget-{self.number}-{place}"))
            for place, each in enumerate(self.part.earnings)
        )


@dataclass(frozen=True)
class EarningsView:
    """What an arm's contacts earn, as its figure and caption."""

    earnings: ArmEarnings
    chart: Drawing

    @property
    def caption(self) -> str:
        """In which order customers come."""
        order = (
            "in the order of the effect that was learned, judged on customers from whom nothing was learned"
            if self.earnings.learned
            else "by lot, as nothing shows whom it moves more"
        )
        return (
            f"Customers of the test {order}. Band: 95% interval of the effect; the cost is taken as certain."
        )


@dataclass(frozen=True)
class ActivitiesView:
    """The page as its template reads it."""

    page: ActivitiesPage

    @property
    def measured(self) -> tuple[MeasuredEffect, ...]:
        """The effects on the first outcome, those that can be told before the others."""
        first = [part.effects[0].outcome for part in self.page.parts if part.effects]
        found = [
            each for part in self.page.parts for each in part.effects if first and each.outcome == first[0]
        ]
        return tuple(sorted(found, key=lambda each: (each.estimate is None, not each.drawn)))

    @property
    def lead(self) -> tuple[str, ...]:
        """The first sentences: how many can be told, and which change something surely."""
        told = [each for each in self.measured if each.estimate is not None]
        sure = [each for each in told if each.drawn and each.adjusted_p < 0.05]
        measured = count(len({each.name for each in told}))
        said = [f"Of {count(len(self.page.parts))} tests and activities, {measured} can be measured."]
        said += [
            f"{sentence(each.name)} changed {each.outcome} by {_estimate(each.estimate)}"
            f" per customer given {each.arm}."
            for each in sure
            if each.estimate is not None
        ]
        if told and not sure:
            said.append("None of them changed repurchase measurably, looking at all of them.")
        return tuple(said)

    @cached_property
    def chart(self) -> Drawing | None:
        """The chart of the first outcome; None where there is no effect at all."""
        return effects_chart(self.measured, "effects") if self.measured else None

    @cached_property
    def plan(self) -> Drawing | None:
        """What a budget brings by the latest plan; None where there is none, or no effect is known."""
        plan = self.page.plan
        return None if plan is None or len(plan.line.spent) < 2 else budget_chart(plan.line, plan.budget)

    @property
    def has_earnings(self) -> bool:
        """Whether any test says what its contacts earn."""
        return any(part.earnings for part in self.page.parts)

    @cached_property
    def parts(self) -> tuple[PartView, ...]:
        """The sections."""
        return tuple(PartView(part, number) for number, part in enumerate(self.page.parts, 1))


def _effect_row(each: MeasuredEffect) -> EffectRow:
    means = " / ".join(decimal(mean, 3) for mean in each.means)
    return EffectRow(
        each.arm,
        each.outcome,
        " / ".join(count(rows) for rows in each.rows),
        means,
        "cannot be told" if each.estimate is None else _estimate(each.estimate),
        UNDEFINED if math.isnan(each.adjusted_p) else _p(each.adjusted_p),
        UNDEFINED if math.isnan(each.narrower) else percent(1 - each.narrower, 0),
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else decimal(value, 3)


def _estimate(found: Estimate | None) -> str:
    if found is None:
        return UNDEFINED
    size = max(abs(found.low), abs(found.high))
    return estimate_text(found, 2 if size >= 1 else 3, signed=True)
