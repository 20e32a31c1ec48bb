"""The good rows of a table as facts of coded customers, each from when until when it is known, in SQL."""

from .columns import MONEY_UNITS
from .contracts import TABLES
from .localtime import FOREVER
from .question import Purchase, Question
from .reading import TableReader
from .sql import quoted


def fact_rows(reader: TableReader, question: Question) -> str:
    """The rows of a table that was read: customer, happened, recorded, its columns, until.

    `until` is the last column, so that in rows sorted by all of them a later correction does not change the order of
    those that were known before it. Purchases have `is_target`: whether the line counts for the question's target.
    """
    columns = [c for c in reader.columns if c not in ("customer_id", "alias_id", "recorded_at")]
    recorded = "coalesce(recorded_at, happened)" if "recorded_at" in reader.columns else "happened"
    kept = ["happened", f"greatest({recorded}, happened) AS recorded"]
    kept += [_person(reader, column) for column in columns]
    facts = reader.good
    if reader.contract.name == "purchases":
        kept.append("is_target")
        facts = with_target_lines(reader, question)
    kept.append(f"{_superseded(reader)} AS until")
    return (
        f"SELECT code.customer, {', '.join(kept)} FROM {facts} AS fact"
        " JOIN customers AS code ON code.id = fact.customer_id"
    )


def is_row_by_row(reader: TableReader, question: Question) -> bool:
    """Whether each fact follows from its own row, at so little cost that it need not be kept."""
    asks = isinstance(question.target, Purchase) and question.target.where is not None
    is_asked = asks and reader.contract.name == "purchases"
    return not reader.spec.key and len(reader.id_types) == 1 and not is_asked


def implied_columns(reader: TableReader, linked: bool) -> dict[str, str | int | bool]:
    """What the columns of facts that are made row by row hold for sure: one value, or what another column holds.

    A link of an alias makes facts known later, and ends them.
    """
    implied: dict[str, str | int | bool] = {} if linked else {"until": FOREVER}
    if "recorded_at" not in reader.columns and not linked:
        implied["recorded"] = "happened"
    return implied | {"is_target": True} if reader.contract.name == "purchases" else implied


def _person(reader: TableReader, column: str) -> str:
    if column in reader.id_types:
        return f"(SELECT customer FROM customers WHERE id = fact.{quoted(column)}) AS {quoted(column)}"
    return f"fact.{quoted(column)}"


def _superseded(reader: TableReader) -> str:
    """When a row stopped being the latest with its key; a row without a key never does."""
    if not reader.spec.key:
        return f"CAST({FOREVER} AS BIGINT)"
    keys = [f"fact.{quoted(column)}" for column in reader.spec.key]
    complete = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    following = f"lead(recorded) OVER (PARTITION BY {', '.join(keys)} ORDER BY recorded)"
    return f"CASE WHEN {complete} THEN coalesce({following}, {FOREVER}) ELSE {FOREVER} END"


def with_target_lines(reader: TableReader, question: Question) -> str:
    """The purchase lines with `is_target`.

    The condition sees the contract's columns, money in whole currency and times as timestamps.
    """
    if not isinstance(question.target, Purchase) or question.target.where is None:
        return f"(SELECT *, true AS is_target FROM {reader.good})"
    shown = {"money": "{name} / {units}.0 AS {name}", "time": "make_timestamptz({name}) AS {name}"}
    kinds = {name: TABLES["purchases"].column(name).kind for name in reader.columns}
    changed = [name for name in reader.columns if kinds[name] in shown]
    replaced = ", ".join(shown[kinds[name]].format(name=name, units=MONEY_UNITS) for name in changed)
    kept = ", ".join(f"{name} AS {quoted('kept ' + name)}" for name in changed)
    back = ", ".join(f"{quoted('kept ' + name)} AS {name}" for name in changed)
    condition = f"coalesce(CAST(({question.target.where}) AS BOOLEAN), false) AS is_target"
    return (
        f"(SELECT * REPLACE ({back}) FROM (SELECT *, {condition} FROM"
        f" (SELECT * REPLACE ({replaced}), {kept} FROM {reader.good})))"
    )
