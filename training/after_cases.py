"""What followed support cases, from the evidence: snapshots just after each became known, later, and after its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.family import Family
from patron.features.localtime import DAY
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.support import AGAIN_DAYS
from patron.models.after_cases import AfterCases, CasePart, Sides, case_part, controlled, severities
from patron.models.moments import Floats, with_alike
from patron.models.table_columns import numbers

from .anchoring import Anchoring, Comparison, instants
from .snapshots import BuiltTrainingSet

SINCE, GAP, OPEN = "days_since_case", "case_gap_last", "cases_open"
EARLIER = "orders_ever"
"""Orders before the case, which may buffer it."""

EARLIER_BANDS = ("one order before", "2 to 4 orders before", "5 orders or more before")
MOST_TOPICS = 8


def learn_after_cases(
    store: EvidenceStore,
    question: Question,
    families: Sequence[type[Family]],
    built: BuiltTrainingSet,
    memory: int,
    seed: int,
    progress: Progress = silent,
) -> AfterCases | None:
    """What followed cases beside customers alike without one; None where there are no cases, or nobody alike."""
    if SINCE not in {field.name for field in built.data.catalogue}:
        return None
    anchoring = Anchoring.of(store, question, families, built, memory, seed, (GAP,))
    if anchoring is None:
        return None
    calm = _without_case(store, built, question)
    if not calm.num_rows:
        return None
    progress("asking what followed the cases", 0, 1)
    looking = _Looking(anchoring, Comparison(calm), _cases(store))
    opened = looking.at("opened")
    if not opened.table.num_rows:
        return None
    matched = float(with_alike(opened.sides.cases, opened.sides.alike).mean())
    parts = [*_after_opening(opened)]
    landmark, quick = looking.landmark_days, looking.quick_days
    if landmark is not None and quick is not None:
        parts += _after_closing(looking, landmark, quick)
    cap = looking.comparison.cap if looking.comparison.spend_alike is not None else None
    return controlled(AfterCases(tuple(part for part in parts if part), matched, landmark, quick, cap))


def _without_case(store: EvidenceStore, built: BuiltTrainingSet, question: Question) -> pa.Table:
    """The calendar's snapshots, from when cases are known, of those without one open or in the horizon before."""
    table = built.data.table
    days = numbers(table, SINCE)
    calm = (np.isnan(days) | (days >= question.horizon_days)) & (
        instants(table) >= store.observed_from("cases")
    )
    if OPEN in table.column_names:
        calm &= ~(numbers(table, OPEN) > 0)
    return table.filter(pa.array(calm))


@dataclass(frozen=True, eq=False)
class _Seen:
    """Snapshots at moments of cases, what is known of each case by its name, and both sides of the comparison."""

    table: pa.Table
    case: dict[str, npt.NDArray[Any]]
    sides: Sides


@dataclass(frozen=True, eq=False)
class _Looking:
    """Cases with when they became known and closed, and how to look at moments after these."""

    anchoring: Anchoring
    comparison: Comparison
    cases: dict[str, npt.NDArray[Any]]

    @property
    def days(self) -> Floats:
        """How long closed cases took, by when it was known."""
        closed = self.cases["closed"] >= 0
        return np.asarray((self.cases["closed"] - self.cases["opened"])[closed] / DAY, np.float64)

    @property
    def quick_days(self) -> float | None:
        """Half of the closed cases took no longer; None where none was closed."""
        return float(np.median(self.days)) if self.days.size else None

    @property
    def landmark_days(self) -> int | None:
        """The same in whole days, one at least."""
        return None if self.quick_days is None else max(1, round(self.quick_days))

    def at(self, moment: str, shift: int = 1) -> _Seen:
        """Just after, or some microseconds after, cases were opened or closed, as far as they were."""
        chosen = self.cases[moment] >= 0
        case = {name: each[chosen] for name, each in self.cases.items()}
        table = self.anchoring.at((case["customer"], case[moment] + shift))
        keys = zip(case["customer"].tolist(), (case[moment] + shift).tolist(), strict=True)
        place = {key: at for at, key in enumerate(keys)}
        asked = zip(table["customer"].to_pylist(), instants(table).tolist(), strict=True)
        rows = np.array([place[key] for key in asked], np.int64)
        other = self.comparison
        sides = Sides(other.moments(table), other.alike, other.spend(table), other.spend_alike)
        return _Seen(table, {name: each[rows] for name, each in case.items()}, sides)


def _cases(store: EvidenceStore) -> dict[str, npt.NDArray[Any]]:
    """A case for every customer and moment of opening, as it was known when opened, and when closed (-1: not)."""
    columns = store.columns["cases"]
    known = "greatest(recorded, opened_at)"
    parts = ["customer", f"min({known}) AS opened"]
    for name, kind, absent in (("severity", "DOUBLE", "'nan'"), ("topic", "VARCHAR", "''")):
        if name in columns:
            parts.append(f"coalesce(arg_min({name}, {known}), CAST({absent} AS {kind})) AS {name}")
    if "closed_at" in columns:
        closing, is_closed = "greatest(recorded, closed_at)", "FILTER (WHERE closed_at IS NOT NULL)"
        parts.append(f"coalesce(min({closing}) {is_closed}, -1) AS closed")
        if "reopened" in columns:
            parts.append(f"coalesce(arg_min(reopened, {closing}) {is_closed}, false) AS reopened")
    table = store.connection.sql(
        f"SELECT {', '.join(parts)} FROM cases GROUP BY customer, opened_at ORDER BY ALL"
    ).to_arrow_table()
    found = {name: np.array(table[name].to_pylist()) for name in table.column_names}
    return {"closed": np.full(table.num_rows, -1, np.int64), **found}


def _after_opening(seen: _Seen) -> list[CasePart]:
    size = seen.table.num_rows
    parts = [_named("just after the case", seen, np.full(size, "all cases"), ("all cases",))]
    if "severity" in seen.case:
        words, names = severities(seen.case["severity"])
        parts.append(case_part("by severity", seen.sides, words, names, has_order=True))
    if "topic" in seen.case:
        topic = seen.case["topic"].astype(np.str_)
        found, times = np.unique(topic[topic != ""], return_counts=True)
        names = tuple(found[np.lexsort([found, -times])][:MOST_TOPICS].tolist())
        parts.append(case_part("by topic", seen.sides, topic, names, has_order=False))
    if GAP in seen.table.column_names:
        again = numbers(seen.table, GAP) <= AGAIN_DAYS
        names = ("first in a while", f"second within {AGAIN_DAYS} days")
        parts.append(
            case_part("second failure", seen.sides, np.array(names)[again.astype(int)], names, has_order=True)
        )
    if EARLIER in seen.table.column_names:
        band = np.searchsorted((2, 5), numbers(seen.table, EARLIER), side="right")
        words = np.array(EARLIER_BANDS)[band]
        parts.append(case_part("by earlier orders", seen.sides, words, EARLIER_BANDS, has_order=True))
    return parts


def _after_closing(looking: _Looking, landmark: int, quick: float) -> list[CasePart]:
    later = looking.at("opened", landmark * DAY)
    closed = (later.case["closed"] >= 0) & (later.case["closed"] < instants(later.table))
    names = ("closed by then", "still open")
    days = "a day" if landmark == 1 else f"{landmark} days"
    parts = [_named(f"{days} after the case", later, np.where(closed, *names), names)]
    seen = looking.at("closed")
    if not seen.table.num_rows:
        return parts
    parts.append(
        _named("just after it was closed", seen, np.full(seen.table.num_rows, "all closed"), ("all closed",))
    )
    took = (seen.case["closed"] - seen.case["opened"]) / DAY
    names = ("resolved quickly", "resolved slowly")
    parts.append(_named("by time to resolve", seen, np.where(took <= quick, *names), names))
    if "reopened" in seen.case:
        again = seen.case["reopened"].astype(bool)
        names = ("not reopened", "reopened")
        parts.append(_named("reopened", seen, np.where(again, names[1], names[0]), names))
    return parts


def _named(name: str, seen: _Seen, words: npt.NDArray[np.str_], names: tuple[str, ...]) -> CasePart:
    return case_part(name, seen.sides, words, names, has_order=len(names) > 1)
