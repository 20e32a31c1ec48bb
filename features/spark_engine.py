"""The Spark engine: facts are put into buckets of customers, and each is built by the same code as everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .engine import Prepared, catalogue, costs, prepare_by, with_ids, with_plain_text
from .family import Family
from .partition import Partition, build_partition, candidates
from .question import Question
from .spark_buckets import Bucket, bucketed, tagged
from .spark_evidence import SparkEvidence
from .spark_learning import SparkTeacher
from .spark_reading import spark_quoted
from .store import GIGABYTE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

BUCKET_MEMORY = 3 * GIGABYTE
"""What a worker's Python process may take for a bucket, a single customer apart."""

_MOST_OF_ONE = 4
"""A customer with more than this part of a bucket's facts gets a bucket of its own."""


def prepare_on_spark(
    evidence: SparkEvidence,
    question: Question,
    families: Sequence[type[Family]],
    cutoffs: npt.NDArray[np.int64],
) -> Prepared:
    """What to compute for these cutoffs, with population values learned on Spark as of the day of each."""
    return prepare_by(SparkTeacher(evidence), evidence, question, families, cutoffs)


@dataclass(frozen=True)
class Builder:
    """Builds the snapshots of a bucket, as plain values that travel to workers."""

    prepared: Prepared
    cutoffs: npt.NDArray[np.int64]
    targets: bool = False

    def build(self, rows: pa.Table) -> tuple[Bucket, Partition]:
        """The rows of a bucket to its customers and their snapshots."""
        plan = self.prepared.plan
        bucket = Bucket.of(rows, plan.columns)
        made = build_partition(
            bucket.tables,
            bucket.customers,
            candidates(bucket.customers, self.cutoffs),
            plan,
            self.prepared.population,
            targets=self.targets,
        )
        return bucket, made

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The rows of a bucket to the snapshots of the population asked about."""
        bucket, made = self.build(rows)
        table = with_ids(made.snapshots, bucket.ids, 0)
        return with_plain_text(table.drop_columns(["customer"]))

    @property
    def schema(self) -> str:
        """The columns that come back beside the id, as Spark writes a schema."""
        fields = [("cutoff", "timestamp"), ("stage", "string"), ("population", "string")]
        kinds = {"category": "string", "number": "float"}
        fields += [(each.name, kinds[each.kind]) for each in catalogue(self.prepared.plan)]
        fields += [("target", "tinyint")] if self.targets else []
        return ", ".join(f"{spark_quoted(name)} {kind}" for name, kind in fields)


def in_buckets(
    evidence: SparkEvidence, prepared: Prepared, cutoffs: int, memory: int = BUCKET_MEMORY
) -> "DataFrame":
    """All facts that the plan takes with their bucket, for so many snapshots of each customer."""
    per_customer, budget = costs(evidence, prepared.plan, cutoffs, memory)
    facts = tagged(evidence, prepared.plan.columns)
    rows = sum(account.used for account in evidence.accounts.values())
    load = rows + int(per_customer) * evidence.customers.count()
    return bucketed(facts, -(-load // budget), budget // _MOST_OF_ONE)


def build_on_spark(
    evidence: SparkEvidence,
    prepared: Prepared,
    cutoffs: npt.NDArray[np.int64],
    *,
    targets: bool = False,
    memory: int = BUCKET_MEMORY,
) -> "DataFrame":
    """The snapshots at the cutoffs of the population asked about: customer_id, cutoff, stage, population, features."""
    builder = Builder(prepared, cutoffs, targets)
    facts = in_buckets(evidence, prepared, cutoffs.size, memory)
    schema = f"customer_id {evidence.spark_id_type}, {builder.schema}"
    return facts.groupBy("bucket", "own").applyInArrow(lambda rows: builder(rows), schema)
