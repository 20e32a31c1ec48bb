"""The page that lists every key is current and complete."""

from pathlib import Path

import pytest

from patron.configuration_page import configuration_page
from patron.sections import SECTIONS, TARGETS, Section

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == configuration_page(), "run `make docs`"


@pytest.mark.parametrize("section", [*SECTIONS.values(), *TARGETS], ids=lambda s: s.builds.__name__ + s.path)
def test_the_page_lists_every_key(section: Section):
    page = configuration_page()

    assert f"[{section.path}]" in page
    assert [key.name for key in section if f"| `{key.name}` |" not in page] == []


def test_the_example_on_the_page_loads(tmp_path: Path):
    from patron.config import load_config

    example = configuration_page().split("```toml\n")[1].split("```")[0]
    path = tmp_path / "patron.toml"
    path.write_text(example)

    assert load_config(path).question.horizon_days == 14
