"""The audit page: what was proven, on how much, and what to look at stand on the first screen."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from patron.features.audit import AuditReport, SampledRows
from patron.features.findings import Finding
from patron.features.instants import Instant
from patron.features.question import Question
from patron.features.rebuilding import Difference, Rebuild
from patron.reporting.audit_page import render_audit_page, write_audit_page

DAY = 86_400_000_000
EARLY = Instant(18_000 * DAY, "the earliest cutoff", calendar=True)
BETWEEN = Instant(18_100 * DAY + 3_600_000_001, "just after an answer", calendar=False)
HONEST = (
    Rebuild(EARLY, "deleted", 1_200, 80, 0, ()),
    Rebuild(EARLY, "taken back", 1_200, 78, 2, ()),
    Rebuild(BETWEEN, "corrupted", 300, 80, 0, ()),
)
LINKS = Finding(
    "leak", "ids are resolved", "[identities] alias_id", "9 of 9 aliases", "It leaks.", "take others"
)
HOURS = Finding("look", "days without hours", "[purchases]", "all at midnight", "Who knows?", "bring hours")


@pytest.fixture
def report() -> AuditReport:
    tables = (SampledRows("purchases", 5_000, 20_000), SampledRows("satisfaction", 40, 40))
    return AuditReport(Question(), "Europe/Berlin", 18_500 * DAY, 4_000, 1_000, tables, HONEST, ())


def text(report: AuditReport) -> str:
    page = re.sub(r"<style>.*?</style>", "", render_audit_page(report), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def first_screen(report: AuditReport) -> str:
    return text(report).split("What was rebuilt")[0]


def test_a_passed_audit_says_what_was_compared_and_that_nothing_is_to_do(report: AuditReport) -> None:
    said = first_screen(report)

    assert "No leak was found" in said
    assert "2,700 snapshots of 1,000 of 4,000 customers" in said
    # 1,200 × 82 + 1,200 × 80 + 300 × 82: the features, and where the customer stands
    assert "219,000 values compared bit by bit: every one is the same" in said
    assert "Passed" in said
    assert "Nothing needs your attention" in said


def test_every_instant_is_a_row_and_every_change_a_column(report: AuditReport) -> None:
    said = text(report)

    assert "The earliest cutoff 2019-04-14 02:00:00 1,200 80 the same – – the same –" in said
    assert "Just after an answer 2019-07-23 03:00:00.000001 300 80 – – the same – –" in said
    assert "up to 2 features are not there" in said


def test_a_feature_that_knows_the_future_is_named_with_an_example(report: AuditReport) -> None:
    difference = Difference("buying_cycle", "orders_ever", 12, "kd-7", "8.0", "125.0")
    failed = replace(report, rebuilds=(replace(HONEST[0], differences=(difference,)), *HONEST[1:]))

    assert "Failed" in first_screen(failed)
    assert "leak orders_ever of buying cycle changes with the future in 12 of 1,200 (1.0%)" in first_screen(
        failed
    )
    assert "customer kd-7: 8.0 became 125.0 when everything known at or after the cutoff is deleted" in text(
        failed
    )
    assert "1 differs" in text(failed)


def test_findings_say_what_was_seen_why_it_matters_and_what_to_do(report: AuditReport) -> None:
    found = replace(report, findings=(LINKS, HOURS))

    assert "1 that must be mended, 1 that somebody should look at" in first_screen(found)
    assert "Failed" in first_screen(found)
    assert "What was seen 9 of 9 aliases Why it matters It leaks. What to do Take others" in text(found)
    assert "Passed" in first_screen(replace(report, findings=(HOURS,)))


def test_it_escapes_and_loads_nothing(report: AuditReport) -> None:
    hostile = replace(LINKS, saw="<script>alert(1)</script>")
    page = render_audit_page(replace(report, findings=(hostile,)))

    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_same_report_is_the_same_file(report: AuditReport, tmp_path: Path) -> None:
    path = write_audit_page(report, tmp_path / "reports" / "audit.html")

    assert path.read_text(encoding="utf-8") == render_audit_page(report)
