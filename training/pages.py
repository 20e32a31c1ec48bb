"""From a training record to the report's input."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from patron.features.catalogue import FeatureField
from patron.features.localtime import to_datetime
from patron.models.calibrators import Calibrator, Identity, Seasonal, Stretch
from patron.reporting.formats import percent
from patron.reporting.training_page import FamilyWeight, FeatureWeight, FoldSpan, Geometry, TrainingPage

from .seasons import UNKNOWN, season_sentences

if TYPE_CHECKING:
    from .record import Record

MOST_NAMED = 12
"""Features up to which a page names each that is left out."""

RUN, VERSION, ALIAS, DECISION = (f"@@{name}@@" for name in ("run", "version", "alias", "decision"))
"""What stands in a page for that which only the registry can tell, until it is known."""


def training_page(record: "Record") -> TrainingPage:
    """What the report shows of a training run, with placeholders for what the registry will tell."""
    judgement = record.judgement
    contract = record.artefact.contract
    return TrainingPage(
        question=record.question,
        timezone=record.data.timezone,
        observed_until=record.data.observed_until,
        model_name=record.model_name,
        version=VERSION,
        alias=ALIAS,
        decision=DECISION,
        provisional=record.plan.provisional,
        summary=record.summary,
        accounts=record.accounts,
        excluded=record.built.excluded,
        customers=record.built.customers,
        geometry=_geometry(record),
        evaluation=judgement.evaluation,
        answer=record.answer.gains,
        spend_answer=record.answer.spend,
        stand_ins=record.answer.stand_ins,
        attribution=record.answer.attribution,
        after_answers=record.after_answers,
        after_cases=record.after_cases,
        loyalty=record.loyalty,
        kinds=record.kinds,
        opponent=judgement.opponent,
        opponent_rules=judgement.opponent_rules,
        left_out=judgement.left_out,
        ageing=judgement.ageing,
        families=_families(judgement.family_weights, judgement.judged.fields),
        features=_features(judgement.weights, judgement.judged.fields),
        calibration=describe_calibration(judgement.production.calibrator),
        totals=judgement.totals,
        forecast=record.forecast,
        season=_season(record),
        n_trees=judgement.production.n_trees,
        warnings=_warnings(record),
        facts={
            "run": RUN,
            "model digest": record.artefact.digest,
            "trees of the judged booster": str(judgement.judged.n_trees),
            "seed": str(record.settings.seed),
            **{f"data digest of {table}": digest for table, digest in record.digests.items()},
            **{f"version of {name}": number for name, number in contract.versions.items()},
        },
    )


def _season(record: "Record") -> tuple[str, ...]:
    judgement = record.judgement
    return season_sentences(judgement.outlooks, judgement.production.outlook, record.data.timezone)


def describe_calibration(calibrator: Calibrator) -> str:
    """Which correction the probabilities get, and why."""
    kept = "which proved better on later cutoffs than leaving the probabilities as they are"
    kind = calibrator.to_dict()["kind"]
    if isinstance(calibrator, Seasonal):
        base = calibrator.base
        inner = "" if isinstance(base, Identity) else f"; then {describe_calibration(base)}"
        return (
            f"last year's level: log-odds moved by {calibrator.shift:+.2f} at the first cutoff after training, of which"
            f" {calibrator.drift:+.2f} is drift, the rest {percent(calibrator.share)} of what last year showed, as"
            " earlier cutoffs asked for; later cutoffs follow their own window of last year, as far as it was"
            f" seen{inner}"
        )
    if isinstance(calibrator, Identity):
        return "none: no correction proved better on later cutoffs than leaving the probabilities as they are"
    if isinstance(calibrator, Stretch):
        return f"log-odds stretched by {calibrator.slope:.2f}, as the scores of all earlier cutoffs asked for alike"
    names = {"platt": "Platt scaling", "beta": "beta calibration", "isotonic": "isotonic steps"}
    return f"{names[kind]}, {kept}"


def _geometry(record: "Record") -> Geometry:
    mature = dict(zip(record.built.cutoffs.tolist(), record.built.mature.tolist(), strict=True))
    spans = tuple(
        FoldSpan(
            to_datetime(fold.cutoff),
            tuple(to_datetime(cutoff) for cutoff in fold.train),
            tuple(to_datetime(cutoff) for cutoff in fold.inner),
            to_datetime(mature[fold.cutoff]),
        )
        for fold in record.plan.tests
    )
    return Geometry(
        spans,
        to_datetime(mature[max(record.judgement.judged.fold.train)]),
        record.question.horizon_days,
        record.question.settle_days,
        tuple(to_datetime(cutoff) for cutoff in record.plan.production.train),
    )


def _families(weights: Mapping[str, float], fields: tuple[FeatureField, ...]) -> tuple[FamilyWeight, ...]:
    total = sum(weights.values()) or 1.0
    found = [
        FamilyWeight(family, weight / total, sum(field.family == family for field in fields))
        for family, weight in weights.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.share, each.family)))


def _features(weights: Mapping[str, float], fields: tuple[FeatureField, ...]) -> tuple[FeatureWeight, ...]:
    total = sum(weights.values()) or 1.0
    found = [FeatureWeight(field.name, weights[field.name] / total, field) for field in fields]
    return tuple(sorted(found, key=lambda each: (-each.share, each.name)))


def _few_or_families(fields: Sequence[FeatureField]) -> str:
    """The names of a few features; of many how many there are of each family."""
    if len(fields) <= MOST_NAMED:
        return ", ".join(field.name for field in fields)
    families = Counter(field.family.replace("_", " ") for field in fields)
    return ", ".join(f"{number} of {family}" for family, number in families.items())


def _warnings(record: "Record") -> tuple[str, ...]:
    """What a reader should know before believing the numbers."""
    found = [said for said in _season(record) if said == UNKNOWN]
    fields = {field.name for field in record.artefact.contract.features}
    unknown = [field for field in record.built.data.catalogue if field.name not in fields]
    if unknown:
        what = "1 feature is" if len(unknown) == 1 else f"{len(unknown)} features are"
        found.append(
            f"{what} left out, never known in training or the same for everybody: {_few_or_families(unknown)}."
        )
    for account in record.accounts:
        refused = sum(account.quarantined.values())
        if refused > account.rows / 100:
            found.append(f"{refused / account.rows:.1%} of the rows of {account.table} are quarantined.")
    return tuple(found)
