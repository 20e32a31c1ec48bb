"""Small businesses of literal rows, as evidence stores."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

import patron
from patron.actions.moments import Ground
from patron.features.families import FAMILIES
from patron.features.question import Question
from patron.features.store import EvidenceStore

SIZE = 1 << 30


def store_of(frames: Mapping[str, Any], until: str = "2021-01-01", where: str | None = None) -> EvidenceStore:
    """A store of frames whose times are texts; columns have the names of the contract. `where` narrows the target."""
    tables = {name: _timed(pd.DataFrame(rows)) for name, rows in frames.items()}
    columns = {name: {column: column for column in frame.columns} for name, frame in tables.items()}
    question = {} if where is None else {"question": {"target": {"where": where}}}
    config = patron.load_config(
        {"data": {"observed_until": until, "timezone": "UTC"}, **columns, **question}, frames=tables
    )
    return EvidenceStore(config.data, config.question, memory=SIZE)


def ground_of(store: EvidenceStore, horizon_days: int = 30) -> Ground:
    """The store with a question of so many days."""
    return Ground.of(store, Question(horizon_days=horizon_days), FAMILIES, SIZE, 7)


def _timed(frame: pd.DataFrame) -> pd.DataFrame:
    for column in frame.columns:
        if column.endswith("_at"):
            frame[column] = pd.to_datetime(frame[column])
    return frame


def purchases(customers: range, day: str = "2020-01-01") -> list[dict[str, Any]]:
    """One order of 10 for every customer."""
    return [{"customer_id": each, "purchased_at": day, "amount": 10.0} for each in customers]
