"""The plan: which timelines and columns of the evidence at hand a set of features takes."""

from collections.abc import Sequence

from .expressions import Evidence, Learned, Measure
from .family import FamilyFeature, Feature
from .partition import FeaturePlan
from .population import PopulationHistory
from .question import Question
from .store import EvidenceStore
from .timelines import TIMELINES, available_columns, table_columns
from .words import name_part


def available_evidence(store: EvidenceStore, population: PopulationHistory) -> dict[str, Evidence]:
    """The timelines that this business has, with their columns and vocabularies."""
    names = list(dict.fromkeys(name for values in population.values for name in values.words))
    found = {}
    for timeline, kind in TIMELINES.items():
        present = store.columns.get(kind.table)
        columns = None if present is None else available_columns(kind, present, store.contract(kind.table))
        if columns is not None:
            words = tuple(
                (n.partition(".")[2], population.words(n)) for n in names if n.partition(".")[0] == timeline
            )
            found[timeline] = Evidence(timeline, columns, vocabularies=words)
    return found


def plan_features(store: EvidenceStore, question: Question, features: Sequence[FamilyFeature]) -> FeaturePlan:
    """The timelines and columns that the features and the target take, and nothing more."""
    used: dict[str, set[str | None]] = {"orders": {"is_target"}, "lines": {"amount"}}
    for each in features:
        for measure in each.feature.expression.measures():
            evidence = measure.window.evidence
            columns = used.setdefault(evidence.timeline, set())
            columns |= {chosen.column for chosen in evidence.filters}
            kind = TIMELINES[evidence.timeline]
            columns |= {column for column in (measure.column, measure.by) if kind.shows(column)}
    timelines = {
        name: tuple(c for c in kind.columns or sorted(filter(None, used[name])) if c in used[name])
        for name, kind in TIMELINES.items()
        if name in used
    }
    columns_of: dict[str, tuple[str, ...]] = {}
    for name, shown in timelines.items():
        kind = TIMELINES[name]
        wanted = table_columns(kind, shown, store.columns[kind.table])
        found = {*columns_of.get(kind.table, ()), *wanted}
        in_order = (*store.contract(kind.table).column_names, "is_target")
        columns_of[kind.table] = tuple(column for column in in_order if column in found)
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


def _scales(store: EvidenceStore) -> dict[str, tuple[float, float]]:
    declared = store.data.tables["satisfaction"].scales
    return {name_part(instrument): declared[instrument] for instrument in sorted(declared)}


def plan_learning(
    store: EvidenceStore, question: Question, learned: Sequence[Learned], usual: Sequence[Measure]
) -> FeaturePlan:
    """The timelines and columns that it takes to learn these values of the population."""
    expressions = [part for each in learned for part in each.of]
    for measure in usual:
        rows = measure.window.evidence.ever()
        assert measure.column is not None
        expressions += [rows.mean(measure.column), measure]
    features = [Feature("", expression, "", "") for expression in expressions]
    return plan_features(store, question, [FamilyFeature("", feature) for feature in features])
