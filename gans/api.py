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

import os
from collections.abc import Callable
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from gans.bias import BiasCurve, measure_bias
from gans.data import Dataset
from gans.errors import UserError
from gans.evaluation import Evaluation, UnmeasurableError, measure
from gans.exporting import export_generator
from gans.files import read
from gans.html import inline_png
from gans.options import PlotOptions, RunOptions, SampleOptions, StrPath, TrainOptions, run_options
from gans.paths import user_path
from gans.plotting import Picture, Trained
from gans.plotting import draw as draw_picture
from gans.preparing import dataset, prepare, schedule_of, with_file
from gans.samples import Samples, check_truncation, draw
from gans.sweeps import RunComparison, Sweep, compare_runs, sweep
from gans.systems import System
from gans.trainer import (
    Ended,
    Length,
    RunConfig,
    RunFolder,
    load_data,
    load_system,
    read_metrics,
    start,
    together,
)
from gans.trainer import resume as resume_run

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "BiasCurve",
    "Evaluation",
    "Picture",
    "Run",
    "RunComparison",
    "Samples",
    "Sweep",
    "UnmeasurableError",
    "bias_curve",
    "compare_runs",
    "evaluate",
    "export",
    "load",
    "plot",
    "resume",
    "sample",
    "sweep",
    "train",
]

MOST_PICTURE_BYTES = 2**26


class Run:
    """A run in its folder: its configuration, its step, its system and its history."""

    def __init__(
        self,
        path: StrPath,
        device: str = "cpu",
        ended: Ended | None = None,
        checkpoint: Literal["last", "best"] = "last",
    ) -> None:
        self.path = user_path(path)
        self.device = device
        self.checkpoint = checkpoint
        self.config = RunConfig.read(self.path)
        self.ended = ended

    @cached_property
    def _loaded(self) -> tuple[System, int]:
        _, system, step = load_system(self.path, self.device, self.checkpoint)
        return system, step

    @property
    def system(self) -> Any:
        """The ``gans.systems.System``: networks and optimizers as the checkpoint has them."""
        return self._loaded[0]

    @property
    def gan(self) -> NoReturn:
        raise AttributeError("Run.gan is called Run.system")

    @property
    def step(self) -> int:
        """The step of the checkpoint."""
        return self._loaded[1]

    @property
    def history(self) -> list[dict[str, Any]]:
        """A dict for each step: losses, D's mean readouts, gradient norms, seconds."""
        return read_metrics(RunFolder(self.path).metrics)

    @property
    def evaluations(self) -> list[dict[str, Any]]:
        """A dict for each evaluation during the training: its step, its epoch, the figures, seconds."""
        return read_metrics(RunFolder(self.path).evaluations)

    def weights(self, average: bool = True) -> str:
        """Which weights make samples, in words; empty for a run without an average."""
        ema = self.config.settings.ema
        if not ema or not self.system.averages:
            return ""
        return f"average of the weights ({ema:g})" if average else "last weights"

    def sample(
        self,
        n: int = 64,
        seed: int = 0,
        *,
        average: bool = True,
        **options: Unpack[SampleOptions],
    ) -> Samples:
        """``n`` new samples; as ``gans.sample``."""
        return sample(self, n, seed, average=average, **options)

    def evaluate(
        self,
        n: int | None = None,
        seed: int = 0,
        data: Dataset | StrPath | None = None,
        *,
        average: bool = True,
        truncation: float | None = None,
    ) -> Evaluation:
        """Figures of new samples; as ``gans.evaluate``."""
        return evaluate(self, n, seed, data, average=average, truncation=truncation)

    def plot(self, kind: str, *, average: bool = True, **options: Unpack[PlotOptions]) -> Picture:
        """A picture of a kind, such as "interpolation"; as ``gans.plot``."""
        return plot(self, kind, average=average, **options)

    def __repr__(self) -> str:
        return f"Run({self.config.title}, step {self.step:,} of {self.config.steps:,})"

    def _repr_html_(self) -> str:
        folder = RunFolder(self.path)
        pictures = [*list(folder.pictures())[-1:], folder.losses]
        contents = [read(path, MOST_PICTURE_BYTES) for path in pictures if path.is_file()]
        shown = "".join(inline_png(content, height=330) for content in contents)
        return f"<p><code>{escape(repr(self))}</code> in <code>{escape(str(self.path))}</code></p>{shown}"


def train(
    model: str | None = None,
    data: Dataset | StrPath | None = None,
    *,
    config: StrPath | None = None,
    out: StrPath | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    seed: int | None = None,
    device: str | None = None,
    **options: Unpack[TrainOptions],
) -> Run:
    """Train ``model`` in a new folder and return its run; an interrupt saves and returns too.

    model       a name of ``gans.systems.SYSTEMS``, such as "dcgan", or a class of yours, "FILE.py:CLASS"
    data        a name or folder that ``gans.data.load`` takes, or a data set of yours; the model's own
                default, mnist5k for most, unless given
    config      a file with any of these, TOML or a run's config.json; what is given beside it wins
    out         the run's folder; runs/MODEL-DATA, with a number if that exists, unless given
    epochs      or ``steps``: the length, in passes over the images or in updates of G
    seed        decides all random numbers; 0 unless given
    device      "cpu" (unless given) or "cuda"
    options     hyper-parameters, the model's own settings: batch_size, lr, beta1, ...; and
                ``data_dir``, where the data lie; ``checkpoint_every`` (100 steps); ``evaluate_every``, the
                epochs between two evaluations of samples (0: none), and ``keep_best``, the figure by which
                the best of their checkpoints is kept, such as "fd"; ``capture``, to replay recorded updates,
                which are faster and the same bit for bit; ``progress``, to show losses meanwhile: lines, a
                live display on a terminal, pictures in a notebook; ``batch_norm``, "synchronised" or "local"

    In a program that a launcher has started in several processes (``mpiexec -n 4 python program.py``), each
    of them trains its share of every batch, and the first one writes the run.

    Raises UserError for an unknown name, a value out of range, a model that does not fit the data, a folder
    that holds a run, a missing device, or a training that diverged.
    """
    given: dict[str, Any] = {
        "model": model,
        "data": data,
        "out": out,
        "epochs": epochs,
        "steps": steps,
        "seed": seed,
        "device": device,
    }
    chosen = with_file(
        config, {**{name: value for name, value in given.items() if value is not None}, **options}
    )
    folder = chosen.pop("out", None)
    with together():
        run = prepare(**chosen)
        ended = start(
            run.config,
            run.data,
            None if folder is None else user_path(folder),
            capture=run.options.capture,
            progress=run.options.progress,
        )
    return Run(ended.folder, run.config.device, ended)


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
    ``options`` are ``data_dir``, ``checkpoint_every``, ``evaluate_every``, ``keep_best``, ``batch_norm``,
    ``capture`` and ``progress``, as in ``train``.

    Raises UserError if there is no run, a file of it is damaged or its data changed, and as ``train`` does.
    """
    path = _path_of(run)
    given = run_options(options)
    with together():
        ended = resume_run(
            path,
            Length(steps, epochs),
            given.data_dir,
            schedule_of(given),
            device,
            batch_norm=given.batch_norm,
            data=data,
            capture=given.capture,
            progress=given.progress,
        )
    return Run(path, device or "cpu", ended)


def load(path: StrPath, device: str = "cpu", *, checkpoint: Literal["last", "best"] = "last") -> Run:
    """The run in the folder ``path``, with its networks on ``device``.

    ``checkpoint`` is "last", or "best" for the one that a training with ``keep_best`` kept.

    Raises UserError if there is no run or no such checkpoint, or a file of it is damaged.
    """
    run = Run(path, device, checkpoint=checkpoint)
    run.step  # noqa: B018  a damaged checkpoint is an error here, not later
    return run


def sample(
    run: Run | StrPath,
    n: int = 64,
    seed: int = 0,
    *,
    average: bool = True,
    **options: Unpack[SampleOptions],
) -> Samples:
    """``n`` new samples of a run's generator, from noise that ``seed`` decides.

    average      whether averaged weights make them, if the run has an average (``ema``)
    classes      a class, or a list of classes in turn, for a model that was trained on labels
    sources      images to translate, an array or a data set, for a model that translates; the first test
                 images of the run's data unless given
    back         from the second set to the first one, for a model that translates in both directions
    truncation   the largest size of a number of z, at least 0.1, for a model of noise: larger ones are drawn
                 anew. The smaller, the more alike are samples, and those of a class get clearer
    styles       a number, or a list of them, for a model that clusters features of objects: all objects of
                 a sample have the features of the cluster of this number in their class, and each map is
                 painted in all of the list before the next one

    Raises UserError as ``load`` does, or if ``n`` is below 1, or the model does not take one of the options;
    TypeError for another name.
    """
    if n < 1:
        raise UserError(f"`n` must be at least 1, got {n}")
    loaded = _run_of(run)
    return draw(
        loaded.system,
        loaded.config,
        loaded.step,
        n,
        seed,
        average=average,
        **options,
    )


def evaluate(
    run: Run | StrPath,
    n: int | None = None,
    seed: int = 0,
    data: Dataset | StrPath | None = None,
    data_dir: StrPath | None = None,
    progress: Callable[[str], None] = lambda stage: None,
    *,
    average: bool = True,
    truncation: float | None = None,
) -> Evaluation:
    """Figures of ``n`` new samples (10,000 images or 2,500 points unless given) against the run's data.

    Pass ``data`` if you trained on a data set of your own, or to compare with another one.
    ``progress`` is called with the name of each stage as it begins. ``average`` says whether averaged weights
    make the samples, if the run has an average. ``truncation`` is the largest size of a number of z, as in
    ``sample``; figures that only the model has are left out then.

    Raises UserError as ``load`` does, and its subclass UnmeasurableError if the samples cannot be measured
    against the data.
    """
    loaded = _run_of(run)
    against = _against(loaded, data, data_dir)
    if truncation is not None:
        check_truncation(loaded.system, loaded.config.model, truncation)
    return measure(
        loaded.system,
        loaded.config.title,
        against,
        n,
        seed,
        average=average,
        truncation=truncation,
        progress=progress,
    )


def plot(
    run: Run | StrPath,
    kind: str,
    *,
    data: Dataset | StrPath | None = None,
    data_dir: StrPath | None = None,
    average: bool = True,
    **options: Unpack[PlotOptions],
) -> Picture:
    """A picture of a trained run, with the numbers that it shows; ``gans.plotting.KINDS`` has the kinds.

    interpolation   samples on a path from one z to another: ``path`` "spherical" or "linear", ``frames``
    arithmetic      G(a - b + c) of means of three z; ``classes``: three digits that their samples show
    traversal       samples while one axis of z changes; ``axes``, ``frames``
    neighbours      samples beside their ``nearest`` training images
    saliency        the gradient of D's logit by the pixels of real images and of samples
    surface         D over the plane, and arrows at samples: minus the gradient of G's loss, to scale
    gradients       norms of gradients by layer, over ``steps`` further steps of a copy of the training
    updates         sizes of updates by layer, as a share of the weights, over such steps

    All but the last two take ``n``, the number of rows or samples, and ``seed``, which decides z. ``data``,
    ``data_dir`` and ``average`` are as in ``evaluate``. Each kind's function in ``gans.plotting`` has the
    formulas, and says what the ``numbers`` of its picture are. The run stays as it is.

    >>> import tempfile, gans
    >>> folder = tempfile.TemporaryDirectory()
    >>> run = gans.train("gan", data="ring", steps=3, batch_size=16, out=folder.name, progress=False)
    >>> picture = gans.plot(run, "surface", n=20)
    >>> picture
    Picture(surface: points (20, 2), arrows (20, 2), loss ())
    >>> gans.plot(run, "interpolation", n=2, frames=5).numbers["samples"].shape
    (2, 5, 2)
    >>> folder.cleanup()

    Raises UserError as ``load`` does, or if there is no such kind, it does not fit the run's system, or it
    does not take an option.
    """
    loaded = _run_of(run)
    folder = RunFolder(loaded.path)
    trained = Trained(
        loaded.system,
        loaded.config,
        loaded.step,
        folder.best if loaded.checkpoint == "best" else folder.checkpoint,
        lambda: _against(loaded, data, data_dir),
        average,
    )
    return draw_picture(trained, kind, options)


def bias_curve(
    run: Run | StrPath,
    n: int | None = None,
    seed: int = 0,
    data: Dataset | StrPath | None = None,
    data_dir: StrPath | None = None,
    *,
    draws: int = 4,
    average: bool = True,
    progress: Callable[[str], None] = lambda stage: None,
) -> BiasCurve:
    """Figures of ``n`` samples, of half as many, and so on up to five sizes, and of real data in their place.

    ``n`` is as in ``evaluate``, but never more than there are test images. Each size is measured ``draws``
    times, with the seeds from ``seed`` on. The Frechet distance is extrapolated to infinitely many samples
    (``gans.metrics.frechet_infinity``).

    Raises UserError as ``evaluate`` does, or if there are fewer than 130 samples or test images.
    """
    loaded = _run_of(run)
    against = _against(loaded, data, data_dir)
    title = loaded.config.title
    return measure_bias(loaded.system, title, against, n, draws, seed, average=average, progress=progress)


def export(run: Run | StrPath, path: StrPath) -> Path:
    """Write a run's generator to ``path``, a name in .safetensors, and its layers for PyTorch beside it.

    Returns the path of the Python file with the layers. Its function ``load`` gives the trained module.

    Raises UserError as ``load`` does, or if the name is not one of a Python module.
    """
    loaded = _run_of(run)
    return export_generator(
        loaded.system, loaded.config.title, loaded.step, loaded.config.shape, user_path(path)
    )


def _against(run: Run, data: Dataset | StrPath | None, data_dir: StrPath | None) -> Dataset:
    """What samples of ``run`` are compared with: ``data``, or its own."""
    if data is None:
        return load_data(run.config, None if data_dir is None else os.fspath(data_dir))
    return dataset(data, data_dir)[1]


def _run_of(run: Run | StrPath) -> Run:
    return run if isinstance(run, Run) else Run(run)


def _path_of(run: Run | StrPath) -> Path:
    return run.path if isinstance(run, Run) else user_path(run)
