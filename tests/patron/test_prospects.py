"""Prospect and lapsed models beside the main one, on a small simulated retailer: docs/prospects.md as it stands."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import patron
from patron.cli import app
from patron.simulator import Retailer, SimulatedRetailer

PAGE = Path(__file__).parents[2] / "docs" / "prospects.md"
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
COMMANDS = [line for language, block in BLOCKS if not language for line in block.splitlines()]
(EXAMPLE,) = [block for language, block in BLOCKS if language == "python"]
RETAILER = Retailer(
    customers=2_500, days=420, prospects=0.12, interested=0.9, already_customers=0.1, orders_per_year=5.0
)
PROGRAMME = """\
title = "Welcome of a prospect"
objective = "a first purchase"
whom = { code = "stage = 'prospect'", words = "people who have not bought yet" }
when = { code = "0", words = "at once" }
contact = { channel = "email", cost = 0.05, incentive = 0.0, most = 1, within_days = 14 }
test = { holdout = 0.1 }
"""
SMALL = {"horizon_days": 60, "lookback_days": 45, "cutoffs": 8}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A retailer with many prospects, and a question that its few people can answer."""
    folder = tmp_path_factory.mktemp("shop")
    config = SimulatedRetailer(RETAILER).write(folder).config
    text = config.read_text()
    for key, value in SMALL.items():
        text = re.sub(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.MULTILINE)
    text = text.replace("test_cutoffs = 3", "test_cutoffs = 1").replace(
        "cutoffs = 8", "cutoffs = 8\ncutoff_every_days = 30"
    )
    config.write_text(f"{text}\n[plan]\nmargin = 0.3\nbudget = 20\n")
    (folder / "programmes").mkdir()
    (folder / "programmes" / "welcome_prospect.toml").write_text(PROGRAMME)
    return folder


@pytest.fixture(scope="module")
def ran(shop: Path) -> dict[str, tuple[int, str]]:
    """The page's commands, one after the other: exit code and output of each.

    So few people cannot be relied on to make a champion, which somebody may choose by hand then.
    """
    by_hand = 'promote 1 --reason "few people" --set tracking.model_name=first_purchase'
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(shop)
        for line in COMMANDS:
            result = CliRunner().invoke(app, shlex.split(line)[1:])
            found[line] = (result.exit_code, result.output)
            if "train" in line and "prospects" in line and "Champion:" not in result.output:
                assert CliRunner().invoke(app, shlex.split(by_hand)).exit_code == 0
    return found


def run_of(shop: Path, question: str, part: str) -> pa.Table:
    return pq.read_table(shop / "scores" / question / "latest" / part)


def test_the_commands_of_the_page_run(ran: dict[str, tuple[int, str]]) -> None:
    # A model that does not beat the opponents ends with 3 and is registered all the same.
    allowed = {line: {0, 3} if "train" in line or "monitor" in line else {0} for line in COMMANDS}
    assert {line: code for line, (code, _) in ran.items() if code not in allowed[line]} == {}
    assert len(COMMANDS) == 7


def test_prospects_are_judged_beside_opponents_that_can_speak_of_them(
    ran: dict[str, tuple[int, str]],
) -> None:
    (said,) = [text for line, (_, text) in ran.items() if "train" in line and "prospects" in line]
    assert "the best of 2 opponents" in said


def test_the_scores_of_prospects_say_nothing_of_a_loyalty_or_a_next_purchase(
    shop: Path, ran: dict[str, tuple[int, str]]
) -> None:
    scores = run_of(shop, "first_purchase", "scores")
    assert set(scores["stage"].to_pylist()) == {"prospect"}
    assert scores["loyalty_type"].null_count == scores.num_rows
    assert not [name for name in scores.column_names if name.startswith("next_purchase")]
    assert pc.min(scores["expected_spend"]).as_py() >= 0
    assert scores["probability"].null_count == 0


@pytest.mark.parametrize("question", ["first_purchase", "win_back"])
def test_everyone_known_is_scored_or_excluded_with_a_reason(
    shop: Path, ran: dict[str, tuple[int, str]], question: str
) -> None:
    scores, excluded = run_of(shop, question, "scores"), run_of(shop, question, "excluded")
    ids = scores["customer_id"].to_pylist() + excluded["customer_id"].to_pylist()
    manifest = json.loads((shop / "scores" / question / "latest" / "manifest.json").read_text())
    assert len(ids) == len(set(ids)) == manifest["customers"]
    assert excluded["excluded_because"].null_count == 0


def test_nobody_is_asked_about_by_both(shop: Path, ran: dict[str, tuple[int, str]]) -> None:
    prospects, lapsed = (
        set(run_of(shop, question, "scores")["customer_id"].to_pylist())
        for question in ("first_purchase", "win_back")
    )
    bought = set(pq.read_table(shop / "evidence" / "purchases")["customer_id"].to_pylist())
    assert len(prospects) > 200
    assert len(lapsed) > 500
    assert not prospects & bought
    assert lapsed <= {each % 500_000_000 for each in bought} | bought  # some bought under an alias first


def test_a_plan_says_which_effect_its_test_of_prospects_can_show(ran: dict[str, tuple[int, str]]) -> None:
    (said,) = [text for line, (_, text) in ran.items() if "patron plan" in line]
    shown = re.search(r"profit per customer of ([\d.]+) or more", said)
    assert shown is not None
    assert (
        float(shown[1]) > 0.5
    )  # prospects of today have spent nothing: those of before tell how much it varies


def test_the_report_speaks_of_a_first_purchase(shop: Path, ran: dict[str, tuple[int, str]]) -> None:
    page = (shop / "reports" / "first_purchase-1.html").read_text()
    first_screen = page.split("<nav")[0]
    assert "Which prospects buy for the first time in the next 60 days?" in first_screen
    assert "What brings prospects to their first purchase here" in first_screen
    assert not re.search(r"buys? again|comes? back|coming back|customers back", page.split("Words")[0])


def test_the_models_reasons_follow_the_planted_effects(shop: Path, ran: dict[str, tuple[int, str]]) -> None:
    scores = run_of(shop, "first_purchase", "scores").select(["customer_id", "probability"]).to_pandas()
    profile = pq.read_table(shop / "evidence" / "profile").to_pandas().drop_duplicates("customer_id")
    known = scores.merge(profile, on="customer_id")
    days = (known["valid_from"].max() - known["valid_from"]).dt.days
    assert known.loc[days < 60, "probability"].mean() > 2 * known.loc[days > 200, "probability"].mean()


def test_a_first_purchase_is_explained_of_who_has_not_bought(
    shop: Path, ran: dict[str, tuple[int, str]]
) -> None:
    config: Any = patron.load_config(shop / "patron.toml")
    model = "models:/first_purchase/1"
    prospect = run_of(shop, "first_purchase", "scores")["customer_id"][0].as_py()
    told = patron.explain(config, prospect, cutoff="2026-01-01", model=model)
    assert "since they became known" in str(told)
    customer = run_of(shop, "win_back", "scores")["customer_id"][0].as_py()
    with pytest.raises(patron.PatronError, match="there is no first purchase to explain"):
        patron.explain(config, customer, cutoff="2026-01-01", model=model)


def test_the_example_in_python_runs(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    exec(compile(EXAMPLE, str(PAGE), "exec"), {})  # noqa: S102 - our own page
    assert re.search(r"\d+ prospects, known for \d+ to \d+ days", capsys.readouterr().out)


def test_the_audit_finds_no_leak_in_what_is_known_of_prospects(shop: Path) -> None:
    config: Any = patron.load_config(shop / "patron.toml", question__population="prospects")
    report = patron.audit(config)
    assert report.proven
    assert report.rebuilds
    assert not [finding for finding in report.findings if finding.level == "leak"]
