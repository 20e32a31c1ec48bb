"""Categorical features: the words that a measure's codes stand for, and those that were no frequent ones yet."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .expressions import Measure
from .words import name_part

if TYPE_CHECKING:
    from .evaluation import Sight

OTHER = "other"
"""What stands for all words that are not in the vocabulary."""


@lru_cache(maxsize=256)
def names_of(words: tuple[str, ...]) -> npt.NDArray[np.object_]:
    """What words are compared by; object[words]."""
    return np.array([name_part(word) for word in words], object)


def output_words(measure: Measure, words: tuple[str, ...], sight: "Sight") -> tuple[str, ...]:
    """The words that the codes of a categorical measure stand for; `words` are those of its column."""
    return words if measure.vocabulary is None else (*sight.population.words(measure.vocabulary), OTHER)


def in_vocabulary(
    measure: Measure, sight: "Sight", words: tuple[str, ...], codes: npt.NDArray[np.number]
) -> npt.NDArray[np.float64]:
    """Codes of the column's words as codes of the output's, NaN for unknown (negative or NaN) ones; float64[s].

    A word that was not in the vocabulary at the cutoff becomes `OTHER`.
    """
    unknown = ~(codes >= 0)
    if measure.vocabulary is None:
        return np.where(unknown, np.nan, codes)
    frequent = sight.population.words(measure.vocabulary)
    places = {word: at for at, word in enumerate(frequent)}
    output = np.array(
        [places.get(name, len(frequent)) for name in names_of(words)] + [len(frequent)], np.int64
    )
    known = np.zeros((len(frequent) + 1, sight.cutoffs.size), np.bool_)
    for at, word in enumerate(frequent):
        known[at] = sight.population.knows(measure.vocabulary, word, sight.cutoffs)
    found = output[np.where(unknown, -1, codes).astype(np.int64)]
    is_known = known[found, sight.places]
    return np.where(unknown, np.nan, np.where(is_known, found, len(frequent)))
