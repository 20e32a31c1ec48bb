"""Identities: aliases, whom they turned out to be, and whose facts are whose from when on."""

import duckdb
import numpy as np
import pyarrow as pa

from . import kernels
from .localtime import FOREVER


def link_aliases(connection: duckdb.DuckDBPyConnection, identities: str | None, customers: int) -> None:
    """Fill the tables `first_links` (alias, customer, linked) and `links` (alias, customer, linked, unlinked).

    The first link of an alias counts, and none that would close a circle. A customer that turns out to be an alias in
    turn hands on all that it holds: `links` says for each alias who holds its facts since `linked` until `unlinked`.
    `identities` is the relation of good rows, None where there is no such table.
    """
    connection.execute("CREATE TEMP TABLE first_links (alias BIGINT, customer BIGINT, linked BIGINT)")
    if identities is not None:
        _keep_first_links(connection, identities, customers)
    connection.execute(
        "CREATE TEMP TABLE links AS WITH RECURSIVE held AS ("
        "SELECT alias, customer, linked, 1 AS step FROM first_links UNION ALL"
        " SELECT held.alias, next.customer, greatest(held.linked, next.linked), step + 1"
        " FROM held JOIN first_links AS next ON next.alias = held.customer)"
        " SELECT alias, customer, linked,"
        f" coalesce(lead(linked) OVER (PARTITION BY alias ORDER BY step), {FOREVER}) AS unlinked FROM held"
    )


def _keep_first_links(connection: duckdb.DuckDBPyConnection, identities: str, customers: int) -> None:
    found = connection.execute(
        "SELECT alias.customer AS alias, main.customer, happened AS linked"
        f" FROM {identities} AS link JOIN customers AS alias ON alias.id = alias_id"
        " JOIN customers AS main ON main.id = customer_id ORDER BY happened, alias.customer, main.customer"
    ).fetchnumpy()
    links = {name: np.asarray(column, np.int64) for name, column in found.items()}
    kept = kernels.links_without_circles(links["alias"], links["customer"], customers)
    connection.register("kept links", pa.table({name: column[kept] for name, column in links.items()}))
    connection.execute('INSERT INTO first_links SELECT alias, customer, linked FROM "kept links"')
    connection.unregister("kept links")


def with_links(rows: str, who: str = "customer") -> str:
    """Rows of a linked alias end for the alias when it is linked, and begin for the customer it belongs to.

    `who` is the column that holds the alias's code.
    """
    return (
        f"SELECT fact.* REPLACE (least(until, coalesce(linked, {FOREVER})) AS until)"
        f" FROM ({rows}) AS fact LEFT JOIN first_links ON alias = fact.{who}"
        " UNION ALL BY NAME"
        f" SELECT fact.* REPLACE (links.customer AS {who}, greatest(recorded, linked) AS recorded,"
        " least(until, unlinked) AS until)"
        f" FROM ({rows}) AS fact JOIN links ON alias = fact.{who}"
        " WHERE greatest(recorded, linked) < least(until, unlinked)"
    )
