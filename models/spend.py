"""How many purchases and how much net spend to expect: the chance to buy, times what those who buy do.

Two boosters learn from snapshots whose customer bought within the horizon: one the purchases beyond the first
(Poisson), one the net spend (Tweedie, between counts and amounts). Multiplied by the calibrated probability they can
never contradict it: no expectation of purchases lies below the probability of one. Returns count where they happen:
they lower the spend of those who bought, down to nothing. What a business takes back beyond that (from those who
bought nothing, or more than they bought) is spread over all by one factor, `level`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from .boosters import read_booster

if TYPE_CHECKING:
    import lightgbm

Floats = npt.NDArray[np.float64]

TREES = 100
FEWEST_BUYERS = 100
"""Below so many snapshots with a purchase nothing is learned."""

_SETTINGS: dict[str, Any] = {
    "learning_rate": 0.08,
    "num_leaves": 8,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.3,
    "lambda_l2": 10.0,
    "max_bin": 63,
    "deterministic": True,
    "force_col_wise": True,
    "boost_from_average": False,
    "verbosity": -1,
}
"""Small and strongly regularised. The start is a number of ours: LightGBM's own sum depends on how many threads add."""


@dataclass(frozen=True)
class Expectation:
    """A booster on the logarithmic scale: `booster` is LightGBM text, None where all are alike; `start` its offset."""

    booster: str | None
    start: float

    @classmethod
    def fit(
        cls,
        features: npt.NDArray[np.float32],
        values: Floats,
        objective: str,
        *,
        categorical: list[int],
        seed: int,
        threads: int | None = None,
    ) -> Self:
        """Encoded features [n, k] and values [n], none negative, to what to expect of such rows."""
        import lightgbm

        mean = float(np.mean(values))
        if mean <= 0:
            return cls(None, -np.inf)
        start = float(np.log(mean))
        settings = {**_SETTINGS, "objective": objective, "seed": seed, "num_threads": threads or 0}
        data = lightgbm.Dataset(
            features,
            values / mean,  # in multiples of the mean no setting depends on the currency
            categorical_feature=categorical,
            params=settings,
        )
        booster = lightgbm.train(settings, data, num_boost_round=TREES)
        text = "".join(
            line
            for line in booster.model_to_string(num_iteration=TREES).splitlines(True)
            if not line.startswith("[num_threads:")
        )
        return cls(text, start)

    def make_ready(self) -> None:
        """Read the booster, where there is one, which else waits for the first prediction."""
        if self.booster is not None:
            _ = self._booster

    def apply(self, features: npt.NDArray[np.float32]) -> Floats:
        """Encoded features [n, k] to expectations [n], none negative."""
        if self.booster is None or not len(features):
            return np.full(len(features), np.exp(self.start))
        raw = self._booster.predict(features, raw_score=True)
        return np.exp(self.start + np.asarray(raw, np.float64))

    @cached_property
    def _booster(self) -> "lightgbm.Booster":
        assert self.booster is not None
        return read_booster(self.booster, "the forecast of purchases and spend")


@dataclass(frozen=True)
class SpendModel:
    """What those who buy do: `more` purchases beyond the first, and net `spend` (None: not asked about).

    `level` is the net spend of all over what those who bought kept.
    """

    more: Expectation
    spend: Expectation | None = None
    level: float = 1.0

    def expected_purchases(self, features: npt.NDArray[np.float32], probability: Floats) -> Floats:
        """Encoded features [n, k] and probabilities to buy [n] to purchases within the horizon [n]."""
        return probability * (1 + self.more.apply(features))

    def expected_spend(self, features: npt.NDArray[np.float32], probability: Floats) -> Floats:
        """Encoded features [n, k] and probabilities to buy [n] to net spend within the horizon [n], in currency."""
        if self.spend is None:
            return np.full(len(features), np.nan)
        return probability * self.spend.apply(features) * self.level


def fit_spend(
    buyers: npt.NDArray[np.float32],
    purchases: Floats,
    spend: Floats | None,
    *,
    categorical: list[int],
    seed: int,
    threads: int | None = None,
) -> SpendModel | None:
    """Purchases [n] and net spend [n] of mature snapshots to the model; None for too few who bought.

    `buyers` are the encoded features of those of them that show a purchase, in their order.
    """
    bought = purchases > 0
    if bought.sum() < FEWEST_BUYERS:
        return None
    options: dict[str, Any] = {"categorical": categorical, "seed": seed, "threads": threads}
    more = Expectation.fit(buyers, purchases[bought] - 1, "poisson", **options)
    if spend is None:
        return SpendModel(more)
    kept = np.maximum(spend[bought], 0.0)
    if not kept.any():
        return SpendModel(more)
    level = max(float(spend.sum() / kept.sum()), 0.0)
    return SpendModel(more, Expectation.fit(buyers, kept, "tweedie", **options), level)
