"""Separability: how well snapshots of the cutoffs that a model learns from can be told from those it is judged at.

A classifier that tells them apart has found what changed between then and now: windows that were not wholly observed
at first, a history that grows, a season, a changed assortment. A model may lean on the same, and be wrong about
tomorrow.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.features.catalogue import FeatureField

from .classifier import RepurchaseClassifier
from .encoding import encode
from .intervals import CustomerBootstrap, Estimate
from .metrics import auc

MOST_ROWS = 12_000
FEWEST_CUSTOMERS = 100
TOP_FEATURES = 12
_FOLDS = 2
_REPLICATES = 100
_TOLD_APART = 0.6
_MUCH = 0.05


@dataclass(frozen=True)
class SeparatingFeature:
    """A feature that tells earlier from later snapshots.

    `share` is its part of the classifier's gain, `alone` the AUC of its value by itself (a missing one counts as the
    lowest; NaN for categories), `missing_earlier` and `missing_later` the shares of snapshots without a value.
    """

    field: FeatureField
    share: float
    alone: float
    missing_earlier: float
    missing_later: float


@dataclass(frozen=True)
class Separability:
    """How far `earlier` (learned from) and `later` (judged) snapshots can be told apart.

    `auc` is out of sample, customers never on both sides: 0.5 cannot be told apart, 1 always. `bounded_auc` is the
    same without the `unbounded` features, which look back to the beginning of the history or beyond it, so that the
    time can be read from them. `families` are the AUCs of each family's bounded features by themselves, highest first.
    """

    auc: Estimate
    bounded_auc: Estimate
    features: tuple[SeparatingFeature, ...]
    bounded_features: tuple[SeparatingFeature, ...]
    families: tuple[tuple[str, Estimate], ...]
    unbounded: tuple[str, ...]
    earlier: int
    later: int
    customers: int

    @property
    def words(self) -> str:
        """What it says, in plain words."""
        if self.auc.value < _TOLD_APART:
            return "What the model learns from looks like what it is judged on."
        if self.unbounded and self.bounded_auc.value < _TOLD_APART:
            return (
                "Only features that look back to the beginning of the history, or beyond it, give the time away; apart"
                " from them, what the model learns from looks like what it is judged on."
            )
        telling = [name for name, each in self.families if each.value >= _TOLD_APART]
        alike = [name for name, each in self.families if each.value < _TOLD_APART]
        looking_back = self.auc.value - self.bounded_auc.value >= _MUCH
        parts = ["features that look back to the beginning of the history"] if looking_back else []
        parts += [_listed(telling)] if telling else []
        if not parts:
            return "Earlier and later snapshots differ a little in many features, by no single family much."
        rest = f"; by {_listed(alike)} they look alike" if alike else ""
        return f"Earlier and later snapshots can be told apart by {' and by '.join(parts)}{rest}."


def _listed(names: Sequence[str]) -> str:
    plain = [name.replace("_", " ") for name in names]
    return " and ".join([", ".join(plain[:-1]), plain[-1]]) if len(plain) > 1 else plain[0]


def measure_separability(
    table: pa.Table,
    fields: Sequence[FeatureField],
    customer: NDArray[np.int64],
    cutoff: NDArray[np.int64],
    later: NDArray[np.bool_],
    growing: Collection[str],
    seed: int,
) -> Separability | None:
    """Snapshots of earlier and later cutoffs, with their features, to how far apart they are.

    None where there are too few customers in the rows [n]. `growing` names features that grow with the history; those
    that nobody has at one cutoff and somebody at another are found.
    """
    customers, side = np.unique(customer, return_inverse=True)
    if customers.size < FEWEST_CUSTOMERS or not 0 < later.sum() < later.size:
        return None
    matrix = encode(table, fields)
    folds = np.random.default_rng(seed).permutation(customers.size)[side] % _FOLDS
    unbounded = _never_known_at_some(matrix, cutoff) | [field.name in growing for field in fields]
    bootstrap = CustomerBootstrap.of(customer, seed, _REPLICATES)
    everything = np.arange(len(fields))
    whole, features = _told_apart(matrix, everything, fields, later, folds, bootstrap, seed)
    rest, others = whole, features
    if unbounded.any() and not unbounded.all():
        rest, others = _told_apart(matrix, everything[~unbounded], fields, later, folds, bootstrap, seed)
    return Separability(
        whole,
        rest,
        features,
        others,
        _by_family(matrix, everything[~unbounded], fields, later, folds, bootstrap, seed),
        tuple(field.name for field, is_out in zip(fields, unbounded, strict=True) if is_out),
        int((~later).sum()),
        int(later.sum()),
        int(customers.size),
    )


def sample_rows(customer: NDArray[np.int64], used: NDArray[np.bool_], seed: int) -> NDArray[np.int64]:
    """Of the rows [n] that are used those of so many customers, drawn by chance, that there are not too many."""
    places = np.flatnonzero(used)
    codes, place, sizes = np.unique(customer[places], return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(codes.size)
    chosen = np.zeros(codes.size, np.bool_)
    chosen[order[np.cumsum(sizes[order]) <= MOST_ROWS]] = True
    return places[chosen[place]]


def _never_known_at_some(matrix: NDArray[np.float32], cutoff: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a feature is missing for everyone at one cutoff and known to someone at another; bool[features]."""
    known = np.array([~np.isnan(matrix[cutoff == moment]).all(axis=0) for moment in np.unique(cutoff)])
    return np.asarray(known.any(axis=0) & ~known.all(axis=0))


def _told_apart(
    matrix: NDArray[np.float32],
    columns: NDArray[np.int64],
    fields: Sequence[FeatureField],
    later: NDArray[np.bool_],
    folds: NDArray[np.int64],
    bootstrap: CustomerBootstrap,
    seed: int,
) -> tuple[Estimate, tuple[SeparatingFeature, ...]]:
    """The AUC of a classifier on some features, each customer judged by one that never saw them, and what it used."""
    part = np.ascontiguousarray(matrix[:, columns])
    kinds = [place for place, column in enumerate(columns) if fields[column].kind == "category"]
    score, gains = np.full(later.size, 0.5), np.zeros((_FOLDS, columns.size))

    def judge(fold: int) -> None:
        learn, unseen = folds != fold, folds == fold
        if not 0 < later[learn].sum() < learn.sum():
            return
        model = RepurchaseClassifier(n_trees=60, learning_rate=0.1, patience=None, seed=seed, n_threads=1)
        model.fit(part[learn], later[learn], categorical=kinds)
        score[unseen] = model.predict_probability(part[unseen])
        gains[fold] = model.booster_.feature_importance("gain")

    # Threads within one small fit would mostly wait for each other.
    with ThreadPoolExecutor(_FOLDS) as pool:
        list(pool.map(judge, range(_FOLDS)))
    gain = gains.sum(axis=0)
    value = auc(later, score)
    replicates = bootstrap.run(lambda counts: np.array([auc(later, score, counts[bootstrap.code])]))
    shares = gain / (gain.sum() or 1.0)
    top = np.argsort(-shares, kind="stable")[:TOP_FEATURES]
    found = tuple(
        _described(fields[columns[place]], float(shares[place]), part[:, place], later)
        for place in top
        if shares[place] > 0
    )
    return Estimate.of(value, replicates[:, 0]), found


def _by_family(
    matrix: NDArray[np.float32],
    columns: NDArray[np.int64],
    fields: Sequence[FeatureField],
    later: NDArray[np.bool_],
    folds: NDArray[np.int64],
    bootstrap: CustomerBootstrap,
    seed: int,
) -> tuple[tuple[str, Estimate], ...]:
    """The families with the AUC of their features by themselves."""
    names = list(dict.fromkeys(fields[column].family for column in columns))
    found = []
    for name in names:
        own = np.array([column for column in columns if fields[column].family == name])
        found.append((name, _told_apart(matrix, own, fields, later, folds, bootstrap, seed)[0]))
    return tuple(sorted(found, key=lambda each: (-each[1].value, each[0])))


def _described(
    field: FeatureField, share: float, values: NDArray[np.float32], later: NDArray[np.bool_]
) -> SeparatingFeature:
    missing = np.isnan(values)
    alone = np.nan
    if field.kind == "number":
        filled = np.where(missing, np.float32(-3e38), values)
        ranked = auc(later, np.unique(filled, return_inverse=True)[1] / filled.size)
        alone = max(ranked, 1 - ranked)
    return SeparatingFeature(field, share, alone, float(missing[~later].mean()), float(missing[later].mean()))
