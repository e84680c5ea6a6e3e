"""Names of data that are made: a prefix before images, oracles, and what stands near such a name."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from gans.data import (
    NAMES,
    PREFIXES,
    DomainData,
    MovingData,
    PairData,
    PartialData,
    SceneData,
    SequenceData,
    StackedData,
    StyleData,
    data_name,
    load,
)
from gans.data.domains import DOMAINS
from gans.data.idx import write_idx
from gans.data.pairs import PAIRS
from gans.errors import UserError

KINDS = {
    **dict.fromkeys(PAIRS, PairData),
    **dict.fromkeys(DOMAINS, DomainData),
    "stacked": StackedData,
    "styles": StyleData,
    "labels100": PartialData,
    "scenes": SceneData,
    "moving": MovingData,
}


FRAMED = ("scenes", "moving")
"""Prefixes of data whose size is not that of the images."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of IDX files with training images alone."""
    found = tmp_path / "letters"
    found.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (9, 10, 10), dtype=np.uint8)
    write_idx(found / "train-images-idx3-ubyte", pixels)
    return found


def refusal(name: str) -> str:
    with pytest.raises(UserError) as caught:
        load(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_maker_has_a_prefix_and_no_prefix_is_a_name() -> None:
    assert set(PREFIXES) == set(KINDS)
    assert not {*PREFIXES} & {*NAMES}
    assert all(len(prefix) > 1 for prefix in PREFIXES)  # one letter is a drive


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_makes_data_of_a_name(prefix: str) -> None:
    data = load(f"{prefix}:mnist5k")
    assert isinstance(data, KINDS[prefix])
    assert data.name == f"{prefix}:mnist5k"


@pytest.mark.parametrize("prefix", [prefix for prefix in PREFIXES if prefix != "labels100"])
def test_a_prefix_makes_data_of_a_folder_and_a_folder_in_data_dir(prefix: str, folder: Path) -> None:
    assert load(f"{prefix}:{folder}").name == load(f"{prefix}:letters", folder.parent).name
    if prefix not in FRAMED:
        assert load(f"{prefix}:{folder}").shape[1:] == (10, 10)


def test_oracles_are_names() -> None:
    data = load("oracle")
    assert isinstance(data, SequenceData)
    assert (data.name, data.vocabulary, load("oracle5000").vocabulary) == ("oracle", 500, 5000)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("egdes:mnist5k", "did you mean 'edges:mnist5k'?"),
        ("Edges:mnist", "did you mean 'edges:mnist'?"),
        ("rotate:some/folder", "did you mean 'rotated:some/folder'?"),
        ("noise", "did you mean 'noisy:mnist5k'?"),
        ("colored", "did you mean 'coloured:mnist5k'?"),
        ("orcale", "did you mean 'oracle'?"),
        ("edges", "edges is made from images: write edges:mnist5k, or edges:PATH"),
        ("thick:", "thick is made from images: write thick:mnist5k"),
        ("edges:mnsit", "unknown data set 'mnsit'; did you mean 'mnist'?"),
        ("edges:ring", "edges:ring: edges is made from plain images, such as mnist5k, not ring"),
        ("edges:noisy:mnist5k", "not noisy:mnist5k"),
        ("small:oracle", "not oracle"),
        ("edges/folder", "no folder 'edges/folder'"),
        ("C:\\data", "no folder 'C:\\\\data'"),
        ("C:/edges", "no folder 'C:/edges'"),
        ("edges:no/folder", "no folder 'no/folder'"),
    ],
)
def test_a_name_that_is_none_is_answered_with_one(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refusal(name)


@pytest.mark.skipif(os.name == "nt", reason="names of files have no colon there")
def test_a_path_with_a_colon_is_a_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    for name in ("C:letters", "two:letters", "edges:letters"):
        folder = folder.rename(folder.parent / name)
        data = load(f"./{name}")
        assert (data.kind, data.name) == ("image", name)
    assert load("edges:./edges:letters").kind == "pairs"


def test_a_run_keeps_the_absolute_path_of_what_data_are_made_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    kept = data_name("edges:letters")
    assert kept == f"edges:{folder.resolve()}"
    assert load(kept).name == "edges:letters"
    (folder.parent / "mine.npz").write_bytes(b"")
    assert data_name("mine.npz") == str((folder.parent / "mine.npz").resolve())
    (folder.parent / "ring").mkdir()
    assert [data_name(name) for name in ("ring", "thick:mnist5k", "edges", "", "nowhere")] == [
        "ring",
        "thick:mnist5k",
        "edges",
        "",
        "nowhere",
    ]
