"""All families at once, from Parquet to Parquet, and the least that any program must take for it.

The limit is the best of several tools at reading and sorting the evidence by customer and time, plus the best at
writing a file of the same values from memory.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
from workload import Workload

TIMES = {
    "purchases": "purchased_at",
    "satisfaction": "answered_at",
    "cases": "opened_at",
    "activities": "occurred_at",
    "mentions": "mentioned_at",
    "referrals": "referred_at",
    "profile": "valid_from",
    "identities": "linked_at",
}


def patron(workload: Workload) -> Callable[[], Any]:
    """What builds all features of the retailer into a Parquet file; gives its metadata."""
    from patron import load_config, write_features

    config = load_config(workload.retailer / "patron.toml", run__memory=workload.memory)

    def run() -> Any:
        write_features(config, workload.features, workload.cutoffs)
        return _Written(workload.features)

    return run


class _Written:
    """A Parquet file, of which the shape is of interest."""

    def __init__(self, path: Path) -> None:
        metadata = pq.read_metadata(path)
        self.shape = (metadata.num_rows, metadata.num_columns)


def duckdb_read_and_sort(workload: Workload) -> Callable[[], Any]:
    """What reads and sorts every table into DuckDB's own memory."""

    def run() -> Any:
        with duckdb.connect() as connection:
            for name, moment in TIMES.items():
                # The names are ours.
                connection.execute(
                    f"CREATE TABLE {name} AS SELECT * FROM read_parquet($files) ORDER BY customer_id, {moment}",
                    {"files": _files(workload, name)},
                )

    return run


def polars_read_and_sort(workload: Workload) -> Callable[[], Any]:
    """What reads and sorts every table into Polars' memory."""

    def run() -> Any:
        for name, moment in TIMES.items():
            pl.read_parquet(_files(workload, name)).sort("customer_id", moment)

    return run


def duckdb_write(workload: Workload) -> Callable[[], Any]:
    """What writes the features from DuckDB's memory."""
    connection = duckdb.connect()
    source = {"source": str(workload.features)}
    connection.execute("CREATE TABLE features AS SELECT * FROM read_parquet($source)", source)
    target = {"target": str(_again(workload))}
    return lambda: connection.execute("COPY features TO $target (FORMAT parquet)", target)


def polars_write(workload: Workload) -> Callable[[], Any]:
    """What writes the features from Polars' memory, as quickly packed as ours."""
    frame = pl.read_parquet(workload.features)
    return lambda: frame.write_parquet(_again(workload), compression="snappy")


def arrow_write(workload: Workload) -> Callable[[], Any]:
    """What writes the features from Arrow's memory, as ours are written."""
    table = pq.read_table(workload.features)
    return lambda: pq.write_table(table, _again(workload))


def _files(workload: Workload, name: str) -> str:
    return str(workload.retailer / "evidence" / name / "*.parquet")


def _again(workload: Workload) -> Path:
    return workload.features.with_suffix(".again")
