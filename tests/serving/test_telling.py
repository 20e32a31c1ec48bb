"""Reasons in the scores: for whom they were asked, without touching anything else."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest

import patron
from patron.features.families import FAMILIES
from patron.models.registry import ResolvedModel
from patron.serving.explaining import explain_customer
from patron.serving.telling import Telling

Score = Callable[..., SimpleNamespace]


@pytest.mark.parametrize(("text", "share"), [("all", 1.0), ("none", 0.0), ("top:0.05", 0.05), ("top:1", 1.0)])
def test_for_whom_is_read_as_it_is_written(text: str, share: float) -> None:
    assert Telling.parse(text).share == share
    assert Telling.parse(str(Telling.parse(text))) == Telling.parse(text)
    assert bool(Telling.parse(text)) == (text != "none")


@pytest.mark.parametrize("text", ["some", "top:0", "top:1.5", "top:", "top:5%", "", "ALL"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(patron.ConfigurationError, match="Reasons are told") as caught:
        Telling.parse(text)
    assert "top:0.05" in str(caught.value)


@pytest.mark.parametrize(
    ("share", "scored", "last"), [(0.05, 100, 5), (0.05, 101, 6), (1.0, 7, 7), (0.1, 0, 0)]
)
def test_the_last_rank_is_that_of_the_share_rounded_up(share: float, scored: int, last: int) -> None:
    assert Telling(share).last_rank(scored) == last


def test_reasons_come_beside_the_same_scores_for_the_likeliest_alone(score: Score, monkeypatch: Any) -> None:
    plain = score()
    told = score(reasons="top:0.1")
    assert "reasons" not in plain.scores.column_names
    assert told.scores.drop_columns(["reasons"]).equals(plain.scores)
    assert told.result.folder != plain.result.folder
    frame = told.by_id
    last = int(np.ceil(0.1 * len(frame)))
    assert frame["reasons"].notna().sum() == (frame["rank_in_run"] <= last).sum() >= last
    assert frame.loc[frame["reasons"].notna(), "rank_in_run"].max() <= last
    assert score(reasons="top:0.1").result.repeated


def test_everybodys_reasons_are_those_of_the_explanation(
    score: Score, shop: Any, champion: ResolvedModel, tmp_path: Any
) -> None:
    frame = score(reasons="all").by_id
    assert frame["reasons"].notna().mean() > 0.99
    for customer in (frame.index[3], frame.index[-1]):
        config = shop.config(tmp_path)
        found = explain_customer(
            config.data, champion, customer, "2025-06-01", families=FAMILIES, memory=8 << 30
        )
        assert found.holds()
        assert found.probability == frame.loc[customer, "probability"]
        assert frame.loc[customer, "reasons"] == " | ".join(map(str, found.reasons))
        assert len(found.parts) == len(champion.artefact.contract.features)
        assert sum(value for _, value in found.groups) == pytest.approx(
            sum(p.contribution for p in found.parts)
        )
        assert found.excluded_because is None


def test_reasons_are_the_same_in_any_number_of_partitions(
    score: Score, monkeypatch: Any, tmp_path: Any
) -> None:
    whole = score(reasons="top:0.2", out=tmp_path / "whole").scores
    monkeypatch.setattr("patron.serving.partitions.PARTITION_ROWS", 2_000)
    assert score(reasons="top:0.2", out=tmp_path / "parts").scores.equals(whole)


def test_who_asks_for_no_reasons_pays_for_none(score: Score, monkeypatch: Any) -> None:
    monkeypatch.setattr("patron.serving.telling.with_reasons", None)
    monkeypatch.setattr("patron.serving.run.with_reasons", None)
    monkeypatch.setattr("patron.models.artefact.contributions_of", None)
    assert score().result.scored > 0


def test_a_customer_who_is_not_asked_about_is_explained_with_the_reason(
    score: Score, shop: Any, champion: ResolvedModel, tmp_path: Any
) -> None:
    lapsed = score().excluded.filter(pc.field("stage") == "lapsed")
    customer = lapsed["customer_id"][0].as_py()
    config = shop.config(tmp_path)
    found = explain_customer(config.data, champion, customer, "2025-06-01", families=FAMILIES, memory=8 << 30)
    assert found.excluded_because == "no purchase in the 180 days before the cutoff"
    assert found.holds()


@pytest.mark.parametrize("customer", ["nobody", "'; DROP TABLE customers; --", "", "kd-00000\x00"])
def test_an_unknown_customer_is_said_to_be_unknown(
    shop: Any, champion: ResolvedModel, tmp_path: Any, customer: str
) -> None:
    config = shop.config(tmp_path)
    with pytest.raises(patron.DataError, match="does not know this customer"):
        explain_customer(config.data, champion, customer, "2025-06-01", families=FAMILIES, memory=8 << 30)


def test_nobody_is_explained_before_being_known(shop: Any, champion: ResolvedModel, tmp_path: Any) -> None:
    customer = shop.tables["purchases"]["customer_id"][0].as_py()
    config = shop.config(tmp_path)
    with pytest.raises(patron.DataError, match="not known before the cutoff"):
        explain_customer(config.data, champion, customer, "2023-06-01", families=FAMILIES, memory=8 << 30)
