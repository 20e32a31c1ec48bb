"""Kinds of customers and what they value, as the report says it."""

from functools import cached_property

from patron.models.customer_kinds import CustomerKinds, KindRate
from patron.models.reason_shifts import ReasonShifts

from .after_answers_view import RateRow, points, rate_row, signed_ends
from .formats import decimal, percent, sentence, words
from .wording import Wording

_BESIDE = {
    "transactional": "other satisfied customers alike",
    "difficult, not back": "customers alike without a case or a low score of late",
    "difficult, back": "customers alike without a case or a low score of late",
}
ReasonRow = tuple[str, tuple[tuple[str, str], ...], tuple[str, str], str]
"""A reason: its shares and its change, each with the ends, and what the change says."""

Reasons = tuple[str, tuple[str, ...], tuple[ReasonRow, ...]]

_SAME_REASON = "customers alike whose main reason is the same as before"


class KindsView:
    """The words and rows of kinds of customers."""

    def __init__(self, found: CustomerKinds, wording: Wording) -> None:
        self.found = found
        self.wording = wording

    @property
    def sentences(self) -> tuple[str, ...]:
        """Each kind beside customers alike, and whether reasons shift."""
        shifts = [_shift_words(each) for each in self.found.reasons]
        return (*(self._kind_words(each) for each in self.found.rates), *shifts)

    def _kind_words(self, each: KindRate) -> str:
        rate, beside = each.rate, _BESIDE.get(each.kind, _SAME_REASON)
        measured = f"{points(rate.difference)} percentage points beside {beside}"
        if each.is_measurable:
            way = "higher" if rate.difference.value > 0 else "lower"
            return f"{sentence(rate.name)}: associated with a {way} {self.wording.rate}, {measured}."
        return f"{sentence(rate.name)}: no measurable difference in the {self.wording.rate}, {measured}."

    @cached_property
    def rows(self) -> tuple[RateRow, ...]:
        """The kinds beside customers alike."""
        return tuple(rate_row(each.rate, each.rate.name) for each in self.found.rates)

    @property
    def absent(self) -> tuple[str, ...]:
        """What could not be told, and why."""
        return tuple(f"{sentence(said)}." for _, said in self.found.absent)

    @cached_property
    def reasons(self) -> tuple[Reasons, ...]:
        """For each source its name, the periods, and per reason shares with their ends, change and what it says."""
        return tuple((each.given_with, each.periods, _reason_rows(each)) for each in self.found.reasons)

    @property
    def how(self) -> str:
        """How kinds are told."""
        price = self.found.price
        paid = ""
        if price is not None and self.found.rate("transactional") is not None:
            said = {
                "full_price_share": "orders without a discount",
                "price_tier": "price beside that of others",
            }[price[0]]
            edge = (
                percent(price[1], 0) if price[0] == "full_price_share" else decimal(price[1], 2, signed=True)
            )
            paid = f" Buying on price: the lower third by {said} (at most {edge})."
        return (
            "Customers alike have the same stage and past buying, at all"
            f" training cutoffs; in other ways they may differ.{paid} Difficult: a case opened, or a last score in the"
            " lower quarter of the scale given, in the 180 days before; back: an order since. A main reason is another"
            " where the most frequent one of the last 180 days is not that of the time before. Each kind needs 200"
            " customers and 50 moments with and without a purchase after."
        )


def _reason_rows(found: ReasonShifts) -> tuple[ReasonRow, ...]:
    return tuple(
        (
            sentence(words(each.reason)),
            tuple((percent(s.value, 0), f"{percent(s.low, 0)} to {percent(s.high, 0)}") for s in each.shares),
            (decimal(100 * each.change.value, 1, signed=True), signed_ends(each.change)),
            "changed" if each.is_measurable else "no measurable change",
        )
        for each in found.reasons
    )


def _shift_words(found: ReasonShifts) -> str:
    changed = [each for each in found.reasons if each.is_measurable]
    if not changed:
        return f"The reasons given with {found.given_with} show no measurable shift since {found.periods[0]}."
    said = ", ".join(
        f"{words(each.reason)} from {percent(each.shares[0].value, 0)} to {percent(each.shares[-1].value, 0)}"
        for each in changed
    )
    return (
        f"Of the reasons given with {found.given_with}, these shifted since {found.periods[0]}: {said}"
        " (at 10% false discovery)."
    )
