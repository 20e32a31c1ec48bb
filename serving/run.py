"""A scoring run: batch by batch through the model, then ranked, verified and published."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.engine import Prepared, partitions, with_ids
from patron.features.errors import PatronError
from patron.features.localtime import DAY, to_datetime
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.reading import TableAccount
from patron.features.sql import first_row
from patron.features.store import EvidenceStore
from patron.models.contract import canonical_json
from patron.models.registry import ResolvedModel

from .batch import Batch, completed, excluded_schema, score_batch, scores_schema
from .publishing import Staging


@dataclass(frozen=True)
class ScoringRun:
    """Which model is applied to which evidence at which cutoff (an instant)."""

    store: EvidenceStore
    model: ResolvedModel
    question: Question
    cutoff: int
    prepared: Prepared

    @cached_property
    def data_digest(self) -> dict[str, str]:
        """A digest of each evidence table."""
        return self.store.digest()

    @property
    def name(self) -> str:
        """The day, and digests of all that the scores depend on: runs of one name have the same scores."""
        ids = first_row(self.store.connection, "SELECT sum(hash(customer, id))::VARCHAR FROM customers")
        evidence = {
            "tables": self.data_digest,
            "ids": [str(self.store.arrow_id_type), *(ids or ())],
            "observed_from": dict(self.prepared.plan.observed_from),
            "cutoff": self.cutoff,
            "closures": self.question.calendar.closures,
            "patron": version("patron"),
        }
        digest = hashlib.sha256(canonical_json(evidence).encode()).hexdigest()
        day = self.store.zone.day_of(self.cutoff).isoformat()
        return f"{day}-{self.model.artefact.digest[:8]}-{digest[:8]}"

    def batches(self, memory: int, progress: Progress) -> Iterator[Batch]:
        """All customers known before the cutoff, in the order of their ids."""
        cutoffs = np.array([self.cutoff], np.int64)
        for part, made in partitions(self.store, self.prepared, cutoffs, memory=memory, progress=progress):
            ids = self.store.ids(part)
            kept, left_out = (with_ids(table, ids, part.low) for table in (made.snapshots, made.excluded))
            yield score_batch(kept, left_out, self.model.artefact, self.cutoff)

    def completed(self, tables: Iterator[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
        """The rows with the columns that are the same for the whole run."""
        same: dict[str, str | int] = {
            "question": self.question.name,
            "horizon_days": self.question.horizon_days,
            "model": self.model.artefact.digest,
        }
        return (completed(table, schema, same) for table in tables)

    def warnings(self) -> list[str]:
        """What a reader of the scores has to know beside them."""
        season = self.model.artefact.season_warning(self.cutoff)
        return [] if season is None else [season]

    def newest_fact_days(self) -> float | None:
        """Days from the newest purchase line that was known before the cutoff to the cutoff."""
        row = first_row(
            self.store.connection, f"SELECT max(happened) FROM purchases WHERE recorded < {self.cutoff}"
        )
        return None if row is None or row[0] is None else round((self.cutoff - row[0]) / DAY, 3)


@dataclass
class _Tally:
    """What is counted while the batches pass."""

    probabilities: list[npt.NDArray[np.float64]] = field(default_factory=lambda: [np.empty(0)])
    excluded: Counter[str] = field(default_factory=Counter)
    unseen: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        self.probabilities.append(np.asarray(batch.scores["probability"]))
        self.excluded.update(batch.excluded["excluded_because"].to_pylist())
        for name, counts in batch.unseen.items():
            self.unseen.setdefault(name, Counter()).update(counts)


def publish_run(run: ScoringRun, final: Path, memory: int, progress: Progress = silent) -> dict[str, Any]:
    """Score every batch, rank all, verify the account of customers, publish to the folder; the manifest's facts."""
    started = datetime.now(UTC)
    tally = _Tally()
    with Staging(final) as staging:
        for number, batch in enumerate(run.batches(memory, progress)):
            staging.keep("scores", number, batch.scores)
            staging.keep("excluded", number, batch.excluded)
            tally.add(batch)
        progress("writing scores", 0, 1)
        id_type = run.store.arrow_id_type
        ranked = _ranked(staging.kept("scores"), np.concatenate(tally.probabilities))
        scores = scores_schema(id_type, run.model.artefact.forecast)
        excluded = excluded_schema(id_type)
        files = staging.write_parts("scores", run.completed(ranked, scores), scores)
        files += staging.write_parts("excluded", run.completed(staging.kept("excluded"), excluded), excluded)
        facts = _facts(run, tally, started)
        _verify(facts)
        staging.publish(files, facts)
    progress("writing scores", 1, 1)
    return facts


def _ranked(tables: Iterator[pa.Table], probability: npt.NDArray[np.float64]) -> Iterator[pa.Table]:
    """The scores with their rank among all probabilities of the run: the highest is 1, ties share the best rank."""
    descending = np.sort(-probability)
    for table in tables:
        rank = np.searchsorted(descending, -np.asarray(table["probability"]), side="left") + 1
        yield table.append_column("rank_in_run", pa.array(rank, pa.int64()))


def _facts(run: ScoringRun, tally: _Tally, started: datetime) -> dict[str, Any]:
    return {
        "question": run.question.to_dict(),
        "cutoff": to_datetime(run.cutoff).isoformat(),
        "observed_until": to_datetime(run.store.observed_until).isoformat(),
        "model": run.model.uri,
        "model_digest": run.model.artefact.digest,
        "data_digest": run.data_digest,
        "rows": {name: _rows(account) for name, account in run.store.accounts.items()},
        "customers": run.store.known_before(run.cutoff),
        "scored": sum(each.size for each in tally.probabilities),
        "excluded": dict(sorted(tally.excluded.items())),
        "unseen": {name: dict(sorted(counts.items())) for name, counts in tally.unseen.items()},
        "newest_fact_days": run.newest_fact_days(),
        "warnings": run.warnings(),
        "scored_at": started.isoformat(),
        "seconds": (datetime.now(UTC) - started).total_seconds(),
    }


def _rows(account: TableAccount) -> dict[str, int]:
    return {
        "read": account.rows,
        "used": account.used,
        "quarantined": sum(account.quarantined.values()),
    }


def _verify(facts: Mapping[str, Any]) -> None:
    if facts["customers"] != facts["scored"] + sum(facts["excluded"].values()):
        raise PatronError(
            "The account of customers does not add up, so nothing is published.",
            where="the scoring run",
            found=f"{facts['customers']} known, {facts['scored']} scored, {facts['excluded']} excluded",
            remedy="report this with the configuration: it is a defect of Patron",
        )
