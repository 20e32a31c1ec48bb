"""One at a time: the second is told who is at work, and death frees the lock."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from patron.serving.locking import BusyError, is_held, only_one

HOLD = """
import sys, time
from pathlib import Path
from patron.serving.locking import only_one
with only_one(Path(sys.argv[1]), "it"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / ".run.lock"


def test_the_second_is_told_who_is_at_work_until_the_first_is_killed(lock: Path) -> None:
    first = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    with first.stdout as said:
        assert said.readline() == "held\n"
        assert is_held(lock)
        said_so = pytest.raises(BusyError, match="Another process is at work on the scores")
        with said_so as caught, only_one(lock, "the scores"):
            pass
        assert f"process {first.pid} on " in caught.value.found
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert not is_held(lock)
    with only_one(lock, "the scores"):
        assert str(os.getpid()) in lock.read_text()


def test_nothing_is_left_of_a_lock(lock: Path) -> None:
    with only_one(lock, "it"):
        pass
    assert list(lock.parent.iterdir()) == []
    assert not is_held(lock)


def test_a_lock_whose_holder_signs_nothing_is_a_lock_all_the_same(lock: Path) -> None:
    from filelock import FileLock

    with FileLock(lock), pytest.raises(BusyError) as caught, only_one(lock, "it"):
        pass
    assert caught.value.found == "a process that has not said who it is"
