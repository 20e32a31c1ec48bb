"""A family: a named group of features over the same evidence, and how the catalogue is made from all families."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from .catalogue import FeatureField
from .errors import ConfigurationError
from .expressions import Evidence, Expression, Measure
from .question import Question


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
        return isinstance(self.expression, Measure) and self.expression.kind == "category"


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
    """Every feature that the families make of the evidence at hand; ConfigurationError where a name is used twice."""
    found: dict[str, FamilyFeature] = {}
    for kind in families:
        if not all(name in evidence for name in kind.reads):
            continue
        given = [evidence[name] for name in kind.reads] + [evidence.get(name) for name in kind.may_read]
        for feature in kind(question).features(*given):  # type: ignore[arg-type]  # may_read evidence may be None
            if feature.name in found:
                raise ConfigurationError(
                    "Two features have the same name.",
                    where=f"families {found[feature.name].family} and {kind.name}",
                    found=feature.name,
                    remedy="rename one of them",
                )
            found[feature.name] = FamilyFeature(kind.name, feature)
    return list(found.values())


def name_part(word: str) -> str:
    """A word as part of a feature's name: lower case, letters and digits of any script, others as underscores."""
    return re.sub(r"\W+", "_", word.strip().lower()).strip("_") or "blank"
