"""How ranges of days, and expected purchases and spend, fare on later time beside simpler rules, on every data set.

python benchmarks/forecast.py
python benchmarks/forecast.py complete_journey cdnow --markdown
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from accuracy_data import DATA_SETS, NotThere
from table import render

from patron.config import Config
from patron.features.families import load_families
from patron.features.store import EvidenceStore
from patron.models.forecast_evaluation import ForecastEvaluation
from patron.models.intervals import Estimate
from patron.training.forecast_judgement import judge_forecast
from patron.training.forecast_maker import ForecastMaker
from patron.training.judgement import judge
from patron.training.levels import with_levels
from patron.training.recipe import Recipe
from patron.training.snapshots import build_training_set

RANGES = ("", "ranges", "within, %", "before, %", "after, %", "median width, days", "nine of ten at most")
AMOUNTS = ("", "Gini", "Spearman", "level", "gain in Gini over the best opponent")


def measured(config: Config) -> ForecastEvaluation:
    """What the test cutoffs of a data set say of the forecast, with the defaults."""
    settings, memory = config.training, config.run.memory
    with EvidenceStore(config.data, config.question, memory=memory) as store:
        families = load_families(config.run.families, config.data.folder)
        built = build_training_set(store, config.question, families, memory, with_outcomes=True)
        built = with_levels(built, store, config.question, families, memory)
        zone, until = store.zone, store.observed_until
    plan = built.folds(settings.test_cutoffs)
    judgement = judge(built.data, plan, Recipe(), config.question, settings.seed)
    maker = ForecastMaker.of(
        built.data,
        config.question,
        zone,
        until,
        judgement,
        Recipe(),
        settings.seed,
        settings.test_cutoffs,
    )
    return judge_forecast(maker, plan, judgement, until, built.prepared.population)


def range_rows(found: ForecastEvaluation) -> Iterator[tuple[str, ...]]:
    """The model and its opponents; then the model by test cutoff."""
    if found.ranges is None:
        return
    for name, each in {"model": found.ranges.model, **found.ranges.opponents}.items():
        shares = (_percent(share) for share in (each.inside, each.before, each.after))
        yield name, f"{each.told:,}", *shares, f"{each.width_days:.0f}", f"{each.wide_days:.0f}"
    by_cutoff = ", ".join(f"{100 * each.value:.1f}" for each in found.ranges.by_cutoff)
    yield "model, by cutoff", f"of {found.ranges.snapshots:,}", by_cutoff, "", "", "", ""


def amount_rows(found: ForecastEvaluation) -> Iterator[tuple[str, ...]]:
    """Purchases and spend, by whom they were expected."""
    for amount in found.amounts:
        for name, metrics in amount.metrics.items():
            values = (_decimal(metrics[metric]) for metric in ("gini", "spearman", "level"))
            yield f"{amount.what}, {name}", *values, _decimal(amount.gain) if name == "model" else ""


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.1f} ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


def _decimal(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(DATA_SETS)}; all unless given")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "patron-accuracy")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in DATA_SETS]
    if unknown:
        parser.error(f"no data set: {', '.join(unknown)}")
    for name in given.names or DATA_SETS:
        try:
            config = DATA_SETS[name](given.folder / name)
        except NotThere as reason:
            print(f"{name}: skipped, {reason}\n")
            continue
        found = measured(config)
        days = config.question.horizon_days
        for heads, rows in ((RANGES, range_rows(found)), (AMOUNTS, amount_rows(found))):
            print(render(f"{name}, {days} days", heads, list(rows), markdown=given.markdown), flush=True)


if __name__ == "__main__":
    main()
