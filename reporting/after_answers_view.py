"""What followed the answers, as the report says it: the shape in a sentence, and the rows of the tables."""

from dataclasses import dataclass
from functools import cached_property

from patron.models.after_answers import AfterAnswers
from patron.models.answers_by_category import CategoryGap
from patron.models.intervals import Estimate, is_apart
from patron.models.moments import GroupRate

from .formats import count, day_of, decimal, percent, sentence, words
from .wording import Wording


@dataclass(frozen=True)
class RateRow:
    """A group of moments in a table."""

    name: str
    customers: str
    moments: str
    share: tuple[str, str]
    expected: tuple[str, str]
    difference: tuple[str, str]
    spend: tuple[str, str] | None = None


class AfterAnswersView:
    """The words and rows of what followed the answers."""

    def __init__(self, found: AfterAnswers, wording: Wording) -> None:
        self.found = found
        self.wording = wording

    @property
    def sentences(self) -> tuple[str, ...]:
        """The shape, its step, and those who did not answer."""
        return tuple(
            each for each in (self._shape, self._spend, self._step, self._change, self._response) if each
        )

    @property
    def _shape(self) -> str:
        """Rising, falling or flat, against customers alike."""
        first, last, slope = self.found.bands[0].name, self.found.bands[-1].name, self.found.slope
        ends = f"from the lowest scores ({first}) to the highest ({last})"
        if slope.low > 0 or slope.high < 0:
            way = "higher" if slope.value > 0 else "lower"
            return (
                f"A higher score is associated with a {way} {self.wording.rate}: {ends} it changes by"
                f" {points(slope)} percentage points, measured beside {self._alike}."
            )
        return (
            f"No measurable association between the score and the {self.wording.rate}: {ends} it changes by"
            f" {points(slope)} percentage points, measured beside {self._alike}."
        )

    @property
    def _step(self) -> str | None:
        """Where it changes most, if that can be told."""
        step = self.found.step
        if step is None:
            if len(self.found.bands) == 2 or not (self.found.slope.low > 0 or self.found.slope.high < 0):
                return None
            return "No single step between neighbouring scores is large enough to be told from chance."
        where = f"from {step.below} to {step.above}"
        if step.above == self.found.bands[-1].name:
            where += ", the top of the scale"
        return f"The largest step is {where}: {points(step.change)} percentage points."

    @property
    def _response(self) -> str | None:
        """Those who answered less those who did not."""
        difference = self.found.answered_less_silent
        if difference is None:
            return None
        if difference.low > 0 or difference.high < 0:
            way = "higher" if difference.value > 0 else "lower"
            return (
                f"Answering at all is associated with a {way} {self.wording.rate}: {points(difference)} percentage"
                " points between those who answered and those who were asked and stayed silent."
            )
        return (
            f"Whether somebody answered at all has no measurable association with the {self.wording.rate}:"
            f" {points(difference)} percentage points between those who answered and those who stayed silent."
        )

    @property
    def _alike(self) -> str:
        return (
            "customers alike who answered too"
            if self.found.is_among_answers
            else "customers alike who were not asked"
        )

    @property
    def _spend(self) -> str | None:
        """The same of net spend, where it is an outcome."""
        slope = self.found.spend_slope
        if slope is None:
            return None
        if is_apart(slope):
            way = "more" if slope.value > 0 else "less"
            return (
                f"Higher scores come with {way} net spend in the horizon: {money(slope)} per customer from the lowest"
                f" to the highest, beside {self._alike}."
            )
        return (
            f"No measurable association between the score and net spend in the horizon: {money(slope)} per customer"
            " from the lowest to the highest."
        )

    @property
    def _change(self) -> str | None:
        """Whether the relation weakened or grew, where that can be told."""
        time = self.found.over_time
        if time is None:
            return None
        if time.change is None:
            return "Whether this changes over time cannot be told: too few answers in each half of the time."
        ends = [
            decimal(100 * each.slope.value, 1, signed=True) for each in (time.periods[0], time.periods[-1])
        ]
        if is_apart(time.change):
            return (
                f"Over time this changed from {ends[0]} to {ends[1]} percentage points, first to last of"
                f" {len(time.periods)} parts: a change of {points(time.change)}."
            )
        most = decimal(100 * max(abs(time.change.low), abs(time.change.high)), 1)
        return (
            f"No change over time is measurable between {len(time.periods)} parts of it: {points(time.change)}"
            f" percentage points from the first to the last; one of up to {most} may have gone unseen."
        )

    def periods(self, timezone: str) -> tuple[tuple[str, str, str, str], ...]:
        """Parts of the time: days from and to, customers, slope, its ends."""
        time = self.found.over_time
        return tuple(
            (
                f"{day_of(each.first, timezone)} to {day_of(each.last, timezone)}",
                count(each.customers),
                decimal(100 * each.slope.value, 1, signed=True),
                signed_ends(each.slope),
            )
            for each in (time.periods if time is not None else ())
        )

    @property
    def segments(self) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
        """Kinds of segments by title, with their rows: see `_segment`."""
        titles = {"category": "Main category", "stage": "Stage", "spend": "Spend in a year"}
        return tuple((titles[name], tuple(map(_segment, gaps))) for name, gaps in self.found.segments.items())

    @cached_property
    def rows(self) -> tuple[RateRow, ...]:
        """The bands of scores, lowest first, and then those asked by whether they answered."""
        spend = {each.name: each for each in self.found.spend}
        bands = [rate_row(each, f"score {each.name}", spend.get(each.name)) for each in self.found.bands]
        return (*bands, *(rate_row(each, each.name) for each in self.found.response))

    @property
    def how(self) -> str:
        """How it was measured."""
        unmatched = ""
        if self.found.matched < 0.995:
            alone = percent(1 - self.found.matched)
            unmatched = f" For {alone} of the answers there are no customers alike; they are left out."
        who = (
            " Hardly anybody alike was not asked, so that those who answered are compared with each other, which makes"
            " differences a little smaller than they are."
            if self.found.is_among_answers
            else " Customers alike were not asked in the horizon before. Those asked are looked at a week later."
        )
        spend = ""
        if self.found.spend_cap is not None:
            spend = f" Net spend beyond {_amount(self.found.spend_cap, signed=False)} counts as that much."
        return (
            f"Scores in {self.found.unit}. Each answer is a moment, just after it became known.{who} They are at the"
            " same stage and as long after their last order, and what their past buying and the time of year lead to is"
            " taken out; where they differ in other ways, so may what they do. The intervals know that several answers"
            f" of one customer are alike.{spend}{unmatched}"
        )


def _segment(gap: CategoryGap) -> tuple[str, ...]:
    """Name, customers, difference, its ends, the pooled difference, its ends, and what it says."""
    return (
        words(gap.category),
        count(gap.customers),
        decimal(100 * gap.gap.value, 1, signed=True),
        signed_ends(gap.gap),
        decimal(100 * gap.pooled.value, 1, signed=True),
        signed_ends(gap.pooled),
        "measurable" if gap.is_measurable else "no measurable difference",
    )


def rate_row(group: GroupRate, name: str, spend: GroupRate | None = None) -> RateRow:
    """A group to its row; `spend` is what it has of net spend."""
    difference = group.difference
    return RateRow(
        sentence(name),
        count(group.customers),
        f"{count(group.moments)} moments",
        (percent(group.share.value), _ends(group.share)),
        (percent(group.expected.value), _ends(group.expected)),
        (
            decimal(100 * difference.value, 1, signed=True),
            signed_ends(difference),
        ),
        None if spend is None else (_amount(spend.difference.value), _money_ends(spend.difference)),
    )


def _ends(share: Estimate) -> str:
    return f"{percent(share.low)} to {percent(share.high)}"


def signed_ends(change: Estimate) -> str:
    """The ends of a change in percentage points."""
    low, high = (decimal(100 * end, 1, signed=True) for end in (change.low, change.high))
    return f"{low} to {high}"


def points(change: Estimate) -> str:
    """A change of a share with its ends, in percentage points."""
    value, low, high = (
        decimal(100 * each, 1, signed=True) for each in (change.value, change.low, change.high)
    )
    return f"{value} ({low} to {high})"


def _amount(value: float, *, signed: bool = True) -> str:
    return decimal(value, 2, signed=signed)


def _money_ends(change: Estimate) -> str:
    return f"{_amount(change.low)} to {_amount(change.high)}"


def money(change: Estimate) -> str:
    """A change of an amount with its ends."""
    return f"{_amount(change.value)} ({_money_ends(change)})"
