"""The notebook of examples/ runs from top to bottom in a kernel, and its objects show themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def executed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    nbformat = pytest.importorskip("nbformat", reason="nbformat, which reads a notebook, is not there")
    client = pytest.importorskip("nbclient", reason="nbclient, which runs a notebook, is not there")
    pytest.importorskip("ipykernel", reason="ipykernel, in which a notebook runs, is not there")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # the kernel's folder is another one
    book = nbformat.read(request.param, as_version=4)
    nbformat.validate(book)
    assert all(not cell.get("outputs") for cell in book.cells), "a notebook is kept without its outputs"
    client.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    return book


def test_a_notebook_runs_and_shows_graphs_traces_and_pages(executed: Any) -> None:
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert kinds.count("image/svg+xml") >= 2
    html = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert any("<iframe srcdoc=" in text for text in html)
    assert any("gradient 0" in text for text in html)
    assert not [output for output in outputs if output["output_type"] == "error"]
    texts = [output["data"]["text/plain"] for output in outputs if "text/plain" in output.get("data", {})]
    assert any("would get one" in text for text in texts)
    [error] = [float(text) for text in texts if text.replace("e-", "").replace(".", "").isdigit()]
    assert error < 1e-6


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS
