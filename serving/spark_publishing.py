"""Publishing a run on Spark: workers write the parts, and the run appears whole or not at all, as every run does."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

from patron.features.errors import ConfigurationError, PatronError
from patron.features.progress import Progress, silent
from patron.features.words import name_part

from .durable import make_folder as make_inner
from .durable import write_file
from .locking import only_one
from .publishing import ROWS_PER_PART, Publication, make_folder, point_to_latest, published, writable
from .scorer import ScoringResult
from .spark_run import SparkRun
from .staging import Staging, remove_superseded

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class PartWriter:
    """Writes the rows of a part on the worker that has them; all workers and the driver share the folder."""

    folder: str
    name: str
    schema: pa.Schema

    def __call__(self, rows: pa.Table) -> pa.Table:
        """A part's rows to its file, how many rows it holds, and its sha256."""
        file = f"{self.name}/part-{rows['part'][0].as_py():05d}.parquet"
        table = rows.sort_by("customer_id").select(self.schema.names).cast(self.schema)
        sink = BytesIO()
        parquet.write_table(table.combine_chunks(), sink)
        content = sink.getvalue()
        write_file(Path(self.folder) / file, content)
        said = [file, table.num_rows, hashlib.sha256(content).hexdigest()]
        return pa.table([[each] for each in said], ["file", "rows", "sha256"])


def publish_spark_run(run: SparkRun, out: Path, progress: Progress = silent) -> ScoringResult:
    """Score, rank and publish to a folder below `out` as `score_customers` does; parts are written by the workers.

    The parts of a run are cut by the customers' ids, so that the same run has the same files. What an attempt that was
    killed left is removed, and all is done anew.
    """
    folder = out / name_part(run.question.name)
    make_folder(folder)
    final = folder / run.name
    with writable(final), only_one(folder / f".{final.name}.lock", f"the scores of {final.name}"):
        facts = published(final)
        repeated = facts is not None
        if facts is None:
            progress("scoring on Spark", 0, 1)
            facts = run.facts()
            ready = Publication(final, Staging.take_up(final, run.identity).folder)
            progress("writing scores", 0, 1)
            schemas, excluded = run.schemas, sum(facts["excluded"].values())
            _write(ready, "scores", run.scores, schemas["scores"], facts["scored"])
            _write(ready, "excluded", run.excluded, schemas["excluded"], excluded)
            facts = ready.publish(facts)
        point_to_latest(folder)
        remove_superseded(final)
    progress("writing scores", 1, 1)
    return ScoringResult.of(final, run.model.uri, facts, repeated=repeated)


def _write(ready: Publication, name: str, rows: "DataFrame", schema: pa.Schema, count: int) -> None:
    """Have a table written in parts; PatronError where the files do not hold what was counted."""
    written = (
        ready.write_parts(name, [], schema) if not count else _by_workers(ready, name, rows, schema, count)
    )
    if written != count:
        raise PatronError(
            "The files do not hold what was counted, so nothing is published.",
            where=f"{name} of the scoring run on Spark",
            found=f"{count} counted, {written} written",
            remedy="start the run again; if it says so again, report it: it is a defect of Patron",
        )


def _by_workers(ready: Publication, name: str, rows: "DataFrame", schema: pa.Schema, count: int) -> int:
    from pyspark.sql import functions as sql

    make_inner(ready.folder / name)
    write = PartWriter(str(ready.folder.absolute()), name, schema)
    parts = -(-count // ROWS_PER_PART)
    parted = rows.withColumn("part", sql.expr(f"pmod(xxhash64(customer_id, 1), {parts})")).groupBy("part")
    files = parted.applyInArrow(lambda part: write(part), "file string, rows bigint, sha256 string").collect()
    _refuse_elsewhere(ready.folder, {row[0]: row[2] for row in files})
    ready.digests.update({row[0]: row[2] for row in sorted(files)})
    return sum(int(row[1]) for row in files)


def _refuse_elsewhere(folder: Path, digests: Mapping[str, str]) -> None:
    """ConfigurationError where the workers' files are not in the folder that the driver sees."""
    missing = [file for file in sorted(digests) if not (folder / file).is_file()]
    if missing:
        raise ConfigurationError(
            "The workers do not write where the driver reads.",
            where=str(folder),
            found=f"missing: {', '.join(missing[:3])}",
            remedy="name an output folder that all machines of the cluster share (on Databricks a volume, /Volumes/…),"
            " or write the DataFrames of patron.spark.score yourself",
        )
