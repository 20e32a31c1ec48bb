"""The verdict of watching: whether to retrain, by rules that stand here and look at sizes, not at p-values.

Ranking and totals speak for retraining. Drift alone never does: inputs may move without the model getting worse, and
somebody has to look. Customers whom lots left alone overrule everybody: where the promise is kept for them, contacts
changed what was predicted, and a new model would learn to predict the contacts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from .drift import MODERATE, SCORES_MOVED, Drift
from .evaluation import SEGMENT_CUSTOMERS
from .intervals import Estimate
from .live import LivePart
from .promise import Promise
from .totals import Total
from .watched import Standing, Verdict, WatchedRun

MATTERS = 0.01
"""A feature with a smaller share of what moves the scores is not spoken of."""

MISSING_MORE = 0.10
UNSEEN_SHARE = 0.05
"""Shares of customers from which on missing values, and categories that training never saw, are spoken of."""

LATE_SHARE = 0.05
"""Share of the scores that would be others by more than a point today."""

UNKNOWN_SHARE = 0.01
"""Share of those who were scored and are no longer in the evidence."""

ALONE_CONTACTED = 0.10
"""Customers of the control of whom more were contacted were not left alone."""

SLOPES = (0.8, 1.25)
"""Probabilities whose recalibration has a slope outside are too extreme, or too much alike.

Amounts are held to the same ends by what came for each one that was expected."""

_ORDER: tuple[Standing, ...] = ("keep", "wait", "look", "retrain")


@dataclass(frozen=True)
class Finding:
    """Something that speaks for a standing."""

    standing: Standing
    words: str


def verdict_of(
    runs: Sequence[WatchedRun], promise: Promise, horizon_days: int, set_apart: Mapping[str, int]
) -> Verdict:
    """Runs, the oldest first, and how many published runs are damaged, to whether to retrain.

    `set_apart` counts what cannot be watched and should be looked at, by what it is.
    """
    judged = [run for run in runs if run.everyone is not None]
    found = [*_judged(judged, promise, horizon_days), *(_newest(runs[-1]) if runs else ())]
    found += [
        Finding("look", f"{count} published runs are {what}") for what, count in set_apart.items() if count
    ]
    found.sort(key=lambda each: -_ORDER.index(each.standing))
    reasons = tuple(f"{each.words}." for each in found)
    if found:
        start = {"look": "Look at it, but do not retrain for this alone", "retrain": "Retrain"}[
            found[0].standing
        ]
        return Verdict(found[0].standing, f"{start}: {found[0].words}.", reasons)
    if not judged:
        return Verdict("wait", _waiting(runs))
    return Verdict("keep", f"Keep the model: {_kept(judged[-1], promise)}.")


def _judged(judged: Sequence[WatchedRun], promise: Promise, horizon_days: int) -> Iterator[Finding]:
    """What the runs whose outcomes are known speak for."""
    if not judged:
        return
    run = judged[-1]
    assert run.everyone is not None
    low = promise.next_cutoff["auc"].low if "auc" in promise.next_cutoff else float("-inf")
    auc = run.everyone.metrics.get("auc")
    if auc is not None and auc.high < low:
        words = f"the ranking at {run.day} is worse than promised: AUC {_said(auc, 3)}, where {low:.3f} was the least"
        yield _unless_contacts(run, words, _ranks_alone(run, auc, low))
    total = run.everyone.total
    if not total.is_kept:
        words = f"{_fewer_or_more(total)} came than promised at {run.day}: {_totals(total)}"
        before = _before(judged, horizon_days)
        if before is not None and _misses_alike(before.everyone, total):
            words += f", and so it was at {before.day}"
            yield _unless_contacts(run, words, _explains(run, total))
        else:
            yield Finding("look", f"{words}; once may be chance, twice is not")
    slope = run.everyone.recalibration.get("slope")
    if slope is not None and _is_outside(slope):
        kind = "too extreme" if slope.value < 1 else "too much alike"
        yield Finding(
            "look", f"the probabilities of {run.day} are {kind}: slope {_said(slope, 2)}, where 1 is right"
        )
    yield from _further(judged)


def _further(judged: Sequence[WatchedRun]) -> Iterator[Finding]:
    """What the newest known outcomes beside the first target give to look at: no promise was made of them."""
    forecasts = [(run, run.forecast) for run in judged if run.forecast is not None]
    newest = {
        each.horizon_days: (run, each.part)
        for run, said in forecasts
        for each in said.horizons
        if each.part is not None
    }
    for days, (run, part) in newest.items():
        slope = part.recalibration.get("slope")
        if slope is not None and _is_outside(slope):
            kind = "too extreme" if slope.value < 1 else "too much alike"
            yield Finding(
                "look",
                f"the probabilities within {days} days of {run.day} are {kind}: slope {_said(slope, 2)}, where 1 is"
                " right",
            )
    for run, said in forecasts[-1:]:
        for each in said.amounts:
            if each.customers >= SEGMENT_CUSTOMERS and _is_outside(each.ratio):
                yield Finding(
                    "look",
                    f"{each.name} at {run.day} came to {_said(each.ratio, 2)} of what was expected",
                )


def _is_outside(estimate: Estimate) -> bool:
    """Whether something that should be 1 lies outside `SLOPES` with its whole interval."""
    return estimate.high < SLOPES[0] or estimate.low > SLOPES[1]


def _unless_contacts(run: WatchedRun, words: str, explained: bool) -> Finding:
    """Retrain, unless the customers whom lots left alone show that contacts made the difference."""
    if not explained:
        return Finding("retrain", words)
    assert run.control is not None
    return Finding(
        "look",
        f"{words}; but for the {run.control.customers:,} customers whom lots left alone the promise is kept, so that"
        " contacts changed what was predicted",
    )


def _alone(run: WatchedRun) -> LivePart | None:
    """The control, if it was left alone indeed."""
    control = run.control
    if control is None or control.contacted is None or control.contacted > ALONE_CONTACTED:
        return None
    return control.part


def _ranks_alone(run: WatchedRun, everyone: Estimate, low: float) -> bool:
    """Whether those left alone are ranked as promised, and better than everybody, each with the whole interval."""
    part = _alone(run)
    if part is None or "auc" not in part.metrics:
        return False
    auc = part.metrics["auc"]
    return auc.high >= low and auc.low > everyone.high


def _explains(run: WatchedRun, everyone: Total) -> bool:
    """Whether those left alone kept the promise, and are enough to have shown such a miss as that of everybody."""
    part = _alone(run)
    if part is None or not part.total.is_kept or not everyone.promised.value:
        return False
    as_everyone = part.total.promised.value * everyone.came / everyone.promised.value
    reach = (part.total.promised.high - part.total.promised.low) / 2
    return abs(part.total.came - as_everyone) > reach


def _before(judged: Sequence[WatchedRun], horizon_days: int) -> WatchedRun | None:
    """The latest run before the newest whose horizon was over by then: others share what came with it."""
    least = timedelta(days=horizon_days) - timedelta(hours=2)  # local days may be shorter
    apart = [run for run in judged[:-1] if judged[-1].cutoff - run.cutoff >= least]
    return apart[-1] if apart else None


def _misses_alike(before: LivePart | None, now: Total) -> bool:
    return before is not None and not before.total.is_kept and (before.total.miss > 0) == (now.miss > 0)


def _newest(run: WatchedRun) -> Iterator[Finding]:
    """What the newest run's inputs and scores give to look at."""
    yield from _drifted(run, run.drift)
    account = run.account
    if account.compared and account.changed_by_a_point / account.compared >= LATE_SHARE:
        share = account.changed_by_a_point / account.compared
        yield Finding(
            "look",
            f"{share:.1%} of the scores of {run.day} would be others today, as facts came late or were changed",
        )
    if account.scored and account.unknown / account.scored >= UNKNOWN_SHARE:
        yield Finding(
            "look",
            f"{account.unknown:,} of the {account.scored:,} customers scored at {run.day} are gone from the evidence",
        )
    yield from (Finding("look", warning) for warning in run.warnings)


def _drifted(run: WatchedRun, drift: Drift) -> Iterator[Finding]:
    matter = [each for each in drift.inputs if each.weight >= MATTERS]
    if drift.weighted >= MODERATE:
        most = ", ".join(f"{each.name} ({each.psi:.2f})" for each in drift.inputs[:3] if each.size > 0)
        yield Finding(
            "look",
            f"the inputs of {run.day} are not those of training: a stability index of {drift.weighted:.2f} on average,"
            f" most in {most}",
        )
    if drift.scores >= SCORES_MOVED:
        yield Finding(
            "look",
            f"the scores of {run.day} are not those of training: {drift.mean_score:.1%} on average, then"
            f" {drift.mean_score_before:.1%}",
        )
    for each in matter:
        if each.missing - each.missing_before >= MISSING_MORE:
            yield Finding(
                "look",
                f"{each.name} is missing for {each.missing:.1%} of the customers at {run.day}, then for"
                f" {each.missing_before:.1%}",
            )
        if each.unseen >= UNSEEN_SHARE:
            yield Finding(
                "look",
                f"{each.unseen:.1%} of the customers at {run.day} have a {each.name} that training never saw",
            )


def _kept(run: WatchedRun, promise: Promise) -> str:
    assert run.everyone is not None
    words = f"at {run.day} as many came as promised ({_totals(run.everyone.total)})"
    auc = run.everyone.metrics.get("auc")
    if auc is None:
        return f"{words}; there are too few people to judge the ranking"
    ranked = f"AUC {_said(auc, 3)}"
    if "auc" in promise.next_cutoff:
        ends = promise.next_cutoff["auc"]
        source = "was seen in training" if ends.is_range else "was promised"
        ranked += f", where {ends.low:.3f} to {ends.high:.3f} {source}"
    return f"{words}, and they are ranked no worse ({ranked})"


def _waiting(runs: Sequence[WatchedRun]) -> str:
    if not runs:
        return "Nothing can be said: no run of this model can be watched."
    immature = [run for run in runs if not run.is_mature]
    if not immature:
        return "Nothing can be said of outcomes: nobody who was scored has one. Inputs and scores are like training's."
    first = min(immature, key=lambda run: run.mature_at)
    return (
        f"Nothing can be said of outcomes before {first.mature_at:%Y-%m-%d}, when the first target is mature;"
        " inputs and scores are like training's."
    )


def _said(estimate: Estimate, digits: int) -> str:
    return f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"


def _totals(total: Total) -> str:
    ends = total.promised
    return f"{total.came:,} of {total.n:,}, promised {ends.value:,.0f} ({ends.low:,.0f} to {ends.high:,.0f})"


def _fewer_or_more(total: Total) -> str:
    return "fewer" if total.miss > 0 else "more"
