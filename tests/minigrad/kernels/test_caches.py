"""The size of the second cache, as Linux describes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from minigrad.kernels.cpu.runtime.caches import SECOND_CACHE, USUAL, second_cache


def describe(folder: Path, *caches: tuple[str, str, str]) -> Path:
    for number, cache in enumerate(caches):
        own = folder / f"index{number}"
        own.mkdir()
        for name, text in zip(("level", "type", "size"), cache, strict=True):
            (own / name).write_text(f"{text}\n")
    return folder


@pytest.mark.parametrize(("size", "expected"), [("512K", 1 << 19), ("2M", 1 << 21)])
def test_the_second_cache_is_the_one_of_that_level(tmp_path: Path, size: str, expected: int) -> None:
    caches = ("1", "Data", "48K"), ("1", "Instruction", "32K"), ("2", "Unified", size), ("3", "Unified", "9M")
    assert second_cache(describe(tmp_path, *caches)) == expected


@pytest.mark.parametrize(
    "caches", [(), (("1", "Data", "48K"),), (("2", "Unified", ""),), (("2", "Unified", "0K"),)]
)
def test_a_size_that_nothing_says_is_the_usual_one(
    tmp_path: Path, caches: tuple[tuple[str, str, str], ...]
) -> None:
    assert second_cache(describe(tmp_path, *caches)) == USUAL


def test_a_folder_that_lacks_a_file_gives_the_usual_size(tmp_path: Path) -> None:
    describe(tmp_path, ("2", "Unified", "2M"))
    (tmp_path / "index0" / "size").unlink()
    assert second_cache(tmp_path) == USUAL
    assert SECOND_CACHE > 0
