"""The plan: which timelines and columns of the evidence at hand a set of features takes."""

from collections.abc import Mapping, Sequence

from .expressions import Evidence, Learned, Measure
from .family import FamilyFeature, Feature
from .outline import Outline
from .partition import FeaturePlan
from .population import PopulationHistory
from .question import Question
from .timelines import TIMELINES, available_columns, table_columns
from .words import name_part


def available_evidence(store: Outline, population: PopulationHistory) -> dict[str, Evidence]:
    """The timelines that this business has, with their columns and vocabularies."""
    names = list(dict.fromkeys(name for values in population.values for name in values.words))
    found = {}
    for timeline in TIMELINES:
        columns = shown_columns(store, timeline)
        if columns is not None:
            words = tuple(
                (n.partition(".")[2], population.words(n)) for n in names if n.partition(".")[0] == timeline
            )
            found[timeline] = Evidence(timeline, columns, vocabularies=words)
    return found


def plan_features(store: Outline, question: Question, features: Sequence[FamilyFeature]) -> FeaturePlan:
    """The timelines that the features and the target take, and the columns of their tables.

    A timeline shows all that the business keeps of it, and not only what the features measure: ties are put in order
    by it, and a value must not depend on which other features there are.
    """
    used = {"orders", "lines"}
    for each in features:
        used |= {measure.window.evidence.timeline for measure in each.feature.expression.measures()}
    shown = {name: shown_columns(store, name) for name in TIMELINES}
    timelines = {name: columns for name, columns in shown.items() if name in used and columns is not None}
    columns_of = {
        table: _table_columns(store, table, shown)
        for table in dict.fromkeys(TIMELINES[name].table for name in timelines)
    }
    return FeaturePlan(
        question,
        store.zone.zone,
        {name: store.observed_from(name) for name in columns_of},
        store.observed_until,
        tuple(features),
        timelines,
        columns_of,
        _scales(store) if "answers" in timelines else {},
    )


def shown_columns(store: Outline, timeline: str) -> tuple[str, ...] | None:
    """What a timeline can show of this business; None where there is no such timeline."""
    kind = TIMELINES[timeline]
    present = store.columns.get(kind.table)
    return None if present is None else available_columns(kind, present, store.contract(kind.table))


def _table_columns(
    store: Outline, table: str, shown: Mapping[str, tuple[str, ...] | None]
) -> tuple[str, ...]:
    """The columns of a table that all its timelines take together, in contract order."""
    found: set[str] = set()
    for name, columns in shown.items():
        if TIMELINES[name].table == table and columns is not None:
            found |= set(table_columns(TIMELINES[name], columns, store.columns[table]))
    in_order = (*store.contract(table).column_names, "is_target")
    return tuple(column for column in in_order if column in found)


def _scales(store: Outline) -> dict[str, tuple[float, float]]:
    declared = store.data.tables["satisfaction"].scales
    return {name_part(instrument): declared[instrument] for instrument in sorted(declared)}


def plan_learning(
    store: Outline, question: Question, learned: Sequence[Learned], usual: Sequence[Measure]
) -> FeaturePlan:
    """The timelines and columns that it takes to learn these values of the population."""
    expressions = [part for each in learned for part in each.of]
    for measure in usual:
        rows = measure.window.evidence.ever()
        assert measure.column is not None
        expressions += [rows.mean(measure.column), measure]
    features = [Feature("", expression, "", "") for expression in expressions]
    return plan_features(store, question, [FamilyFeature("", feature) for feature in features])
