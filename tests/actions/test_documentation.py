"""The examples of docs/activities.md run as they stand there."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "activities.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("place", range(len(EXAMPLES)))
def test_examples_run(place, capsys):
    exec(compile(EXAMPLES[place], str(PAGE), "exec"), {})  # noqa: S102 - our own page
    assert capsys.readouterr().out.strip()


def test_there_are_examples():
    assert len(EXAMPLES) == 2
