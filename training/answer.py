"""The answer to what brings customers back: each group of features alone, on top of all others, and shared.

The judged booster's own recipe is fitted again many times, to what was mature before the first test cutoff, and asked
about all test cutoffs. To be affordable it takes half as many trees at twice the learning rate in fewer bins, and
learns from a sample of the customers where there are many, each snapshot counting the same; sample and trees are the
same for every fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.catalogue import FeatureField
from patron.features.outcomes import SPEND
from patron.features.progress import Progress, silent
from patron.models.attribution import Attribution
from patron.models.contributions import contributions_of
from patron.models.feature_groups import columns_by_group
from patron.models.group_gains import Gain, GroupGain, GroupGains, LaterRows, compare
from patron.models.losses import DEVIANCE
from patron.models.permutation import is_alike
from patron.models.refits import FITS, Arena, refit, refit_pairs
from patron.models.spend import FEWEST_BUYERS
from patron.models.stand_ins import StandIn, pairs_to_ask, stand_ins

from .folds import FoldPlan
from .recipe import Recipe
from .rolling import FittedFold, TrainingSet

MOST_VALUES = 3_000_000
"""Rows times features that each fit learns from at most: two thirds of a second of one core."""

FEWER_BINS = 63
"""Steps in which a feature is read: sorting values into them is half of what a small fit takes."""

MOST_EXPLAINED = 20_000
"""Snapshots of which it is told how the model comes to their scores."""

MOST_TESTED = 20_000_000
"""Rows times features that each fit is asked about at most (80 MB)."""


@dataclass(frozen=True)
class Answer:
    """What each group is worth for the chance to come back and for net spend, and how the model comes to its scores.

    `spend` is None where net spend is not asked about or hardly anybody spent; `stand_ins` are of the probability.
    """

    gains: GroupGains
    spend: GroupGains | None
    stand_ins: tuple[StandIn, ...]
    attribution: Attribution

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; the gains of the probability at the top."""
        return {
            **self.gains.to_dict(),
            "net_spend": None if self.spend is None else self.spend.to_dict(),
            "stand_ins": [each.to_dict() for each in self.stand_ins],
            "attribution": self.attribution.to_dict(),
        }


def answer(
    data: TrainingSet,
    plan: FoldPlan,
    judged: FittedFold,
    recipe: Recipe,
    seed: int,
    progress: Progress = silent,
) -> Answer:
    """What each group that the judged booster reads is worth at the test cutoffs."""
    progress("asking what brings customers back", 0, 1)
    arena, train, test = arena_of(data, plan, judged.fields, judged.n_trees, recipe, seed)
    groups = {
        name: columns
        for name, columns in columns_by_group(judged.fields).items()
        if not is_alike(arena.matrix, columns, arena.cutoff)
    }
    tested = LaterRows(data.outcome[test], data.customer[test], float(arena.outcome.mean()))
    asked = data.rows(recipe.recent(plan.tests[0].train))
    sizes = Sizes(
        rows=int(test.sum()),
        customers=int(np.unique(data.customer[train]).size),
        of_customers=int(np.unique(data.customer[asked]).size),
    )
    fitted = refit(arena, groups, seed)
    whole, gains = compare(tested, fitted.whole, fitted.groups)
    both = refit_pairs(arena, groups, pairs_to_ask(gains), seed) if whole.is_measurable else {}
    return Answer(
        sizes.gains(whole, gains, tested),
        _for_spend(data, arena, groups, train, test, sizes, seed),
        stand_ins(tested, fitted.whole, fitted.groups, both),
        _attribution(judged, arena),
    )


@dataclass(frozen=True)
class Sizes:
    """On how much it was measured."""

    rows: int
    customers: int
    of_customers: int

    def gains(self, whole: Gain, groups: tuple[GroupGain, ...], tested: LaterRows) -> GroupGains:
        """What was measured, with how."""
        return GroupGains(whole, groups, FITS, self.rows, self.customers, self.of_customers, tested.loss.name)


def _for_spend(
    data: TrainingSet,
    arena: Arena,
    groups: Mapping[str, tuple[int, ...]],
    train: npt.NDArray[np.bool_],
    test: npt.NDArray[np.bool_],
    sizes: Sizes,
    seed: int,
) -> GroupGains | None:
    """The same for net spend in the horizon, in multiples of its mean; None where there is none to learn from.

    A horizon in which more was returned than bought counts as no spend.
    """
    if SPEND not in data.table.column_names:
        return None
    column = data.table[SPEND].cast(pa.float64()).to_numpy()
    spent = np.maximum(column, 0.0)
    now, later = spent[train], spent[test]
    if np.isnan(now).any() or np.isnan(later).any() or (now > 0).sum() < FEWEST_BUYERS:
        return None
    mean = float(now.mean())
    parameters = {name: value for name, value in arena.parameters.items() if name != "objective"}
    amounts = replace(arena, outcome=now / mean, parameters={**parameters, **DEVIANCE.objective})
    tested = LaterRows(later / mean, data.customer[test], 1.0, DEVIANCE)
    fitted = refit(amounts, groups, seed)
    return sizes.gains(*compare(tested, fitted.whole, fitted.groups), tested)


def _attribution(judged: FittedFold, arena: Arena) -> Attribution:
    """How the judged booster comes to its scores at the test cutoffs, of a sample of customers where they are many."""
    chosen = _shuffled(arena.later_customer, 0) < MOST_EXPLAINED / max(len(arena.later), 1)
    matrix = arena.later[chosen]
    probability = judged.model.predict_probability(matrix, judged.n_trees)
    found = contributions_of(judged.model.booster_, matrix, probability, judged.n_trees)
    return Attribution.of(found, judged.fields, matrix, arena.later_customer[chosen])


def arena_of(
    data: TrainingSet,
    plan: FoldPlan,
    fields: Sequence[FeatureField],
    n_trees: int,
    recipe: Recipe,
    seed: int,
) -> tuple[Arena, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """What is refitted of a model of so many trees that reads `fields`; the rows learned from and asked about."""
    place = _shuffled(data.customer, seed)
    train = data.rows(recipe.recent(plan.tests[0].train))
    test = data.rows([fold.cutoff for fold in plan.tests])
    train &= place < MOST_VALUES / max(train.sum() * len(fields), 1)
    test &= place < MOST_TESTED / max(test.sum() * len(fields), 1)
    parameters = recipe.classifier(seed, 1).booster_parameters
    arena = Arena(
        matrix=data.matrix(train, fields),
        outcome=data.outcome[train],
        cutoff=data.cutoff[train],
        customer=data.customer[train],
        later=data.matrix(test, fields),
        later_cutoff=data.cutoff[test],
        later_customer=data.customer[test],
        categorical=tuple(at for at, field in enumerate(fields) if field.kind == "category"),
        parameters={**parameters, "learning_rate": 2 * parameters["learning_rate"], "max_bin": FEWER_BINS},
        n_trees=max(n_trees // 2, 1),
    )
    return arena, train, test


def _shuffled(customer: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.float64]:
    """A number from 0 to 1 for each row, by customer: those below a share are a sample of that share of customers."""
    names, code = np.unique(customer, return_inverse=True)
    order = np.random.default_rng(seed).permutation(names.size)
    return np.asarray(order[code] / names.size)
