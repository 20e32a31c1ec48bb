"""The monitor: all scoring runs of a model, watched one after the other, and the verdict."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from patron.features.family import Family
from patron.features.localtime import DAY, to_datetime
from patron.features.progress import Progress, silent
from patron.features.tables import DataSpec
from patron.models.keeping import evidence_for, prepare_for, question_of
from patron.models.live import live_groups, live_part
from patron.models.predictions import Predictions
from patron.models.promise import Promise
from patron.models.registry import ResolvedModel
from patron.models.verdict import verdict_of
from patron.models.watched import MonitorReport, Together, WatchedRun

from .sent import DAMAGED, OTHERS, SentRun, sent_runs
from .watching import Watch

TOGETHER_ROWS = 2_000_000
"""Scores that are judged together: the newest runs until there are so many."""

Judged = tuple[WatchedRun, Predictions, npt.NDArray[np.bool_]]


def monitor_model(
    data: DataSpec,
    model: ResolvedModel,
    out: Path,
    *,
    families: Sequence[type[Family]],
    memory: int,
    closures: Sequence[str] = (),
    most_runs: int = 12,
    progress: Progress = silent,
) -> MonitorReport:
    """The runs that a model published below `out`, beside training and, where the target is mature, what came.

    Of the runs with a mature target `most_runs` are looked at, and of the others as many. Raises ModelError
    where the evidence does not keep the model's contract, ConfigurationError where there is no run at all.
    """
    contract = model.artefact.contract
    question = question_of(contract, closures)
    promise = Promise.from_dict(contract.promise)
    with evidence_for(contract, data, question, memory, progress) as store:
        found = sent_runs(out, question.name, model.artefact, store.observed_until)
        prepared = prepare_for(contract, store, question, families)
        watch = Watch(store, model.artefact, question, prepared, promise, memory)
        chosen, older = _chosen(found.runs, watch, most_runs)
        runs, judged = [], []
        for done, sent in enumerate(chosen):
            progress("watching runs", done, len(chosen))
            run, said, alone = watch.run(sent)
            runs.append(run)
            if said is not None:
                judged.append((run, said, alone))
        progress("watching runs", len(chosen), len(chosen))
        apart = {**found.set_apart, **({OTHERS: older} if older else {})}
        return MonitorReport(
            question=question,
            timezone=contract.timezone,
            model=model.uri,
            model_digest=model.artefact.digest,
            observed_until=to_datetime(store.observed_until),
            promise=promise,
            runs=tuple(runs),
            set_apart=apart,
            together=_together(judged, promise),
            verdict=verdict_of(runs, promise, question.horizon_days, {DAMAGED: len(apart.get(DAMAGED, ()))}),
            notes=_notes(runs, contract.promise, "control_arm" in store.columns.get("assignments", ())),
            features={field.name: f"{field.unit} {field.description}".strip() for field in contract.features},
        )


def _chosen(runs: Sequence[SentRun], watch: Watch, most: int) -> tuple[tuple[SentRun, ...], tuple[str, ...]]:
    """Of the runs with a mature target, and of the others, so many, in their order; and the names of those left out.

    The newest are half of them. The other half goes back in steps of a horizon or more: runs of every night share
    nearly all that came, and only those whose horizons do not overlap tell anything new.
    """
    step = watch.question.horizon_days
    kept = set[Path]()
    for is_mature in (True, False):
        alike = [run for run in runs if watch.is_mature(run) == is_mature]
        wanted = alike[-((most + 1) // 2) :]
        for run in reversed(alike):
            if len(wanted) < most and run not in wanted and _days(wanted[0], run) >= step:
                wanted.insert(0, run)
        for run in reversed(alike):  # where history is short, whatever there is
            if len(wanted) < most and run not in wanted:
                wanted.append(run)
        kept.update(run.folder for run in wanted)
    chosen = tuple(run for run in runs if run.folder in kept)
    return chosen, tuple(run.folder.name for run in runs if run.folder not in kept)


def _days(later: SentRun, earlier: SentRun) -> float:
    """Days between two cutoffs, to the hour: a day of the business may have 23."""
    return round((later.cutoff - earlier.cutoff) / DAY + 0.05, 1)


def _together(judged: Sequence[Judged], promise: Promise) -> Together | None:
    """The newest judged runs as one, with groups."""
    parts: list[Judged] = []
    for each in reversed(judged):
        if parts and sum(len(part.outcome) for _, part, _ in parts) + len(each[1].outcome) > TOGETHER_ROWS:
            break
        parts.insert(0, each)
    if not parts:
        return None
    groupings = set.intersection(*(set(part.groups) for _, part, _ in parts))
    shared = [
        replace(part, groups={name: part.groups[name] for name in part.groups if name in groupings})
        for _, part, _ in parts
    ]
    sent, alone = Predictions.together(shared), np.concatenate([left for _, _, left in parts])
    spread = promise.level_spread
    return Together(
        runs=tuple(run.name for run, _, _ in parts),
        everyone=live_part("everyone", sent, spread),
        control=live_part("left alone by lot", sent.where(alone), spread) if alone.any() else None,
        groups=live_groups(sent, spread),
    )


def _notes(runs: Sequence[WatchedRun], promise: object, has_control: bool) -> tuple[str, ...]:
    """What has to be known beside the figures."""
    notes = []
    if not promise:
        notes.append(
            "The model was trained before promises were kept with models: totals are held to its own probabilities"
            " alone, and the ranking to nothing. Train again to have both."
        )
    if any(run.everyone is not None for run in runs) and not any(run.control for run in runs):
        why = "nobody is in it" if has_control else "assignments name no control_arm"
        notes.append(
            f"There is no group that lots left alone ({why}), so what contacts changed cannot be told from what the"
            " model got wrong."
        )
    return tuple(notes)
