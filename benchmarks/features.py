"""How fast features are built, beside peers and beside the limits of the machine.

    python benchmarks/features.py                      # the same features by Patron, SQL, Polars, pandas and peers
    python benchmarks/features.py scaling              # one cutoff or twelve, ten times the customers
    python benchmarks/features.py parquet              # all families, Parquet to Parquet, beside the least it can take
    python benchmarks/features.py memory               # a hundred million events within 4 GB
    python benchmarks/features.py shapes               # customers of very different sizes
    python benchmarks/features.py startup              # what the first run compiles
    python benchmarks/features.py all --scale 0.01     # everything, small

Every entry runs in a process of its own, after a warm-up on tiny data, and the fastest of several runs counts; imports
are not counted. Data is simulated once and kept in the folder.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from features_peers.environment import CannotBeInstalled, python_of
from runs import Measured, RunFailed, Runner
from table import gigabytes, render, seconds
from workload import FEATURES, MOST_CUTOFFS, Workload, monthly

SIDES = ("patron", "sql", "polars", "pandas", "temporian", "featuretools")
SMALLER = {"pandas": 10, "temporian": 20, "featuretools": 250}
"""By how much fewer events the slow ones get."""


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    customers: int
    events: int
    cutoffs: int
    only: tuple[str, ...]
    markdown: bool
    runner: Runner

    def workload(self, factor: float = 1.0, cutoffs: int | None = None) -> Workload:
        """Orders of a share of the customers and events."""
        customers, events = max(int(self.customers * factor), 100), max(int(self.events * factor), 1_000)
        return Workload(str(self.runner.folder), customers, events, monthly(cutoffs or self.cutoffs))

    def show(self, title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """Print a table."""
        print(render(title, heads, rows, markdown=self.markdown), flush=True)


def peers(options: Options) -> None:
    """The same features by every side, their values compared with Patron's."""
    rows = []
    ours: dict[Workload, Measured] = {}
    for side in (name for name in SIDES if name in options.only):
        workload = options.workload(1 / SMALLER.get(side, 1))
        try:
            rows.append(_side(options, side, workload, ours))
        except (RunFailed, CannotBeInstalled) as reason:
            rows.append((side, f"{workload.events:,}", f"skipped: {reason}", "", "", "", ""))
    options.show(
        f"{len(FEATURES)} features of orders at {options.cutoffs} cutoffs, Parquet to memory",
        ("", "events", "best of " + str(options.runner.repeat), "Patron's time", "ratio", "peak", "values"),
        rows,
    )


def _side(options: Options, side: str, workload: Workload, ours: dict[Workload, Measured]) -> tuple[str, ...]:
    """A side's row, beside Patron on the same events."""
    runner = options.runner
    if workload not in ours:
        runner.make("orders", workload)
        ours[workload] = runner.run("features_patron:build", workload, keep=True)
    patron = ours[workload]
    if side == "patron":
        values = f"{len(FEATURES)} of {len(FEATURES)}, {patron.rows:,} snapshots"
        return (side, f"{workload.events:,}", seconds(patron.best), "", "", gigabytes(patron.peak), values)
    entry, python = f"features_{side}", Path(sys.executable)
    if side in ("temporian", "featuretools"):
        entry, python = f"{side}_peer", python_of(side, runner.folder)
    found = runner.run(f"{entry}:build", workload, python=python, keep=True)
    return (
        side,
        f"{workload.events:,}",
        seconds(found.best),
        seconds(patron.best),
        f"{found.best / patron.best:,.1f}",
        gigabytes(found.peak),
        _compared(workload, entry),
    )


def _compared(workload: Workload, entry: str) -> str:
    """How many features a side has, and whether their values are Patron's."""
    from comparison import Result, differences

    given = Result(workload.result(entry))
    unequal = differences(given, Result(workload.result("features_patron")))
    for line in unequal:
        print(f"{entry}: {line}", file=sys.stderr)
    return f"{len(given.features)} of {len(FEATURES)}, {f'{len(unequal)} differ' if unequal else 'equal'}"


def scaling(options: Options) -> None:
    """Patron with one cutoff and twelve, with a tenth of the customers and all."""
    found = {}
    cases = {"1 cutoff": (1.0, 1), "all cutoffs": (1.0, options.cutoffs), "tenth": (0.1, options.cutoffs)}
    for name, (factor, cutoffs) in cases.items():
        workload = options.workload(factor, cutoffs)
        options.runner.make("orders", workload)
        found[name] = options.runner.run("features_patron:build", workload)
    whole = found["all cutoffs"]
    rows = [
        _times(f"{options.cutoffs} cutoffs over 1", found["1 cutoff"], whole),
        _times("10 times the customers", found["tenth"], whole),
    ]
    options.show(f"Scaling, {options.events:,} events", ("", "of", "to", "ratio"), rows)


def _times(name: str, less: Measured, more: Measured) -> tuple[str, ...]:
    return (name, seconds(less.best), seconds(more.best), f"{more.best / less.best:.2f}")


def parquet(options: Options) -> None:
    """All families of a retailer with all tables, beside reading, sorting and writing the same bytes."""
    workload = options.workload()
    runner = options.runner
    runner.make("retailer", workload)
    found = {"patron": runner.run("features_parquet:patron", workload)}
    for tool in ("duckdb", "polars"):
        entry = f"{tool}_read_and_sort"
        found[entry] = runner.run(f"features_parquet:{entry}", workload, warm_up=False)
    for tool in ("duckdb", "polars", "arrow"):
        found[f"{tool}_write"] = runner.run(f"features_parquet:{tool}_write", workload, warm_up=False)
    limit = sum(
        min(each.best for name, each in found.items() if name.endswith(step))
        for step in ("_read_and_sort", "_write")
    )
    rows = [
        (name.replace("_", " "), seconds(each.best), f"{each.best / limit:.2f}", gigabytes(each.peak))
        for name, each in found.items()
    ]
    rows.append(("limit: the best of either", seconds(limit), "1.00", ""))
    made = found["patron"]
    options.show(
        f"All families at {options.cutoffs} cutoffs, {options.customers:,} customers, Parquet to Parquet:"
        f" {made.rows:,} rows of {made.columns} columns",
        ("", "best of " + str(runner.repeat), "of the limit", "peak"),
        rows,
    )


def memory(options: Options) -> None:
    """Ten times the customers, one cutoff, all families, within 4 GB."""
    workload = replace(options.workload(10, 1), memory="4GB")
    options.runner.make("retailer", workload)
    found = options.runner.run("features_parquet:patron", workload, once=True)
    row = (
        "all families, memory = 4GB",
        seconds(found.best),
        f"{found.rows:,} × {found.columns}",
        gigabytes(found.peak),
    )
    options.show(
        f"{workload.customers:,} customers, one cutoff, Parquet to Parquet",
        ("", "once", "result", "peak"),
        [row],
    )


def shapes(options: Options) -> None:
    """As many events in very different shapes."""
    usual = options.workload()
    cases = {
        "rates that differ": usual,
        "a tenth of all events is one customer's": replace(usual, shape="one_large"),
        "one order for every customer": replace(usual, shape="one_each", customers=usual.events),
    }
    rows = []
    for name, workload in cases.items():
        options.runner.make(workload.shape, workload)
        found = options.runner.run("features_patron:build", workload)
        rows.append((name, seconds(found.best), f"{found.rows:,}", gigabytes(found.peak)))
    options.show(
        f"{usual.events:,} events in other shapes",
        ("", "best of " + str(options.runner.repeat), "snapshots", "peak"),
        rows,
    )


def startup(options: Options) -> None:
    """The first run ever, which compiles, and the second, both on tiny data in new processes."""
    with tempfile.TemporaryDirectory() as compiled:
        first, second = (
            options.runner.run(
                "features_patron:build",
                options.runner.tiny(),
                warm_up=False,
                once=True,
                environment={"NUMBA_CACHE_DIR": compiled},
            )
            for _ in range(2)
        )
    rows = [("first run", seconds(first.best)), ("second run", seconds(second.best))]
    options.show("Tiny data in a new process, imports not counted", ("", "once"), rows)


PARTS: dict[str, Callable[[Options], None]] = {
    part.__name__: part for part in (peers, scaling, parquet, memory, shapes, startup)
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="?", default="peers", choices=[*PARTS, "all"])
    parser.add_argument("--customers", type=int, default=500_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--cutoffs", type=int, default=12, choices=range(1, MOST_CUTOFFS + 1))
    parser.add_argument("--scale", type=float, default=1.0, help="a share of customers and events")
    parser.add_argument("--only", default=",".join(SIDES), help="sides of `peers`, by comma")
    parser.add_argument("--repeat", type=int, default=3, help="runs of which the best counts")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "patron-benchmarks")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    only = tuple(given.only.split(","))
    unknown = [side for side in only if side not in SIDES]
    if unknown:
        parser.error(f"--only takes {', '.join(SIDES)}; unknown: {', '.join(unknown)}")
    given.folder.mkdir(parents=True, exist_ok=True)
    runner = Runner(given.folder.resolve(), given.repeat)
    runner.make_tiny()
    options = Options(
        int(given.customers * given.scale),
        int(given.events * given.scale),
        given.cutoffs,
        only,
        given.markdown,
        runner,
    )
    for name, part in PARTS.items():
        if given.part in (name, "all"):
            part(options)


if __name__ == "__main__":
    main()
