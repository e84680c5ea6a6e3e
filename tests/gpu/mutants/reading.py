"""Reads the lists of mutants: for each CUDA file one TOML file of the same path, one table a mutant.

    by = "gemm/pipelined.cu"            # the directed case that must catch them; by default the file's own

    ["no barrier behind the products"]  # the mistake
    after = "sums[i][j] += "            # optional: the text to change is the first behind this one
    old = "__syncthreads();"            # the text to change; without ``after`` it stands once in the file
    new = ""                            # the text in its place
    by = "conv/simple.cu"               # optional: the case that must catch this mutant

A text of several lines begins behind the line of its three quotes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from minigrad.kernels.cuda.runtime import loading
from tests.gpu.kernels.directed import CASES
from tests.gpu.mutants.mutant import SOURCES, Mutant, MutantError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "lists"
REQUIRED = {"old", "new"}
KEYS = REQUIRED | {"after", "by"}


def load(folder: Path = FOLDER) -> list[Mutant]:
    """The mutants of all lists. Raises MutantError, which names the list and the mutant, if one is wrong."""
    return [mutant for path in sorted(folder.rglob("*.toml")) for mutant in _mutants(path, folder)]


def _mutants(path: Path, folder: Path) -> list[Mutant]:
    file = path.relative_to(folder).with_suffix("").as_posix()
    if not (loading.FOLDER / file).is_file():
        raise MutantError(f"{path}: there is no {SOURCES}/{file}; a list has the path of its kernel")
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MutantError(f"{path}: {error}") from error
    by = tables.pop("by", file)
    return [_mutant(path, file, what, table, by) for what, table in tables.items()]


def _mutant(path: Path, file: str, what: str, table: Any, by: Any) -> Mutant:
    problem = _problem(table)
    if not problem and table.get("by", by) not in CASES:
        problem = f"'by' must name a directed case, one of {', '.join(sorted(CASES))}"
    if problem:
        raise MutantError(f"{path}: [{what}]: {problem}")
    return Mutant(file, what, **{"by": by, **table})


def _problem(table: Any) -> str:
    """What is wrong with a mutant's table; "" if nothing is."""
    if not isinstance(table, dict):
        return f"expected a table with {_names(REQUIRED)}, and found {table!r}"
    if missing := REQUIRED - table.keys():
        return f"{_names(missing)} missing"
    if unknown := table.keys() - KEYS:
        return f"{_names(unknown)} unknown; the keys are {_names(KEYS)}"
    if wrong := {key for key, value in table.items() if not isinstance(value, str)}:
        return f"{_names(wrong)} must be a text"
    if not table["old"]:
        return "'old' must not be empty"
    if table["old"] == table["new"]:
        return "'old' and 'new' are the same text: nothing changes"
    return ""


def _names(keys: set[str]) -> str:
    return ", ".join(f"'{key}'" for key in sorted(keys))
