"""What is learned from customers: statistics of expressions and of words over those known at a moment.

Of many customers a sample is taken by their ids alone, so that who is in it never depends on what happens later.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .bgnbd import fit_bgnbd
from .evaluation import Sight, Snapshots, compute, run
from .expressions import Evidence, Expression, Learned, Measure
from .localtime import LocalTime
from .measures import usual_name, words_of
from .partition import FeaturePlan, make_timelines
from .population import PopulationHistory, PopulationValues
from .program import Codes, Numbers, Program, Seen
from .rows import Rows
from .store import EvidenceStore
from .views import View
from .vocabulary import names_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_CUSTOMERS = 8_192
"""Of more known customers a half is taken, a quarter, an eighth, until there are no more than this."""

LOT = "md5_number_lower(CAST({} AS VARCHAR)) / 18446744073709551616.0"
"""The lot that an id draws, from 0 to 1, in SQL."""

FEWEST_ROWS = 20
"""A word with fewer rows has no mean of its own."""

MOST_WORDS = 300


@dataclass(frozen=True)
class Sample:
    """Customers by code, ascending; when each was first known; and the lot (0 to 1) that its id has drawn.

    `shares` says for each moment the lots below which those known before it are in its sample.
    """

    codes: Integers
    known: Integers
    lots: Floats
    shares: Mapping[int, float]

    @classmethod
    def draw(cls, store: EvidenceStore, moments: Sequence[int]) -> "Sample":
        """All who are in the sample of any moment."""
        found = store.connection.execute(
            f"SELECT known, {LOT.format('id')} AS lot FROM customers ORDER BY customer"
        ).fetchnumpy()
        known, lots = np.asarray(found["known"], np.int64), np.asarray(found["lot"], np.float64)
        shares = {moment: _share(lots[known < moment]) for moment in moments}
        everybody = cls(np.arange(known.size), known, lots, shares)
        chosen = np.zeros(known.size, np.bool_)
        for moment in moments:
            chosen[everybody.at(moment)] = True
        return cls(everybody.codes[chosen], known[chosen], lots[chosen], shares)

    def at(self, moment: int) -> Integers:
        """The places of those who are in the sample of a moment."""
        return np.flatnonzero((self.known < moment) & (self.lots < self.shares[moment]))


def _share(lots: Floats) -> float:
    """The largest of 1, a half, a quarter … below which there are no more lots than may be in a sample."""
    share = 1.0
    while np.count_nonzero(lots < share) > MOST_CUSTOMERS:
        share /= 2
    return share


def learn_from_customers(
    store: EvidenceStore,
    plan: FeaturePlan,
    learned: Sequence[Learned],
    usual: Sequence[Measure],
    history: PopulationHistory,
) -> PopulationHistory:
    """The history with what `learned` and the measures of kind `usual` ask for, as of each of its moments.

    `plan` has the timelines and columns that they take.
    """
    if not learned and not usual:
        return history
    sample = Sample.draw(store, [values.as_of for values in history.values])
    return learn_from_sample(
        sample, store.tables_of(sample.codes, plan.columns), plan, learned, usual, history
    )


def learn_from_sample(
    sample: Sample,
    tables: Mapping[str, pa.Table],
    plan: FeaturePlan,
    learned: Sequence[Learned],
    usual: Sequence[Measure],
    history: PopulationHistory,
) -> PopulationHistory:
    """`learn_from_customers` of a sample, from its tables, in which customers are counted from zero."""
    zone = LocalTime(plan.timezone)
    rows = {name: Rows.of(table, 0, sample.codes.size) for name, table in tables.items()}
    timelines = make_timelines(rows, plan)
    expressions = list(dict.fromkeys(part for each in learned for part in each.of))
    program = Program.of(expressions)
    found = []
    for values in history.values:
        places = sample.at(values.as_of)
        snapshots = Snapshots.at(places, np.full(places.size, values.as_of))
        sight = Sight(timelines, plan.observed_from, zone, snapshots, history)
        numbers = _numbers(learned, program, expressions, sight)
        by_word = {_name(measure): _means(measure, sight) for measure in usual}
        found.append(_with(values, numbers, by_word))
    return PopulationHistory(tuple(found))


def _with(
    values: PopulationValues, numbers: Mapping[str, float], by_word: Mapping[str, Mapping[str, float]]
) -> PopulationValues:
    return replace(values, numbers={**values.numbers, **numbers}, by_word={**values.by_word, **by_word})


def _numbers(
    learned: Iterable[Learned], program: Program, expressions: Sequence[Expression], sight: Sight
) -> dict[str, float]:
    """What is known of the numbers; others are left out."""
    results = dict(run(program, sight))
    values = {each: results[place] for each, place in zip(expressions, program.outputs, strict=True)}
    parts: dict[tuple[str, tuple[Expression, ...]], Mapping[str, float]] = {}
    found = {}
    for each in learned:
        key = (each.learner, each.of)
        if key not in parts:
            parts[key] = _LEARNERS[each.learner](*[values[part] for part in each.of])
        found[each.key] = parts[key][each.part]
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _mean(values: Floats) -> dict[str, float]:
    known = values[~np.isnan(values)]
    return {"mean": float(known.mean()) if known.size else np.nan}


def _median(values: Floats) -> dict[str, float]:
    known = values[~np.isnan(values)]
    return {"median": float(np.median(known)) if known.size else np.nan}


def _spread(values: Floats) -> dict[str, float]:
    known = values[~np.isnan(values)]
    return {"spread": float(known.std(ddof=1)) if known.size > 1 else np.nan}


def _bgnbd(frequency: Floats, recency: Floats, age: Floats) -> dict[str, float]:
    bought = ~np.isnan(frequency + recency + age)
    model = fit_bgnbd(frequency[bought], recency[bought], age[bought])
    return {name: float(getattr(model, name)) for name in ("r", "alpha", "a", "b")}


_LEARNERS: Mapping[str, Callable[..., Mapping[str, float]]] = {
    "mean": _mean,
    "median": _median,
    "spread": _spread,
    "bgnbd": _bgnbd,
}


def _name(measure: Measure) -> str:
    assert measure.column is not None
    assert measure.by is not None
    return usual_name(measure.window.evidence.timeline, measure.column, measure.by)


def _means(measure: Measure, sight: Sight) -> dict[str, float]:
    """The mean of a column for each word, over all rows that the snapshots see; words with few rows are left out."""
    assert measure.column is not None
    assert measure.by is not None
    rows = Seen.of(Evidence(measure.window.evidence.timeline, ()))
    view: View = compute(rows, sight)
    numbers = compute(Numbers(rows, measure.column), sight, view)
    codes = compute(Codes(rows, measure.by), sight, view)
    words, place = _distinct_names(words_of(view, measure.by))
    if not words:
        return {}
    seen = np.zeros(view.happened.size + 1, np.int64)
    np.add.at(seen, view.begin, 1)
    np.add.at(seen, view.end, -1)
    counted = (np.cumsum(seen[:-1]) > 0) & (codes >= 0) & ~np.isnan(numbers)
    whose = place[codes[counted]]
    count = np.bincount(whose, minlength=len(words))
    total = np.bincount(whose, numbers[counted], minlength=len(words))
    frequent = np.flatnonzero(count >= FEWEST_ROWS)
    most = sorted(frequent, key=lambda at: (-count[at], words[at]))[:MOST_WORDS]
    return {words[at]: float(total[at] / count[at]) for at in sorted(most)}


@lru_cache(maxsize=16)
def _distinct_names(words: tuple[str, ...]) -> tuple[tuple[str, ...], Integers]:
    """The different names of words in sorted order, and which of them each word has; int64[words]."""
    names = names_of(words).tolist()
    distinct = sorted(set(names))
    place = {name: at for at, name in enumerate(distinct)}
    return tuple(distinct), np.array([place[name] for name in names], np.int64)
