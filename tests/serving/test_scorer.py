"""The scorer: everyone is accounted for, the same bytes every time, and nobody's score depends on anybody else."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import patron
from patron.models.calibrators import Identity, Seasonal, moved
from patron.models.registry import ResolvedModel
from patron.serving import publishing

Score = Callable[..., SimpleNamespace]
NEVER = "no purchase before the cutoff"
LAPSED = "no purchase in the 180 days before the cutoff"


def parts(folder: Path) -> dict[str, bytes]:
    """The Parquet files of a published run by name."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.parquet"))}


def rows(table: pa.Table, keep: Any) -> pa.Table:
    return table.filter(pa.array(keep))


def test_everyone_known_before_the_cutoff_is_scored_or_excluded(score: Score, shop: Any) -> None:
    run = score()
    ids = pa.chunked_array(
        [*shop.tables["purchases"]["customer_id"].chunks, *shop.tables["activities"]["customer_id"].chunks]
    )
    told = run.scores["customer_id"].to_pylist() + run.excluded["customer_id"].to_pylist()
    assert sorted(told) == sorted(pc.unique(ids).to_pylist())
    result = run.result
    assert result.customers == len(told) == 1_246
    assert result.scored == run.scores.num_rows
    assert result.excluded == {NEVER: 46, LAPSED: 1_246 - 46 - result.scored}  # 40 prospects, 6 only returned


def test_a_customer_first_known_after_the_cutoff_is_not_in_the_account(score: Score, shop: Any) -> None:
    run = score(cutoff="2024-09-01", allow=("emptied", "unseen"))
    moment = pa.scalar(np.datetime64("2024-09-01", "us"))
    known = set()
    for name, time in (("purchases", "purchased_at"), ("activities", "occurred_at")):
        table = shop.tables[name]
        known |= set(table.filter(pc.less(table[time], moment))["customer_id"].to_pylist())
    told = run.scores["customer_id"].to_pylist() + run.excluded["customer_id"].to_pylist()
    assert sorted(told) == sorted(known)
    assert run.result.customers == len(known) < 1_246


def test_a_score_says_who_when_what_and_by_which_model(score: Score, champion: ResolvedModel) -> None:
    run = score()
    row = run.scores.slice(0, 1).to_pylist()[0]
    assert list(row) == [
        "customer_id", "cutoff", "question", "horizon_days", "probability", "percentile", "rank_in_run",
        "expected_purchases", "expected_spend", "next_purchase_low", "next_purchase_middle", "next_purchase_high",
        "next_purchase_unknown_because", "stage", "population", "loyalty_type", "model",
    ]  # fmt: skip
    assert row["cutoff"] == datetime(2025, 6, 1, tzinfo=UTC)
    assert (row["question"], row["horizon_days"], row["population"]) == ("repurchase", 30, "active")
    assert row["model"] == champion.artefact.digest
    assert set(run.scores["stage"].to_pylist()) <= {"new", "repeat", "unknown"}
    assert set(run.excluded["stage"].to_pylist()) == {"prospect", "lapsed"}


def test_ranks_and_percentiles_rise_with_the_probability(score: Score) -> None:
    frame = score().by_id.sort_values("probability", ascending=False)
    assert frame["rank_in_run"].tolist() == frame["probability"].rank(method="min", ascending=False).tolist()
    assert frame["percentile"].is_monotonic_decreasing
    assert 0 <= frame["percentile"].min() < 20 < 80 < frame["percentile"].max() <= 100
    assert frame["probability"].between(0, 1, inclusive="neither").all()


def test_the_manifest_holds_the_account_and_the_digests(score: Score, shop: Any) -> None:
    result = score().result
    facts = json.loads((result.folder / "manifest.json").read_text())
    assert facts["customers"] == facts["scored"] + sum(facts["excluded"].values())
    assert sorted(facts["sha256"]) == sorted(parts(result.folder))
    assert facts["rows"]["purchases"] == {
        "read": shop.tables["purchases"].num_rows,
        "used": shop.tables["purchases"].num_rows,
        "quarantined": 0,
    }
    assert facts["cutoff"] == "2025-06-01T00:00:00+00:00"


def test_the_same_run_gives_the_same_bytes_with_any_memory_and_order_of_rows(
    score: Score, shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = score(out=tmp_path / "first").result
    monkeypatch.setattr(publishing, "ROWS_PER_PART", 400)
    whole = score(out=tmp_path / "whole").result
    monkeypatch.setattr("patron.features.engine.GIGABYTE", 1 << 24)  # little memory now means several batches
    random = np.random.default_rng(2)
    shuffled = {name: table.take(random.permutation(table.num_rows)) for name, table in shop.tables.items()}
    batched = score(shuffled, out=tmp_path / "batched", memory=1 << 24).result
    assert parts(whole.folder) == parts(batched.folder)
    assert len(parts(whole.folder)) > 2
    assert first.folder.name == whole.folder.name == batched.folder.name
    monkeypatch.setattr(publishing, "ROWS_PER_PART", 500_000)
    assert parts(score(out=tmp_path / "again").result.folder) == parts(first.folder)


def test_the_same_run_into_the_same_folder_does_nothing_and_says_so(score: Score) -> None:
    first = score().result
    before = (first.folder / "manifest.json").read_bytes()
    second = score().result
    assert (first.repeated, second.repeated) == (False, True)
    assert (first.folder / "manifest.json").read_bytes() == before
    assert {**first.to_dict(), "repeated": True} == second.to_dict()


def renamed(shop: Any) -> dict[str, pa.Table]:
    return {
        name: table.set_column(0, "customer_id", pc.binary_join_element_wise("x", table["customer_id"], ""))
        for name, table in shop.tables.items()
    }


def more_activities(shop: Any) -> dict[str, pa.Table]:
    activities = shop.tables["activities"]
    return {"activities": pa.concat_tables([activities, activities.slice(0, 1)])}


@pytest.mark.parametrize("change", [renamed, more_activities])
def test_other_evidence_is_another_run(score: Score, shop: Any, change: Callable[..., Any]) -> None:
    assert score().result.folder != score(change(shop)).result.folder


def test_another_beginning_of_observation_is_another_run(score: Score) -> None:
    assert (
        score().result.folder
        != score(activities__observed_from="2025-05-01", allow=("emptied",)).result.folder
    )


def test_latest_means_the_run_of_the_latest_cutoff(score: Score, tmp_path: Path) -> None:
    newer, older = score().result, score(cutoff="2025-05-01").result
    latest = tmp_path / "scores" / "repurchase" / "latest"
    assert latest.resolve() == newer.folder.resolve()
    assert older.folder.is_dir()


@pytest.mark.parametrize("size", [5, 60], ids=["a handful", "some"])
def test_a_score_does_not_depend_on_who_else_is_in_the_batch(score: Score, shop: Any, size: int) -> None:
    everyone = score().by_id
    few = sorted(everyone.index)[:: len(everyone) // size]
    tables = {
        name: rows(table, np.isin(np.array(table["customer_id"].to_pylist()), few))
        for name, table in shop.tables.items()
    }
    alone = score(tables, allow=("stale", "fewer")).by_id
    assert sorted(alone.index) == few
    for column in ("probability", "percentile", "stage"):
        assert alone[column].tolist() == everyone.loc[alone.index, column].tolist()
    assert alone["rank_in_run"].tolist() == alone["probability"].rank(method="min", ascending=False).tolist()


def test_a_past_cutoff_is_scored_with_the_features_of_training(
    score: Score, trained: Any, champion: ResolvedModel
) -> None:
    snapshots = patron.build_training_set(trained.config)
    at = pc.equal(snapshots["cutoff"], pa.scalar(datetime(2025, 2, 1, tzinfo=UTC)))
    then = snapshots.filter(at)
    expected = dict(zip(then["customer_id"].to_pylist(), champion.artefact.predict(then), strict=True))
    assert score(cutoff="2025-02-01").by_id["probability"].to_dict() == expected


@pytest.mark.parametrize(
    "cutoff", ["2025-06-01", date(2025, 6, 1), datetime(2025, 6, 1)], ids=["text", "date", "time"]
)
def test_a_cutoff_may_be_a_text_a_date_or_a_time(score: Score, cutoff: Any) -> None:
    assert score(cutoff=cutoff).result.cutoff == "2025-06-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("cutoff", "said"),
    [
        ("2025-06-02", "lies after observed_until"),
        ("2025-05-01 12:00", "beginning of a business day"),
        ("May 2025", "is not a date"),
    ],
)
def test_a_cutoff_that_cannot_be_scored_is_refused(
    score: Score, cutoff: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(patron.ConfigurationError, match=said) as caught:
        score(cutoff=cutoff)
    assert caught.value.exit_code == 2
    assert list(tmp_path.rglob("*.parquet")) == []


def test_before_anything_was_known_nobody_is_scored_and_there_is_no_newest_fact(score: Score) -> None:
    run = score(cutoff="2023-01-01")
    assert (run.result.customers, run.result.scored, run.result.excluded) == (0, 0, {})
    assert run.result.newest_fact_days is None
    assert run.scores.num_rows == run.excluded.num_rows == 0


def test_the_age_of_the_newest_purchase_is_that_of_the_cutoff(score: Score, shop: Any) -> None:
    at = shop.tables["purchases"]["purchased_at"]
    cutoff = np.datetime64("2024-09-01", "us")
    newest = pc.max(at.filter(pc.less(at, pa.scalar(cutoff)))).as_py()
    days = (cutoff.item() - newest).total_seconds() / 86_400
    assert 0 < days < 2
    assert score(cutoff="2024-09-01", allow=("emptied", "unseen")).result.newest_fact_days == round(days, 3)


def seasonal(model: ResolvedModel, windows: dict[str, float]) -> ResolvedModel:
    """The model with the seasons of windows by their first day, that of the first cutoff being 0.4."""
    known = tuple((int(np.datetime64(day, "us").astype(np.int64)), shift) for day, shift in windows.items())
    calibrator = Seasonal(0.4, model.artefact.calibrator, known)
    return replace(model, artefact=replace(model.artefact, calibrator=calibrator))


def test_a_cutoff_is_scored_with_the_shift_of_its_own_season(score: Score, champion: ResolvedModel) -> None:
    model = seasonal(champion, {"2024-02-03": -0.7, "2024-06-01": 0.4})
    for cutoff, shift in (("2025-06-01", 0.4), ("2025-02-01", -0.7)):
        found, raw = (
            score(cutoff=cutoff, model=replace(model, artefact=replace(model.artefact, calibrator=each)))
            for each in (model.artefact.calibrator, Identity())
        )
        expected = champion.artefact.calibrator.apply(moved(np.array(raw.scores["probability"]), shift))
        assert found.scores["probability"].to_pylist() == expected.tolist()
        assert not any("season" in warning for warning in found.result.warnings)


def test_the_first_cutoff_after_training_is_scored_as_by_a_single_shift(
    score: Score, champion: ResolvedModel
) -> None:
    one, other = (seasonal(champion, {"2024-06-01": 0.4, "2024-07-01": shift}) for shift in (0.1, 0.9))
    tables = [score(model=each).scores.drop_columns(["model"]) for each in (one, other)]
    assert tables[0] == tables[1]


def test_a_cutoff_of_unknown_season_is_not_moved_and_warned_about(
    score: Score, champion: ResolvedModel
) -> None:
    model = seasonal(champion, {"2023-12-01": 0.4})
    found = score(model=model)
    assert found.scores.drop_columns(["model"]) == score().scores.drop_columns(["model"])
    (warning,) = found.result.warnings
    assert warning.startswith("the seasonal level of 2025-06-01 is unknown")
    manifest = json.loads((found.result.folder / "manifest.json").read_text())
    assert manifest["warnings"] == [warning]
    assert found.result.to_dict()["warnings"] == [warning]
    again = score(model=model).result
    assert again.repeated
    assert again.warnings == (warning,)


def test_another_time_zone_than_the_models_is_refused(score: Score) -> None:
    with pytest.raises(patron.ModelError, match="another business day") as caught:
        score(data__timezone="Asia/Tokyo")
    assert "Asia/Tokyo" in str(caught.value)
    assert "UTC" in str(caught.value)


def test_a_category_that_training_never_saw_is_counted_and_its_customers_are_scored(
    score: Score, shop: Any
) -> None:
    purchases = shop.tables["purchases"]
    fax = purchases.set_column(4, "channel", pa.array(["fax"] * purchases.num_rows))
    run = score({"purchases": fax}, allow=("unseen",))
    assert run.result.unseen == {"last_order_channel": {"other": run.result.scored}}
    assert run.result.scored == score().result.scored


@pytest.mark.parametrize("column", ["order_id", "channel"])
def test_a_column_that_the_model_needs_and_is_not_there_is_named(
    score: Score, shop: Any, column: str
) -> None:
    with pytest.raises(patron.ModelError, match="lacks columns") as caught:
        score({"purchases": shop.tables["purchases"].drop_columns([column])})
    assert f"purchases.{column}" in str(caught.value)


def test_a_table_that_the_model_needs_and_is_not_there_is_named(score: Score) -> None:
    with pytest.raises(patron.ModelError, match="lacks columns") as caught:
        score({"activities": None})
    assert "activities.activity" in str(caught.value)


def with_contract(model: ResolvedModel, **changes: Any) -> ResolvedModel:
    from dataclasses import replace

    contract = replace(model.artefact.contract, **changes)
    return replace(model, artefact=replace(model.artefact, contract=contract))


def test_columns_that_would_give_features_another_meaning_are_refused(
    score: Score, champion: ResolvedModel
) -> None:
    # As if the model had been trained without order ids, when each line was an order.
    tables = {**champion.artefact.contract.tables, "purchases": ("amount", "channel")}
    with pytest.raises(patron.ModelError, match="another meaning") as caught:
        score(model=with_contract(champion, tables=tables))
    assert caught.value.found == "purchases.order_id"


def test_a_feature_of_a_family_that_is_not_named_here_is_refused(
    score: Score, champion: ResolvedModel
) -> None:
    from dataclasses import replace

    first, *others = champion.artefact.contract.features
    features = (replace(first, name="points_on_card", family="loyalty_card"), *others)
    with pytest.raises(patron.PatronError, match="cannot give all features") as caught:
        score(model=with_contract(champion, features=features))
    assert "points_on_card" in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_output_folder_that_is_a_file_is_refused_before_the_work(
    score: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scores").write_text("here is a file")
    monkeypatch.setattr("patron.models.keeping.EvidenceStore", None)
    with pytest.raises(patron.ConfigurationError, match="scores cannot be written"):
        score()


def test_a_question_of_any_name_stays_inside_the_output_folder(
    score: Score, champion: ResolvedModel, tmp_path: Path
) -> None:
    question = {**champion.artefact.contract.question, "name": "../../Will they come back?"}
    run = score(model=with_contract(champion, question=question), out=tmp_path / "out" / "deep")
    assert run.result.folder.parent == tmp_path / "out" / "deep" / "will_they_come_back"
    assert run.scores["question"][0].as_py() == "../../Will they come back?"


def test_everyone_who_is_scored_has_a_loyalty_type_by_the_thresholds_of_training(
    score: Score, champion: ResolvedModel
) -> None:
    types = set(score().scores["loyalty_type"].to_pylist())
    assert champion.artefact.contract.loyalty["orders"] > 0
    assert types == {"attitude unknown, buys often", "attitude unknown, buys seldom"}


def test_a_model_of_before_there_were_thresholds_still_scores(score: Score, champion: ResolvedModel) -> None:
    contract = replace(champion.artefact.contract, loyalty={})
    old = replace(champion, artefact=replace(champion.artefact, contract=contract))
    run = score(model=old)
    assert run.result.scored > 0
    assert run.scores["loyalty_type"].null_count == run.result.scored
