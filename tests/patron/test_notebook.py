"""The notebook of the documentation runs from its first cell to its last, and its results show themselves."""

import json
import os
import warnings
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "training.ipynb"
SHOWN = ("patron check", "patron audit", "Metric", "patron compare", "patron score")
"""What the cards say of themselves, in the order of the cells."""


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The code cells after they ran, on a small shop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the kernel's own libraries
        import nbclient
        import nbformat

        notebook = nbformat.read(NOTEBOOK, as_version=4)
        folder = tmp_path_factory.mktemp("notebook")
        environment = {
            **os.environ,
            "PATRON_NOTEBOOK_CUSTOMERS": "1000",
            "TMPDIR": str(folder),
            "IPYTHONDIR": str(folder / "ipython"),
        }
        client = nbclient.NotebookClient(
            notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        )
        client.execute(env=environment)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.slow
def test_every_result_shows_itself_as_a_card(executed: list[dict[str, Any]]) -> None:
    pages = [
        output.data["text/html"]
        for cell in executed
        for output in cell["outputs"]
        if output.output_type == "execute_result" and "text/html" in output.data
    ]
    cards = [page for page in pages if page.lstrip().startswith("<div style=")]
    assert len(cards) == len(SHOWN)
    for page, said in zip(cards, SHOWN, strict=True):
        assert said in page


@pytest.mark.slow
def test_no_cell_ends_in_an_error(executed: list[dict[str, Any]]) -> None:
    kinds = {output.output_type for cell in executed for output in cell["outputs"]}
    assert "error" not in kinds
    streams = [
        output.text for cell in executed for output in cell["outputs"] if output.output_type == "stream"
    ]
    assert "Traceback" not in "".join(streams)


def test_it_is_kept_without_outputs() -> None:
    plain = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    code = [cell for cell in plain["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert plain["metadata"]["kernelspec"]["name"] == "python3"
