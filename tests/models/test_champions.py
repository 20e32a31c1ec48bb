"""The champion changes hands one process at a time, with a reason that is kept, and only as the last step."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patron.features.errors import ConfigurationError, ModelError, PatronError
from patron.features.tracking import Tracking
from patron.models import champions, registry
from patron.models.artefact import Artefact
from patron.models.champions import Change, LostRaceError, crown, history, predecessors, promote, rollback
from patron.models.registry import champion, log_model, set_alias


@pytest.fixture(scope="module")
def three_versions(
    artefact: Artefact, make_store: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A store with three versions and no champion; logging takes seconds, so that tests copy its database."""
    folder = tmp_path_factory.mktemp("three")
    make_store(folder)
    tracking = Tracking(f"sqlite:///{folder / 'mlflow.db'}", "tests", "repurchase")
    for number in range(3):
        log_model(replace(artefact, card=f"# Card {number}\n"), tracking)
    return folder / "mlflow.db"


@pytest.fixture
def tracking(three_versions: Path, tmp_path: Path) -> Tracking:
    shutil.copy(three_versions, tmp_path / "mlflow.db")
    return Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}", "tests", "repurchase")


def held_by(tracking: Tracking) -> int | None:
    found = champion(tracking)
    return None if found is None else found.version


def test_promoting_by_hand_keeps_who_when_and_why(tracking: Tracking) -> None:
    assert history(tracking) == ()
    first = promote(tracking, "2", "  it is  the pilot's model ")
    assert (first.version, first.replaced, first.by) == (2, None, "promote")
    assert first.reason == "it is the pilot's model"
    assert first.at.endswith("+00:00")
    second = promote(tracking, "models:/repurchase/3", "better for new customers")
    assert held_by(tracking) == 3
    assert second.replaced == 2
    assert history(tracking) == (first, second)


@pytest.mark.parametrize("wanted", ["3", "repurchase/3", "models:/repurchase/3", "challenger", "@challenger"])
def test_every_way_to_name_a_version_promotes_it(tracking: Tracking, wanted: str) -> None:
    set_alias(tracking, "challenger", 3)
    assert promote(tracking, wanted, "tried in the pilot").version == 3
    assert champion(tracking).aliases == ("champion",)  # and no longer challenger


def test_rollback_goes_back_champion_by_champion(tracking: Tracking) -> None:
    for version in ("1", "2", "3"):
        promote(tracking, version, "later data")
    assert [rollback(tracking, "complaints").version, held_by(tracking)] == [2, 2]
    assert rollback(tracking, "complaints still").version == 1
    with pytest.raises(ModelError, match="no earlier champion"):
        rollback(tracking, "and again")
    assert held_by(tracking) == 1
    assert [change.by for change in history(tracking)] == ["promote"] * 3 + ["rollback"] * 2


def test_rollback_knows_a_champion_that_was_set_in_mlflow(tracking: Tracking) -> None:
    set_alias(tracking, "champion", 1)
    promote(tracking, "2", "later data")
    assert rollback(tracking, "complaints").version == 1
    set_alias(tracking, "champion", 3)
    assert rollback(tracking, "set by mistake").version == 1


@pytest.mark.parametrize(
    ("changes", "current", "expected"),
    [
        ([], None, []),
        ([], 4, []),
        ([(1, None, "gate")], 1, []),
        ([(1, None, "gate"), (2, 1, "gate"), (3, 2, "gate")], 3, [2, 1]),
        ([(1, None, "gate"), (2, 1, "gate"), (1, 2, "rollback")], 1, []),
        ([(1, None, "gate"), (2, 1, "gate"), (1, 2, "rollback"), (3, 1, "gate")], 3, [1]),
        ([(1, None, "gate"), (2, 1, "gate"), (1, 2, "promote")], 1, [2]),
        ([(1, None, "gate"), (2, 1, "gate")], 1, []),  # the second was written down and never came to be
        ([(1, None, "gate"), (2, 1, "gate")], 5, [2, 1]),
    ],
)
def test_who_was_champion_before(changes: list[Any], current: int | None, expected: list[int]) -> None:
    made = [Change(version, replaced, by, "", "") for version, replaced, by in changes]
    assert predecessors(made, current) == expected


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_change_by_hand_needs_a_reason(tracking: Tracking, reason: str) -> None:
    for act in (lambda: promote(tracking, "1", reason), lambda: rollback(tracking, reason)):
        with pytest.raises(ConfigurationError, match="needs a reason"):
            act()
    assert held_by(tracking) is None


def test_what_is_unknown_or_champion_already_is_told(tracking: Tracking) -> None:
    promote(tracking, "1", "the first")
    with pytest.raises(ModelError, match="champion already"):
        promote(tracking, "1", "again")
    with pytest.raises(ModelError, match="no version 9"):
        promote(tracking, "9", "a typing mistake")
    assert len(history(tracking)) == 1


def test_a_damaged_model_never_becomes_champion(
    artefact: Artefact, make_store: Callable[[Path], Path], tmp_path: Path
) -> None:
    make_store(tmp_path)
    tracking = Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}", "tests", "repurchase")
    log_model(artefact, tracking)
    (registry.resolve("repurchase/1", tracking).folder / "booster.txt").write_text("tree\n")
    with pytest.raises(ModelError, match="damaged"):
        promote(tracking, "1", "by hand")
    assert held_by(tracking) is None


def test_who_decided_on_an_older_champion_loses_the_race(tracking: Tracking) -> None:
    crown(tracking, 1, instead_of=None, by="gate", reason="the first")
    with pytest.raises(LostRaceError) as caught:
        crown(tracking, 2, instead_of=None, by="gate", reason="judged while there was none")
    assert caught.value.winner == 1
    assert held_by(tracking) == 1
    assert [change.version for change in history(tracking)] == [1]


def test_on_a_server_whoever_set_the_alias_last_has_it_and_the_other_is_told(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_and_be_overtaken(where: Tracking, alias: str, version: int) -> None:
        set_alias(where, alias, version)
        set_alias(where, alias, 3)

    monkeypatch.setattr(champions, "local_file", lambda uri: None)  # no lock, as on a server
    monkeypatch.setattr(champions, "set_alias", set_and_be_overtaken)
    with pytest.raises(LostRaceError) as caught:
        crown(tracking, 2, instead_of=None, by="gate", reason="better")
    assert caught.value.winner == 3
    assert history(tracking) == ()


@pytest.mark.parametrize("step", ["_remember", "set_alias"])
def test_what_fails_on_the_way_leaves_the_champion_and_its_history(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    promote(tracking, "1", "the first")

    def fail(*given: Any) -> None:
        raise RuntimeError("the store is gone")

    monkeypatch.setattr(champions, step, fail)
    with pytest.raises(RuntimeError, match="gone"):
        crown(tracking, 2, instead_of=1, by="gate", reason="better")
    assert held_by(tracking) == 1
    assert [change.version for change in history(tracking)] == [1]


def test_a_lock_that_is_held_too_long_is_told(tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    monkeypatch.setattr(champions, "LONGEST_WAIT", 0.1)
    with (
        FileLock(f"{tracking.uri.removeprefix('sqlite:///')}.lock"),
        pytest.raises(PatronError, match="for too long"),
    ):
        crown(tracking, 1, instead_of=None, by="gate", reason="the first")
    assert held_by(tracking) is None


def test_of_two_processes_at_once_one_wins(tracking: Tracking) -> None:
    program = (
        "import sys, patron.models.champions as c\n"
        "from patron.features.tracking import Tracking\n"
        "from patron.models.registry import versions\n"
        "tracking = Tracking(sys.argv[1], 'tests', 'repurchase')\n"
        "versions(tracking); print('ready', flush=True); sys.stdin.readline()\n"
        "try: c.crown(tracking, int(sys.argv[2]), instead_of=None, by='gate', reason='better'); print('won')\n"
        "except c.LostRaceError: print('lost')\n"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, tracking.uri, str(version)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for version in (1, 2)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("\n")
        racer.stdin.flush()
    said = [racer.communicate()[0].strip() for racer in racers]
    assert sorted(said) == ["lost", "won"]
    assert held_by(tracking) == said.index("won") + 1
    assert len(history(tracking)) == 1
