"""A training run in MLflow: parameters, metrics per cutoff, inputs, figures, report, and the registered model."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from patron.features.localtime import to_datetime
from patron.features.question import Question
from patron.features.reading import TableAccount
from patron.features.tables import DataSpec
from patron.features.tracking import Tracking
from patron.features.words import name_part
from patron.models.artefact import Artefact
from patron.models.evaluation import Estimates
from patron.models.registry import CHALLENGER, CHAMPION, RegisteredVersion, champion, log_model, set_alias
from patron.models.tracking_store import experiment_id, tracking_to

from .folds import FoldPlan
from .judgement import Judgement
from .pages import training_page
from .recipe import Recipe
from .seasons import season_sentences
from .settings import TrainingSettings
from .snapshots import BuiltTrainingSet
from .tuning import Tuning, log_trials


@dataclass(frozen=True)
class Record:
    """Everything about a finished training that is worth keeping."""

    data: DataSpec
    question: Question
    settings: TrainingSettings
    recipe: Recipe
    plan: FoldPlan
    built: BuiltTrainingSet
    judgement: Judgement
    artefact: Artefact
    accounts: tuple[TableAccount, ...]
    digests: Mapping[str, str]
    summary: tuple[str, ...]
    tuning: Tuning | None = None


@dataclass(frozen=True)
class Registration:
    """Where a run was recorded, and what was decided about its model."""

    run_id: str
    model_uri: str
    version: int
    alias: str
    decision: str
    report: Path
    fragment: str


def record_run(record: Record, tracking: Tracking, folder: Path) -> Registration:
    """Log the run, register the model, decide on its alias, and write the report to `folder`.

    The alias is given last: a run that fails on the way leaves the champion as it was.
    """
    with tracking_to(tracking.uri) as mlflow, _run(mlflow, record, tracking) as run:
        mlflow.log_params(_parameters(record))
        mlflow.set_tags(_tags(record))
        _log_metrics(mlflow, record)
        if record.tuning is not None:
            log_trials(run, record.tuning)
        _log_inputs(mlflow, run.info.run_id, record)
        registered = log_model(record.artefact, tracking, run_id=run.info.run_id)
        alias, decision = decide(record.judgement, champion(tracking))
        mlflow.set_tag("patron.decision", decision)
        report, fragment = _log_pages(mlflow, record, registered, alias, decision, folder)
        set_alias(tracking, alias, registered.version)
    return Registration(
        run.info.run_id, registered.uri, registered.version, alias, decision, report, fragment
    )


def _run(mlflow: Any, record: Record, tracking: Tracking) -> Any:
    """A new run; inside the one that a notebook may have open."""
    return mlflow.start_run(
        experiment_id=experiment_id(tracking),
        run_name=record.question.name,
        nested=mlflow.active_run() is not None,
    )


def decide(judgement: Judgement, current: RegisteredVersion | None) -> tuple[str, str]:
    """The alias of a new version and why: the first that beats the opponent is champion, any other challenger."""
    if not judgement.beats_opponent:
        return (
            CHALLENGER,
            "Challenger: it is not shown to be better than the opponent, so it should not score.",
        )
    if current is not None:
        return (
            CHALLENGER,
            f"Challenger: it beats the opponent; version {current.version} stays champion until it is replaced.",
        )
    return CHAMPION, "Champion: the first version that beats the opponent."


def _parameters(record: Record) -> dict[str, Any]:
    question = record.question.to_dict()
    target, calendar = question.pop("target"), question.pop("calendar")
    return {
        **{f"question.{name}": value for name, value in question.items()},
        **{f"target.{name}": value for name, value in target.items()},
        **{f"calendar.{name}": value for name, value in calendar.items() if value},
        **{f"recipe.{name}": value for name, value in record.recipe.to_dict().items()},
        **{f"training.{name}": value for name, value in asdict(record.settings).items()},
        "trees.judged": record.judgement.judged.n_trees,
        "trees.production": record.judgement.production.n_trees,
        "calibration.production": record.judgement.production.calibrator.to_dict()["kind"],
        "features": len(record.artefact.contract.features),
    }


def _tags(record: Record) -> dict[str, str]:
    contract = record.artefact.contract
    return {
        "patron.version": contract.versions["patron"],
        "patron.model_digest": record.artefact.digest,
        "patron.contract_digest": contract.digest(),
        "patron.observed_until": contract.window.observed_until,
        "patron.provisional": record.plan.provisional or "no",
        "patron.season": _season(record),
        "patron.grade": record.judgement.grade.letter,
        "patron.grade_reasons": "; ".join(record.judgement.grade.reasons),
        "patron.best_opponent": record.judgement.evaluation.best_opponent,
        "mlflow.note.content": "\n\n".join(record.summary),
    }


def _season(record: Record) -> str:
    judgement = record.judgement
    return season_sentences(judgement.outlooks, judgement.production.outlook, record.data.timezone)[0]


def _log_metrics(mlflow: Any, record: Record) -> None:
    """Metrics over all test cutoffs with their intervals, and one series per metric over the cutoffs."""
    evaluation = record.judgement.evaluation
    groups = {
        "model": evaluation.model,
        "opponent": evaluation.opponent,
        "improvement": evaluation.improvement,
    }
    for name, estimates in groups.items():
        mlflow.log_metrics(_flat(f"{name}.", estimates))
    for each in evaluation.opponents:
        mlflow.log_metrics(_flat(f"opponent.{name_part(each.name)}.", each.metrics))
    mlflow.log_metric("smallest_visible_gain.log_loss", record.judgement.grade.smallest)
    for step, segment in enumerate(evaluation.per_cutoff):
        for name, found in (("model", segment.model), ("opponent", segment.opponent)):
            if found is not None:
                mlflow.log_metrics(
                    {f"by_cutoff.{name}.{key}": each.value for key, each in found.items()}, step=step
                )


def _flat(prefix: str, estimates: Estimates) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, each in estimates.items():
        found |= {
            f"{prefix}{name}": each.value,
            f"{prefix}{name}.low": each.low,
            f"{prefix}{name}.high": each.high,
        }
    return {name: value for name, value in found.items() if value == value}  # NaN is no metric


def _log_inputs(mlflow: Any, run_id: str, record: Record) -> None:
    """The evidence tables with their digests, as the inputs of the run."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    inputs = []
    for account in record.accounts:
        profile = {
            "rows": account.rows,
            "used": account.used,
            "quarantined": sum(account.quarantined.values()),
        }
        dataset = Dataset(
            name=account.table,
            digest=record.digests[account.table][-36:],
            source_type="local",
            source=json.dumps({"uri": account.place}),
            profile=json.dumps(profile),
        )
        inputs.append(DatasetInput(dataset, [InputTag("mlflow.data.context", "training")]))
    mlflow.MlflowClient().log_inputs(run_id, inputs)


def _log_pages(
    mlflow: Any, record: Record, registered: RegisteredVersion, alias: str, decision: str, folder: Path
) -> tuple[Path, str]:
    """The report, the figures, the catalogue and the folds as artifacts of the run; the report's copy and fragment."""
    from patron.reporting.training_page import figures, render_training_page, summary_html

    page = training_page(record, registered, alias, decision)
    html = render_training_page(page)
    with tempfile.TemporaryDirectory() as made:
        Path(made, "report.html").write_text(html, encoding="utf-8")
        Path(made, "catalogue.md").write_text(_catalogue(record), encoding="utf-8")
        Path(made, "evaluation.json").write_text(json.dumps(record.judgement.evaluation.to_dict(), indent=1))
        Path(made, "folds.json").write_text(json.dumps(_folds(record.plan), indent=1))
        Path(made, "figures").mkdir()
        for name, content in figures(page).items():
            Path(made, "figures", f"{name}.png").write_bytes(content)
        mlflow.log_artifacts(made)
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / f"{name_part(record.question.name)}-{registered.version}.html"
    report.write_text(html, encoding="utf-8")
    return report, summary_html(page)


def _catalogue(record: Record) -> str:
    """The features the model reads, with unit and meaning, as Markdown."""
    rows = [
        f"| {field.name} | {field.family} | {field.unit} | {field.description} |".replace("\n", " ")
        for field in record.artefact.contract.features
    ]
    return "\n".join(["| feature | family | unit | meaning |", "|---|---|---|---|", *rows, ""])


def _folds(plan: FoldPlan) -> list[dict[str, Any]]:
    return [
        {
            "cutoff": to_datetime(fold.cutoff).isoformat(),
            "train": [to_datetime(cutoff).isoformat() for cutoff in fold.train],
            "inner": [to_datetime(cutoff).isoformat() for cutoff in fold.inner],
        }
        for fold in plan.tests
    ]
