"""What a reference is made of: a group's features given to other customers of the same cutoff.

Leaving features out would also change how trees are grown, which alone looks like a gain or a loss: fifteen columns of
noise "make a model worse" in every trial. So the columns stay, and only whom they speak of is lost.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def permute_within(
    cutoff: npt.NDArray[np.int64], customer: npt.NDArray[np.int64], seed: Sequence[int]
) -> npt.NDArray[np.intp]:
    """Cutoffs and customers of the rows [n] to the row whose values each row is given [n], one of the same cutoff.

    Customers stand in a ring in an order drawn from the seed, and each is given what belongs to the next one who is
    there. So a customer mostly keeps the same donor from cutoff to cutoff, in training and in test: values that last
    let a model recognise customers whatever they say, and the reference must be able to do so too.
    """
    names, code = np.unique(customer, return_inverse=True)
    # Of the customers by value: the ring must be the same where other rows of the same customers are looked at.
    keys = np.array([np.random.default_rng(seed).integers(2**63)], np.uint64)
    ring = _mixed(names.astype(np.uint64) ^ keys)[code]
    order = np.lexsort([ring, cutoff])
    places = np.empty(cutoff.size, np.intp)
    for rows in np.split(order, np.flatnonzero(np.diff(cutoff[order])) + 1):
        places[rows] = np.roll(rows, -1)
    return places


def _mixed(number: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Numbers scattered as if at random, different ones to different ones (the finaliser of splitmix64)."""
    with np.errstate(over="ignore"):
        number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


def permuted(
    matrix: npt.NDArray[np.float32], columns: Sequence[int], places: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """A matrix [n, k] with some columns taken from other rows, all in the same way, and the others as they are."""
    chosen = list(columns)
    changed = matrix.copy()
    changed[:, chosen] = matrix[:, chosen][places]
    return changed


def is_alike(matrix: npt.NDArray[np.float32], columns: Sequence[int], cutoff: npt.NDArray[np.int64]) -> bool:
    """Whether the columns say the same of all rows of each cutoff: then there is nothing to permute."""
    for moment in np.unique(cutoff):
        part = matrix[np.ix_(cutoff == moment, list(columns))]
        if not ((part == part[0]) | (np.isnan(part) & np.isnan(part[0]))).all():
            return False
    return True
