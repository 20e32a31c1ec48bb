"""Snapshots rebuilt in other futures come out the same, and an engine or family that looks ahead is caught."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.features import engine
from patron.features.audit import AuditReport, audit_evidence
from patron.features.expressions import Evidence
from patron.features.families import FAMILIES
from patron.features.family import Family, Feature
from patron.features.instants import Instant
from patron.features.localtime import to_microseconds
from patron.features.population import PopulationHistory, learn_population
from patron.features.question import Question
from patron.features.rebuilding import differs
from patron.features.store import EvidenceStore

QUESTION = Question(population="all", cutoffs=2, cutoff_every_days=180)
CUTOFFS = tuple(
    Instant(to_microseconds(datetime.fromisoformat(day).replace(tzinfo=UTC)), day, calendar=True)
    for day in ("2020-05-01", "2020-11-01")
)


@pytest.fixture
def evidence(random_evidence: Callable[..., Any]) -> Any:
    """Twelve customers with late, corrected and linked rows."""
    return random_evidence(5, customers=12, rows=150)


def audited(
    evidence: Any,
    families: Sequence[type[Family]] = FAMILIES,
    instants: Sequence[Instant] | None = CUTOFFS[:1],
) -> AuditReport:
    data = evidence.business().data
    return audit_evidence(data, QUESTION, families, memory=1 << 30, instants=instants)


def with_beer_since_july(evidence: Any) -> None:
    for row in evidence.tables["purchases"]:
        late = row["purchased_at"].month > 6
        row["category"] = "beer" if late and row["category"] == "tea" else row["category"]


def culprits(report: AuditReport) -> set[tuple[str, str]]:
    return {(each.family, each.feature) for rebuild in report.rebuilds for each in rebuild.differences}


def test_honest_features_come_out_the_same_in_every_other_future(evidence: Any):
    report = audited(evidence, instants=None)

    assert culprits(report) == set()
    assert report.proven
    assert report.customers == report.known_customers == 12
    changes = {(rebuild.instant.reason, rebuild.change.split()[-1]) for rebuild in report.rebuilds}
    assert len(changes) == len(report.rebuilds) == 2 * 5 + 3 * 4  # calendar cutoffs also beside each other
    assert report.values > 1_000


def test_a_short_history_is_rebuilt_where_it_can_be(business: Callable[..., Any]):
    shop = business(until="2020-02-01").table(
        "purchases", [("a", "2020-01-05", 5.0), ("b", "2020-01-20 10:00", 3.0), ("a", "2020-01-25", -1.0)]
    )
    shop.table("satisfaction", [("a", "2020-01-28", 4.0, "2020-01-04")])

    report = audit_evidence(shop.data, Question(horizon_days=90), FAMILIES, memory=1 << 30)

    assert report.passed
    assert [rebuild.instant.reason for rebuild in report.rebuilds if rebuild.change == "taken back"] == [
        "the earliest cutoff",
        "the very instant of a purchase",
        "just after an answer",
    ]


def test_late_rows_and_guests_counted_from_when_they_happened_are_caught(
    evidence: Any, monkeypatch: pytest.MonkeyPatch
):
    honest = EvidenceStore.tables

    def from_when_they_happened(store: EvidenceStore, *asked: Any) -> dict[str, pa.Table]:
        tables = honest(store, *asked)
        return {
            name: table.set_column(table.column_names.index("recorded"), "recorded", table["happened"])
            for name, table in tables.items()
        }

    monkeypatch.setattr(EvidenceStore, "tables", from_when_they_happened)
    report = audited(evidence)

    assert not report.passed
    assert ("buying_cycle", "orders_ever") in culprits(report)


def test_population_values_of_the_whole_history_are_caught(evidence: Any, monkeypatch: pytest.MonkeyPatch):
    def of_all_time(store: EvidenceStore, vocabularies: Any, numbers: Any, moments: Any) -> PopulationHistory:
        (latest,) = learn_population(store, vocabularies, numbers, [store.observed_until]).values
        known = [type(latest)(moment, latest.numbers, latest.words) for moment in moments]
        return PopulationHistory(tuple(known))

    monkeypatch.setattr(engine, "learn_population", of_all_time)
    report = audited(evidence, (*FAMILIES, AboveTheUsual))

    assert ("above_the_usual", "lines_above_the_usual") in culprits(report)


class AboveTheUsual(Family):
    name = "above_the_usual"
    reads = ("lines",)

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        (lines,) = evidence
        usual = lines.population("amount", "mean")
        yield Feature("lines_above_the_usual", lines.ever().at_least("amount", usual), "lines", "x")


def test_a_family_whose_words_come_from_later_cutoffs_is_caught(evidence: Any):
    with_beer_since_july(evidence)

    report = audited(evidence, (*FAMILIES, WordsOfAllCutoffs), CUTOFFS)

    assert culprits(report) == {("words", "lines_of_beer")}
    (difference,) = {each for rebuild in report.rebuilds for each in rebuild.differences}
    assert difference.before == "not a feature"


class WordsOfAllCutoffs(Family):
    """Counts zero lines of a word that nobody had said yet, where `among` says that it is not known."""

    name = "words"
    reads = ("lines",)
    vocabularies = ("lines.category",)

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        (lines,) = evidence
        for word, _ in lines.among("category"):
            yield Feature(f"lines_of_{word}", lines.where("category", word).ever().count(), "lines", "x")


def test_a_family_that_remembers_what_it_was_shown_is_caught(evidence: Any):
    remembered: set[str] = set()
    with_beer_since_july(evidence)

    class Remembering(Family):
        name = "remembering"
        reads = ("lines",)
        vocabularies = ("lines.category",)

        def features(self, *evidence: Evidence) -> Iterator[Feature]:
            (lines,) = evidence
            remembered.update(word for word, _ in lines.among("category"))
            for word in sorted(remembered):
                yield Feature(f"had_{word}", lines.where("category", word).ever().count(), "lines", "x")

    report = audited(evidence, (*FAMILIES, Remembering), CUTOFFS)

    assert {family for family, _ in culprits(report)} == {"remembering"}


def test_a_single_bit_is_a_difference_and_a_missing_value_is_none():
    nan = np.float32("nan")
    left = pa.chunked_array([pa.array([1.0, nan, None, 0.0], pa.float32())])
    right = pa.chunked_array(
        [pa.array([np.nextafter(np.float32(1), np.float32(2)), nan, None, -0.0], pa.float32())]
    )

    assert differs(left, right).tolist() == [True, False, False, True]


def test_words_are_compared_whatever_their_codes():
    left = pa.chunked_array([pa.array(["web", None, "shop"]).dictionary_encode()])
    right = pa.chunked_array([pa.array(["web", "", "app"])])

    assert differs(left, right).tolist() == [False, True, True]
