"""Scores as they were sent: the published runs of a model, verified, and those that are set apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from patron.features.errors import ConfigurationError
from patron.features.localtime import to_microseconds
from patron.features.words import name_part
from patron.models.artefact import Artefact
from patron.models.live_forecast import is_judged_later

from .publishing import MANIFEST, published

DAMAGED = "not as published: the files do not have the checksums of the manifest"
LEARNED_FROM = "the model has learned from what came after the cutoff"
ANOTHER_MODEL = "scored by another model"
SUPERSEDED = "the same cutoff was scored again later"
TOO_LATE = "the cutoff is later than the evidence at hand"
OTHERS = "beyond the number of runs that were asked for"


@dataclass(frozen=True)
class SentRun:
    """A published scoring run: its folder and what its manifest says."""

    folder: Path
    facts: Mapping[str, Any]

    @property
    def cutoff(self) -> int:
        """The cutoff as an instant."""
        return to_microseconds(datetime.fromisoformat(self.facts["cutoff"]))

    def scores(self) -> pa.Table:
        """Who got which probability, and what was said besides that can be judged, in the order of the ids."""
        folder = self.folder / "scores"
        further = [name for name in parquet.ParquetDataset(folder).schema.names if is_judged_later(name)]
        return parquet.read_table(folder, columns=["customer_id", "probability", *further])


@dataclass(frozen=True)
class SentRuns:
    """Runs by their cutoffs, the oldest first, and the folders that were set apart, by reason."""

    runs: tuple[SentRun, ...]
    set_apart: Mapping[str, tuple[str, ...]]


def sent_runs(out: Path, question: str, artefact: Artefact, observed_until: int) -> SentRuns:
    """The runs that a model published below `out`, one for each cutoff: the one scored last.

    ConfigurationError where there is no run at all. Every folder is a run or set apart, as are runs of cutoffs before
    the end of the model's training, which would flatter it.
    """
    digest, trained_until = artefact.digest, artefact.trained_until
    folder = out / name_part(question)
    found: dict[int, SentRun] = {}
    apart: dict[str, list[str]] = {}
    for each in _folders(folder):
        facts = _facts(each)
        run = SentRun(each, facts or {})
        if facts is None:
            apart.setdefault(DAMAGED, []).append(each.name)
        elif facts["model_digest"] != digest:
            apart.setdefault(ANOTHER_MODEL, []).append(each.name)
        elif run.cutoff < trained_until:
            apart.setdefault(LEARNED_FROM, []).append(each.name)
        elif run.cutoff > observed_until:
            apart.setdefault(TOO_LATE, []).append(each.name)
        else:
            other = found.get(run.cutoff)
            later, earlier = (run, other) if other is None or _order(other) < _order(run) else (other, run)
            found[run.cutoff] = later
            if earlier is not None:
                apart.setdefault(SUPERSEDED, []).append(earlier.folder.name)
    if not found and not apart:
        raise ConfigurationError(
            "There are no scores to watch.",
            where=str(folder),
            found="no published scoring run",
            remedy="score first, patron score --cutoff …, or name the folder that scores are written to with --scores",
        )
    runs = tuple(found[cutoff] for cutoff in sorted(found))
    return SentRuns(runs, {reason: tuple(sorted(names)) for reason, names in sorted(apart.items())})


def _order(run: SentRun) -> tuple[int, str, str]:
    """Runs count up as they are published, as clocks may go back."""
    return run.facts.get("sequence", 0), str(run.facts["scored_at"]), run.folder.name


def _folders(folder: Path) -> list[Path]:
    """The folders of runs; a link to one, and a run that is being written, are none."""
    if not folder.is_dir():
        return []
    return sorted(
        each
        for each in folder.iterdir()
        if each.is_dir()
        and not each.is_symlink()
        and not each.name.startswith(".")
        and (each / MANIFEST).exists()
    )


def _facts(folder: Path) -> dict[str, Any] | None:
    """The manifest of a run that is as it was published; None where it is not."""
    try:
        facts = published(folder)
    except ConfigurationError:
        return None
    needed = ("cutoff", "model_digest", "scored_at", "customers")
    return facts if facts is not None and all(name in facts for name in needed) else None
