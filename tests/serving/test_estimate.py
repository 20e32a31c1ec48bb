"""The time left: by the steps of this process, on a clock that the test turns."""

import pytest

from patron.serving.estimate import TimeLeft


def test_before_the_first_step_nothing_is_said() -> None:
    left = TimeLeft()
    assert left.seconds(3) is None
    assert left.told(3) == ""


@pytest.mark.parametrize(
    ("took", "left", "told"),
    [
        (10.0, 3, "about 15 s left"),
        (0.1, 1, "about 1 s left"),
        (60.0, 4, "about 2 min left"),
        (7200.0, 4, "about 4.0 h left"),
        (10.0, 0, ""),
    ],
)
def test_what_is_left_takes_as_long_as_what_was_done_here(took: float, left: int, told: str) -> None:
    now = [100.0]
    estimate = TimeLeft(lambda: now[0])
    for _ in range(2):
        estimate.step()
    now[0] += took
    assert estimate.seconds(left) == pytest.approx(took / 2 * left)
    assert estimate.told(left) == told
