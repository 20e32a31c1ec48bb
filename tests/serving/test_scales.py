"""A model compares the scores of own instruments on the scales that it was trained with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from patron.api import score, train
from patron.models.registry import resolve


def smileys(shop: Any) -> pa.Table:
    """One smiley of three for every purchase, the happier the more was spent."""
    purchases = shop.tables["purchases"]
    return pa.table(
        {
            "customer_id": purchases["customer_id"],
            "answered_at": purchases["purchased_at"],
            "score": np.clip(np.asarray(purchases["amount"]) // 20, 1, 3).astype(float),
            "instrument": ["smiley"] * purchases.num_rows,
        }
    )


def test_scores_do_not_depend_on_scales_declared_later(
    shop: Any, quick: None, make_store: Callable[[Path], Path], tmp_path: Path
):
    make_store(tmp_path)

    def config(*scale: int) -> Any:
        return shop.config(
            tmp_path, {"satisfaction": smileys(shop)}, satisfaction__scales={"Smiley": [*scale]}
        )

    uri = train(config(1, 3)).model_uri
    contract = resolve(uri, config(1, 3).tracking).artefact.contract
    assert contract.population_values["scales"] == {"smiley": [1.0, 3.0]}
    assert contract.reference.inputs["satisfaction_mean"].quantiles[-1] == 100

    runs = [
        score(config(*scale), cutoff="2025-06-01", model=uri, out=tmp_path / str(scale[1]))
        for scale in ((1, 3), (1, 30))
    ]
    first, other = (parquet.read_table(run.folder / "scores")["probability"] for run in runs)
    assert first.equals(other)
