"""The opposition: every opponent at every test cutoff, knowing only what was mature by then."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.question import Question
from patron.models.calibration import Shifts
from patron.models.groups import recency_bands, spend_edges, spend_tiers
from patron.models.opponents import MARK, PROSPECT_NUMBERS, History, opponents_of
from patron.models.season import season_of

from .folds import Fold, FoldPlan
from .rolling import TrainingSet

READ = (
    *("days_since_order", "gap_mean", "orders_ever", "spend_ever", "order_probability"),
    *PROSPECT_NUMBERS,
)
"""Features of the snapshots that opponents may read, whether or not the model does."""


class Opposition:
    """The opponents that a question has, fitted anew for each test fold."""

    def __init__(self, data: TrainingSet, plan: FoldPlan, question: Question) -> None:
        self._data = data
        self._question = question
        self._trains = {fold.cutoff: fold.train for fold in plan.rolling}
        names = [name for name in READ if name in data.table.column_names]
        features = {name: np.asarray(data.table[name], np.float64) for name in names}
        if question.population == "prospects":
            features |= _marks(data)
        mature = {each.cutoff: each.mature for each in data.levels} or None
        self._history = History(data.customer, data.cutoff, data.outcome, features, mature)
        opponents, self.left_out = opponents_of(question, list(features))
        self._rules: dict[str, list[str]] = {each.name: [] for each in opponents}

    @property
    def rules(self) -> Mapping[str, str]:
        """What each opponent did at the cutoffs it was asked about; one that changed its mind says both."""
        return {name: ", or ".join(dict.fromkeys(rules)) for name, rules in self._rules.items()}

    def at(self, fold: Fold) -> dict[str, npt.NDArray[np.float64]]:
        """The opponents' probabilities for the snapshots of a fold's cutoff, by name."""
        known = replace(self._history.where(self._data.rows(fold.train)), season=self._season(fold))
        asked = self._history.where(self._data.rows([fold.cutoff]))
        earlier = {cutoff: self._trains[cutoff] for cutoff in fold.inner}
        said = {}
        for opponent in opponents_of(self._question, list(self._history.features))[0]:
            said[opponent.name] = opponent.fit(known, earlier).predict(asked)
            self._rules[opponent.name].append(opponent.rule)
        return said

    def _season(self, fold: Fold) -> Shifts | None:
        """What last year says of the fold's cutoff and of those before it; None where it says nothing of the first.

        Each shift is against the windows that were mature by the cutoff that it is of, as everything that is learned.
        """
        shifts = {
            moment: season_of(moment, fold.train, self._data.levels).shift
            for moment in (*fold.train, fold.cutoff)
        }
        ahead = shifts.pop(fold.cutoff)
        if ahead is None:
            return None
        return Shifts({moment: shift for moment, shift in shifts.items() if shift is not None}, ahead)


def _marks(data: TrainingSet) -> dict[str, npt.NDArray[np.float64]]:
    """For each word of each attribute whether a snapshot's customer has it: 1 or 0."""
    found: dict[str, npt.NDArray[np.float64]] = {}
    for field in data.catalogue:
        if field.family != "profile" or field.kind != "category":
            continue
        words = np.array(data.table[field.name].to_pylist(), object)
        told = sorted({word for word in words.tolist() if word is not None})
        found |= {f"{field.name}{MARK}{word}": (words == word).astype(np.float64) for word in told}
    return found


def fold_groups(data: TrainingSet, fold: Fold) -> dict[str, npt.NDArray[np.str_]]:
    """The groups of the snapshots at a fold's cutoff; tiers of spend are those of its latest training cutoff."""
    at, end = data.rows([fold.cutoff]), data.rows(fold.train[-1:])
    groups = {"stage": _texts(data, "stage", at)}
    names = data.table.column_names
    if "days_since_order" in names:
        groups["recency"] = recency_bands(np.asarray(data.table["days_since_order"], np.float64)[at])
    if "days_since_known" in names:
        groups["known"] = recency_bands(np.asarray(data.table["days_since_known"], np.float64)[at])
    if "category_main" in names:
        groups["category"] = _texts(data, "category_main", at)
    if "spend_ever" in names:
        spend = np.asarray(data.table["spend_ever"], np.float64)
        groups["spend"] = spend_tiers(spend[at], spend_edges(spend[end]))
    return groups


def _texts(data: TrainingSet, name: str, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.str_]:
    column = data.table[name].filter(pa.array(rows))
    return np.array(["none" if word is None else str(word) for word in column.to_pylist()], np.str_)
