"""Pictures show all samples, exactly."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gans import data, plots
from gans.plots import Surface, animation, clip_rows, density, image_grid, scatter, training_curves
from gans.plots.animated import MOST_FRAMES
from gans.plots.figures import points
from gans.plots.figures.curves import _lines, smooth
from gans.plots.grids import SEPARATOR_GREY
from tests.processes import ROOT, python

Draw = Callable[..., bytes]


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are drawn instead of being encoded."""
    figures: list[Figure] = []

    def keep(figure: Figure) -> bytes:
        figures.append(figure)
        return b""

    monkeypatch.setattr(points, "png", keep)
    return figures


@pytest.mark.parametrize(("n", "channels"), [(1, 1), (7, 1), (64, 1), (5, 3)])
def test_a_grid_shows_every_pixel_of_every_image(n: int, channels: int) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (n, channels, 5, 6))
    image = opened(image_grid((levels / 127.5 - 1).astype(np.float32), scale=3, gap=2))
    pixels = np.asarray(image).reshape(image.height, image.width, channels)
    columns = int(np.ceil(np.sqrt(n)))
    assert image.width == columns * (6 * 3 + 2) + 2
    for index in range(n):
        top, left = 2 + index // columns * 17, 2 + index % columns * 20
        tile = pixels[top : top + 15, left : left + 18]
        assert np.array_equal(tile, levels[index].transpose(1, 2, 0).repeat(3, axis=0).repeat(3, axis=1))
        assert (pixels[top - 2 : top, left - 2 : left + 20] == SEPARATOR_GREY).all()


def test_a_grid_keeps_values_outside_the_range_at_its_ends() -> None:
    pixels = np.asarray(opened(image_grid(np.array([-3.0, 3.0]).reshape(1, 1, 1, 2), scale=1, gap=0)))
    assert pixels.tolist() == [[0, 255]]


@pytest.mark.parametrize("shape", [(4, 28, 28), (2, 2, 28, 28), (0, 1, 28, 28)])
def test_a_grid_of_other_shapes_is_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(n, 1 or 3, h, w\)"):
        image_grid(np.zeros(shape))


def test_large_grids_get_smaller_pixels() -> None:
    assert opened(image_grid(np.zeros((64, 1, 28, 28)))).width == 8 * (28 * 3 + 2) + 2
    assert opened(image_grid(np.zeros((2_500, 1, 28, 28)))).width == 50 * (28 + 2) + 2


def frames(folder: Path, count: int, mode: str = "L") -> dict[str, Path]:
    paths = {}
    for index in range(count):
        path = folder / f"{index}.png"
        Image.new(mode, (40, 30), (index * 2,) * len(mode) if mode == "RGB" else index * 2).save(path)
        paths[f"epoch {index}"] = path
    return paths


def test_a_clip_is_a_row_of_frames_over_the_clip_that_belongs_to_it() -> None:
    """Two clips of three frames, in grey and in colour: rows are grey, colour, grey, colour."""
    levels = np.linspace(-1, 1, 6).reshape(2, 3, 1, 1, 1)
    grey = np.broadcast_to(levels, (2, 3, 1, 5, 6))
    colour = np.stack([-levels, levels, -levels], axis=2)[:, :, :, 0]
    colour = np.broadcast_to(colour, (2, 3, 3, 5, 6))
    with Image.open(io.BytesIO(clip_rows([grey, colour]))) as picture:
        pixels = np.asarray(picture)
    scale, gap = 3, 2
    assert pixels.shape == (4 * (5 * scale + gap) + gap, 3 * (6 * scale + gap) + gap, 3)
    middle = pixels[gap + 2 :: 5 * scale + gap, gap + 2 :: 6 * scale + gap]
    bright = np.rint((levels.reshape(2, 3) + 1) * 127.5)
    np.testing.assert_array_equal(middle[::2], np.stack([bright] * 3, axis=-1))
    np.testing.assert_array_equal(middle[1::2, :, 1], bright)
    np.testing.assert_array_equal(middle[1::2, :, 0], 255 - bright)


def test_clips_of_other_shapes_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"clips \(n, t, c, h, w\) needed"):
        clip_rows([np.zeros((2, 3, 8, 8))])
    with pytest.raises(ValueError, match="groups of one shape needed"):
        clip_rows([np.zeros((2, 3, 1, 8, 8)), np.zeros((2, 4, 1, 8, 8))])


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_an_animation_shows_all_pictures_in_order(tmp_path: Path, mode: str) -> None:
    gif = opened(animation(frames(tmp_path, 5, mode)))
    shown = []
    for index in range(gif.n_frames):  # type: ignore[attr-defined]
        gif.seek(index)
        shown.append(gif.convert("L").getpixel((0, 0)))
    assert shown == [0, 2, 4, 6, 8]
    assert gif.info["duration"] == 2_000
    assert gif.info["loop"] == 0


def test_a_long_animation_keeps_its_first_and_last_picture(tmp_path: Path) -> None:
    gif = opened(animation(frames(tmp_path, 120)))
    assert gif.n_frames == MOST_FRAMES  # type: ignore[attr-defined]
    assert gif.convert("L").getpixel((0, 0)) == 0
    gif.seek(MOST_FRAMES - 1)
    assert gif.convert("L").getpixel((0, 0)) == 238


def test_an_animation_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        animation({})


def test_scatter_draws_every_point_and_counts_those_outside(drawn: list[Figure]) -> None:
    ring = data.load("ring")
    assert isinstance(ring, data.ToyData)
    rng = np.random.default_rng(0)
    real, generated = ring.sample(1_000, rng), ring.sample(2_500, rng)
    generated[:7] = 50
    scatter(generated, real, "title", ring.modes, ring.stds)
    [axes] = drawn[0].axes
    offsets = [np.asarray(collection.get_offsets()) for collection in axes.collections]
    assert [len(points) for points in offsets] == [1_000, 2_500, 8]
    assert np.array_equal(offsets[1], generated)
    assert len(axes.patches) == 8
    assert "2,500 points, 7 of them outside the frame" in {text.get_text() for text in axes.texts}


@pytest.mark.parametrize("exact", [True, False])
def test_density_counts_every_point(drawn: list[Figure], exact: bool) -> None:
    mixture = data.load("mixture")
    assert isinstance(mixture, data.ToyData)
    rng = np.random.default_rng(0)
    generated = mixture.sample(3_000, rng)
    generated[:300] = 90
    density(generated, mixture.sample(3_000, rng), "title", mixture.log_density if exact else None)
    [axes] = drawn[0].axes
    heights, edges, _ = axes.patches[0].get_data()  # type: ignore[attr-defined]
    assert np.sum(heights * np.diff(edges)) == pytest.approx(0.9)
    if exact:
        x, y = (np.asarray(values) for values in axes.lines[0].get_data())
        assert np.trapezoid(y, x) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("probabilities", [True, False])
def test_scatter_draws_d_behind_the_points(drawn: list[Figure], probabilities: bool) -> None:
    x = np.array([[-1.0, -1.0], [1.0, 1.0]])

    def values(at: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.clip(at[:, 0] / 4 + 0.5, 0, 1) if probabilities else 7 * at[:, 0] - at[:, 1]

    scatter(x, x, "title", surface=Surface(values, probabilities))
    axes, scale = drawn[0].axes
    [image] = axes.images
    left, right, bottom, top = image.get_extent()
    shown = np.asarray(image.get_array())
    rows, columns = np.linspace(bottom, top, len(shown)), np.linspace(left, right, len(shown))
    plane = np.stack(np.meshgrid(columns, rows), axis=-1)
    assert np.allclose(shown, values(plane.reshape(-1, 2)).reshape(shown.shape))
    assert image.get_clim() == ((0, 1) if probabilities else (shown.min(), shown.max()))
    assert ("probability" if probabilities else "score") in scale.get_ylabel()


def test_a_surface_may_be_flat(drawn: list[Figure]) -> None:
    x = np.array([[-1.0, -1.0], [1.0, 1.0]])
    scatter(x, x, "title", surface=Surface(lambda at: np.full(len(at), 3.0), probabilities=False))
    assert (np.asarray(drawn[0].axes[0].images[0].get_array()) == 3).all()


def test_density_draws_d_with_a_scale_of_its_own(drawn: list[Figure]) -> None:
    x = np.linspace(-1, 1, 50)[:, None]
    density(x, x, "title", surface=Surface(lambda at: 1 / (1 + np.exp(-at[:, 0])), probabilities=True))
    _, right = drawn[0].axes
    at, values = (np.asarray(numbers) for numbers in right.lines[0].get_data())
    assert np.allclose(values, 1 / (1 + np.exp(-at)))
    assert right.get_ylim() == pytest.approx((-0.02, 1.02))


@pytest.mark.parametrize("name", ["ring", "mixture", "mixture-madgan", "swiss-roll"])
def test_a_legend_lies_over_no_point(drawn: list[Figure], name: str) -> None:
    toy = data.load(name)
    assert isinstance(toy, data.ToyData)
    x = toy.sample(500, np.random.default_rng(0))
    (density if toy.shape == (1,) else scatter)(x, x, "title")
    [figure] = drawn
    [legend] = figure.legends
    assert figure.axes[0].get_legend() is None
    assert legend.get_window_extent().y1 < figure.axes[0].bbox.y0


@pytest.mark.parametrize(("draw", "shape"), [(scatter, (5, 3)), (scatter, (0, 2)), (density, (5, 2))])
def test_points_of_other_shapes_are_an_error(draw: Draw, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="needed, got"):
        draw(np.zeros(shape), np.zeros((5, 2)), "title")


def record(step: int, real: float = 0.6, fake: float = 0.4) -> dict[str, Any]:
    names = ("loss_d", "loss_g", "grad_norm_d", "grad_norm_g")
    return {"step": step, "d_real": real, "d_fake": fake, **dict.fromkeys(names, 1 / step)}


@pytest.mark.parametrize("count", [1, 2, 500])
@pytest.mark.parametrize("probabilities", [True, False])
def test_curves_are_the_same_picture_each_time(count: int, probabilities: bool) -> None:
    log = [record(step, 0.6 if probabilities else -30.0) for step in range(1, count + 1)]
    first = training_curves(log, "gan on ring", probabilities)
    assert opened(first).width == 990
    assert first == training_curves(log, "gan on ring", probabilities)


def test_curves_without_d_real_or_with_zero_gradients() -> None:
    log = [{**record(step), "d_real": None, "grad_norm_g": 0.0} for step in range(1, 4)]
    assert opened(training_curves(log, "no D(real)")).width == 990


def test_curves_of_nothing_are_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        training_curves([], "nothing")


@pytest.mark.parametrize("window", [1, 2, 5, 8])
def test_smooth_is_the_mean_of_what_the_window_holds(window: int) -> None:
    values = np.random.default_rng(0).normal(size=11)
    before, after = window // 2, (window - 1) // 2
    expected = [values[max(0, i - before) : i + after + 1].mean() for i in range(11)]
    assert np.allclose(smooth(values, window), expected)


def test_smooth_passes_over_gaps_that_are_shorter_than_the_window() -> None:
    values = np.array([1.0, np.nan, 3.0, np.nan, np.nan, np.nan, 5.0])
    assert np.array_equal(smooth(values, 3), [1, 2, 3, 3, np.nan, 5, 5], equal_nan=True)


def test_plots_leave_the_global_state_of_matplotlib_alone() -> None:
    code = "import gans.plots.figures.style, sys; sys.exit('matplotlib.pyplot' in sys.modules)"
    done = python(code, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_matplotlib_is_imported_by_the_first_figure() -> None:
    code = (
        "import sys, gans.api, gans.reproductions, numpy as np; from gans import plots; "
        "plots.token_grid(np.zeros((2, 3), int), 5); assert 'matplotlib' not in sys.modules; "
        "plots.figure_curves; assert 'matplotlib' in sys.modules; "
        "assert set(plots.__all__) <= set(dir(plots)) and all(getattr(plots, name) for name in plots.__all__)"
    )
    done = python(code, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_a_picture_that_is_not_there_is_an_error_with_those_that_are() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'pie_chart'; it has MOST_LINES, Band, "):
        plots.pie_chart  # noqa: B018


def test_the_losses_of_a_system_have_a_colour_each() -> None:
    names = ("loss_d", "loss_real", "loss_fake", "loss_g")
    lines = _lines({name: np.zeros(3) for name in names})
    assert [line.label for line in lines] == ["discriminator", "real", "fake", "generator"]
    assert len({line.colour for line in lines}) == 4
