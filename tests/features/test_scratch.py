"""Scratch folders: they go with their process, and where it was killed with the start of the next one."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from patron.features.full_disk import DiskFullError
from patron.features.scratch import ScratchFolder, remove_left_behind

NOBODY = 2**22 + 1
"""No process has such a number."""

OWNER = """
import sys, time
from patron.features.scratch import ScratchFolder
folder = ScratchFolder()
open(folder.name + "/rows", "w").write("customers")
print(folder.name, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def begun() -> tuple[subprocess.Popen[str], Path]:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner.stdout:
        return owner, Path(owner.stdout.readline().strip())


def test_what_a_killed_process_left_goes_and_what_a_living_one_has_stays(folder: Path) -> None:
    (killed, left), (alive, used) = begun(), begun()
    try:
        assert remove_left_behind() == []
        killed.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        killed.wait()
        with ScratchFolder() as own:  # the next one's start
            assert not left.exists()
            assert (used / "rows").read_text() == "customers"
            assert remove_left_behind() == []
            assert Path(own.name).parent == folder
    finally:
        for owner in (killed, alive):
            owner.kill()
            owner.wait()
    assert remove_left_behind() == [used]
    assert list(folder.iterdir()) == []


def test_a_number_that_another_process_has_by_now_protects_nothing(folder: Path) -> None:
    left = folder / f"patron-{os.getpid()}-abc"
    left.mkdir()
    (left / "owner.lock").touch()
    assert remove_left_behind() == [left]


def test_a_folder_without_a_lock_goes_once_it_is_not_just_being_made(folder: Path) -> None:
    left = folder / f"patron-{NOBODY}-abc"
    left.mkdir()
    assert remove_left_behind() == []
    os.utime(left, (0, 0))
    assert remove_left_behind() == [left]


def test_what_is_not_a_scratch_folder_is_not_touched(folder: Path) -> None:
    target = folder / "target"
    target.mkdir()
    (target / "owner.lock").touch()
    for name in ("patron-scoring-1", "patron-1x-abc", "other"):
        (folder / name).mkdir()
        (folder / name / "owner.lock").touch()
    (folder / f"patron-{NOBODY}-file").touch()
    (folder / f"patron-{NOBODY}-link").symlink_to(target)
    before = sorted(folder.iterdir())
    assert remove_left_behind() == []
    assert sorted(folder.iterdir()) == before


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owners here")
def test_folders_of_another_user_are_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = folder / f"patron-{NOBODY}-abc"
    left.mkdir()
    (left / "owner.lock").touch()
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    assert remove_left_behind() == []


@pytest.mark.parametrize("full", ["os.mkdir", "filelock.FileLock.acquire"])
def test_a_disk_without_room_for_the_folder_is_told_and_nothing_stays(
    folder: Path, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*anything: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(full, refuse)
        with pytest.raises(DiskFullError, match="The disk is full"):
            ScratchFolder()
    assert list(folder.iterdir()) == []
