"""Refits: many models of the same settings, each given something else, cheap enough to repeat with many seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
from joblib import Parallel, cpu_count, delayed

from .group_gains import Fits, GroupFits
from .permutation import permute_within, permuted

Matrix = npt.NDArray[np.float32]

FITS = 10
"""How often each model is fitted: below ten the noise of fits cannot be told from a gain."""

FITS_ALONE = 4
"""How often a group alone is fitted: the noise of these fits is small beside what a group says."""

FITS_PAIR = 4
"""How often the model without two groups is fitted."""

AT_ONCE = 2
"""Fits side by side, one thread each."""


@dataclass(frozen=True, eq=False)
class Arena:
    """What all refits share: the rows to learn from and those to predict, how trees are grown, and how many."""

    matrix: Matrix
    outcome: npt.NDArray[np.int8] | npt.NDArray[np.float64]
    cutoff: npt.NDArray[np.int64]
    customer: npt.NDArray[np.int64]
    later: Matrix
    later_cutoff: npt.NDArray[np.int64]
    later_customer: npt.NDArray[np.int64]
    categorical: tuple[int, ...]
    parameters: Mapping[str, Any]
    n_trees: int

    def of(self, columns: Sequence[int]) -> "Arena":
        """The same with some of the columns only."""
        chosen = list(columns)
        return replace(
            self,
            matrix=np.ascontiguousarray(self.matrix[:, chosen]),
            later=np.ascontiguousarray(self.later[:, chosen]),
            categorical=tuple(place for place, column in enumerate(chosen) if column in self.categorical),
        )


@dataclass(frozen=True, eq=False)
class Refitted:
    """The fits of the whole model and of each group."""

    whole: Fits
    groups: Mapping[str, GroupFits]


def refit(arena: Arena, groups: Mapping[str, tuple[int, ...]], seed: int, fits: int = FITS) -> Refitted:
    """Fit everything with so many seeds, side by side; the same whatever the number of cores."""
    workers = min(AT_ONCE, cpu_count())
    shares = [range(worker, fits, workers) for worker in range(workers)]
    run = Parallel(n_jobs=workers, prefer="threads")
    parts = run(delayed(_fit_share)(arena, groups, seed, share) for share in shares)
    found = {key: probability for part in parts for key, probability in part.items()}

    def stacked(kind: str) -> Fits:
        return Fits(np.array([found[kind, each] for each in range(fits) if (kind, each) in found]))

    return Refitted(
        stacked("whole"),
        {
            name: GroupFits(
                len(columns),
                alone=stacked(f"alone {name}"),
                by_chance=stacked(f"by chance {name}"),
                without=stacked(f"without {name}"),
            )
            for name, columns in groups.items()
        },
    )


def _fit_share(
    arena: Arena, groups: Mapping[str, tuple[int, ...]], seed: int, share: Sequence[int]
) -> dict[tuple[str, int], npt.NDArray[np.float64]]:
    """One worker's fits. It has data sets of its own, as a fit writes to the one that it is given."""
    found = {}
    whole = _dataset(arena, arena.matrix, arena.categorical)
    for each in share:
        found["whole", each] = _fitted(arena, whole, arena.later, each)
        for place, (name, columns) in enumerate(groups.items()):
            now, later = _permuted(arena, columns, [seed, place, each])
            # A permutation leaves the bins of every column as they were.
            data = _dataset(arena, now, arena.categorical, reference=whole)
            found[f"without {name}", each] = _fitted(arena, data, later, each)
    for place, (name, columns) in enumerate(groups.items()):
        part = arena.of(columns)
        data = _dataset(part, part.matrix, part.categorical)
        for each in share:
            if each < FITS_ALONE:
                found[f"alone {name}", each] = _fitted(part, data, part.later, each)
                now, later = _permuted(part, range(len(columns)), [seed, place, each])
                by_chance = _dataset(part, now, part.categorical, reference=data)
                found[f"by chance {name}", each] = _fitted(part, by_chance, later, each)
    return found


def refit_pairs(
    arena: Arena,
    groups: Mapping[str, tuple[int, ...]],
    pairs: Sequence[tuple[str, str]],
    seed: int,
    fits: int = FITS_PAIR,
) -> dict[tuple[str, str], Fits]:
    """The whole model with both groups of each pair permuted, fitted with the first seeds of `refit`.

    Each group goes to the same other customers as when it is permuted alone.
    """
    workers = min(AT_ONCE, cpu_count())
    run = Parallel(n_jobs=workers, prefer="threads")
    shares = [range(worker, fits, workers) for worker in range(workers)]
    parts = run(delayed(_fit_pairs)(arena, groups, pairs, seed, share) for share in shares)
    found = {key: prediction for part in parts for key, prediction in part.items()}
    return {pair: Fits(np.array([found[pair, each] for each in range(fits)])) for pair in pairs}


def _fit_pairs(
    arena: Arena,
    groups: Mapping[str, tuple[int, ...]],
    pairs: Sequence[tuple[str, str]],
    seed: int,
    share: Sequence[int],
) -> dict[tuple[tuple[str, str], int], npt.NDArray[np.float64]]:
    whole = _dataset(arena, arena.matrix, arena.categorical)
    places = {name: place for place, name in enumerate(groups)}
    found = {}
    for pair in pairs:
        for each in share:
            now, later = arena.matrix, arena.later
            for name in pair:
                mine, theirs = _permuted(arena, groups[name], [seed, places[name], each])
                now = _replaced(now, mine, groups[name])
                later = _replaced(later, theirs, groups[name])
            data = _dataset(arena, now, arena.categorical, reference=whole)
            found[pair, each] = _fitted(arena, data, later, each)
    return found


def _replaced(matrix: Matrix, other: Matrix, columns: Sequence[int]) -> Matrix:
    changed = matrix.copy()
    changed[:, list(columns)] = other[:, list(columns)]
    return changed


def _permuted(arena: Arena, columns: Sequence[int], seed: Sequence[int]) -> tuple[Matrix, Matrix]:
    """Both matrices with some columns given to other customers, to the same ones in both."""
    now = permute_within(arena.cutoff, arena.customer, seed)
    later = permute_within(arena.later_cutoff, arena.later_customer, seed)
    return permuted(arena.matrix, columns, now), permuted(arena.later, columns, later)


def _dataset(
    arena: Arena, matrix: Matrix, categorical: Sequence[int], reference: lightgbm.Dataset | None = None
) -> lightgbm.Dataset:
    return lightgbm.Dataset(
        matrix,
        arena.outcome.astype(np.float32),
        categorical_feature=list(categorical),
        reference=reference,
        # As many threads as fit with it: LightGBM keeps the number for the whole process, and others fit beside.
        params={**arena.parameters, "num_threads": 1},
    ).construct()


def _fitted(arena: Arena, data: lightgbm.Dataset, later: Matrix, fit: int) -> npt.NDArray[np.float64]:
    parameters = {**arena.parameters, "seed": fit, "num_threads": 1}
    booster = lightgbm.train(parameters, data, num_boost_round=arena.n_trees)
    return np.asarray(booster.predict(later, num_threads=1), np.float64)
