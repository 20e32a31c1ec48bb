"""The page of the check: what it says of a shop, that it escapes, loads nothing, and is there for odd data too."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import patron
from patron.check_pages import check_page
from patron.checkup import CheckReport
from patron.reporting.check_figures import check_figures
from patron.reporting.check_page import render_check_page

HOSTILE = "<script>alert('1')</script>"


@pytest.fixture(scope="module")
def checked(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, CheckReport]:
    """The shop's configuration and report; half of what it sells is of a category with a hostile name."""
    purchases = shop.tables["purchases"]
    category = pa.array(np.where(np.arange(purchases.num_rows) % 2, HOSTILE, "tea & cake"))
    config = shop.config(
        tmp_path_factory.mktemp("checked"), {"purchases": purchases.append_column("category", category)}
    )
    return config, patron.check(config)


def test_the_page_answers_and_shows_every_figure(checked: tuple[Any, CheckReport]) -> None:
    config, report = checked
    assert report.page == Path(config.data.folder, "reports", "check.html")
    page = report.page.read_text(encoding="utf-8")
    assert "Yes: there is enough to train and judge a model." in page
    assert page.count("<figure>") == 5
    assert re.findall("<h2[^>]*>([^<]*)</h2>", page) == [
        "Can a model be trained?",
        "What should be changed?",
        "Is there enough?",
        "When customers return",
        "When a customer is lost",
        "By category",
        "How regular they are",
        "Does the past look like the present?",
        "The data",
    ]


def test_the_page_runs_nothing_loads_nothing_and_escapes(checked: tuple[Any, CheckReport]) -> None:
    config, report = checked
    page = render_check_page(check_page(report, config))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "tea &amp; cake" in page
    assert not re.search(r'(?:src|href)="(?!#|data:,)', page)


def test_the_page_is_the_same_each_time(checked: tuple[Any, CheckReport]) -> None:
    config, report = checked
    assert report.page is not None
    assert render_check_page(check_page(report, config)) == report.page.read_text(encoding="utf-8")


def test_figures_say_in_words_what_they_show(checked: tuple[Any, CheckReport]) -> None:
    config, report = checked
    drawings = check_figures(check_page(report, config))
    assert list(drawings) == ["gaps", "windows", "category_windows", "rates", "separability"]
    overall = report.rhythm.overall
    assert drawings["gaps"].alt.startswith(f"Histogram of {int(overall.gaps.ended.sum()):,} gaps")
    assert "At the configured 180 days" in drawings["windows"].alt


def test_plain_data_says_the_same_and_has_no_nan(checked: tuple[Any, CheckReport]) -> None:
    _, report = checked
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert plain["page"] == str(report.page)
    assert set(plain["advice"]) == {"horizon_days", "lookback_days", "cutoff_every_days", "cutoffs"}
    assert plain["advice"]["horizon_days"]["verdict"] in {"keep", "consider"}
    assert plain["orders"]["windows"][0]["window_days"] == 7
    assert set(plain["categories"]) == {HOSTILE, "tea & cake"}
    assert sum(each["is_test"] for each in plain["cutoffs"]) == 3
    assert all(row["is_enough"] for row in plain["gate"])
    assert 0.5 < plain["separability"]["auc"]["value"] <= 1
    assert plain["tables"]["activities"]["of_buyers"] == pytest.approx(
        report.tables[1].customers
        * plain["tables"]["activities"]["who_bought"]
        / report.rhythm.overall.gaps.customers
    )


def test_the_terminal_says_the_verdict_first_and_the_page_last(checked: tuple[Any, CheckReport]) -> None:
    _, report = checked
    lines = str(report).splitlines()
    assert lines[0].startswith("enough to train and judge a model: 1,246 customers")
    assert lines[2] == "advice (nothing is changed by it)"
    assert lines[-1] == f"page: {report.page}"
    assert max(len(line) for line in lines[:8]) <= 110


DAY = np.timedelta64(86_400_000_000, "us")
LAST = np.datetime64("2025-05-31T12:00", "us")


def purchases(customer: Any, days_ago: Any) -> pa.Table:
    customer = np.asarray(customer)
    return pa.table(
        {
            "customer_id": customer,
            "purchased_at": LAST - np.asarray(days_ago) * DAY,
            "amount": np.full(customer.size, 2.0),
        }
    )


ODD = {
    "one customer": purchases(np.zeros(60, int), np.arange(60) * 6),
    "one purchase": purchases([1], [0]),
    "nobody comes back": purchases(np.arange(700), np.arange(700) % 400),
    "all gaps are a week": purchases(np.repeat(np.arange(600), 50), np.tile(np.arange(50) * 7, 600)),
    "one day": purchases(np.arange(600), np.zeros(600, int)),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_data_get_a_report_and_a_page(name: str, shop: Any, tmp_path: Path) -> None:
    report = patron.check(shop.config(tmp_path, {"purchases": ODD[name], "activities": None}))
    assert not report.ready
    assert report.page is not None
    page = report.page.read_text(encoding="utf-8")
    assert "Not yet: there is too little to train and judge a model." in page
    assert not re.search(r"\b(nan|inf|None)\b", re.sub("<style>.*?</style>", "", page, flags=re.DOTALL))
    assert not re.search(r"\b(nan|inf|None)\b", str(report))
    json.dumps(report.to_dict(), allow_nan=False)


def test_data_that_end_long_before_they_should_are_noted(shop: Any, tmp_path: Path) -> None:
    report = patron.check(
        shop.config(tmp_path, {"purchases": purchases([1, 1], [40, 90]), "activities": None})
    )
    assert any(
        note.startswith("the last order is 40 days older than observed_until") for note in report.notes
    )
