"""How much memory a training takes, by the number of customers of a simulated retailer.

python benchmarks/training.py
python benchmarks/training.py --customers 100000 200000 --cutoffs 6 --trees 400

Each size runs in a process of its own: snapshots of all families are built, all folds fitted and judged. The peak is
that of the whole process, libraries included. Trees hardly matter to it, so that few are grown. Large training sets
lie in a mapped file, of which the system takes back what it needs: "own" is what the process held beside such files.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Self

import numpy as np
from measure import peak_bytes
from table import gigabytes, render


def run(folder: Path, customers: int, cutoffs: int, trees: int, test_cutoffs: int) -> dict[str, float]:
    """Build and judge in this process, and say what it held at most after each."""
    from patron.config import load_config
    from patron.features.families import load_families
    from patron.features.store import EvidenceStore
    from patron.simulator import simulate
    from patron.training.judgement import judge
    from patron.training.recipe import Recipe
    from patron.training.snapshots import build_training_set

    where = folder / f"retailer-{customers}"
    if not (where / "patron.toml").exists():
        simulate(customers).write(where)
    config = load_config(where / "patron.toml", question__cutoffs=cutoffs)
    with EvidenceStore(config.data, config.question, memory=config.run.memory) as store:
        families = load_families(config.run.families, config.data.folder)
        with Own() as own:
            built = build_training_set(
                store, config.question, families, config.run.memory, with_outcomes=True
            )
            at_build = peak_bytes()
            judge(built.data, built.folds(test_cutoffs), Recipe(n_trees=trees), config.question, seed=7)
    table = built.data.table
    return {
        "snapshots": table.num_rows,
        "features": len(built.data.catalogue),
        "table": table.nbytes,
        "build": at_build,
        "peak": peak_bytes(),
        "own": own.most,
    }


class Own:
    """Watches the memory that this process holds beside mapped files, on Linux; 0 elsewhere."""

    def __init__(self) -> None:
        self.most = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        status = Path("/proc/self/status")
        while status.exists() and not self._stopped.wait(0.05):
            lines = (line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
            self.most = max(self.most, *(int(line.split()[1]) * 1024 for line in lines))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, nargs="+", default=[50_000, 100_000, 200_000])
    parser.add_argument("--cutoffs", type=int, default=6)
    parser.add_argument("--test-cutoffs", type=int, default=2)
    parser.add_argument("--trees", type=int, default=40)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "patron-training")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        (customers,) = given.customers
        found = run(given.folder, customers, given.cutoffs, given.trees, given.test_cutoffs)
        print(json.dumps(found))
        return
    sizes = {customers: _in_a_process(customers, given) for customers in given.customers}
    rows = [
        (
            f"{customers:,}",
            f"{found['snapshots']:,}",
            f"{found['features']}",
            *(gigabytes(int(found[name])) for name in ("table", "build", "peak", "own")),
        )
        for customers, found in sizes.items()
    ]
    if len(sizes) > 1:
        rows.append(_extrapolated(sizes))
    heads = (
        "customers",
        "snapshots",
        "features",
        "table",
        "peak after building",
        "peak after judging",
        "own",
    )
    print(render(f"Training, {given.cutoffs} cutoffs", heads, rows, markdown=given.markdown))


def _in_a_process(customers: int, given: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", __file__, "--here", "--customers", str(customers)]
    for name in ("cutoffs", "trees", "folder", "test_cutoffs"):
        command += [f"--{name.replace('_', '-')}", str(getattr(given, name))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _extrapolated(sizes: dict[int, dict[str, float]]) -> tuple[str, ...]:
    """What a straight line through the sizes says of a million customers."""
    customers = np.array(list(sizes), float)

    def line(name: str) -> int:
        values = [found[name] for found in sizes.values()]
        return int(np.polyval(np.polyfit(customers, values, 1), 1e6))

    named = (gigabytes(line(name)) for name in ("table", "build", "peak", "own"))
    return "1,000,000 (straight line)", f"{line('snapshots'):,}", "", *named


if __name__ == "__main__":
    main()
