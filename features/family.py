"""A family: a named group of features over the same evidence, and how the catalogue is made from all families."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from .catalogue import FeatureField
from .derived import DERIVED
from .errors import ConfigurationError
from .expressions import Evidence, Expression, Measure, PopulationNumber
from .question import Question
from .timelines import TIMELINES, holds_text, holds_time, is_stored

_OF_WORDS = ("distinct", "category", "mode", "concentration", "entropy", "new", "shift", "cycle")
_OF_ENDS = ("open", "days_open")


@dataclass(frozen=True)
class Feature:
    """A named expression with its unit and what it means in plain words."""

    name: str
    expression: Expression
    unit: str
    description: str

    @property
    def is_category(self) -> bool:
        """Whether its values are words."""
        return isinstance(self.expression, Measure) and self.expression.is_category


class Family:
    """A group of features over the timelines it reads.

    Subclasses set `name` and `reads` and yield features; `features` is called with one `Evidence` for each timeline in
    `reads`, then one (or None where there is no such evidence) for each in `may_read`. `vocabularies` names text
    columns ("contacts.channel") for whose frequent values there are features of their own. A family whose evidence is
    absent is left out.
    """

    name: ClassVar[str]
    reads: ClassVar[tuple[str, ...]]
    may_read: ClassVar[tuple[str, ...]] = ()
    vocabularies: ClassVar[tuple[str, ...]] = ()

    def __init__(self, question: Question) -> None:
        self.question = question

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """The features, in the order of the catalogue."""
        raise NotImplementedError(f"{type(self).__name__} yields no features: define features(self, …)")


@dataclass(frozen=True)
class FamilyFeature:
    """A feature and the family it belongs to."""

    family: str
    feature: Feature

    def field(self, categories: Sequence[str] = ()) -> FeatureField:
        """The feature as the catalogue and the contract know it."""
        kind: Literal["number", "category"] = "category" if self.feature.is_category else "number"
        return FeatureField(
            self.feature.name,
            self.feature.unit,
            self.feature.description,
            self.family,
            kind,
            tuple(categories),
        )


def list_features(
    families: Sequence[type[Family]],
    question: Question,
    evidence: Mapping[str, Evidence],
) -> list[FamilyFeature]:
    """Every feature that the families make of the evidence at hand; ConfigurationError where a name is used twice.

    Prospects have no purchases: of them there are no features that measure any.
    """
    found: dict[str, FamilyFeature] = {}
    for kind in families:
        if not all(name in evidence for name in kind.reads):
            continue
        given = [evidence[name] for name in kind.reads] + [evidence.get(name) for name in kind.may_read]
        for feature in kind(question).features(*given):  # type: ignore[arg-type]  # may_read evidence may be None
            _check_columns(kind.name, feature)
            if question.population == "prospects" and _measures_purchases(feature):
                continue
            if feature.name in found:
                raise ConfigurationError(
                    "Two features have the same name.",
                    where=f"families {found[feature.name].family} and {kind.name}",
                    found=feature.name,
                    remedy="rename one of them",
                )
            found[feature.name] = FamilyFeature(kind.name, feature)
    return list(found.values())


def _measures_purchases(feature: Feature) -> bool:
    """Whether a feature takes the customer's own purchases."""
    timelines = (measure.window.evidence.timeline for measure in feature.expression.measures())
    return any(TIMELINES[timeline].table == "purchases" for timeline in timelines)


def _check_columns(family: str, feature: Feature) -> None:
    """ConfigurationError where a feature measures a column that is not there or is of the other kind."""
    for part in feature.expression.walk():
        if isinstance(part, PopulationNumber):
            usable = is_stored(part.timeline, part.column) and not holds_text(part.timeline, part.column)
            _refuse_unless(
                usable, family, feature, part.timeline, part.column, "numbers as they are in the table"
            )
        if not isinstance(part, Measure):
            continue
        evidence = part.window.evidence
        _check_end(family, feature, part)
        for column, is_text in _columns_asked(part):
            if column in DERIVED:
                usable = bool(DERIVED[column].words) == is_text
            else:
                usable = evidence.has(column) and holds_text(evidence.timeline, column) == is_text
                if evidence.has(column) and part.kind == "days_since":
                    usable = holds_time(evidence.timeline, column)
            kind = "words" if is_text else "times" if part.kind == "days_since" else "numbers"
            cure = f"{kind}; of {evidence.timeline} there are {', '.join(evidence.columns)}"
            _refuse_unless(usable, family, feature, evidence.timeline, column, cure)


def _check_end(family: str, feature: Feature, measure: Measure) -> None:
    """ConfigurationError where a column that dates a later end is measured as if it were known with the row."""
    evidence, column = measure.window.evidence, measure.column
    is_end = evidence.has(column or "") and column in TIMELINES[evidence.timeline].ends
    if column is not None and is_end != (measure.kind in _OF_ENDS):
        raise _refusal(
            family,
            feature,
            evidence.timeline,
            column,
            "open() and days_open() take a column that dates a later end, and nothing else does; what is known "
            "at the end is measured on a timeline of its own, such as closings",
        )


def _columns_asked(measure: Measure) -> list[tuple[str, bool]]:
    """The columns that a measure takes, and whether each must hold words."""
    found = [(chosen.column, True) for chosen in measure.window.evidence.filters]
    if measure.column is not None and measure.kind not in _OF_ENDS:
        found.append((measure.column, measure.kind in _OF_WORDS))
    if measure.by is not None:
        found.append((measure.by, True))
    return found


def _refuse_unless(
    usable: bool, family: str, feature: Feature, timeline: str, column: str, kind: str
) -> None:
    if not usable:
        remedy = f"it takes a column of {kind}; ask whether the evidence has() an optional one first"
        raise _refusal(family, feature, timeline, column, remedy)


def _refusal(family: str, feature: Feature, timeline: str, column: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(
        "A feature cannot be computed from the evidence.",
        where=f"family {family}, feature {feature.name}",
        found=f"the column {column} of {timeline}",
        remedy=remedy,
    )
