"""How right the probabilities are, beside opponents and peers, on the same snapshots and folds.

python benchmarks/accuracy.py
python benchmarks/accuracy.py online_retail cdnow --trials 20 --markdown

Patron's default, the same tuned (with `--trials`), its four opponents, Featuretools with LightGBM, and FLAML on plain
windows of recency, frequency and money. The peers run in environments of their own, made on demand.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from accuracy_cases import CASES, Built, build
from accuracy_data import NotThere
from features_peers.environment import CannotBeInstalled
from peer_answers import answer_of
from table import render

from patron.models import metrics
from patron.models.intervals import Estimate
from patron.models.reliability import binned_design_effect, recalibration_interval
from patron.training.inner import InnerFolds
from patron.training.judgement import judge
from patron.training.recipe import Recipe
from patron.training.tuning import tune

Floats = npt.NDArray[np.float64]
PEERS = ("featuretools", "flaml")
PATRON, TUNED = "Patron", "Patron, tuned"
MARGIN = 0.5
"""Percent of the best other's log loss by which Patron may be worse at most."""

MOST_EXCESS = 0.01
"""The calibration error in excess of its expectation that Patron may have at most, pooled over cutoffs."""

HEADS = (
    *("", "log loss", "AUC", "slope", "ECE", "by chance: mean, 95%", "in excess of its expectation"),
    "Patron's log loss lower by, %",
)


@dataclass(frozen=True, eq=False)
class Said:
    """What everybody said of the snapshots at the test cutoffs, [rows] each."""

    outcome: npt.NDArray[np.int8]
    customer: npt.NDArray[np.int64]
    cutoff: npt.NDArray[np.int64]
    by: Mapping[str, Floats]
    missing: tuple[str, ...] = ()

    def losses(self, name: str) -> Floats:
        """Negative log likelihood of each row."""
        said = np.clip(np.where(self.outcome == 1, self.by[name], 1 - self.by[name]), 1e-15, 1)
        return np.asarray(-np.log(said))

    def lower(self, name: str) -> Estimate:
        """By how much Patron's log loss is lower than another's, in percent of that, customers drawn in pairs."""
        other = self.losses(name)
        gain = 100 * (other - self.losses(PATRON)) / other.mean()
        codes = np.unique(self.customer, return_inverse=True)[1]
        error = np.sqrt((np.bincount(codes, gain - gain.mean()) ** 2).sum()) / gain.size
        return Estimate.around(float(gain.mean()), float(error))

    def calibration(self, name: str, at: npt.NDArray[np.bool_] | None = None) -> tuple[float, float, float]:
        """The calibration error in all rows or some, and what chance gives: its mean and 95th percentile."""
        chosen = slice(None) if at is None else at
        outcome, said = self.outcome[chosen], self.by[name][chosen]
        design = binned_design_effect(outcome, said, self.customer[chosen])
        return (
            metrics.calibration_error(outcome, said),
            metrics.expected_calibration_error(said, 7, design=design),
            metrics.chance_calibration_error(said, 7, design=design),
        )

    @property
    def best_other(self) -> str:
        """Who of the others has the lowest log loss."""
        return min(
            (name for name in self.by if name not in (PATRON, TUNED)),
            key=lambda name: self.losses(name).mean(),
        )

    def ranks(self) -> dict[str, float]:
        """Everybody's place by log loss, the best 1."""
        order = sorted(self.by, key=lambda name: float(self.losses(name).mean()))
        return {name: float(place) for place, name in enumerate(order, 1)}


def said_by_all(built: Built, folder: Path, trials: int, peers: Sequence[str]) -> Said:
    """Everybody's probabilities for a case; a peer that cannot be had is told."""
    recipe, seed, question = Recipe(), built.config.training.seed, built.config.question
    judged = judge(built.data, built.plan, recipe, question, seed).predictions
    by: dict[str, Floats] = {PATRON: judged.probability}
    if trials:
        inner = InnerFolds(built.data, built.plan, seed)
        tuned = tune(inner, recipe, trials, built.folder, [built.folder.name])
        by[TUNED] = judged.probability
        if tuned.is_adopted:
            by[TUNED] = judge(built.data, built.plan, tuned.recipe, question, seed).predictions.probability
        print(f"  {tuned.sentence}", flush=True)
    by |= judged.opponents
    missing = []
    for peer in peers:
        try:
            by[peer] = answer_of(peer, built.folder, folder)[built.tested]
        except (CannotBeInstalled, subprocess.CalledProcessError) as reason:
            missing.append(f"{peer}: {_last_line(reason)}")
    return Said(judged.outcome, judged.customer, judged.cutoff, by, tuple(missing))


def _last_line(reason: Exception) -> str:
    text = reason.stderr if isinstance(reason, subprocess.CalledProcessError) else str(reason)
    return (text.strip().splitlines() or ["no reason given"])[-1]


def rows_of(said: Said) -> list[tuple[str, ...]]:
    """A row for everybody, the best first."""
    names = sorted(said.by, key=lambda name: float(said.losses(name).mean()))
    return [_row(said, name) for name in names]


def _row(said: Said, name: str) -> tuple[str, ...]:
    probability, outcome = said.by[name], said.outcome
    found = metrics.measure(outcome, probability)
    slope, chance, excess = "", "", ""
    if np.unique(probability).size > 10:
        slope = _written(recalibration_interval(outcome, probability, said.customer)["slope"], 2)
        error, mean, most = said.calibration(name)
        chance, excess = f"{mean:.3f}, {most:.3f}", f"{error - mean:.3f}"
    lower = "" if name == PATRON else _written(said.lower(name), 2)
    return (
        name,
        f"{found['log_loss']:.4f}",
        f"{found['auc']:.3f}",
        slope,
        f"{found['calibration_error']:.3f}",
        chance,
        excess,
        lower,
    )


def _written(estimate: Estimate, digits: int) -> str:
    return f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"


def verdict(found: Mapping[str, Said]) -> list[tuple[str, ...]]:
    """For each case: the best of the others, and whether Patron is shown not to be worse by more than the margin."""
    rows = []
    for title, said in found.items():
        gain = said.lower(said.best_other)
        rows.append((title, said.best_other, _written(gain, 2), "yes" if gain.low > -MARGIN else "no"))
    return rows


def excess(found: Mapping[str, Said]) -> list[tuple[str, ...]]:
    """Patron's calibration error in excess of its expectation, by cutoff and over all, and whether that is little."""
    rows = []
    for title, said in found.items():
        by_cutoff = [_excess(said, said.cutoff == moment) for moment in np.unique(said.cutoff)]
        over_all = _excess(said)
        listed = ", ".join(f"{each:.3f}" for each in by_cutoff)
        rows.append((title, listed, f"{over_all:.3f}", "yes" if over_all <= MOST_EXCESS else "no"))
    return rows


def _excess(said: Said, at: npt.NDArray[np.bool_] | None = None) -> float:
    error, mean, _ = said.calibration(PATRON, at)
    return error - mean


def pooled(found: Mapping[str, Said]) -> list[tuple[str, ...]]:
    """The mean place of everybody who took part in all cases."""
    everywhere = set.intersection(*(set(said.by) for said in found.values()))
    places = {
        name: np.mean([_among(said, everywhere)[name] for said in found.values()])
        for name in sorted(everywhere)
    }
    return [(name, f"{place:.2f}") for name, place in sorted(places.items(), key=lambda each: each[1])]


def _among(said: Said, names: set[str]) -> dict[str, float]:
    return replace(said, by={name: each for name, each in said.by.items() if name in names}).ranks()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = sorted({case.name for case in CASES})
    parser.add_argument("names", nargs="*", help=f"of {', '.join(names)}; all unless given")
    parser.add_argument("--trials", type=int, default=0, help="recipes that tuning tries")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "patron-accuracy")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in names]
    if unknown:
        parser.error(f"no data set: {', '.join(unknown)}")
    found: dict[str, Said] = {}
    for case in CASES:
        if given.names and case.name not in given.names:
            continue
        try:
            built = build(case, given.folder)
        except NotThere as reason:
            print(f"{case.title}: skipped, {reason}\n")
            continue
        said = said_by_all(built, given.folder, given.trials, given.peers)
        found[case.title] = said
        tests = len(built.plan.tests)
        title = (
            f"{case.title}, population {built.config.question.population}: {said.outcome.size:,} snapshots at {tests}"
            f" test cutoffs, {said.outcome.mean():.1%} buyers"
        )
        print(render(title, HEADS, rows_of(said), markdown=given.markdown), flush=True)
        print("".join(f"  left out: {reason}\n" for reason in said.missing), flush=True)
    if found:
        heads = ("case", "best other", "Patron's log loss lower by, %", f"not worse by {MARGIN} %")
        print(render("Against the best other", heads, verdict(found), markdown=given.markdown))
        heads = ("case", "by cutoff", "pooled over cutoffs", f"at most {MOST_EXCESS}")
        title = "Patron's calibration error in excess of its expectation"
        print(render(title, heads, excess(found), markdown=given.markdown))
        print(render("Mean place by log loss", ("", "place"), pooled(found), markdown=given.markdown))


if __name__ == "__main__":
    sys.exit(main())
