"""Drawing lots: a share of customers, alike in all parts of them, the same for the same seed."""

import hashlib

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def generator(seed: int, *said: object) -> np.random.Generator:
    """Random numbers for one draw, named by what it is for, so that no two draws share theirs."""
    words = "\n".join(str(each) for each in said)
    return np.random.default_rng([seed, int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big")])


def draw_share(stratum: Places, share: float, random: np.random.Generator) -> Flags:
    """Who of n customers in strata [n] is drawn; everybody with the same probability `share`.

    Systematic sampling from a random start (Madow 1949) along the strata, in each of which the order is random: the
    share holds in every stratum but for one customer, and overall.

    >>> drawn = draw_share(np.repeat([0, 1], 50), 0.2, np.random.default_rng(7))
    >>> int(drawn[:50].sum()), int(drawn[50:].sum())
    (10, 10)
    """
    order = np.lexsort([random.random(stratum.size), stratum])
    steps = np.floor(random.random() + share * np.arange(stratum.size + 1))
    drawn = np.zeros(stratum.size, np.bool_)
    drawn[order] = np.diff(steps) > 0
    return drawn


def strata_of(*groupings: npt.NDArray[np.generic]) -> Places:
    """Groupings [n] to one stratum for each combination that there is; int64[n]."""
    strata = np.zeros(groupings[0].size, np.int64)
    for each in groupings:
        _, group = np.unique(each, return_inverse=True)
        _, strata = np.unique(strata * (int(group.max(initial=0)) + 1) + group, return_inverse=True)
    return strata.astype(np.int64)


def fifths(values: npt.NDArray[np.float64]) -> Places:
    """In which fifth of the values each lies; int64[n], unknown ones in the first."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.zeros(values.size, np.int64)
    edges = np.quantile(known, [0.2, 0.4, 0.6, 0.8])
    return np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), 0).astype(np.int64)
