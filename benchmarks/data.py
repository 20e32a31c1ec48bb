"""The data that benchmarks run on, simulated once and kept in the folder as Parquet."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from workload import Workload

from patron.simulator import simulate, simulate_orders


def orders(workload: Workload) -> Callable[[], None]:
    """What writes orders of customers with differing rates, unless they are there."""
    return lambda: _write(workload.orders, lambda: simulate_orders(workload.customers, workload.events))


def one_large(workload: Workload) -> Callable[[], None]:
    """What writes orders of which a tenth belong to one customer, whose partition is far larger than all others."""

    def make() -> pa.Table:
        table = simulate_orders(workload.customers, workload.events)
        customer = np.asarray(table["customer_id"]).copy()
        customer[::10] = customer.min()
        return table.set_column(0, "customer_id", pa.array(customer))

    return lambda: _write(workload.orders, make)


def one_each(workload: Workload) -> Callable[[], None]:
    """What writes one order for every customer."""

    def make() -> pa.Table:
        table = simulate_orders(workload.customers, workload.customers)
        return table.set_column(0, "customer_id", pa.array(np.arange(workload.customers)))

    return lambda: _write(workload.orders, make)


def retailer(workload: Workload) -> Callable[[], None]:
    """What writes a retailer with all evidence tables, chunk by chunk, unless it is there."""
    written = workload.retailer / "patron.toml"  # the last file that is written
    return lambda: None if written.exists() else _none(simulate(workload.customers).write(workload.retailer))


def _write(path: Path, make: Callable[[], pa.Table]) -> None:
    if not path.exists():
        half = path.with_suffix(".half")
        pq.write_table(make(), half)
        half.rename(path)


def _none(_: object) -> None:
    return None
