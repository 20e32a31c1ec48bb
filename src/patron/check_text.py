"""The check as lines for a terminal: the verdict and the advice first, then what they rest on."""

import math
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from patron.features.localtime import LocalTime
from patron.features.notebook import card
from patron.features.reading import TableAccount
from patron.features.table_facts import TableFacts
from patron.training.gate import CutoffCount

if TYPE_CHECKING:
    from .checkup import CheckReport

WIDTH = 110


def report_lines(report: "CheckReport") -> Iterator[str]:
    """Can a model be trained, what should be changed, and what both rest on."""
    yield from _verdict(report)
    yield ""
    yield from _advice(report)
    yield ""
    yield from _tables(report)
    yield ""
    yield from _orders(report)
    yield ""
    yield from _cutoffs(report)
    if report.notes or report.quarantine:
        yield ""
        for path in report.quarantine:
            yield f"quarantined rows are in {path}"
        for note in report.notes:
            yield f"note: {note}"
    if report.page is not None:
        yield ""
        yield f"page: {report.page}"


def report_card(report: "CheckReport") -> str:
    """The report for a notebook: the verdict, what should be changed, the rows of each table and the cutoffs."""
    tests = set(report.tests)
    tables = [
        (f"rows of {each.table}", f"{each.used:,} used", f"{sum(each.quarantined.values()):,} quarantined")
        for each in report.accounts
    ]
    cutoffs = [
        (
            f"cutoff {each.cutoff}{', judged' if each.cutoff in tests else ''}",
            f"{each.snapshots:,} snapshots",
            f"{each.events:,} met the target",
        )
        for each in report.cutoffs
    ]
    title = "Enough to train and judge a model" if report.ready else "Not enough to train a model"
    advice = [
        f"consider {each.setting} {each.configured} → {each.recommended}: {each.why}"
        for each in report.advice
        if each.verdict == "consider"
    ]
    sentences = [*_verdict(report), *advice, *(f"note: {note}" for note in report.notes)]
    return card("patron check", title, sentences, ("", "", ""), [*tables, *cutoffs])


def _verdict(report: "CheckReport") -> Iterator[str]:
    if report.ready:
        asked = f"{len(report.cutoffs)} cutoffs, {len(report.tests)} of them to be judged at"
        yield f"enough to train and judge a model: {report.customers:,} customers, {asked}"
    for problem in report.problems:
        yield f"not enough: {problem}"
    if report.problems and report.gate:
        yield f"to do: {report.remedy}"
    if report.provisional:
        yield f"a result would be provisional: {report.provisional}"
    if report.problems and not report.history.is_enough:
        history = report.history
        yield (
            f"the {history.asked} cutoffs asked for take {history.asked_days} days of history, and there are"
            f" {history.days}: from {history.enough_on} on they would fit"
        )


def _advice(report: "CheckReport") -> Iterator[str]:
    yield "advice (nothing is changed by it)"
    for each in report.advice:
        value = f"{each.configured}" if each.verdict == "keep" else f"{each.configured} -> {each.recommended}"
        lines = textwrap.wrap(f"{each.verdict}: {each.why}", WIDTH - 34)
        yield f"  {each.setting:18} {value:>11}  {lines[0]}"
        yield from (f"{'':34}{line}" for line in lines[1:])


def _tables(report: "CheckReport") -> Iterator[str]:
    zone = LocalTime(report.timezone)
    yield f"tables ({report.customers:,} customers)"
    for account, facts in zip(report.accounts, report.tables, strict=True):
        yield f"  {_table_line(account, zone)}"
        yield from _indented(", ".join(_details(facts)))


def _table_line(account: TableAccount, zone: LocalTime) -> str:
    refused = [f"{count:,} quarantined ({reason})" for reason, count in account.quarantined.items()]
    unreadable = [f"{count:,} unreadable {name}" for name, count in account.unreadable.items()]
    odd = [f"{account.odd_times:,} times that do not exist or exist twice"] if account.odd_times else []
    span = ""
    if account.first is not None and account.last is not None and account.first > -(2**61):
        span = f" from {zone.day_of(account.first)} to {zone.day_of(account.last)}"
    details = "".join(f", {text}" for text in [*refused, *unreadable, *odd])
    return f"{account.table}: {account.rows:,} rows{span}, {account.used:,} used{details}"


def _details(facts: TableFacts) -> Iterator[str]:
    if facts.who_bought is not None and facts.of_buyers is not None:
        yield f"{facts.who_bought:.0%} of its customers have bought, {facts.of_buyers:.0%} of buyers are in it"
    if facts.lateness is not None and facts.lateness.late > 0:
        yield f"{facts.lateness.late:.1%} known more than a day late"
    missing = [f"{name} {share:.0%}" for name, share in facts.missing.items() if share >= 0.005]
    if missing:
        yield f"missing: {', '.join(missing)}"


def _orders(report: "CheckReport") -> Iterator[str]:
    overall, rhythm = report.rhythm.overall, report.rhythm
    repeats, within = overall.repeats, overall.repeats.within_days
    yield "orders"
    again = [f"{repeats.again / repeats.buyers:.1%} of {repeats.buyers:,} buyers ordered on a later day"]
    if repeats.followed:
        again.append(f"{repeats.followed_again / repeats.followed:.1%} within {within} days of the first")
    yield f"  {', '.join(again)}" if repeats.buyers else "  nobody ordered"
    if math.isfinite(overall.gaps.quantile(0.5)):
        quarter, half, most = (overall.gaps.quantile(share) for share in (0.25, 0.5, 0.9))
        yield f"  between orders: half within {half:.0f} days (a quarter {quarter:.0f}, nine in ten {most:.0f})"
    configured = overall.error(report.question.lookback_days)
    if configured is not None and math.isfinite(configured.came_back) and math.isfinite(configured.gone):
        yield (
            f"  called lost after {configured.window_days} days: {configured.came_back:.0%} order within the next"
            f" {configured.follow_days}; called active: {configured.gone:.0%} do not"
        )
    if overall.balanced is not None:
        yield f"  the two errors are equal at {overall.balanced} days"
    yield from _indented(rhythm.regularity.words, 2)


def _cutoffs(report: "CheckReport") -> Iterator[str]:
    history = report.history
    yield f"history: {history.days} days, {history.asked_days} needed for the {history.asked} cutoffs asked for"
    for count in report.cutoffs:
        use = "  judged" if count.cutoff in report.tests else ""
        yield f"  {count.cutoff}: {count.snapshots:>9,} snapshots, {_share(count)} with the event{use}"
    for reason, number in report.excluded.items():
        yield f"  {number:,} snapshots left out: {reason}"
    told = report.separability
    if told is not None:
        rest = (
            f", {told.bounded_auc.value:.2f} without features that look back to the beginning"
            if told.unbounded
            else ""
        )
        yield f"train and test cutoffs told apart: AUC {told.auc.value:.2f}{rest} (0.5: not at all)"
        yield from _indented(told.words, 2)


def _indented(text: str, by: int = 4) -> list[str]:
    """A text in lines that fit; none where there is no text."""
    return textwrap.wrap(text, WIDTH, initial_indent=" " * by, subsequent_indent=" " * by)


def _share(count: CutoffCount) -> str:
    return f"{count.events / count.snapshots:6.1%}" if count.snapshots else "  none"
