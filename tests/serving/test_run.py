"""A scoring run: ranks, percentiles and columns on a literal example."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from patron.features.errors import PatronError
from patron.models.contract import Reference
from patron.serving.batch import completed, excluded_schema, scores_schema
from patron.serving.run import _ranked, _verify, _verify_written


def test_ranks_begin_with_the_highest_probability_of_all_batches_and_ties_share_the_best() -> None:
    batches = [
        pa.table({"probability": [0.2, 0.9]}),
        pa.table({"probability": pa.array([], pa.float64())}),
        pa.table({"probability": [0.5, 0.2, 0.95]}),
    ]
    everything = np.array([0.2, 0.9, 0.5, 0.2, 0.95])
    ranks = [table["rank_in_run"].to_pylist() for table in _ranked(iter(batches), everything)]
    assert ranks == [[4, 2], [], [3, 4, 1]]


def test_the_percentile_is_the_share_of_reference_scores_below() -> None:
    reference = Reference(tuple(np.linspace(0.0, 0.5, 1001).tolist()), {})
    found = reference.percentile(np.array([0.0, 0.125, 0.25, 0.5, 0.9]))
    assert found.tolist() == pytest.approx([0, 25, 50, 100, 100])


def test_scores_have_the_columns_of_the_design_that_exist_so_far() -> None:
    assert scores_schema(pa.string()).names == [
        "customer_id", "cutoff", "question", "horizon_days", "probability", "percentile", "rank_in_run", "stage",
        "population", "loyalty_type", "model",
    ]  # fmt: skip
    assert excluded_schema(pa.string()).names == [
        "customer_id", "cutoff", "question", "stage", "excluded_because", "model",
    ]  # fmt: skip


def test_columns_that_are_the_same_for_all_are_put_in_and_ids_keep_their_type() -> None:
    cutoff = pa.array([0, 0]).cast(pa.timestamp("us", tz="UTC"))
    rows = pa.table(
        {
            "excluded_because": ["no purchase", "lapsed"],
            "stage": ["prospect", "lapsed"],
            "cutoff": cutoff,
            "customer_id": pa.array([3, 4], pa.int32()),
        }
    )
    schema = excluded_schema(pa.int32())
    table = completed(rows, schema, {"question": "repurchase", "horizon_days": 30, "model": "abc"})
    assert table.schema.equals(schema)
    assert table["customer_id"].to_pylist() == [3, 4]
    assert pc.unique(table["model"]).to_pylist() == ["abc"]


def test_an_account_that_does_not_add_up_is_not_published() -> None:
    _verify({"customers": 5, "scored": 3, "excluded": {"lapsed": 2}}, "partition 1")
    with pytest.raises(PatronError, match="does not add up") as caught:
        _verify({"customers": 5, "scored": 3, "excluded": {"lapsed": 1}}, "partition 1")
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("written", [{"scored": 3, "excluded": 3}, {"scored": 2, "excluded": 2}])
def test_files_with_other_rows_than_were_counted_are_not_published(written: dict[str, int]) -> None:
    counted = {"scored": 3, "excluded": {"lapsed": 1, "prospect": 1}}
    _verify_written(counted, {"scored": 3, "excluded": 2})
    with pytest.raises(PatronError, match="do not hold what was counted"):
        _verify_written(counted, written)
