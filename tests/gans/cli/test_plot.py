"""``gans plot`` on finished runs, and the same from Python."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gans as package
from gans.errors import UserError
from tests.gans.commands import failure, gans


def contents(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_without_a_kind_those_that_fit_are_listed(
    toy_run: Path, image_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gans("plot", toy_run) == 0
    of_points = capsys.readouterr().out
    assert gans("plot", image_run) == 0
    of_images = capsys.readouterr().out
    assert "surface" in of_points
    assert "saliency" not in of_points
    assert "saliency" in of_images
    assert "surface" not in of_images


@pytest.mark.parametrize("kind", ["interpolation", "traversal", "surface", "gradients", "updates"])
def test_a_picture_is_one_file_and_the_run_stays(
    toy_run: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before, out = contents(toy_run), tmp_path / "a.png"
    few = ["--steps", 2] if kind in ("gradients", "updates") else ["--n", 3, "--seed", 1]
    assert gans("plot", toy_run, kind, *few, "--out", out) == 0
    assert capsys.readouterr().out == f"{out}: {kind} of gan on ring after step 14\n"
    assert contents(toy_run) == before
    assert Image.open(io.BytesIO(out.read_bytes())).format == "PNG"
    options = {"steps": 2} if kind in ("gradients", "updates") else {"n": 3, "seed": 1}
    picture = package.load(toy_run).plot(kind, **options)  # type: ignore[arg-type]
    assert picture.png() == picture._repr_png_() == out.read_bytes()


@pytest.mark.parametrize(
    ("kind", "few"),
    [
        ("interpolation", ["--path", "linear", "--frames", 3]),
        ("arithmetic", ["--n", 1]),
        ("traversal", ["--axes", 0, 2, "--frames", 3]),
        ("neighbours", ["--nearest", 2]),
        ("saliency", ["--n", 2]),
        ("updates", ["--steps", 1]),
    ],
)
def test_pictures_of_images(image_run: Path, tmp_path: Path, kind: str, few: list[object]) -> None:
    out = tmp_path / "a.png"
    assert gans("plot", image_run, kind, *few, "--out", out) == 0
    assert np.asarray(Image.open(io.BytesIO(out.read_bytes())).convert("L")).std() > 0


def test_the_file_is_in_the_run_unless_said(toy_run: Path) -> None:
    before = contents(toy_run)
    assert gans("plot", toy_run, "surface", "--n", 4) == 0
    after = contents(toy_run)
    picture = after.pop("surface.png")
    assert Image.open(io.BytesIO(picture)).format == "PNG"
    assert after == before
    (toy_run / "surface.png").unlink()


WRONG = {
    "no_kind": (("surfac",), "there is no kind of picture 'surfac'; did you mean 'surface'?"),
    "unfit": (("saliency",), "its pictures are interpolation, traversal, surface, gradients, updates"),
    "images_only": (("arithmetic",), "arithmetic needs images that a vector z decides; gan has none"),
    "option": (("surface", "--frames", 3), "surface takes no --frames; it takes --n, --seed"),
    "no_n": (("gradients", "--n", 3), "gradients takes no --n; it takes --steps"),
    "path": (("interpolation", "--path", "round"), "--path"),
    "frames": (("interpolation", "--frames", 1), "--frames must be at least 2, got 1"),
    "axis": (("traversal", "--axes", 9), "--axes must be numbers from 0 to"),
    "many": (("gradients", "--steps", 100_000), "--steps must be from 1 to 1,000"),
    "best": (("surface", "--checkpoint", "best"), "no best checkpoint there"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_one_line_and_writes_nothing(
    toy_run: Path, tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, expected = WRONG[case]
    before = contents(toy_run)
    assert expected in failure(capsys, "plot", toy_run, *arguments, "--out", tmp_path / "a.png")
    assert expected in failure(capsys, "plot", toy_run, *arguments)
    assert not list(tmp_path.iterdir())
    assert contents(toy_run) == before


def test_names_that_cannot_be_written_are_refused_before_any_work(
    toy_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = failure(capsys, "plot", toy_run, "surface", "--out", tmp_path / "a.jpg")
    assert "a.jpg: the name must end in .png" in line
    assert "--out" in failure(capsys, "plot", toy_run, "surface", "--out", tmp_path / "none" / "a.png")
    assert "no run there" in failure(capsys, "plot", tmp_path / "nothing", "surface")


def test_a_picture_has_its_numbers_and_saves_itself(toy_run: Path, tmp_path: Path) -> None:
    picture = package.plot(toy_run, "surface", n=5)
    assert repr(picture) == "Picture(surface: points (5, 2), arrows (5, 2), loss ())"
    picture.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == picture.png()
    with pytest.raises(UserError, match=r"must end in \.png"):
        picture.save(tmp_path / "a.pdf")
