"""Planning: from a published scoring run, programmes and economics to the plan for everybody in it."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.progress import Progress, silent
from patron.serving.sent import SentRun

from .allocation import budget_curve
from .candidates import candidates_of, check_run
from .choosing import choose, gains_of
from .contactable import Contacts
from .draft import Draft, draft_of
from .draws import draws_of
from .economics import PlanSettings
from .experiment import Experiment
from .known_effects import KnownEffect, known_effect
from .moments import Ground
from .plan import (
    Choice,
    Plan,
    ProgrammePlan,
    assignment_rows,
    contact_rows,
    plan_rows,
    without_programme,
)
from .programme import Programme

Places = npt.NDArray[np.int64]


def make_plan(
    ground: Ground,
    run: SentRun,
    programmes: Sequence[Programme],
    settings: PlanSettings,
    earlier: Contacts,
    every_feature: Collection[str],
    progress: Progress = silent,
) -> Plan:
    """A published scoring run to the plan for everybody in it.

    `earlier` are contacts that other plans have planned from the cutoff on; `every_feature` the names of all features
    that any evidence could give. ConfigurationError for a condition that cannot be read or a run of another question,
    DataError for scores that the evidence does not know.
    """
    check_run(run, ground.question.name)
    progress("looking at the customers", 0, 0)
    candidates = candidates_of(ground, run, programmes, every_feature)
    draws = {draw.test: draw for draw in draws_of(ground.store, ground.question.horizon_days)}
    known = []
    for done, programme in enumerate(candidates.programmes):
        progress(f"what is known of {programme.name}", done, len(candidates.programmes))
        draw = draws.get(programme.name)
        known.append(known_effect(ground, programme, draw, settings.margin, candidates.customer, run.cutoff))
    progress("planning", 0, 0)
    draft = draft_of(ground, settings, candidates, tuple(known), draws, earlier)
    left_out = [
        ProgrammePlan(KnownEffect(each), 0, 0, 0, 0.0, None, None, candidates.left_out[each.name])
        for each in programmes
        if each.name in candidates.left_out
    ]
    return plan_of(draft, run.folder.name, left_out)


def plan_of(draft: Draft, scores: str, left_out: Sequence[ProgrammePlan] = ()) -> Plan:
    """A draft to the plan; `scores` names the run, `left_out` the programmes that cannot be used."""
    ground, candidates, gains = draft.ground, draft.candidates, gains_of(draft)
    choice, experiments = choose(draft, gains)
    pays = draft.places("pays")
    return Plan(
        question=ground.question.name,
        cutoff=ground.store.zone.day_of(candidates.cutoff).isoformat(),
        scores=scores,
        settings=draft.settings,
        programmes=(
            *(_told(draft, choice, place, experiments.get(place)) for place in range(len(draft.known))),
            *left_out,
        ),
        rows=plan_rows(candidates, choice),
        assignments=pa.concat_tables([assignment_rows(candidates, choice), draft.never]),
        contacts=contact_rows(candidates, choice),
        curve=budget_curve(gains.value[:, pays], draft.unit_cost[:, pays]) if pays else None,
        without=without_programme(choice),
        notes=(*draft.notes, *_notes(draft, choice)),
    )


def _notes(draft: Draft, choice: Choice) -> list[str]:
    """What the user may want to change."""
    unknown = draft.places("unknown")
    waiting = draft.fits[:, unknown].any() and not choice.tested.any()
    if waiting and draft.settings.budget > 0 and draft.settings.test_budget == 0:
        return [
            "Nothing is left for programmes whose effect is not known; [plan] test_budget keeps a part for them."
        ]
    return []


def _told(draft: Draft, choice: Choice, place: int, experiment: Experiment | None) -> ProgrammePlan:
    """A programme's account."""
    known = draft.known[place]
    mine = choice.programme == place
    contacted = np.flatnonzero(mine & ~choice.held_out)
    expected = None
    if known.state == "pays":
        value, low, high = (float(each[contacted].sum()) for each in (choice.gain, choice.low, choice.high))
        expected = (value, low, high)
    return ProgrammePlan(
        known,
        int(draft.fits[:, place].sum()),
        int(contacted.size),
        int((mine & choice.held_out).sum()),
        float(draft.unit_cost[contacted, place].sum()),
        expected,
        experiment,
    )
