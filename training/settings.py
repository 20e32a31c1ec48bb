"""How a model is chosen: the few settings of training."""

from dataclasses import dataclass

from patron.features.errors import ConfigurationError


@dataclass(frozen=True)
class TrainingSettings:
    """The seed of everything random, the number of tuning trials, and how many late cutoffs judge the model.

    `trials = 0` takes the default recipe; with more, so many others are tried on cutoffs before the tests.
    `test_cutoffs` are the latest mature cutoffs; models are judged on them by training only on targets that were mature
    before each.
    """

    seed: int = 7
    trials: int = 0
    test_cutoffs: int = 3

    def __post_init__(self) -> None:
        for key, least in (("seed", 0), ("trials", 0), ("test_cutoffs", 1)):
            if getattr(self, key) < least:
                raise ConfigurationError(
                    f"{key} must be at least {least}.",
                    where=f"[training] {key}",
                    found=getattr(self, key),
                    remedy=f"set it to {least} or more",
                )
