"""Ids come back as they went in, whatever their type and whatever they spell."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

from patron.models.contract import Contract
from patron.models.registry import ResolvedModel
from patron.serving.deviations import BrokenContractError

Score = Callable[..., SimpleNamespace]

HOSTILE = [
    "007",
    "7",
    "NULL",
    "nan",
    "a'b\"c;--",
    "line\nbreak",
    "tab\t",
    "ünï",
    "\U0001f600",
    "../x",
    "{{7*7}}",
]


def number(code: int) -> int:
    return 9_007_199_254_740_993 + code  # beyond what a float can hold


def day(code: int) -> date:
    return date(1990, 1, 1) + timedelta(code)


def text(code: int) -> str:
    return HOSTILE[code] if code < len(HOSTILE) else f"c{code}"


def universal(code: int) -> uuid.UUID:
    return uuid.UUID(int=2**127 + code * 2**64 + 7)


def column_of(ids: list[Any], kind: pa.DataType) -> pa.Array:
    if kind == pa.uuid():
        return pa.ExtensionArray.from_storage(kind, pa.array([each.bytes for each in ids], pa.binary(16)))
    return pa.array(ids, kind)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (number, pa.int64()),
        (day, pa.date32()),
        (text, pa.string()),
        (universal, pa.uuid()),
    ],
    ids=["numbers", "dates", "hostile texts", "UUIDs"],
)
def test_ids_come_back_in_their_own_type(
    score: Score, shop: Any, make: Callable[[int], Any], kind: pa.DataType
) -> None:
    plain = score().by_id
    names = sorted(set(pc.unique(shop.tables["purchases"]["customer_id"]).to_pylist()))
    names += sorted(set(pc.unique(shop.tables["activities"]["customer_id"]).to_pylist()) - set(names))
    own = {name: make(code) for code, name in enumerate(names)}
    tables = {
        name: table.set_column(
            0, "customer_id", column_of([own[name] for name in table["customer_id"].to_pylist()], kind)
        )
        for name, table in shop.tables.items()
    }
    run = score(tables, allow=["ids"])
    assert run.scores.schema.field("customer_id").type == kind
    assert run.excluded.schema.field("customer_id").type == kind
    found = dict(
        zip(run.scores["customer_id"].to_pylist(), run.scores["probability"].to_pylist(), strict=True)
    )
    assert found == {own[name]: probability for name, probability in plain["probability"].items()}
    assert run.result.customers == len(names)


def test_hostile_texts_come_back_from_files_too(score: Score, shop: Any, tmp_path: Path) -> None:
    names = sorted(set(pc.unique(shop.tables["purchases"]["customer_id"]).to_pylist()))
    own = {name: text(code) for code, name in enumerate(names)}
    paths = {}
    for name, table in shop.tables.items():
        ids = pa.array([own.get(each, each) for each in table["customer_id"].to_pylist()])
        paths[name] = tmp_path / f'{name} of \'"us" & co.parquet'
        parquet.write_table(table.set_column(0, "customer_id", ids), paths[name])
    run = score(paths)
    told = run.scores["customer_id"].to_pylist() + run.excluded["customer_id"].to_pylist()
    assert set(HOSTILE) <= set(told)
    assert len(told) == len(set(told)) == 1_246


def as_numbers(shop: Any) -> dict[str, pa.Table]:
    names = sorted({each for table in shop.tables.values() for each in table["customer_id"].to_pylist()})
    own = {name: code for code, name in enumerate(names)}
    return {
        name: table.set_column(
            0, "customer_id", pa.array([own[each] for each in table["customer_id"].to_pylist()])
        )
        for name, table in shop.tables.items()
    }


def test_ids_of_another_type_than_in_training_are_refused_with_both_and_the_way_back(
    score: Score, shop: Any, tmp_path: Path
) -> None:
    with pytest.raises(BrokenContractError) as caught:
        score(as_numbers(shop))
    assert caught.value.where == "ids:customer_id"
    assert caught.value.found == (
        "the ids are integer, in training they were text: as in training they are with"
        ' customer_id = { sql = "CAST(… AS VARCHAR)" } in each table'
    )
    assert "--allow ids" in str(caught.value.remedy)
    assert list(tmp_path.rglob("manifest.json")) == []


def test_ids_of_another_type_that_are_let_pass_are_told(score: Score, shop: Any) -> None:
    (told,) = (
        each for each in score(as_numbers(shop), allow=["ids"]).result.deviations if each["kind"] == "ids"
    )
    assert told["allowed"]


def test_a_model_that_does_not_know_its_ids_takes_any(
    score: Score, shop: Any, champion: ResolvedModel
) -> None:
    usual = {name: value for name, value in champion.artefact.contract.usual.items() if name != "ids"}
    contract = Contract.from_dict({**champion.artefact.contract.to_dict(), "usual": usual})
    before = replace(champion, artefact=replace(champion.artefact, contract=contract))
    assert score(as_numbers(shop), model=before).result.scored > 0
