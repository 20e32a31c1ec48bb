"""The verb `plan`, from files to files: the page, the second run, the evidence of the next one, and forgetting."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import patron
from patron.actions.plan_files import PublishedPlan
from patron.actions.programme import read_programmes
from patron.cli import app
from patron.serving.places import Places

from .shops import Shop, scored

DOCUMENT = Path(__file__).parents[2] / "docs" / "planning.md"

CONFIGURATION = """\
[data]
observed_until = "2020-09-01"
[purchases]
path = "purchases.parquet"
[assignments]
path = "assignments.parquet"
[activities]
path = "activities.parquet"
[profile]
path = "profile.parquet"
static = ["no_mail"]
[question]
horizon_days = 30
[run]
out = ["scores"]
[plan]
margin = 0.5
budget = 100
test_budget = 20
opt_out = "no_mail"
"""

MAIL = """\
title = "Mail"
objective = "a purchase"
[whom]
code = "stage = 'repeat'"
words = "repeat customers"
[when]
code = "0"
words = "at once"
[contact]
channel = "letter"
cost = 1.0
incentive = 0.0
most = 1
within_days = 14
[test]
holdout = 0.2
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop's files with scores and two programmes, and its plan."""
    folder = tmp_path_factory.mktemp("shop")
    made = Shop.of()
    made.write(folder)
    (folder / "patron.toml").write_text(CONFIGURATION)
    (folder / "programmes").mkdir()
    (folder / "programmes" / "mail.toml").write_text(MAIL)
    with made.store() as store:
        scored(folder, store)
    (folder / "programmes" / "letter.toml").write_text(MAIL.replace("'repeat'", "'new'"))
    return folder, said(folder, "plan")


def said(folder, verb, *options):
    done = CliRunner().invoke(app, [verb, *options, "--config", str(folder / "patron.toml"), "--json"])
    return done.exit_code, json.loads(done.stdout or done.stderr)


def test_the_plan_is_made_with_its_page(shop):
    folder, (code, plan) = shop
    assert code == 0
    assert plan["customers"] == 600
    assert [each["state"] for each in plan["programmes"]] == ["unknown", "pays"]
    assert plan["folder"] == str(folder / "plans" / "repurchase" / "2020-09-01")
    page = Path(plan["page"]).read_text(encoding="utf-8")
    assert "Whom to contact next" in page
    assert "unknown, testing" in page
    assert "<script" not in page


def test_the_same_again_does_nothing_and_another_is_refused(shop):
    folder, (_, plan) = shop
    code, again = said(folder, "plan")
    assert (code, again["repeated"], again["digest"]) == (0, True, plan["digest"])
    code, refused = said(folder, "plan", "--set", "plan.budget=50")
    assert code == 2
    assert "another plan" in json.dumps(refused)


def test_the_next_run_reads_the_assignments_by_itself(shop):
    folder, (_, plan) = shop
    later = patron.load_config(folder / "patron.toml", data__observed_until="2020-09-02")
    found = patron.check(later).to_dict()
    drawn = sum(each["contacted"] + each["held_out"] for each in plan["programmes"])
    never = 588  # everybody who did not opt out was drawn for the control that is never contacted
    assert found["tables"]["assignments"]["used"] == 600 + drawn + never


def test_activities_measure_the_plan_from_its_own_holdout(shop, tmp_path):
    """Whoever the plan contacts buys for another 40 a week later."""
    folder, (_, plan) = shop
    made = PublishedPlan(Path(plan["folder"]), plan)
    before = Shop.of().purchases
    answers = pd.DataFrame(
        {
            "customer_id": made.contacts["customer_id"].to_pylist(),
            "purchased_at": pd.Timestamp("2020-09-08"),
            "amount": 40.0,
        }
    )
    pd.concat([before, answers]).to_parquet(tmp_path / "later.parquet")
    config = patron.load_config(
        folder / "patron.toml",
        data__observed_until="2020-10-05",
        purchases__path=str(tmp_path / "later.parquet"),
    )
    found = patron.activities(config, out=tmp_path / "activities.html")
    letter, mail = found["letter"], found["mail"]
    tested = next(each for each in plan["programmes"] if each["programme"] == "letter")
    assert letter.customers == tested["contacted"] + tested["held_out"]
    assert letter.draw is None or not letter.draw.doubts
    spend = next(each for each in mail.effects if each.outcome == "net spend")
    assert spend.estimate.low > 0
    page = (tmp_path / "activities.html").read_text(encoding="utf-8")
    assert "By the plan of 2020-09-01" in page
    assert "The budget is 100.00." in page
    known = next(each for each in plan["programmes"] if each["programme"] == "mail")
    assert mail.customers == 600 + known["contacted"] + known["held_out"]


def test_the_example_of_the_page_runs(shop, monkeypatch, capsys):
    folder, _ = shop
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(folder)
    exec(compile(example, str(DOCUMENT), "exec"), {})  # noqa: S102 - our own page
    assert "contacts to make" in capsys.readouterr().out


def test_the_programme_of_the_page_can_be_read(tmp_path):
    text = next(
        each
        for each in re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
        if "[whom]" in each
    )
    (tmp_path / "win_back.toml").write_text(text)
    assert read_programmes(tmp_path)[0].cost == 0.9


def test_whoever_is_forgotten_is_in_no_plan(shop, tmp_path):
    folder, _ = shop
    copy = tmp_path / "shop"
    shutil.copytree(folder, copy, symlinks=True)
    shutil.rmtree(copy / ".patron")
    Places(copy).add("plans", str(copy / "plans"))
    config = patron.load_config(copy / "patron.toml")
    made = patron.plan(config)
    customer, before = made.assignments["customer_id"][0].as_py(), made.rows.num_rows
    told = patron.forget(config, [str(customer)])
    assert any("plans" in place for place in told.removed)
    after = patron.plan(config)
    assert after.facts["forgotten"][0]["customers"] == 1
    assert after.repeated
    for table in (after.rows, after.assignments, after.contacts):
        assert customer not in table["customer_id"].to_pylist()
    assert after.rows.num_rows == before - 1


@pytest.mark.parametrize(
    ("section", "word"),
    [
        ("", r"\[plan\]"),
        ("[plan]\nmargin = 0.3\n", "budget"),
        ("[plan]\nmargin = 0.3\nbudgte = 3\n", "budget"),
    ],
)
def test_what_is_not_said_is_asked_for(shop, tmp_path, section, word):
    folder, _ = shop
    text = CONFIGURATION.split("[plan]", maxsplit=1)[0] + section
    (tmp_path / "patron.toml").write_text(text.replace('path = "', f'path = "{folder}/'))
    with pytest.raises(patron.ConfigurationError) as refused:
        patron.plan(patron.load_config(tmp_path / "patron.toml"))
    assert re.search(word, str(refused.value))


def test_without_scores_it_says_what_to_do(shop, tmp_path):
    folder, _ = shop
    config = patron.load_config(folder / "patron.toml")
    with pytest.raises(patron.ConfigurationError, match="no scores") as refused:
        patron.plan(config, scores=tmp_path / "nowhere")
    assert "score first" in refused.value.remedy
