"""The other places hold what the published Parquet holds, once, whatever happens on the way."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from adbc_driver_manager import AdbcStatusCode
from pyarrow import csv, parquet

from patron.features.errors import PatronError
from patron.serving import patience
from patron.serving.csv_output import escaped, restored
from patron.serving.delivering import DeliveryError, deliver
from patron.serving.delta_output import table_of
from patron.serving.destinations import Destination, destinations
from patron.serving.publishing import published

from ..postgres_server import PASSWORD, Server, server

__all__ = ["server"]

HOSTILE = [
    "=HYPERLINK(\"http://x\")", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'quoted", "''twice", "plain", "",
    "a,b", 'a"b', "line\nbreak", "../../etc/passwd", "<script>alert(1)</script>", "007", "NULL", "\uff1d1", "a=b",
]  # fmt: skip
"""Ids in their order, which is that of their code points."""
HOSTILE.sort()


def scores(ids: pa.Array, cutoff: str = "2025-06-01", **more: Any) -> pa.Table:
    """Rows as a run publishes them."""
    size = len(ids)
    moment = pa.scalar(cutoff).cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
    dates = pa.array([date(2025, 7, 1) if place % 2 else None for place in range(size)], pa.date32())
    return pa.table(
        {
            "customer_id": ids,
            "cutoff": pa.repeat(moment, size),
            "question": pa.array(['it\'s "asked"'] * size, pa.string()),
            "horizon_days": pa.array([30] * size, pa.int32()),
            "probability": pa.array([0.1 + place / 3 for place in range(size)], pa.float64()),
            "rank_in_run": pa.array(range(size), pa.int64()),
            "next_purchase_low": dates,
            **more,
        }
    )


class Runs:
    """Published runs, made by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "scores" / "asked"

    def make(
        self, name: str, rows: pa.Table, left_out: pa.Table | None = None
    ) -> tuple[Path, dict[str, Any]]:
        """A run's folder and its manifest."""
        excluded = scores(rows["customer_id"][:0]) if left_out is None else left_out
        run = self.folder / name
        for part, table in (("scores", rows), ("excluded", excluded)):
            (run / part).mkdir(parents=True)
            half = table.num_rows // 2
            for number, piece in enumerate((table.slice(0, half), table.slice(half))):
                parquet.write_table(piece, run / part / f"part-{number:05d}.parquet")
        facts = {
            "question": {"name": 'it\'s "asked"'},
            "cutoff": pc.max(rows["cutoff"]).as_py().isoformat(),
            "model_digest": "abc",
            "customers": rows.num_rows + excluded.num_rows,
            "scored": rows.num_rows,
            "excluded": {"lapsed": excluded.num_rows},
            "scored_at": "2025-06-01T02:00:00+00:00",
        }
        return run, facts


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "WAITS", (0.0, 0.0))


def text_ids() -> pa.Array:
    return pa.array(HOSTILE, pa.string())


# CSV


def test_no_text_begins_like_a_formula_and_all_come_back() -> None:
    table = pa.table({"customer_id": text_ids(), "probability": [-0.5] * len(HOSTILE)})
    safe = escaped(table)
    assert not any(text[:1] in "=+-@\t\r\n\uff1d" for text in safe["customer_id"].to_pylist() if text)
    assert restored(safe["customer_id"]).to_pylist() == HOSTILE
    assert safe["probability"].to_pylist() == table["probability"].to_pylist()


def test_csv_holds_what_parquet_holds(runs: Runs, tmp_path: Path) -> None:
    table = scores(text_ids())
    run, facts = runs.make("r1", table)
    place = Destination("csv", str(tmp_path / "lists"))
    assert deliver(run, facts, [place]) == {place.told: "written"}
    folder = tmp_path / "lists" / "asked" / "r1"
    assert published(folder) is not None
    kinds = {field.name: field.type for field in table.schema}
    options = csv.ConvertOptions(
        column_types=kinds, strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    read = csv.read_csv(
        folder / "scores.csv",
        convert_options=options,
        parse_options=csv.ParseOptions(newlines_in_values=True),
    )
    assert restored(read["customer_id"]).to_pylist() == HOSTILE
    assert read.drop_columns(["customer_id", "question"]) == table.drop_columns(["customer_id", "question"])
    assert deliver(run, facts, [place]) == {place.told: "there already"}
    assert [path.name for path in (tmp_path / "lists" / "asked").iterdir()] == ["r1"]


def test_a_csv_that_broke_off_is_written_again(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, facts = runs.make("r1", scores(text_ids()))
    place = Destination("csv", str(tmp_path / "lists"))
    with monkeypatch.context() as patch:
        patch.setattr(
            "patron.serving.csv_output.sync_file", lambda file: (_ for _ in ()).throw(OSError(28, "full"))
        )
        with pytest.raises(DeliveryError) as caught:
            deliver(run, facts, [place])
    assert "full" in str(caught.value.found)
    assert not (tmp_path / "lists" / "asked" / "r1").exists()
    assert deliver(run, facts, [place]) == {place.told: "written"}


# Delta


def test_delta_holds_what_parquet_holds_and_each_run_once(runs: Runs, tmp_path: Path) -> None:
    place = Destination("delta", str(tmp_path / "lake"))
    first = runs.make("r1", scores(text_ids()), scores(pa.array(["gone"])))
    other = runs.make("r2", scores(pa.array(["a"]), "2025-05-01"))
    again = runs.make("r3", scores(pa.array(["a", "b"]), loyalty=["x", None]))
    for run in (first, other, first, again, first, other):
        deliver(*run, [place])
    rows = (
        table_of(place.place, "scores")
        .to_pyarrow_table()
        .sort_by([("cutoff", "ascending"), ("customer_id", "ascending")])
    )
    assert rows["customer_id"].to_pylist() == ["a", "a", "b"]
    assert [moment.isoformat()[:10] for moment in rows["cutoff"].to_pylist()] == [
        "2025-05-01",
        *["2025-06-01"] * 2,
    ]
    assert rows["loyalty"].to_pylist() == [None, "x", None]
    assert table_of(place.place, "excluded").to_pyarrow_table().num_rows == 0  # those of r1 went with it
    history = table_of(place.place, "scores").history()
    assert sorted(entry["patron.run"] for entry in history) == ["r1", "r2", "r3"]


def test_a_delta_table_that_is_none_is_said(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file")
    run = runs.make("r1", scores(pa.array(["a"])))
    with pytest.raises(DeliveryError, match="could not be brought everywhere"):
        deliver(*run, [Destination("delta", str(tmp_path / "lake"))])


# PostgreSQL


@pytest.fixture
def database(server: Server) -> Iterator[Destination]:
    """An empty schema of its own for each test."""
    schema = f"s{uuid.uuid4().hex[:12]}"
    server.run(f"CREATE SCHEMA {schema}")
    _, (place,) = destinations([f"{server.url()}#{schema}"], Path())
    yield place
    server.run(f"DROP SCHEMA {schema} CASCADE")


def asked(place: Destination, query: str) -> list[tuple[Any, ...]]:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(str(place.place)) as connection, connection.cursor() as cursor:
        cursor.execute(query.format(s=place.schema))
        return cursor.fetchall()


ROWS = (
    "SELECT customer_id, cutoff::text, probability, next_purchase_low::text, run FROM {s}.patron_scores"
    ' ORDER BY customer_id COLLATE "C"'
)


def test_the_database_holds_what_parquet_holds(runs: Runs, database: Destination) -> None:
    table = scores(text_ids())
    run, facts = runs.make("r1", table, scores(pa.array(["gone", "lost"])))
    assert deliver(run, facts, [database]) == {database.told: "written"}
    rows = asked(database, ROWS)
    assert [row[0] for row in rows] == HOSTILE
    assert [row[2] for row in rows] == table["probability"].to_pylist()
    assert [row[3] for row in rows] == [
        str(day) if day else None for day in table["next_purchase_low"].to_pylist()
    ]
    assert {row[4] for row in rows} == {"r1"}
    assert asked(database, "SELECT customer_id FROM {s}.patron_excluded ORDER BY 1") == [("gone",), ("lost",)]
    (signed,) = asked(database, "SELECT run, customers, scored, excluded::text, model FROM {s}.patron_runs")
    assert signed == ("r1", facts["customers"], facts["scored"], '{"lapsed": 2}', "abc")


def test_a_run_arrives_once(runs: Runs, database: Destination) -> None:
    run, facts = runs.make("r1", scores(text_ids()))
    deliver(run, facts, [database])
    before = asked(database, "SELECT run, delivered_at::text FROM {s}.patron_runs")
    assert deliver(run, facts, [database]) == {database.told: "there already"}
    assert asked(database, "SELECT run, delivered_at::text FROM {s}.patron_runs") == before
    assert len(asked(database, ROWS)) == len(HOSTILE)


def test_a_later_run_of_the_same_cutoff_replaces_the_earlier_and_others_stay(
    runs: Runs, database: Destination
) -> None:
    for name, ids, cutoff in (
        ("r1", ["a", "b"], "2025-06-01"),
        ("r2", ["a"], "2025-05-01"),
        ("r3", ["b", "c"], "2025-06-01"),
    ):
        left_out = scores(pa.array(["a"]), cutoff) if name == "r3" else None
        deliver(*runs.make(name, scores(pa.array(ids), cutoff), left_out), [database])
    kept = asked(database, "SELECT customer_id, run FROM {s}.patron_scores ORDER BY 1, 2")
    assert kept == [("a", "r2"), ("b", "r3"), ("c", "r3")]
    assert asked(database, "SELECT customer_id, run FROM {s}.patron_excluded") == [("a", "r3")]


def test_a_newer_model_may_say_more(runs: Runs, database: Destination) -> None:
    deliver(*runs.make("r1", scores(pa.array(["a"]), "2025-05-01")), [database])
    deliver(*runs.make("r2", scores(pa.array(["a"]), loyalty=["loyal"])), [database])
    assert asked(database, "SELECT run, loyalty FROM {s}.patron_scores ORDER BY 1") == [
        ("r1", None),
        ("r2", "loyal"),
    ]


def numbers() -> pa.Array:
    return pa.array([-5, 9_007_199_254_740_993], pa.int64())


def days() -> pa.Array:
    return pa.array([date(1990, 1, 1), date(1990, 1, 2)], pa.date32())


def universal() -> pa.Array:
    return pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([bytes([7] * 16), bytes([8] * 16)], pa.binary(16))
    )


@pytest.mark.parametrize("make", [numbers, days, universal])
def test_ids_keep_their_type(
    make: Callable[[], pa.Array], runs: Runs, database: Destination, tmp_path: Path
) -> None:
    places = [database, Destination("csv", str(tmp_path / "lists"))]
    deliver(*runs.make("r1", scores(make())), places)
    texts = [str(each) for each in make().to_pylist()]
    assert [
        row[0]
        for row in asked(database, "SELECT customer_id::text FROM {s}.patron_scores ORDER BY customer_id")
    ] == texts
    lines = (tmp_path / "lists" / "asked" / "r1" / "scores.csv").read_text().splitlines()[1:]
    assert [line.split(",")[0].strip('"') for line in lines] == texts


@pytest.mark.parametrize("statement", ["INSERT INTO", "DELETE FROM", "SELECT count"])
def test_what_fails_on_the_way_leaves_the_database_as_it_was(
    runs: Runs, database: Destination, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adbc_driver_postgresql import dbapi

    deliver(*runs.make("r1", scores(pa.array(["a", "b"]))), [database])
    before = asked(database, ROWS)
    execute = dbapi.Cursor.execute

    def breaking(self: Any, operation: str, *arguments: Any) -> Any:
        found = execute(self, operation, *arguments)
        if operation.startswith(statement) and "patron_excluded" in operation:
            raise dbapi.OperationalError("the line broke", status_code=AdbcStatusCode.IO)
        return found

    run, facts = runs.make("r2", scores(pa.array(["b", "c"])))
    with monkeypatch.context() as patch:
        patch.setattr(dbapi.Cursor, "execute", breaking)
        with pytest.raises(DeliveryError, match="published, and could not be brought") as caught:
            deliver(run, facts, [database])
    assert "the line broke" in str(caught.value.found)
    assert asked(database, ROWS) == before
    assert deliver(run, facts, [database]) == {database.told: "written"}
    assert [row[0] for row in asked(database, ROWS)] == ["b", "c"]


def test_a_database_that_is_away_for_a_while_is_asked_again(
    runs: Runs, database: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adbc_driver_postgresql import dbapi

    connect, tried = dbapi.connect, []

    def away(url: str) -> Any:
        tried.append(url)
        if len(tried) < 3:
            raise dbapi.OperationalError("connection refused", status_code=AdbcStatusCode.IO)
        return connect(url)

    monkeypatch.setattr(dbapi, "connect", away)
    assert deliver(*runs.make("r1", scores(pa.array(["a"]))), [database]) == {database.told: "written"}
    assert len(tried) == 3


def test_a_database_that_stays_away_is_said_without_the_password_and_others_are_served(
    runs: Runs, server: Server, tmp_path: Path
) -> None:
    import socket

    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        url = server.url(port=str(other.getsockname()[1]))
    _, places = destinations([url, "csv:lists"], tmp_path)
    run = runs.make("r1", scores(pa.array(["a"])))
    with pytest.raises(DeliveryError) as caught:
        deliver(*run, places)
    assert "cannot be reached" in str(caught.value.found)
    assert PASSWORD not in str(caught.value)
    assert (tmp_path / "lists" / "asked" / "r1" / "scores.csv").exists()


def test_a_user_who_may_not_create_tables_is_told(runs: Runs, database: Destination, server: Server) -> None:
    server.run("DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN PASSWORD 'only'")
    _, (place,) = destinations([f"{server.url('only', user='reader')}#{database.schema}"], Path())
    with pytest.raises(PatronError, match="could not be brought") as caught:
        deliver(*runs.make("r1", scores(pa.array(["a"]))), [place])
    assert "permission denied" in str(caught.value.found)
    server.run("DROP ROLE reader")


# The whole way


def test_a_run_of_the_shop_is_the_same_in_every_place(
    score: Callable[..., SimpleNamespace], database: Destination, tmp_path: Path
) -> None:
    places = [
        database,
        Destination("csv", str(tmp_path / "lists")),
        Destination("delta", str(tmp_path / "lake")),
    ]
    run = score(places=places)
    assert set(run.result.delivered.values()) == {"written"}
    expected = run.scores.select(["customer_id", "probability", "rank_in_run"]).to_pydict()
    rows = asked(database, "SELECT customer_id, probability, rank_in_run FROM {s}.patron_scores ORDER BY 1")
    assert [list(column) for column in zip(*rows, strict=True)] == list(expected.values())
    lake = table_of(str(tmp_path / "lake"), "scores").to_pyarrow_table().sort_by("customer_id")
    assert lake.select(list(expected)).to_pydict() == expected
    file = tmp_path / "lists" / "repurchase" / run.result.folder.name / "scores.csv"
    assert csv.read_csv(file).select(list(expected)).to_pydict() == expected
    again = score(places=places).result
    assert again.repeated
    assert set(again.delivered.values()) == {"there already"}
    assert json.loads(json.dumps(again.to_dict(), default=str))["delivered"] == dict(again.delivered)
