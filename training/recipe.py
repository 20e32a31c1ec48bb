"""The recipe of a model: everything that is chosen before data is seen."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from patron.models.classifier import RepurchaseClassifier


@dataclass(frozen=True)
class Recipe:
    """Settings of the boosted trees (small, strongly regularised, as many as help on inner folds), and of time.

    `history` is how many of the latest mature cutoffs are learned from (None: all). A snapshot counts half as much
    as one that is `half_life_days` later (None: all count the same). With `share_overlap` a customer's snapshots whose
    targets look at the same days share the weight of one.
    """

    n_trees: int = 400
    learning_rate: float = 0.05
    n_leaves: int = 12
    min_child: int = 50
    feature_fraction: float = 0.3
    bagging_fraction: float = 1.0
    l1: float = 0.0
    l2: float = 10.0
    max_bin: int = 255
    history: int | None = None
    half_life_days: float | None = None
    share_overlap: bool = False

    def classifier(self, seed: int, n_threads: int | None = None) -> RepurchaseClassifier:
        """An unfitted classifier of this recipe, for so many threads (all cores unless given)."""
        trees = {name: value for name, value in asdict(self).items() if name not in _OF_TIME}
        return RepurchaseClassifier(**trees, patience=None, seed=seed, n_threads=n_threads)

    def recent(self, cutoffs: Sequence[int]) -> tuple[int, ...]:
        """Those of the cutoffs, ascending, that are learned from."""
        return tuple(cutoffs if self.history is None else cutoffs[-self.history :])

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain data."""
        return asdict(self)


_OF_TIME = ("history", "half_life_days", "share_overlap")

TREES_WITHOUT_INNER_FOLDS = 150
"""How many trees are kept where history is too short to find out."""
