"""A batch: the snapshots of some customers, split into those with a score and those without, each with its columns."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from patron.features.localtime import LocalTime
from patron.features.partition import CUTOFF_TYPE
from patron.models.artefact import Artefact
from patron.models.encoding import encode, unseen_categories
from patron.models.forecast import Forecast
from patron.models.loyalty import LOYALTY, LoyaltyThresholds, loyalty_column

REASONS = "reasons"
"""The column of reasons in plain words."""


@dataclass(frozen=True)
class Batch:
    """Who was scored and who was left out. `unseen` counts, by feature, categories that training never saw."""

    scores: pa.Table
    excluded: pa.Table
    unseen: Mapping[str, Mapping[str, int]]


def score_batch(kept: pa.Table, left_out: pa.Table, artefact: Artefact, cutoff: int) -> Batch:
    """Snapshots of a cutoff with `customer_id` and the model's features, and those left out, to a batch.

    It holds what is known before all can be ranked.
    """
    contract = artefact.contract
    features = encode(kept, contract.features, needs=contract.tables)
    probability = artefact.predict_matrix(features, cutoff)
    scores = kept.select(["customer_id", "cutoff", "stage", "population"])
    scores = scores.append_column("probability", pa.array(probability, pa.float64()))
    percentile = contract.reference.percentile(probability)
    scores = scores.append_column("percentile", pa.array(percentile, pa.float64()))
    if artefact.forecast is not None:
        zone = LocalTime(contract.timezone)
        for name, values in artefact.forecast.columns(kept, features, probability, zone).items():
            scores = scores.append_column(name, values)
    thresholds = LoyaltyThresholds.from_dict(contract.loyalty)
    scores = scores.append_column(LOYALTY, loyalty_column(kept, thresholds))
    excluded = left_out.select(["customer_id", "cutoff", "stage", "excluded_because"])
    return Batch(scores, excluded, unseen_categories(kept, contract.features))


def scores_schema(id_type: pa.DataType, forecast: Forecast | None = None, *, told: bool = False) -> pa.Schema:
    """The columns of the scores, the customers' ids in their own type, and those of the model's forecast.

    With `told` there are reasons among them.
    """
    further = [] if forecast is None else forecast.schema()
    reasons = [pa.field(REASONS, pa.string())] if told else []
    return pa.schema(
        [
            ("customer_id", id_type),
            ("cutoff", CUTOFF_TYPE),
            ("question", pa.string()),
            ("horizon_days", pa.int32()),
            ("probability", pa.float64()),
            ("percentile", pa.float64()),
            ("rank_in_run", pa.int64()),
            *further,
            *reasons,
            ("stage", pa.string()),
            ("population", pa.string()),
            (LOYALTY, pa.string()),
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
