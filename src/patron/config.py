"""The configuration: `patron.toml`, or the same as a mapping, parsed into the value objects that all rooms share."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from patron.actions.economics import PlanSettings
from patron.features.contracts import TABLES
from patron.features.errors import ConfigurationError
from patron.features.question import Purchase, Question, SpendDrop, Target
from patron.features.special_days import SpecialDays
from patron.features.tables import ColumnSource, DataSpec, TableSpec
from patron.features.tracking import Tracking
from patron.features.undisclosed import Undisclosed, shown, undisclosed
from patron.training.settings import TrainingSettings

from .environment import fill
from .kinds import Currency
from .overrides import apply_keywords, apply_texts
from .planned import with_assignments
from .run import RunSettings, ScoringSettings
from .sections import (
    CALENDAR,
    DATA,
    PLAN,
    QUESTION,
    RUN,
    SCORING,
    SECTIONS,
    TABLE_SECTIONS,
    TARGETS,
    TRACKING,
    TRAINING,
    Section,
)
from .suggestions import unknown

if TYPE_CHECKING:
    from patron.features.family import Family

_DATABASE = ("connection", "table", "query")
_TABLE_OPTIONS = frozenset(
    {
        "path",
        "version",
        "frame",
        *_DATABASE,
        "timezone",
        "observed_from",
        "where",
        "key",
        "static",
        "attributes",
        "scales",
    }
)
_LATER_SECTIONS = {
    "spark": "What Spark may use is said to Spark, with --conf or spark-defaults.conf; Patron takes [run] engine."
}


@dataclass(frozen=True)
class Config:
    """Everything a verb needs: the evidence, the question, and how to train, track and run.

    `path` is the file it was read from; None for a mapping.
    """

    data: DataSpec
    question: Question
    training: TrainingSettings
    tracking: Tracking
    run: RunSettings
    scoring: ScoringSettings = field(default_factory=ScoringSettings)
    plan: PlanSettings | None = None
    path: Path | None = None


def load_config(
    source: str | PathLike[str] | Mapping[str, Any] = "patron.toml",
    frames: Mapping[str, Any] | None = None,
    overrides: Sequence[str] = (),
    families: "Sequence[type[Family]]" = (),
    **keywords: Any,
) -> Config:
    """The configuration from a TOML file, or from a mapping of the same shape.

    `frames` gives evidence tables from memory (pandas, polars or Arrow) by name and replaces their paths; `families`
    are feature families of your own besides those that the file names.
    `overrides` are texts as `--set` takes them, "question.horizon_days=30"; keywords say the same as
    `question__horizon_days=30`. Relative paths start at the file's folder, or at the working directory.
    Raises ConfigurationError for an unknown section or key, a wrong type or value, or an unset `${NAME}`.

    >>> config = load_config(
    ...     {"data": {"observed_until": "2018-01-01"}, "purchases": {"path": "purchases.csv"}},
    ...     question__horizon_days=14,
    ... )
    >>> config.question.horizon_days
    14
    """
    if isinstance(source, Mapping):
        path, folder, values = None, Path.cwd(), _copy(source)
    else:
        path = Path(source).expanduser().absolute()
        folder, values = path.parent, _read_file(path)
    values = apply_keywords(apply_texts(values, overrides), keywords)
    _add_frames(values, frames or {})
    _check_sections(values)
    values = fill(values, "")
    return Config(
        data=_read_data(values, folder),
        question=_read_question(values.get("question", {}), values.get("calendar", {})),
        training=TrainingSettings(**TRAINING.read(values.get("training", {}))),
        tracking=_read_tracking(values.get("tracking", {}), folder),
        run=_read_run(values.get("run", {}), families),
        scoring=ScoringSettings(**SCORING.read(values.get("scoring", {}))),
        plan=_read_plan(values["plan"]) if "plan" in values else None,
        path=path,
    )


def _read_run(section: dict[str, Any], families: "Sequence[type[Family]]") -> RunSettings:
    settings = RunSettings(**RUN.read(section))
    return replace(settings, families=(*settings.families, *families))


def _copy(values: Any) -> Any:
    # Frames are passed on as they are; only the tables and lists around them are ours to change.
    if isinstance(values, Mapping):
        return {key: _copy(value) for key, value in values.items()}
    return [_copy(value) for value in values] if isinstance(values, list) else values


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            "The configuration file is not there.",
            where=str(path),
            remedy="name it with --config, or let `patron init` propose one",
        ) from None
    except (OSError, UnicodeDecodeError) as reason:
        raise ConfigurationError(
            "The configuration file cannot be read.", where=str(path), found=str(reason)
        ) from None
    except tomllib.TOMLDecodeError as reason:
        raise ConfigurationError(
            "The configuration file is not valid TOML.", where=str(path), found=str(reason)
        ) from None
    for name, section in values.items():
        if isinstance(section, dict) and "frame" in section:
            raise ConfigurationError(
                "A file cannot hold a frame.",
                where=f"[{name}] frame",
                remedy=f'give a path here, or load_config(file, frames={{"{name}": frame}}) in Python',
            )
    return values


def _add_frames(values: dict[str, Any], frames: Mapping[str, Any]) -> None:
    for name, frame in frames.items():
        if name not in TABLE_SECTIONS:
            raise unknown("evidence table", name, TABLE_SECTIONS, where="frames")
        section = values.setdefault(name, {})
        for key in ("path", "version", *_DATABASE):
            section.pop(key, None)
        section["frame"] = frame


def _check_sections(values: Mapping[str, Any]) -> None:
    for name, section in values.items():
        if name in SECTIONS:
            continue
        if name in _LATER_SECTIONS:
            raise ConfigurationError(_LATER_SECTIONS[name], where=f"[{name}]", remedy="leave the section out")
        homes = [path for path, known in SECTIONS.items() if any(key.name == name for key in known)]
        if homes and not isinstance(section, Mapping):
            raise ConfigurationError(
                f"The key {name!r} stands outside its section.",
                where=name,
                remedy=f"move it into [{homes[0]}]",
            )
        raise unknown("section", name, SECTIONS, where=f"[{name}]")
    for name, key in (("data", "observed_until"), ("purchases", "path")):
        if name not in values:
            raise ConfigurationError(
                f"The section [{name}] is missing.",
                where=f"[{name}]",
                remedy=f"add it with its {key}, or let `patron init` propose a configuration",
            )


def _read_data(values: Mapping[str, Any], folder: Path) -> DataSpec:
    read = DATA.read(values["data"])
    if "observed_until" not in read:
        raise ConfigurationError(
            "observed_until is missing: up to when is the evidence known?",
            where="[data] observed_until",
            remedy="set it to the day after the last complete day, for example observed_until = 2018-01-01",
        )
    zone = read.get("timezone", "UTC")
    tables = {
        name: _read_table(section, values[name], zone)
        for name, section in TABLE_SECTIONS.items()
        if name in values
    }
    until = to_utc(read["observed_until"], zone)
    return DataSpec(with_assignments(tables, _plans(values, folder), until, zone), until, zone, str(folder))


def _plans(values: Mapping[str, Any], folder: Path) -> Path:
    """Where plans lie, as the section says, else where they lie unless told."""
    section = values.get("plan", {})
    said = section.get("out") if isinstance(section, Mapping) else None
    return folder / Path(said if isinstance(said, str) else "plans").expanduser()


def _read_plan(section: object) -> PlanSettings:
    read = PLAN.read(section)
    for name in ("margin", "budget"):
        if name not in read:
            raise ConfigurationError(
                f"A plan needs its {name}.",
                where=f"[plan] {name}",
                remedy="margin = 0.3 says which share of net spend is earned, budget = 1000 what the contacts may cost;"
                " only you know them",
            )
    return PlanSettings(**read)


def _read_table(section: Section, values: object, zone: str) -> TableSpec:
    read = section.read(values)
    options = {key: read.pop(key) for key in _TABLE_OPTIONS & read.keys()}
    _check_source(section.path, options)
    currency: Currency = read.pop("currency", Currency())
    if currency.column is not None:
        read["currency"] = currency.column
    for name in options.get("key", ()):
        if name not in TABLES[section.path].column_names:
            raise unknown("column", name, TABLES[section.path].column_names, where=f"[{section.path}] key")
    if "observed_from" in options:
        options["observed_from"] = to_utc(options["observed_from"], zone)
    for name in (*options.get("attributes", ()), *options.get("static", ())):
        read.setdefault(name, ColumnSource(name=name))
    return TableSpec(section.path, columns=read, currency=currency.only, **options)


def _check_source(section: str, options: Mapping[str, object]) -> None:
    """ConfigurationError unless the options name one source, and what belongs to it."""
    given = [name for name in ("path", "frame", "connection") if name in options]
    if len(given) != 1:
        raise ConfigurationError(
            f"[{section}] needs one source.",
            where=f"[{section}]",
            found=" and ".join(f"a {name}" for name in given)
            or "neither a path nor a connection nor a frame",
            remedy='give path = "file.parquet", or a connection, or a frame from Python',
        )
    if str(options.get("path", "")).startswith(("postgresql://", "postgres://", "duckdb://")):
        raise ConfigurationError(
            "A database is no path.",
            where=f"[{section}] path",
            found=shown(undisclosed(str(options["path"]))),
            remedy="give it as the connection, with a table or a query",
        )
    asked = [name for name in ("table", "query") if name in options]
    if len(asked) != (given == ["connection"]):
        raise ConfigurationError(
            f"[{section}] needs one table or one query of a connection.",
            where=f"[{section}]",
            found=" and ".join((*given, *asked)),
            remedy='beside the connection give table = "orders" or query = "select …"'
            if given == ["connection"]
            else f'leave {" and ".join(asked)} out, or give connection = "postgresql://…" in place of the {given[0]}',
        )
    if "version" in options and given != ["path"]:
        raise ConfigurationError(
            "Only Delta tables have versions.", where=f"[{section}] version", remedy="leave version out"
        )


def _read_question(values: object, calendar: object) -> Question:
    plain = dict(values) if isinstance(values, Mapping) else values
    target: Target = Purchase()
    if isinstance(plain, dict):
        target = _read_target(plain.pop("target", {}))
    settings = QUESTION.read(plain)
    if "horizon_days" in settings:
        settings["horizon_days"], *further = settings["horizon_days"]
        settings["further_horizons"] = tuple(further)
    return Question(**settings, target=target, calendar=SpecialDays(**CALENDAR.read(calendar)))


def _read_target(values: object) -> Target:
    kind = values.get("kind", "purchase") if isinstance(values, Mapping) else "purchase"
    if kind == "spend_drop":
        drop: SpendDrop = SpendDrop(**TARGETS[1].read(values))
        if not 0 < drop.below <= 1:
            raise ConfigurationError(
                "below must be a share above 0 and at most 1.",
                where="[question.target] below",
                found=drop.below,
                remedy="below = 0.5 means half of the customer's own average",
            )
        return drop
    if kind != "purchase":
        raise unknown("target", str(kind), ("purchase", "spend_drop"), where="[question.target] kind")
    return Purchase(**TARGETS[0].read(values))


def _read_tracking(values: object, folder: Path) -> Tracking:
    tracking = Tracking(**TRACKING.read(values))
    return Tracking(_absolute_uri(tracking.uri, folder), tracking.experiment, tracking.model_name)


def _absolute_uri(uri: str, folder: Path) -> str:
    scheme, separator, rest = uri.partition(":///")
    if scheme == "sqlite" and separator and not rest.startswith("/"):
        resolved = f"sqlite:///{folder / rest}"
    elif "://" not in uri and uri.partition(":")[0] not in ("databricks", "databricks-uc", "uc", "file"):
        resolved = str(folder / uri)
    else:
        return uri
    return Undisclosed(resolved, uri.shown, uri.hidden) if isinstance(uri, Undisclosed) else resolved


def to_utc(moment: datetime, zone: str) -> datetime:
    """The instant of a moment in UTC; without an offset it is local time of `zone`.

    A local time that does not exist or exists twice takes the earlier offset (PEP 495, fold 0).
    """
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone), fold=0)
    return aware.astimezone(UTC)
