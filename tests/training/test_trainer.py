"""A training run: the same bytes for the same data, a contract that says all a scorer needs, and nobody's name."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import patron
from patron.config import Config
from patron.features.errors import GateError
from patron.models.artefact import Artefact
from patron.training import trainer
from patron.training.record import Record

Trained = Callable[[Config], Artefact]


@pytest.fixture
def artefact_of(quick: None, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """Trains without a registry and gives the artefact."""
    records: list[Record] = []

    monkeypatch.setattr(trainer, "write_dossier", lambda record, *rest: records.append(record))
    monkeypatch.setattr(trainer, "record_training", lambda *dossier: None)

    def train(config: Config) -> Artefact:
        patron.train(config)
        return records[-1].artefact

    return train


@pytest.fixture(scope="session")
def champion(trained: Any) -> Mapping[str, bytes]:
    """The files of the shop's champion."""
    from patron.models.registry import resolve

    return resolve("models:/repurchase@champion", trained.config.tracking).artefact.files()


def changed_files(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    return [name for name in one if one[name] != other[name]]


def test_the_same_data_configuration_and_seed_give_the_same_bytes(
    shop: Any, champion: Mapping[str, bytes], artefact_of: Trained, tmp_path: Path
) -> None:
    assert changed_files(champion, artefact_of(shop.config(tmp_path)).files()) == []


def test_memory_and_the_order_of_rows_change_no_byte(
    shop: Any,
    champion: Mapping[str, bytes],
    artefact_of: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("patron.features.engine.GIGABYTE", 1 << 20)  # little memory now means partitions
    random = np.random.default_rng(3)
    shuffled = {name: table.take(random.permutation(table.num_rows)) for name, table in shop.tables.items()}
    config = shop.config(tmp_path, shuffled)
    little = replace(config, run=replace(config.run, memory=1 << 25))
    assert changed_files(champion, artefact_of(little).files()) == []


def test_another_seed_gives_another_model(
    shop: Any, champion: Mapping[str, bytes], artefact_of: Trained, tmp_path: Path
) -> None:
    files = artefact_of(shop.config(tmp_path, training__seed=8)).files()
    assert "booster.txt" in changed_files(champion, files)


def test_what_a_scorer_reads_is_in_the_contract(champion: Mapping[str, bytes]) -> None:
    contract = json.loads(champion["contract.json"])
    assert contract["tables"] == {
        "activities": ["activity"],
        "purchases": ["amount", "order_id", "channel"],
    }


def test_the_contract_keeps_what_each_cutoff_knew_of_the_population(champion: Mapping[str, bytes]) -> None:
    history = json.loads(champion["contract.json"])["population_values"]["history"]
    assert [sorted(entry["words"]["contacts.activity"]) for entry in history] == [
        ["coupon", "newsletter"]
    ] * 8


def test_nothing_in_the_artefact_names_a_customer_an_order_or_a_place(
    shop: Any, trained: Any, champion: Mapping[str, bytes]
) -> None:
    text = b"\n".join(champion.values())
    assert b"kd-" not in text
    assert b"order-" not in text
    assert str(trained.config.data.folder).encode() not in text
    assert len(pc.unique(shop.tables["purchases"]["customer_id"])) > 1_000  # of which none is there


def test_the_judged_booster_knew_less_than_the_production_booster(champion: Mapping[str, bytes]) -> None:
    window = json.loads(champion["contract.json"])["window"]
    assert window["first_cutoff"] == "2024-10-04T00:00:00+00:00"
    assert window["last_cutoff"] == "2025-05-02T00:00:00+00:00"
    assert window["judged_until"] == "2025-02-01T00:00:00+00:00"  # the first test cutoff is 2025-03-03
    assert champion["booster.txt"] != champion["judged.txt"]


def spread(customers: int, days_between: int, every: int = 400) -> pa.Table:
    """Each customer buys once in so many days, all over the year, the first at another day than the next."""
    days = np.concatenate([np.arange(code % days_between, every, days_between) for code in range(customers)])
    codes = np.repeat(
        np.arange(customers), [len(range(c % days_between, every, days_between)) for c in range(customers)]
    )
    at = np.datetime64("2025-06-01", "us") - (every - days) * np.timedelta64(86_400_000_000, "us")
    return pa.table({"customer_id": codes, "purchased_at": at, "amount": np.ones(codes.size)})


ONCE = pa.table(
    {
        "customer_id": np.arange(900),
        "purchased_at": np.datetime64("2024-06-01", "us") + np.arange(900) * np.timedelta64(9 * 3600, "s"),
        "amount": np.ones(900),
    }
)


@pytest.mark.parametrize(
    ("purchases", "found"),
    [
        (ONCE, "0 snapshots with the event"),
        (spread(600, 15), "0 without"),
        (spread(1, 3), "1 customers"),
        (spread(300, 45), "300 customers, of at least 500"),
    ],
    ids=["nobody repeats", "everybody repeats", "one customer", "few customers"],
)
def test_below_the_gate_nothing_is_trained_registered_or_moved(
    shop: Any, purchases: pa.Table, found: str, tmp_path: Path
) -> None:
    config = shop.config(tmp_path, {"purchases": purchases, "activities": None})
    with pytest.raises(GateError) as caught:
        patron.train(config)
    assert found in str(caught.value)
    assert caught.value.exit_code == 3
    assert not (tmp_path / "mlflow.db").exists()
    report = patron.check(config)
    assert not report.ready
    assert found in str(report)


def test_too_few_outcomes_at_a_single_test_cutoff_stop_the_training(shop: Any, tmp_path: Path) -> None:
    purchases = spread(700, 45)
    late = pc.greater_equal(purchases["purchased_at"], pa.scalar(np.datetime64("2025-05-05", "us")))
    few = pc.and_(late, pc.greater(purchases["customer_id"], 60))
    config = shop.config(tmp_path, {"purchases": purchases.filter(pc.invert(few)), "activities": None})
    with pytest.raises(GateError) as caught:
        patron.train(config)
    assert "at the test cutoff 2025-05-02" in str(caught.value)
    assert "2025-04-02" not in str(caught.value)


def test_a_first_cutoff_at_which_nobody_comes_back_is_no_fold_to_choose_trees_by(
    shop: Any, artefact_of: Trained, tmp_path: Path
) -> None:
    # Four cutoffs; nobody who was there at the first bought in the month after it.
    purchases = spread(900, 45, every=150)
    quiet = [np.datetime64(day, "us") for day in ("2025-02-01", "2025-03-03")]
    at = purchases["purchased_at"]
    silent = pc.and_(pc.greater_equal(at, pa.scalar(quiet[0])), pc.less(at, pa.scalar(quiet[1])))
    config = shop.config(
        tmp_path, {"purchases": purchases.filter(pc.invert(silent)), "activities": None}, question__cutoffs=4
    )
    report = patron.check(config)
    assert report.cutoffs[0].events == 0
    assert report.ready
    artefact = artefact_of(config)
    # 2025-03-03 could only learn from that first cutoff, so that it chooses nothing for 2025-04-02 either.
    assert report.provisional.startswith("judged at 1 of the 3 test cutoffs")
    assert artefact.contract.window.judged_until == "2025-04-02T00:00:00+00:00"


def test_a_folder_that_cannot_be_written_is_found_out_before_the_work(shop: Any, tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file where the folder should be")
    asked = SimpleNamespace(heard=[])
    with pytest.raises(patron.ConfigurationError, match="report cannot be written"):
        patron.train(shop.config(tmp_path), progress=lambda what, done, total: asked.heard.append(what))
    assert asked.heard == []
