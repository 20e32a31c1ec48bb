"""Every test and every activity of the evidence, measured: what each changed in repurchase, purchases and net spend."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.engine import Prepared
from patron.features.errors import DataError
from patron.features.progress import Progress, silent
from patron.features.targets import maturity
from patron.features.words import name_part
from patron.models.groups import recency_bands
from patron.models.loyalty import learn_thresholds, loyalty_column

from .contact_effects import effects_of_contacts
from .contacts import Contacts, contacts_of
from .draw_times import differing_draws
from .draws import Draw, draws_of
from .earnings import Earnings, Worth, earnings_of
from .effects import Effect, holm
from .group_effects import effects_by_group
from .measuring import drawn_measurement
from .moments import EXPECTED, OUTCOMES, Ground, compared_by, covariates_of, rows_with_expectation
from .named_contacts import compliance, cost_per_customer, objective_of
from .results import ActivitiesReport, ActivityResult
from .scores import Scores, drawn_scores
from .targeting import Targeting, learned_from
from .trial import Trial

Places = npt.NDArray[np.int64]

FEWEST_TO_LEARN = 2_000
"""Customers of a test from whom on it is asked whom the arm moves."""

_MOST_COMMON = 20
"""So many activities are measured, the most frequent."""


def measure_activities(
    ground: Ground,
    progress: Progress = silent,
    negative_control: Ground | None = None,
    margin: float | None = None,
) -> ActivitiesReport:
    """The evidence to a result for every test, then for every activity of the firm that is no test's.

    Tests are measured by intention to treat from the moment of assignment, whoever was then contacted. Activities that
    nobody drew lots for are compared with customers alike, or not at all. `negative_control` is the same evidence with
    a question whose purchases no activity can have changed: where these move all the same, there is no number. With the
    `margin` of net spend, tests whose contacts have a cost say what a budget brings.
    """
    draws = draws_of(ground.store, ground.question.horizon_days)
    results = []
    for done, draw in enumerate(draws):
        progress(f"measuring {draw.test}", done, len(draws))
        results.append(_of_test(ground, draw, margin))
    tested = frozenset(name_part(draw.test) for draw in draws)
    results += _of_contacts(ground, tested, progress, negative_control)
    return ActivitiesReport(_corrected(results), ground.question.horizon_days)


def _of_test(ground: Ground, draw: Draw, margin: float | None) -> ActivityResult:
    mature = maturity(ground.question, ground.store.zone, draw.moment) <= ground.store.observed_until
    apart = {**draw.set_apart, **_counted("the horizon after the draw is not over", ~mature)}
    result = ActivityResult(
        draw.test,
        True,
        int(mature.sum()),
        *_days(ground, draw.moment),
        set_apart=apart,
        objective=objective_of(ground, draw.test),
    )
    if draw.control is None:
        return replace(result, why_not="nobody says which arm was left alone (control_arm)")
    if not mature.any():
        return replace(result, why_not="no horizon after the draw is over yet")
    try:
        return _measured(ground, draw, mature, result, margin)
    except DataError as error:
        return replace(result, why_not=_in_one_line(error))


def _measured(
    ground: Ground,
    draw: Draw,
    mature: npt.NDArray[np.bool_],
    result: ActivityResult,
    margin: float | None,
) -> ActivityResult:
    customer, moment = draw.customer[mature], draw.moment[mature]
    table = rows_with_expectation(ground, customer, moment)
    order = np.lexsort([moment, customer])
    arm, chance = draw.arm[mature][order], draw.chance[mature][order]
    told = bool(np.isfinite(chance).all())
    frame = table.append_column("arm", pa.array(arm.tolist())).append_column("chance", pa.array(chance))
    shares = {str(name): count / arm.size for name, count in Counter(arm.tolist()).items()}
    covariates = covariates_of(frame)
    effects: list[Effect] = []
    over_time: tuple[str, ...] = ()
    for outcome, column in OUTCOMES.items():
        if column not in frame.column_names:
            continue
        named = frame.rename_columns([outcome if name == column else name for name in frame.column_names])
        chances = "chance" if told else shares
        trial = Trial.of(named, "arm", outcome, covariates, chances, draw.control, "customer")
        scores = drawn_scores(trial, ground.seed)
        found = drawn_measurement(trial, scores)
        effects += found.effects
        if trial.rows == moment.size:
            over_time += differing_draws(trial, scores, moment[order], lambda when: _day_of(ground, when))
        if outcome == "repurchase":
            result = replace(
                result,
                draw=found.draw,
                groups=effects_by_group(trial, scores, _groupings(frame)),
                targeting=_targeting(trial, scores, frame, ground.seed),
            )
        if outcome == "net spend" and margin is not None:
            worth = Worth(margin, cost_per_customer(ground, draw, mature))
            result = replace(result, earnings=_earnings(trial, scores, result.targeting, worth, ground.seed))
    notes = [] if told else ["No probabilities are given; the arms' shares stand for them."]
    if result.draw is not None:
        notes += [f"Doubtful: {doubt}." for doubt in result.draw.doubts]
    notes += [*over_time, *compliance(ground, draw, mature)]
    return replace(
        result, effects=tuple(effects), expectation=EXPECTED in frame.column_names, notes=tuple(notes)
    )


def _groupings(frame: pa.Table) -> dict[str, npt.NDArray[np.str_]]:
    found = {"stage": np.array(frame["stage"].to_pylist(), np.str_)}
    if "days_since_order" in frame.column_names:
        days = np.array(frame["days_since_order"].to_pylist(), np.float64)
        found["recency"] = recency_bands(days)
    if "category_main" in frame.column_names:
        found["category"] = np.array(pc.fill_null(frame["category_main"], "").to_pylist(), np.str_)
    thresholds = learn_thresholds(frame, frame.column_names)
    if thresholds is not None:
        found["loyalty type"] = np.array(loyalty_column(frame, thresholds).to_pylist(), np.str_)
    return found


def _targeting(trial: Trial, scores: Scores, frame: pa.Table, seed: int) -> tuple[Targeting, ...]:
    """Whom each arm moves; nothing is learned of small tests, nor where all covariates are the same."""
    if trial.rows < FEWEST_TO_LEARN or not trial.covariates.shape[1]:
        return ()
    risk = -np.array(frame[EXPECTED].to_pylist()) if EXPECTED in frame.column_names else None
    return tuple(learned_from(trial, scores, place, risk, seed) for place in range(1, len(trial.arms)))


def _earnings(
    trial: Trial, scores: Scores, targeting: Sequence[Targeting], worth: Worth, seed: int
) -> tuple[Earnings, ...]:
    """What each arm earns by what is spent, of those whose cost is known."""
    learned = {each.arm: each for each in targeting}
    found = (
        earnings_of(trial, scores, place, learned.get(trial.arms[place]), worth, seed)
        for place in range(1, len(trial.arms))
    )
    return tuple(each for each in found if each is not None)


def _of_contacts(
    ground: Ground, tested: frozenset[str], progress: Progress, negative_control: Ground | None
) -> Iterator[ActivityResult]:
    """The firm's activities that are no test's, each compared with customers alike."""
    store = ground.store
    horizon = ground.question.horizon_days + ground.question.settle_days
    latest = int(store.zone.shift_days(np.array([store.observed_until], np.int64), -horizon)[0])
    found = contacts_of(store, latest, tested, ground.seed)
    if not found:
        return
    cutoffs = ground.earlier_cutoffs(store.observed_until)
    if not cutoffs.size:
        for contacts in found:
            yield replace(_plain(ground, contacts), why_not="history is too short to compare customers")
        return
    prepared = compared_by(ground, cutoffs)
    beside = None if negative_control is None else (negative_control, compared_by(negative_control, cutoffs))
    for done, contacts in enumerate(found[:_MOST_COMMON]):
        progress(f"measuring {contacts.activity}", done, len(found))
        yield _of_activity(ground, prepared, contacts, beside)
    for contacts in found[_MOST_COMMON:]:
        yield replace(_plain(ground, contacts), why_not=f"only the {_MOST_COMMON} most frequent are measured")


def _plain(ground: Ground, contacts: Contacts) -> ActivityResult:
    customers = int(np.unique(contacts.customer[contacts.contacted]).size)
    notes = (
        (f"{contacts.repeated:,} contacts repeat another of the same customer and day; one counts.",)
        if contacts.repeated
        else ()
    )
    return ActivityResult(
        contacts.activity,
        False,
        customers,
        *_days(ground, contacts.moment),
        objective=objective_of(ground, contacts.activity),
        notes=notes,
    )


def _of_activity(
    ground: Ground, prepared: Prepared, contacts: Contacts, negative_control: tuple[Ground, Prepared] | None
) -> ActivityResult:
    result = _plain(ground, contacts)
    try:
        effects = effects_of_contacts(ground, prepared, contacts, negative_control)
    except DataError as error:
        return replace(result, why_not=_in_one_line(error))
    why_not = {effect.why_not for effect in effects}
    shared = next(iter(why_not)) if len(why_not) == 1 else None
    proposal = effects[0].experiment if shared is not None else None
    return replace(result, effects=tuple(effects), experiment=proposal)


def _day_of(ground: Ground, when: int) -> str:
    return ground.store.zone.day_of(when).isoformat()


def _days(ground: Ground, moment: Places) -> tuple[str, str]:
    if not moment.size:
        return "–", "–"
    return _day_of(ground, int(moment.min())), _day_of(ground, int(moment.max()))


def _counted(reason: str, rows: npt.NDArray[np.bool_]) -> dict[str, int]:
    return {reason: int(rows.sum())} if rows.any() else {}


def _in_one_line(error: DataError) -> str:
    what = error.what.rstrip(".")
    return f"{what[0].lower()}{what[1:]} ({error.found})" if error.found else f"{what[0].lower()}{what[1:]}"


def _corrected(results: Sequence[ActivityResult]) -> tuple[ActivityResult, ...]:
    """The results with p-values corrected for all of them, outcome by outcome."""
    for outcome in OUTCOMES:
        every = [effect for result in results for effect in result.effects if effect.outcome == outcome]
        corrected = dict(zip(map(id, every), holm([effect.p_value for effect in every]), strict=True))
        results = [
            replace(
                result,
                effects=tuple(
                    replace(effect, adjusted_p=corrected[id(effect)]) if id(effect) in corrected else effect
                    for effect in result.effects
                ),
            )
            for result in results
        ]
    return tuple(results)
