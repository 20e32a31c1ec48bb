"""Progress is drawn on a terminal only; results are never mixed with it."""

import io
import json
import math

import pytest

from patron.console import deviations_told, progress_shown, show
from patron.features.progress import silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with progress_shown() as progress:
        assert progress is silent


def test_a_terminal_gets_a_bar_per_task(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with progress_shown() as progress:
        progress("building snapshots", 1, 12)
        progress("building snapshots", 12, 12)
        progress("reading", 3, 0)

    assert "building snapshots" in terminal.getvalue()
    assert "12/12" in terminal.getvalue()


def test_what_follows_a_colon_changes_without_a_new_bar(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with progress_shown() as progress:
        progress("trying recipes: best .42", 1, 12)
        progress("trying recipes: best .41", 2, 12)
    last = terminal.getvalue().split("best .41")[-1]
    assert "2/12" in last
    assert "best .42" not in last
    assert "1/12" not in last


def test_machines_never_get_numbers_that_json_does_not_know():
    with pytest.raises(ValueError, match="JSON"):
        show([], {"auc": math.nan}, as_json=True)


def test_one_json_object_or_lines(capsys: pytest.CaptureFixture[str]):
    show(["a", "b"], {"x": 1}, as_json=False)
    assert capsys.readouterr().out == "a\nb\n"
    show(["a", "b"], {"x": 1}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"x": 1}


def test_of_many_deviations_the_largest_of_each_kind_are_told():
    told = deviations_told(
        [
            *(
                {"kind": "emptied", "said": f"{n} %", "size": n / 100, "allowed": False}
                for n in (30, 50, 40, 60)
            ),
            {"kind": "stale", "said": "3 days", "size": 3.0, "allowed": True},
        ]
    )
    assert told == ["60 %", "50 %", "40 %", "and 1 more emptied: the manifest lists them", "3 days (allowed)"]
