"""What the page of activities shows, in rows and drawings."""

import math
from dataclasses import dataclass
from functools import cached_property

from patron.models.intervals import Estimate

from .activities_figure import effects_chart, gains_chart
from .activities_page import ActivitiesPage, ActivityPart, MeasuredEffect
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
