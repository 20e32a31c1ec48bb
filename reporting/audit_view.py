"""What the audit page shows, in rows: comparisons by instant, differences by feature, findings, the sample."""

from dataclasses import dataclass
from functools import cached_property

from patron.features.audit import AuditReport
from patron.features.localtime import to_datetime
from patron.features.perturbation import CHANGES, TAKEN_BACK
from patron.features.rebuilding import Difference, Rebuild

from .formats import count, day, percent, sentence, words
from .wording import Wording


@dataclass(frozen=True)
class Cell:
    """One comparison: how many snapshots came out the same, or how many features did not."""

    text: str
    kind: str
    """same, differs, or none where there was nothing to compare."""


@dataclass(frozen=True)
class InstantRow:
    """An instant, its snapshots and features, and a cell for each change."""

    reason: str
    moment: str
    snapshots: str
    features: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class DifferenceRow:
    """A feature that knows the future: by what it was found, in how many comparisons, and the clearest example."""

    feature: str
    family: str
    comparisons: str
    snapshots: str
    example: str


@dataclass(frozen=True)
class AuditView:
    """The report as its page reads it."""

    report: AuditReport

    @property
    def wording(self) -> Wording:
        """The question in words."""
        return Wording.of(self.report.question)

    @property
    def standing(self) -> str:
        """What the badge says."""
        return "Passed" if self.report.passed else "Failed"

    @property
    def observed_until(self) -> str:
        """Up to when the evidence is known."""
        return day(to_datetime(self.report.observed_until), self.report.timezone)

    @property
    def proof(self) -> str:
        """What was compared, and how it came out."""
        report = self.report
        how_much = (
            f"{count(report.snapshots)} snapshots of {count(report.customers)} of {count(report.known_customers)}"
            f" customers were built again in another future, and {count(report.values)} values compared bit by bit"
        )
        if report.proven:
            return f"{how_much}: every one is the same."
        return f"{how_much}: {count(len(self.differences))} features are not the same."

    @property
    def attention(self) -> str:
        """What to look at."""
        leaks, looks = len(self.report.leaks), len(self.report.warnings)
        if not leaks and not looks:
            return "Nothing in the data looks as if it had been written down because of the outcome."
        parts = [f"{count(leaks)} that must be mended"] if leaks else []
        parts += [f"{count(looks)} that somebody should look at"] if looks else []
        return f"Signs of the future in the data: {', '.join(parts)}."

    @property
    def changes(self) -> tuple[tuple[str, str], ...]:
        """The changes with what they do, in the order of the table."""
        return tuple((sentence(name), sentence(text)) for name, text in CHANGES.items())

    @cached_property
    def instants(self) -> tuple[InstantRow, ...]:
        """A row for each instant."""
        rows: dict[int, dict[str, Rebuild]] = {}
        for rebuild in self.report.rebuilds:
            rows.setdefault(rebuild.instant.cutoff, {})[rebuild.change] = rebuild
        return tuple(self._instant_row(by_change) for by_change in rows.values())

    def _instant_row(self, by_change: dict[str, Rebuild]) -> InstantRow:
        first = next(iter(by_change.values()))
        return InstantRow(
            sentence(first.instant.reason),
            self.report.instant_text(first.instant.cutoff),
            count(max(each.snapshots for each in by_change.values())),
            count(max(each.features + each.not_yet for each in by_change.values())),
            tuple(_cell(by_change.get(change)) for change in CHANGES),
        )

    @cached_property
    def differences(self) -> tuple[DifferenceRow, ...]:
        """A row for each feature that came out otherwise, those of most comparisons first."""
        return tuple(self._difference_row(*names, pairs) for names, pairs in self.report.changed.items())

    def _difference_row(
        self, family: str, feature: str, pairs: list[tuple[Rebuild, Difference]]
    ) -> DifferenceRow:
        rebuild, worst = max(pairs, key=lambda pair: pair[1].snapshots)
        moment = self.report.instant_text(rebuild.instant.cutoff)
        share = percent(worst.snapshots / max(rebuild.snapshots, 1))
        return DifferenceRow(
            feature,
            words(family),
            count(len(pairs)),
            f"{count(worst.snapshots)} of {count(rebuild.snapshots)} ({share})",
            f"{sentence(rebuild.instant.reason)} ({moment}), customer {worst.customer}: {worst.before} became"
            f" {worst.after} when {CHANGES[rebuild.change]}.",
        )

    @property
    def not_yet(self) -> str | None:
        """What a replay could not compare, in a sentence."""
        most = max((each.not_yet for each in self.report.rebuilds if each.change == TAKEN_BACK), default=0)
        if not most:
            return None
        return f"Taken back, up to {count(most)} features are not there: their table had no row by then."

    @property
    def tables(self) -> tuple[tuple[str, str, str, str], ...]:
        """The tables: name, rows in the sample, rows used, share."""
        return tuple(
            (
                words(each.table),
                count(each.sampled),
                count(each.rows),
                percent(each.sampled / max(each.rows, 1)),
            )
            for each in self.report.tables
        )


def _cell(rebuild: Rebuild | None) -> Cell:
    if rebuild is None:
        return Cell("–", "none")
    if not rebuild.differences:
        return Cell("the same", "same")
    number = len(rebuild.differences)
    return Cell(f"{count(number)} {'differs' if number == 1 else 'differ'}", "differs")
