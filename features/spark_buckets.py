"""Buckets: the facts of some customers together on one worker, put there as a union of tagged nullable structs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .facts import ALWAYS
from .partition import Customers
from .spark_evidence import SparkEvidence
from .spark_reading import spark_quoted

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

CUSTOMERS = "customers"
"""The tag of rows that say when a customer was first known, and until when."""

TAG = "table"


def tagged(evidence: SparkEvidence, columns: Mapping[str, Sequence[str]]) -> "DataFrame":
    """The facts of the tables in `columns` in one DataFrame, each table's columns as a struct of its name."""
    from pyspark.sql import functions as sql

    people = evidence.customers.select(
        "customer",
        sql.lit(CUSTOMERS).alias(TAG),
        sql.col("known").alias("happened"),
        sql.col("known").alias("recorded"),
        "until",
    )
    own, derived = [], []
    for name, wanted in columns.items():
        if name in evidence.tables:
            own.append(_tagged(evidence.tables[name].facts, name, wanted))
        else:
            derived.append(_tagged(evidence.facts[name], name, wanted))
    facts = _union(own)
    if evidence.links is not None:
        facts = evidence.links.applied(
            facts
        )  # once for all tables: a join for each would take as long as the rest
    return _union([people, facts, *derived])


def _tagged(facts: "DataFrame", name: str, columns: Sequence[str]) -> "DataFrame":
    from pyspark.sql import functions as sql

    kept: list[str | Column] = ["customer", sql.lit(name).alias(TAG), "happened", "recorded", "until"]
    if columns:
        kept.append(sql.struct(*[spark_quoted(each) for each in columns]).alias(name))
    return facts.select(*kept)


def _union(parts: Sequence["DataFrame"]) -> "DataFrame":
    return reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), parts)


def bucketed(facts: "DataFrame", buckets: int, most_facts: int) -> "DataFrame":
    """Facts with `bucket`, and `own`: the id as text where a customer has more than `most_facts`, else null."""
    from pyspark.sql import functions as sql

    hashed = facts.withColumn("bucket", sql.expr(f"pmod(xxhash64(customer), {buckets})"))
    if buckets == 1:
        return hashed.withColumn("own", sql.lit(None).cast("string"))
    large = facts.groupBy("customer").count().where(sql.col("count") > most_facts)
    own = large.select("customer", sql.col("customer").cast("string").alias("own"))
    return hashed.join(sql.broadcast(own), "customer", "left")


@dataclass(frozen=True)
class Bucket:
    """The customers of a bucket by id, ascending, when each is known, and their facts by table, by code."""

    ids: pa.Array
    customers: Customers
    tables: Mapping[str, pa.Table]

    @classmethod
    def of(cls, rows: pa.Table, columns: Mapping[str, Sequence[str]]) -> "Bucket":
        """What `tagged` put together; tables of which nobody has a row are there without rows."""
        people = _of_table(rows, CUSTOMERS).sort_by("customer")
        ids = people["customer"].combine_chunks()
        who = Customers(0, np.asarray(people["happened"], np.int64), np.asarray(people["until"], np.int64))
        tables = {}
        for name, wanted in columns.items():
            part = _of_table(rows, name)
            codes = pc.index_in(part["customer"], value_set=ids).cast(pa.int64())
            found = [codes, *(part[each] for each in ALWAYS[1:])]
            found += [pc.struct_field(part[name], each) for each in wanted]
            tables[name] = pa.table(found, [*ALWAYS, *wanted])
        return cls(ids, who, tables)


def _of_table(rows: pa.Table, name: str) -> pa.Table:
    return rows.filter(pc.equal(rows[TAG], name))
