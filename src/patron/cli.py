"""The `patron` command: thin verbs over `patron.api`, whose heavy imports wait until a verb runs."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from patron.features.errors import DataError, GateError

from .console import deviations_told, errors_shown, progress_shown, show

if TYPE_CHECKING:
    from patron.models.champions import Change

    from .config import Config

app = typer.Typer(
    name="patron",
    help="Which customers will buy again, when, and why.",
    epilog="Start with `patron demo`, or with `patron init data/*.parquet` on your own data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace one value of the configuration; repeatable."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]
AllowOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="NAME",
        help="Let a deviation from training pass: ids, stale, fewer, shifted, emptied, unseen, or one of them, such as"
        " stale:cases; repeatable.",
    ),
]
OutOption = Annotated[
    list[str] | None,
    typer.Option(
        help="The folder for scores and exclusions; repeatable for further places: csv:folder, delta:folder,"
        " 'postgresql://user:${PGPASSWORD}@host/database'. Those of the configuration, or scores, unless given.",
    ),
]
EngineOption = Annotated[
    str | None, typer.Option(help="local, or spark for a cluster; what the configuration says unless given.")
]
DEFAULT_CONFIG = Path("patron.toml")


def _load(config: Path, overrides: list[str] | None) -> "Config":
    from .config import load_config

    return load_config(config, overrides=overrides or ())


def _engine(name: str | None) -> list[str]:
    """What `--engine` says, as `--set` would."""
    return [] if name is None else [f"run.engine={name}"]


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"patron {version('patron')}")
        raise typer.Exit


@app.callback()
def patron(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Which customers will buy again, when, and why."""


@app.command(epilog="Example: patron init data/*.parquet --set data.timezone=Europe/London")
def init(
    places: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILES]...", help="Data files or folders; here and data/ unless given."),
    ] = None,
    config: Annotated[Path, typer.Option("--config", "-c", help="The file to write.")] = DEFAULT_CONFIG,
    sets: SetOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Propose a commented patron.toml from data files."""
    with errors_shown(as_json):
        from .proposal import write_proposal

        proposal = write_proposal(places or (), config, overrides=sets or (), replace=force)
        lines = [f"{config} is written: read it, correct it, then run patron check", *proposal.summary]
        show(lines, {"path": str(config), "tables": proposal.tables}, as_json)


@app.command(epilog="Example: patron check --config shop/patron.toml --set question.horizon_days=90")
def check(config: ConfigOption = DEFAULT_CONFIG, sets: SetOption = None, as_json: JsonOption = False) -> None:
    """Check the evidence, and whether there is enough of it."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            report = api.check(loaded, progress=progress)
        show([str(report)], report.to_dict(), as_json)
        if not report.ready:
            raise typer.Exit(GateError.exit_code)


@app.command(epilog="Example: patron features --cutoff 2017-06-01 --cutoff 2017-07-01 --out june.parquet")
def features(
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    cutoff: Annotated[
        list[str] | None, typer.Option(help="A cutoff; repeatable. The question's cutoffs unless given.")
    ] = None,
    at: Annotated[
        Path | None,
        typer.Option(help="A file of customer_id and cutoff pairs instead; ids of a CSV are text."),
    ] = None,
    targets: Annotated[
        bool, typer.Option("--targets", help="Build the training set: the question's cutoffs, with targets.")
    ] = False,
    model: Annotated[
        str | None, typer.Option(help="Build the features that a registered model is given when it scores.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The Parquet file to write; a folder of them on Spark.")] = Path(
        "features.parquet"
    ),
    engine: EngineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build point-in-time features as a Parquet file."""
    if sum((bool(cutoff), at is not None, targets)) > 1:
        raise typer.BadParameter("give only one of --cutoff, --at and --targets")
    if targets and model is not None:
        raise typer.BadParameter("--targets builds what a model is trained on, and takes no --model")
    with errors_shown(as_json):
        from . import api
        from .anchors import read_anchors
        from .feature_files import write_tables

        loaded = _load(config, [*(sets or ()), *_engine(engine)])
        anchors = None if at is None else read_anchors(at)
        with progress_shown() as progress:
            if loaded.run.engine == "spark":
                from . import spark

                made = spark.write_features(
                    loaded,
                    out,
                    cutoffs=cutoff or None,
                    at=anchors,
                    model=model,
                    targets=targets,
                    progress=progress,
                )
            elif targets:
                made = write_tables([api.build_training_set(loaded, progress=progress)], out)
            else:
                made = api.write_features(
                    loaded, out=out, cutoffs=cutoff or None, at=anchors, model=model, progress=progress
                )
        show(
            [f"{made.rows:,} snapshots of {len(made.columns)} columns are in {made.path}"],
            {"path": str(made.path), "rows": made.rows, "columns": list(made.columns)},
            as_json,
        )


@app.command(epilog="Example: patron audit --config shop/patron.toml")
def audit(
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the page.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Prove on your data that no feature knows the future."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            report = api.audit(loaded, out=out, progress=progress)
        show([str(report)], report.to_dict(), as_json)
        if not report.passed:
            raise typer.Exit(GateError.exit_code)


@app.command(epilog="Example: patron train --set question.population=lapsed")
def train(
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Only finish the recording that broke off, from the folder that was printed."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train, judge on later time, register and report a model."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            run = api.train(loaded, resume=resume, progress=progress)
        lines = [*run.summary, run.decision, f"model:  {run.model_uri}", f"report: {run.report}"]
        show(lines, run.to_dict(), as_json)
        if run.gate.outcome == "refused":
            raise typer.Exit(GateError.exit_code)


@app.command(epilog="Example: patron compare champion challenger")
def compare(
    first: Annotated[str, typer.Argument(help="A version: its number, alias, models:/name/3 or run id.")],
    second: Annotated[str, typer.Argument(help="The other one.")],
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put two versions side by side, and say which is better where that is fair."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            found = api.compare(loaded, first=first, second=second, progress=progress)
        show([str(found)], found.to_dict(), as_json)


ReasonOption = Annotated[str, typer.Option(help="Why, in a few words; it is kept with the model.")]


@app.command(epilog='Example: patron promote 3 --reason "agreed with marketing on 3 May"')
def promote(
    version: Annotated[str, typer.Argument(help="Its number, models:/name/3, or an alias.")],
    reason: ReasonOption,
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version champion by hand, with a reason."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            change = api.promote(loaded, version=version, reason=reason, progress=progress)
        show([_told(change)], change.to_dict(), as_json)


@app.command(epilog='Example: patron rollback --reason "too many complaints since Monday"')
def rollback(
    reason: ReasonOption,
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the previous champion champion again, with a reason."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            change = api.rollback(loaded, reason=reason, progress=progress)
        show([_told(change)], change.to_dict(), as_json)


def _told(change: "Change") -> str:
    instead = f", instead of version {change.replaced}" if change.replaced else ""
    return f"Version {change.version} is champion{instead}: {change.reason}"


ReasonsOption = Annotated[
    str | None,
    typer.Option(help="For whom reasons are told: all, none, or the likeliest, top:0.05."),
]


@app.command(
    epilog="Example: patron score --cutoff 2018-01-01 --model models:/repurchase@champion --out scores"
)
def score(
    cutoff: Annotated[str, typer.Option(help="The moment to predict from: a local date or a time.")],
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    model: Annotated[
        str | None, typer.Option(help="A registered model or a folder; the champion unless given.")
    ] = None,
    out: OutOption = None,
    allow: AllowOption = None,
    reasons: ReasonsOption = None,
    engine: EngineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score the customers at a cutoff, and say who is left out."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, [*(sets or ()), *_engine(engine)])
        with progress_shown() as progress:
            result = api.score(
                loaded,
                cutoff=cutoff,
                model=model,
                out=out or None,
                allow=allow or (),
                reasons=reasons,
                progress=progress,
            )
        lines = ["This very run was published before, so nothing was done."] if result.repeated else []
        lines.append(f"{result.scored:,} of {result.customers:,} customers are scored, in {result.folder}")
        lines += [f"{count:,} excluded: {reason}" for reason, count in result.excluded.items()]
        for feature, words in result.unseen.items():
            lines.append(
                f"{sum(words.values()):,} have a {feature} that the model has never seen: it counts as missing"
            )
        if result.newest_fact_days is not None:
            lines.append(f"the newest purchase is {result.newest_fact_days:.1f} days older than the cutoff")
        lines += [
            f"warning: {warning}" for warning in (*result.warnings, *deviations_told(result.deviations))
        ]
        lines += [f"{place}: {what}" for place, what in result.delivered.items()]
        lines += [] if result.movers is None else result.movers.lines()
        show([*lines, f"model: {result.model}"], result.to_dict(), as_json)


@app.command(epilog="Example: patron activities --config shop/patron.toml --out activities.html")
def activities(
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    negative_control: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="Purchases that no activity can have changed, such as \"category = 'STAMPS'\": where they move all the"
            " same, there is no number.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the page.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure what tests and activities changed."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            found = api.activities(loaded, out=out, negative_control=negative_control, progress=progress)
        show([str(found), f"page: {found.page}"], found.to_dict(), as_json)


@app.command(epilog="Example: patron plan --set plan.budget=2000")
def plan(
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    scores: Annotated[
        Path | None, typer.Option(help="The folder of a scoring run; the latest unless given.")
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy-programmes", help="Only copy the ready-made programmes, to be edited.")
    ] = False,
    replacing: Annotated[
        bool, typer.Option("--replace", help="Make the plan of this cutoff anew; nobody was contacted yet.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Where to write the page.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Plan whom to contact next, by which programme, and when."""
    with errors_shown(as_json):
        from . import planning

        loaded = _load(config, sets)
        if copy:
            made = [str(path) for path in planning.copy_programmes(loaded)]
            show([*made, f"{len(made)} programmes are copied: fill in their costs"], {"made": made}, as_json)
            return
        with progress_shown() as progress:
            found = planning.plan(loaded, scores, replacing=replacing, page=out, progress=progress)
        before = [f"planned before, nothing is changed: {found.folder}"] if found.repeated else []
        lines = [*before, str(found), f"plan: {found.folder}", f"page: {found.page}"]
        show(lines, found.to_dict(), as_json)


@app.command(epilog="Example: patron backfill --cutoff 2017-06-01 --cutoff 2017-07-01 --out scores")
def backfill(
    cutoff: Annotated[list[str], typer.Option(help="A past cutoff; repeatable.")],
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    model: Annotated[
        str | None, typer.Option(help="A registered model or a folder; the champion unless given.")
    ] = None,
    out: OutOption = None,
    allow: AllowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score past cutoffs, each with what was known then."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            found = api.backfill(
                loaded, cutoffs=cutoff, model=model, out=out or None, allow=allow or (), progress=progress
            )
        lines = []
        for run in found.runs:
            done = " (before)" if run.repeated else ""
            lines.append(
                f"{run.cutoff[:10]}: {run.scored:,} of {run.customers:,} are scored{done}, in {run.folder}"
            )
            lines += [f"  warning: {told}" for told in (*run.warnings, *deviations_told(run.deviations))]
        lines += [f"{day}: refused. {error.found}" for day, error in found.refused.items()]
        show(lines, found.to_dict(), as_json)
        if found.refused:
            raise typer.Exit(DataError.exit_code)


@app.command(epilog="Example: patron explain 4711 --cutoff 2018-01-01")
def explain(
    customer: Annotated[str, typer.Argument(help="The customer's id, as it is in the purchases.")],
    cutoff: Annotated[str, typer.Option(help="The moment of the prediction: a local date.")],
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    model: Annotated[
        str | None, typer.Option(help="A registered model or a folder; the champion unless given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a customer gets a score, in parts that sum to it."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            found = api.explain(loaded, customer=customer, cutoff=cutoff, model=model, progress=progress)
        show([str(found)], found.to_dict(), as_json)


@app.command(epilog="Example: patron monitor --scores scores --json")
def monitor(
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    model: Annotated[
        str | None, typer.Option(help="A registered model or a folder; the champion unless given.")
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="The folder of the scoring runs; that of `score` unless given.")
    ] = None,
    runs: Annotated[
        int, typer.Option(min=1, help="Look at so many judged runs, and so many that wait.")
    ] = 12,
    out: Annotated[Path | None, typer.Option(help="Where to write the page.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare scores with training and with what came, and say whether to retrain."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            found = api.monitor(loaded, model=model, scores=scores, runs=runs, out=out, progress=progress)
        show([str(found)], found.to_dict(), as_json)
        if found.verdict.is_alarm:
            raise typer.Exit(GateError.exit_code)


@app.command(epilog="Example: patron forget 4711 4712")
def forget(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[IDS]...", help="Customers' ids.")] = None,
    listed: Annotated[
        Path | None, typer.Option("--file", help="A file with one id on each line besides.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove customers from all that Patron has written of them."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        named = [*(ids or ()), *(listed.read_text(encoding="utf-8").splitlines() if listed else ())]
        with progress_shown() as progress:
            found = api.forget(
                loaded, ids=[each for each in named if each], out=out or None, progress=progress
            )
        show([str(found)], found.to_dict(), as_json)


@app.command(epilog="Example: patron report --out champion.html")
def report(
    config: ConfigOption = DEFAULT_CONFIG,
    sets: SetOption = None,
    run: Annotated[str | None, typer.Option(help="An MLflow run; the champion's unless given.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the page.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch the training report of a run as an HTML page."""
    with errors_shown(as_json):
        from . import api

        loaded = _load(config, sets)
        with progress_shown() as progress:
            path = api.report(loaded, run=run, out=out, progress=progress)
        show([f"report: {path}"], {"path": str(path)}, as_json)


@app.command(epilog="Example: patron demo shop --simulated --customers 5000")
def demo(
    folder: Annotated[Path, typer.Argument(help="Where data, models and pages go.")] = Path("demo"),
    simulated: Annotated[
        bool, typer.Option("--simulated", help="A simulated retailer instead of real purchases.")
    ] = False,
    customers: Annotated[int, typer.Option(min=1, help="Customers of the simulated retailer.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated retailer.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Run the whole way once: data, model, report, scores."""
    with errors_shown(as_json):
        from .demo import run_demo

        with progress_shown() as progress:
            result = run_demo(folder, simulated, customers, seed, progress)
        show(result.summary, asdict(result), as_json)


def main() -> None:
    """Run the command."""
    app()
