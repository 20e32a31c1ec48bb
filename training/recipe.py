"""The recipe of a model: everything that is chosen before data is seen."""

from dataclasses import asdict, dataclass
from typing import Any

from patron.models.classifier import RepurchaseClassifier


@dataclass(frozen=True)
class Recipe:
    """Settings of the boosted trees: small, strongly regularised, and as many as help on inner folds."""

    n_trees: int = 400
    learning_rate: float = 0.05
    n_leaves: int = 12
    min_child: int = 50
    feature_fraction: float = 0.3
    l2: float = 10.0

    def classifier(self, seed: int, n_threads: int | None = None) -> RepurchaseClassifier:
        """An unfitted classifier of this recipe, for so many threads (all cores unless given)."""
        return RepurchaseClassifier(**asdict(self), patience=None, seed=seed, n_threads=n_threads)

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain data."""
        return asdict(self)


TREES_WITHOUT_INNER_FOLDS = 150
"""How many trees are kept where history is too short to find out."""
