"""The scorer: the chosen model applied to every customer at a cutoff, by the model's own contract."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from patron.features.engine import Prepared, partitions, prepare_as_learned
from patron.features.errors import ModelError, PatronError
from patron.features.family import Family
from patron.features.localtime import DAY, to_datetime
from patron.features.population import PopulationHistory, PopulationValues
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.snapshots import parse_cutoffs
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec
from patron.models.contract import Contract
from patron.models.encoding import unseen_categories
from patron.models.registry import ResolvedModel

from .publishing import Staging, read_manifest

_WORKING = "working"
"""The folder of the staging in which partitions wait until all scores are known and can be ranked."""


@dataclass(frozen=True)
class ScoringResult:
    """A published scoring run: `customers == scored + sum(excluded.values())`, always.

    `folder` holds `scores/` and `excluded/` in Parquet parts and the manifest. `unseen` counts customers whose
    category a feature had never seen in training. `newest_fact_days` is how much older than the cutoff the newest
    purchase is. `repeated` says that the very same run had been published before and nothing was done.
    """

    folder: Path
    model: str
    cutoff: str
    customers: int
    scored: int
    excluded: Mapping[str, int]
    newest_fact_days: float
    unseen: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    repeated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        return {**vars(self), "folder": str(self.folder)}


def score_customers(
    data: DataSpec,
    model: ResolvedModel,
    cutoff: str | date | datetime,
    out: Path,
    *,
    families: Sequence[type[Family]],
    memory: int,
    progress: Progress = silent,
) -> ScoringResult:
    """Score everyone whom the model's question is about at the cutoff, and publish scores and exclusions together.

    Raises ModelError where the evidence does not keep the model's contract, ConfigurationError for a cutoff after
    `observed_until` or an output folder that cannot be written.
    """
    contract = model.artefact.contract
    question = Question.from_dict(contract.question)
    if contract.timezone != data.timezone:
        raise ModelError(
            "The model was trained for another business day.",
            where="[data] timezone",
            found=f"{data.timezone}; the model's is {contract.timezone}",
            remedy="score with the time zone of training, or train again",
        )
    with EvidenceStore(data, question, memory=memory, progress=progress) as store:
        moment = int(parse_cutoffs([cutoff], store.zone, store.observed_until)[0])
        prepared = _prepare(store, question, families, contract)
        day = store.zone.day_of(moment).isoformat()
        final = out / question.name / f"{day}-{model.artefact.digest[:8]}-{_short(store.digest())}"
        run = _Run(store, model, question, moment, prepared, memory, progress)
        manifest = read_manifest(final)
        if manifest is not None:
            return run.result(final, manifest, repeated=True)
        return run.publish(final)


def _prepare(
    store: EvidenceStore, question: Question, families: Sequence[type[Family]], contract: Contract
) -> Prepared:
    """The plan that gives the contract's features again; ModelError names tables and columns that are missing."""
    missing = [
        f"{table}.{column}"
        for table, columns in contract.tables.items()
        for column in columns
        if column not in store.columns.get(table, ())
    ]
    if missing:
        raise ModelError(
            "The evidence lacks columns that the model needs.",
            where="the tables to score",
            found=f"missing: {', '.join(missing)}",
            remedy="map them as in training, or train a model without them",
        )
    history = contract.population_values["history"]
    learned = PopulationHistory(tuple(PopulationValues.from_dict(values) for values in history))
    return prepare_as_learned(store, question, families, learned, contract.feature_names)


def _short(digests: Mapping[str, str]) -> str:
    import hashlib

    return hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()[:8]


@dataclass
class _Run:
    """One scoring run on its way."""

    store: EvidenceStore
    model: ResolvedModel
    question: Question
    cutoff: int
    prepared: Prepared
    memory: int
    progress: Progress

    def __post_init__(self) -> None:
        self.excluded: Counter[str] = Counter()
        self.unseen: dict[str, Counter[str]] = {}

    def publish(self, final: Path) -> ScoringResult:
        """Score partition by partition, rank all, verify the account, and publish."""
        started = datetime.now(UTC)
        staging = Staging(final)
        try:
            probability = self._score(staging.folder)
            self.progress("writing scores", 0, 1)
            files = staging.write_parts("scores", self._ranked(staging.folder, probability), self._schema())
            files += staging.write_parts(
                "excluded", self._parts(staging.folder, "excluded"), self._excluded_schema()
            )
            for file in (staging.folder / _WORKING).iterdir():
                file.unlink()
            (staging.folder / _WORKING).rmdir()
            facts = self._facts(probability.size, started)
            self._verify(facts)
            staging.publish(files, facts)
        except BaseException:
            staging.discard()
            raise
        self.progress("writing scores", 1, 1)
        return self.result(final, facts)

    def result(self, final: Path, facts: Mapping[str, Any], *, repeated: bool = False) -> ScoringResult:
        """What a manifest says of its run."""
        return ScoringResult(
            final,
            self.model.uri,
            facts["cutoff"],
            facts["customers"],
            facts["scored"],
            facts["excluded"],
            facts["newest_fact_days"],
            facts["unseen"],
            repeated,
        )

    def _score(self, folder: Path) -> npt.NDArray[np.float64]:
        """All probabilities in the order of the customers' codes; the partitions' rows wait in the folder."""
        (folder / _WORKING).mkdir()
        found = [np.empty(0)]
        cutoffs = np.array([self.cutoff], np.int64)
        parts = partitions(self.store, self.prepared, cutoffs, memory=self.memory, progress=self.progress)
        for number, (part, table) in enumerate(parts):
            rows = table.append_column("customer_id", self._ids(table, self.store.ids(part), part.low))
            left_out = pc.is_valid(rows["excluded_because"])
            kept = rows.filter(pc.invert(left_out))
            probability = self.model.artefact.predict(kept)
            self._count_unseen(kept)
            found.append(probability)
            scored = kept.select(["customer_id", "cutoff", "stage", "population"])
            scored = scored.append_column("probability", pa.array(probability))
            excluded = rows.filter(left_out).select(["customer_id", "cutoff", "stage", "excluded_because"])
            self.excluded.update(excluded["excluded_because"].to_pylist())
            parquet.write_table(scored, folder / _WORKING / f"scores-{number:06d}.parquet")
            parquet.write_table(excluded, folder / _WORKING / f"excluded-{number:06d}.parquet")
        return np.concatenate(found)

    def _ids(self, table: pa.Table, ids: pa.Array, first: int) -> pa.Array:
        return ids.take(pa.array(np.asarray(table["customer"]) - first))

    def _count_unseen(self, table: pa.Table) -> None:
        for name, counts in unseen_categories(table, self.model.artefact.contract.features).items():
            self.unseen.setdefault(name, Counter()).update(counts)

    def _parts(self, folder: Path, name: str) -> Iterator[pa.Table]:
        """The waiting rows of all partitions with what is the same for all of them."""
        for file in sorted((folder / _WORKING).glob(f"{name}-*.parquet")):
            table = parquet.read_table(file)
            constant = {"question": self.question.name, "horizon_days": self.question.horizon_days}
            constant["model"] = self.model.artefact.digest
            for column, value in constant.items():
                table = table.append_column(column, pa.repeat(pa.scalar(value), table.num_rows))
            yield table.select([each for each in self._order(name) if each in table.column_names])

    def _ranked(self, folder: Path, probability: npt.NDArray[np.float64]) -> Iterator[pa.Table]:
        """The waiting scores with their percentile against training and their rank in this run."""
        order = np.sort(-probability)
        for table in self._parts(folder, "scores"):
            part = np.asarray(table["probability"])
            rank = np.searchsorted(order, -part, side="left") + 1
            percentile = self.model.artefact.contract.reference.percentile(part)
            judged = table.append_column("percentile", pa.array(percentile))
            yield judged.append_column("rank_in_run", pa.array(rank.astype(np.int64))).select(
                self._order("scores")
            )

    def _order(self, name: str) -> list[str]:
        if name == "excluded":
            return ["customer_id", "cutoff", "question", "stage", "excluded_because", "model"]
        return [
            "customer_id", "cutoff", "question", "horizon_days", "probability", "percentile", "rank_in_run",
            "stage", "population", "model",
        ]  # fmt: skip

    def _schema(self) -> pa.Schema:
        types = {
            **self._common_types(),
            "horizon_days": pa.int32(),
            "probability": pa.float64(),
            "percentile": pa.float64(),
            "rank_in_run": pa.int64(),
            "population": pa.string(),
        }
        return pa.schema([(name, types[name]) for name in self._order("scores")])

    def _excluded_schema(self) -> pa.Schema:
        types = {**self._common_types(), "excluded_because": pa.string()}
        return pa.schema([(name, types[name]) for name in self._order("excluded")])

    def _common_types(self) -> dict[str, pa.DataType]:
        return {
            "customer_id": self.store.arrow_id_type,
            "cutoff": pa.timestamp("us", tz="UTC"),
            "question": pa.string(),
            "stage": pa.string(),
            "model": pa.string(),
        }

    def _facts(self, scored: int, started: datetime) -> dict[str, Any]:
        newest = self.store.accounts["purchases"].last
        assert newest is not None
        return {
            "question": self.question.to_dict(),
            "cutoff": to_datetime(self.cutoff).isoformat(),
            "model": self.model.uri,
            "model_digest": self.model.artefact.digest,
            "data_digest": self.store.digest(),
            "customers": self.store.known_before(self.cutoff),
            "scored": scored,
            "excluded": dict(sorted(self.excluded.items())),
            "unseen": {name: dict(counts) for name, counts in self.unseen.items()},
            "newest_fact_days": round((self.cutoff - newest) / DAY, 3),
            "scored_at": started.isoformat(),
            "seconds": (datetime.now(UTC) - started).total_seconds(),
        }

    def _verify(self, facts: Mapping[str, Any]) -> None:
        if facts["customers"] != facts["scored"] + sum(facts["excluded"].values()):
            raise PatronError(
                "The account of customers does not add up, so nothing is published.",
                where="the scoring run",
                found=f"{facts['customers']} known, {facts['scored']} scored, {facts['excluded']} excluded",
                remedy="report this with the configuration: it is a defect of Patron",
            )
