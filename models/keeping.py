"""Keeping a contract: evidence read, and features built, exactly as a kept model knew them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from patron.features.engine import Prepared, prepare_as_learned
from patron.features.errors import ModelError
from patron.features.family import Family
from patron.features.outline import Outline
from patron.features.population import PopulationHistory, PopulationValues
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec

from .contract import Contract


def evidence_for(
    contract: Contract, data: DataSpec, question: Question, memory: int, progress: Progress = silent
) -> EvidenceStore:
    """The evidence read as the model knew it; ModelError where its days are not those of the model."""
    return EvidenceStore(data_for(contract, data), question, memory=memory, progress=progress)


def data_for(contract: Contract, data: DataSpec) -> DataSpec:
    """The evidence as the model knew it; ModelError where its days are not those of the model."""
    if contract.timezone != data.timezone:
        raise ModelError(
            "The model was trained for another business day.",
            where="[data] timezone",
            found=f"{data.timezone}; the model's is {contract.timezone}",
            remedy="score with the time zone of training, or train again",
        )
    return _observed(data, contract)


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
    contract: Contract, store: Outline, question: Question, families: Sequence[type[Family]]
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
