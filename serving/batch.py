"""A batch: the snapshots of some customers, split into those with a score and those without, each with its columns."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from patron.features.partition import CUTOFF_TYPE
from patron.models.artefact import Artefact
from patron.models.encoding import unseen_categories


@dataclass(frozen=True)
class Batch:
    """Who was scored and who was left out. `unseen` counts, by feature, categories that training never saw."""

    scores: pa.Table
    excluded: pa.Table
    unseen: Mapping[str, Mapping[str, int]]


def score_batch(kept: pa.Table, left_out: pa.Table, artefact: Artefact) -> Batch:
    """Snapshots with `customer_id` and the model's features, and those left out, to a batch.

    It holds what is known before all can be ranked.
    """
    probability = artefact.predict(kept)
    scores = kept.select(["customer_id", "cutoff", "stage", "population"])
    scores = scores.append_column("probability", pa.array(probability, pa.float64()))
    percentile = artefact.contract.reference.percentile(probability)
    scores = scores.append_column("percentile", pa.array(percentile, pa.float64()))
    excluded = left_out.select(["customer_id", "cutoff", "stage", "excluded_because"])
    return Batch(scores, excluded, unseen_categories(kept, artefact.contract.features))


def scores_schema(id_type: pa.DataType) -> pa.Schema:
    """The columns of the scores, the customers' ids in their own type."""
    return pa.schema(
        [
            ("customer_id", id_type),
            ("cutoff", CUTOFF_TYPE),
            ("question", pa.string()),
            ("horizon_days", pa.int32()),
            ("probability", pa.float64()),
            ("percentile", pa.float64()),
            ("rank_in_run", pa.int64()),
            ("stage", pa.string()),
            ("population", pa.string()),
            ("model", pa.string()),
        ]
    )


def excluded_schema(id_type: pa.DataType) -> pa.Schema:
    """The columns of the customers without a score."""
    return pa.schema(
        [
            ("customer_id", id_type),
            ("cutoff", CUTOFF_TYPE),
            ("question", pa.string()),
            ("stage", pa.string()),
            ("excluded_because", pa.string()),
            ("model", pa.string()),
        ]
    )


def completed(table: pa.Table, schema: pa.Schema, same: Mapping[str, str | int]) -> pa.Table:
    """Rows with all columns of the schema; those in `same` have one value for the whole run."""
    for name in same.keys() & set(schema.names):
        value = pa.scalar(same[name], schema.field(name).type)
        table = table.append_column(name, pa.repeat(value, table.num_rows))
    return table.select(schema.names).cast(schema)
