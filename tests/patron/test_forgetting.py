"""Forgetting: nothing that Patron has written names a customer any more, and what is left is whole."""

import json
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import patron
from patron.serving.delta_output import table_of
from patron.serving.forgetting import forget_in_file, forget_in_runs
from patron.serving.places import Place, Places
from patron.serving.publishing import published
from patron.serving.staging import Staging

from ..postgres_server import Server, server

__all__ = ["server"]


@pytest.fixture
def written(trained: Any, shop: Any, server: Server, tmp_path: Path, monkeypatch: Any) -> SimpleNamespace:
    """The shop's scores in every place, a file of features and a quarantine; two customers of each kind."""
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    server.run("DROP TABLE IF EXISTS patron_scores, patron_excluded, patron_runs")
    config = shop.config(tmp_path)
    (uri,) = {trained.run.model_uri}
    model = patron.models.registry.resolve(uri, trained.config.tracking)
    out = [str(tmp_path / "scores"), f"csv:{tmp_path / 'lists'}", f"delta:{tmp_path / 'lake'}", server.url()]
    result = patron.score(config, "2025-06-01", model=str(model.folder), out=out)
    patron.write_features(config, tmp_path / "features.parquet", cutoffs="2025-05-01")
    scores, excluded = (parquet.read_table(result.folder / name) for name in ("scores", "excluded"))
    ids = [table["customer_id"][place].as_py() for table in (scores, excluded) for place in (0, 7)]
    quarantine = tmp_path / "reports" / "quarantine"
    quarantine.mkdir(parents=True)
    parquet.write_table(
        pa.table({"who": [ids[0], "x"], "amount": [None, 7]}), quarantine / "purchases.parquet"
    )
    (tmp_path / "reports" / "plan.html").write_text(f"<b>{ids[1]}</b>")
    return SimpleNamespace(config=config, ids=ids, out=out, result=result, folder=tmp_path)


def texts(folder: Path) -> bytes:
    """All that lies below a folder, Parquet as its values."""
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        if file.suffix == ".parquet":
            found.append(json.dumps(parquet.read_table(file).to_pydict(), default=str).encode())
        else:
            found.append(file.read_bytes())
    return b"\n".join(found)


def test_a_customer_is_nowhere_any_more(written: SimpleNamespace, server: Server) -> None:
    assert all(each.encode() in texts(written.folder) for each in written.ids)
    left = written.folder / f"patron-{2**22 + 1}-abc"  # of a process that was killed
    left.mkdir()
    (left / "owner.lock").touch()
    (left / "rows.txt").write_text(written.ids[0])
    told = patron.forget(written.config, written.ids, out=written.out)
    assert not left.exists()
    for place in ("scores", "lists", "features.parquet", "reports/quarantine"):
        path = written.folder / place
        content = texts(path if path.is_dir() else path.parent / "reports" / "quarantine")
        assert not any(each.encode() in content for each in written.ids)
    assert not set(written.ids) & set(
        parquet.read_table(written.folder / "features.parquet")["customer_id"].to_pylist()
    )
    for name in ("scores", "excluded"):
        lake = table_of(str(written.folder / "lake"), name).to_pyarrow_table()
        assert not set(written.ids) & set(lake["customer_id"].to_pylist())
    listed = ", ".join(f"'{each}'" for each in written.ids)
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(str(server.url())) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT customer_id FROM patron_scores UNION ALL SELECT customer_id FROM"
            f" patron_excluded) AS all_of_them WHERE customer_id IN ({listed})"
        )
        assert cursor.fetchone() == (0,)
    assert sum("rows removed" in line for line in str(told).splitlines()) == len(told.removed) == 7
    assert any("plan.html: names one of them" in each for each in told.left)
    assert any(each.startswith("[purchases]") for each in told.left)
    assert any("vacuumed" in each for each in told.left)


def test_what_is_left_is_whole_and_says_that_it_forgot(written: SimpleNamespace) -> None:
    before = published(written.result.folder)
    assert before is not None
    patron.forget(written.config, written.ids, out=written.out)
    after = published(written.result.folder)
    assert after is not None
    assert after["customers"] == before["customers"] - 4 == after["scored"] + sum(after["excluded"].values())
    assert after["scored"] == before["scored"] - 2
    assert parquet.read_table(written.result.folder / "scores").num_rows == after["scored"]
    assert [note["customers"] for note in after["forgotten"]] == [4]
    again = patron.forget(written.config, written.ids, out=written.out)
    assert again.removed == {}
    assert published(written.result.folder) == after


def test_a_database_without_its_password_is_left_and_named(written: SimpleNamespace) -> None:
    told = patron.forget(written.config, written.ids)
    assert any("postgresql" in each and "--out" in each for each in told.left)


@pytest.mark.parametrize("ids", [[], [""]])
def test_nobody_cannot_be_forgotten(shop: Any, tmp_path: Path, ids: list[str]) -> None:
    with pytest.raises(patron.ConfigurationError, match="Nobody is named"):
        patron.forget(shop.config(tmp_path), ids)


def test_an_attempt_under_way_is_thrown_away(tmp_path: Path) -> None:
    Staging.take_up(tmp_path / "run", {"cutoff": 1}).keep(0, {"scores": pa.table({"customer_id": ["a"]})}, {})
    assert forget_in_runs(tmp_path, ["a"]) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("values", "named", "left"),
    [
        (pa.array([7, 8, None]), "7", [8, None]),
        (pa.array(["7", "007"]), "7", ["007"]),
        (pa.array([7, 8]), "9", [7, 8]),
    ],
)
def test_ids_of_any_type_are_named_by_their_text(
    values: pa.Array, named: str, left: list[Any], tmp_path: Path
) -> None:
    parquet.write_table(
        pa.table({"customer_id": values, "orders": [7] * len(values)}), tmp_path / "f.parquet"
    )
    assert forget_in_file(tmp_path / "f.parquet", [named]) == len(values) - len(left)
    assert parquet.read_table(tmp_path / "f.parquet")["customer_id"].to_pylist() == left


def test_places_are_registered_once(tmp_path: Path) -> None:
    for kind, where in (("scores", "/s"), ("features", "/f"), ("scores", "/s")):
        Places(tmp_path).add(kind, where)
    assert list(Places(tmp_path)) == [Place("scores", "/s"), Place("features", "/f")]
    assert list(Places(tmp_path / "elsewhere")) == []


def test_a_register_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / ".patron").write_text("a file")
    Places(tmp_path).add("scores", "/s")
    assert list(Places(tmp_path)) == []
