"""The monitor: scores as they were sent beside what came, every one of them accounted for."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

from patron.features.families import FAMILIES
from patron.models.calibrators import calibrator_from_dict
from patron.models.hazard import HazardStep
from patron.models.registry import ResolvedModel
from patron.models.watched import MonitorReport
from patron.serving.monitor import _chosen, monitor_model
from patron.serving.sent import DAMAGED, OTHERS

Monitor = Callable[..., MonitorReport]
CUTOFF = np.datetime64("2025-04-01", "us")
END = np.datetime64("2025-05-01", "us")


Send = Callable[..., SimpleNamespace]


@pytest.fixture(scope="session")
def earlier(champion: ResolvedModel) -> ResolvedModel:
    """The champion, as if it had been trained by 2025-01-31: what comes after is new to it."""
    window = replace(champion.artefact.contract.window, last_cutoff="2025-01-01T00:00:00+00:00")
    contract = replace(champion.artefact.contract, window=window)
    return replace(champion, artefact=replace(champion.artefact, contract=contract))


@pytest.fixture
def send(score: Send, earlier: ResolvedModel) -> Send:
    """Scores the shop with that model at a cutoff."""
    return lambda cutoff, **options: score(cutoff=cutoff, model=earlier, **options)


@pytest.fixture
def monitor(shop: Any, earlier: ResolvedModel, tmp_path: Path) -> Monitor:
    """Watches the shop's scores in `tmp_path / "scores"`, with other tables on request."""

    def watch(
        tables: Any = None, most_runs: int = 12, memory: int = 8 << 30, **keywords: Any
    ) -> MonitorReport:
        config = shop.config(tmp_path, tables, **keywords)
        return monitor_model(
            config.data,
            earlier,
            tmp_path / "scores",
            families=FAMILIES,
            memory=memory,
            most_runs=most_runs,
        )

    return watch


def buyers_within(purchases: pa.Table) -> set[str]:
    at = purchases["purchased_at"]
    inside = pc.and_(pc.greater_equal(at, pa.scalar(CUTOFF)), pc.less(at, pa.scalar(END)))
    return set(
        purchases.filter(pc.and_(inside, pc.greater(purchases["amount"], 0)))["customer_id"].to_pylist()
    )


def test_outcomes_are_those_of_the_horizon_and_every_score_is_judged(
    send: Send, monitor: Monitor, shop: Any
) -> None:
    sent = send(cutoff="2025-04-01").by_id
    (run,) = monitor().runs
    assert run.is_mature
    assert run.everyone is not None
    assert run.everyone.total.n == run.account.scored == run.account.judged == len(sent)
    assert run.everyone.total.came == len(buyers_within(shop.tables["purchases"]) & set(sent.index))
    assert run.everyone.total.promised.value == pytest.approx(sent["probability"].sum())
    assert (run.account.changed, run.account.late_customers, run.account.excluded_now) == (0, 0, 0)


def test_a_target_that_is_not_mature_waits(send: Send, monitor: Monitor) -> None:
    send(cutoff="2025-05-03")
    report = monitor()
    (run,) = report.runs
    assert run.everyone is None
    assert report.together is None
    assert run.account.waiting == run.account.scored > 0
    assert run.account.judged == 0
    assert all(each.came is None for each in run.tenths)
    (mature,) = monitor(data__observed_until="2025-06-02").runs
    assert mature.everyone is not None


def test_scores_are_judged_as_they_were_sent_and_what_came_late_is_counted(
    send: Send, monitor: Monitor, shop: Any
) -> None:
    """Twenty orders of two weeks before the cutoff come in when the scores are out, one of somebody unknown so far."""
    sent = send(cutoff="2025-04-01").by_id
    late = pa.table(
        {
            "customer_id": [*sent.index[:19], "kd-newcomer"],
            "purchased_at": pa.array([CUTOFF - np.timedelta64(14, "D")] * 20),
            "amount": [500.0] * 20,
            "order_id": [f"late-{number}" for number in range(20)],
            "channel": ["web"] * 20,
        }
    )
    purchases = shop.tables["purchases"]
    (run,) = monitor({"purchases": pa.concat_tables([purchases, late.cast(purchases.schema)])}).runs
    assert run.everyone is not None
    assert run.everyone.total.promised.value == pytest.approx(sent["probability"].sum())
    assert run.account.scored == run.account.judged == len(sent)
    assert 10 <= run.account.changed <= 19  # some trees do not ask about it
    assert run.account.largest_change > 0
    assert run.account.late_customers == 1


def test_customers_who_are_gone_are_counted_and_looked_at(send: Send, monitor: Monitor, shop: Any) -> None:
    sent = send(cutoff="2025-04-01").by_id
    gone = pa.array(sent.index[:30])
    tables = {
        name: table.filter(pc.invert(pc.is_in(table["customer_id"], gone)))
        for name, table in shop.tables.items()
    }
    report = monitor(tables)
    (run,) = report.runs
    assert (run.account.unknown, run.account.judged) == (30, len(sent) - 30)
    assert run.account.late_customers == -30
    assert any("are gone from the evidence" in reason for reason in report.verdict.reasons)


def test_damaged_runs_and_those_beyond_the_number_asked_for_are_set_apart(
    send: Send, monitor: Monitor
) -> None:
    folders = [send(cutoff=f"2025-0{month}-01").result.folder for month in (2, 3, 4, 6)]
    part = folders[1] / "scores" / "part-00000.parquet"
    content = bytearray(part.read_bytes())
    content[100] ^= 1
    part.write_bytes(content)
    report = monitor(most_runs=1)
    assert [run.day for run in report.runs] == ["2025-04-01", "2025-06-01"]
    assert report.set_apart == {DAMAGED: (folders[1].name,), OTHERS: (folders[0].name,)}
    assert any("1 published runs are not as published" in reason for reason in report.verdict.reasons)


def test_every_nights_runs_are_thinned_to_those_that_tell_something_new() -> None:
    """Of 100 nights with a horizon of 30 days, four: the two newest, and two that go back by a horizon each."""

    def night(day: int) -> Any:
        return SimpleNamespace(cutoff=day * 86_400_000_000, folder=Path(str(day)))

    watch: Any = SimpleNamespace(question=SimpleNamespace(horizon_days=30), is_mature=lambda run: True)
    chosen, others = _chosen([night(day) for day in range(100)], watch, 4)
    assert [run.folder.name for run in chosen] == ["38", "68", "98", "99"]
    assert len(others) == 96
    chosen, others = _chosen([night(day) for day in range(7)], watch, 4)
    assert [run.folder.name for run in chosen] == ["3", "4", "5", "6"]
    assert others == ("0", "1", "2")


def test_customers_left_alone_by_lot_are_judged_by_themselves(
    send: Send, monitor: Monitor, shop: Any
) -> None:
    """Everybody else buys because of a contact: the promise is kept for the control alone, and nobody retrains."""
    sent = [send(cutoff=day).by_id for day in ("2025-03-01", "2025-04-01")]
    ids = sorted(set(sent[0].index) & set(sent[1].index))
    control, treated = ids[::2], ids[1::2]
    lots = pa.table(
        {
            "customer_id": ids,
            "test": ["holdout"] * len(ids),
            "arm": ["control" if each in set(control) else "offer" for each in ids],
            "assigned_at": pa.array([np.datetime64("2025-01-01", "us")] * len(ids)),
            "control_arm": ["control"] * len(ids),
        }
    )
    purchases, activities = shop.tables["purchases"], shop.tables["activities"]
    moments = [np.datetime64(day, "us") for day in ("2025-03-10", "2025-04-10")]
    bought = pa.table(
        {
            "customer_id": treated * 2,
            "purchased_at": pa.array(np.repeat(moments, len(treated))),
            "amount": [20.0] * (2 * len(treated)),
            "order_id": [f"offer-{number}" for number in range(2 * len(treated))],
            "channel": ["web"] * (2 * len(treated)),
        }
    )
    calm = activities.filter(pc.less(activities["occurred_at"], pa.scalar(np.datetime64("2025-03-01", "us"))))
    offers = pa.table(
        {
            "customer_id": treated * 2,
            "occurred_at": pa.array(np.repeat(moments, len(treated)) - np.timedelta64(1, "D")),
            "activity": ["coupon"] * (2 * len(treated)),
        }
    )
    report = monitor(
        {
            "purchases": pa.concat_tables([purchases, bought.cast(purchases.schema)]),
            "activities": pa.concat_tables([calm, offers.cast(calm.schema)]),
            "assignments": lots,
        }
    )
    first, second = report.runs
    for run in (first, second):
        assert run.control is not None
        assert run.control.part is not None
        assert run.control.customers == len(control)
        assert run.control.contacted == 0
        assert run.control.tests == ("holdout",)
        assert run.everyone is not None
        assert run.everyone.total.came > run.everyone.total.promised.high
        assert sum(each.contacted * each.n for each in run.tenths) == pytest.approx(len(treated))  # type: ignore[operator]
    assert report.together is not None
    assert report.together.control is not None
    assert report.together.control.total.n == 2 * len(control)
    assert report.verdict.standing == "look"
    assert "contacts changed what was predicted" in " ".join(report.verdict.reasons)


def test_the_report_is_plain_data_without_customers_and_the_same_with_little_memory(
    send: Send, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(cutoff="2025-04-01")
    report = monitor()
    text = json.dumps(report.to_dict(), allow_nan=False, sort_keys=True)
    assert "kd-0" not in text
    monkeypatch.setattr("patron.features.engine.GIGABYTE", 1 << 24)
    assert json.dumps(monitor(memory=1 << 24).to_dict(), allow_nan=False, sort_keys=True) == text


def test_a_sample_of_inputs_tells_the_same_drift(
    send: Send, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(cutoff="2025-04-01")
    (whole,) = monitor().runs
    monkeypatch.setattr("patron.serving.watching.REFERENCE_ROWS", 300)
    (sample,) = monitor().runs
    assert sample.account.compared == -(-whole.account.compared // 3)
    assert sample.everyone == whole.everyone
    assert sample.drift.weighted == pytest.approx(whole.drift.weighted, abs=0.05)


def test_ids_keep_the_probability_that_was_sent_for_them(send: Send, monitor: Monitor) -> None:
    """Where scores are exchanged between customers, the ranking that is judged is that of the files."""
    folder = send(cutoff="2025-04-01").result.folder
    (before,) = monitor().runs
    from patron.serving.publishing import manifest_text, sealed

    part = folder / "scores" / "part-00000.parquet"
    table = parquet.read_table(part)
    place = table.column_names.index("probability")
    turned = pa.array(1 - np.asarray(table["probability"]))
    parquet.write_table(table.set_column(place, "probability", turned), part)
    import hashlib

    facts = json.loads((folder / "manifest.json").read_text())
    facts["sha256"]["scores/part-00000.parquet"] = hashlib.sha256(part.read_bytes()).hexdigest()
    (folder / "manifest.json").write_bytes(manifest_text(sealed(facts)))
    (after,) = monitor().runs
    assert before.everyone is not None
    assert after.everyone is not None
    assert after.everyone.metrics["auc"].value == pytest.approx(1 - before.everyone.metrics["auc"].value)
    assert after.account.changed == after.account.compared


def spent_within(purchases: pa.Table, days: int) -> pa.Table:
    """Lines of so many days from the cutoff on."""
    at, end = purchases["purchased_at"], CUTOFF + np.timedelta64(days, "D")
    return purchases.filter(pc.and_(pc.greater_equal(at, pa.scalar(CUTOFF)), pc.less(at, pa.scalar(end))))


def test_expected_purchases_and_spend_are_held_to_what_came(send: Send, monitor: Monitor, shop: Any) -> None:
    sent = send(cutoff="2025-04-01").by_id
    (run,) = monitor().runs
    assert run.forecast is not None
    found = {each.name: each for each in run.forecast.amounts}
    lines = spent_within(shop.tables["purchases"], 30)
    own = lines.filter(pc.is_in(lines["customer_id"], pa.array(sent.index)))
    assert found["spend"].expected == pytest.approx(sent["expected_spend"].sum())
    assert found["spend"].came.value == pytest.approx(pc.sum(own["amount"]).as_py())
    orders = len(set(own.filter(pc.greater(own["amount"], 0))["order_id"].to_pylist()))
    assert found["purchases"].expected == pytest.approx(sent["expected_purchases"].sum())
    assert found["purchases"].came.value == orders
    assert all(each.customers == len(sent) for each in found.values())


def test_a_further_horizon_is_judged_once_its_own_target_is_mature(
    score: Send, shop: Any, earlier: ResolvedModel, tmp_path: Path
) -> None:
    artefact = earlier.artefact
    step = HazardStep(
        60, artefact.booster, calibrator_from_dict({"kind": "identity"}), artefact.contract.features
    )
    contract = replace(artefact.contract, question={**artefact.contract.question, "further_horizons": [60]})
    assert artefact.forecast is not None
    forecast = replace(artefact.forecast, steps=(step,))
    model = replace(earlier, artefact=replace(artefact, contract=contract, forecast=forecast))
    sent = score(cutoff="2025-04-01", model=model).by_id
    score(cutoff="2025-05-01", model=model)
    config = shop.config(tmp_path)
    report = monitor_model(config.data, model, tmp_path / "scores", families=FAMILIES, memory=8 << 30)
    old, new = report.runs
    assert old.forecast is not None
    assert new.forecast is not None
    (judged,), (waiting,) = old.forecast.horizons, new.forecast.horizons
    assert (waiting.horizon_days, waiting.part) == (60, None)
    assert f"{waiting.mature_at:%Y-%m-%d}" == "2025-06-30"
    assert judged.part is not None
    lines = spent_within(shop.tables["purchases"], 60)
    buyers = set(lines.filter(pc.greater(lines["amount"], 0))["customer_id"].to_pylist())
    assert judged.part.total.came == len(buyers & set(sent.index))
    assert judged.part.total.promised.value == pytest.approx(sent["probability_60d"].sum())
    assert judged.part.metrics["auc"].value > 0.5
    assert report.to_dict()["runs"][0]["forecast"]["horizons"][0]["horizon_days"] == 60
    assert [len(run.forecast.amounts) for run in (old, new) if run.forecast] == [2, 2]
