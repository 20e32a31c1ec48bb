"""The same features by one DuckDB query, on all cores, into an Arrow table."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from workload import Workload

QUERY = Path(__file__).with_name("features.sql")


def build(workload: Workload) -> Callable[[], Any]:
    """What runs the query from the Parquet file to memory."""
    query = QUERY.read_text()
    cutoffs = [datetime.fromisoformat(cutoff) for cutoff in workload.cutoffs]

    def run() -> Any:
        with duckdb.connect() as connection:
            parameters = {"orders": str(workload.orders), "cutoffs": cutoffs}
            return connection.sql(query, params=parameters).to_arrow_table()

    return run
