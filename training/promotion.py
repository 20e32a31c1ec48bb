"""The gate at the end of a training: whether the new model takes the champion's place, decided on clean slices.

A refresh (the champion's recipe on later data) has to be not worse; a changed recipe has to be better over seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self

from patron.features.errors import PatronError
from patron.features.progress import Progress, silent
from patron.features.tracking import Tracking
from patron.models.artefact import Artefact
from patron.models.contract import Contract
from patron.models.intervals import Estimate
from patron.models.registry import CHAMPION, ResolvedModel, champion, resolve, versions
from patron.models.tracking_store import require_store

from .folds import FoldPlan
from .recipe import Recipe
from .rivals import Comparison, Evidence, compare_models, other_question
from .rolling import RollingBoosters, TrainingSet

TOLERANCE = 0.005
"""A refresh may be worse by less than this share of the champion's log loss, at the end of the interval."""

SEEDS = 3
"""Over how many seeds a changed recipe is judged."""

JUDGED_AT = "patron.judged_at"
"""Tag of a version: the cutoffs at which it was judged against a champion."""

Outcome = Literal["promoted", "refused", "undecided", "unchanged"]


@dataclass(frozen=True)
class Decision:
    """What the gate says of a new model, and from what.

    "undecided" leaves it to `patron promote`; "unchanged" says that the champion is this very model. `against` is the
    version that was champion; `judged_before` counts the challengers that the same cutoffs had judged before.
    """

    outcome: Outcome
    words: str
    against: int | None = None
    comparison: Comparison | None = None
    judged_before: int = 0

    @property
    def promotes(self) -> bool:
        """Whether the model becomes champion."""
        return self.outcome == "promoted"

    def to_dict(self) -> dict[str, Any]:
        """The decision as plain data."""
        compared = None if self.comparison is None else self.comparison.to_dict()
        return {**vars(self), "comparison": compared}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The decision that `to_dict` described."""
        compared = plain["comparison"]
        return cls(**{**plain, "comparison": compared and Comparison.from_dict(compared)})


@dataclass(frozen=True)
class Challenger:
    """A new model at the gate: its artefact, and what it takes to train its judged booster with other seeds."""

    artefact: Artefact
    beats_opponent: bool
    data: TrainingSet
    plan: FoldPlan
    recipe: Recipe
    seed: int


def current_champion(tracking: Tracking) -> ResolvedModel | None:
    """The champion, verified and read; None where there is none. It is asked for before hours of work are done."""
    require_store(tracking.uri)
    if champion(tracking) is None:
        return None
    return resolve(f"models:/{tracking.model_name}@{CHAMPION}", tracking)


def decide(
    challenger: Challenger,
    current: ResolvedModel | None,
    evidence: Evidence,
    tracking: Tracking,
    progress: Progress = silent,
) -> Decision:
    """Whether a new model takes the place of the current champion, with reasons in words and numbers."""
    if current is None or current.registered is None:
        return first_decision(challenger.beats_opponent)
    against, old = current.registered.version, current.artefact
    if challenger.artefact.digest == old.digest:
        words = f"Nothing new: it is, byte for byte, the model of version {against}, which stays champion."
        return Decision("unchanged", words, against)
    if not challenger.beats_opponent:
        words = f"{_NOT_BETTER_THAN_OPPONENT} Version {against} stays champion."
        return Decision("refused", words, against)
    differing = other_question(challenger.artefact.contract, old.contract)
    if differing is not None:
        return _undecided(against, f"it answers another question ({differing})")
    changes = changed_recipe(challenger.artefact.contract, old.contract)
    if not changes and _observed(challenger.artefact) < _observed(old):
        return _undecided(against, "it has learned from earlier data than the champion")
    models = [challenger.artefact]
    try:
        if changes:
            models += other_seeds(challenger, SEEDS - 1, progress)
        comparison = compare_models(models, old, evidence, challenger.seed, progress)
    except PatronError as error:
        return _undecided(against, f"the two cannot be compared ({error.what} {error.found or ''})".rstrip())
    if comparison is None:
        return _undecided(against, "there is no cutoff that neither of them had learned from")
    before = challengers_judged_at(comparison.cutoffs, tracking)
    if changes:
        return change_decision(comparison, against, before, changes)
    return refresh_decision(comparison, against, before)


def _observed(artefact: Artefact) -> datetime:
    return datetime.fromisoformat(artefact.contract.window.observed_until)


_NOT_BETTER_THAN_OPPONENT = (
    "Challenger: it is not shown to be better than the opponent, so it should not score."
)


def first_decision(beats_opponent: bool) -> Decision:
    """The decision where there is no champion: whoever beats the opponent becomes it."""
    if beats_opponent:
        return Decision("promoted", "Champion: the first version that beats the opponent.")
    return Decision("refused", _NOT_BETTER_THAN_OPPONENT)


def refresh_decision(comparison: Comparison, against: int, judged_before: int) -> Decision:
    """The decision on the champion's recipe with later data: it has to be not worse."""
    tolerated = TOLERANCE * comparison.second.value
    passes = comparison.gain.low > -tolerated
    verdict = (
        f"Champion: a refresh of version {against}, and not worse."
        if passes
        else f"Challenger: a refresh of version {against} that may be worse; version {against} stays champion."
    )
    rule = (
        f"A refresh passes when the whole interval is above {-tolerated:.4f}"
        f" ({TOLERANCE:.1%} of the champion's log loss)."
    )
    words = " ".join((verdict, _numbers(comparison), rule, _used(judged_before)))
    return Decision("promoted" if passes else "refused", words, against, comparison, judged_before)


def change_decision(
    comparison: Comparison, against: int, judged_before: int, changes: Sequence[str]
) -> Decision:
    """The decision on a changed recipe: it has to be better, over all seeds."""
    passes = comparison.gain.low > 0
    recipe = f"a changed recipe ({'; '.join(changes)})"
    verdict = (
        f"Champion: {recipe}, and better than version {against}."
        if passes
        else f"Challenger: {recipe}, not shown to be better than version {against}, which stays champion."
    )
    rule = "A changed recipe passes when the whole interval is above zero."
    words = " ".join((verdict, _numbers(comparison), rule, _used(judged_before), _luck(judged_before)))
    return Decision("promoted" if passes else "refused", words.rstrip(), against, comparison, judged_before)


def lost_race(decision: Decision, winner: int | None) -> Decision:
    """The decision after another training, or a hand, changed the champion while this one was judged."""
    now = f"version {winner} became champion" if winner else "the champion's alias was taken away"
    words = (
        f"Challenger: it lost a race. Before it could take its place, {now}, with which it was not compared."
        f" The decision had been: {decision.words}"
    )
    return replace(decision, outcome="refused", words=words)


def changed_recipe(new: Contract, old: Contract) -> list[str]:
    """In what the recipes of two models differ, in words; settings that the older version did not know do not count."""
    names = [name for name in new.recipe if name in old.recipe or name.startswith(_COUNT_ALWAYS)]
    names += [name for name in old.recipe if name not in new.recipe and name.startswith(_COUNT_ALWAYS)]
    pairs = [(name, old.recipe.get(name), new.recipe.get(name)) for name in names]
    return [f"{name} {_plain(a)} → {_plain(b)}" for name, a, b in pairs if _plain(a) != _plain(b)]


_COUNT_ALWAYS = ("columns.", "families")


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def other_seeds(challenger: Challenger, count: int, progress: Progress = silent) -> list[Artefact]:
    """The challenger with its judged booster trained with the next seeds, everything else being the same."""
    first, plan = challenger.plan.tests[0], challenger.plan
    inner = tuple(fold for fold in plan.rolling if fold.cutoff in first.inner)
    only = replace(plan, tests=(first,), rolling=inner, production=first)
    found = []
    for seed in range(challenger.seed + 1, challenger.seed + 1 + count):
        fitted = RollingBoosters(challenger.data, challenger.recipe, seed, only, progress).fitted(first)
        text = fitted.model.to_text(fitted.n_trees)
        found.append(replace(challenger.artefact, judged=text, judged_calibrator=fitted.calibrator))
    return found


def challengers_judged_at(cutoffs: Sequence[str], tracking: Tracking) -> int:
    """How many versions were judged against a champion at any of these cutoffs."""
    return sum(bool({*each.tags.get(JUDGED_AT, "").split(",")} & {*cutoffs}) for each in versions(tracking))


def _undecided(against: int, why: str) -> Decision:
    words = (
        f"Challenger: not decided, as {why}. Version {against} stays champion until one is chosen by hand:"
        ' patron promote VERSION --reason "…".'
    )
    return Decision("undecided", words, against)


def _numbers(comparison: Comparison) -> str:
    seeds = f", averaged over {comparison.seeds} seeds," if comparison.seeds > 1 else ""
    return (
        f"At {comparison.where} its log loss{seeds} is {_interval(comparison.first)} against"
        f" {_interval(comparison.second)}: a gain of {_interval(comparison.gain)}."
    )


def _used(before: int) -> str:
    if not before:
        return "These cutoffs had judged no challenger before."
    return f"These cutoffs had judged {before} {'challenger' if before == 1 else 'challengers'} before."


def _luck(before: int) -> str:
    """How likely one of several challengers that are no better passes by luck: an interval errs above in 2.5 %."""
    if not before:
        return ""
    chance = 1 - 0.975 ** (before + 1)
    return (
        f"Of {before + 1} challengers that are no better one would pass by luck with a chance of up to about"
        f" {chance:.0%}: the more often cutoffs are used, the less they prove."
    )


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.4f} ({estimate.low:.4f} to {estimate.high:.4f})"
