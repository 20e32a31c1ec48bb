"""Patron on Spark: the verbs that a cluster takes, from ordinary Spark DataFrames to ordinary Spark DataFrames.

Values are those of the local engine, one by one. It takes the extra `pyspark`.
"""

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patron.features.errors import ConfigurationError, DataError
from patron.features.progress import Progress, silent

from .api import Cutoff, Places
from .config import Config

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from patron.serving.scorer import ScoringResult
    from patron.serving.spark_run import SparkRun

    from .feature_files import FeatureFile

Frames = Mapping[str, "DataFrame"]

_DRIVER_MEMORY = "4g"
"""Spark's own 1 GB does not hold the plans of nine tables."""

_USUAL_PARTITIONS = "200"
"""Spark's own default, meant for a cluster."""

_MISSING = "pip install 'patron[pyspark]'; Spark takes Java 17 or later besides"


def build_features(
    session: "SparkSession",
    config: Config,
    tables: Frames | None = None,
    cutoffs: Cutoff | Sequence[Cutoff] | None = None,
    model: str | None = None,
    *,
    progress: Progress = silent,
) -> "DataFrame":
    """Features as a DataFrame: customer_id, cutoff, stage, population, then one column per feature.

    `tables` are DataFrames by the name of their table; those of the configuration that are not among them are read from
    their paths by Spark. `cutoffs` are local days, the question's own unless given. What is learned from all customers
    is learned as of each cutoff; with a `model` it is what that model knows.
    """
    import numpy as np

    from patron.features.families import load_families
    from patron.features.snapshots import calendar_cutoffs, parse_cutoffs
    from patron.features.spark_engine import build_on_spark, prepare_on_spark
    from patron.features.spark_evidence import SparkEvidence
    from patron.models.keeping import data_for, prepare_for, question_of
    from patron.models.registry import resolve

    families = load_families(config.run.families, config.data.folder)
    contract = None if model is None else resolve(model, config.tracking).artefact.contract
    question, data = config.question, config.data
    if contract is not None:
        question, data = question_of(contract, config.question.calendar.closures), data_for(contract, data)
    frames = read_frames(session, config, tables)
    progress("reading on Spark", 0, 0)
    evidence = SparkEvidence.of(frames, data, question)
    with evidence.closed_on_error():
        if cutoffs is None:
            since = evidence.observed_from("purchases")
            moments = calendar_cutoffs(question, evidence.zone, since, evidence.observed_until)
        else:
            wanted = [cutoffs] if isinstance(cutoffs, str) or not isinstance(cutoffs, Sequence) else cutoffs
            moments = parse_cutoffs(list(wanted), evidence.zone, evidence.observed_until)
        if not np.size(moments):
            raise ConfigurationError(
                "Features are built at cutoffs.",
                where="build_features",
                found="an empty list of cutoffs",
                remedy='give cutoffs=["2018-01-31"], or none for the cutoffs of the question',
            )
        progress("learning from all customers", 0, 0)
        if contract is not None:
            prepared = prepare_for(contract, evidence, question, families)
        else:
            prepared = prepare_on_spark(evidence, question, families, moments)
        return evidence.closed_with(build_on_spark(evidence, prepared, moments, memory=_memory(config)))


def build_training_set(
    session: "SparkSession", config: Config, tables: Frames | None = None, *, progress: Progress = silent
) -> "DataFrame":
    """The features of the question's mature cutoffs with their `target` (0 or 1), as a DataFrame.

    `tables` are as for `build_features`.
    """
    from patron.features.families import load_families
    from patron.features.snapshots import calendar_cutoffs
    from patron.features.spark_engine import build_on_spark, prepare_on_spark
    from patron.features.spark_evidence import SparkEvidence

    families = load_families(config.run.families, config.data.folder)
    frames = read_frames(session, config, tables)
    progress("reading on Spark", 0, 0)
    evidence = SparkEvidence.of(frames, config.data, config.question)
    with evidence.closed_on_error():
        since = evidence.observed_from("purchases")
        moments = calendar_cutoffs(config.question, evidence.zone, since, evidence.observed_until)
        progress("learning from all customers", 0, 0)
        prepared = prepare_on_spark(evidence, config.question, families, moments)
        built = build_on_spark(evidence, prepared, moments, targets=True, memory=_memory(config))
        return evidence.closed_with(built.where("target IS NOT NULL"))


def score(
    session: "SparkSession",
    config: Config,
    cutoff: Cutoff,
    model: str | None = None,
    tables: Frames | None = None,
    *,
    allow: Sequence[str] = (),
    reasons: str | None = None,
    progress: Progress = silent,
) -> "SparkRun":
    """Score everyone whom the model's question is about at the cutoff: `scores` and `excluded` as DataFrames.

    `account` says how many customers are known, scored and excluded, and for which reasons; asking for any of them
    checks the evidence against training first. Workers hold what was made until `close`; use it as a context.
    `tables` are as for `build_features`, everything else is as for `patron.score`.
    """
    from patron.features.families import load_families
    from patron.models.registry import CHAMPION, resolve
    from patron.serving.spark_run import SparkRun

    progress("loading the model", 0, 0)
    found = resolve(model or f"models:/{config.tracking.model_name}@{CHAMPION}", config.tracking)
    frames = read_frames(session, config, tables)
    progress("reading on Spark", 0, 0)
    return SparkRun.of(
        frames,
        config.data,
        found,
        cutoff,
        families=load_families(config.run.families, config.data.folder),
        closures=config.question.calendar.closures,
        allow=allow,
        reasons=reasons or config.scoring.reasons,
        memory=_memory(config),
    )


def publish_scores(
    session: "SparkSession",
    config: Config,
    cutoff: Cutoff,
    model: str | None = None,
    tables: Frames | None = None,
    out: Places = None,
    *,
    allow: Sequence[str] = (),
    reasons: str | None = None,
    progress: Progress = silent,
) -> "ScoringResult":
    """`patron.score` on Spark: a published run in a folder below `out`, with the same files and the same manifest.

    Workers write the parts, so that they and the driver must share the folder. ConfigurationError for other places.
    """
    from patron.serving.spark_publishing import publish_spark_run

    from .api import destinations_of, register_places

    home, places = destinations_of(config, out)
    if places:
        raise ConfigurationError(
            "On Spark scores go to one folder.",
            where="out",
            found=", ".join(f"{place.kind}:…" for place in places),
            remedy="write the DataFrames of patron.spark.score there, or bring them with the local engine",
        )
    register_places(config, home, places)
    with score(
        session, config, cutoff, model, tables, allow=allow, reasons=reasons, progress=progress
    ) as run:
        return publish_spark_run(run, home, progress)


def write_features(
    config: Config,
    out: str | Path,
    cutoffs: Cutoff | Sequence[Cutoff] | None = None,
    at: Any = None,
    model: str | None = None,
    *,
    targets: bool = False,
    progress: Progress = silent,
) -> "FeatureFile":
    """The DataFrame of `build_features`, or with `targets` of `build_training_set`, as a folder of Parquet files.

    An earlier folder of that name is replaced.
    """
    from patron.serving.places import Places as Register

    from .feature_files import FeatureFile

    if at is not None:
        raise ConfigurationError(
            "On Spark features are built at cutoffs.",
            where="--at",
            remedy="build features at single pairs with the local engine: --engine local",
        )
    session, folder = open_session(), Path(out).absolute()
    if targets:
        made = build_training_set(session, config, progress=progress)
    else:
        made = build_features(session, config, cutoffs=cutoffs, model=model, progress=progress)
    progress("building snapshots on Spark", 0, 0)
    session.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")  # as everybody reads them
    made.write.mode("overwrite").parquet(str(folder))
    for file in folder.glob(".*.crc"):
        file.unlink()  # whoever is forgotten later is taken out of the files
    Register(Path(config.data.folder)).add("features", str(folder))
    return FeatureFile(folder, session.read.parquet(str(folder)).count(), tuple(made.columns))


def read_frames(
    session: "SparkSession", config: Config, tables: Frames | None = None
) -> dict[str, "DataFrame"]:
    """A DataFrame for each table of the configuration: as given, or read from its path by Spark.

    DataError for a table that Spark cannot read as Patron does; ConfigurationError for one that is not configured.
    """
    given = dict(tables or {})
    unknown = [name for name in given if name not in config.data.tables]
    if unknown:
        raise ConfigurationError(
            "A DataFrame is given for a table that the configuration does not have.",
            where="tables",
            found=", ".join(unknown),
            remedy=f"add [{unknown[0]}] with its columns to the configuration: load_config(…, frames=tables) does",
        )
    return {
        name: given[name] if name in given else _read(session, config, name) for name in config.data.tables
    }


def _read(session: "SparkSession", config: Config, name: str) -> "DataFrame":
    from pyspark.errors import PySparkException

    from patron.features.addresses import is_remote, suffix
    from patron.features.delta_tables import is_delta

    spec = config.data.tables[name]
    frame: DataFrame | None = spec.frame if _is_spark(spec.frame) else None
    if frame is not None:
        return frame
    if spec.path is not None and spec.frame is None:
        path = (
            spec.path if is_remote(spec.path) else str(Path(config.data.folder, Path(spec.path).expanduser()))
        )
        files = [path] if is_remote(spec.path) else sorted(glob(path, recursive=True)) or [path]
        try:
            if is_delta(spec, config.data.folder):
                options = {} if spec.version is None else {"versionAsOf": str(spec.version)}
                return session.read.format("delta").options(**options).load(path)
            if suffix(path) in {".parquet", ".pq"}:
                # Spark looks for a file named like the pattern, and logs a Java trace that there is none.
                return session.read.option("mergeSchema", "true").parquet(*files)
        except PySparkException as error:
            raise DataError(
                f"Spark cannot read the table {name}.",
                where=f"[{name}] path",
                found=str(error).strip().splitlines()[0],
                remedy="mend the path, or read it yourself and pass it: tables={…}",
            ) from None
    raise DataError(
        f"The table {name} is in a form that Spark would not read as Patron does.",
        where=f"[{name}]",
        found=spec.path or (f"a {type(spec.frame).__name__}" if spec.frame is not None else "a database"),
        remedy="bring it as Parquet or Delta, or read it yourself with Spark and pass it: tables={…}",
    )


def _memory(config: Config) -> int:
    """What a bucket may take: the memory of the configuration is meant for a process that has a machine to itself."""
    from patron.features.spark_engine import BUCKET_MEMORY

    return min(config.run.memory, BUCKET_MEMORY)


def _is_spark(frame: Any) -> bool:
    return type(frame).__module__.split(".")[0] == "pyspark"


def open_session() -> "SparkSession":
    """The session that is there, or a new one as Spark's own settings say; ConfigurationError without Spark or Java."""
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigurationError(
            "Spark is not installed.", where="engine", found="spark", remedy=_MISSING
        ) from None
    # It is about frames of pandas that go through Spark, and none does here.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # workers need the packages that are here
    try:
        there = SparkSession.getActiveSession()
        session = there or _builder(SparkSession.builder.appName("patron")).getOrCreate()
    except (PySparkException, OSError, RuntimeError) as error:
        raise ConfigurationError(
            "Spark does not start.",
            where="engine",
            found=str(error).strip().splitlines()[0] or type(error).__name__,
            remedy=_MISSING,
        ) from None
    if there is None and str(session.sparkContext.master).startswith("local"):
        _suit_one_machine(session)
    return session


def _suit_one_machine(session: "SparkSession") -> None:
    """Settings for many small stages, unless somebody set how many partitions there are."""
    if session.conf.get("spark.sql.shuffle.partitions") != _USUAL_PARTITIONS:
        return
    # Its warnings are of what is meant, such as frames that are held already.
    session.sparkContext.setLogLevel("ERROR")
    session.conf.set("spark.sql.shuffle.partitions", str(2 * session.sparkContext.defaultParallelism))
    # It would plan again after each stage.
    session.conf.set("spark.sql.adaptive.enabled", "false")
    # Large plans as text fill the driver's memory.
    session.conf.set("spark.sql.maxPlanStringLength", "100000")


def _builder(builder: Any) -> Any:
    """A session to be started, with a driver that can plan many tables, unless Spark is told its settings otherwise."""
    told = ("PYSPARK_SUBMIT_ARGS", "PYSPARK_GATEWAY_PORT", "SPARK_HOME", "SPARK_CONF_DIR", "SPARK_REMOTE")
    if any(name in os.environ for name in told):
        return builder
    return builder.config("spark.driver.memory", _DRIVER_MEMORY)
