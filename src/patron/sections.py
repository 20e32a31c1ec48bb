"""Every section and key of `patron.toml`: what it holds, what it means, and what it is unless given."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from patron.actions.economics import PlanSettings
from patron.features.contracts import TABLES, TableContract
from patron.features.errors import ConfigurationError
from patron.features.question import Purchase, Question, SpendDrop
from patron.features.special_days import SpecialDays
from patron.features.tables import DataSpec, TableSpec
from patron.features.tracking import Tracking
from patron.features.undisclosed import undisclosed
from patron.training.settings import TrainingSettings

from .kinds import (
    CLOSURES,
    COLUMN,
    CONNECTION,
    CURRENCY,
    ENGINE,
    FAMILIES,
    FRAME,
    HORIZONS,
    MEMORY,
    MOMENT,
    NUMBER,
    SCALES,
    TEXT,
    TEXTS,
    TIMEZONE,
    VERSION,
    WHOLE_NUMBER,
    Kind,
    WrongType,
    type_in_words,
)
from .run import RunSettings, ScoringSettings
from .suggestions import unknown

REQUIRED = object()
"""The default of a key that has none."""


@dataclass(frozen=True)
class Key:
    """One key of a section. `default` is for keys that are no field of the section's dataclass."""

    name: str
    kind: Kind
    meaning: str
    default: object = None


@dataclass(frozen=True)
class Section:
    """A section of the configuration and the dataclass its keys become."""

    path: str
    meaning: str
    builds: type
    keys: tuple[Key, ...]
    free: bool = False
    """Whether keys beyond `keys` are columns of the user's own."""
    inner: tuple[str, ...] = ()
    """Sections inside this one; they are read on their own."""

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys)

    def default(self, key: Key) -> object:
        """What the key is unless given; `REQUIRED` where it must be given."""
        for known in fields(self.builds):
            if known.name == key.name:
                if known.default_factory is not MISSING:
                    return known.default_factory()
                return REQUIRED if known.default is MISSING else known.default
        return key.default

    def read(self, values: object) -> dict[str, Any]:
        """The section's values by key, each read by its kind; ConfigurationError for the first that is wrong."""
        if not isinstance(values, Mapping):
            raise ConfigurationError(
                f"{self.path} must be a section.",
                where=self.path,
                found=f"{values!r} ({type_in_words(values)})",
                remedy=f"write it as [{self.path}] with its keys below",
            )
        known = {key.name: key for key in self.keys}
        read: dict[str, Any] = {}
        for name, value in values.items():
            if name in known:
                read[name] = self._value(known[name], value)
            elif self.free:
                read[name] = self._value(Key(name, COLUMN, "an attribute"), value)
            else:
                raise unknown("key", name, (*known, *self.inner), where=f"[{self.path}]")
        return read

    def _value(self, key: Key, value: object) -> Any:
        where, expected = f"[{self.path}] {key.name}", key.kind.expected
        try:
            return key.kind.read(value)
        except WrongType:
            raise ConfigurationError(
                f"{key.name} must be a {expected}.",
                where=where,
                found=f"{_shown(value)} ({type_in_words(value)})",
                remedy=f"write {key.name} = {key.kind.example}",
            ) from None
        except ValueError as reason:
            raise ConfigurationError(
                f"{key.name} is not a {expected} that can be used.",
                where=where,
                found=_shown(value),
                remedy=str(reason),
            ) from None


def _shown(value: object) -> str:
    return repr(undisclosed(value) if isinstance(value, str) else value)


DATA = Section(
    "data",
    "Up to when the evidence is known, and what a day is.",
    DataSpec,
    (
        Key(
            "observed_until",
            MOMENT,
            "Nothing at or after this moment is known. A date is its local midnight; a time without an offset is "
            "the business's own. Usually the day after the last fact.",
        ),
        Key("timezone", TIMEZONE, "The business's time zone: days, cutoffs and horizons are its local days."),
    ),
)

QUESTION = Section(
    "question",
    "What is predicted, for whom, and at which moments it is learned.",
    Question,
    (
        Key("name", TEXT, "What the question is called in reports and scores."),
        Key(
            "horizon_days",
            HORIZONS,
            "Days after the cutoff in which the customer buys, or does not. Of several the first is judged, and all "
            "are scored.",
        ),
        Key("lookback_days", WHOLE_NUMBER, "A customer is active with a purchase in so many days before."),
        Key("population", TEXT, "Whom the question is about: active, lapsed, all or prospects."),
        Key("settle_days", WHOLE_NUMBER, "Days to wait after the horizon for late rows and returns."),
        Key("cutoff_every_days", WHOLE_NUMBER, "Days between cutoffs; the horizon unless given."),
        Key("cutoffs", WHOLE_NUMBER, "How many cutoffs are learned from and judged on."),
    ),
    inner=("target",),
)

TARGETS = (
    Section(
        "question.target",
        'With kind = "purchase", the default: the customer buys within the horizon.',
        Purchase,
        (
            Key("kind", TEXT, "Which target: purchase or spend_drop."),
            Key("where", TEXT, "An SQL condition over purchase lines; only those count as buying."),
        ),
    ),
    Section(
        "question.target",
        'With kind = "spend_drop": the customer spends less than before.',
        SpendDrop,
        (
            Key("kind", TEXT, "Which target: purchase or spend_drop."),
            Key("below", NUMBER, "The share of the customer's own average that spend falls below."),
        ),
    ),
)

CALENDAR = Section(
    "calendar",
    "Days unlike others that are known ahead. Weekends, holidays and closures of the horizon become features.",
    SpecialDays,
    (
        Key("country", TEXT, "Whose public holidays count: an ISO 3166 code, such as US or DE."),
        Key("subdivision", TEXT, "The state or province whose holidays count too, such as NY or BY."),
        Key(
            "closures",
            CLOSURES,
            "Days on which the business is closed, each as it was known ahead: a day, or two with a slash between "
            "that are the first and the last.",
        ),
    ),
)

TRAINING = Section(
    "training",
    "How the model is chosen.",
    TrainingSettings,
    (
        Key("seed", WHOLE_NUMBER, "Seed of everything random: the same seed gives the same bytes."),
        Key(
            "trials",
            WHOLE_NUMBER,
            "Recipes to try besides the default, on cutoffs before the tests; 0 tries none.",
        ),
        Key("test_cutoffs", WHOLE_NUMBER, "How many of the latest cutoffs judge the model."),
    ),
)

TRACKING = Section(
    "tracking",
    "Where MLflow keeps runs and models.",
    Tracking,
    (
        Key("uri", TEXT, "The tracking store. A relative path starts at the configuration file."),
        Key("experiment", TEXT, "The experiment that holds the runs."),
        Key("model_name", TEXT, "The name under which models are registered."),
    ),
)

SCORING = Section(
    "scoring",
    "What scores say beside the probability.",
    ScoringSettings,
    (
        Key(
            "reasons",
            TEXT,
            'For whom reasons are told in plain words: "all", "none", or the likeliest, "top:0.05" for a twentieth. '
            "[What they say](scores.md#reasons).",
        ),
    ),
)

RUN = Section(
    "run",
    "What the work may use.",
    RunSettings,
    (
        Key("memory", MEMORY, "Memory of the whole process."),
        Key("families", FAMILIES, "Your own feature families."),
        Key(
            "engine",
            ENGINE,
            '"local", or "spark" for `patron features` and `patron score` on a cluster. [On Spark](spark.md).',
        ),
        Key(
            "out",
            TEXTS,
            "Where scores go unless `--out` says it: folders, `csv:folder`, `delta:folder`, "
            "`postgresql://user:${PGPASSWORD}@host/database`. [What a score says](scores.md).",
        ),
    ),
)

PLAN = Section(
    "plan",
    "What contacts may cost and what a sale is worth, for `patron plan`. [Planning](planning.md).",
    PlanSettings,
    (
        Key("margin", NUMBER, "The share of net spend that is earned."),
        Key("budget", NUMBER, "What all contacts of a plan and their incentives may cost."),
        Key("test_budget", NUMBER, "The part of it that is kept for programmes whose effect is not known."),
        Key(
            "never_contacted",
            NUMBER,
            "The share of customers whom no programme ever touches, drawn once; 0 for none.",
        ),
        Key("opt_out", TEXT, "The column of the profile that says who wants no contact."),
        Key("programmes", TEXT, "The folder of the programmes."),
        Key("out", TEXT, "The folder of the plans; their assignments are read from there as evidence."),
    ),
)

_OPTIONS = (
    Key(
        "path",
        TEXT,
        "Parquet, CSV or JSON lines, a glob of them, or the folder of a Delta table; relative to the configuration "
        "file, or an address such as `s3://`. [Where tables come from](sources.md).",
    ),
    Key("version", VERSION, "Which version of a Delta table; the latest unless given."),
    Key(
        "connection",
        CONNECTION,
        "Instead of a path: `postgresql://user:${PGPASSWORD}@host/database`, or `duckdb:///file.duckdb`, relative to "
        "the configuration file.",
    ),
    Key(
        "table",
        TEXT,
        'A table or view of the connection, as it is written there: "orders" or "schema.orders".',
    ),
    Key("query", TEXT, "Instead of a table: a SELECT in the database's own SQL, which is run once."),
    Key("frame", FRAME, "From Python only: a pandas, polars or Arrow table instead of a path."),
    Key(
        "timezone",
        TIMEZONE,
        "How this table's times without an offset are read; the business's unless given.",
    ),
    Key("observed_from", MOMENT, "From when on the table is complete; its first fact unless given."),
    Key("where", TEXT, "An SQL condition over the source's rows; other rows are not part of the table."),
    Key(
        "key",
        TEXTS,
        "Columns of this contract that identify a row: the same key supersedes itself by recorded_at.",
    ),
)
_CURRENCY = Key(
    "currency",
    CURRENCY,
    'The currency of all amounts, "EUR"; or the column that holds each row\'s, { column = "its_name" }; or both, '
    '{ column = "its_name", only = "EUR" }, which quarantines rows in another.',
)
_SCALES = Key(
    "scales",
    SCALES,
    "The lowest and the highest score of your own instruments, so that all can be compared; nps, csat, ces and stars "
    "are known. A model keeps the scales that it was trained with.",
)
_PROFILE_OPTIONS = (
    Key(
        "attributes",
        TEXTS,
        'Attributes under their own names, all other columns unless given; any other key maps one: age = "age_years".',
    ),
    Key("static", TEXTS, "Attributes that never change; without valid_from only these are used."),
)


def _table_section(contract: TableContract) -> Section:
    special = {
        "purchases": (_CURRENCY,),
        "satisfaction": (_SCALES,),
        "profile": _PROFILE_OPTIONS,
    }.get(contract.name, ())
    columns = tuple(
        Key(column.name, COLUMN, column.meaning, REQUIRED if column.required else None)
        for column in contract.columns
        if column.name != "currency"
    )
    return Section(
        contract.name,
        contract.meaning,
        TableSpec,
        columns + _OPTIONS + special,
        free=contract.name == "profile",
    )


TABLE_SECTIONS = {name: _table_section(contract) for name, contract in TABLES.items()}
"""One section per evidence table, purchases first."""

SECTIONS = {
    section.path: section
    for section in (
        DATA,
        *TABLE_SECTIONS.values(),
        QUESTION,
        CALENDAR,
        TRAINING,
        TRACKING,
        SCORING,
        PLAN,
        RUN,
    )
}
"""All sections by name, in the order in which the documentation shows them."""
