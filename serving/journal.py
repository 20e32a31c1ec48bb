"""A journal: what a run has done so far, one checked line for each step."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .durable import append_line, write_file


class Journal:
    """Entries in a file, each with its digest; what a kill or a damaged disk made of a line does not count."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def begin(self) -> None:
        """Start an empty journal."""
        write_file(self._file, b"")

    def add(self, entry: Mapping[str, Any]) -> None:
        """Write an entry down; it is on the disk when this returns."""
        text = json.dumps(entry, sort_keys=True)
        append_line(self._file, f"{_digest(text)} {text}")

    def entries(self) -> list[dict[str, Any]]:
        """The entries that are whole, in their order.

        A torn line is cut off from what is written next, so that it takes no good one with it.
        """
        content = self._file.read_bytes()
        if content and not content.endswith(b"\n"):
            append_line(self._file, "")
        found = []
        for line in content.decode(errors="replace").split("\n"):
            digest, _, text = line.partition(" ")
            if text and digest == _digest(text):
                found.append(json.loads(text))
        return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
