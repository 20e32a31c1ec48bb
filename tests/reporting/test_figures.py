"""Figures: text stays text, images are valid, and the same drawing gives the same bytes."""

import io
import re
import sys
from dataclasses import replace
from subprocess import run

import pytest
from matplotlib.image import imread

from patron.reporting.canvas import Drawing
from patron.reporting.figures import families, training_figures
from patron.reporting.training_page import FamilyWeight, TrainingPage, figures

NAMES = ["gains", "lift", "calibration", "per_cutoff", "families", "geometry"]


@pytest.fixture(scope="module")
def drawings(page: TrainingPage) -> dict[str, Drawing]:
    return training_figures(page)


def test_there_is_a_figure_for_each_question(drawings: dict[str, Drawing]) -> None:
    assert list(drawings) == NAMES


def test_png_images_are_valid_and_twice_the_layout(page: TrainingPage, drawings: dict[str, Drawing]) -> None:
    for name, image in figures(page).items():
        height, width, _ = imread(io.BytesIO(image)).shape
        wide, high = drawings[name].wide
        assert (width, height) == pytest.approx((2 * wide, 2 * high), abs=1), name


def test_the_same_drawing_gives_the_same_bytes(page: TrainingPage) -> None:
    first, second = (training_figures(page)["lift"] for _ in range(2))
    assert first.svg() == second.svg()
    assert first.png() == second.png()


def test_text_stays_text(drawings: dict[str, Drawing]) -> None:
    assert ">buyers found</text>" in drawings["gains"].svg()
    assert re.search(r">Nov 6</(text|tspan)>", drawings["per_cutoff"].svg())


def test_layouts_share_no_ids(drawings: dict[str, Drawing]) -> None:
    ids = [re.findall(r'\sid="([^"]+)"', drawings["lift"].svg(narrow=narrow)) for narrow in (False, True)]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])


def test_every_reference_has_its_target(drawings: dict[str, Drawing]) -> None:
    svg = drawings["lift"].svg()
    targets = re.findall(r'\sid="([^"]+)"', svg)
    references = re.findall(r'(?:href="|url\()#([^")]+)', svg)
    assert sorted(set(references)) == sorted(targets)


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "$\\frac{1}{0}$", 'a" id="b" href="#c'])
def test_a_hostile_name_is_only_text(hostile: str) -> None:
    svg = families([FamilyWeight(hostile, 1.0, 3)]).svg()
    assert "<script" not in svg
    assert hostile.replace("<", "&lt;").replace(">", "&gt;") in svg


def test_families_whose_words_are_alike_have_a_bar_each() -> None:
    svg = families([FamilyWeight("a_b", 0.7, 1), FamilyWeight("a b", 0.3, 1)]).svg()
    assert svg.count(">a b</text>") == 2
    assert ">70.0%</text>" in svg
    assert ">30.0%</text>" in svg


def test_words_beside_the_figures_hold_the_numbers(page: TrainingPage, drawings: dict[str, Drawing]) -> None:
    assert "recency rule" in drawings["gains"].alt
    assert drawings["families"].alt == "Families the model leans on: buying cycle 75.0%, satisfaction 25.0%."
    assert f"{page.evaluation.per_cutoff[0].model['auc'].value:.3f}" in drawings["per_cutoff"].alt


def test_figures_without_judged_cutoffs_say_so(page: TrainingPage) -> None:
    silent = tuple(
        replace(part, model=None, opponent=None, improvement=None, reason="too few")
        for part in page.evaluation.per_cutoff
    )
    quiet = replace(page, evaluation=replace(page.evaluation, per_cutoff=silent))
    drawing = training_figures(quiet)["per_cutoff"]
    assert drawing.alt.startswith("Metrics at 0 of 3 test cutoffs.")
    assert drawing.svg().count(">to judge</text>") == 9


def test_the_page_is_imported_without_matplotlib() -> None:
    code = "import sys, patron.reporting.training_page; sys.exit('matplotlib' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
