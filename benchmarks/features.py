"""How fast snapshots are built: simulated orders in, features out, in memory on both sides.

Run with `make bench`, or `python benchmarks/features.py --customers 500000 --events 10000000 --cutoffs 12`.
One process, all cores; each step is timed once, after the kernels were compiled on a small sample.
"""

import argparse
import resource
import time
from datetime import UTC, datetime

import numpy as np

from patron.features.engine import FAMILIES, build_snapshots, prepare
from patron.features.localtime import DAY
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec, TableSpec
from patron.simulator import simulate_orders


def build(customers: int, events: int, cutoffs: int) -> dict[str, float]:
    """Seconds for reading and sorting, and for building the snapshots; rows and features built."""
    orders = simulate_orders(customers, events)
    last = (
        np.asarray(orders["purchased_at"]).astype("datetime64[us]").max().astype(datetime).replace(tzinfo=UTC)
    )
    until = datetime(last.year, last.month, last.day, tzinfo=UTC)
    data = DataSpec({"purchases": TableSpec("purchases", frame=orders)}, until)
    question = Question(horizon_days=30)
    started = time.perf_counter()
    with EvidenceStore(data, question) as store:
        read = time.perf_counter()
        moments = np.array(
            [store.observed_until - 30 * DAY * place for place in range(cutoffs)][::-1], np.int64
        )
        table, _ = build_snapshots(store, prepare(store, question, FAMILIES, moments), moments)
        built = time.perf_counter()
    return {
        "read and sort (s)": read - started,
        "build (s)": built - read,
        "snapshots": table.num_rows,
        "columns": table.num_columns,
        "peak memory (GB)": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--cutoffs", type=int, default=12)
    options = parser.parse_args()
    build(200, 2_000, 2)
    for name, value in build(options.customers, options.events, options.cutoffs).items():
        print(f"{name:20} {value:>14,.2f}" if isinstance(value, float) else f"{name:20} {value:>14,}")


if __name__ == "__main__":
    main()
