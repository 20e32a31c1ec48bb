"""The scorer: the chosen model applied to every customer at a cutoff, by the model's own contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from patron.features.engine import Prepared, prepare_as_learned
from patron.features.errors import ModelError
from patron.features.family import Family
from patron.features.population import PopulationHistory, PopulationValues
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.snapshots import parse_cutoffs
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec
from patron.features.words import name_part
from patron.models.contract import Contract
from patron.models.registry import ResolvedModel

from .publishing import make_folder, published
from .run import ScoringRun, publish_run


@dataclass(frozen=True)
class ScoringResult:
    """A published scoring run: `customers == scored + sum(excluded.values())`, always.

    `folder` holds `scores/` and `excluded/` in Parquet parts and the manifest. `unseen` counts customers whose
    category a feature had never seen in training. `newest_fact_days` is how much older than the cutoff the newest
    purchase known by then is; None where there is none. `repeated` says that the very same run had been published
    before and nothing was done.
    """

    folder: Path
    model: str
    cutoff: str
    customers: int
    scored: int
    excluded: Mapping[str, int]
    newest_fact_days: float | None
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
    closures: Sequence[str] = (),
    progress: Progress = silent,
) -> ScoringResult:
    """Score everyone whom the model's question is about at the cutoff, and publish scores and exclusions together.

    `closures` are days on which the business is closed, beside those that were known in training.
    Raises ModelError where the evidence does not keep the model's contract, ConfigurationError for a cutoff after
    `observed_until` or an output folder that cannot be written.
    """
    contract = model.artefact.contract
    question = question_of(contract, closures)
    make_folder(out)
    with evidence_for(contract, data, question, memory, progress) as store:
        moment = int(parse_cutoffs([cutoff], store.zone, store.observed_until)[0])
        run = ScoringRun(store, model, question, moment, prepare_for(contract, store, question, families))
        final = out / name_part(question.name) / run.name
        facts = published(final)
        repeated = facts is not None
        if facts is None:
            facts = publish_run(run, final, memory, progress)
    return ScoringResult(
        folder=final,
        model=model.uri,
        cutoff=facts["cutoff"],
        customers=facts["customers"],
        scored=facts["scored"],
        excluded=facts["excluded"],
        newest_fact_days=facts["newest_fact_days"],
        unseen=facts["unseen"],
        repeated=repeated,
    )


def evidence_for(
    contract: Contract, data: DataSpec, question: Question, memory: int, progress: Progress = silent
) -> EvidenceStore:
    """The evidence read as the model knew it; ModelError where its days are not those of the model."""
    if contract.timezone != data.timezone:
        raise ModelError(
            "The model was trained for another business day.",
            where="[data] timezone",
            found=f"{data.timezone}; the model's is {contract.timezone}",
            remedy="score with the time zone of training, or train again",
        )
    return EvidenceStore(_observed(data, contract), question, memory=memory, progress=progress)


def question_of(contract: Contract, closures: Sequence[str] = ()) -> Question:
    """The model's question with later closures; where training knew none, the model has no use for any."""
    question = Question.from_dict(contract.question)
    if not question.calendar.closures:
        return question
    return replace(question, calendar=question.calendar.with_closures(closures))


def _observed(data: DataSpec, contract: Contract) -> DataSpec:
    """The evidence with the scales of training, and its tables complete since when they were, unless that is stated."""
    known = contract.population_values["observed_from"]
    tables = {
        name: replace(spec, observed_from=datetime.fromisoformat(known[name]))
        if spec.observed_from is None and name in known
        else spec
        for name, spec in data.tables.items()
    }
    if "satisfaction" in tables:
        scales = {name: (low, high) for name, (low, high) in contract.population_values["scales"].items()}
        tables["satisfaction"] = replace(tables["satisfaction"], scales=scales)
    return replace(data, tables=tables)


def prepare_for(
    contract: Contract, store: EvidenceStore, question: Question, families: Sequence[type[Family]]
) -> Prepared:
    """The plan that gives the contract's features again; ModelError names columns that are missing or too many."""
    missing = _beyond(contract.tables, store.columns)
    if missing:
        raise ModelError(
            "The evidence lacks columns that the model needs.",
            where="the tables to score",
            found=f"missing: {', '.join(missing)}",
            remedy="map them as in training, or train a model without them",
        )
    history = contract.population_values["history"]
    learned = PopulationHistory(tuple(PopulationValues.from_dict(values) for values in history))
    prepared = prepare_as_learned(store, question, families, learned, contract.feature_names)
    known = {table: (*columns, "is_target") for table, columns in contract.tables.items()}
    strange = _beyond(prepared.plan.columns, known)
    if strange:
        raise ModelError(
            "The evidence has columns that training did not have, and that give the model's features another meaning.",
            where="the tables to score",
            found=", ".join(strange),
            remedy="train again with them; to go on without, give them other names in the source",
        )
    return prepared


def _beyond(asked: Mapping[str, Sequence[str]], there: Mapping[str, Sequence[str]]) -> list[str]:
    """The columns that are asked for and not there, as table.column."""
    return [
        f"{table}.{column}"
        for table, columns in asked.items()
        for column in columns
        if column not in there.get(table, ())
    ]
