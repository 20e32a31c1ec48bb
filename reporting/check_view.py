"""The check as its template shows it: every number already written, every finding already in words."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from patron.features.gap_survival import KEPT, WindowErrors
from patron.features.order_rhythm import FIRST_DAYS, Rhythm
from patron.features.regularity import FEWEST_GAPS
from patron.features.table_facts import TableFacts
from patron.models.intervals import wilson
from patron.models.separability import SeparatingFeature

from .check_page import CheckPage
from .data_view import AccountRow, account_row, reason_rows
from .formats import UNDEFINED, count, day, day_of, decimal, percent
from .wording import Wording

LITTLE = 0.005
"""Smaller shares of missing values are not worth a word."""


@dataclass(frozen=True)
class AdviceRow:
    """A setting with what is configured and recommended."""

    setting: str
    configured: str
    recommended: str
    verdict: str
    why: str


@dataclass(frozen=True)
class Row:
    """A row of a table: its name, its cells, and whether it is marked."""

    name: str
    cells: tuple[str, ...]
    is_marked: bool = False


@dataclass(frozen=True)
class Fact:
    """Something measured, with what it says."""

    label: str
    value: str
    says: str = ""


class CheckView:
    """The words and rows of the check's page."""

    def __init__(self, page: CheckPage) -> None:
        self.page = page
        self.wording = Wording.of(page.question)
        self.overall = page.rhythm.overall

    @property
    def verdict(self) -> str:
        """Whether a model can be trained."""
        if self.page.problems:
            return "Not yet: there is too little to train and judge a model"
        return "Yes: there is enough to train and judge a model"

    @property
    def observed_until(self) -> str:
        """The day at which the data end."""
        return day(self.page.observed_until, self.page.timezone)

    @property
    def changes(self) -> int:
        """How many settings are worth a thought."""
        return sum(each.verdict != "keep" for each in self.page.advice)

    @property
    def advice(self) -> tuple[AdviceRow, ...]:
        """The settings, those worth a thought first."""
        ordered = sorted(self.page.advice, key=lambda each: each.verdict == "keep")
        return tuple(
            AdviceRow(each.setting, count(each.configured), count(each.recommended), each.verdict, each.why)
            for each in ordered
        )

    @property
    def gate(self) -> tuple[tuple[str, str, str, bool], ...]:
        """What is counted, found and needed, and whether it is enough."""
        return tuple(
            (each.what, count(each.found), count(each.needed), each.is_enough) for each in self.page.gate
        )

    @property
    def history(self) -> tuple[Fact, ...]:
        """The days of history there are and that it takes."""
        history, question = self.page.history, self.page.question
        fit = (
            "they fit"
            if history.is_enough
            else f"{history.fitting} fit; all would from {history.enough_on} on"
        )
        judged = "there are" if history.days >= history.judged_days else f"enough from {history.judged_on} on"
        return (
            Fact("There are", f"{count(history.days)} days", "whole days between observed_from and observed_until"),
            Fact(
                f"For {history.asked} cutoffs {question.spacing_days} days apart",
                f"{count(history.asked_days)} days",
                f"a horizon of history before the first and {question.horizon_days + question.settle_days} days after"
                f" the last: {fit}",
            ),
            Fact(
                "To be judged as asked",
                f"{count(history.judged_days)} days",
                f"{history.judged_cutoffs} cutoffs, so that the first test cutoff has trees and calibration chosen"
                f" on earlier time too: {judged}",
            ),
            Fact(
                "For the lookback to be observed at each",
                f"{count(history.observed_days)} days",
                "there are" if history.days >= history.observed_days else
                "more than there are: at the first cutoffs the longest windows are not wholly observed, and missing",
            ),
        )  # fmt: skip

    @property
    def excluded(self) -> tuple[tuple[str, str], ...]:
        """Snapshots left out: reason and number, the most first."""
        return reason_rows(self.page.excluded)

    @cached_property
    def repeats(self) -> tuple[Fact, ...]:
        """Who comes back, and how often."""
        rhythm, found = self.page.rhythm, self.overall.repeats
        if not found.buyers:
            return (Fact("Buyers", "0", "Nobody has ordered."),)
        facts = [
            Fact("Buyers", count(found.buyers), f"half of them on at most {decimal(rhythm.order_days_median, 0)} days"),
            Fact("Ordered on a later day", percent(found.again / found.buyers), "so far, of whatever age"),
        ]  # fmt: skip
        if found.followed:
            share = wilson(found.followed_again, found.followed)
            facts.append(
                Fact(
                    f"Within {found.within_days} days of the first",
                    percent(share.value),
                    f"{percent(share.low)} to {percent(share.high)}, of the {count(found.followed)} whose first order"
                    " is old enough",
                )
            )
        facts.append(
            Fact(
                f"First orders in the first {FIRST_DAYS} days",
                percent(rhythm.early, 0),
                f"of {count(rhythm.history_days)} calendar days, that of the first order counted: where this is far"
                " more than its part, many were customers before",
            )
        )
        return tuple(facts)

    @property
    def order_days(self) -> tuple[Row, ...]:
        """How many customers ordered on how many days."""
        counts, total = self.page.rhythm.order_days, self.page.rhythm.order_days.sum()
        found = []
        for low, high in ((1, 1), (2, 2), (3, 5), (6, 10), (11, 30), (31, None)):
            number = int(counts[low : None if high is None else high + 1].sum())
            name = f"{low}" if low == high else f"{low} or more" if high is None else f"{low} to {high}"
            if number:
                found.append(Row(name, (count(number), percent(number / total))))
        return tuple(found)

    @property
    def gaps(self) -> str:
        """How long customers take from order to order."""
        gaps = self.overall.gaps
        if not gaps.ended.any():
            return "Nobody has ordered on two days."
        quarter, half, three, most = (decimal(gaps.quantile(share), 0) for share in (0.25, 0.5, 0.75, 0.9))
        return (
            f"Half of the {count(gaps.ended.sum())} gaps are no longer than {half} days, a quarter no longer than"
            f" {quarter}, three quarters {three}, nine in ten {most}. Customers who order often have most of the gaps."
        )

    @property
    def horizons(self) -> tuple[Row, ...]:
        """What another horizon would ask; the configured one is marked."""
        return tuple(
            Row(
                f"{each.days} days",
                (percent(each.next_orders, 0), percent(each.rate, 0)),
                each.days == self.page.question.horizon_days,
            )
            for each in self.page.rhythm.horizons
            if math.isfinite(each.next_orders)
        )

    @property
    def windows(self) -> tuple[Row, ...]:
        """What windows get wrong; the configured one is marked."""
        rows = [self._window_row(each) for each in self.overall.errors]
        return tuple(row for row in rows if row is not None)

    def _window_row(self, errors: WindowErrors) -> Row | None:
        is_configured = errors.window_days == self.page.question.lookback_days
        if not (is_configured or math.isfinite(errors.kept)):
            return None
        ends = f" ({percent(errors.came_back_low, 0)} to {percent(errors.came_back_high, 0)})"
        return Row(
            f"{errors.window_days} days",
            (
                percent(errors.came_back, 0) + (ends if math.isfinite(errors.came_back_low) else ""),
                percent(errors.gone, 0),
                percent(errors.kept),
                count(errors.silences),
            ),
            is_configured,
        )

    @property
    def lookback(self) -> str:
        """Which windows stand out."""
        shortest, balanced = self.overall.shortest, self.overall.balanced
        found = []
        if shortest is not None:
            found.append(
                f"As a lookback, {shortest} days are the shortest of the usual windows that hold {percent(KEPT, 0)} of"
                f" the customers who then order within {self.page.question.horizon_days} days."
            )
        if balanced is not None:
            found.append(f"As a date of loss, {balanced} days make the two errors equal.")
        elif self.overall.survival.limit > self.overall.follow_days:
            found.append("The two errors are equal at no window that can be followed in this history.")
        return " ".join(found) or "Too few silences can be followed to say what a window gets wrong."

    @property
    def categories(self) -> tuple[Row, ...]:
        """The large categories, how they are bought again, and what the lookback gets wrong for them."""
        return tuple(self._category_row(name, rhythm) for name, rhythm in self.page.rhythm.categories)

    def _category_row(self, name: str, rhythm: Rhythm) -> Row:
        found, errors = rhythm.repeats, rhythm.error(self.page.question.lookback_days)
        return Row(
            name,
            (
                count(found.buyers),
                percent(found.again / found.buyers, 0),
                percent(found.followed_again / found.followed, 0) if found.followed else UNDEFINED,
                decimal(rhythm.gaps.quantile(0.5), 0),
                UNDEFINED if errors is None else percent(errors.came_back, 0),
                UNDEFINED if errors is None else percent(errors.gone, 0),
                UNDEFINED if rhythm.balanced is None else count(rhythm.balanced),
                UNDEFINED if rhythm.shortest is None else count(rhythm.shortest),
            ),
        )

    @property
    def regularity(self) -> tuple[Fact, ...]:
        """How regular the timing is."""
        found = self.page.rhythm.regularity
        k = "∞" if found.k == math.inf else decimal(found.k, 2)
        return (
            Fact(
                "More regular than chance",
                percent(found.regular, 0),
                f"of {count(found.customers)} customers with {FEWEST_GAPS} gaps or more; chance alone would make it 5%",
            ),
            Fact(
                "Variation of gaps (median)",
                decimal(found.variation, 2),
                "a customer's standard deviation over the mean: 0 is clockwork, 1 is chance",
            ),
            Fact("Wheat–Morrison k", k, f"from {count(found.pairs)} pairs of gaps: 1 is chance, 2 and more is regular"),
        )  # fmt: skip

    @property
    def telling(self) -> tuple[tuple[SeparatingFeature, Row], ...]:
        """The features by which they are told apart, the strongest first."""
        told = self.page.separability
        if told is None:
            return ()
        return tuple(
            (
                each,
                Row(
                    each.field.name,
                    (
                        percent(each.share, 0),
                        decimal(each.alone, 2),
                        percent(each.missing_earlier, 0),
                        percent(each.missing_later, 0),
                    ),
                    each.field.name in told.unbounded,
                ),
            )
            for each in told.features
        )

    @property
    def tables(self) -> tuple[tuple[AccountRow, tuple[str, ...]], ...]:
        """What became of each table's rows, and what else is to know of it."""
        zone = self.page.timezone
        return tuple(
            (account_row(account, zone), tuple(self._said_of(facts)))
            for account, facts in zip(self.page.accounts, self.page.tables, strict=True)
        )

    def _said_of(self, facts: TableFacts) -> list[str]:
        per = decimal(facts.rows_per_customer, 0)
        said = [f"{count(facts.customers)} customers, half of them with at most {per} rows"]
        if facts.who_bought is not None and facts.of_buyers is not None:
            said.append(
                f"{percent(facts.who_bought, 0)} of its customers have bought; {percent(facts.of_buyers, 0)} of all"
                " buyers are in it"
            )
        missing = [f"{name} {percent(share, 0)}" for name, share in facts.missing.items() if share >= LITTLE]
        said.append(f"missing: {', '.join(missing)}" if missing else "no mapped column misses values")
        if facts.lateness is not None:
            late = facts.lateness
            said.append(
                f"known after it happened: half within {decimal(late.median, 1)} days, 90% {decimal(late.p90, 1)}, 99%"
                f" {decimal(late.p99, 1)}, the last after {decimal(late.longest, 0)}"
            )
        if abs(facts.observed_from) < 2**61 and np.isfinite(facts.observed_from):
            since = day_of(facts.observed_from, self.page.timezone)
            said.append(
                f"complete from {since} on, as stated"
                if facts.stated
                else f"taken to be complete from its first fact on, {since}: state observed_from if that is not so"
            )
        return said
