"""What each family of features gains, on every data set at hand.

python benchmarks/accuracy.py
python benchmarks/accuracy.py cdnow online_retail --seeds 10 --markdown
"""

import argparse
import tempfile
from pathlib import Path

from accuracy_data import DATA_SETS, NotThere
from family_gains import Gain, family_gains
from table import render

from patron.config import Config
from patron.features.families import load_families
from patron.features.store import EvidenceStore
from patron.models.intervals import Estimate
from patron.training.snapshots import BuiltTrainingSet, build_training_set


def gains(name: str, config: Config, seeds: int, *, markdown: bool) -> str:
    """The table of a data set."""
    built = _built(config)
    plan = built.folds(config.training.test_cutoffs)
    rows = int(built.data.rows([fold.cutoff for fold in plan.tests]).sum())
    found = list(family_gains(built.data, plan, range(seeds)))
    title = (
        f"{name}: {config.question.horizon_days} days, population {config.question.population}, {rows:,} snapshots at"
        f" {len(plan.tests)} test cutoffs, {seeds} seeds"
    )
    heads = ("family", "features", "log loss, ×1000 lower", "AUC, ×1000 higher")
    return render(title, heads, [_row(gain) for gain in found], markdown=markdown)


def _built(config: Config) -> BuiltTrainingSet:
    with EvidenceStore(config.data, config.question, memory=config.run.memory) as store:
        families = load_families(config.run.families, config.data.folder)
        return build_training_set(store, config.question, families, config.run.memory)


def _row(gain: Gain) -> tuple[str, ...]:
    return (gain.family, str(gain.features), _thousandths(gain.log_loss), _thousandths(gain.auc))


def _thousandths(estimate: Estimate | None) -> str:
    if estimate is None:
        return "alike at a cutoff"
    value, low, high = (1000 * part for part in (estimate.value, estimate.low, estimate.high))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(DATA_SETS)}; all unless given")
    parser.add_argument("--seeds", type=int, default=5, help="fits of which each is the mean, at least 2")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "patron-accuracy")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in DATA_SETS]
    if unknown or given.seeds < 2:
        parser.error(f"no data set: {', '.join(unknown)}" if unknown else "--seeds must be at least 2")
    for name in given.names or DATA_SETS:
        try:
            config = DATA_SETS[name](given.folder / name)
        except NotThere as reason:
            print(f"{name}: skipped, {reason}\n")
            continue
        print(gains(name, config, given.seeds, markdown=given.markdown), flush=True)


if __name__ == "__main__":
    main()
