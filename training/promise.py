"""What a judgement promises of the cutoffs to come."""

import numpy as np

from patron.models.promise import Promise

from .judgement import Judgement


def promise_of(judgement: Judgement) -> Promise:
    """A judgement to the promise that is kept with the model; levels are missed as before the production cutoff."""
    evaluation = judgement.evaluation
    return Promise(
        metrics=evaluation.model,
        next_cutoff=evaluation.next_cutoff["model"],
        level_spread=float(np.nan_to_num(judgement.production.outlook.spread)),
        weights=judgement.weights,
    )
