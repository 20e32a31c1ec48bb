"""Whether probabilities can be taken at their word, uncorrected and as corrected, on every data set at hand.

python benchmarks/calibration.py
python benchmarks/calibration.py online_retail --markdown
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from accuracy_data import DATA_SETS, NotThere
from table import render

from patron.config import Config
from patron.features.families import load_families
from patron.features.localtime import to_datetime
from patron.features.store import EvidenceStore
from patron.models import metrics
from patron.models.calibrators import Identity, Seasonal
from patron.models.intervals import Estimate
from patron.models.reliability import binned_design_effect, recalibration_interval
from patron.models.totals import total
from patron.training.levels import with_levels
from patron.training.recipe import Recipe
from patron.training.rolling import FittedFold, RollingBoosters, TrainingSet
from patron.training.snapshots import build_training_set

HEADS = ("test cutoff", "correction", "learned, last year", "log loss", "promised", "came")
QUALITY = (
    *("", "log loss", "slope", "intercept", "ECE", "ECE by chance: mean, 95%"),
    "in excess of its expectation",
)


def measured(name: str, config: Config, *, markdown: bool) -> str:
    """What was chosen and promised at each test cutoff, and how good it is over all of them."""
    with EvidenceStore(config.data, config.question, memory=config.run.memory) as store:
        families = load_families(config.run.families, config.data.folder)
        built = build_training_set(store, config.question, families, config.run.memory)
        built = with_levels(built, store, config.question, families, config.run.memory)
    plan = built.folds(config.training.test_cutoffs)
    boosters = RollingBoosters(built.data, Recipe(), config.training.seed, plan)
    fitted = [boosters.fitted(fold) for fold in plan.tests]
    parts = [_probabilities(built.data, each) for each in fitted]
    rows = [_cutoff_row(built.data, each, *both) for each, both in zip(fitted, parts, strict=True)]
    kind = _kind(boosters.fitted(plan.production))
    at = np.concatenate([np.flatnonzero(built.data.rows([fold.cutoff])) for fold in plan.tests])
    judged = [
        (label, *_quality(built.data.outcome[at], np.concatenate(said), built.data.customer[at]))
        for label, said in zip(("uncorrected", "as corrected"), zip(*parts, strict=True), strict=True)
    ]
    title = (
        f"{name}: {config.question.horizon_days} days, {at.size:,} snapshots; production correction {kind}"
    )
    tables = (render(title, HEADS, rows, markdown=markdown), render(name, QUALITY, judged, markdown=markdown))
    return "\n".join(tables)


def _probabilities(
    data: TrainingSet, fitted: FittedFold
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Probabilities at the fold's cutoff, uncorrected and corrected."""
    rows = data.encoded(data.rows([fitted.fold.cutoff]), fitted.fields)
    raw = fitted.model.predict_probability(rows, fitted.n_trees)
    return Identity().apply(raw), fitted.calibrator.apply(raw)


def _cutoff_row(
    data: TrainingSet,
    fitted: FittedFold,
    raw: npt.NDArray[np.float64],
    said: npt.NDArray[np.float64],
) -> tuple[str, ...]:
    moment, season = fitted.fold.cutoff, fitted.outlook.season
    at = data.rows([moment])
    spread = {moment: fitted.outlook.spread}
    found = total("", data.outcome[at], said, data.cutoff[at], data.customer[at], spread)
    low, high = found.promised.low, found.promised.high
    losses = [metrics.log_loss(data.outcome[at], each) for each in (raw, said)]
    year = "unknown" if season.last_year is None else f"{season.last_year:.3f}"
    return (
        f"{to_datetime(moment):%Y-%m-%d}",
        _kind(fitted),
        f"{season.learned:.3f}, {year}",
        " → ".join(f"{loss:.4f}" for loss in losses),
        f"{found.promised.value:,.0f} ({low:,.0f} to {high:,.0f})",
        f"{found.came:,}",
    )


def _quality(
    outcome: npt.NDArray[np.int8], said: npt.NDArray[np.float64], customers: npt.NDArray[np.int64]
) -> tuple[str, ...]:
    fit = recalibration_interval(outcome, said, customers)
    design = binned_design_effect(outcome, said, customers)
    chance = [
        each(said, 7, design=design)
        for each in (metrics.expected_calibration_error, metrics.chance_calibration_error)
    ]
    error = metrics.calibration_error(outcome, said)
    return (
        f"{metrics.log_loss(outcome, said):.4f}",
        _written(fit["slope"]),
        _written(fit["intercept"]),
        f"{error:.3f}",
        ", ".join(f"{each:.3f}" for each in chance),
        f"{error - chance[0]:.3f}",
    )


def _written(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def _kind(fitted: FittedFold) -> str:
    calibrator = fitted.calibrator
    if not isinstance(calibrator, Seasonal):
        return str(calibrator.to_dict()["kind"])
    return f"season {calibrator.shift:+.2f}, {calibrator.base.to_dict()['kind']}"


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
        print(measured(name, config, markdown=given.markdown), flush=True)


if __name__ == "__main__":
    main()
