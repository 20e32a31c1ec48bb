"""What is usual of the evidence that a model is trained on; a scorer holds against it what it is given."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from patron.features.ages import AGED, usual_ages
from patron.features.localtime import to_datetime
from patron.features.store import EvidenceStore

from .snapshots import BuiltTrainingSet


def usual_of(store: EvidenceStore, built: BuiltTrainingSet, tables: Iterable[str]) -> dict[str, Any]:
    """Of which type ids are, how old the newest facts of the tables are as a rule, and how many customers cutoffs have.

    As plain data: `customers` are known before the cutoff, `asked` are those whom the question is about.
    """
    asked = np.bincount(np.searchsorted(built.cutoffs, built.data.cutoff), minlength=built.cutoffs.size)
    return {
        "ids": store.id_type.family,
        "ages": usual_ages(store, [name for name in AGED if name in set(tables)]),
        "cutoffs": [
            {
                "cutoff": to_datetime(int(cutoff)).isoformat(),
                "customers": store.known_before(int(cutoff)),
                "asked": int(count),
            }
            for cutoff, count in zip(built.cutoffs, asked, strict=True)
        ],
    }
