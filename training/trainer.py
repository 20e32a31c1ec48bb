"""A training run: evidence in; judged, refitted, registered and reported model out."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from patron.features.engine import Prepared, prepare_as_learned
from patron.features.family import Family
from patron.features.judging import ALWAYS
from patron.features.localtime import to_datetime
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.tracking import Tracking
from patron.models.artefact import Artefact
from patron.models.contract import REFERENCE_ROWS, Contract, TrainingWindow, reference_of
from patron.models.forecast import Forecast
from patron.reporting.answer_view import AnswerView
from patron.reporting.wording import COMING_BACK, Aim, aim_of

from .after_answers import learn_after_answers
from .after_cases import learn_after_cases
from .answer import Answer, answer
from .customer_kinds import learn_kinds
from .dossier import Dossier, write_dossier
from .forecast_judgement import judge_forecast
from .forecast_maker import ForecastMaker
from .gate import remedy_for, require_enough
from .inner import InnerFolds
from .judgement import Judgement, judge
from .levels import with_levels
from .loyalty import learn_loyalty, learned_at_the_end, thresholds_of
from .promise import promise_of
from .promotion import Challenger, Decision, current_champion, decide
from .recipe import Recipe
from .record import Record
from .rivals import Evidence
from .sentences import summary_sentences
from .settings import TrainingSettings
from .snapshots import BuiltTrainingSet, build_training_set
from .tracking import record_dossier
from .tuning import tune
from .usual import usual_of

_LIBRARIES = ("patron", "lightgbm", "numpy", "duckdb", "pyarrow", "scikit-learn")


@dataclass(frozen=True)
class TrainingRun:
    """A finished run: where it is, what was decided, and how good the model is.

    `decision` is in words, `gate` the same with its numbers: `gate.outcome` is "promoted", "refused", "undecided" (left
    to `patron promote`) or "unchanged" (the champion is this very model).
    `metrics` are of the judged booster over all test cutoffs, each with the ends of its 95 % interval; `summary` are
    the sentences that matter. `grade` is A, B or C with its `reasons`. It shows itself in a notebook.
    """

    run_id: str
    model_uri: str
    version: int
    alias: str
    decision: str
    gate: Decision
    grade: str
    reasons: tuple[str, ...]
    summary: tuple[str, ...]
    metrics: Mapping[str, Mapping[str, float | None]]
    report: Path
    fragment: str = field(default="", repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The run as plain data."""
        plain = {name: value for name, value in vars(self).items() if name != "fragment"}
        gate = self.gate.to_dict()
        lists = {"summary": list(self.summary), "reasons": list(self.reasons)}
        return {**plain, "gate": gate, **lists, "report": str(self.report)}

    def _repr_html_(self) -> str:
        return self.fragment


def train_model(
    evidence: Evidence,
    question: Question,
    settings: TrainingSettings,
    tracking: Tracking,
    *,
    folder: Path,
    progress: Progress = silent,
) -> TrainingRun:
    """Train, judge on later time, decide against the champion, register and report.

    `folder` gets the report, the quarantined rows, and the finished model until it is recorded. Raises DataError for
    evidence that cannot be read, GateError where there is too little to learn from.
    """
    current = current_champion(tracking)
    record = _learn(evidence, question, settings, tracking, folder, progress)
    judgement = record.judgement
    challenger = Challenger(
        record.artefact,
        judgement.beats_opponent,
        record.built.data,
        record.plan,
        record.recipe,
        settings.seed,
    )
    decision = decide(challenger, current, evidence, tracking, progress)
    progress("recording the run", 0, 1)
    return record_training(write_dossier(record, decision, folder), tracking, folder)


def record_training(dossier: Dossier, tracking: Tracking, folder: Path) -> TrainingRun:
    """A finished training into MLflow, its report into `folder`."""
    registration = record_dossier(dossier, tracking, folder)
    return TrainingRun(
        run_id=registration.run_id,
        model_uri=f"models:/{tracking.model_name}/{registration.version}",
        version=registration.version,
        alias=registration.alias,
        decision=registration.decision.words,
        gate=registration.decision,
        grade=dossier.facts["grade"],
        reasons=tuple(dossier.facts["reasons"]),
        summary=tuple(dossier.facts["summary"]),
        metrics=dossier.facts["model"],
        report=registration.report,
        fragment=registration.fragment,
    )


def _learn(
    evidence: Evidence,
    question: Question,
    settings: TrainingSettings,
    tracking: Tracking,
    folder: Path,
    progress: Progress,
) -> Record:
    """The model and its judgement, from evidence that is given back at the end."""
    families, memory = evidence.families, evidence.memory
    with EvidenceStore(evidence.data, question, memory=memory, progress=progress) as store:
        built = build_training_set(store, question, families, memory, progress, with_outcomes=True)
        plan = built.folds(settings.test_cutoffs)
        require_enough(
            built.customers,
            built.counts(plan.tests[0].train, store.zone),
            built.counts([fold.cutoff for fold in plan.tests], store.zone),
            remedy_for(question, store.columns),
        )
        built = with_levels(built, store, question, families, memory)
        recipe, tuning = Recipe(), None
        if settings.trials:
            key = [question.to_dict(), store.digest(), version("patron")]
            inner = InnerFolds(built.data, plan, settings.seed)
            tuning = tune(inner, recipe, settings.trials, folder, key, progress)
            recipe = tuning.recipe
        judgement = judge(built.data, plan, recipe, question, settings.seed, progress)
        groups = answer(built.data, plan, judgement.judged, recipe, settings.seed, progress)
        followed = learn_after_answers(store, question, families, built, memory, settings.seed, progress)
        after_cases = learn_after_cases(store, question, families, built, memory, settings.seed, progress)
        fields = [field.name for field in judgement.production.fields]
        loyalty = learn_loyalty(store, question, families, built, fields, memory, settings.seed, progress)
        kinds = learn_kinds(store, built, learned_at_the_end(built, fields))
        maker = ForecastMaker.of(
            built.data,
            question,
            store.zone,
            store.observed_until,
            judgement,
            recipe,
            settings.seed,
            settings.test_cutoffs,
            progress,
        )
        progress("expecting purchases and spend", 0, 1)
        forecast = maker.production(judgement.production)
        population = built.prepared.population
        judged_forecast = judge_forecast(maker, plan, judgement, store.observed_until, population)
        store.write_quarantine(folder / "quarantine")
        return Record(
            data=evidence.data,
            question=question,
            settings=settings,
            recipe=recipe,
            model_name=tracking.model_name,
            plan=plan,
            built=built,
            judgement=judgement,
            answer=groups,
            after_answers=followed,
            after_cases=after_cases,
            loyalty=loyalty,
            kinds=kinds,
            artefact=make_artefact(
                store, question, settings, families, recipe, built, judgement, forecast, groups
            ),
            forecast=judged_forecast,
            accounts=tuple(store.accounts.values()),
            digests=store.digest(),
            summary=(
                *summary_sentences(question, judgement.evaluation),
                *([tuning.sentence] if tuning else []),
            ),
            tuning=tuning,
        )


def make_artefact(
    store: EvidenceStore,
    question: Question,
    settings: TrainingSettings,
    families: Sequence[type[Family]],
    recipe: Recipe,
    built: BuiltTrainingSet,
    judgement: Judgement,
    forecast: Forecast | None = None,
    answered: Answer | None = None,
) -> Artefact:
    """The model as it is kept: both boosters, the calibration, the contract and a card; the same bytes every time.

    The contract's features are prepared once more as a scorer will, so that it names exactly what a scorer reads.
    """
    judged, production = judgement.judged, judgement.production
    fields, population = production.fields, built.prepared.population
    names = [field.name for field in fields]
    scored = prepare_as_learned(store, question, families, population, names)
    inputs = built.data.matrix(_drawn(built.data.rows(production.learned_from)), fields)
    contract = Contract(
        question=question.to_dict(),
        timezone=store.zone.zone,
        tables={
            table: tuple(column for column in columns if column != "is_target")
            for table, columns in scored.plan.columns.items()
        },
        features=fields,
        reference=reference_of(judgement.predictions.probability, inputs, fields),
        window=TrainingWindow(
            first_cutoff=_moment(min(production.learned_from)),
            last_cutoff=_moment(max(production.learned_from)),
            observed_until=_moment(store.observed_until),
            judged_until=_moment(max(judged.learned_from)),
        ),
        population_values=_population_values(scored),
        versions={"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        digests={**store.digest(), "seed": str(settings.seed)},
        recipe=_recipe(store, question, settings, families, recipe),
        usual=usual_of(store, built, scored.plan.columns),
        promise=promise_of(judgement).to_dict(),
        loyalty=thresholds_of(built, names),
    )
    return Artefact(
        booster=production.model.to_text(production.n_trees),
        judged=judged.model.to_text(judged.n_trees),
        calibrator=production.calibrator,
        judged_calibrator=judged.calibrator,
        contract=contract,
        card=_card(question, contract, judgement, answered),
        forecast=forecast,
    )


def _drawn(rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """As many of the rows as tell how inputs are distributed: the matrix of all may not fit into memory."""
    places = np.flatnonzero(rows)
    if places.size <= REFERENCE_ROWS:
        return rows
    drawn = np.zeros_like(rows)
    drawn[np.random.default_rng(0).choice(places, REFERENCE_ROWS, replace=False)] = True
    return drawn


def _recipe(
    store: EvidenceStore,
    question: Question,
    settings: TrainingSettings,
    families: Sequence[type[Family]],
    recipe: Recipe,
) -> dict[str, Any]:
    """All that was chosen before data was seen. Closures are told as time goes on: they belong to the data."""
    asked = question.to_dict()
    asked.pop("name")
    target = asked.pop("target")
    calendar = {name: value for name, value in asked.pop("calendar").items() if name != "closures"}
    return {
        **{f"question.{name}": value for name, value in asked.items()},
        **{f"target.{name}": value for name, value in target.items()},
        **{f"calendar.{name}": value for name, value in calendar.items()},
        "timezone": store.zone.zone,
        **{f"training.{name}": value for name, value in asdict(settings).items()},
        **{f"recipe.{name}": value for name, value in recipe.to_dict().items()},
        "families": [family.name for family in families],
        **{f"columns.{table}": list(columns) for table, columns in store.columns.items()},
    }


def _population_values(scored: Prepared) -> dict[str, Any]:
    """What is known of everybody and not of single customers, as plain data; what nobody knew is left out.

    `history` is what each training cutoff knew of the population: a past cutoff is scored with its own. With
    `observed_from`, since when each table is complete, a score does not depend on who else is in the batch. `scales`
    are the lowest and highest scores of the business's own instruments.
    """
    history = [
        replace(values, numbers={name: each for name, each in values.numbers.items() if each == each})
        for values in scored.population.values
    ]
    since = {table: moment for table, moment in scored.plan.observed_from.items() if moment > ALWAYS}
    return {
        "history": [values.to_dict() for values in history],
        "observed_from": {table: _moment(moment) for table, moment in since.items()},
        "scales": {name: list(scale) for name, scale in scored.plan.scales.items()},
    }


def _moment(instant: int) -> str:
    return to_datetime(int(instant)).isoformat()


def _card(question: Question, contract: Contract, judgement: Judgement, answered: Answer | None) -> str:
    """The model card: what it answers, from what, how well, what brings customers back, and what it is not for."""
    sentences = "\n".join(f"- {s}" for s in summary_sentences(question, judgement.evaluation))
    back = "" if answered is None else card_section(answered, aim_of(question.population))
    tables = "\n".join(f"- {table}: {', '.join(columns)}" for table, columns in contract.tables.items())
    cutoffs = np.unique(judgement.predictions.cutoff).size
    return f"""# {question.name}

The probability that a customer of the population "{question.population}" meets the target ({question.target.kind})
within {question.horizon_days} days of a cutoff.

## How good

{sentences}

Judged at {cutoffs} test cutoffs by boosters that knew only targets mature before each of them; the production booster
is the same recipe refitted on all targets mature by {contract.window.observed_until}.
{back}
## From what

{tables}

{len(contract.features)} features; training cutoffs {contract.window.first_cutoff} to {contract.window.last_cutoff}.

## What it does not say

A probability holds under the contact policy of the training window. It ranks who will buy, not whom a contact would
move; what the model leans on is associated with buying, not shown to cause it.
"""


def card_section(answered: Answer, aim: Aim = COMING_BACK) -> str:
    """What brings customers back here, as the report says it."""
    said = AnswerView(answered.gains, answered.spend, answered.stand_ins, aim=aim).sentences
    lines = "\n".join(f"- {sentence}" for sentence in said)
    return f"\n## {aim.title}\n\n{lines}\n"
