"""Ageing: boosters of earlier cutoffs, which exist anyway, asked about later test cutoffs."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from patron.features.localtime import DAY
from patron.models.ageing import AgeCurve, AgedLosses, rows_loss

from .folds import Fold, FoldPlan
from .rolling import RollingBoosters

MOST_ROWS = 20_000
"""Snapshots of a test cutoff on which ages are compared; of more a sample is drawn."""


def age_curve(boosters: RollingBoosters, plan: FoldPlan, seed: int) -> AgeCurve:
    """How much worse the boosters of earlier folds say what came at the test cutoffs than the one made for them.

    All are asked for as many trees as the first test fold keeps and taken as they are, without a correction, so that
    nothing but what they learned from is told apart. An older booster also had fewer cutoffs to learn from: that is
    part of what it costs not to retrain.
    """
    n_trees = boosters.fitted(plan.tests[0]).n_trees
    return AgeCurve.of(list(_aged(boosters, plan, n_trees, seed)), seed)


def _aged(boosters: RollingBoosters, plan: FoldPlan, n_trees: int, seed: int) -> Iterator[AgedLosses]:
    data = boosters.data
    for test in plan.tests:
        rows = _sample(data.rows([test.cutoff]), seed)
        fresh = _losses(boosters, test, rows, n_trees)
        for older in plan.rolling:
            if older.cutoff < test.cutoff:
                loss = _losses(boosters, older, rows, n_trees) - fresh
                yield AgedLosses(round((test.cutoff - older.cutoff) / DAY), data.customer[rows], loss)


def _sample(rows: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.bool_]:
    """All of the rows, or so many of them as are enough."""
    places = np.flatnonzero(rows)
    if places.size <= MOST_ROWS:
        return rows
    chosen = np.zeros(rows.size, np.bool_)
    chosen[np.random.default_rng(seed).choice(places, MOST_ROWS, replace=False)] = True
    return chosen


def _losses(
    boosters: RollingBoosters, fold: Fold, rows: npt.NDArray[np.bool_], n_trees: int
) -> npt.NDArray[np.float64]:
    """What each row costs by the booster of a fold; float64[rows]."""
    model, fields = boosters.grown(fold)
    probability = model.predict_probability(boosters.data.encoded(rows, fields), n_trees)
    return rows_loss(boosters.data.outcome[rows], probability)
