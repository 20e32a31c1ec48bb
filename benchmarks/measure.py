"""Run one entry in this process and say what it took, as one line of JSON. Only the standard library is imported
before the entry, because peers run in environments of their own.

    python measure.py features_sql:build workload.json --repeat 3 --warm-up tiny.json --keep
"""

import argparse
import importlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from workload import Workload


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("entry", help="module:function that takes a workload and returns what is timed")
    parser.add_argument("workload", type=Path)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--warm-up", type=Path, help="a tiny workload, run first and not timed")
    parser.add_argument("--keep", action="store_true", help="write the result to Parquet afterwards")
    options = parser.parse_args()
    module, _, function = options.entry.partition(":")
    build = getattr(importlib.import_module(module), function)
    if options.warm_up:
        build(Workload.load(options.warm_up))()
    workload = Workload.load(options.workload)
    job = build(workload)
    seconds = []
    result: Any = None
    for _ in range(options.repeat):
        result = None  # what the run before gave is not part of this one's memory
        started = time.perf_counter()
        result = job()
        seconds.append(time.perf_counter() - started)
    said = {"seconds": seconds, "peak": peak_bytes(), **_shape(result)}
    if options.keep:
        keep(result, workload.result(module))
    sys.stdout.write(json.dumps(said) + "\n")


def peak_bytes() -> int:
    """The most memory this process has held, libraries included."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _shape(result: Any) -> dict[str, int]:
    """Rows and columns of an Arrow, Polars or pandas table; nothing for what is none."""
    if not hasattr(result, "shape"):
        return {}
    return {"rows": int(result.shape[0]), "columns": int(result.shape[1])}


def keep(result: Any, path: Path) -> None:
    """Write an Arrow, Polars or pandas table to Parquet."""
    if hasattr(result, "write_parquet"):
        result.write_parquet(path)
    elif hasattr(result, "to_parquet"):
        result.to_parquet(path, index=False)
    else:
        importlib.import_module("pyarrow.parquet").write_table(result, path)


if __name__ == "__main__":
    main()
