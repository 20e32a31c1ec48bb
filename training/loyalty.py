"""The loyalty map of a training: where its axes are cut, who stands where, and how customers move on it."""

from collections.abc import Collection
from typing import Any

import pyarrow as pa

from patron.models.loyalty import LoyaltyThresholds, learn_thresholds

from .snapshots import BuiltTrainingSet


def thresholds_of(built: BuiltTrainingSet, names: Collection[str]) -> dict[str, Any]:
    """Thresholds from the last training cutoff and the model's features, as plain data; empty where there are none."""
    found = learned_at_the_end(built, names)
    return {} if found is None else found.to_dict()


def learned_at_the_end(built: BuiltTrainingSet, names: Collection[str]) -> LoyaltyThresholds | None:
    """Thresholds from the last training cutoff, by features of these names alone."""
    return learn_thresholds(last_snapshots(built), names)


def last_snapshots(built: BuiltTrainingSet) -> pa.Table:
    """The snapshots of the last training cutoff."""
    return built.data.table.filter(pa.array(built.data.rows([int(built.data.cutoff.max())])))
