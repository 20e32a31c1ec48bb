"""The page of the monitor: everything said is on it, nothing from outside gets out of its place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from patron.features.question import Question
from patron.models.drift import Drift, InputDrift
from patron.models.intervals import Estimate, NextCutoff
from patron.models.live import Tenth, live_groups, live_part
from patron.models.live_forecast import LiveAmount, LiveForecast, LiveHorizon
from patron.models.predictions import Predictions
from patron.models.promise import Promise
from patron.models.watched import ControlGroup, MonitorReport, RowAccount, Together, Verdict, WatchedRun
from patron.reporting.monitoring_page import render_monitoring_page
from patron.reporting.monitoring_view import MonitoringView

HOSTILE = "<script>alert(1)</script>"


def sent() -> Predictions:
    random = np.random.default_rng(1)
    probability = random.uniform(0.1, 0.9, 1_000)
    stage = np.array(["new", HOSTILE], object)[(np.arange(1_000) % 3 > 0).astype(int)]
    outcome = (random.random(1_000) < probability).astype(np.int8)
    return Predictions(
        np.arange(1_000), np.zeros(1_000, np.int64), outcome, probability, {}, {"stage": stage}
    )


def watched(day: int, *, mature: bool = True) -> WatchedRun:
    cutoff = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)
    part = live_part("everyone", sent(), 0.1, replicates=20)
    drift = Drift(1_000, 0.1, 0.5, 0.4, (InputDrift("orders_90d", 0.3, 0.5, 0.6, 0.1, 0.0, 0.0, 0.7, 0.2),))
    return WatchedRun(
        name=f"run-{day}",
        folder=Path("scores"),
        cutoff=cutoff,
        day=f"{cutoff:%Y-%m-%d}",
        scored_at=cutoff.isoformat(),
        mature_at=cutoff + timedelta(days=30),
        is_mature=mature,
        account=RowAccount(1_010, 1_000, 7, 3, 0, 1_003, 12, 4, 0.2, 5, 2),
        drift=drift,
        everyone=part if mature else None,
        control=ControlGroup(part, 1_000, 0.04, (HOSTILE,)) if mature else None,
        tenths=tuple(
            Tenth(i, 100, 0.9, 0.8 if mature else None, 0.3 if mature else None) for i in range(1, 11)
        ),
    )


@pytest.fixture(scope="module")
def report() -> MonitorReport:
    part = live_part("everyone", sent(), 0.1, replicates=20)
    return MonitorReport(
        question=Question(),
        timezone="UTC",
        model=f"models:/{HOSTILE}/1",
        model_digest="abc",
        observed_until=datetime(2025, 6, 1, tzinfo=UTC),
        promise=Promise({"auc": Estimate(0.8, 0.78, 0.82)}, {"auc": NextCutoff(0.7, 0.9, 5)}, 0.1),
        runs=(watched(0), watched(30), watched(60, mature=False)),
        set_apart={"scored by another model": ("one", HOSTILE)},
        together=Together(("run-0", "run-30"), part, part, live_groups(sent(), 0.1, replicates=20)),
        verdict=Verdict("look", "Look at it.", ("Look at it.", f"Because of {HOSTILE}.")),
        notes=(HOSTILE,),
        features={"orders_90d": HOSTILE},
    )


def test_nothing_from_outside_becomes_markup_and_nothing_is_loaded(report: MonitorReport) -> None:
    page = render_monitoring_page(report)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_the_card_for_notebooks_holds_the_verdict_and_no_markup_from_outside(report: MonitorReport) -> None:
    shown = report._repr_html_()
    assert "Does the model still hold? Look" in shown
    assert "<script" not in shown
    assert shown.count("2025-01-31") == 1


def test_the_same_report_gives_the_same_page(report: MonitorReport) -> None:
    assert render_monitoring_page(report) == render_monitoring_page(report)


def test_every_run_is_accounted_for_the_newest_first(report: MonitorReport) -> None:
    rows = MonitoringView(report).accounts
    assert [row.name for row in rows] == ["2025-03-02", "2025-01-31", "2025-01-01"]
    first = rows[0]
    assert (first.scored, first.judged, first.unknown, first.undefined) == ("1,010", "1,000", "7", "3")
    assert (first.changed.value, first.changed.ends, first.late) == ("1.2%", "0.4% by a point", "+5")


def test_judged_runs_stand_with_their_control_beside_the_promise(report: MonitorReport) -> None:
    view = MonitoringView(report)
    assert [row.name for row in view.runs] == [
        "2025-01-31",
        "left alone by lot",
        "2025-01-01",
        "left alone by lot",
    ]
    assert view.promised[0].value == "0.800"
    assert view.promised[0].ends == "0.700 to 0.900"
    assert view.control is not None
    assert "1,000 customers of 2025-01-31 were left alone" in view.control
    assert "4.0% of them were contacted" in view.control


def test_a_drifted_input_says_how_far_and_what_it_moves(report: MonitorReport) -> None:
    (row,) = MonitoringView(report).inputs
    assert (row.weight, row.index, row.shift) == ("70.0%", "0.30", "+0.50")
    assert (row.missing.value, row.missing.ends, row.unseen, row.moves) == (
        "10.0%",
        "then 0.0%",
        "–",
        "+0.20",
    )


def test_before_anything_is_mature_the_page_says_so(report: MonitorReport) -> None:
    waiting = replace(report, runs=report.runs[2:], together=None)
    page = render_monitoring_page(waiting)
    assert "No target is mature yet." in page
    assert 'id="groups"' not in page
    assert 'id="inputs"' in page


def test_a_model_of_before_says_that_it_promised_nothing(report: MonitorReport) -> None:
    page = render_monitoring_page(replace(report, promise=Promise()))
    assert "trained before promises were kept" in page


def test_without_any_run_the_page_still_stands(report: MonitorReport) -> None:
    page = render_monitoring_page(replace(report, runs=(), together=None))
    assert "Published runs that were not looked at" in page


def test_further_horizons_and_amounts_have_a_part_of_their_own_below_the_first_screen(
    report: MonitorReport,
) -> None:
    assert "Further horizons" not in render_monitoring_page(report)
    part = live_part("within 60 days", sent(), 0.1, replicates=20)
    amount = LiveAmount(
        "spend", 1_000, 41_234.5, Estimate(30_100.0, 29_000.0, 31_200.0), Estimate(0.73, 0.7, 0.76)
    )
    moment = datetime(2025, 5, 1, tzinfo=UTC)
    said = LiveForecast((LiveHorizon(60, moment, part), LiveHorizon(90, moment, None)), (amount,))
    runs = (report.runs[0], replace(report.runs[1], forecast=said), report.runs[2])
    page = render_monitoring_page(replace(report, runs=runs))
    first, _, below = page.partition("<nav")
    assert "41,234" not in first
    assert "2025-01-31, 60 days" in below
    assert "29,000 to 31,200, less" in below
    assert "<td>0.73<small>0.70 to 0.76</small></td>" in below
    assert "One further horizon of these runs is not known until 2025-05-01" in below
