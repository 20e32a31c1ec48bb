"""Signs of the future in dates: answers before their order, recording times that say nothing, days without hours."""

from collections.abc import Iterator

import numpy as np

from .findings import Finding
from .localtime import DAY
from .sample import Sample, SampledTable
from .sql import quoted

_FEWEST = 20
_NEARLY_ALL = 0.9


def time_signs(sample: Sample) -> Iterator[Finding]:
    """What is wrong with when things happened and when they were written down."""
    yield from _answers_before_orders(sample)
    for table in sample.tables.values():
        if "recorded_at" in table.columns:
            yield from _recording(sample, table)
    yield from _days_without_hours(sample)


def _answers_before_orders(sample: Sample) -> Iterator[Finding]:
    tables = [sample.tables.get(name) for name in ("satisfaction", "purchases")]
    if not all(table is not None and "order_id" in table.columns for table in tables):
        return
    orders = "SELECT customer_id, order_id, min(purchased_at) AS bought FROM purchases GROUP BY ALL"
    asked = (
        "least(answered_at, asked_at)"
        if "asked_at" in sample.tables["satisfaction"].columns
        else "answered_at"
    )
    about = f"FROM satisfaction JOIN ({orders}) USING (customer_id, order_id) WHERE {asked} IS NOT NULL"
    known = int(sample.number(f"SELECT count(*) {about}") or 0)
    early = int(sample.number(f"SELECT count(*) {about} AND {asked} < bought") or 0)
    if early >= 5:
        yield Finding(
            "leak" if early >= 0.05 * known else "look",
            "answers before their order",
            "[satisfaction]",
            f"{early:,} of {known:,} surveys about an order were sent or answered before the order was placed",
            "Whoever is asked about an order that is yet to come is a buyer: the survey gives the outcome away.",
            "look at the time zones of the two tables, and at which time stands in asked_at and answered_at",
        )


def _recording(sample: Sample, table: SampledTable) -> Iterator[Finding]:
    happened = f"coalesce({', '.join(map(quoted, table.happened))})"
    rows = f"FROM {quoted(table.name)} WHERE recorded_at IS NOT NULL"
    known = int(sample.number(f"SELECT count(*) {rows}") or 0)
    if known < _FEWEST:
        return
    subject = f"[{table.name}] recorded_at"
    early = int(sample.number(f"SELECT count(*) {rows} AND recorded_at < {happened}") or 0)
    most = int(sample.number(f"SELECT max(n) FROM (SELECT count(*) AS n {rows} GROUP BY recorded_at)") or 0)
    if early >= 0.01 * known:
        yield Finding(
            "look",
            "recorded before it happened",
            subject,
            f"{early:,} of {known:,} rows were recorded before they happened",
            "Nothing can be written down before it happens: one of the two times is another, or of another zone. Rows"
            " count from the later of the two.",
            f"look at the time zones, and at what {table.happened[0]} and recorded_at say in the source",
        )
    if most >= _NEARLY_ALL * known:
        yield Finding(
            "look",
            "recorded all at once",
            subject,
            f"{most:,} of {known:,} rows were recorded at the same moment",
            "That is when the table was loaded: every cutoff before it knows nothing of these rows, and those after it"
            " have never seen what arrives late.",
            "leave recorded_at out of the mapping, or bring the times at which the rows were first written",
        )


def _days_without_hours(sample: Sample) -> Iterator[Finding]:
    """Purchases by day beside other facts by the minute: their order within the day is not known."""
    if _share_at_midnight(sample, sample.tables["purchases"]) < 0.95:
        return
    for name in ("satisfaction", "cases", "activities"):
        table = sample.tables.get(name)
        if table is not None and _share_at_midnight(sample, table) < 0.5:
            yield Finding(
                "look",
                "purchases by day, other facts by the minute",
                f"[purchases] purchased_at and [{name}]",
                f"purchases are dated at midnight, {name} with the time of day",
                f"Built just after one of the {name}, a snapshot knows a purchase that was made later on the same day."
                " Cutoffs at the beginning of a day are not touched.",
                "bring the time of day, or date purchases at the end of their day: purchased_at ="
                ' { sql = "day + INTERVAL 1 DAY - INTERVAL 1 SECOND" }',
            )


def _share_at_midnight(sample: Sample, table: SampledTable) -> float:
    column = quoted(table.happened[0])
    found = sample.arrays(f"SELECT {column} AS at FROM {quoted(table.name)} WHERE {column} IS NOT NULL")
    walls = sample.zone.to_wall(np.asarray(found["at"], np.int64))
    return float(np.mean(walls % DAY == 0)) if walls.size >= _FEWEST else 0.0
