"""The check before modelling: what became of every row, who repeats, what to ask, and whether there is enough."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from patron.features.advice import Advice, Findings, advise
from patron.features.compiled import is_compiled
from patron.features.errors import GateError
from patron.features.family import Family
from patron.features.growing import growing_features
from patron.features.history import HistoryNeed, history_need
from patron.features.order_rhythm import OrderRhythm, measure_order_rhythm
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.reading import TableAccount
from patron.features.store import EvidenceStore
from patron.features.table_facts import TableFacts, measure_tables
from patron.models.separability import Separability, measure_separability, sample_rows
from patron.training.folds import FoldPlan
from patron.training.gate import (
    FEWEST_OUTCOMES,
    REMEDY,
    CutoffCount,
    GateRow,
    data_problems,
    gate_rows,
    remedy_for,
)
from patron.training.rolling import TrainingSet
from patron.training.snapshots import BuiltTrainingSet, build_training_set

from .config import Config

STALE_DAYS = 7
"""Purchases that end so many days before `observed_until` look as if everyone had left."""

FEW = 100
ESTABLISHED = 0.5
"""Of first orders, where they are not few, more than this share in the first month: it began in the midst of things."""


@dataclass(frozen=True, eq=False)
class CheckReport:
    """What `patron check` found. `problems` are why no model can be trained; `ready` says that there are none.

    `advice` is only said, nothing is changed by it. `cutoffs` counts snapshots and events at each, the last of them
    `tests`; `separability` is None where there is too little to tell. `page` is the HTML page, if it was written.
    """

    question: Question
    accounts: tuple[TableAccount, ...]
    tables: tuple[TableFacts, ...]
    timezone: str
    customers: int
    rhythm: OrderRhythm
    history: HistoryNeed
    advice: tuple[Advice, ...]
    cutoffs: tuple[CutoffCount, ...]
    tests: tuple[str, ...]
    gate: tuple[GateRow, ...]
    separability: Separability | None
    excluded: Mapping[str, int]
    provisional: str | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    quarantine: tuple[Path, ...]
    page: Path | None = None
    remedy: str = REMEDY

    @property
    def ready(self) -> bool:
        """Whether a model can be trained."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        from .check_plain import plain_report

        return plain_report(self)

    def _repr_html_(self) -> str:
        from .check_text import report_card

        return report_card(self)

    def __str__(self) -> str:
        from .check_text import report_lines

        return "\n".join(report_lines(self))


def check_evidence(
    store: EvidenceStore, config: Config, families: Sequence[type[Family]], progress: Progress = silent
) -> CheckReport:
    """The report on evidence that was read, and on the snapshots that a training would build from it."""
    question, wanted = config.question, config.training.test_cutoffs
    progress("looking at the tables", 0, 0)
    tables = measure_tables(store)
    progress("looking at gaps between orders", 0, 0)
    rhythm = measure_order_rhythm(store, question)
    since = store.observed_from("purchases")
    history = history_need(question, wanted, store.zone, since, store.observed_until)
    notes = _notes(store, rhythm)
    built, plan, problems = _build(store, config, families, progress)
    tests: tuple[CutoffCount, ...] = ()
    gate: tuple[GateRow, ...] = ()
    separability = None
    if built is not None and plan is not None:
        train = built.counts(plan.tests[0].train, store.zone)
        tests = tuple(built.counts([fold.cutoff for fold in plan.tests], store.zone))
        problems += data_problems(built.customers, train, tests)
        gate = tuple(gate_rows(built.customers, train, tests))
        progress("telling earlier from later snapshots", 0, 0)
        separability = _separability(built, plan, config.training.seed)
    return CheckReport(
        question=question,
        accounts=tuple(store.accounts.values()),
        tables=tables,
        timezone=config.data.timezone,
        customers=store.customers,
        rhythm=rhythm,
        history=history,
        advice=advise(question, _findings(built, tests, tables, rhythm, history), FEWEST_OUTCOMES),
        cutoffs=tuple(built.counts(built.cutoffs.tolist(), store.zone)) if built else (),
        tests=tuple(each.cutoff for each in tests),
        gate=gate,
        separability=separability,
        excluded=built.excluded if built else {},
        provisional=plan.provisional if plan else None,
        problems=tuple(problems),
        quarantine=tuple(_write_quarantine(store, Path(config.data.folder, "reports", "quarantine"), notes)),
        notes=tuple(notes),
        remedy=remedy_for(question, store.columns),
    )


def _build(
    store: EvidenceStore, config: Config, families: Sequence[type[Family]], progress: Progress
) -> tuple[BuiltTrainingSet | None, FoldPlan | None, list[str]]:
    """What a training would learn from and be judged at, as far as the history goes, and why it goes no further."""
    built = None
    progress("learning what is usual" if is_compiled() else "compiling, this once", 0, 0)
    try:
        built = build_training_set(store, config.question, families, config.run.memory, progress)
        return built, built.folds(config.training.test_cutoffs), []
    except GateError as error:
        return built, None, [str(error)]


def _separability(built: BuiltTrainingSet, plan: FoldPlan, seed: int) -> Separability | None:
    """How far what is learned from can be told from what is judged at."""
    tests = [fold.cutoff for fold in plan.tests]
    used = built.data.rows([*plan.tests[0].train, *tests])
    # A sample before anything is copied: the whole training set may be most of the memory.
    rows = sample_rows(built.data.customer, used, seed)
    sample = TrainingSet(built.data.table.take(rows), built.data.catalogue)
    return measure_separability(
        sample.table,
        sample.fields(np.ones(rows.size, np.bool_)),
        sample.customer,
        sample.cutoff,
        sample.rows(tests),
        growing_features(built.prepared.plan.features),
        seed,
    )


def _findings(
    built: BuiltTrainingSet | None,
    tests: Sequence[CutoffCount],
    tables: Sequence[TableFacts],
    rhythm: OrderRhythm,
    history: HistoryNeed,
) -> Findings:
    rate = None
    if built is not None and built.data.outcome.size:
        rate = float(built.data.outcome.mean())
    late = tables[0].lateness
    return Findings(
        rhythm.overall.survival,
        history,
        rate,
        min((each.rarer for each in tests), default=None),
        None if late is None else math.ceil(late.p99),
    )


def _write_quarantine(store: EvidenceStore, folder: Path, notes: list[str]) -> list[Path]:
    """The files of quarantined rows; where they cannot be written, the check goes on with a note."""
    try:
        return store.write_quarantine(folder)
    except (OSError, duckdb.IOException) as error:
        notes.append(f"the quarantined rows cannot be written to {folder}: {error}")
        return []


def _unused(store: EvidenceStore) -> str:
    names = store.unused_attributes
    shown = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
    if "valid_from" in store.columns["profile"]:
        return f"{len(names)} columns of profile are not used: {shown}"
    return (
        f"{len(names)} columns of profile are not used, because without valid_from they say how customers are today:"
        f" {shown}; declare those that never change: [profile] static"
    )


def _notes(store: EvidenceStore, rhythm: OrderRhythm) -> list[str]:
    notes = []
    for table in store.accounts:
        repeats = store.duplicates(table)
        if repeats:
            notes.append(
                f"{repeats:,} rows of {table} repeat another row in every column and are used as they are;"
                f" if they were loaded twice, declare [{table}] key"
            )
    if store.unused_attributes:
        notes.append(_unused(store))
    if store.self_referrals:
        notes.append(
            f"{store.self_referrals:,} referrals are left out from when it is known that both ids are one customer"
        )
    shared = store.shared_orders()
    if shared:
        notes.append(
            f"{shared:,} order ids are used by several customers; each customer's is an order of its own"
        )
    if rhythm.silent_days >= STALE_DAYS:
        notes.append(
            f"the last order is {rhythm.silent_days} days older than observed_until: if nothing was loaded since,"
            " move [data] observed_until back to the day after the last complete one"
        )
    if rhythm.early > ESTABLISHED and rhythm.history_days > 60 and rhythm.overall.gaps.customers >= FEW:
        notes.append(
            f"{rhythm.early:.0%} of the first orders fall into the first 30 days: the history began in the midst of"
            " things, and a first order seen is mostly not a customer's first"
        )
    return notes
