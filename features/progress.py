"""How long verbs tell what they are doing, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Called as `progress("building snapshots", 3, 12)`; `total` is 0 where it is not known."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Hear that `done` of `total` steps of `what` are done; what follows a colon in it may change on the way."""


def silent(what: str, done: int, total: int) -> None:
    """A listener that shows nothing."""
