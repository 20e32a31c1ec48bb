"""The verb `plan`: from the configuration and a scoring run to a published plan with its page."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patron.features.errors import ConfigurationError
from patron.features.progress import Progress, silent

from .config import Config

if TYPE_CHECKING:
    from patron.actions.plan_files import PublishedPlan
    from patron.serving.sent import SentRun


def plan(
    config: Config,
    scores: str | Path | None = None,
    *,
    replacing: bool = False,
    page: str | Path | None = None,
    progress: Progress = silent,
) -> "PublishedPlan":
    """Whom to contact next, by which programme, when, and whom to leave alone by lot; one row per scored customer.

    `scores` is the folder of a scoring run, the latest of the question unless given. The section `[plan]` holds the
    economics, `programmes` the programmes. The plan appears in `plans/<question>/<cutoff>/`; the same plan again does
    nothing and says so, another one of the same cutoff is refused unless `replacing`. Its page goes to the reports
    unless `page` says where. It takes the extra `activities`.
    """
    from patron.actions.moments import Ground
    from patron.actions.plan_files import earlier_contacts, folder_of, planned_before, publish_plan
    from patron.actions.plan_view import plan_page
    from patron.actions.planning import make_plan
    from patron.actions.programme import read_programmes
    from patron.features.families import load_families
    from patron.features.localtime import LocalTime
    from patron.features.store import EvidenceStore
    from patron.reporting.plan_page import write_plan_page
    from patron.serving.places import Places

    from .catalogue_page import whole_catalogue

    settings = _settings(config)
    home, out = settings.within(Path(config.data.folder))
    programmes = read_programmes(home)
    run = scoring_run(config, scores)
    cutoff = LocalTime(config.data.timezone).day_of(run.cutoff).isoformat()
    folder = folder_of(out, config.question.name, cutoff)
    identity: dict[str, Any] = {
        "scores": run.folder.name,  # it names model, cutoff and evidence, and outlives forgetting
        "settings": {**vars(settings), "programmes": "", "out": ""},
        "programmes": [each.to_dict() for each in programmes],
        "seed": config.training.seed,
    }
    before = None if replacing else planned_before(folder, identity)
    if before is not None:
        return before
    reports = Path(config.data.folder) / "reports"
    target = (Path(page) if page is not None else reports / "plan.html").absolute()
    families = load_families(config.run.families, config.data.folder)
    every = [each.field().name for each in whole_catalogue()]
    with EvidenceStore(config.data, config.question, memory=config.run.memory, progress=progress) as store:
        ground = Ground.of(store, config.question, families, config.run.memory, config.training.seed)
        earlier = earlier_contacts(out, store, folder, cutoff)
        made = make_plan(ground, run, programmes, settings, earlier, every, progress)
    Places(Path(config.data.folder)).add("plans", str(out.absolute()))
    written = write_plan_page(plan_page(made, config.data.timezone), target)
    return replace(publish_plan(made, folder, identity, replacing=replacing), page=written)


def latest_planned(config: Config) -> "PublishedPlan | None":
    """The plan of the question with the latest cutoff; None where there is none, or no section `[plan]`."""
    from patron.actions.plan_files import latest_plan

    if config.plan is None:
        return None
    return latest_plan(config.plan.within(Path(config.data.folder))[1], config.question.name)


def copy_programmes(config: Config) -> list[Path]:
    """Copy the ready-made programmes beside the configuration, for the user to edit; the files that are new."""
    from patron.actions.programme import copy_programmes as copied

    folder = config.plan.programmes if config.plan is not None else "programmes"
    return copied(Path(config.data.folder) / Path(folder).expanduser())


def scoring_run(config: Config, scores: str | Path | None) -> "SentRun":
    """A published scoring run: that of a folder, else the latest of the question; ConfigurationError for none."""
    from patron.features.words import name_part
    from patron.serving.publishing import LATEST, published
    from patron.serving.sent import SentRun

    from .api import destinations_of

    folder = (
        Path(scores)
        if scores is not None
        else destinations_of(config, None)[0] / name_part(config.question.name) / LATEST
    ).resolve()
    facts = published(folder)
    if facts is None:
        raise ConfigurationError(
            "There are no scores to plan from.",
            where=str(folder),
            found="no published scoring run",
            remedy="score first, patron score --cutoff …, or name the folder of a run with --scores",
        )
    return SentRun(folder, facts)


def _settings(config: Config) -> Any:
    if config.plan is None:
        raise ConfigurationError(
            "What a plan may cost, and what a sale is worth, is not said.",
            where="[plan]",
            found="no such section",
            remedy="add [plan] with margin = 0.3 (the share of net spend that you earn) and budget = 1000 (what the"
            " contacts may cost): your own figures",
        )
    return config.plan
