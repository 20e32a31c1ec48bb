"""A scoring run: partition by partition through the model, then ranked, verified and published."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.ages import AGED, newest_facts
from patron.features.engine import Prepared, build_chosen
from patron.features.errors import PatronError
from patron.features.facts import Range
from patron.features.localtime import DAY, to_datetime, to_microseconds
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.reading import TableAccount
from patron.features.sql import first_row
from patron.features.store import EvidenceStore
from patron.models.artefact import Artefact
from patron.models.registry import ResolvedModel

from .ahead import Ahead, in_order
from .batch import completed, excluded_schema, scores_schema
from .deviations import Deviation, changed_inputs, fewer_customers, judged, other_ids, stale_tables
from .estimate import TimeLeft
from .locking import only_one
from .partitions import Partitions
from .publishing import Publication, point_to_latest, published, writable
from .run_names import run_identity, run_name
from .staging import DamagedPartitionError, Staging, remove_superseded
from .telling import Telling, with_reasons

_SAMPLED = 5_000
"""So many customers are compared with training before all are scored."""

_ATTEMPTS = 3
"""How often a run is put together where the disk damages what was staged."""


@dataclass(frozen=True)
class ScoringRun:
    """Which model is applied to which evidence at which cutoff (an instant)."""

    store: EvidenceStore
    model: ResolvedModel
    question: Question
    cutoff: int
    prepared: Prepared
    data_digest: Mapping[str, str]
    """A digest of each evidence table."""
    allow: tuple[str, ...] = ()
    """Deviations from training that are let pass, as `KINDS` names them; no score depends on it."""
    telling: Telling = field(default_factory=Telling)
    """For whom reasons are told."""

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that the scores depend on, as plain data."""
        ids = first_row(self.store.connection, "SELECT sum(hash(customer, id))::VARCHAR FROM customers")
        told = [str(self.store.arrow_id_type), *(ids or ())]
        plan = self.prepared.plan
        return run_identity(self.model.artefact, plan, self.cutoff, self.data_digest, told, self.telling)

    @property
    def day(self) -> str:
        """The cutoff as a day of the business (ISO 8601)."""
        return self.store.zone.day_of(self.cutoff).isoformat()

    @property
    def name(self) -> str:
        """The day, and digests of all that the scores depend on: runs of one name have the same scores."""
        return run_name(self.day, self.identity)

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
        return run_warnings(self.model.artefact, self.cutoff, self.day)

    def first_deviations(self) -> list[Deviation]:
        """How the evidence deviates from training, by a sample of customers; BrokenContractError where that is much."""
        contract = self.model.artefact.contract
        tables = [name for name in AGED if name in contract.tables]
        codes = np.unique(np.linspace(0, max(self.store.customers - 1, 0), _SAMPLED).astype(np.int64))
        known = self.store.known_before(self.cutoff)
        found = [
            *other_ids(contract, self.store.id_type),
            *stale_tables(contract, newest_facts(self.store, self.cutoff, tables)),
            *fewer_customers(contract, self.cutoff, "customers", known),
        ]
        if known:
            snapshots = build_chosen(self.store, self.prepared, self.cutoff, codes)
            found += changed_inputs(contract, self.cutoff, snapshots)
        return judged(found, self.allow)

    def last_deviations(self, scored: int) -> list[Deviation]:
        """How the number of customers who were scored deviates; BrokenContractError where that is much."""
        contract = self.model.artefact.contract
        return judged(fewer_customers(contract, self.cutoff, "asked", scored), self.allow)

    def newest_fact_days(self) -> float | None:
        """Days from the newest purchase line that was known before the cutoff to the cutoff."""
        row = first_row(
            self.store.connection, f"SELECT max(happened) FROM purchases WHERE recorded < {self.cutoff}"
        )
        return None if row is None or row[0] is None else round((self.cutoff - row[0]) / DAY, 3)


def run_warnings(artefact: Artefact, cutoff: int, day: str) -> list[str]:
    """What a reader of the scores at a cutoff has to know beside them."""
    season = artefact.season_warning(cutoff)
    found = [] if season is None else [season]
    if cutoff <= to_microseconds(datetime.fromisoformat(artefact.contract.window.last_cutoff)):
        found.append(
            f"the model has learned from what followed {day}: there its probabilities look better than they"
            " are at later cutoffs"
        )
    return found


def publish_run(
    run: ScoringRun, final: Path, memory: int, progress: Progress = silent
) -> tuple[dict[str, Any], bool]:
    """Score, rank and publish to the folder, going on where an earlier attempt ended; the manifest's facts.

    True beside them where the very same run had been published before. BusyError where another process does it now,
    ConfigurationError where the folder cannot be written; what was done is then kept.
    """
    with writable(final), only_one(final.parent / f".{final.name}.lock", f"the scores of {final.name}"):
        facts = published(final)
        repeated = facts is not None
        if facts is None:
            progress("comparing with training", 0, 0)
            deviations = run.first_deviations()
            partitions = Partitions.of(run.store, run.prepared, run.model.artefact, run.cutoff, memory)
            staging = Staging.take_up(final, {**run.identity, "partitions": partitions.bounds})
            facts = _Work(run, partitions, staging, deviations, memory, progress).done(final)
        point_to_latest(final.parent)
        remove_superseded(final)
    return facts, repeated


@dataclass(frozen=True)
class _Work:
    """A run in its staging: what is missing is computed, and all is ranked, verified and published."""

    run: ScoringRun
    partitions: Partitions
    staging: Staging
    deviations: list[Deviation]
    memory: int
    progress: Progress
    started: float = field(default_factory=monotonic)

    def done(self, final: Path) -> dict[str, Any]:
        """Compute and publish; a partition that is damaged meanwhile is computed again, a few times."""
        for _ in range(_ATTEMPTS):
            self._compute()
            computed = monotonic()
            try:
                return self._publish(final, computed)
            except DamagedPartitionError as error:
                damage = error
                self.staging.drop(error.number)
        raise damage

    def _compute(self) -> None:
        total, left = len(self.partitions.pieces), TimeLeft()
        missing = [number for number in range(total) if number not in self.staging.done]
        known = {number: self.partitions.known(number) for number in missing}
        with Ahead(self.partitions.build, self._following(missing)) as ahead:
            for place, number in enumerate(missing):
                told = left.told(len(missing) - place)
                self.progress(f"scoring: {told}" if told else "scoring", total - len(missing) + place, total)
                self._score(number, known[number], ahead)
                left.step()
        self.progress("scoring", total, total)

    def _following(self, missing: Sequence[int]) -> dict[Range, Range]:
        """Which piece follows which; what did not end in an earlier attempt is alone, so that it shows whose fault."""
        failed = [bool(self.staging.begun.get(number)) for number in missing]
        return in_order([self.partitions.pieces[number] for number in missing], failed)

    def _score(self, number: int, known: int, ahead: Ahead) -> None:
        begun = monotonic()
        self.staging.start(number)
        batch = self.partitions.score(number, self.staging.begun.get(number, 0), ahead)
        excluded = {
            str(each["values"]): each["counts"].as_py()
            for each in batch.excluded["excluded_because"].value_counts()
        }
        facts = {
            "scored": batch.scores.num_rows,
            "excluded": dict(sorted(excluded.items())),
            "unseen": {name: dict(counts) for name, counts in batch.unseen.items()},
            "seconds": round(monotonic() - begun, 3),
        }
        _verify({"customers": known, **facts}, f"partition {number}")
        self.staging.keep(number, {"scores": batch.scores, "excluded": batch.excluded}, facts)

    def _publish(self, final: Path, computed: float) -> dict[str, Any]:
        self.progress("writing scores", 0, 1)
        run, id_type = self.run, self.run.store.arrow_id_type
        probability = np.concatenate(
            [np.empty(0), *(np.asarray(table["probability"]) for table in self._kept("scores"))]
        )
        scores = scores_schema(id_type, run.model.artefact.forecast, told=bool(run.telling))
        excluded = excluded_schema(id_type)
        ready = Publication(final, self.staging.folder)
        ranked = run.completed(
            self._told(_ranked(self._kept("scores"), probability), probability.size), scores
        )
        left_out = run.completed(self._kept("excluded"), excluded)
        written = {
            "scored": ready.write_parts("scores", ranked, scores),
            "excluded": ready.write_parts("excluded", left_out, excluded),
        }
        facts = self._facts()
        _verify(facts, "the scoring run")
        deviations = [*self.deviations, *run.last_deviations(facts["scored"])]
        facts["deviations"] = [each.to_dict() for each in deviations]
        _verify_written(facts, written)
        ended = monotonic()
        facts["timings"] = {
            "computing": round(computed - self.started, 3),
            "writing": round(ended - computed, 3),
        }
        facts["seconds"] = round(ended - self.started, 3)
        manifest = ready.publish(facts)
        self.progress("writing scores", 1, 1)
        return manifest

    def _told(self, ranked: Iterator[pa.Table], scored: int) -> Iterator[pa.Table]:
        """The ranked scores with reasons where they were asked for."""
        run = self.run
        if not run.telling:
            return ranked
        return with_reasons(
            ranked,
            run.telling,
            scored,
            run.store,
            run.prepared,
            run.model.artefact,
            run.cutoff,
            self.memory,
            self.progress,
        )

    def _kept(self, name: str) -> Iterator[pa.Table]:
        """The rows of all partitions, in the order of the customers."""
        return (self.staging.read(number, name) for number in sorted(self.staging.done))

    def _facts(self) -> dict[str, Any]:
        """What the manifest says, the counts by what was written down of each partition."""
        run, entries = self.run, self.staging.done.values()
        excluded: Counter[str] = Counter()
        unseen: dict[str, Counter[str]] = {}
        for entry in entries:
            excluded.update(entry["excluded"])
            for name, counts in entry["unseen"].items():
                unseen.setdefault(name, Counter()).update(counts)
        return {
            "question": run.question.to_dict(),
            "cutoff": to_datetime(run.cutoff).isoformat(),
            "observed_until": to_datetime(run.store.observed_until).isoformat(),
            "model": run.model.uri,
            "model_digest": run.model.artefact.digest,
            "contract_digest": run.model.artefact.contract.digest(),
            "data_digest": dict(run.data_digest),
            "rows": {name: rows_read(account) for name, account in run.store.accounts.items()},
            "customers": run.store.known_before(run.cutoff),
            "scored": sum(entry["scored"] for entry in entries),
            "excluded": dict(sorted(excluded.items())),
            "unseen": {name: dict(sorted(counts.items())) for name, counts in sorted(unseen.items())},
            "newest_fact_days": run.newest_fact_days(),
            "warnings": run.warnings(),
            "partitions": len(self.partitions.pieces),
            "resumed": self.staging.resumed,
            "scored_at": self.staging.scored_at,
            "patron": version("patron"),
        }


def _ranked(tables: Iterator[pa.Table], probability: npt.NDArray[np.float64]) -> Iterator[pa.Table]:
    """The scores with their rank among all probabilities of the run: the highest is 1, ties share the best rank."""
    descending = np.sort(-probability)
    for table in tables:
        rank = np.searchsorted(descending, -np.asarray(table["probability"]), side="left") + 1
        yield table.append_column("rank_in_run", pa.array(rank, pa.int64()))


def rows_read(account: TableAccount) -> dict[str, int]:
    """What became of a table's rows, as the manifest says it."""
    return {
        "read": account.rows,
        "used": account.used,
        "quarantined": sum(account.quarantined.values()),
    }


def _verify(facts: Mapping[str, Any], where: str) -> None:
    if facts["customers"] != facts["scored"] + sum(facts["excluded"].values()):
        raise PatronError(
            "The account of customers does not add up, so nothing is published.",
            where=where,
            found=f"{facts['customers']} known, {facts['scored']} scored, {facts['excluded']} excluded",
            remedy="report this with the configuration: it is a defect of Patron",
        )


def _verify_written(facts: Mapping[str, Any], written: Mapping[str, int]) -> None:
    """PatronError unless the files hold as many rows as were counted."""
    counted = {"scored": facts["scored"], "excluded": sum(facts["excluded"].values())}
    if counted != written:
        raise PatronError(
            "The files do not hold what was counted, so nothing is published.",
            where="the scoring run",
            found=f"{counted} counted, {dict(written)} written",
            remedy="start the run again; if it says so again, report it: it is a defect of Patron",
        )
