"""Boosters: LightGBM models that are kept as text."""

from typing import TYPE_CHECKING

from patron.features.errors import ModelError

if TYPE_CHECKING:
    import lightgbm


def read_booster(text: str, name: str) -> "lightgbm.Booster":
    """The booster of a text; ModelError naming the file `name` where it cannot be read."""
    import lightgbm

    try:
        return lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as problem:
        raise ModelError(
            "The booster cannot be read.", where=name, found=str(problem), remedy="train again"
        ) from problem
