"""Programmes: the ready-made ones are whole but for their costs, and a file that cannot be used is named."""

import re

import pytest

from patron.actions.programme import copy_programmes, read_programmes
from patron.catalogue_page import whole_catalogue
from patron.features.errors import ConfigurationError

SCORES = {"stage", "probability", "loyalty_type", "customer_id"}


@pytest.fixture
def folder(tmp_path):
    """The ready-made programmes with their costs filled in as they propose."""
    copy_programmes(tmp_path)
    for path in tmp_path.glob("*.toml"):
        path.write_text(re.sub(r"^# (cost|incentive) = ", r"\1 = ", path.read_text(), flags=re.MULTILINE))
    return tmp_path


def changed(folder, old, new):
    path = folder / "win_back.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_ready_made_programmes_speak_of_features_and_scores_that_exist(folder):
    programmes = read_programmes(folder)
    assert [each.name for each in programmes] == [
        "case_recovery",
        "due_reminder",
        "price_offer",
        "reactivation",
        "second_purchase",
        "thank_you",
        "welcome_prospect",
        "win_back",
    ]
    known = SCORES | {each.field().name for each in whole_catalogue()}
    for each in programmes:
        each.whom.check(known)
        each.when.check(known)


def test_no_cost_is_assumed(tmp_path):
    copy_programmes(tmp_path)
    with pytest.raises(ConfigurationError, match="no cost") as refused:
        read_programmes(tmp_path)
    assert "only you know" in refused.value.remedy


def test_copying_again_keeps_what_was_edited(folder):
    before = (folder / "win_back.toml").read_text()
    (folder / "thank_you.toml").unlink()
    assert [path.name for path in copy_programmes(folder)] == ["thank_you.toml"]
    assert (folder / "win_back.toml").read_text() == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cost = 0.90", "cost = -1", "cost"),
        ("cost = 0.90", "cost = inf", "cost"),
        ("cost = 0.90", "cots = 0.9", "cots"),
        ("holdout = 0.1", "holdout = 0", "holdout"),
        ("holdout = 0.1", "holdout = 1.0", "holdout"),
        ("most = 1", "most = 0", "most"),
        ("within_days = 60", "within_days = 0.5", "within_days"),
        ("[test]", "[tests]", r"\[test\]"),
        ('channel = "letter"', "channel = 3", "channel"),
        ('title = "Win', 'title = Win"', "cannot be read"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(folder, old, new, said):
    changed(folder, old, new)
    with pytest.raises(ConfigurationError, match=said) as refused:
        read_programmes(folder)
    assert "win_back.toml" in refused.value.where


def test_a_folder_without_programmes_says_how_to_get_some(tmp_path):
    with pytest.raises(ConfigurationError, match="no programmes") as refused:
        read_programmes(tmp_path / "nowhere")
    assert "--copy-programmes" in refused.value.remedy
