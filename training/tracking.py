"""A dossier into MLflow: run, inputs, metrics, artifacts, the registered version, and last of all the alias."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patron.features.errors import PatronError
from patron.features.tracking import Tracking
from patron.features.words import name_part
from patron.models.champions import LostRaceError, crown
from patron.models.registry import CHALLENGER, CHAMPION, RegisteredVersion, describe, log_model, set_alias
from patron.models.tracking_store import experiment_id, tracking_to

from .dossier import Dossier
from .promotion import JUDGED_AT, Decision, lost_race
from .tuning import Tuning, log_trials

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput


@dataclass(frozen=True)
class Registration:
    """Where a run was recorded, and what was decided about its model."""

    run_id: str
    version: int
    alias: str
    decision: Decision
    report: Path
    fragment: str


def record_dossier(dossier: Dossier, tracking: Tracking, reports: Path) -> Registration:
    """Log the run, register the model, write down the decision, give the alias, and copy the report to `reports`.

    The alias is given last: whatever fails on the way leaves the champion as it was. The dossier stays on disk until
    all is recorded; PatronError says how to finish.
    """
    try:
        with tracking_to(tracking.uri) as mlflow, _run(mlflow, dossier, tracking) as run:
            run_id = run.info.run_id
            dossier.note(f"MLflow run {run_id} at {tracking.uri} was begun.")
            _log_facts(mlflow, run, dossier)
            registered = log_model(dossier.artefact, tracking, run_id=run_id)
            _log_metrics(mlflow, dossier, registered.model_id)
            try:
                registration = _conclude(mlflow, dossier, tracking, registered, dossier.decision)
            except LostRaceError as lost:
                decision = lost_race(dossier.decision, lost.winner)
                registration = _conclude(mlflow, dossier, tracking, registered, decision)
    except Exception as problem:
        raise _unrecorded(dossier, tracking, problem) from problem
    report = reports / f"{name_part(dossier.facts['question'])}-{registered.version}.html"
    report.write_bytes((dossier.files / "report.html").read_bytes())
    dossier.discard()
    return Registration(
        registration.run_id,
        registration.version,
        registration.alias,
        registration.decision,
        report,
        registration.fragment,
    )


def _conclude(
    mlflow: Any, dossier: Dossier, tracking: Tracking, registered: RegisteredVersion, decision: Decision
) -> Registration:
    """Write the decision wherever it is looked for, and then act on it."""
    alias = CHAMPION if decision.promotes else CHALLENGER
    fragment = dossier.fill(registered.run_id, registered.version, alias, decision.words)
    plain = json.dumps(decision.to_dict(), indent=1, ensure_ascii=False)
    (dossier.files / "decision.json").write_text(plain, encoding="utf-8")
    mlflow.log_artifacts(str(dossier.files))
    mlflow.set_tags({"patron.gate": decision.outcome, "patron.decision": decision.words})
    judged = {} if decision.comparison is None else {JUDGED_AT: ",".join(decision.comparison.cutoffs)}
    words = "\n\n".join((decision.words, *dossier.facts["summary"]))
    describe(tracking, registered.version, words, {"patron.gate": decision.outcome, **judged})
    if decision.promotes:
        crown(tracking, registered.version, instead_of=decision.against, by="gate", reason=decision.words)
    else:
        set_alias(tracking, CHALLENGER, registered.version)
    return Registration(registered.run_id, registered.version, alias, decision, dossier.files, fragment)


@contextmanager
def _run(mlflow: Any, dossier: Dossier, tracking: Tracking) -> Iterator[Any]:
    """A new run, inside the one that a notebook may have open; marked as failed where something fails.

    A server that is gone cannot be told so: what went wrong first is what is raised.
    """
    run = mlflow.start_run(
        experiment_id=experiment_id(tracking),
        run_name=dossier.facts["question"],
        nested=mlflow.active_run() is not None,
    )
    try:
        yield run
    except BaseException:
        with suppress(Exception):
            mlflow.end_run("FAILED")
        raise
    mlflow.end_run()


def _log_facts(mlflow: Any, run: Any, dossier: Dossier) -> None:
    """Parameters, tags, trials, and as inputs the evidence tables and the snapshots that were made of them."""
    facts = dossier.facts
    mlflow.log_params(facts["params"])
    mlflow.set_tags(facts["tags"])
    if facts["tuning"] is not None:
        log_trials(run, Tuning.from_dict(facts["tuning"]))
    mlflow.MlflowClient().log_inputs(run.info.run_id, [_input(table) for table in facts["inputs"]])


def _log_metrics(mlflow: Any, dossier: Dossier, model_id: str) -> None:
    """Metrics over all test cutoffs and by test cutoff; MLflow shows them with the run and with its model."""
    mlflow.log_metrics(dossier.facts["metrics"], model_id=model_id)
    for step, metrics in enumerate(dossier.facts["series"]):
        mlflow.log_metrics(metrics, step=step, model_id=model_id)


def _input(table: Mapping[str, Any]) -> "DatasetInput":
    """A table as MLflow lists the inputs of a run: digest, place, columns and counts, and no row."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    columns = table.get("columns")
    return DatasetInput(
        Dataset(
            name=table["name"],
            digest=table["digest"],
            source_type="local",
            source=json.dumps({"uri": table["source"]}),
            schema=None if columns is None else json.dumps({"mlflow_colspec": columns}),
            profile=json.dumps(table["profile"]),
        ),
        [InputTag("mlflow.data.context", table.get("context", "training"))],
    )


def _unrecorded(dossier: Dossier, tracking: Tracking, problem: Exception) -> PatronError:
    """The error that says where the model is and how to finish; the folder says so as well."""
    said = problem.what if isinstance(problem, PatronError) else f"{type(problem).__name__}: {problem}"
    found = " ".join(said.split())[:300]
    dossier.note(f"It broke off: {found}")
    return PatronError(
        "The model is trained, but recording it in MLflow broke off. No alias was given to it.",
        where=tracking.uri,
        found=found,
        remedy=f"the model is kept in {dossier.folder}; when MLflow answers again, finish with:"
        f" patron train --resume {dossier.folder}",
    )
