"""Cards for notebooks: everything is escaped, the first column is text, and an audit names no customer."""

from datetime import UTC, datetime

from patron.features.audit import AuditReport
from patron.features.findings import Finding
from patron.features.instants import Instant
from patron.features.localtime import to_microseconds
from patron.features.notebook import card
from patron.features.perturbation import CHANGES
from patron.features.question import Question
from patron.features.rebuilding import Difference, Rebuild

MOMENT = to_microseconds(datetime(2017, 6, 1, tzinfo=UTC))


def test_a_card_escapes_what_it_is_given() -> None:
    found = card("a<b", "t&t", ["<script>"], ["<", ">"], [["x<y", "1"]])
    assert "<script>" not in found
    assert "a&lt;b" in found
    assert "t&amp;t" in found
    assert "x&lt;y</th>" in found
    assert ">1</td>" in found


def test_a_card_without_rows_has_no_table() -> None:
    assert "<table" not in card("a", "b", ["c"], ["head"])


def test_an_audit_shows_what_changes_and_no_customer() -> None:
    change = next(iter(CHANGES))
    difference = Difference("buying_cycle", "days_since_order", 3, "kd-007", "1.0", "2.0")
    rebuild = Rebuild(Instant(MOMENT, "a cutoff", True), change, 40, 100, 0, (difference,))
    finding = Finding("look", "dates", "purchases.purchased_at", "kd-007", "why", "remedy")
    report = AuditReport(Question(), "UTC", MOMENT, 50, 40, (), (rebuild,), (finding,))
    found = report._repr_html_()
    assert "days_since_order" in found
    assert "3 of 40" in found
    assert "look: purchases.purchased_at" in found
    assert "kd-007" not in found
    assert "kd-007" in str(report)
