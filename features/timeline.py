"""A timeline: the dated rows of customers as sorted arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .localtime import FOREVER

UNKNOWN = -FOREVER
"""Stands for an integer that is not known: the time of an answer that nobody gave, the discount of a line."""

Array = npt.NDArray[Any]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Timeline:
    """Dated rows of a range of customers, in a total order: customer, happened, known, then every column.

    `starts` int64[customers + 1] bounds each customer's rows. A row is seen from a moment when
    `known < moment <= until`. Columns are int64 (money in 1/10,000, `UNKNOWN` where it is; codes of `dictionaries`,
    -1 for unknown) or float64 (NaN for unknown).
    """

    starts: Integers
    happened: Integers
    known: Integers
    until: Integers
    columns: Mapping[str, Array] = field(default_factory=dict)
    dictionaries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
