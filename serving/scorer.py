"""The scorer: the chosen model applied to every customer at a cutoff, by the model's own contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from patron.features.family import Family
from patron.features.progress import Progress, silent
from patron.features.snapshots import parse_cutoffs
from patron.features.tables import DataSpec
from patron.features.words import name_part
from patron.models.keeping import evidence_for, prepare_for, question_of
from patron.models.registry import ResolvedModel

from .deviations import checked_names
from .publishing import make_folder
from .run import ScoringRun, publish_run


@dataclass(frozen=True)
class ScoringResult:
    """A published scoring run: `customers == scored + sum(excluded.values())`, always.

    `folder` holds `scores/` and `excluded/` in Parquet parts and the manifest. `unseen` counts customers whose
    category a feature had never seen in training. `newest_fact_days` is how much older than the cutoff the newest
    purchase known by then is; None where there is none. `warnings` say where the probabilities may be off, as where
    the model does not know the season of the cutoff. `repeated` says that the very same run had been published before
    and nothing was done. `scored_at` is when the run was created (ISO 8601, UTC), however often it was taken up.
    `deviations` are what is not as in training: each with `name`, `size`, what is `said` of it, and whether it would
    have stopped the run and was `allowed`.
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

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        return {
            **vars(self),
            "folder": str(self.folder),
            "warnings": list(self.warnings),
            "deviations": list(self.deviations),
        }


def score_customers(
    data: DataSpec,
    model: ResolvedModel,
    cutoff: str | date | datetime,
    out: Path,
    *,
    families: Sequence[type[Family]],
    memory: int,
    closures: Sequence[str] = (),
    allow: Sequence[str] = (),
    progress: Progress = silent,
) -> ScoringResult:
    """Score everyone whom the model's question is about at the cutoff, and publish scores and exclusions together.

    `closures` are days on which the business is closed, beside those that were known in training. `allow` names
    deviations from training that are let pass (`patron.serving.deviations.KINDS`).
    Raises ModelError where the evidence does not keep the model's contract, BrokenContractError where it deviates from
    training by more than may pass unseen, ConfigurationError for a cutoff after
    `observed_until` or an output folder that cannot be written.
    """
    contract, allow = model.artefact.contract, checked_names(allow)
    question = question_of(contract, closures)
    make_folder(out)
    with evidence_for(contract, data, question, memory, progress) as store:
        moment = int(parse_cutoffs([cutoff], store.zone, store.observed_until)[0])
        run = ScoringRun(
            store, model, question, moment, prepare_for(contract, store, question, families), allow
        )
        final = out / name_part(question.name) / run.name
        make_folder(final.parent)
        facts, repeated = publish_run(run, final, memory, progress)
    return ScoringResult(
        folder=final,
        model=model.uri,
        cutoff=facts["cutoff"],
        customers=facts["customers"],
        scored=facts["scored"],
        excluded=facts["excluded"],
        newest_fact_days=facts["newest_fact_days"],
        unseen=facts["unseen"],
        repeated=repeated,
        scored_at=facts["scored_at"],
        deviations=tuple(facts.get("deviations", ())),
        warnings=tuple(facts.get("warnings", ())),  # runs of earlier versions have none
    )
