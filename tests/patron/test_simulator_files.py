"""A simulated retailer on disk: the same bytes, a configuration that reads, and the truth out of its reach."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from patron.config import load_config
from patron.features.contracts import TABLES
from patron.features.errors import ConfigurationError
from patron.features.store import EvidenceStore
from patron.simulator import Retailer, SimulatedRetailer, simulate

SMALL = Retailer(customers=250, days=120, chunk_customers=100)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_settings_write_the_same_bytes(tmp_path: Path) -> None:
    SimulatedRetailer(SMALL).write(tmp_path / "first")
    SimulatedRetailer(SMALL).write(tmp_path / "again")
    first, again = contents(tmp_path / "first"), contents(tmp_path / "again")
    assert first == again
    assert len(first) == 3 * (len(TABLES) + 2) + 2


def test_the_files_hold_the_tables(tmp_path: Path) -> None:
    simulated = SimulatedRetailer(SMALL)
    written = simulated.write(tmp_path)
    for name in TABLES:
        table = pq.read_table(tmp_path / "evidence" / name)
        assert table.equals(simulated.tables[name]), name
        assert written.rows[name] == table.num_rows


def test_a_smaller_retailer_leaves_no_parts_of_a_larger_one(tmp_path: Path) -> None:
    SimulatedRetailer(SMALL).write(tmp_path)
    simulate(100, days=120).write(tmp_path)
    assert [path.name for path in (tmp_path / "evidence" / "purchases").iterdir()] == ["part-00000.parquet"]
    assert [path.name for path in (tmp_path / "truth" / "customers").iterdir()] == ["part-00000.parquet"]


def test_the_configuration_names_every_table_and_never_the_truth(tmp_path: Path) -> None:
    written = SimulatedRetailer(SMALL).write(tmp_path)
    config = load_config(written.config)
    assert sorted(config.data.tables) == sorted(TABLES)
    for table in config.data.tables.values():
        assert table.path is not None
        assert list(tmp_path.glob(table.path)), table.name
    assert "truth" not in written.config.read_text()


def test_every_row_that_is_written_can_be_used(tmp_path: Path) -> None:
    written = SimulatedRetailer(SMALL).write(tmp_path)
    config = load_config(written.config)
    with EvidenceStore(config.data, config.question) as store:
        assert {name: account.used for name, account in store.accounts.items()} == dict(written.rows)
        assert not any(account.odd_times for account in store.accounts.values())


@pytest.mark.parametrize(("timezone", "hour"), [("Europe/Berlin", 23), ("UTC", 0)])
def test_observed_until_is_a_local_midnight_of_the_retailer(tmp_path: Path, timezone: str, hour: int) -> None:
    written = SimulatedRetailer(Retailer(customers=20, days=60, timezone=timezone)).write(tmp_path)
    assert load_config(written.config).data.observed_until.hour == hour


def test_the_truth_says_what_was_planted(tmp_path: Path) -> None:
    SimulatedRetailer(SMALL).write(tmp_path)
    truth = json.loads((tmp_path / "truth" / "truth.json").read_text())
    assert truth["satisfaction_effect"]["coffee"] == 0.6
    assert truth["satisfaction_effect"]["printer paper"] == 0.0
    assert truth["campaigns"]["coupon by letter"]["assigned_on"] == "2025-11-14"
    assert truth["settings"]["seed"] == 7


def test_progress_counts_the_chunks(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    SimulatedRetailer(SMALL).write(tmp_path, progress=lambda what, done, total: heard.append((done, total)))
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_a_configuration_that_somebody_else_wrote_is_not_overwritten(tmp_path: Path) -> None:
    own = tmp_path / "patron.toml"
    own.write_text("# our shop\n")
    with pytest.raises(ConfigurationError, match="another configuration") as error:
        SimulatedRetailer(SMALL).write(tmp_path)
    assert error.value.found == "# our shop"
    assert [path.name for path in tmp_path.iterdir()] == ["patron.toml"]
