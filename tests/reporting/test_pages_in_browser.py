"""The pages of check, audit and training in a real browser: on a desk, on a phone and on paper."""

import html as html_text
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import patron
from patron.features.audit import AuditReport, SampledRows
from patron.features.findings import Finding
from patron.features.instants import Instant
from patron.features.question import Question
from patron.features.rebuilding import Difference, Rebuild
from patron.reporting.audit_page import render_audit_page

WIDTHS = (1280, 390)
MOST_BYTES = 3_000_000

MEASURE = """<!doctype html><body>{frames}<script>
onload = () => {{
  const box = (element) => element.getBoundingClientRect();
  const isShown = (element) => box(element).width > 0 && box(element).height > 0 &&
    (element.tagName != "IMG" || element.naturalWidth > 0);
  const measured = [...document.querySelectorAll("iframe")].map((frame) => {{
    const page = frame.contentDocument, width = frame.contentWindow.innerWidth;
    const outside = [...page.body.querySelectorAll("*")].filter((element) =>
      box(element).right > width + 1 && box(element).width > 0 && !element.closest(".scroll"));
    return {{
      width,
      scroll: page.documentElement.scrollWidth,
      outside: outside.map((element) => element.tagName + " " + element.textContent.slice(0, 40)),
      figures: page.querySelectorAll("figure").length,
      empty: [...page.querySelectorAll("figure")].filter((figure) =>
        ![...figure.querySelectorAll("svg, img")].some(isShown)).length,
      broken: [...page.images].filter((image) => image.naturalWidth == 0).length,
      loads: frame.contentWindow.performance.getEntriesByType("resource").map((entry) => entry.name),
    }};
  }});
  document.body.innerHTML = "<pre id='measured'></pre>";
  document.getElementById("measured").textContent = JSON.stringify(measured);
}};
</script></body>"""
"""Puts a page into frames of given widths (a window cannot be as narrow as a phone) and says what it looks like."""

FRAME = '<iframe style="width: {width}px; height: 900px; border: 0" srcdoc="{page}"></iframe>'


@dataclass(frozen=True)
class Look:
    """How a page looks at each width, and what it said on the console."""

    at: list[dict[str, Any]]
    console: list[str]


@pytest.fixture
def look_at(browse: Callable[..., Any], tmp_path: Path) -> Callable[[str], Look]:
    """Looks at a page at all widths."""

    def look(page: str) -> Look:
        wrapper = tmp_path / "wrapper.html"
        frames = "".join(FRAME.format(width=width, page=html_text.escape(page)) for width in WIDTHS)
        wrapper.write_text(MEASURE.format(frames=frames), encoding="utf-8")
        seen = browse(
            "--window-size=1400,1000",
            "--virtual-time-budget=10000",
            "--enable-logging=stderr",
            "--dump-dom",
            wrapper.as_uri(),
        )
        measured = re.search(r'<pre id="measured">(.*?)</pre>', seen.stdout, re.DOTALL)
        assert measured, seen.stdout[-500:]
        console = [line for line in seen.stderr.splitlines() if ":CONSOLE" in line]
        return Look(json.loads(html_text.unescape(measured[1])), console)

    return look


@pytest.fixture(scope="module")
def check_html(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a shop's check; one of its categories has a name longer than a phone is wide."""
    purchases = shop.tables["purchases"]
    names = pa.array(np.where(np.arange(purchases.num_rows) % 2, "FROZEN-MEAT/" * 8, "tea & cake"))
    config = shop.config(
        tmp_path_factory.mktemp("checked"), {"purchases": purchases.append_column("category", names)}
    )
    page = patron.check(config).page
    assert page is not None
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def audit_html() -> str:
    """The page of an audit that found something of every kind, with names longer than a phone is wide."""
    day = 86_400_000_000
    instants = (
        Instant(18_000 * day, "the earliest cutoff", calendar=True),
        Instant(18_100 * day + 3_600_000_001, "just after an answer", calendar=False),
    )
    differs = Difference("buying_cycle", "orders_of_" + "a_category_" * 6, 12, "kd-7" * 20, "8.0", "125.0")
    rebuilds = tuple(
        Rebuild(instant, change, 1_200, 80, 0, (differs,) if change == "moved" else ())
        for instant in instants
        for change in ("deleted", "moved", "corrupted", "taken back", "together")
    )
    finding = Finding(
        "leak", "ids are resolved", "[identities] alias_id", "9 of 9 aliases", "It leaks.", "take others" * 9
    )
    tables = (SampledRows("purchases", 5_000, 20_000), SampledRows("satisfaction", 40, 40))
    report = AuditReport(
        Question(), "Europe/Berlin", 18_500 * day, 4_000, 1_000, tables, rebuilds, (finding,)
    )
    return render_audit_page(report)


@pytest.fixture(params=["check", "audit", "training"])
def page(request: pytest.FixtureRequest) -> tuple[str, int]:
    """The text of a page, and how many figures it has."""
    fixture, figures = {"check": ("check_html", 5), "audit": ("audit_html", 0), "training": ("html", 5)}[
        request.param
    ]
    return request.getfixturevalue(fixture), figures


def test_a_page_fits_the_screen_shows_its_figures_and_complains_of_nothing(
    look_at: Callable[[str], Look], page: tuple[str, int]
) -> None:
    text, figures = page
    look = look_at(text)

    assert [each["width"] for each in look.at] == list(WIDTHS)
    for each in look.at:
        assert each["scroll"] <= each["width"]
        assert each["outside"] == []
        assert each["figures"] >= figures
        assert each["empty"] == each["broken"] == 0
        assert each["loads"] == []  # everything is in the page
    assert look.console == []
    assert len(text.encode()) <= MOST_BYTES


def test_a_page_prints(browse: Callable[..., Any], tmp_path: Path, page: tuple[str, int]) -> None:
    file, paper = tmp_path / "page.html", tmp_path / "page.pdf"
    file.write_text(page[0], encoding="utf-8")

    browse("--no-pdf-header-footer", f"--print-to-pdf={paper}", file.as_uri())

    content = paper.read_bytes()
    assert content.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 20


def test_what_is_wrong_with_a_page_is_seen(look_at: Callable[[str], Look]) -> None:
    look = look_at(
        "<!doctype html><body><p style='width: 900px'>wide</p><figure><svg width='0' height='9'></svg></figure>"
        "<img src='http://127.0.0.1:9/nowhere.png'><script>console.error('oh')</script></body>"
    )

    desk, phone = look.at
    assert desk["outside"] == []
    assert phone["outside"] == ["P wide"]
    assert desk["scroll"] <= 1280
    assert phone["scroll"] > 390
    assert desk["figures"] == desk["empty"] == desk["broken"] == 1
    assert any("oh" in line for line in look.console)
    assert desk["loads"] == ["http://127.0.0.1:9/nowhere.png"]
