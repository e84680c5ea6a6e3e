"""gans in Python: train, load, sample and evaluate runs, as the command line does.

>>> import tempfile, gans
>>> folder = tempfile.TemporaryDirectory()
>>> run = gans.train("gan", data="ring", steps=3, batch_size=16, out=folder.name, progress=False)
>>> run
Run(gan on ring, step 3 of 3)
>>> [record["step"] for record in run.history]
[1, 2, 3]
>>> gans.sample(folder.name, n=5).shape
(5, 2)
>>> folder.cleanup()
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gans.data import Dataset, ImageData, ToyData
from gans.data import load as load_dataset
from gans.data.images import KINDS, STEMS
from gans.errors import UserError
from gans.exporting import export_generator
from gans.files import read, write
from gans.html import inline_png
from gans.metrics import MEANINGS, evaluate_images, evaluate_points, remarks
from gans.options import (
    CHECKPOINT_EVERY,
    RUN_OPTIONS,
    RunOptions,
    StrPath,
    TrainOptions,
    run_options,
    suggestion,
)
from gans.paths import user_path
from gans.systems import Gan, check_device, check_used, settings_for
from gans.trainer import (
    Ended,
    Length,
    RunConfig,
    RunFolder,
    default_epochs,
    kind_of,
    load_data,
    load_gan,
    new_config,
    random_stream,
    read_metrics,
    sample_picture,
    start,
)
from gans.trainer import resume as resume_run

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "Evaluation",
    "Run",
    "Samples",
    "UnmeasurableError",
    "evaluate",
    "export",
    "load",
    "resume",
    "sample",
    "train",
]

MOST_PICTURE_BYTES = 2**26
DEFAULT_IMAGES = 10_000
DEFAULT_POINTS = 2_500


class UnmeasurableError(UserError):
    """The samples are too few, or no figure exists for their shape."""


class Samples(np.ndarray[Any, np.dtype[np.float32]]):
    """G's samples: images (n, c, h, w) in [-1, 1] or points (n, d), float32. A notebook shows the picture."""

    _picture: Callable[[Samples], bytes] | None = None

    @classmethod
    def of(cls, values: np.ndarray[Any, Any], picture: Callable[[Samples], bytes]) -> Samples:
        """``values`` with the function that draws them as PNG."""
        samples = values.view(cls)
        samples._picture = picture
        return samples

    def __array_finalize__(self, source: object) -> None:
        self._picture = getattr(source, "_picture", None)

    def png(self) -> bytes:
        """The picture of the samples as the bytes of a PNG file: a grid of images, or points among real ones.

        Raises ValueError if this is a part of them, neither images (n, c, h, w) nor points (n, d).
        """
        if self._picture is None:
            raise ValueError(f"an array of shape {self.shape} that was not drawn from a run has no picture")
        return self._picture(self)

    def save(self, path: StrPath) -> None:
        """Write the picture to ``path``, a name that ends in .png."""
        if Path(path).suffix.lower() != ".png":
            raise UserError(f"{path}: the name must end in .png; for the numbers use numpy.save")
        write(user_path(path), self.png())

    def _repr_png_(self) -> bytes | None:
        try:
            return self.png()
        except (ValueError, UserError):  # a part without a picture, or points of a data set without a name
            return None


class Evaluation(dict[str, Any]):
    """Figures by name, as ``gans.metrics.evaluate_images`` and ``evaluate_points`` describe them.

    A notebook shows a table: each figure, the same figure of real data, which way is better, and remarks.
    """

    def rows(self) -> Iterator[tuple[str, str, str, str, str]]:
        """The name of each figure, its value, real data's value, which way is better, and its meaning."""
        beside = {name: self._of_real(name) for name in self}
        for name, value in self.items():
            if name not in beside.values():
                meaning = MEANINGS[name]
                real = beside[name]
                words = "" if real is None else _short(self[real])
                yield name.replace("_", " "), _short(value), words, meaning.better, meaning.words

    def remarks(self) -> list[str]:
        """The limits of the figures, a sentence each."""
        return list(remarks(self))

    def _of_real(self, name: str) -> str | None:
        return next((other for other in (f"{name}_floor", f"real_{name}") if other in self), None)

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th>{name}</th>" for name in ("figure", "samples", "real data", "better", "what it is")
        )
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows()
        )
        said = "".join(f"<p>{escape(remark)}</p>" for remark in self.remarks())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{said}"


class Run:
    """A run in its folder: its configuration, its step, its generator and its history."""

    def __init__(self, path: StrPath, device: str = "cpu", ended: Ended | None = None) -> None:
        self.path = user_path(path)
        self.device = device
        self.config = RunConfig.read(self.path)
        self.ended = ended

    @cached_property
    def _loaded(self) -> tuple[Gan, int]:
        _, gan, step = load_gan(self.path, self.device)
        return gan, step

    @property
    def gan(self) -> Gan:
        """Both networks, their optimizers and their objective, as the last checkpoint has them."""
        return self._loaded[0]

    @property
    def step(self) -> int:
        """The step of the last checkpoint."""
        return self._loaded[1]

    @property
    def history(self) -> list[dict[str, Any]]:
        """A dict for each step: losses, D's mean readouts, gradient norms, seconds."""
        return read_metrics(RunFolder(self.path).metrics)

    def sample(self, n: int = 64, seed: int = 0) -> Samples:
        """``n`` new samples; ``seed`` decides their noise."""
        return sample(self, n, seed)

    def evaluate(
        self, n: int | None = None, seed: int = 0, data: Dataset | StrPath | None = None
    ) -> Evaluation:
        """Figures of new samples; as ``gans.evaluate``."""
        return evaluate(self, n, seed, data)

    def __repr__(self) -> str:
        return f"Run({self.config.title}, step {self.step:,} of {self.config.steps:,})"

    def _repr_html_(self) -> str:
        folder = RunFolder(self.path)
        pictures = [*list(folder.pictures())[-1:], folder.losses]
        contents = [read(path, MOST_PICTURE_BYTES) for path in pictures if path.is_file()]
        shown = "".join(inline_png(content, height=330) for content in contents)
        return f"<p><code>{escape(repr(self))}</code> in <code>{escape(str(self.path))}</code></p>{shown}"


def train(
    model: str,
    data: Dataset | StrPath = "mnist5k",
    *,
    out: StrPath | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    **options: Unpack[TrainOptions],
) -> Run:
    """Train ``model`` in a new folder and return its run; an interrupt saves and returns too.

    model       a name of ``gans.systems.SYSTEMS``, such as "dcgan"
    data        a name or folder that ``gans.data.load`` takes, or a data set of yours
    out         the run's folder; runs/MODEL-DATA, with a number if that exists, unless given
    epochs      or ``steps``: the length, in passes over the images or in updates of G
    seed        decides all random numbers
    device      "cpu" or "cuda"
    options     hyper-parameters, fields of ``gans.systems.Settings``: batch_size, lr, beta1, ...; and
                ``data_dir``, where the data lie; ``checkpoint_every`` (100 steps); ``capture``, to replay
                recorded updates, which are faster and the same bit for bit; ``progress``, to show losses
                meanwhile: lines, a live display on a terminal, pictures in a notebook

    Raises UserError for an unknown name, a value out of range, a model that does not fit the data, a folder
    that holds a run, a missing device, or a training that diverged.
    """
    if epochs is not None and steps is not None:
        raise UserError(f"the length is given twice, `epochs` {epochs} and `steps` {steps}; give one of them")
    settings = {name: value for name, value in options.items() if name not in RUN_OPTIONS}
    _check_names(settings)
    settings_for(model, "image", **settings)  # a misspelt name should not wait for a download
    check_device(device)
    run = run_options({name: value for name, value in options.items() if name in RUN_OPTIONS})
    name, loaded = _dataset(data, run.data_dir)
    kind = kind_of(loaded)
    chosen = settings_for(model, kind, **settings)
    check_used(model, kind, settings, chosen)
    length = Length(steps, epochs)
    config = new_config(
        chosen,
        loaded,
        length if length != Length() else Length(epochs=default_epochs(chosen, kind)),
        name=name,
        data_dir=run.data_dir,
        seed=seed,
        checkpoint_every=CHECKPOINT_EVERY if run.checkpoint_every is None else run.checkpoint_every,
        device=device,
    )
    folder = None if out is None else user_path(out)
    ended = start(config, loaded, folder, capture=run.capture, progress=run.progress)
    return Run(ended.folder, device, ended)


def resume(
    run: Run | StrPath,
    *,
    epochs: int | None = None,
    steps: int | None = None,
    data: Dataset | None = None,
    device: str | None = None,
    **options: Unpack[RunOptions],
) -> Run:
    """Go on with a run from its last checkpoint as if it had never stopped.

    ``epochs`` or ``steps`` is the new total length. Pass ``data`` if you trained on a data set of your own.
    ``options`` are ``data_dir``, ``checkpoint_every``, ``capture`` and ``progress``, as in ``train``.

    Raises UserError if there is no run, a file of it is damaged or its data changed, and as ``train`` does.
    """
    path = _path_of(run)
    given = run_options(options)
    ended = resume_run(
        path,
        Length(steps, epochs),
        given.data_dir,
        given.checkpoint_every,
        device,
        data=data,
        capture=given.capture,
        progress=given.progress,
    )
    return Run(path, device or "cpu", ended)


def load(path: StrPath, device: str = "cpu") -> Run:
    """The run in the folder ``path``, with its networks on ``device``.

    Raises UserError if there is no run or no checkpoint, or a file of it is damaged.
    """
    run = Run(path, device)
    run.step  # noqa: B018  a damaged checkpoint is an error here, not later
    return run


def sample(run: Run | StrPath, n: int = 64, seed: int = 0) -> Samples:
    """``n`` new samples of a run's generator, from noise that ``seed`` decides.

    Raises UserError as ``load`` does, or if ``n`` is below 1.
    """
    if n < 1:
        raise UserError(f"`n` must be at least 1, got {n}")
    loaded = _run_of(run)
    gan, config = loaded.gan, loaded.config
    values = gan.generate(gan.latent(n, random_stream(seed, "samples")))
    title = f"{config.title}, step {loaded.step:,}"

    def picture(samples: Samples) -> bytes:
        toy = load_data(config) if samples.ndim == 2 else None
        return sample_picture(
            gan, np.asarray(samples), toy if isinstance(toy, ToyData) else None, title, config.seed
        )

    return Samples.of(values, picture)


def evaluate(
    run: Run | StrPath,
    n: int | None = None,
    seed: int = 0,
    data: Dataset | StrPath | None = None,
    data_dir: StrPath | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Evaluation:
    """Figures of ``n`` new samples (10,000 images or 2,500 points unless given) against the run's data.

    Pass ``data`` if you trained on a data set of your own, or to compare with another one.
    ``progress`` is called with the name of each stage as it begins.

    Raises UserError as ``load`` does, and its subclass UnmeasurableError if the samples cannot be measured
    against the data.
    """
    loaded = _run_of(run)
    if data is None:
        against = load_data(loaded.config, None if data_dir is None else os.fspath(data_dir))
    else:
        _, against = _dataset(data, data_dir)
    if isinstance(against, ImageData) and "test images" in against.missing:
        files = ", ".join(STEMS[KINDS.index(kind)] for kind in against.missing)
        raise UserError(
            f"{against.name} has no {', '.join(against.missing)}; an evaluation compares samples with them: "
            f"put them into its folder as {files}"
        )
    count = n or (DEFAULT_IMAGES if isinstance(against, ImageData) else DEFAULT_POINTS)
    progress(f"making {count:,} samples")
    samples = np.asarray(sample(loaded, count, seed))
    try:
        if isinstance(against, ImageData):
            return Evaluation(evaluate_images(samples, against, seed=seed, progress=progress))
        return Evaluation(evaluate_points(samples, against, seed=seed))
    except ValueError as error:
        raise UnmeasurableError(
            f"{count} samples of {loaded.config.title} cannot be measured: {error}"
        ) from error


def export(run: Run | StrPath, path: StrPath) -> Path:
    """Write a run's generator to ``path``, a name in .safetensors, and its layers for PyTorch beside it.

    Returns the path of the Python file with the layers. Its function ``load`` gives the trained module.

    Raises UserError as ``load`` does, or if the name is not one of a Python module.
    """
    loaded = _run_of(run)
    return export_generator(
        loaded.gan, loaded.config.title, loaded.step, loaded.config.shape, user_path(path)
    )


def _check_names(settings: Iterable[str]) -> None:
    """Raise UserError for a name that is almost one of ``train``'s own arguments.

    ``settings_for`` refuses all others that no setting has.
    """
    own = ("data", "out", "epochs", "steps", "seed", "device", *RUN_OPTIONS)
    for name in settings:
        if name not in TrainOptions.__annotations__ and difflib.get_close_matches(name, own, n=1):
            raise UserError(f"there is no option {name!r}{suggestion(name, own)}")


def _dataset(data: Dataset | StrPath, data_dir: StrPath | None) -> tuple[str, Dataset]:
    if isinstance(data, ImageData | ToyData):
        return data.name, data
    return os.fspath(data), load_dataset(data, data_dir)


def _run_of(run: Run | StrPath) -> Run:
    return run if isinstance(run, Run) else Run(run)


def _path_of(run: Run | StrPath) -> Path:
    return run.path if isinstance(run, Run) else user_path(run)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " ".join(_short(item) for item in value)
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
