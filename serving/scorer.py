"""The scorer: the chosen model applied to every customer at a cutoff, by the model's own contract."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from patron.features.errors import AwayError, ConfigurationError
from patron.features.family import Family
from patron.features.notebook import card
from patron.features.progress import Progress, silent
from patron.features.snapshots import parse_cutoffs
from patron.features.tables import DataSpec
from patron.features.words import name_part
from patron.models.keeping import evidence_for, prepare_for, question_of
from patron.models.registry import ResolvedModel

from .delivering import deliver
from .destinations import Destination
from .deviations import BrokenContractError, checked_names
from .movers import Movers, movers_of
from .patience import patiently
from .publishing import make_folder, writable
from .readiness import getting_ready
from .run import ScoringRun, publish_run
from .telling import Telling

Cutoff = str | date | datetime


@dataclass(frozen=True)
class ScoringResult:
    """A published scoring run: `customers == scored + sum(excluded.values())`, always.

    `folder` holds `scores/` and `excluded/` in Parquet parts and the manifest. `unseen` counts customers whose
    category a feature had never seen in training. `newest_fact_days` is how much older than the cutoff the newest
    purchase known by then is; None where there is none. `warnings` say where the probabilities may be off, as where
    the model does not know the season of the cutoff. `repeated` says that the very same run had been published before
    and nothing was done. `scored_at` is when the run was created (ISO 8601, UTC), however often it was taken up.
    `deviations` are what is not as in training: each with `name`, `size`, what is `said` of it, and whether it would
    have stopped the run and was `allowed`. `delivered` says of every other place whether the run was `written` there
    now or was `there already`.
    """

    folder: Path
    model: str
    cutoff: str
    customers: int
    scored: int
    excluded: Mapping[str, int]
    newest_fact_days: float | None
    unseen: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    repeated: bool = False
    warnings: tuple[str, ...] = ()
    scored_at: str = ""
    deviations: tuple[Mapping[str, Any], ...] = ()
    delivered: Mapping[str, str] = field(default_factory=dict)
    movers: Movers | None = None
    """Who moved most since the run of the cutoff before; None where there is none."""

    @classmethod
    def of(cls, folder: Path, model: str, facts: Mapping[str, Any], *, repeated: bool) -> Self:
        """A run in its folder, by what its manifest says; those of earlier versions say less."""
        return cls(
            folder=folder,
            model=model,
            cutoff=facts["cutoff"],
            customers=facts["customers"],
            scored=facts["scored"],
            excluded=facts["excluded"],
            newest_fact_days=facts["newest_fact_days"],
            unseen=facts["unseen"],
            repeated=repeated,
            scored_at=facts["scored_at"],
            deviations=tuple(facts.get("deviations", ())),
            warnings=tuple(facts.get("warnings", ())),
        )

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        return {
            **vars(self),
            "folder": str(self.folder),
            "warnings": list(self.warnings),
            "deviations": list(self.deviations),
            "movers": None if self.movers is None else self.movers.to_dict(),
        }

    def _repr_html_(self) -> str:
        """For notebooks: who was scored, who was not and why, and what to know before using the scores."""
        age = self.newest_fact_days
        sentences = [
            f"{self.scored:,} of {self.customers:,} customers are scored, the others are excluded with a reason.",
            *([] if age is None else [f"The newest purchase is {age:.1f} days older than the cutoff."]),
            *self.warnings,
            *([] if self.movers is None else self.movers.lines()),
            f"In {self.folder}.",
        ]
        if self.repeated:
            sentences.append("This very run had been published before; nothing was done.")
        rows = [("scored", f"{self.scored:,}"), *((why, f"{n:,}") for why, n in self.excluded.items())]
        return card(
            f"patron score · {self.model}", f"Scores as of {self.cutoff}", sentences, ("Customers", ""), rows
        )


def score_customers(
    data: DataSpec,
    model: ResolvedModel,
    cutoff: Cutoff,
    out: Path,
    *,
    families: Sequence[type[Family]],
    memory: int,
    closures: Sequence[str] = (),
    allow: Sequence[str] = (),
    places: Sequence[Destination] = (),
    reasons: str = "none",
    progress: Progress = silent,
) -> ScoringResult:
    """Score everyone whom the model's question is about at the cutoff, and publish scores and exclusions together.

    `closures` are days on which the business is closed, beside those that were known in training. `allow` names
    deviations from training that are let pass (`patron.serving.deviations.KINDS`). `places` are where the published
    run is brought to besides. `reasons` says for whom reasons are told: "all", "none", or the likeliest, "top:0.05".
    Raises ModelError where the evidence does not keep the model's contract, BrokenContractError where it deviates from
    training by more than may pass unseen, ConfigurationError for a cutoff after `observed_until` or an output folder
    that cannot be written, DeliveryError where another place cannot be reached.
    """
    names, telling = checked_names(allow), Telling.parse(reasons)
    scorer = Scorer(
        data, model, out, families, memory, tuple(closures), names, tuple(places), telling, progress
    )
    with scorer.runs([cutoff]) as runs:
        return scorer.publish(next(iter(runs)))


def score_cutoffs(
    data: DataSpec,
    model: ResolvedModel,
    cutoffs: Sequence[Cutoff],
    out: Path,
    *,
    families: Sequence[type[Family]],
    memory: int,
    closures: Sequence[str] = (),
    allow: Sequence[str] = (),
    places: Sequence[Destination] = (),
    reasons: str = "none",
    progress: Progress = silent,
) -> "Backfill":
    """Score several past cutoffs, each as of then and as `score_customers` would, reading the evidence once.

    What is refused at a cutoff is kept in the result, and the others are scored all the same.
    """
    if not cutoffs:
        raise ConfigurationError(
            "There is no cutoff to score.",
            where="cutoffs",
            remedy="name the past cutoffs, for example 2017-06-01",
        )
    names, telling = checked_names(allow), Telling.parse(reasons)
    scorer = Scorer(
        data, model, out, families, memory, tuple(closures), names, tuple(places), telling, progress
    )
    published: list[ScoringResult] = []
    refused: dict[str, BrokenContractError] = {}
    with scorer.runs(cutoffs) as runs:
        for done, run in enumerate(runs):
            progress(f"cutoffs: {run.day}", done, len(runs))
            try:
                published.append(scorer.publish(run))
            except BrokenContractError as error:
                refused[run.day] = error
        progress("cutoffs", len(runs), len(runs))
    return Backfill(tuple(published), refused)


@dataclass(frozen=True)
class Backfill:
    """Past cutoffs that were scored, oldest first, and those that were not, by their day, with the reason."""

    runs: tuple[ScoringResult, ...]
    refused: Mapping[str, BrokenContractError] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The folders with the scores, oldest cutoff first, such as a Parquet reader takes them."""
        return tuple(run.folder / "scores" for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        refused = {
            day: [each.to_dict() for each in error.deviations if each.refused]
            for day, error in self.refused.items()
        }
        return {"runs": [run.to_dict() for run in self.runs], "refused": refused}


@dataclass(frozen=True)
class Scorer:
    """A model, the evidence it is applied to, and where the scores go; `runs` reads, `publish` computes."""

    data: DataSpec
    model: ResolvedModel
    out: Path
    families: Sequence[type[Family]]
    memory: int
    closures: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    places: tuple[Destination, ...] = ()
    """Where published runs are brought to besides."""
    telling: Telling = field(default_factory=Telling)
    progress: Progress = silent

    @contextmanager
    def runs(self, cutoffs: Sequence[Cutoff]) -> Iterator[list[ScoringRun]]:
        """A run for each cutoff, oldest first, while the evidence is open."""
        contract = self.model.artefact.contract
        question = question_of(contract, self.closures)
        make_folder(self.out / name_part(question.name))
        with getting_ready(self.model.artefact):
            opened = patiently(
                lambda: evidence_for(contract, self.data, question, self.memory, self.progress),
                (AwayError,),
                "the source of the evidence",
                self.progress,
            )
        with opened as store:
            moments = parse_cutoffs(cutoffs, store.zone, store.observed_until).tolist()
            prepared = prepare_for(contract, store, question, self.families)
            digest = store.digest()
            yield [
                ScoringRun(store, self.model, question, moment, prepared, digest, self.allow, self.telling)
                for moment in moments
            ]

    def publish(self, run: ScoringRun) -> ScoringResult:
        """Compute what is missing of a run, and publish it."""
        final = self.out / name_part(run.question.name) / run.name
        facts, repeated = publish_run(run, final, self.memory, self.progress)
        delivered = deliver(final, facts, self.places, self.progress)
        self.progress("comparing with the run before", 0, 0)
        with writable(final.parent):
            movers = movers_of(final, run.store, run.prepared, self.model.artefact, run.cutoff)
        result = ScoringResult.of(final, self.model.uri, facts, repeated=repeated)
        return replace(result, delivered=delivered, movers=movers)
