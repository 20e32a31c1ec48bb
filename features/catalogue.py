"""The catalogue: what every feature is called, measured in, and means."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class FeatureField:
    """One feature as the documentation, the contract and the report know it.

    A `number` is float32 (NaN where unknown); a `category` is an arrow dictionary of strings whose possible
    values, in code order, are `categories`.
    """

    name: str
    unit: str
    description: str
    family: str
    kind: Literal["number", "category"] = "number"
    categories: tuple[str, ...] = ()
