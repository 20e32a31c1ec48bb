"""Population values: what is learned from everybody's facts, as of each cutoff and never later."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .columns import MONEY_UNITS
from .contracts import STORED
from .expressions import PopulationNumber
from .sql import first_row, quoted
from .store import EvidenceStore
from .timelines import TIMELINES, source_column
from .vocabulary import names_of
from .words import name_part

MOST_WORDS = 8
"""How many frequent values of a text column get features of their own."""

MOST_ATTRIBUTE_WORDS = 30
"""How many frequent values of an attribute are told apart; they take one feature together."""

MOST_SPELLINGS = 10_000
"""A column with more is no vocabulary; its rarest spellings are not looked at."""

_STATISTICS = {"maximum": "max", "minimum": "min", "mean": "avg", "median": "median"}


@dataclass(frozen=True)
class PopulationValues:
    """What was learned from the facts known before `as_of` (an instant).

    `numbers` are statistics by name; `words` are the frequent values of text columns, the most frequent first;
    `by_word` are statistics for each of the words of a column.
    """

    as_of: int
    numbers: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_word: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the contract."""
        words = {name: list(found) for name, found in self.words.items()}
        by_word = {name: dict(found) for name, found in self.by_word.items()}
        return {"as_of": self.as_of, "numbers": dict(self.numbers), "words": words, "by_word": by_word}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What `to_dict` described."""
        words = {name: tuple(found) for name, found in plain["words"].items()}
        by_word = {name: dict(found) for name, found in plain.get("by_word", {}).items()}
        return cls(int(plain["as_of"]), dict(plain["numbers"]), words, by_word)


@dataclass(frozen=True)
class PopulationHistory:
    """Population values as of several moments; a cutoff uses the latest that were learned at or before it."""

    values: tuple[PopulationValues, ...]

    def numbers(self, name: str, cutoffs: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """A statistic as each cutoff knew it, NaN where nothing was known; float64[s]."""
        known = [values.numbers.get(name, np.nan) for values in self.values]
        return np.array([*known, np.nan])[self._places(cutoffs)]

    def knows(self, vocabulary: str, word: str, cutoffs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether a word was among the frequent ones at each cutoff; bool[s]."""
        known = [word in values.words.get(vocabulary, ()) for values in self.values]
        return np.array([*known, False])[self._places(cutoffs)]

    def by_word(
        self, name: str, words: Sequence[str], cutoffs: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """A statistic for each of the words as each cutoff knew it, NaN where it did not; float64[cutoffs, words]."""
        names = names_of(tuple(words))
        rows = [[values.by_word.get(name, {}).get(each, np.nan) for each in names] for values in self.values]
        known = np.array([*rows, [np.nan] * len(names)], np.float64)
        return known[self._places(cutoffs)]

    def words(self, vocabulary: str) -> tuple[str, ...]:
        """The words that were frequent at any of the moments, sorted.

        Not those of the last moment alone: which features an early cutoff has would then depend on what came later.
        """
        found = {word for values in self.values for word in values.words.get(vocabulary, ())}
        return tuple(sorted(found))

    def _places(self, cutoffs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Where each cutoff's values stand; -1 (the unknown ones at the end) before the first."""
        moments = np.array([values.as_of for values in self.values], np.int64)
        return np.searchsorted(moments, cutoffs, side="right") - 1


def learn_population(
    store: EvidenceStore,
    vocabularies: Sequence[str],
    numbers: Iterable[PopulationNumber],
    moments: Sequence[int],
) -> PopulationHistory:
    """What the population's facts known before each of the moments say."""
    wanted, moments = list(numbers), sorted(moments)
    words = {name: _words(store, name, moments) for name in vocabularies}
    return PopulationHistory(
        tuple(
            PopulationValues(
                moment, _numbers(store, wanted, moment), {name: words[name][at] for name in vocabularies}
            )
            for at, moment in enumerate(moments)
        )
    )


def _known_events(timeline: str, moment: int) -> str:
    """FROM and WHERE for the events of a timeline that were known before a moment."""
    kind = TIMELINES[timeline]
    return f"FROM {quoted(kind.table)} WHERE ({kind.event_sql}) AND {kind.known_sql} < {moment} AND until >= {moment}"


def _numbers(store: EvidenceStore, wanted: Sequence[PopulationNumber], moment: int) -> dict[str, float]:
    """The statistics that are known; others are left out."""
    found = {number.name: _number(store, number, moment) for number in wanted}
    return {name: value for name, value in found.items() if value is not None}


def _number(store: EvidenceStore, number: PopulationNumber, moment: int) -> float | None:
    column = quoted(number.column)
    # Sorted, because the sum of floats depends on their order, and DuckDB's order on its threads.
    values = f"{column} ORDER BY {column}" if number.statistic == "mean" else column
    row = first_row(
        store.connection,
        f"SELECT CAST({_STATISTICS[number.statistic]}({values}) AS DOUBLE) {_known_events(number.timeline, moment)}",
    )
    if row is None or row[0] is None:
        return None
    is_money = STORED[TIMELINES[number.timeline].table].column(number.column).kind == "money"
    return float(row[0]) / (MONEY_UNITS if is_money else 1)


def _words(store: EvidenceStore, vocabulary: str, moments: Sequence[int]) -> list[tuple[str, ...]]:
    """The most frequent names of a text column at each moment, words of the same name counted together.

    One pass over the table counts for all moments; only the words most frequent at one of them come back.
    """
    timeline, _, shown = vocabulary.partition(".")
    kind, column = TIMELINES[timeline], source_column(timeline, shown)
    most = MOST_ATTRIBUTE_WORDS if kind.has_attributes else MOST_WORDS
    if not moments or column not in store.columns.get(kind.table, ()):
        return [()] * len(moments)
    word = quoted(column)
    counts = [
        f"count(*) FILTER ({kind.known_sql} < {moment} AND until >= {moment}) AS count_{at}"
        for at, moment in enumerate(moments)
    ]
    places = [
        f"row_number() OVER (ORDER BY count_{at} DESC, word) <= {MOST_SPELLINGS}"
        for at in range(len(moments))
    ]
    rows = store.connection.execute(
        f"SELECT * FROM (SELECT {word} AS word, {', '.join(counts)} FROM {quoted(kind.table)}"
        f" WHERE ({kind.event_sql}) AND {word} IS NOT NULL GROUP BY {word}) QUALIFY {' OR '.join(places)}"
    ).fetchall()
    return frequent_words(rows, most, len(moments))


def frequent_words(rows: Sequence[Sequence[Any]], most: int, moments: int) -> list[tuple[str, ...]]:
    """So many of the most frequent names at each moment; rows are a word and its count at each of them."""
    return [_frequent([(row[0], row[at]) for row in rows if row[at]], most) for at in range(1, moments + 1)]


def _frequent(counted: list[tuple[str, int]], most: int) -> tuple[str, ...]:
    """So many of the most frequent names of words with their counts."""
    counts: Counter[str] = Counter()
    for spelling, count in sorted(counted, key=lambda each: (-each[1], each[0]))[:MOST_SPELLINGS]:
        counts[name_part(spelling)] += count
    return tuple(sorted(counts, key=lambda name: (-counts[name], name))[:most])
