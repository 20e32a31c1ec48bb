"""The check before modelling: what became of every row, who repeats, and whether there is enough to learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from patron.features.errors import GateError
from patron.features.family import Family
from patron.features.localtime import LocalTime
from patron.features.progress import Progress, silent
from patron.features.reading import TableAccount
from patron.features.store import EvidenceStore
from patron.training.gate import CutoffCount, data_problems
from patron.training.snapshots import build_training_set

from .config import Config


@dataclass(frozen=True)
class CheckReport:
    """What `patron check` found. `problems` are why no model can be trained; `ready` says that there are none."""

    accounts: tuple[TableAccount, ...]
    timezone: str
    customers: int
    cutoffs: tuple[CutoffCount, ...]
    excluded: Mapping[str, int]
    provisional: str | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    quarantine: tuple[Path, ...]

    @property
    def ready(self) -> bool:
        """Whether a model can be trained."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "ready": self.ready,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "provisional": self.provisional,
            "customers": self.customers,
            "tables": {account.table: vars(account) for account in self.accounts},
            "cutoffs": [vars(count) for count in self.cutoffs],
            "excluded": dict(self.excluded),
            "quarantine": [str(path) for path in self.quarantine],
        }

    def __str__(self) -> str:
        zone = LocalTime(self.timezone)
        lines = [_table_line(account, zone) for account in self.accounts]
        lines += [f"quarantined rows are in {path}" for path in self.quarantine]
        lines.append(f"{self.customers:,} customers")
        lines += [
            f"  {count.cutoff}: {count.snapshots:>9,} snapshots, {_share(count)} with the event"
            for count in self.cutoffs
        ]
        lines += [f"  {count:,} snapshots left out: {reason}" for reason, count in self.excluded.items()]
        lines += [f"note: {note}" for note in self.notes]
        if self.provisional:
            lines.append(f"note: a result would be provisional: {self.provisional}")
        verdict = [f"not enough: {problem}" for problem in self.problems]
        return "\n".join([*lines, *(verdict or ["enough to train and judge a model"])])


def check_evidence(
    store: EvidenceStore, config: Config, families: Sequence[type[Family]], progress: Progress = silent
) -> CheckReport:
    """The report on evidence that was read, and on the snapshots that a training would build from it."""
    notes = _notes(store)
    built, plan = None, None
    problems: list[str] = []
    try:
        built = build_training_set(store, config.question, families, config.run.memory, progress)
        plan = built.folds(config.training.test_cutoffs)
    except GateError as error:
        problems.append(str(error))
    if built is not None and plan is not None:
        problems += data_problems(
            built.customers,
            built.counts(plan.tests[0].train, store.zone),
            built.counts([fold.cutoff for fold in plan.tests], store.zone),
        )
    return CheckReport(
        accounts=tuple(store.accounts.values()),
        timezone=config.data.timezone,
        customers=store.customers,
        cutoffs=tuple(built.counts(built.cutoffs.tolist(), store.zone)) if built else (),
        excluded=built.excluded if built else {},
        provisional=plan.provisional if plan else None,
        problems=tuple(problems),
        quarantine=tuple(_write_quarantine(store, Path(config.data.folder, "reports", "quarantine"), notes)),
        notes=tuple(notes),
    )


def _write_quarantine(store: EvidenceStore, folder: Path, notes: list[str]) -> list[Path]:
    """The files of quarantined rows; where they cannot be written, the check goes on with a note."""
    try:
        return store.write_quarantine(folder)
    except (OSError, duckdb.IOException) as error:
        notes.append(f"the quarantined rows cannot be written to {folder}: {error}")
        return []


def _notes(store: EvidenceStore) -> list[str]:
    notes = []
    for table in store.accounts:
        repeats = store.duplicates(table)
        if repeats:
            notes.append(
                f"{repeats:,} rows of {table} repeat another row in every column and are used as they are;"
                f" if they were loaded twice, declare [{table}] key"
            )
    shared = store.shared_orders()
    if shared:
        notes.append(
            f"{shared:,} order ids are used by several customers; each customer's is an order of its own"
        )
    return notes


def _table_line(account: TableAccount, zone: LocalTime) -> str:
    refused = [f"{count:,} quarantined ({reason})" for reason, count in account.quarantined.items()]
    unreadable = [f"{count:,} unreadable {name}" for name, count in account.unreadable.items()]
    odd = [f"{account.odd_times:,} times that do not exist or exist twice"] if account.odd_times else []
    span = ""
    if account.first is not None and account.last is not None and account.first > -(2**61):
        span = f" from {zone.day_of(account.first)} to {zone.day_of(account.last)}"
    details = "".join(f", {text}" for text in [*refused, *unreadable, *odd])
    return f"{account.table}: {account.rows:,} rows{span}, {account.used:,} used{details}"


def _share(count: CutoffCount) -> str:
    return f"{count.events / count.snapshots:6.1%}" if count.snapshots else "  none"
