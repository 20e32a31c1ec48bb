"""What followed the answers, as the report says it: the shape in a sentence, and the rows of the tables."""

from dataclasses import dataclass
from functools import cached_property

from patron.models.after_answers import AfterAnswers, GroupRate
from patron.models.intervals import Estimate

from .formats import count, decimal, percent, sentence, words
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


class AfterAnswersView:
    """The words and rows of what followed the answers."""

    def __init__(self, found: AfterAnswers, wording: Wording) -> None:
        self.found = found
        self.wording = wording

    @property
    def sentences(self) -> tuple[str, ...]:
        """The shape, its step, and those who did not answer."""
        return tuple(each for each in (self._shape, self._step, self._response) if each)

    @property
    def _shape(self) -> str:
        """Rising, falling or flat, against customers alike."""
        first, last, slope = self.found.bands[0].name, self.found.bands[-1].name, self.found.slope
        ends = f"from the lowest scores ({first}) to the highest ({last})"
        if slope.low > 0 or slope.high < 0:
            way = "higher" if slope.value > 0 else "lower"
            return (
                f"A higher score is associated with a {way} {self.wording.rate}: {ends} it changes by"
                f" {_points(slope)} percentage points, measured beside customers alike who were not asked."
            )
        return (
            f"No measurable association between the score and the {self.wording.rate}: {ends} it changes by"
            f" {_points(slope)} percentage points, measured beside customers alike who were not asked."
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
        return f"The largest step is {where}: {_points(step.change)} percentage points."

    @property
    def _response(self) -> str | None:
        """Those who answered less those who did not."""
        difference = self.found.answered_less_silent
        if difference is None:
            return None
        if difference.low > 0 or difference.high < 0:
            way = "higher" if difference.value > 0 else "lower"
            return (
                f"Answering at all is associated with a {way} {self.wording.rate}: {_points(difference)} percentage"
                " points between those who answered and those who were asked and stayed silent."
            )
        return (
            f"Whether somebody answered at all has no measurable association with the {self.wording.rate}:"
            f" {_points(difference)} percentage points between those who answered and those who stayed silent."
        )

    @property
    def categories(self) -> tuple[tuple[str, str, str, str, str], ...]:
        """Categories, the widest difference first: name, customers, difference, its ends, and what it says."""
        return tuple(
            (
                words(each.category),
                count(each.customers),
                decimal(100 * each.gap.value, 1, signed=True),
                _signed_ends(each.gap),
                "measurable" if each.is_measurable else "no measurable difference",
            )
            for each in self.found.categories
        )

    @cached_property
    def rows(self) -> tuple[RateRow, ...]:
        """The bands of scores, lowest first, and then those asked by whether they answered."""
        bands = [_row(each, f"score {each.name}") for each in self.found.bands]
        return (*bands, *(_row(each, each.name) for each in self.found.response))

    @property
    def how(self) -> str:
        """How it was measured."""
        unmatched = ""
        if self.found.matched < 0.995:
            alone = percent(1 - self.found.matched)
            unmatched = f" For {alone} of the answers there are no customers alike; they are left out."
        return (
            f"Scores in {self.found.unit}. Each answer is a moment, just after it became known. Customers alike had the"
            " same stage, time since the last order and number of orders in 90 days, and were not asked in the horizon"
            " before; where they differ in other ways, so may what they do. Those asked are looked at a week later."
            f" The intervals know that several answers of one customer are alike.{unmatched}"
        )


def _row(group: GroupRate, name: str) -> RateRow:
    difference = group.difference
    return RateRow(
        sentence(name),
        count(group.customers),
        f"{count(group.moments)} moments",
        (percent(group.share.value), _ends(group.share)),
        (percent(group.expected.value), _ends(group.expected)),
        (
            decimal(100 * difference.value, 1, signed=True),
            _signed_ends(difference),
        ),
    )


def _ends(share: Estimate) -> str:
    return f"{percent(share.low)} to {percent(share.high)}"


def _signed_ends(change: Estimate) -> str:
    low, high = (decimal(100 * end, 1, signed=True) for end in (change.low, change.high))
    return f"{low} to {high}"


def _points(change: Estimate) -> str:
    value, low, high = (
        decimal(100 * each, 1, signed=True) for each in (change.value, change.low, change.high)
    )
    return f"{value} ({low} to {high})"
