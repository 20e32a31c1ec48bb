"""A scoring run on Spark: every customer through the model on the workers, ranked, verified, published."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, reduce
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from patron.features.ages import AGED
from patron.features.errors import PatronError
from patron.features.family import Family
from patron.features.localtime import DAY, to_datetime
from patron.features.question import Question
from patron.features.snapshots import parse_cutoffs
from patron.features.spark_buckets import tagged
from patron.features.spark_engine import BUCKET_MEMORY, Builder, in_buckets
from patron.features.spark_evidence import SparkEvidence
from patron.features.spark_reading import spark_quoted
from patron.features.tables import DataSpec
from patron.models.keeping import data_for, prepare_for, question_of
from patron.models.registry import ResolvedModel

from .batch import REASONS, excluded_schema, scores_schema
from .deviations import Deviation, checked_names, fewer_customers, judged, stale_tables
from .run import rows_read, run_warnings
from .run_names import run_identity, run_name
from .spark_batch import KIND, UNSEEN, BucketScorer, SampleJudge, on_the_way, spark_schema, unseen_together
from .telling import Telling

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Cutoff = Any
_SAMPLED = 5_000
"""About so many customers are compared with training before all are scored."""

_STEPS = 10_000
"""Steps of the probability within which customers are ranked side by side."""

_ID_TYPES = {"bigint": pa.int64(), "string": pa.string(), "date": pa.date32()}


@dataclass(frozen=True)
class SparkRun:
    """A model applied to evidence on Spark at a cutoff (an instant). Use it as a context: workers hold what was made.

    `scores` and `excluded` are DataFrames with the columns that a published run has.
    """

    evidence: SparkEvidence
    model: ResolvedModel
    question: Question
    cutoff: int
    builder: Builder
    allow: tuple[str, ...] = ()
    telling: Telling = field(default_factory=Telling)
    memory: int = BUCKET_MEMORY

    @classmethod
    def of(
        cls,
        frames: Mapping[str, "DataFrame"],
        data: DataSpec,
        model: ResolvedModel,
        cutoff: Cutoff,
        *,
        families: Sequence[type[Family]],
        closures: Sequence[str] = (),
        allow: Sequence[str] = (),
        reasons: str = "none",
        memory: int = BUCKET_MEMORY,
    ) -> Self:
        """The run of a model on evidence in DataFrames; options and errors are those of `score_customers`."""
        names, telling = checked_names(allow), Telling.parse(reasons)
        contract = model.artefact.contract
        question = question_of(contract, closures)
        evidence = SparkEvidence.of(frames, data_for(contract, data), question)
        try:
            moments = parse_cutoffs([cutoff], evidence.zone, evidence.observed_until)
            prepared = prepare_for(contract, evidence, question, families)
        except BaseException:
            evidence.close()
            raise
        builder = Builder(prepared, moments)
        return cls(evidence, model, question, int(moments[0]), builder, names, telling, memory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the workers forget what they hold; what is asked for later is made again."""
        if "_made" in self.__dict__:
            self._made.unpersist()
        self.evidence.close()

    # What it is

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that the scores depend on, as plain data."""
        ids = [self.evidence.spark_id_type, _digests({"": (self.evidence.customers, ["customer"])})[""]]
        plan = self.builder.prepared.plan
        found = run_identity(self.model.artefact, plan, self.cutoff, self.data_digest, ids, self.telling)
        return {"engine": "spark", **found}

    @cached_property
    def data_digest(self) -> dict[str, str]:
        """A digest of each table's good rows, whatever their order; other than that of the local engine."""
        facts = {name: table.facts for name, table in self.evidence.tables.items()}
        return _digests({name: (rows, rows.columns) for name, rows in facts.items()})

    @property
    def day(self) -> str:
        """The cutoff as a day of the business (ISO 8601)."""
        return self.evidence.zone.day_of(self.cutoff).isoformat()

    @property
    def name(self) -> str:
        """The day, and digests of all that the scores depend on: runs of one name have the same scores."""
        return run_name(self.day, self.identity)

    # What comes of it

    @cached_property
    def schemas(self) -> dict[str, pa.Schema]:
        """The columns of both tables."""
        id_type = _ID_TYPES[self.evidence.spark_id_type]
        scores = scores_schema(id_type, self.model.artefact.forecast, told=bool(self.telling))
        return {"scores": scores, "excluded": excluded_schema(id_type)}

    @cached_property
    def _files(self) -> tuple[tuple[str, bytes], ...]:
        return tuple(sorted(self.model.artefact.files().items()))

    @cached_property
    def _made(self) -> "DataFrame":
        """All rows that the workers give back, held there."""
        prepared = self.builder.prepared
        schema = on_the_way(self.schemas.values(), (*self._same, "rank_in_run"))
        score = BucketScorer(self.builder, self._files, self.cutoff, schema, bool(self.telling))
        facts = in_buckets(self.evidence, prepared, 1, self.memory)
        made = facts.groupBy("bucket", "own").applyInArrow(lambda rows: score(rows), spark_schema(schema))
        return made.persist()

    @property
    def _same(self) -> dict[str, str | int]:
        """Columns that are the same for the whole run."""
        return {
            "question": self.question.name,
            "horizon_days": self.question.horizon_days,
            "model": self.model.artefact.digest,
        }

    @property
    def scores(self) -> "DataFrame":
        """Those who are scored, with their rank among all."""
        from pyspark.sql import functions as sql

        ranked = _ranked(self._made.where(sql.col(KIND) == "scores"))
        if self.telling:
            last = self.telling.last_rank(self.account["scored"])
            ranked = ranked.withColumn(REASONS, sql.when(sql.col("rank_in_run") <= last, sql.col(REASONS)))
        return self._completed("scores", ranked)

    @property
    def excluded(self) -> "DataFrame":
        """Those who are not, with the reason."""
        from pyspark.sql import functions as sql

        return self._completed("excluded", self._made.where(sql.col(KIND) == "excluded"))

    def _completed(self, name: str, rows: "DataFrame") -> "DataFrame":
        """Rows with all columns of their table, in their order."""
        from pyspark.sql import functions as sql

        columns = []
        for each in self.schemas[name]:
            column = sql.lit(self._same[each.name]) if each.name in self._same else sql.col(each.name)
            if pa.types.is_timestamp(each.type):
                column = sql.timestamp_micros(column)
            columns.append(column.alias(each.name))
        return rows.select(*columns)

    @cached_property
    def account(self) -> dict[str, Any]:
        """How many customers are known, scored and excluded for which reason, and the categories that are unseen.

        BrokenContractError where the evidence deviates from training by more than may pass.
        """
        from pyspark.sql import functions as sql

        deviations = self.first_deviations()
        counts = self._made.where(sql.col(KIND) != UNSEEN).groupBy(KIND, "excluded_because").count().collect()
        said = self._made.where(sql.col(KIND) == UNSEEN).select(UNSEEN).collect()
        excluded = {str(row[1]): int(row[2]) for row in counts if row[0] == "excluded"}
        scored = sum(int(row[2]) for row in counts if row[0] == "scores")
        found = {
            "customers": self.evidence.known_before(self.cutoff),
            "scored": scored,
            "excluded": dict(sorted(excluded.items())),
            "unseen": unseen_together(row[0] for row in said),
        }
        _verify(found)
        contract = self.model.artefact.contract
        last = judged(fewer_customers(contract, self.cutoff, "asked", scored), self.allow)
        return {**found, "deviations": [each.to_dict() for each in (*deviations, *last)]}

    def first_deviations(self) -> list[Deviation]:
        """How the evidence deviates from training, by a sample of customers; BrokenContractError where that is much."""
        contract = self.model.artefact.contract
        known = self.evidence.known_before(self.cutoff)
        newest = {name: found[0] for name, found in self._newest.items() if name in contract.tables}
        ages = {name: (self.cutoff - when) / DAY for name in AGED if (when := newest.get(name)) is not None}
        found = [*stale_tables(contract, ages), *fewer_customers(contract, self.cutoff, "customers", known)]
        if known:
            found += self._changed_inputs()
        return judged(found, self.allow)

    def _changed_inputs(self) -> list[Deviation]:
        from pyspark.sql import functions as sql

        every = max(self.evidence.customers.count() // _SAMPLED, 1)
        facts = tagged(self.evidence, self.builder.prepared.plan.columns)
        chosen = facts.where(f"pmod(xxhash64(customer), {every}) = 0").withColumn("all", sql.lit(0))
        judge = SampleJudge(self.builder, self._files, self.cutoff)
        row = chosen.groupBy("all").applyInArrow(lambda rows: judge(rows), "deviations string").first()
        return [] if row is None else [Deviation(**each) for each in json.loads(row[0])]

    @cached_property
    def _newest(self) -> dict[str, tuple[int | None, int | None]]:
        """By table the newest fact that happened before the cutoff, and the newest that was known before it."""
        from pyspark.sql import functions as sql

        # A link makes no fact newer, so that the rows suffice as they were read.
        tables = {name: table.facts for name, table in self.evidence.tables.items() if name in AGED}
        rows = [
            facts.select(sql.lit(name).alias("name"), "happened", "recorded")
            for name, facts in tables.items()
        ]
        everything: DataFrame = reduce(lambda a, b: a.unionByName(b), rows)
        happened = sql.expr(f"max(happened) FILTER (WHERE happened < {self.cutoff})")
        known = sql.expr(f"max(happened) FILTER (WHERE recorded < {self.cutoff})")
        return {row[0]: (row[1], row[2]) for row in everything.groupBy("name").agg(happened, known).collect()}

    @property
    def newest_fact_days(self) -> float | None:
        """Days from the newest purchase line that was known before the cutoff to the cutoff."""
        newest = self._newest["purchases"][1]
        return None if newest is None else round((self.cutoff - newest) / DAY, 3)

    @property
    def warnings(self) -> list[str]:
        """What a reader of the scores has to know beside them."""
        return run_warnings(self.model.artefact, self.cutoff, self.day)

    def facts(self) -> dict[str, Any]:
        """What the manifest says beside the digests of the files."""
        return {
            "question": self.question.to_dict(),
            "cutoff": to_datetime(self.cutoff).isoformat(),
            "observed_until": to_datetime(self.evidence.observed_until).isoformat(),
            "engine": "spark",
            "model": self.model.uri,
            "model_digest": self.model.artefact.digest,
            "contract_digest": self.model.artefact.contract.digest(),
            "data_digest": self.data_digest,
            "rows": {name: rows_read(account) for name, account in self.evidence.accounts.items()},
            **self.account,
            "newest_fact_days": self.newest_fact_days,
            "warnings": self.warnings,
            "scored_at": datetime.now(UTC).isoformat(),
            "patron": version("patron"),
        }


def _digests(tables: Mapping[str, tuple["DataFrame", Sequence[str]]]) -> dict[str, str]:
    """By name a digest of rows in any order: how many they are, and the sum of their hashes."""
    from pyspark.sql import functions as sql

    parts = []
    for name, (rows, columns) in tables.items():
        values = [sql.col(spark_quoted(each)) for each in columns]
        hashed = sql.xxhash64(*values, *[value.isNull() for value in values]).cast("decimal(38, 0)")
        counted = rows.agg(sql.count("*").alias("n"), sql.sum(hashed).alias("total"))
        parts.append(counted.select(sql.lit(name), "n", "total"))
    together: DataFrame = reduce(lambda a, b: a.union(b), parts)
    found = {row[0]: row for row in together.collect()}
    return {name: f"{found[name][1]}-{int(found[name][2] or 0) % (1 << 64):016x}" for name in tables}


def _ranked(rows: "DataFrame") -> "DataFrame":
    """Scores with `rank_in_run`: the highest probability is 1, ties share the best rank.

    Customers are ranked within steps of the probability, and the counts of the steps above added: no worker has to sort
    everybody.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as sql

    stepped = rows.withColumn("step", sql.floor(sql.col("probability") * _STEPS))
    counts = stepped.groupBy("step").count()
    above = (
        Window.partitionBy(sql.lit(0))
        .orderBy(sql.col("step").desc())
        .rowsBetween(Window.unboundedPreceding, -1)
    )
    offsets = counts.select("step", sql.coalesce(sql.sum("count").over(above), sql.lit(0)).alias("above"))
    within = sql.rank().over(Window.partitionBy("step").orderBy(sql.col("probability").desc()))
    ranked = stepped.join(sql.broadcast(offsets), "step")
    return ranked.withColumn("rank_in_run", (sql.col("above") + within).cast("bigint"))


def _verify(account: Mapping[str, Any]) -> None:
    excluded = sum(account["excluded"].values())
    if account["customers"] != account["scored"] + excluded:
        raise PatronError(
            "The account of customers does not add up, so there are no scores.",
            where="the scoring run on Spark",
            found=f"{account['customers']} known, {account['scored']} scored, {excluded} excluded",
            remedy="report this with the configuration: it is a defect of Patron",
        )
