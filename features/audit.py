"""The audit: proof on the business's own data that no feature knows the future, and what looks as if it did."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from .family import Family
from .feature_signs import judge
from .findings import Finding
from .instants import Instant, choose_instants
from .localtime import to_datetime
from .notebook import card
from .perturbation import CHANGES
from .progress import Progress, silent
from .question import Question
from .rebuilding import Difference, Rebuild, Rebuilder
from .sample import Sample
from .signs import find_signs
from .store import EvidenceStore
from .tables import DataSpec

_MOST_SHOWN = 10
"""How many features the command line names; the page names them all."""


@dataclass(frozen=True)
class SampledRows:
    """How many of a table's accepted rows were in the sample."""

    table: str
    sampled: int
    rows: int


@dataclass(frozen=True)
class AuditReport:
    """What `patron audit` found.

    `rebuilds` are the comparisons, each a number of snapshots rebuilt in another future; `findings` is what looks as
    if it knew the future. `customers` of all `known_customers` were sampled, with the rows in `tables`.
    """

    question: Question
    timezone: str
    observed_until: int
    known_customers: int
    customers: int
    tables: tuple[SampledRows, ...]
    rebuilds: tuple[Rebuild, ...]
    findings: tuple[Finding, ...]
    page: Path | None = None
    """Where the report can be read in a browser."""

    @property
    def proven(self) -> bool:
        """Whether every rebuilt snapshot came out the same, bit by bit."""
        return not any(rebuild.differences for rebuild in self.rebuilds)

    @property
    def changed(self) -> dict[tuple[str, str], list[tuple[Rebuild, Difference]]]:
        """The features that came out otherwise, by family and name, with each comparison; those of most come first."""
        found: dict[tuple[str, str], list[tuple[Rebuild, Difference]]] = {}
        for rebuild in self.rebuilds:
            for each in rebuild.differences:
                found.setdefault((each.family, each.feature), []).append((rebuild, each))
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """The findings for which the audit says no."""
        return tuple(finding for finding in self.findings if finding.level == "leak")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that a person should look at."""
        return tuple(finding for finding in self.findings if finding.level == "look")

    @property
    def passed(self) -> bool:
        """Whether the audit says yes: all came out the same, and nothing was found to be a leak."""
        return self.proven and not self.leaks

    @property
    def snapshots(self) -> int:
        """Snapshots rebuilt, over all comparisons."""
        return sum(rebuild.snapshots for rebuild in self.rebuilds)

    @property
    def values(self) -> int:
        """Values compared, over all comparisons."""
        return sum(rebuild.values for rebuild in self.rebuilds)

    @property
    def features(self) -> int:
        """The most features that an instant had."""
        return max((rebuild.features for rebuild in self.rebuilds), default=0)

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        if self.passed:
            return "No leak was found: what happens later changes no feature by a single bit."
        if not self.proven:
            return f"The future reaches the features: {len(self.changed)} of them change when only the future does."
        return f"The data know the future: {_number(len(self.leaks), 'leak')} found."

    def instant_text(self, moment: int) -> str:
        """A moment on the business's clock."""
        return _local(moment, self.timezone)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "passed": self.passed,
            "verdict": self.verdict,
            "proven": self.proven,
            "customers": self.customers,
            "known_customers": self.known_customers,
            "tables": [asdict(table) for table in self.tables],
            "snapshots": self.snapshots,
            "values": self.values,
            "features": self.features,
            "rebuilds": [
                {
                    "instant": to_datetime(rebuild.instant.cutoff).isoformat(),
                    "reason": rebuild.instant.reason,
                    "change": rebuild.change,
                    "snapshots": rebuild.snapshots,
                    "features": rebuild.features,
                    "not_yet": rebuild.not_yet,
                    "differences": [asdict(each) for each in rebuild.differences],
                }
                for rebuild in self.rebuilds
            ],
            "findings": [finding.to_dict() for finding in self.findings],
            "page": None if self.page is None else str(self.page),
        }

    def __str__(self) -> str:
        how_much = (
            f"{self.snapshots:,} snapshots of {self.customers:,} of {self.known_customers:,} customers were rebuilt,"
            f" {self.values:,} values compared bit by bit"
        )
        lines = [self.verdict, how_much]
        changed = list(self.changed.values())
        for pairs in changed[:_MOST_SHOWN]:
            lines += _difference_lines(*max(pairs, key=lambda pair: pair[1].snapshots), self.timezone)
        if len(changed) > _MOST_SHOWN:
            lines.append(f"leak: and {len(changed) - _MOST_SHOWN:,} more features")
        page = [] if self.page is None else [f"page: {self.page}"]
        return "\n".join([*lines, *map(str, self.findings), *page])

    def _repr_html_(self) -> str:
        """For notebooks, which are shown around: without the customers that `str` gives as examples."""
        rows = [
            (
                each.feature,
                each.family,
                f"{each.snapshots:,} of {rebuild.snapshots:,}",
                self.instant_text(rebuild.instant.cutoff),
            )
            for pairs in list(self.changed.values())[:_MOST_SHOWN]
            for rebuild, each in [max(pairs, key=lambda pair: pair[1].snapshots)]
        ]
        how_much = (
            f"{self.snapshots:,} snapshots of {self.customers:,} of {self.known_customers:,} customers were rebuilt,"
            f" {self.values:,} values compared bit by bit."
        )
        found = [f"{finding.level}: {finding.subject}" for finding in self.findings]
        title = "No leak was found" if self.passed else "The future reaches the model"
        head = ("Feature that changes", "Family", "Snapshots", "At")
        return card("patron audit", title, [self.verdict, how_much, *found], head, rows)


def _difference_lines(rebuild: Rebuild, each: Difference, timezone: str) -> Iterator[str]:
    share = f"{each.snapshots:,} of {rebuild.snapshots:,} snapshots"
    yield f"leak: {each.feature} of family {each.family} changes in {share}"
    moment = f"{rebuild.instant.reason} ({_local(rebuild.instant.cutoff, timezone)})"
    yield f"  when:  {moment}: {CHANGES[rebuild.change]}"
    yield f"  for:   customer {each.customer}: {each.before} became {each.after}"


def _local(moment: int, timezone: str) -> str:
    text = f"{to_datetime(moment).astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M:%S.%f}"
    return text.removesuffix(".000000").removesuffix(" 00:00:00")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def audit_evidence(
    data: DataSpec,
    question: Question,
    families: Sequence[type[Family]],
    memory: int = 8 << 30,
    progress: Progress = silent,
    instants: Sequence[Instant] | None = None,
) -> AuditReport:
    """Rebuild a sample of snapshots in other futures, look for signs of the future in the data, and report both.

    `instants` are the moments to rebuild at: some of the question's cutoffs and some between facts unless given.
    """
    with Sample(data, memory=memory, progress=progress) as sample:
        with EvidenceStore(sample.spec(), question, memory=memory) as store:
            rebuilder = Rebuilder(sample, question, families, memory)
            chosen = choose_instants(sample, question) if instants is None else instants
            rebuilds = tuple(rebuilder.rebuild(chosen, store, progress))
            progress("looking for signs of the future", 0, 1)
            judged = judge(sample, store, question, families, memory)
            findings = find_signs(sample, question, judged)
            progress("looking for signs of the future", 1, 1)
        return AuditReport(
            question,
            data.timezone,
            sample.until,
            sample.customers,
            sample.size,
            tuple(SampledRows(name, table.rows, table.source_rows) for name, table in sample.tables.items()),
            rebuilds,
            findings,
        )
