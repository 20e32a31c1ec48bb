"""The journal: whole entries count, torn and damaged ones do not, and harm no others."""

from pathlib import Path

import pytest

from patron.serving.journal import Journal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "journal")
    journal.begin()
    journal.add({"partition": 1, "what": "ä\n"})
    journal.add({"partition": 2})
    return tmp_path / "journal"


def test_entries_come_back_in_their_order(file: Path) -> None:
    assert Journal(file).entries() == [{"partition": 1, "what": "ä\n"}, {"partition": 2}]


def test_of_a_journal_that_breaks_off_anywhere_the_whole_entries_are_left(file: Path) -> None:
    content = file.read_bytes()
    first = content.index(b"\n") + 1
    for length in range(len(content)):
        file.write_bytes(content[:length])
        expected = (length >= first - 1) + (length >= len(content) - 1)  # all but the end of the line will do
        assert len(Journal(file).entries()) == expected
        Journal(file).add({"partition": 3})
        assert Journal(file).entries()[expected:] == [{"partition": 3}]


def test_any_flipped_bit_costs_its_own_entry_at_most(file: Path) -> None:
    content = bytearray(file.read_bytes())
    first = content.index(b"\n") + 1
    for place in range(first - 1):
        file.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        assert Journal(file).entries() == [{"partition": 2}]


def test_nothing_is_written_to_a_journal_that_is_gone(file: Path) -> None:
    file.unlink()
    with pytest.raises(FileNotFoundError):
        Journal(file).add({"partition": 3})
    assert not file.exists()
