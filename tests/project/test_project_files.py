"""CITATION.cff and the CI workflow say the same as the package and pyproject.toml."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
import yaml

import minigrad as mg
from tests.processes import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


CFF_FIELDS = [
    "abstract",
    "authors",
    "cff-version",
    "commit",
    "contact",
    "date-released",
    "doi",
    "identifiers",
    "keywords",
    "license",
    "license-url",
    "message",
    "preferred-citation",
    "references",
    "repository",
    "repository-artifact",
    "repository-code",
    "title",
    "type",
    "url",
    "version",
]
"""What CITATION.cff may have at its top (Citation File Format 1.2.0, schema.json)."""


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The table ``project`` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    fields: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    return fields


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    """The one job of the CI workflow."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    (only,) = workflow["jobs"].values()
    return only


def minor_versions(requires_python: str) -> list[str]:
    """``>=3.10,<3.14`` -> 3.10, 3.11, 3.12, 3.13."""
    bounds = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", requires_python)
    assert bounds, requires_python
    return [f"3.{minor}" for minor in range(int(bounds[1]), int(bounds[2]))]


def test_citation_is_of_its_format(citation: dict[str, Any]) -> None:
    assert citation["cff-version"] == "1.2.0"
    assert {"authors", "message", "title"} <= set(citation) <= set(CFF_FIELDS)
    assert citation["type"] == "software"
    texts = [citation[name] for name in ("message", "title", "abstract", "version", "license")]
    assert all(isinstance(text, str) and text for text in [*texts, *citation["keywords"]])
    assert len(set(citation["keywords"])) == len(citation["keywords"])


def test_citation_is_the_packages(citation: dict[str, Any], project: dict[str, Any]) -> None:
    assert citation["version"] == mg.__version__
    assert citation["authors"] == project["authors"]
    assert citation["keywords"] == project["keywords"]
    assert citation["license"] == project["license"].split(" AND ")[0]  # the code's
    assert project["description"].lower() in citation["title"].lower()


def test_classifiers_are_the_pythons_required(project: dict[str, Any]) -> None:
    python = "Programming Language :: Python :: "
    named = [c.removeprefix(python) for c in project["classifiers"] if re.match(python + r"3\.", c)]
    assert named == minor_versions(project["requires-python"])


def test_ci_runs_on_every_python_required(job: dict[str, Any], project: dict[str, Any]) -> None:
    assert job["strategy"]["matrix"] == {"python": minor_versions(project["requires-python"])}
    (setup,) = [step for step in job["steps"] if "setup-python" in step.get("uses", "")]
    assert setup["with"] == {"python-version": "${{ matrix.python }}"}


def test_ci_calls_the_script_that_holds_every_check(job: dict[str, Any]) -> None:
    (run,) = [step for step in job["steps"] if "run" in step]
    assert run["run"] == "bash .ci/run"
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    for variable in run["env"]:
        assert f"${{{variable}" in script, f".ci/run does not read {variable}"
