"""The shop's champion, applied."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from pyarrow import parquet

from patron.features.families import FAMILIES
from patron.models.registry import ResolvedModel, resolve
from patron.serving.destinations import Destination
from patron.serving.scorer import score_customers


@pytest.fixture(scope="session")
def champion(trained: Any) -> ResolvedModel:
    """The champion of the shop, read once."""
    return resolve("models:/repurchase@champion", trained.config.tracking)


@pytest.fixture
def score(shop: Any, champion: ResolvedModel, tmp_path: Path) -> Callable[..., SimpleNamespace]:
    """Scores the shop, with other tables on request: the result, and both outputs as frames."""

    def score_shop(
        tables: Mapping[str, Any] | None = None,
        cutoff: Any = "2025-06-01",
        out: Path | None = None,
        model: ResolvedModel = champion,
        memory: int = 8 << 30,
        allow: Sequence[str] = (),
        places: Sequence[Destination] = (),
        reasons: str = "none",
        **keywords: Any,
    ) -> SimpleNamespace:
        config = shop.config(tmp_path, tables, **keywords)
        out = out or tmp_path / "scores"
        options: dict[str, Any] = {"families": FAMILIES, "memory": memory, "allow": allow, "places": places}
        options["reasons"] = reasons
        result = score_customers(config.data, model, cutoff, out, **options)
        scores, excluded = (parquet.read_table(result.folder / name) for name in ("scores", "excluded"))
        return SimpleNamespace(
            result=result,
            scores=scores,
            excluded=excluded,
            by_id=pd.DataFrame(scores.to_pydict(), index=scores["customer_id"].to_pylist()),
        )

    return score_shop
