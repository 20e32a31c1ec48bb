"""What is away for a while is asked again, a few times, and then it is said."""

import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from patron.features.errors import AwayError, ConfigurationError
from patron.features.tracking import Tracking
from patron.models.registry import ResolvedModel
from patron.serving import patience
from patron.serving.patience import patiently, resolve_patiently


class Away:
    """Something that answers after so many tries."""

    def __init__(self, tries: int) -> None:
        self.left = tries

    def ask(self) -> str:
        self.left -= 1
        if self.left >= 0:
            raise ConnectionError("not now")
        return "here"


@pytest.mark.parametrize("tries", [0, 1, 3])
def test_it_is_asked_again_until_it_answers(tries: int) -> None:
    heard: list[int] = []
    found = patiently(
        Away(tries).ask, (ConnectionError,), "it", lambda what, done, total: heard.append(done), (0, 0, 0)
    )
    assert found == "here"
    assert heard == list(range(tries))


def test_after_the_last_try_its_own_error_is_told() -> None:
    with pytest.raises(ConnectionError, match="not now"):
        patiently(Away(4).ask, (ConnectionError,), "it", waits=(0, 0, 0))


def test_another_error_is_not_waited_for() -> None:
    away = Away(1)
    with pytest.raises(ConnectionError):
        patiently(away.ask, (TimeoutError,), "it", waits=(60,))


def test_a_tracking_server_that_does_not_answer_is_asked_again_and_then_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(socket.socket()) as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    monkeypatch.setattr(patience, "WAITS", (0.0, 0.0))
    heard: list[str] = []
    tracking = Tracking(uri=f"http://127.0.0.1:{port}")
    with pytest.raises(ConfigurationError, match="server does not answer"):
        resolve_patiently(
            "models:/repurchase@champion", tracking, lambda what, done, total: heard.append(what)
        )
    assert heard == ["waiting for the tracking server"] * 2


def test_a_model_in_a_folder_needs_no_server(
    champion: ResolvedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "require_store", None)
    found: Any = resolve_patiently(str(champion.folder), Tracking(uri="http://127.0.0.1:1"))
    assert found.artefact.digest == champion.artefact.digest
    assert Path(found.uri) == champion.folder


def test_a_source_of_evidence_that_is_away_for_a_while_is_asked_again(
    score: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from patron.serving import scorer

    evidence_for, tried = scorer.evidence_for, []

    def away(*arguments: Any) -> Any:
        tried.append(arguments)
        if len(tried) < 3:
            raise AwayError("The database of the table purchases cannot be reached.")
        return evidence_for(*arguments)

    monkeypatch.setattr(patience, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(scorer, "evidence_for", away)
    assert score().result.scored > 0
    assert len(tried) == 3


def test_a_source_that_stays_away_is_told(
    score: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.socket()) as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    monkeypatch.setattr(patience, "WAITS", (0.0,))
    table = {"connection": f"postgresql://u:secret@127.0.0.1:{port}/db", "table": "orders"}
    with pytest.raises(AwayError, match="cannot be reached") as caught:
        score({"purchases": None}, purchases__connection=table["connection"], purchases__table=table["table"])
    assert "secret" not in str(caught.value)
    assert list(tmp_path.rglob("*.parquet")) == []
