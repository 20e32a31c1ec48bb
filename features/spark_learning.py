"""Population values learned on Spark: words are counted there, and one worker looks at the sample of customers.

The sample is the one that the local engine draws, and it is looked at by the same code in the same order.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from .columns import MONEY_UNITS
from .expressions import Learned, Measure, PopulationNumber
from .learning import LOT, MOST_CUSTOMERS, Sample, learn_from_sample
from .partition import FeaturePlan
from .population import (
    MOST_ATTRIBUTE_WORDS,
    MOST_SPELLINGS,
    MOST_WORDS,
    PopulationHistory,
    PopulationValues,
    frequent_words,
)
from .spark_buckets import Bucket, tagged
from .spark_evidence import SparkEvidence
from .spark_reading import connected, spark_quoted
from .timelines import TIMELINES, source_column

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_MOST_DEPTH = 64


@dataclass(frozen=True)
class SparkTeacher:
    """What evidence on Spark teaches: counts and statistics come to the driver, and never a customer's rows."""

    evidence: SparkEvidence

    def words(self, vocabularies: Sequence[str], moments: Sequence[int]) -> PopulationHistory:
        """The frequent words of text columns."""
        found = _word_counts(self.evidence, vocabularies, moments)
        words = {}
        for name in vocabularies:
            kind = TIMELINES[name.partition(".")[0]]
            most = MOST_ATTRIBUTE_WORDS if kind.has_attributes else MOST_WORDS
            words[name] = frequent_words(found.get(name, ()), most, len(moments))
        return PopulationHistory(
            tuple(
                PopulationValues(moment, {}, {name: words[name][at] for name in vocabularies})
                for at, moment in enumerate(moments)
            )
        )

    def numbers(self, wanted: Sequence[PopulationNumber], moments: Sequence[int]) -> PopulationHistory:
        """Statistics of columns."""
        found: list[dict[str, float]] = [{} for _ in moments]
        for number in wanted:
            for at, value in enumerate(_statistic(self.evidence, number, moments)):
                if value is not None:
                    found[at][number.name] = value
        return PopulationHistory(
            tuple(PopulationValues(moment, found[at]) for at, moment in enumerate(moments))
        )

    def from_customers(
        self,
        plan: FeaturePlan,
        learned: Sequence[Learned],
        usual: Sequence[Measure],
        history: PopulationHistory,
    ) -> PopulationHistory:
        """Statistics of what customers do."""
        from pyspark.sql import functions as sql

        if not learned and not usual:
            return history
        moments = [values.as_of for values in history.values]
        lots = _with_lots(self.evidence)
        depths = _depths(lots, moments)
        in_sample = [f"(known < {moment} AND depth >= {depth})" for moment, depth in depths.items()]
        people = lots.where(" OR ".join(in_sample)).select("customer")
        facts = tagged(self.evidence, plan.columns).join(people, "customer", "left_semi")
        learn = SampleLearner(plan, tuple(learned), tuple(usual), history, depths)
        row = (
            facts.withColumn("all", sql.lit(0))
            .groupBy("all")
            .applyInArrow(lambda rows: learn(rows), "learned string")
            .first()
        )
        if row is None:  # nobody was known yet: an empty sample teaches what it teaches locally
            return learn.learned(_nobody(self.evidence, plan))
        values = json.loads(row[0])
        return PopulationHistory(tuple(PopulationValues.from_dict(each) for each in values))


def _known(timeline: str, moment: int) -> str:
    kind = TIMELINES[timeline]
    return f"{kind.known_sql} < {moment} AND until >= {moment}"


def _events(evidence: SparkEvidence, timeline: str) -> "DataFrame":
    kind = TIMELINES[timeline]
    return evidence.facts[kind.table].where(kind.event_sql)


def _word_counts(
    evidence: SparkEvidence, vocabularies: Sequence[str], moments: Sequence[int]
) -> dict[str, list[tuple[Any, ...]]]:
    """For each vocabulary the words and how often each was known at each moment; the most frequent ones suffice."""
    from pyspark.sql import Window
    from pyspark.sql import functions as sql

    columns: dict[str, dict[str, str]] = {}
    for name in vocabularies:
        timeline, _, shown = name.partition(".")
        column = source_column(timeline, shown)
        if moments and column in evidence.columns.get(TIMELINES[timeline].table, ()):
            columns.setdefault(timeline, {})[name] = column
    if not columns:
        return {}
    parts = [_said(evidence, timeline, named) for timeline, named in columns.items()]
    said: DataFrame = reduce(lambda a, b: a.union(b), parts)
    counts = [
        sql.expr(f"count_if(known < {moment} AND until >= {moment})").alias(f"count_{at}")
        for at, moment in enumerate(moments)
    ]
    is_frequent = sql.lit(False)
    for at in range(len(moments)):
        order = Window.partitionBy("vocabulary").orderBy(sql.col(f"count_{at}").desc(), "word")
        is_frequent |= sql.row_number().over(order) <= MOST_SPELLINGS
    counted = said.groupBy("vocabulary", "word").agg(*counts).withColumn("is_frequent", is_frequent)
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in counted.where("is_frequent").drop("is_frequent").collect():
        found.setdefault(row[0], []).append(tuple(row[1:]))
    return found


def _said(evidence: SparkEvidence, timeline: str, columns: Mapping[str, str]) -> "DataFrame":
    """A row for each word of an event, with its vocabulary, and from when until when the event is known."""
    from pyspark.sql import functions as sql

    words = [
        sql.struct(sql.lit(name).alias("vocabulary"), sql.col(spark_quoted(column)).alias("word"))
        for name, column in columns.items()
    ]
    known = sql.expr(TIMELINES[timeline].known_sql).alias("known")
    rows = _events(evidence, timeline).select(sql.explode(sql.array(*words)).alias("said"), known, "until")
    return rows.select("said.vocabulary", "said.word", "known", "until").where("word IS NOT NULL")


def _statistic(
    evidence: SparkEvidence, number: PopulationNumber, moments: Sequence[int]
) -> Iterator[float | None]:
    """A statistic as of each moment, None where nothing was known."""
    kind = TIMELINES[number.timeline]
    is_money = evidence.contract(kind.table).column(number.column).kind == "money"
    column = spark_quoted(number.column)
    value = f"CAST({column} AS DECIMAL(38, 0))" if is_money else column
    asked = {
        "maximum": "CAST(max({0}) FILTER ({1}) AS DOUBLE)",
        "minimum": "CAST(min({0}) FILTER ({1}) AS DOUBLE)",
        "mean": "CAST(sum({0}) FILTER ({1}) AS DOUBLE) / count({0}) FILTER ({1})",
        "median": "median(CAST({0} AS DOUBLE)) FILTER ({1})",
    }[number.statistic]
    known = [f"WHERE {_known(number.timeline, moment)}" for moment in moments]
    shown = [f"{asked.format(value, each)} AS at_{at}" for at, each in enumerate(known)]
    row = _events(evidence, number.timeline).selectExpr(*shown).first()
    assert row is not None
    for found in row:
        yield None if found is None else float(found) / (MONEY_UNITS if is_money else 1)


class LotDrawer:
    """Batches of customers to the same with `depth`: how often the half is taken in which their id still is."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One batch after the other."""
        for batch in batches:
            depth = _depth(_lots(batch.column("customer")))
            yield batch.append_column("depth", pa.array(depth, pa.int32()))


def _depth(lots: np.ndarray) -> np.ndarray:
    """The largest d with lot < 1 / 2 ** d, exactly; -1 for a lot of one."""
    _, exponents = np.frexp(lots)
    return np.where(lots == 0, _MOST_DEPTH, -exponents)


def _with_lots(evidence: SparkEvidence) -> "DataFrame":
    people = evidence.customers.select("customer", "known")
    schema = f"customer {evidence.spark_id_type}, known bigint, depth int"
    return people.mapInArrow(LotDrawer(), schema)


def _depths(lots: "DataFrame", moments: Sequence[int]) -> dict[int, int]:
    """For each moment how often half of those known before it is taken until there are no more than may be."""
    from pyspark.sql import functions as sql

    counts: list[Column] = [sql.expr(f"count_if(known < {moment})") for moment in moments]
    rows = lots.groupBy("depth").agg(*counts).collect()
    found = {}
    for at, moment in enumerate(moments, start=1):
        depth = 0
        while sum(row[at] for row in rows if row[0] >= depth) > MOST_CUSTOMERS:
            depth += 1
        found[moment] = depth
    return found


@dataclass(frozen=True)
class SampleLearner:
    """Learns from the facts of a sample of customers, all together on one worker; `depths` are of each moment."""

    plan: FeaturePlan
    wanted: tuple[Learned, ...]
    usual: tuple[Measure, ...]
    history: PopulationHistory
    depths: Mapping[int, int]

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The facts to what was learned, as JSON."""
        history = self.learned(Bucket.of(rows, self.plan.columns))
        values = json.dumps([each.to_dict() for each in history.values])
        return pa.table({"learned": pa.array([values], pa.string())})

    def learned(self, bucket: Bucket) -> PopulationHistory:
        """The history with what the customers of the bucket teach."""
        shares = {moment: 0.5**depth for moment, depth in self.depths.items()}
        sample = Sample(np.arange(len(bucket.ids)), bucket.customers.known_from, _lots(bucket.ids), shares)
        return learn_from_sample(sample, bucket.tables, self.plan, self.wanted, self.usual, self.history)


def _lots(ids: pa.Array) -> np.ndarray:
    """The lot that each id has drawn, as `Sample.draw` draws it."""
    with connected() as connection:
        connection.register("people", pa.table({"customer": ids, "place": np.arange(len(ids))}))
        found = connection.sql(
            f"SELECT {LOT.format('customer')} AS lot FROM people ORDER BY place"
        ).fetchnumpy()
    return np.asarray(found["lot"], np.float64)


def _nobody(evidence: SparkEvidence, plan: FeaturePlan) -> Bucket:
    rows = tagged(evidence, plan.columns).limit(0).toArrow()
    return Bucket.of(rows, plan.columns)
