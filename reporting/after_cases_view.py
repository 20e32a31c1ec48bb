"""What followed support cases, as the report says it: what is measurable, and a table of all groups."""

from collections.abc import Iterator

from patron.models.after_cases import AfterCases, CaseGroup, CasePart

from .after_answers_view import RateRow, money, points, rate_row
from .formats import count, decimal, percent, sentence
from .wording import Wording


class AfterCasesView:
    """The words and rows of what followed cases."""

    def __init__(self, found: AfterCases, wording: Wording) -> None:
        self.found = found
        self.wording = wording

    @property
    def sentences(self) -> tuple[str, ...]:
        """What followed cases and their closing, whether earlier orders buffer, and what else is measurable."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        for name in ("just after the case", "just after it was closed"):
            part = self.found.part(name)
            if part is not None:
                yield self._level(part.groups[0], sentence(name))
        buffer = self.found.part("by earlier orders")
        if buffer is not None:
            yield self._buffer(buffer)
        for part in self.found.parts:
            contrast = part.contrast
            if contrast is not None and contrast.is_measurable and part is not buffer:
                yield (
                    f"{sentence(part.name)}: the difference to customers alike is {points(contrast.difference)}"
                    f" percentage points apart between {contrast.first} and {contrast.last}."
                )

    def _level(self, group: CaseGroup, when: str) -> str:
        if group.rate is None:
            return f"{when}: no number, {group.reason}."
        change, spend = points(group.rate.difference), self._spend(group)
        alike = f"customers alike who had no case: {change} percentage points{spend}."
        if group.is_measurable:
            return f"{when}, the {self.wording.rate} is lower than that of {alike}"
        if group.rate.difference.low > 0:
            return (
                f"{when}, the {self.wording.rate} is no lower than that of {alike} Who opens a case is still there, and"
                " the others need not be: a higher rate is no sign that cases bring anybody back."
            )
        return f"{when}, no measurable difference in the {self.wording.rate} to {alike}"

    def _spend(self, group: CaseGroup) -> str:
        return (
            ""
            if group.spend is None
            else f", and {money(group.spend.difference)} of net spend in the horizon"
        )

    def _buffer(self, part: CasePart) -> str:
        """Whether those who had bought often before lose less."""
        contrast = part.contrast
        if contrast is None:
            return "Whether earlier purchases buffer a case cannot be told: too few cases after few or many orders."
        said = f"{points(contrast.difference)} percentage points between {contrast.first} and {contrast.last}"
        if not contrast.is_measurable:
            return f"That earlier purchases buffer a case is not measurable here: {said}."
        way = "less" if contrast.difference.value > 0 else "more"
        return (
            f"Customers with more earlier purchases fall {way} behind customers alike after a case: {said}."
        )

    @property
    def parts(self) -> tuple[tuple[str, tuple[RateRow, ...], tuple[str, ...]], ...]:
        """Ways of looking at the cases: title, rows, and groups without a number with the reason."""
        return tuple(
            (
                sentence(part.name),
                tuple(
                    rate_row(each.rate, each.name, each.spend)
                    for each in part.groups
                    if each.rate is not None
                ),
                tuple(
                    f"{sentence(each.name)}: no number, {each.reason} ({count(each.customers)})"
                    for each in part.groups
                    if each.rate is None
                ),
            )
            for part in self.found.parts
        )

    @property
    def how(self) -> str:
        """How it was measured."""
        unmatched = ""
        if self.found.matched < 0.995:
            unmatched = f" For {percent(1 - self.found.matched)} of the cases there are no customers alike."
        quick = ""
        if self.found.quick_days is not None:
            quick = (
                f" Resolved quickly means within {decimal(self.found.quick_days, 1)} days of being known, as half of"
                " the closed cases were."
            )
        spend = ""
        if self.found.spend_cap is not None:
            spend = f" Net spend beyond {decimal(self.found.spend_cap, 2)} counts as that much."
        return (
            "Customers alike had no case open and none in the horizon before, are at the same stage and as long after"
            " their last order, and what their past buying and the time of year lead to is taken out. Sentences need"
            " 200 customers and 50 of either outcome, and stand after looking at every row of the table (one in ten of"
            f" those may be chance).{quick}{spend}{unmatched}"
        )
