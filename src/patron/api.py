"""The verbs: what a user can ask of Patron, each from a configuration to a result."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patron.features.errors import ConfigurationError
from patron.features.progress import Progress, silent
from patron.features.question import Purchase, Question

from .config import Config

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from patron.actions.results import ActivitiesReport
    from patron.features.audit import AuditReport
    from patron.features.engine import Prepared
    from patron.features.store import EvidenceStore
    from patron.models.champions import Change
    from patron.models.explanation import Explanation
    from patron.models.watched import MonitorReport
    from patron.serving.destinations import Destination
    from patron.serving.scorer import Backfill, ScoringResult
    from patron.training.comparing import SideBySide
    from patron.training.rivals import Evidence
    from patron.training.trainer import TrainingRun

    from .checkup import CheckReport
    from .feature_files import FeatureFile
    from .forgetting import Forgotten

Cutoff = str | date | datetime
Places = str | Path | Sequence[str | Path] | None


def check(config: Config, *, progress: Progress = silent) -> "CheckReport":
    """What became of every row of the evidence, who repeats, what to ask, and whether there is enough to train a model.

    The report is also written as a page, `reports/check.html` beside the configuration.
    """
    from patron.features.families import load_families

    from .check_pages import with_page
    from .checkup import check_evidence

    families = load_families(config.run.families, config.data.folder)
    with _evidence(config, progress) as store:
        report = check_evidence(store, config, families, progress)
    progress("writing the page", 0, 0)
    return with_page(report, config, _reports(config) / "check.html")


def audit(config: Config, out: str | Path | None = None, *, progress: Progress = silent) -> "AuditReport":
    """Rebuild snapshots in other futures and compare them bit by bit; say what looks as if it knew the future.

    The page is written to `out`, beside the other reports unless given.
    """
    from dataclasses import replace

    from patron.features.audit import audit_evidence
    from patron.features.families import load_families
    from patron.reporting.audit_page import write_audit_page

    families = load_families(config.run.families, config.data.folder)
    page = (Path(out) if out is not None else _reports(config) / "audit.html").absolute()
    _made(page.parent)
    report = audit_evidence(config.data, config.question, families, config.run.memory, progress)
    return replace(report, page=write_audit_page(report, page))


def build_features(
    config: Config,
    cutoffs: Cutoff | Sequence[Cutoff] | None = None,
    at: Any = None,
    model: str | None = None,
    *,
    progress: Progress = silent,
) -> "pa.Table":
    """Features as an arrow table: customer_id, cutoff, stage, population, then one column per feature.

    `cutoffs` are local days, the question's own unless given, and the rows its population at each; `at` is a frame of
    customer_id and cutoff, any instants, and every pair gets a row. ConfigurationError for both, or for no cutoff.
    What is learned from all customers is learned as of each cutoff; with a `model` (as for `score`) it is what that
    model knows, and the features are those that it is given when it scores.
    """
    import pyarrow as pa

    return pa.concat_tables(_feature_tables(config, cutoffs, at, model, progress))


def write_features(
    config: Config,
    out: str | Path,
    cutoffs: Cutoff | Sequence[Cutoff] | None = None,
    at: Any = None,
    model: str | None = None,
    *,
    progress: Progress = silent,
) -> "FeatureFile":
    """The table of `build_features` as a Parquet file, written while it is built: it need not fit into memory."""
    from patron.serving.places import Places as Register

    from .feature_files import write_tables

    made = write_tables(_feature_tables(config, cutoffs, at, model, progress), Path(out))
    Register(Path(config.data.folder)).add("features", str(Path(out).absolute()))
    return made


def _feature_tables(
    config: Config, cutoffs: Cutoff | Sequence[Cutoff] | None, at: Any, model: str | None, progress: Progress
) -> "Iterator[pa.Table]":
    """The features of one range of customers after the other, at least one table."""
    from patron.features import engine
    from patron.features.snapshots import calendar_cutoffs, parse_cutoffs

    wanted = [cutoffs] if isinstance(cutoffs, str | date) else list(cutoffs or ())
    if (cutoffs is not None and at is not None) or (cutoffs is not None and not wanted):
        raise ConfigurationError(
            "Features are built at cutoffs, or at the pairs of a frame.",
            where="build_features",
            found="both" if at is not None else "an empty list of cutoffs",
            remedy='give cutoffs=["2018-01-31"], or at=frame, or neither for the cutoffs of the question',
        )
    memory = config.run.memory
    source = _FeatureSource.of(config, model, progress)
    with source.store as store:
        if at is not None:
            customer, moments = engine.asked_pairs(store, at)
            prepared = source.prepare(moments)
            tables = engine.anchored_tables(store, prepared, customer, moments, memory=memory)
        else:
            if cutoffs is None:
                since = store.observed_from("purchases")
                moments = calendar_cutoffs(source.question, store.zone, since, store.observed_until)
            else:
                moments = parse_cutoffs(wanted, store.zone, store.observed_until)
            prepared = source.prepare(moments)
            tables = engine.snapshot_tables(store, prepared, moments, memory=memory, progress=progress)
        for table in tables:
            yield engine.with_plain_text(table.drop_columns(["customer"]))


def build_training_set(config: Config, *, progress: Progress = silent) -> "pa.Table":
    """The features of the question's mature cutoffs with their `target` (int8), as an arrow table."""
    from patron.features.engine import with_plain_text
    from patron.features.families import load_families
    from patron.training.snapshots import build_training_set as build

    families = load_families(config.run.families, config.data.folder)
    with _evidence(config, progress) as store:
        built = build(store, config.question, families, config.run.memory, progress)
    return with_plain_text(built.data.table.drop_columns(["customer"]))


def train(config: Config, *, resume: str | Path | None = None, progress: Progress = silent) -> "TrainingRun":
    """Train, judge on later time against opponent and champion, register in MLflow and report.

    GateError if data is too thin. `resume` is the folder of a training whose recording broke off: only that is done.
    """
    from patron.training.dossier import Dossier
    from patron.training.trainer import record_training, train_model

    folder = _made(_reports(config))
    if resume is not None:
        return record_training(Dossier.read(Path(resume)), config.tracking, folder)
    return train_model(
        _rebuilding(config),
        config.question,
        config.training,
        config.tracking,
        folder=folder,
        progress=progress,
    )


def score(
    config: Config,
    cutoff: Cutoff,
    model: str | None = None,
    out: Places = None,
    *,
    allow: Sequence[str] = (),
    reasons: str | None = None,
    progress: Progress = silent,
) -> "ScoringResult":
    """Score everyone whom the model's question is about at the cutoff, as Parquet in a folder below `out`.

    `out` is a folder, `scores` unless the configuration says other, or places for the scores beside it: `csv:folder`,
    `delta:folder`, `postgresql://user:${NAME}@host/database#schema`.
    `model` is `models:/name@alias`, `models:/name/version` or a folder; the champion unless given. `allow` names what
    may deviate from training: ids, stale, fewer, shifted, emptied, unseen, or one of them, as "shifted:spend".
    `reasons` says for whom reasons are told, as the configuration does: "all", "top:0.05", "none".
    Where the configuration names the engine "spark" it is done there: see `patron.spark.publish_scores`.
    """
    if config.run.engine == "spark":
        from .spark import open_session, publish_scores

        return publish_scores(
            open_session(), config, cutoff, model, out=out, allow=allow, reasons=reasons, progress=progress
        )
    from patron.features.families import load_families
    from patron.models.registry import CHAMPION
    from patron.serving.patience import resolve_patiently
    from patron.serving.scorer import score_customers

    home, places = destinations_of(config, out)
    progress("loading the model", 0, 0)
    wanted = model or f"models:/{config.tracking.model_name}@{CHAMPION}"
    found = resolve_patiently(wanted, config.tracking, progress)
    register_places(config, home, places)
    return score_customers(
        config.data,
        found,
        cutoff,
        home,
        families=load_families(config.run.families, config.data.folder),
        memory=config.run.memory,
        closures=config.question.calendar.closures,
        allow=allow,
        places=places,
        reasons=reasons or config.scoring.reasons,
        progress=progress,
    )


def backfill(
    config: Config,
    cutoffs: Cutoff | Sequence[Cutoff],
    model: str | None = None,
    out: Places = None,
    *,
    allow: Sequence[str] = (),
    reasons: str | None = None,
    progress: Progress = silent,
) -> "Backfill":
    """Score past cutoffs, each with what was known then; as `score` for each, but the evidence is read once.

    A model has learned from what followed its training cutoffs, and the runs say so: `warnings`.
    """
    from patron.features.families import load_families
    from patron.models.registry import CHAMPION
    from patron.serving.patience import resolve_patiently
    from patron.serving.scorer import score_cutoffs

    home, places = destinations_of(config, out)
    progress("loading the model", 0, 0)
    wanted = model or f"models:/{config.tracking.model_name}@{CHAMPION}"
    found = resolve_patiently(wanted, config.tracking, progress)
    register_places(config, home, places)
    return score_cutoffs(
        config.data,
        found,
        [cutoffs] if isinstance(cutoffs, str | date) else list(cutoffs),
        home,
        families=load_families(config.run.families, config.data.folder),
        memory=config.run.memory,
        closures=config.question.calendar.closures,
        allow=allow,
        places=places,
        reasons=reasons or config.scoring.reasons,
        progress=progress,
    )


def explain(
    config: Config,
    customer: object,
    cutoff: Cutoff,
    model: str | None = None,
    *,
    progress: Progress = silent,
) -> "Explanation":
    """Why a customer gets a score at a cutoff: what each feature contributes, in words and numbers that sum to it.

    The id as it came in, or as text. It shows itself in a notebook.
    """
    from patron.features.families import load_families
    from patron.models.registry import CHAMPION
    from patron.serving.explaining import explain_customer
    from patron.serving.patience import resolve_patiently

    progress("loading the model", 0, 0)
    wanted = model or f"models:/{config.tracking.model_name}@{CHAMPION}"
    return explain_customer(
        config.data,
        resolve_patiently(wanted, config.tracking, progress),
        customer,
        cutoff,
        families=load_families(config.run.families, config.data.folder),
        memory=config.run.memory,
        closures=config.question.calendar.closures,
        progress=progress,
    )


def monitor(
    config: Config,
    model: str | None = None,
    scores: str | Path | None = None,
    out: str | Path | None = None,
    *,
    runs: int = 12,
    progress: Progress = silent,
) -> "MonitorReport":
    """Look at the scoring runs that a model published below `scores`: inputs, scores and, once mature, outcomes.

    The champion, and the folder that `score` writes to, unless given; of its runs with a mature target `runs`, and
    as many of the others. The page goes to `out`, beside the other reports unless given, and the figures to
    MLflow beside the model's run.
    """
    from patron.features.families import load_families
    from patron.models.registry import CHAMPION
    from patron.serving.monitor import monitor_model
    from patron.serving.patience import resolve_patiently

    from .watching import recorded

    page = (Path(out) if out is not None else _reports(config) / "monitoring.html").absolute()
    _made(page.parent)
    progress("loading the model", 0, 0)
    wanted = model or f"models:/{config.tracking.model_name}@{CHAMPION}"
    found = resolve_patiently(wanted, config.tracking, progress)
    report = monitor_model(
        config.data,
        found,
        destinations_of(config, None)[0] if scores is None else Path(scores),
        families=load_families(config.run.families, config.data.folder),
        memory=config.run.memory,
        closures=config.question.calendar.closures,
        most_runs=runs,
        progress=progress,
    )
    progress("writing the page", 0, 0)
    return recorded(report, found, config.tracking, page)


def forget(
    config: Config, ids: Sequence[str], out: Places = None, *, progress: Progress = silent
) -> "Forgotten":
    """Remove customers from everything that Patron has written of them, and say what has to be done by hand.

    `ids` are their ids as text. Places are those that were written to (they are registered), and those of `out`, which
    is as for `score`: a database has to be named there or in the configuration, as no password is ever written down.
    MLflow holds no customer.
    """
    from .forgetting import forget_customers

    progress("forgetting", 0, 0)
    return forget_customers(config, [str(each) for each in ids], *destinations_of(config, out))


def compare(
    config: Config, first: str | int, second: str | int, *, progress: Progress = silent
) -> "SideBySide":
    """Two versions (numbers, aliases, addresses or run ids) side by side; it prints itself.

    The paired difference is of their judged boosters, rebuilt from the evidence of the configuration, at the cutoffs
    that neither had learned from; `why_not` says why there is none.
    """
    from patron.training.comparing import compare_versions

    return compare_versions(str(first), str(second), config.tracking, _rebuilding(config), progress)


def promote(config: Config, version: str | int, reason: str, *, progress: Progress = silent) -> "Change":
    """Make a version champion by hand (its number, `models:/name/3` or an alias) with a reason that is kept."""
    from patron.models.champions import promote as promote_by_hand

    progress("changing the champion", 0, 0)
    return promote_by_hand(config.tracking, str(version), reason)


def rollback(config: Config, reason: str, *, progress: Progress = silent) -> "Change":
    """Make the previous champion champion again, with a reason that is kept; ModelError where there is none."""
    from patron.models.champions import rollback as roll_back

    progress("changing the champion", 0, 0)
    return roll_back(config.tracking, reason)


def activities(
    config: Config,
    out: str | Path | None = None,
    *,
    negative_control: str | None = None,
    progress: Progress = silent,
) -> "ActivitiesReport":
    """What every test and activity of the evidence changed in repurchase, purchases and net spend over the horizon.

    Tests are the table of assignments; activities that nobody drew lots for are compared with customers alike, or not
    at all. `negative_control` is an SQL condition over the purchases, as that of the question's target, on those that
    no activity can have changed: where they move all the same, nobody can be compared. The page is written to `out`,
    beside the other reports unless given. Where the section `[plan]` says what a sale is worth, it shows what a budget
    brings, by tests whose contacts have a cost and by the latest plan. It takes the extra `activities`.
    """
    from contextlib import ExitStack
    from dataclasses import replace

    from patron.actions.activities import measure_activities
    from patron.actions.moments import Ground
    from patron.actions.page import activities_page
    from patron.features.families import load_families
    from patron.reporting.activities_page import write_activities_page

    from .planning import latest_planned

    families = load_families(config.run.families, config.data.folder)
    planned = latest_planned(config)
    page = (Path(out) if out is not None else _reports(config) / "activities.html").absolute()
    _made(page.parent)
    with ExitStack() as stack:
        store = stack.enter_context(_evidence(config, progress))
        ground = Ground.of(store, config.question, families, config.run.memory, config.training.seed)
        other = None
        if negative_control is not None:
            apart = replace(
                config, question=replace(config.question, target=Purchase(where=negative_control))
            )
            beside = stack.enter_context(_evidence(apart, progress))
            other = replace(
                ground, store=beside, question=replace(ground.question, target=apart.question.target)
            )
        found = measure_activities(
            ground, progress, other, None if config.plan is None else config.plan.margin
        )
        written = write_activities_page(activities_page(found, ground, planned), page)
    return replace(found, page=written)


def report(
    config: Config, run: str | None = None, out: str | Path | None = None, *, progress: Progress = silent
) -> Path:
    """Fetch the training report of a run (the champion's unless given) from MLflow to a file, and say where it is."""
    from patron.models.run_files import fetch_report

    progress("fetching the report", 0, 0)
    return fetch_report(
        config.tracking, run, Path(out) if out is not None else _reports(config) / "report.html"
    )


@dataclass(frozen=True)
class _FeatureSource:
    """The evidence that features are built from, and how: by the configuration, or as a model's contract says."""

    store: "EvidenceStore"
    question: Question
    prepare: "Callable[[npt.NDArray[np.int64]], Prepared]"

    @classmethod
    def of(cls, config: Config, model: str | None, progress: Progress) -> "_FeatureSource":
        from patron.features import engine
        from patron.features.families import load_families

        families = load_families(config.run.families, config.data.folder)
        if model is None:
            store, question = _evidence(config, progress), config.question
            return cls(store, question, lambda moments: engine.prepare(store, question, families, moments))
        from patron.models.keeping import evidence_for, prepare_for, question_of
        from patron.models.registry import resolve

        contract = resolve(model, config.tracking).artefact.contract
        question = question_of(contract, config.question.calendar.closures)
        store = evidence_for(contract, config.data, question, config.run.memory, progress)
        return cls(store, question, lambda _: prepare_for(contract, store, question, families))


def _evidence(config: Config, progress: Progress) -> "EvidenceStore":
    from patron.features.store import EvidenceStore

    return EvidenceStore(config.data, config.question, memory=config.run.memory, progress=progress)


def _rebuilding(config: Config) -> "Evidence":
    """What models are trained on, and rebuilt from."""
    from patron.features.families import load_families
    from patron.training.rivals import Evidence

    families = load_families(config.run.families, config.data.folder)
    return Evidence(config.data, families, config.run.memory, config.question.calendar.closures)


def destinations_of(config: Config, out: Places) -> "tuple[Path, tuple[Destination, ...]]":
    """The folder of the scoring runs, and where they are brought to besides."""
    from patron.serving.destinations import USUAL, destinations

    from .environment import fill

    if out is None:
        known = config.run.out
        return destinations(known or (USUAL,), Path(config.data.folder) if known else Path())
    wanted = [out] if isinstance(out, str | Path) else list(out)
    return destinations([fill(each, "--out") for each in wanted], Path())


def register_places(config: Config, home: Path, places: "Sequence[Destination]") -> None:
    """Write down where scores go, so that customers can be forgotten there."""
    from patron.features.undisclosed import shown
    from patron.serving.places import Places as Register

    register = Register(Path(config.data.folder))
    register.add("scores", str(home.absolute()))
    for place in places:
        local = place.kind in ("csv", "delta") and "://" not in place.place
        register.add(place.kind, str(Path(place.place).absolute()) if local else shown(place.place))


def _reports(config: Config) -> Path:
    return Path(config.data.folder) / "reports"


def _made(folder: Path) -> Path:
    """The folder, made before hours of work are put into what goes there; ConfigurationError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            "The report cannot be written.",
            where=str(folder),
            found=error.strerror,
            remedy="let this user write to the folder of the configuration, or move the configuration",
        ) from None
    return folder
