"""The training report: what it says, that it escapes, loads nothing, and is the same each time."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from patron.features.catalogue import FeatureField
from patron.features.question import Question
from patron.features.reading import TableAccount
from patron.reporting.training_page import (
    FamilyWeight,
    FeatureWeight,
    TrainingPage,
    render_training_page,
    summary_html,
    write_training_page,
)

HOSTILE = "<script>alert('1')</script>\"'><img src=x onerror=alert(1)>"


class Outline(HTMLParser):
    """The headings, tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"


@pytest.fixture(scope="module")
def outline(html: str) -> Outline:
    return Outline(html)


def test_the_same_page_is_the_same_text(page: TrainingPage, html: str) -> None:
    assert render_training_page(page) == html


def test_it_is_written_to_a_file_whose_folder_need_not_exist(
    page: TrainingPage, html: str, tmp_path: Path
) -> None:
    path = write_training_page(page, tmp_path / "reports" / "training.html")
    assert path.read_text(encoding="utf-8") == html


def test_it_is_small(html: str) -> None:
    assert len(html.encode()) < 1_000_000


def test_it_loads_nothing_and_runs_nothing(html: str, outline: Outline) -> None:
    assert not {"script", "iframe", "object", "embed", "img"} & set(outline.tags)
    loads = [value for _, name, value in outline.attributes if name in {"src", "href", "srcset", "data"}]
    assert all(value.startswith("#") or value == "data:," for value in loads)
    assert "http" not in re.sub(r"http-equiv", "", html)
    assert "@import" not in html
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))


def test_the_first_screen_answers_the_manager(page: TrainingPage, outline: Outline) -> None:
    row = min(page.evaluation.capacity, key=lambda row: abs(row.contacted - 140))
    first = outline.text[: outline.text.index("How good it is")]
    for said in (
        "Who buys again in the next 14 days?",
        *page.summary,
        page.decision,
        "Champion",
        "only three test cutoffs",
        f"Contact the top {row.contacted}: expect {row.buyers.value:.0f}",
        f"({row.buyers.low:.0f} to {row.buyers.high:.0f})",
        f"recency rule {row.opponent_buyers.value:.0f}",
        f"at random {row.random_buyers:.0f}",
        "The history covers one year.",
    ):
        assert said in first


def test_every_metric_stands_with_its_interval(page: TrainingPage, outline: Outline) -> None:
    for metric, digits in (("auc", 3), ("log_loss", 4), ("lift_at_10", 2)):
        for part in (page.evaluation.model, page.evaluation.opponent):
            estimate = part[metric]
            written = f"{estimate.value:.{digits}f} {estimate.low:.{digits}f} to {estimate.high:.{digits}f}"
            assert written in outline.text


def test_a_stage_with_too_few_people_says_why_instead_of_a_number(outline: Outline) -> None:
    assert "new 28 84 snapshots" in outline.text
    assert re.search(r"too few to judge: 28 customers, \d+ buyers and \d+ others", outline.text)


def test_weights_are_associations(outline: Outline) -> None:
    assert "leans on" in outline.text
    assert "This is association, not cause" in outline.text
    assert "drive" not in outline.text.lower()
    assert "orders_90d 60.0% orders in the last 90 days buying cycle" in outline.text


def test_every_row_is_accounted_for(outline: Outline) -> None:
    assert "purchases data/purchases.parquet 1,005 1,000 5 2017-01-01 to 2017-12-31" in outline.text
    for said in (
        "2 left out: no customer_id",
        "3 left out: unreadable purchased_at",
        "7 unreadable in discount, taken as missing",
        "1 with a time that does not exist or exists twice",
        "customers data/customers.csv 40 40 0 undated",
        "no purchase in the lookback 1,234",
    ):
        assert said in outline.text
    assert "do not add up" not in outline.text


def test_it_says_that_no_label_crosses(outline: Outline) -> None:
    assert "No label that was learned from reaches past its test cutoff." in outline.text


def test_how_it_was_made_is_said(outline: Outline) -> None:
    for said in (
        "None: nothing proved better",
        "Trees 212",
        "100 bootstraps over customers, seed 7",
        "3f0c8c2a",
    ):
        assert said in outline.text


def test_hostile_text_stays_text(page: TrainingPage) -> None:
    field = FeatureField(HOSTILE, HOSTILE, HOSTILE, HOSTILE, "category", (HOSTILE,))
    stage = replace(page.evaluation.per_stage[0], name=HOSTILE, reason=HOSTILE)
    hostile = replace(
        page,
        model_name=HOSTILE,
        version=HOSTILE,
        alias=HOSTILE,
        decision=HOSTILE,
        provisional=HOSTILE,
        summary=(HOSTILE,) * 3,
        accounts=(
            TableAccount(HOSTILE, HOSTILE, 2, 1, {HOSTILE: 1}, {HOSTILE: 1}),
        ),
        excluded={HOSTILE: 1},
        evaluation=replace(page.evaluation, groups={"stage": (stage,)}),
        opponent=f"{HOSTILE}: {HOSTILE}",
        families=(FamilyWeight(HOSTILE, 1.0, 1),),
        features=(FeatureWeight(HOSTILE, 1.0, field),),
        calibration=HOSTILE,
        warnings=(HOSTILE,),
        facts={HOSTILE: HOSTILE},
    )  # fmt: skip
    for text in (render_training_page(hostile), summary_html(hostile)):
        parsed = Outline(text)
        assert not {"script", "img"} & set(parsed.tags)
        assert not [name for _, name, _ in parsed.attributes if name.startswith("on")]
        assert HOSTILE in parsed.text


def test_headings_do_not_skip_a_level(outline: Outline) -> None:
    assert outline.headings.count(1) == 1
    steps = [after - before for before, after in zip(outline.headings, outline.headings[1:], strict=False)]
    assert max(steps) == 1


def test_it_can_be_read_by_a_screen_reader(outline: Outline) -> None:
    assert ("html", "lang", "en") in outline.attributes
    headers = outline.tags.count("th")
    assert headers == sum(tag == "th" and name == "scope" for tag, name, _ in outline.attributes)
    alternatives = [value for tag, name, value in outline.attributes if (tag, name) == ("div", "aria-label")]
    assert outline.tags.count("figure") == 5
    assert sum(bool(re.search(r"\d", value)) for value in alternatives) >= 5


def test_links_lead_somewhere_and_ids_are_unique(outline: Outline) -> None:
    ids = [value for _, name, value in outline.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = [value[1:] for _, name, value in outline.attributes if name == "href" and value.startswith("#")]
    assert set(targets) <= set(ids)


def test_a_model_that_was_not_registered_and_has_nothing_optional(page: TrainingPage) -> None:
    bare = replace(
        page,
        version=None,
        alias=None,
        provisional=None,
        excluded={},
        families=(),
        features=(),
        warnings=(),
        facts={},
        evaluation=replace(page.evaluation, capacity=()),
        question=Question(),
    )
    text = Outline(render_training_page(bare)).text
    assert "Not registered" in text
    assert "Too few customers at a cutoff" in text
    assert "Not measured for this model." in text
    assert "Provisional" not in text


def test_what_went_wrong_is_not_hidden(page: TrainingPage) -> None:
    broken = replace(
        page,
        accounts=(TableAccount("purchases", "p.csv", rows=10, used=8, quarantined={"no amount": 1}),),
        geometry=replace(page.geometry, settle_days=1),
    )
    text = Outline(render_training_page(broken)).text
    assert "These rows do not add up." in text
    assert "too good: the label of 2017-10-23 was not mature at the test cutoff 2017-11-06" in text


def test_the_notebook_shows_the_main_numbers(page: TrainingPage) -> None:
    fragment = summary_html(page)
    gain = page.evaluation.improvement["auc"]
    assert fragment.startswith("<div")
    assert f"+{gain.value:.3f} ({gain.low:.3f} to {gain.high:.3f})" in fragment
    assert "Champion, provisional" in fragment
    assert len(fragment) < 6_000


def test_the_first_screen_has_the_grade_and_an_opponent_left_out_its_reason(page: TrainingPage) -> None:
    html = render_training_page(replace(page, left_out={"BG/NBD": "it speaks of any order"}))
    assert '<strong class="badge">Grade ' in html
    assert "<strong>BG/NBD</strong> is left out: it speaks of any order" in html
