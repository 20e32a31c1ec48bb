"""What each family of features gains, on every data set at hand, and that those that gain nothing cost nothing.

python benchmarks/families.py
python benchmarks/families.py cdnow online_retail --seeds 10 --markdown
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from accuracy_data import DATA_SETS, NotThere, simulated
from family_gains import COSTS_NOTHING, Gain, Judgeable, family_gains
from family_times import FamilyTime, family_times
from table import render

from patron.config import Config
from patron.features.families import load_families
from patron.features.store import EvidenceStore
from patron.models.intervals import Estimate
from patron.training.recipe import TREES_WITHOUT_INNER_FOLDS, Recipe
from patron.training.snapshots import BuiltTrainingSet, build_training_set

SETS = {**DATA_SETS, "simulated": partial(simulated, customers=6_000)}
"""The data sets; of the simulated retailer, whose 300 features take longest to fit, fewer customers."""

RECIPE = replace(Recipe(), n_trees=TREES_WITHOUT_INNER_FOLDS)
"""That of training with a fixed number of trees, so that one fit is enough to judge what a family gains."""


def measured(config: Config, seeds: int) -> tuple[Judgeable, list[Gain]]:
    """What was judged on a data set, and the gain of each family there."""
    data = judgeable(_built(config), config.training.test_cutoffs)
    return data, list(family_gains(data, range(seeds), RECIPE))


def judgeable(built: BuiltTrainingSet, test_cutoffs: int) -> Judgeable:
    """The snapshots at the test cutoffs, and those whose targets were mature before the first of them.

    All test cutoffs are judged with that one model, as the judged booster of a registered version is.
    """
    plan = built.folds(test_cutoffs)
    learned = built.data.rows(plan.tests[0].train)
    tested = built.data.rows([fold.cutoff for fold in plan.tests])
    used = learned | tested
    fields = built.data.fields(learned)
    return Judgeable(
        built.data.matrix(used, fields),
        fields,
        built.data.outcome[used],
        built.data.customer[used],
        built.data.cutoff[used],
        learned[used],
        tested[used],
    )


def _built(config: Config) -> BuiltTrainingSet:
    with EvidenceStore(config.data, config.question, memory=config.run.memory) as store:
        families = load_families(config.run.families, config.data.folder)
        return build_training_set(store, config.question, families, config.run.memory)


def gains_table(
    name: str, config: Config, data: Judgeable, gains: Sequence[Gain], seeds: int, *, markdown: bool
) -> str:
    """The gains on a data set."""
    title = (
        f"{name}: {config.question.horizon_days} days, population {config.question.population},"
        f" {int(data.learned.sum()):,} snapshots to learn from and {int(data.tested.sum()):,} at"
        f" {config.training.test_cutoffs} test cutoffs, {seeds} seeds; log loss {gains[0].loss:.4f}"
    )
    heads = ("family", "features", "log loss, ×1000 lower", "AUC, ×1000 higher", "at worst, of the log loss")
    return render(title, heads, [_row(gain) for gain in gains], markdown=markdown)


def _row(gain: Gain) -> tuple[str, ...]:
    name = f"{gain.family} (left out)" if gain.left_out else gain.family
    worst = f"{100 * min(gain.log_loss.low, 0) / gain.loss:+.2f} %"
    return (name, str(gain.features), _thousandths(gain.log_loss), _thousandths(gain.auc), worst)


def _thousandths(estimate: Estimate) -> str:
    value, low, high = (1000 * part for part in (estimate.value, estimate.low, estimate.high))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def idle_table(gains: Mapping[str, Sequence[Gain]], shares: Mapping[str, float], *, markdown: bool) -> str:
    """The families that gain nothing anywhere, with what they cost at worst."""
    everywhere = [(name, gain) for name, found in gains.items() for gain in found]
    useful = {gain.family for _, gain in everywhere if gain.is_gain}
    rows = []
    for family in dict.fromkeys(gain.family for _, gain in everywhere if gain.family not in useful):
        own = [(name, gain) for name, gain in everywhere if gain.family == family]
        name, worst = min(own, key=lambda each: each[1].log_loss.low / each[1].loss)
        at_worst = f"{100 * min(worst.log_loss.low, 0) / worst.loss:+.2f} % ({name})"
        says = "yes" if all(gain.costs_nothing for _, gain in own) else "NO"
        rows.append((family, ", ".join(name for name, _ in own), at_worst, says, _share(shares.get(family))))
    title = f"families that gain nothing: do they cost less than {100 * COSTS_NOTHING:g} % of the log loss?"
    heads = ("family", "measured on", "at worst, of the log loss", "costs nothing", "of the time to build")
    return render(title, heads, rows, markdown=markdown)


def times_table(times: Sequence[FamilyTime], *, markdown: bool) -> str:
    """What each family takes to build."""
    rows = [(each.family, f"{each.seconds:.2f} s", _share(each.share)) for each in times]
    title = "processor time to build, with all families less without this one: simulated, 20,000 customers"
    return render(title, ("family", "time", "of all"), rows, markdown=markdown)


def _share(share: float | None) -> str:
    return "not measured" if share is None else f"{100 * share:.1f} %"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(SETS)}; all unless given")
    parser.add_argument("--seeds", type=int, default=10, help="fits of which each is the mean, at least 2")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "patron-accuracy")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in SETS]
    if unknown or given.seeds < 2:
        parser.error(f"no data set: {', '.join(unknown)}" if unknown else "--seeds must be at least 2")
    found: dict[str, list[Gain]] = {}
    for name in given.names or SETS:
        try:
            config = SETS[name](given.folder / name)
        except NotThere as reason:
            print(f"{name}: skipped, {reason}\n")
            continue
        data, found[name] = measured(config, given.seeds)
        print(gains_table(name, config, data, found[name], given.seeds, markdown=given.markdown), flush=True)
    times = family_times(simulated(given.folder / "times"))
    print(times_table(times, markdown=given.markdown))
    print(idle_table(found, {each.family: each.share for each in times}, markdown=given.markdown))


if __name__ == "__main__":
    main()
