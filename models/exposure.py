"""How alike customers are before a moment: what their past buying, and the time of year, lead one to expect.

Bands of recency and frequency are too coarse alone: among those who bought eight times or more the heaviest buyers
answer, complain and come back most. So a regression on the comparison moments forecasts each outcome from the whole of
past buying (Hansen 2008 calls it a prognostic score); cells of stage and recency take out what it misses.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .groups import STAGES
from .moments import Floats

RECENCY_DAYS = (3, 7, 14, 30, 60, 90, 180)
"""Days since the last order at which a band of exposure ends: finer at first, as moments follow orders."""

ORDERS = (1, 2, 3)
"""Orders in 90 days at which the next band of exposure begins."""

COUNTS = ("orders_30d", "orders_90d", "orders_365d", "orders_ever")
DAYS = ("days_since_order", "days_since_first_order", "gap_mean", "gap_median")
SPEND = ("spend_90d", "spend_365d")
EXPOSURE = (*DAYS, *COUNTS, *SPEND)
"""What is known of past buying; those that the evidence does not have are left out."""

MOST_ROWS = 100_000
"""Comparison moments that the forecast is learned from; where there are more, every so many."""

_TIME = "time"


def exposure_cells(stage: Sequence[str], days_since: Floats, orders: Floats) -> npt.NDArray[np.int64]:
    """Stages, days since the last order and orders in 90 days [n] (NaN: not known) to cells of exposure [n].

    >>> exposure_cells(["new", "new", "new"], np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0])).tolist()
    [1, 1, 6]
    """
    places = {name: place for place, name in enumerate(STAGES)}
    first = np.array([places.get(each, len(STAGES)) for each in stage], np.int64)
    recency, frequency = _place(RECENCY_DAYS, days_since), _place(ORDERS, orders)
    return (first * (len(RECENCY_DAYS) + 2) + recency) * (len(ORDERS) + 2) + frequency


def _place(edges: Sequence[float], values: Floats) -> npt.NDArray[np.int64]:
    place = np.searchsorted(edges, values, side="right")
    return np.asarray(np.where(np.isnan(values), len(edges) + 1, place), np.int64)


class Exposure:
    """A forecast of an outcome (0 or 1 as int8, or an amount) from past buying and time, learned on other moments."""

    def __init__(self, columns: Mapping[str, Floats], outcome: npt.NDArray[Any]) -> None:
        self.names = tuple(columns)
        self.is_share = np.issubdtype(outcome.dtype, np.integer)
        step = 1 + (outcome.size - 1) // MOST_ROWS
        self.mean = float(outcome.mean())
        self.model = None
        if np.unique(outcome[::step]).size > 1:
            self.model = _model(self.is_share)
            self.model.fit(
                self._design({name: each[::step] for name, each in columns.items()}), outcome[::step]
            )

    def forecast(self, columns: Mapping[str, Floats]) -> Floats:
        """What the exposure of moments [n] leads one to expect [n]."""
        size = len(columns[self.names[0]])
        if self.model is None or not size:
            return np.full(size, self.mean)
        design = self._design(columns)
        found = self.model.predict_proba(design)[:, 1] if self.is_share else self.model.predict(design)
        return np.asarray(found, np.float64)

    def _design(self, columns: Mapping[str, Floats]) -> Floats:
        """Time as it is; counts, days and money as logarithms, with their sign; NaN for what is not known."""
        shown = [
            columns[name] if name == _TIME else np.sign(columns[name]) * np.log1p(np.abs(columns[name]))
            for name in self.names
        ]
        return np.column_stack(shown)


def _model(is_share: bool) -> Any:
    """Splines in each column, and whether it is known at all, into a regression with a light penalty."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer, StandardScaler

    regression = LogisticRegression(C=10.0, max_iter=300) if is_share else Ridge(alpha=1.0)
    splines = SplineTransformer(n_knots=5, degree=2, knots="uniform", extrapolation="constant")
    filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return make_pipeline(filled, splines, StandardScaler(), regression)
