"""Signs of the future in features: one that alone tells the outcome better than behaviour ever does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import rankdata

from .engine import Prepared, build_snapshots, feature_names, prepare
from .family import Family, FamilyFeature
from .findings import Finding, Level
from .instants import mature_cutoffs
from .question import Question
from .sample import Sample
from .store import EvidenceStore
from .timelines import TIMELINES

TOO_GOOD = 0.95
"""No honest single feature ranks so well."""

NEARLY_TOO_GOOD = 0.90
BEYOND_PURCHASES = 0.10
"""By how much a feature of other tables may be better than the best of the purchases before somebody should look."""

_FEWEST = 20
_MOST_CUTOFFS = 6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """Snapshots of the sample with their targets at some mature cutoffs, and the features with their families."""

    table: pa.Table
    features: tuple[FamilyFeature, ...]

    @property
    def outcome(self) -> npt.NDArray[np.int64]:
        """The targets; int64[snapshots]."""
        return np.asarray(self.table["target"], np.int64)

    @property
    def customer(self) -> npt.NDArray[np.int64]:
        """The customers' codes in the sample; int64[snapshots]."""
        return np.asarray(self.table["customer_id"], np.int64)

    @property
    def cutoff(self) -> npt.NDArray[np.int64]:
        """The instants of the cutoffs; int64[snapshots]."""
        return np.asarray(self.table["cutoff"].cast(pa.int64()), np.int64)


def judge(
    sample: Sample, store: EvidenceStore, question: Question, families: Sequence[type[Family]], memory: int
) -> Judged:
    """The sample's snapshots with targets, at up to six mature cutoffs from the first to the last."""
    mature = mature_cutoffs(sample, question)
    places = np.unique(np.linspace(0, len(mature) - 1, _MOST_CUTOFFS).round().astype(int))
    cutoffs = np.array([mature[place] for place in places], np.int64)
    prepared: Prepared = prepare(store, question, families, cutoffs)
    table, _ = build_snapshots(store, prepared, cutoffs, targets=True, memory=memory)
    return Judged(table.filter(pc.is_valid(table["target"])), tuple(prepared.plan.features))


def feature_signs(judged: Judged) -> Iterator[Finding]:
    """Single features that tell the outcome too well to be true, the best first."""
    outcome = judged.outcome
    if min(outcome.sum(), (1 - outcome).sum()) < _FEWEST:
        return
    present = set(feature_names(judged.table))
    areas = {
        each.feature.name: column_area(judged.table[each.feature.name], outcome, judged.customer)
        for each in judged.features
        if each.feature.name in present
    }
    own = {each.feature.name for each in judged.features if _is_of_purchases(each)}
    usual = max((areas[name] for name in own if name in areas), default=None)
    margin = BEYOND_PURCHASES + 1.96 * standard_error(NEARLY_TOO_GOOD, outcome)
    suspects: dict[tuple[Level, str], list[str]] = {}
    for each in sorted(judged.features, key=lambda each: -areas.get(each.feature.name, 0.0)):
        name = each.feature.name
        area = areas.get(name, 0.5)
        stands_out = usual is not None and name not in own and area - usual >= margin
        if area >= TOO_GOOD or (area >= NEARLY_TOO_GOOD and stands_out):
            suspects.setdefault(("leak", each.family), []).append(name)
        elif area >= NEARLY_TOO_GOOD or stands_out:
            suspects.setdefault(("look", each.family), []).append(name)
    for (level, family), names in suspects.items():
        yield _finding(level, family, {name: areas[name] for name in names}, usual, outcome)


def _finding(
    level: Level, family: str, areas: Mapping[str, float], usual: float | None, outcome: npt.NDArray[np.int64]
) -> Finding:
    shown = [f"{name} {value:.3f}" for name, value in list(areas.items())[:3]]
    more = f" and {len(areas) - 3} more" if len(areas) > 3 else ""
    beside = "" if usual is None else f"; the best of the purchases has {usual:.3f}"
    return Finding(
        level,
        "features too good to be true",
        f"family {family}",
        f"AUC of a single feature: {', '.join(shown)}{more}{beside} ({outcome.size:,} snapshots,"
        f" {outcome.sum():,} with the event)",
        "What people did before a cutoff never tells so surely what they do after it; what was written down because of"
        " the outcome does.",
        "find out when the rows behind it are written, and by whom; leave them out where the outcome comes first",
    )


def _is_of_purchases(each: FamilyFeature) -> bool:
    tables = {
        TIMELINES[measure.window.evidence.timeline].table
        for measure in each.feature.expression.measures()
        if measure.window.evidence.timeline in TIMELINES
    }
    return tables == {"purchases"}


def column_area(
    column: pa.ChunkedArray, outcome: npt.NDArray[np.int64], customer: npt.NDArray[np.int64]
) -> float:
    """How well a column alone ranks the outcome, up or down, missing values first or last; 0.5 is chance."""
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        return _folded(area(_rates(column, outcome, customer), outcome))
    values = np.asarray(column.cast(pa.float64()).fill_null(np.nan), np.float64)
    ends = (np.where(np.isnan(values), end, values) for end in (-np.inf, np.inf))
    return max(_folded(area(each, outcome)) for each in ends)


def _folded(value: float) -> float:
    return max(value, 1 - value)


def area(values: Floats, outcome: npt.NDArray[np.int64]) -> float:
    """The AUC: how often a case has the larger value, ties counting half; 0.5 where there are no two kinds."""
    cases = int(outcome.sum())
    others = outcome.size - cases
    if not cases or not others:
        return 0.5
    ranks = rankdata(values)
    return float((ranks[outcome == 1].sum() - cases * (cases + 1) / 2) / (cases * others))


def _rates(
    column: pa.ChunkedArray, outcome: npt.NDArray[np.int64], customer: npt.NDArray[np.int64]
) -> Floats:
    """Each word as the rate of the other half of the customers that has it, so that rare words tell nothing."""
    encoded = column.cast(pa.string()).fill_null("").combine_chunks().dictionary_encode()
    codes = np.asarray(encoded.indices, np.int64)
    half = (customer // 2) % 2
    rates = np.empty(codes.size)
    for side in (0, 1):
        others, here = half != side, half == side
        size = len(encoded.dictionary)
        cases = np.bincount(codes[others], outcome[others], size)
        counts = np.bincount(codes[others], minlength=size)
        usual = outcome[others].mean() if others.any() else 0.5
        rates[here] = ((cases + 10 * usual) / (counts + 10))[codes[here]]
    return rates


def standard_error(value: float, outcome: npt.NDArray[np.int64]) -> float:
    """The standard error of an AUC (Hanley and McNeil, 1982)."""
    cases = float(outcome.sum())
    others = outcome.size - cases
    first, second = value / (2 - value), 2 * value**2 / (1 + value)
    spread = value * (1 - value) + (cases - 1) * (first - value**2) + (others - 1) * (second - value**2)
    return float(np.sqrt(spread / (cases * others)))
