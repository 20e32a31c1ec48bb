"""The dossier of a finished training: everything that MLflow is to hold, as files without any customer.

It is written before MLflow is asked for anything. Should the server be lost, nothing has to be trained again:
`patron train --resume` records the dossier later.
"""

import hashlib
import html
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from patron.features.errors import ConfigurationError
from patron.features.localtime import to_datetime
from patron.features.words import name_part
from patron.models.artefact import Artefact, load, save
from patron.models.contract import canonical_json
from patron.models.evaluation import Estimates
from patron.models.pyfunc import MLFLOW_TYPES

from .folds import FoldPlan
from .pages import ALIAS, DECISION, RUN, VERSION, training_page
from .promotion import Decision
from .seasons import season_sentences

if TYPE_CHECKING:
    from .record import Record

UNRECORDED = "unrecorded"
"""The folder beside the reports that holds the dossiers of trainings that are not wholly in MLflow."""

_FACTS = "run.json"
_STATE = "README.txt"
_REPORT = "report.html"
_FRAGMENT = "summary.html"


@dataclass(frozen=True)
class Dossier:
    """A training as it lies on disk: the model in `model/`, the run's artifacts in `files/`, and the facts.

    The pages hold placeholders for what only the registry can tell: run, version, alias, and the decision.
    """

    folder: Path
    facts: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The dossier in a folder; ConfigurationError where there is none."""
        try:
            facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            beside = sorted(each.parent.name for each in folder.parent.glob(f"*/{_FACTS}"))
            raise ConfigurationError(
                "There is no training to be recorded in this folder.",
                where=str(folder),
                found=f"beside it: {', '.join(beside)}" if beside else "none",
                remedy="name the folder that the interrupted training printed, or train again",
            ) from None
        return cls(folder, facts)

    @property
    def artefact(self) -> Artefact:
        """The model, verified."""
        return load(self.folder / "model")

    @property
    def decision(self) -> Decision:
        """What the gate said."""
        return Decision.from_dict(self.facts["decision"])

    @property
    def files(self) -> Path:
        """The folder of the run's artifacts."""
        return self.folder / "files"

    def fill(self, run_id: str, version: int, alias: str, decision: str) -> str:
        """Write the report into the artifacts, its placeholders filled; the fragment for notebooks."""
        values = {RUN: run_id, VERSION: str(version), ALIAS: alias.capitalize(), DECISION: decision}
        texts = {}
        for name in (_REPORT, _FRAGMENT):
            text = (self.folder / name).read_text(encoding="utf-8")
            for placeholder, value in values.items():
                text = text.replace(placeholder, html.escape(value))
            texts[name] = text
        (self.files / _REPORT).write_text(texts[_REPORT], encoding="utf-8", newline="\n")
        return texts[_FRAGMENT]

    def note(self, line: str) -> None:
        """Add a line to what the folder says about its own state."""
        with (self.folder / _STATE).open("a", encoding="utf-8") as state:
            state.write(f"{line}\n")

    def discard(self) -> None:
        """Remove it: all of it is in MLflow now."""
        shutil.rmtree(self.folder, ignore_errors=True)


def write_dossier(record: "Record", decision: Decision, reports: Path) -> Dossier:
    """Write all that is to be recorded into a folder of its own below `reports`, in the place of an earlier attempt."""
    name = f"{name_part(record.question.name)}-{record.artefact.digest[:8]}"
    folder = reports / UNRECORDED / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "files" / "figures").mkdir(parents=True)
    save(folder / "model", record.artefact)
    texts = {
        "files/catalogue.md": _catalogue(record),
        "files/card.md": record.artefact.card,
        "files/evaluation.json": json.dumps(record.judgement.evaluation.to_dict(), indent=1),
        "files/answer.json": json.dumps(_answer(record), indent=1),
        "files/forecast.json": json.dumps(record.forecast.to_dict(), indent=1),
        "files/folds.json": json.dumps(_folds(record.plan), indent=1),
        "files/decision.json": json.dumps(decision.to_dict(), indent=1, ensure_ascii=False),
    }
    contents = {place: text.encode() for place, text in texts.items()} | draw_pages(record)
    for place, content in contents.items():
        (folder / place).write_bytes(content)
    facts = _facts(record, decision)
    (folder / _FACTS).write_text(json.dumps(facts, indent=1, ensure_ascii=False), encoding="utf-8")
    dossier = Dossier(folder, json.loads(json.dumps(facts)))
    dossier.note(
        "This model is trained and judged, and not wholly recorded in MLflow. It has no alias, so nothing scores"
        f" with it.\nTo finish, beside the configuration: patron train --resume {folder}"
    )
    return dossier


def _answer(record: "Record") -> dict[str, Any]:
    """What brings customers back, what followed their answers, the loyalty map and kinds, where there are any."""
    followed = record.after_answers
    after = {"after_answers": followed.to_dict()} if followed is not None else {}
    if record.after_cases is not None:
        after["after_cases"] = record.after_cases.to_dict()
    loyalty = {"loyalty": record.loyalty.to_dict()} if record.loyalty is not None else {}
    kinds = {"customer_kinds": record.kinds.to_dict()} if record.kinds is not None else {}
    return {**record.answer.to_dict(), **after, **loyalty, **kinds}


def draw_pages(record: "Record") -> dict[str, bytes]:
    """The report, its fragment for notebooks and its figures, by their places in the dossier."""
    from patron.reporting.training_page import figures, render_training_page, summary_html

    page = training_page(record)
    pages = {_REPORT: render_training_page(page).encode(), _FRAGMENT: summary_html(page).encode()}
    return pages | {f"files/figures/{name}.png": content for name, content in figures(page).items()}


def _facts(record: "Record", decision: Decision) -> dict[str, Any]:
    evaluation = record.judgement.evaluation
    return {
        "question": record.question.name,
        "summary": list(record.summary),
        "grade": record.judgement.grade.letter,
        "reasons": list(record.judgement.grade.reasons),
        "decision": decision.to_dict(),
        "model": {
            name: each.to_dict() for name, each in {**evaluation.model, **record.forecast.metrics()}.items()
        },
        "params": _parameters(record),
        "tags": _tags(record, decision),
        "metrics": _metrics(record),
        "series": _series(record),
        "inputs": _inputs(record),
        "tuning": None if record.tuning is None else record.tuning.to_dict(),
    }


def _parameters(record: "Record") -> dict[str, Any]:
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


def _tags(record: "Record", decision: Decision) -> dict[str, str]:
    contract = record.artefact.contract
    return {
        "patron.version": contract.versions["patron"],
        "patron.model_digest": record.artefact.digest,
        "patron.contract_digest": contract.digest(),
        "patron.data_digest": _digest(record.digests),
        "patron.configuration_digest": _digest(contract.recipe),
        "patron.observed_until": contract.window.observed_until,
        "patron.provisional": record.plan.provisional or "no",
        "patron.grade": record.judgement.grade.letter,
        "patron.grade_reasons": "; ".join(record.judgement.grade.reasons),
        "patron.best_opponent": record.judgement.evaluation.best_opponent,
        "patron.season": _season(record),
        "patron.gate": decision.outcome,
        "patron.decision": decision.words,
        "mlflow.note.content": "\n\n".join((*record.summary, decision.words)),
    }


def _season(record: "Record") -> str:
    judgement = record.judgement
    return season_sentences(judgement.outlooks, judgement.production.outlook, record.data.timezone)[0]


def _digest(plain: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(dict(plain)).encode()).hexdigest()


def _metrics(record: "Record") -> dict[str, float]:
    """Metrics over all test cutoffs with their intervals, those of the forecast as `forecast.purchases.gini`."""
    evaluation = record.judgement.evaluation
    groups = [
        ("model", evaluation.model),
        ("opponent", evaluation.opponent),
        ("improvement", evaluation.improvement),
        *((f"opponent.{name_part(each.name)}", each.metrics) for each in evaluation.opponents),
    ]
    found = {key: value for name, metrics in groups for key, value in _flat(f"{name}.", metrics).items()}
    found |= _flat("forecast.", record.forecast.metrics())
    return {**found, "smallest_visible_gain.log_loss": record.judgement.grade.smallest}


def _flat(prefix: str, estimates: Estimates) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, each in estimates.items():
        found |= {
            f"{prefix}{name}": each.value,
            f"{prefix}{name}.low": each.low,
            f"{prefix}{name}.high": each.high,
        }
    return {name: value for name, value in found.items() if value == value}  # NaN is no metric


def _series(record: "Record") -> list[dict[str, float]]:
    """One series per metric over the test cutoffs."""
    found = []
    for place, segment in enumerate(record.judgement.evaluation.per_cutoff):
        named = {"model": segment.model, "opponent": segment.opponent}
        values = {
            f"by_cutoff.{name}.{key}": each.value
            for name, metrics in named.items()
            if metrics is not None
            for key, each in metrics.items()
        }
        values |= {f"by_cutoff.forecast.{name}": value for name, value in _forecast_at(record, place).items()}
        found.append({name: value for name, value in values.items() if value == value})  # NaN is no metric
    return found


def _forecast_at(record: "Record", place: int) -> dict[str, float]:
    """What the amounts of a test cutoff were worth."""
    return {
        f"{amount.what}.{name}": each.value
        for amount in record.forecast.amounts
        for at in amount.by_cutoff[place : place + 1]
        for name, each in (("gini", at.gini), ("opponent.gini", at.opponent_gini), ("level", at.level))
    }


def _inputs(record: "Record") -> list[dict[str, Any]]:
    """The evidence tables with their digests, and the snapshots that were learned and judged from."""
    tables = [
        {
            "name": account.table,
            "digest": record.digests[account.table][-36:],
            "source": account.place,
            "profile": {
                "rows": account.rows,
                "used": account.used,
                "quarantined": sum(account.quarantined.values()),
            },
        }
        for account in record.accounts
    ]
    return [*tables, _snapshots(record)]


def _snapshots(record: "Record") -> dict[str, Any]:
    """The training set as an input: its columns and counts. Its digest is that of all that it is made from."""
    built, contract = record.built, record.artefact.contract
    made_from = {"evidence": dict(record.digests), "contract": contract.digest()}
    return {
        "name": "snapshots",
        "digest": _digest(made_from)[:36],
        "source": f"features of {record.question.name}, built from {', '.join(record.digests)}",
        "columns": [
            {"type": MLFLOW_TYPES[field.kind], "name": field.name, "required": True}
            for field in contract.features
        ],
        "profile": {
            "rows": built.data.outcome.size,
            "customers": built.customers,
            "cutoffs": built.cutoffs.size,
            "target_rate": float(built.data.outcome.mean()),
            "excluded": sum(built.excluded.values()),
        },
    }


def _catalogue(record: "Record") -> str:
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
