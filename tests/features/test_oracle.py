"""Every kind of measure against plain SQL over the same evidence, snapshot by snapshot.

The SQL knows nothing of timelines, prefix sums or segments: it joins every snapshot with every row that it may see.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from patron.features.engine import build_snapshots, prepare
from patron.features.expressions import Evidence, Measure, MeasureKind, Window
from patron.features.family import Family, Feature
from patron.features.localtime import FOREVER, to_microseconds
from patron.features.question import Question

DAY = 86_400_000_000
CUTOFFS = [datetime(2020, 3, 1), datetime(2020, 7, 1), datetime(2020, 7, 2), datetime(2020, 12, 31)]


class Case(NamedTuple):
    """A measure: of which column, in which days before the cutoff (None is ever), where which column says what.

    `bound` is ("since" or "before", a timeline, whose last event bounds the window); of what is left only the `latest`
    rows count. `by` is the column of words of `usual`, `part` that of a `cycle`.
    """

    timeline: str
    kind: str
    column: str | None = None
    days: tuple[int | None, int] = (None, 0)
    where: tuple[str, str] | None = None
    bound: tuple[str, str] | None = None
    latest: int | None = None
    by: str | None = None
    part: str | None = None

    @property
    def name(self) -> str:
        words = (*self[:3], *self.days, *(self.where or ()), *(self.bound or ()), *self[6:])
        return "_".join(str(part) for part in words).lower()


WINDOWS = ((None, 0), (30, 0), (90, 0), (200, 60))
THRESHOLD = 2.0
HALF_LIFE = 11.0
NUMBERS = (
    "sum",
    "mean",
    "spread",
    "minimum",
    "maximum",
    "median",
    "slope",
    "first",
    "last",
    "at_least",
    "at_most",
    "streak",
)
WORDS = ("distinct", "mode", "concentration", "entropy", "new")
CYCLE_PARTS = ("alive", "due", "soonest", "pace")
WITHIN = 45
SHIFT = 90
FEWEST_ROWS = 3
BOUNDS = tuple(
    (side, timeline) for side in ("since", "before") for timeline in ("orders", "cases", "answers")
)
CASES = [
    *(Case("lines", kind, "amount", days) for kind in NUMBERS for days in WINDOWS),
    *(Case("lines", kind, "quantity", days) for kind in NUMBERS for days in WINDOWS[:2]),
    *(Case("lines", kind, "discount", days) for kind in ("mean", "last", "minimum") for days in WINDOWS[:2]),
    *(Case("orders", kind, column) for kind in NUMBERS for column in ("amount", "discount", "lines", "gap")),
    *(Case("orders", kind, "amount", days) for kind in NUMBERS for days in WINDOWS[1:]),
    *(Case("answers", kind, "score", days) for kind in NUMBERS for days in WINDOWS),
    *(Case("answers", kind, "delay") for kind in ("mean", "last", "first")),
    *(Case("contacts", kind, "cost", where=("channel", "web")) for kind in NUMBERS),
    *(Case("responses", kind, "duration", days) for kind in ("mean", "median", "last") for days in WINDOWS),
    *(
        Case(timeline, kind, None, days)
        for timeline in (
            "lines",
            "orders",
            "returns",
            "asked",
            "answers",
            "contacts",
            "responses",
            "mentions",
            "cases",
            "closings",
        )
        for kind in ("count", "days_since_first", "days_since_last")
        for days in WINDOWS
    ),
    *(Case("mentions", kind, "sentiment", days) for kind in NUMBERS for days in WINDOWS),
    *(Case("mentions", kind, "negative", days) for kind in ("sum", "mean") for days in WINDOWS),
    *(Case("mentions", kind, "reach", where=("network", "web")) for kind in ("sum", "maximum")),
    Case("profile", "category", "word region"),
    *(Case("profile", kind, "number income") for kind in ("current", "last", "mean")),
    Case("profile", "current", "number member"),
    Case("profile", "days_since", "date birthday"),
    *(
        Case("lines", kind, column, days)
        for kind in WORDS
        for column in ("category", "channel")
        for days in WINDOWS
    ),
    *(Case("cases", kind, "topic", latest=latest) for kind in WORDS for latest in (None, 3)),
    *(Case("contacts", kind, "activity", where=("channel", "web")) for kind in WORDS),
    *(Case("lines", "shift", column, days) for column in ("category", "channel") for days in WINDOWS[:1]),
    *(Case("lines", "cycle", "category", days, part=part) for part in CYCLE_PARTS for days in WINDOWS[::3]),
    *(Case("contacts", "cycle", "activity", part=part) for part in CYCLE_PARTS),
    *(Case("lines", "usual", "amount", days, by=by) for by in ("category", "channel") for days in WINDOWS),
    Case("answers", "usual", "score", by="expectation"),
    *(Case("cases", kind, "closed_at", days) for kind in ("open", "days_open") for days in WINDOWS),
    *(Case("asked", kind, "answered_at", days) for kind in ("open", "days_open") for days in WINDOWS),
    *(Case("asked", kind, "answered_at", latest=3) for kind in ("open", "days_open")),
    *(Case("cases", kind, "severity", days) for kind in NUMBERS for days in WINDOWS),
    *(Case("cases", "at_most", "gap", days) for days in WINDOWS),
    *(Case("closings", kind, column) for kind in NUMBERS for column in ("duration", "reopened")),
    *(Case("lines", kind, "amount", bound=bound) for kind in NUMBERS for bound in BOUNDS),
    *(Case("answers", kind, "score", bound=bound) for kind in NUMBERS for bound in BOUNDS),
    *(Case("orders", kind, None, bound=bound) for kind in ("count", "days_since_first") for bound in BOUNDS),
    *(Case("lines", kind, "category", bound=bound) for kind in WORDS for bound in BOUNDS[:3:2]),
    *(Case("answers", kind, "score", latest=latest) for kind in NUMBERS for latest in (1, 3)),
    *(Case("lines", kind, "amount", (90, 0), latest=2) for kind in NUMBERS),
    *(Case("lines", kind, "amount", bound=("before", "cases"), latest=2) for kind in NUMBERS),
    *(Case("answers", kind, None, latest=3) for kind in ("count", "days_since_first", "days_since_last")),
    *(Case("lines", "count", None, days, ("channel", "web")) for days in WINDOWS),
    *(Case("answers", "count", None, days, ("expectation", "met")) for days in WINDOWS),
    Case("lines", "category", "category"),
    Case("orders", "category", "channel"),
    Case("orders", "decayed"),
    Case("lines", "decayed", "quantity"),
    Case("contacts", "decayed", None, where=("activity", "call")),
]


def measured(case: Case, given: dict[str, Evidence]) -> Measure:
    """The case as an expression."""
    evidence = given[case.timeline]
    chosen = evidence.where(*case.where) if case.where else evidence
    window = Window(chosen, *case.days, latest=case.latest)
    if case.bound:
        side, timeline = case.bound
        moment = given[timeline].ever().days_since_last()
        window = replace(window, **{side: moment})
    if case.kind in ("at_least", "at_most", "streak"):
        assert case.column is not None
        return getattr(window, case.kind)(case.column, THRESHOLD)
    if case.kind == "decayed":
        return window.decayed(HALF_LIFE, case.column)
    extra = {"shift": (chosen.last(SHIFT),), "cycle": (WITHIN,), "usual": (case.by,)}.get(case.kind, ())
    columns = [case.column] if case.column else []
    if case.kind == "cycle":
        columns = [case.part, case.column]
    return getattr(window, case.kind)(*columns, *extra)


class EveryMeasure(Family):
    """All cases."""

    name = "every_measure"
    reads = (
        *("lines", "orders", "returns", "asked", "answers", "contacts", "responses", "mentions"),
        *("cases", "closings", "profile"),
    )

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        given = {each.timeline: each for each in evidence}
        for case in CASES:
            yield Feature(case.name, measured(case, given), "x", "x")


AGGREGATES = {
    "count": "count(h)",
    "sum": "coalesce(sum(x), 0)",
    "mean": "avg(x)",
    "spread": "stddev_samp(x)",
    "minimum": "min(x)",
    "maximum": "max(x)",
    "median": "median(x)",
    "slope": f"CASE WHEN count(DISTINCT h) FILTER (x IS NOT NULL) > 1 THEN regr_slope(x, (h - t) / {DAY}.0) END",
    "first": "first(x ORDER BY place) FILTER (h IS NOT NULL)",
    "last": "last(x ORDER BY place) FILTER (x IS NOT NULL)",
    "category": "last(x ORDER BY place) FILTER (h IS NOT NULL)",
    "distinct": "count(DISTINCT x)",
    "current": "last(x ORDER BY place) FILTER (h IS NOT NULL)",
    "days_since": "CASE WHEN last(x ORDER BY place) FILTER (h IS NOT NULL) <= t"
    f" THEN (t - last(x ORDER BY place) FILTER (h IS NOT NULL)) / {DAY}.0 END",
    "new": "count(x) FILTER (is_first)",
    "days_since_first": f"(t - min(h)) / {DAY}.0",
    "days_since_last": f"(t - max(h)) / {DAY}.0",
    "at_least": f"count(*) FILTER (x >= {THRESHOLD})",
    "at_most": f"count(*) FILTER (x <= {THRESHOLD})",
    "streak": f"coalesce(list_position(list(coalesce(x >= {THRESHOLD}, false) ORDER BY place DESC)"
    " FILTER (h IS NOT NULL), false) - 1, count(h))",
    "decayed": f"coalesce(sum(x * 2 ** (-(t - h) / {DAY}.0 / {HALF_LIFE})), 0)",
    "open": "count(h) FILTER (x IS NULL OR x >= t)",
    "days_open": f"(t - min(h) FILTER (x IS NULL OR x >= t)) / {DAY}.0",
    "usual": "avg(usual)",
}

OF_EACH_WORD = {
    "mode": "first(x ORDER BY n DESC, latest DESC) FILTER (x IS NOT NULL)",
    "concentration": "sum(n * n) / sum(n) ** 2",
    "entropy": "ln(sum(n)) - sum(n * ln(n)) / sum(n)",
    "shift": "CASE WHEN any_value(befores) > 0 AND any_value(afters) > 0"
    " THEN sum(abs(before / befores - after / afters)) / 2 END",
    "alive": "count(*) FILTER (alive)",
    "due": f"count(*) FILTER (alive AND cycle - since < {WITHIN * DAY})",
    "soonest": f"min(cycle - since) FILTER (alive) / {DAY}.0",
    "pace": f"coalesce(sum({WITHIN * DAY} / cycle) FILTER (alive), 0)",
}
"""Over one row for each word of a snapshot's window: how often it came, and when."""


class Oracle:
    """The evidence in plain tables, and for each snapshot the events that it may see."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]], columns: dict[str, str]) -> None:
        self.sql = duckdb.connect(config={"threads": 1})
        for name, rows in tables.items():
            self._load(name, rows, columns[name].split())
        self._holders(tables["identities"])
        self._purchases()
        self._cases()
        self._surveys_and_contacts()

    def _load(self, name: str, rows: list[dict[str, Any]], columns: list[str]) -> None:
        texts = {"order_id", "product_id", "category", "channel", "instrument", "expectation"}
        texts |= {"activity", "initiated_by", "network", "topic", "objective", "result", "region"}
        made = {}
        for column in columns:
            values = [row[column] for row in rows]
            if column.endswith("_at") or column in ("valid_from", "birthday"):
                values = [None if v is None else to_microseconds(v.replace(tzinfo=UTC)) for v in values]
                made[column] = pa.array(values, pa.int64())
            elif column == "member":
                made[column] = pa.array(values, pa.bool_()).cast(pa.float64())
            else:
                kind = pa.int64() if column in ("customer_id", "alias_id", "referrer_id") else pa.float64()
                made[column] = pa.array(values, pa.string() if column in texts else kind)
        self.sql.register("given", pa.table(made))
        self.sql.execute(f"CREATE TABLE {name} AS SELECT row_number() OVER () AS id, * FROM given")
        self.sql.unregister("given")

    def _holders(self, links: list[dict[str, Any]]) -> None:
        """Who holds each id's facts at each cutoff, and since when, by walking from alias to alias."""
        belongs: dict[int, tuple[int, int]] = {}
        dated = [
            (to_microseconds(r["linked_at"].replace(tzinfo=UTC)), r["alias_id"], r["customer_id"])
            for r in links
        ]
        for linked, alias, main in sorted(dated):
            above, root = main, main
            while above in belongs:
                above = root = belongs[above][0]
            if alias not in belongs and root != alias:
                belongs[alias] = (main, linked)
        rows = []
        for moment in (to_microseconds(cutoff.replace(tzinfo=UTC)) for cutoff in CUTOFFS):
            for someone in range(-1, 10):
                holder, since = someone, -FOREVER
                while holder in belongs and belongs[holder][1] < moment:
                    holder, since = belongs[holder][0], max(since, belongs[holder][1])
                rows.append((moment, someone, holder, since))
        self.sql.execute("CREATE TABLE holders (t BIGINT, customer BIGINT, holder BIGINT, since BIGINT)")
        self.sql.executemany("INSERT INTO holders VALUES (?, ?, ?, ?)", rows)

    def _purchases(self) -> None:
        self.sql.execute("""
            CREATE TABLE facts AS
            SELECT id, customer_id, purchased_at AS h, greatest(purchased_at, recorded_at) AS k,
                   * EXCLUDE (id, customer_id, purchased_at, recorded_at)
            FROM purchases
            QUALIFY product_id IS NULL OR row_number() OVER (
                PARTITION BY product_id, k ORDER BY recorded_at DESC NULLS LAST, customer_id, purchased_at, amount,
                order_id, quantity, category, discount, channel) = 1;
            CREATE TABLE versions AS
            SELECT *, CASE WHEN product_id IS NOT NULL THEN lead(k) OVER (PARTITION BY product_id ORDER BY k) END AS u
            FROM facts;
            CREATE TABLE known AS
            SELECT t, holder, greatest(k, since) AS k, versions.* EXCLUDE (k)
            FROM versions JOIN holders ON customer = customer_id AND greatest(k, since) < t;
            CREATE TABLE lines AS
            SELECT *, row_number() OVER (PARTITION BY t, holder ORDER BY h, k, amount, order_id NULLS FIRST, quantity,
                product_id NULLS FIRST, category NULLS FIRST, discount NULLS FIRST, channel NULLS FIRST) AS place
            FROM known WHERE u IS NULL OR u >= t;
            CREATE TABLE returns AS SELECT * FROM lines WHERE amount < 0;
            CREATE TABLE changed AS  -- when an order last became another before the cutoff
            SELECT t, holder, order_id, max(greatest(k, CASE WHEN u < t THEN u END)) AS k FROM known
            WHERE order_id IS NOT NULL AND coalesce(u, 0) <> k GROUP BY ALL;
            CREATE TABLE orders AS
            SELECT *, (h - lag(h) OVER (PARTITION BY t, holder ORDER BY h)) / 86400e6 AS gap,
                row_number() OVER (PARTITION BY t, holder ORDER BY h, k, amount, lines, discount,
                                   channel NULLS FIRST) AS place
            FROM (
                SELECT t, holder, min(lines.h) AS h, any_value(coalesce(changed.k, lines.k)) AS k,
                    sum(amount) FILTER (amount > 0) AS amount, count(*) FILTER (amount > 0) AS lines,
                    sum(coalesce(discount, 0)) FILTER (amount > 0) AS discount,
                    first(channel ORDER BY place) AS channel
                FROM lines LEFT JOIN changed USING (t, holder, order_id)
                GROUP BY t, holder, order_id, CASE WHEN order_id IS NULL THEN place END
                HAVING sum(amount) FILTER (amount > 0) > 0)
        """)

    def _cases(self) -> None:
        self.sql.execute(f"""
            CREATE TABLE case_facts AS
            SELECT *, greatest(opened_at, recorded_at) AS k FROM cases
            QUALIFY topic IS NULL OR row_number() OVER (
                PARTITION BY topic, k ORDER BY recorded_at DESC NULLS LAST, customer_id, opened_at, closed_at,
                severity, channel, reopened) = 1;
            CREATE TABLE told AS
            SELECT t, holder, since, closed_at, opened_at, severity, topic, reopened, k
            FROM (SELECT *, CASE WHEN topic IS NOT NULL THEN lead(k) OVER (PARTITION BY topic ORDER BY k) END AS u
                  FROM case_facts) JOIN holders ON customer = customer_id
            WHERE greatest(k, since) < t AND (u IS NULL OR u >= t);
            CREATE OR REPLACE TABLE cases AS
            SELECT *, (h - lag(h) OVER (PARTITION BY t, holder ORDER BY place)) / 86400e6 AS gap FROM (
                SELECT *, opened_at AS h, row_number() OVER (
                    PARTITION BY t, holder ORDER BY opened_at, greatest(k, since), severity, topic NULLS FIRST) AS place
                FROM told);
            CREATE TABLE closings AS
            SELECT *, row_number() OVER (PARTITION BY t, holder ORDER BY h, greatest(h, k, since), duration, reopened)
                AS place
            FROM (SELECT *, closed_at AS h, (closed_at - opened_at) / {DAY}.0 AS duration FROM told WHERE closed_at < t)
        """)

    def _surveys_and_contacts(self) -> None:
        def seen(table: str, happened: str, columns: str, order: str) -> str:
            return (
                f"SELECT *, row_number() OVER (PARTITION BY t, holder ORDER BY h, k, {order}) AS place"
                f" FROM (SELECT t, holder, {happened} AS h, greatest({happened}, recorded_at, since) AS k, {columns}"
                f" FROM {table} JOIN holders ON customer = customer_id) WHERE h IS NOT NULL AND k < t"
            )

        delay = f"CASE WHEN asked_at IS NOT NULL THEN (answered_at - asked_at) / {DAY}.0 END AS delay"
        took = f"(responded_at - occurred_at) / {DAY}.0 AS duration"
        contact = "activity, channel, cost"
        made = {
            "asked": seen("satisfaction", "asked_at", "instrument, answered_at", "instrument"),
            "answers": seen(
                "satisfaction",
                "answered_at",
                f"{delay}, score, expectation",
                "delay, score, expectation NULLS FIRST",
            ),
            "contacts": seen(
                "activities", "occurred_at", contact, contact.replace(",", " NULLS FIRST,") + " NULLS FIRST"
            ),
            "responses": seen("activities", "responded_at", took, "duration"),
            "mentions": seen(
                "mentions",
                "mentioned_at",
                "network, sentiment, reach, CAST(sentiment < 0 AS INT) AS negative",
                "negative, network NULLS FIRST, sentiment, reach",
            ),
            "profile": seen(
                "profile",
                "valid_from",
                "region, income, birthday, member",
                "region NULLS FIRST, income, birthday NULLS FIRST, member",
            ),
        }
        for name, query in made.items():
            self.sql.execute(f"CREATE OR REPLACE TABLE {name} AS {query}")  # some are made of themselves

    def buyers(self) -> set[tuple[int, int]]:
        """The snapshots (customer, cutoff) that have bought."""
        return set(self.sql.execute("SELECT DISTINCT holder, t FROM orders").fetchall())

    def value(self, case: Case) -> dict[tuple[int, int], Any]:
        """The case for every snapshot that has bought."""
        rows = self._rows(case)
        if case.kind in OF_EACH_WORD or case.part:
            query = f"SELECT holder, t, {OF_EACH_WORD[case.part or case.kind]} FROM ({_each_word(rows)}) GROUP BY ALL"
        else:
            known = "any_value(bound) IS NOT NULL" if case.bound else "true"
            value = f"CASE WHEN {known} THEN {AGGREGATES[case.kind]} END"
            query = f"SELECT holder, t, {value} FROM ({rows}) GROUP BY holder, t"
        return {(row[0], row[1]): row[2] for row in self.sql.execute(query).fetchall()}

    def _rows(self, case: Case) -> str:
        """Every snapshot that has bought with each row of the case's window, or once without any."""
        start, end = case.days
        conditions = ["e.holder = s.holder", "e.t = s.t", f"e.h < s.t - {end * DAY}"]
        if start is not None:
            conditions.append(f"e.h >= s.t - {start * DAY}")
        side, other = case.bound or ("since", case.timeline)
        if case.bound:
            conditions.append(f"e.h {'>=' if side == 'since' else '<'} bound")
        column = case.by or (case.column or "1").rpartition(" ")[2]
        means = "SELECT NULL AS t, NULL AS word, NULL AS usual"
        if case.by:
            means = (
                f"SELECT t, lower(trim({case.by})) AS word, avg({case.column}) AS usual FROM {case.timeline}"
                f" WHERE word IS NOT NULL GROUP BY ALL HAVING count({case.column}) >= {FEWEST_ROWS}"
            )
        filtered = f"WHERE lower(trim({case.where[0]})) = '{case.where[1]}'" if case.where else ""
        return (
            "SELECT * FROM (SELECT s.holder, s.t, bound, h, x, place, is_first, usual,"
            " row_number() OVER (PARTITION BY s.holder, s.t ORDER BY place DESC NULLS LAST) AS back"
            " FROM (SELECT DISTINCT holder, t FROM orders) AS s"
            f" LEFT JOIN (SELECT holder, t, max(h) AS bound FROM {other} GROUP BY ALL) AS b USING (holder, t)"
            f" LEFT JOIN (SELECT *, {column} AS x,"
            f" row_number() OVER (PARTITION BY t, holder, {column} ORDER BY place) = 1 AS is_first"
            f" FROM {case.timeline} {filtered}) AS e ON {' AND '.join(conditions)}"
            f" LEFT JOIN ({means}) AS m ON m.t = s.t AND m.word = lower(trim(CAST(e.x AS VARCHAR))))"
            f" WHERE back <= {case.latest or 1_000_000}"
        )


def _each_word(rows: str) -> str:
    """Rows of windows as one row for each of their words; a snapshot without any keeps one that has none."""
    words = (
        f"SELECT holder, t, x, count(x) AS n, max(place) AS latest, count(DISTINCT h) AS moments,"
        f" count(x) FILTER (h < t - {SHIFT * DAY}) AS before, count(x) FILTER (h >= t - {SHIFT * DAY}) AS after,"
        f" CASE WHEN moments > 1 THEN (max(h) - min(h)) / (moments - 1) END AS cycle, t - max(h) AS since"
        f" FROM ({rows}) GROUP BY holder, t, x"
    )
    return (
        "SELECT *, coalesce(x IS NOT NULL AND since <= 3 * cycle, false) AS alive,"
        " sum(before) OVER (PARTITION BY holder, t) AS befores, sum(after) OVER (PARTITION BY holder, t) AS afters"
        f" FROM (SELECT * REPLACE (CASE WHEN n > 0 THEN n END AS n) FROM ({words}))"
    )


@pytest.mark.parametrize("seed", range(5))
def test_every_measure_is_what_sql_says(
    seed: int,
    random_evidence: Callable[..., Any],
    columns_of_random: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("patron.features.learning.FEWEST_ROWS", FEWEST_ROWS)
    evidence = random_evidence(seed, customers=4, rows=45)
    oracle = Oracle(evidence.tables, columns_of_random)
    question = Question(population="all")
    moments = np.array([to_microseconds(cutoff.replace(tzinfo=UTC)) for cutoff in CUTOFFS])

    with evidence.business().store(question) as store:
        prepared = prepare(store, question, (EveryMeasure,), moments)
        table, _ = build_snapshots(store, prepared, moments, memory=1 << 30)

    keys = list(
        zip(table["customer_id"].to_pylist(), table["cutoff"].cast(pa.int64()).to_pylist(), strict=True)
    )
    assert set(keys) == oracle.buyers()
    wrong = [
        message for case in CASES for message in differences(case, table[case.name], keys, oracle.value(case))
    ]
    assert wrong == []


def differences(case: Case, column: pa.ChunkedArray, keys: list[Any], expected: dict[Any, Any]) -> list[str]:
    """What is not as expected: counts and sums of money to the bit of a float32, the rest to a millionth."""
    exact = case.kind in ("count", "distinct", "at_least", "at_most", "streak", "open", "new") or (
        case.kind == "sum" and case.timeline != "answers"
    )
    wrong = []
    for key, value in zip(keys, column.to_pylist(), strict=True):
        right = expected[key]
        if case.kind in ("category", "mode"):
            same = value == right
        elif right is None:
            same = value is None or np.isnan(value)
        elif exact:
            same = np.float32(value) == np.float32(right)
        else:
            same = bool(np.isclose(value, float(right), rtol=1e-6, atol=1e-9))
        if not same:
            wrong.append(f"{case.name} at {key}: {value}, and SQL says {right}")
    return wrong


def test_every_kind_of_measure_has_a_case():
    assert {case.kind for case in CASES} == set(get_args(MeasureKind))
