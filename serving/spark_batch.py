"""A bucket of customers scored on a worker: the model is read once by each worker, and applied as everywhere."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from patron.features.engine import with_ids
from patron.features.spark_engine import Builder
from patron.features.spark_reading import spark_quoted
from patron.models.artefact import Artefact, read
from patron.models.reasons import Reasons

from .batch import REASONS, score_batch
from .deviations import changed_inputs
from .telling import texts_of

KIND = "kind"
"""The column that says of a row whether it is one of the scores, excluded, or about categories that are unseen."""

UNSEEN = "unseen"

_SPARK_TYPES = {
    pa.string(): "string",
    pa.int8(): "tinyint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.bool_(): "boolean",
}
_INSTANT = pa.int64()
"""Instants travel in microseconds: how Spark takes timestamps depends on its session."""


def on_the_way(schemas: Iterable[pa.Schema], without: Iterable[str]) -> pa.Schema:
    """The columns of several tables in one, as they travel: with their kind, and instants in microseconds."""
    left_out = set(without)
    fields = {KIND: pa.string()}
    for schema in schemas:
        for each in schema:
            if each.name not in left_out:
                fields[each.name] = _INSTANT if pa.types.is_timestamp(each.type) else each.type
    return pa.schema([*fields.items(), (UNSEEN, pa.string())])


def spark_schema(schema: pa.Schema) -> str:
    """A schema as Spark writes it."""
    return ", ".join(f"{spark_quoted(each.name)} {_SPARK_TYPES[each.type]}" for each in schema)


@lru_cache(maxsize=2)
def _model(files: tuple[tuple[str, bytes], ...]) -> Artefact:
    return read(dict(files), "the model on a Spark worker")


@dataclass(frozen=True)
class BucketScorer:
    """Scores a bucket, as plain values that travel to workers; `files` are those of the model."""

    builder: Builder
    files: tuple[tuple[str, bytes], ...]
    cutoff: int
    schema: pa.Schema
    told: bool

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The rows of a bucket to those of `schema`."""
        bucket, made = self.builder.build(rows)
        artefact = _model(self.files)
        kept, left_out = (with_ids(each, bucket.ids, 0) for each in (made.snapshots, made.excluded))
        batch = score_batch(kept, left_out, artefact, self.cutoff)
        scores = batch.scores
        if self.told:
            reasons = Reasons.of(artefact.contract)
            told = texts_of(kept, reasons, artefact, self.cutoff) if kept.num_rows else []
            scores = scores.append_column(REASONS, pa.array(told, pa.string()))
        unseen = pa.table({UNSEEN: pa.array([json.dumps(batch.unseen)])})
        kinds = {"scores": scores, "excluded": batch.excluded, UNSEEN: unseen}
        return pa.concat_tables([self._typed(kind, table) for kind, table in kinds.items()])

    def _typed(self, kind: str, table: pa.Table) -> pa.Table:
        table = table.append_column(KIND, pa.repeat(kind, table.num_rows))
        columns = [
            table[each.name].cast(each.type)
            if each.name in table.column_names
            else pa.nulls(table.num_rows, each.type)
            for each in self.schema
        ]
        return pa.table(columns, schema=self.schema)


@dataclass(frozen=True)
class SampleJudge:
    """Compares the snapshots of a sample of customers with training, all together on one worker."""

    builder: Builder
    files: tuple[tuple[str, bytes], ...]
    cutoff: int

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The rows of the sample's customers to the deviations, as JSON."""
        _, made = self.builder.build(rows)
        found = changed_inputs(_model(self.files).contract, self.cutoff, made.snapshots)
        said = json.dumps([vars(each) for each in found], default=_plain)
        return pa.table({"deviations": pa.array([said], pa.string())})


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else str(value)


def unseen_together(said: Iterable[str]) -> dict[str, dict[str, int]]:
    """What buckets say of categories that training never saw, as one."""
    found: dict[str, dict[str, int]] = {}
    for each in said:
        buckets: Mapping[str, Mapping[str, int]] = json.loads(each)
        for name, counts in buckets.items():
            known = found.setdefault(name, {})
            for word, count in counts.items():
                known[word] = known.get(word, 0) + count
    return {name: dict(sorted(counts.items())) for name, counts in sorted(found.items())}
