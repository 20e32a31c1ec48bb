"""The training report in a real browser: it fits desks and phones, and prints."""

import html as html_text
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MEASURE = """<!doctype html><body><iframe id="page" style="width: {width}px; height: 900px; border: 0"
srcdoc="{page}"></iframe><script>
const frame = document.getElementById("page");
frame.onload = () => {{
  const page = frame.contentDocument, box = (element) => element.getBoundingClientRect();
  const outside = [...page.body.querySelectorAll("*")].filter((element) =>
    box(element).right > {width} + 1 && !element.closest(".scroll") && box(element).width > 0);
  const shown = [...page.querySelectorAll("figure svg")].filter((svg) => box(svg).width > 0);
  document.body.innerHTML = "<p id='measured'>" + [
    page.documentElement.scrollWidth, outside.length, shown.length,
    Math.round(Math.min(...shown.map((svg) => 100 * box(svg).width / svg.viewBox.baseVal.width))),
  ].join(" ") + "</p>";
}};
</script></body>"""
"""Puts the page into a frame of a width that a browser window cannot have, and reports what it looks like."""


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_is_wider_than_the_screen(
    browse: Callable[..., Any], html: str, tmp_path: Path, width: int
) -> None:
    wrapper = tmp_path / "wrapper.html"
    wrapper.write_text(MEASURE.format(width=width, page=html_text.escape(html)), encoding="utf-8")
    dom = browse(
        "--window-size=1400,1000", "--virtual-time-budget=10000", "--dump-dom", wrapper.as_uri()
    ).stdout
    measured = re.search(r'id="measured">(\d+) (\d+) (\d+) (\d+)<', dom)
    assert measured, dom[-500:]
    scroll_width, outside, figures, smallest_scale = map(int, measured.groups())
    assert scroll_width <= width
    assert outside == 0
    assert figures == 5  # one layout of each
    assert smallest_scale >= 80  # text in figures is never shrunk beyond reading


def test_it_prints_on_paper(browse: Callable[..., Any], html: str, tmp_path: Path) -> None:
    page, paper = tmp_path / "page.html", tmp_path / "page.pdf"
    page.write_text(html, encoding="utf-8")
    browse("--no-pdf-header-footer", f"--print-to-pdf={paper}", page.as_uri())
    content = paper.read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in content or b"/MediaBox [0 0 595" in content
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 12
