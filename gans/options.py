"""The options of ``gans.train`` and ``gans.resume`` by name and type, for editors and type checkers."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = [
    "RUN_OPTIONS",
    "Given",
    "RunOptions",
    "PlotOptions",
    "SampleOptions",
    "StrPath",
    "TrainOptions",
    "run_options",
    "suggestion",
]

StrPath = str | os.PathLike[str]


class RunOptions(TypedDict, total=False):
    """Options that change no number of a run in one process.

    data_dir           where the data lie, or are downloaded to
    checkpoint_every   the steps between two checkpoints; there is one at each epoch's end, too
    evaluate_every     the epochs between two evaluations of samples, 0 for none
    keep_best          the figure by which the best checkpoint of those evaluated is kept, such as "fd"
    capture            replay recorded updates, which are faster and the same bit for bit
    batch_norm         where several ranks train: "synchronised", of the whole batch, or "local"
    progress           show losses meanwhile: lines, a live display on a terminal, pictures in a notebook
    """

    data_dir: StrPath | None
    checkpoint_every: int | None
    evaluate_every: int | None
    keep_best: str | None
    batch_norm: Literal["synchronised", "local"] | None
    capture: bool
    progress: bool


class PlotOptions(TypedDict, total=False):
    """What some kinds of pictures take; ``gans.plot`` explains each."""

    n: int
    seed: int
    path: Literal["spherical", "linear"]
    frames: int
    axes: Sequence[int]
    classes: Sequence[int]
    nearest: int
    steps: int


class SampleOptions(TypedDict, total=False):
    """What samples of a run are asked for; ``gans.sample`` has their meaning."""

    classes: int | Sequence[int] | None
    sources: ArrayLike | StrPath | None
    back: bool
    truncation: float | None
    styles: int | Sequence[int] | None


class TrainOptions(RunOptions, total=False):
    """The same, and hyper-parameters: the settings of all models; each takes its own."""

    batch_size: int
    ema: float
    networks: str
    objective: str
    lr: float
    lr_ratio: float
    lr_half_life: int
    lr_floor: float
    beta1: float
    beta2: float
    momentum: float
    optimizer: Literal["adam", "rmsprop", "sgd"]
    optimizer_d: Literal["same", "adam", "rmsprop", "sgd"]
    critic_steps: int
    generator_steps: int
    latent: int
    prior: Literal["normal", "uniform"]
    judged: Literal["pair", "image"]
    width: int
    depth: int
    instance_noise: float
    instance_noise_steps: int
    layer_noise: float
    joint_batches: bool
    test_dropout: bool
    smooth_real: float
    smooth_fake: float
    flip_labels: float
    turns: Literal["both", "larger-loss"]
    features: int
    base: int
    clip: float
    penalty: float
    power: float
    target_fake: float
    target_real: float
    target_g: float
    divergence: Literal["kl", "reverse-kl", "pearson", "squared-hellinger", "jensen-shannon", "gan"]
    spread: float
    r1: float
    r2: float
    pack: int
    unroll: int
    reach: float
    exploration: float
    adaptation: float
    ramp_steps: int
    unsupervised: float
    generator_loss: Literal["feature-matching", "non-saturating"]
    orthogonal: float
    class_weight: float
    fake_class_weight: float
    hidden: int
    views_weight: float
    warp_from: int
    warp_steps: int
    categories: int
    codes: int
    category_weight: float
    code_weight: float
    fade_steps: int
    hold_steps: int
    drift: float
    lr_likelihood: float
    lr_d: float
    likelihood_steps: int
    judging_steps: int
    rollouts: int
    rollout_decay: float
    reward: Literal["discriminator", "constant"]
    lr_steps: int
    frames: int
    history: int
    window: int
    temporal: float
    flow: float
    brightness: float
    following: float
    cycle: float
    identity: float
    pool: int
    blocks: int
    enhancer_blocks: int
    global_steps: int
    enhancer_steps: int
    matching: float
    content: float
    style_features: int
    clusters: int
    cluster_steps: int
    l1: float
    adversarial: float
    dropout: float
    gamma: float
    rate_k: float
    likelihood: Literal["bernoulli", "gaussian"]
    noise: float


RUN_OPTIONS = tuple(RunOptions.__annotations__)


class Given(NamedTuple):
    """The options of a run with their defaults; None stands for the run's own."""

    data_dir: str | None
    checkpoint_every: int | None
    evaluate_every: int | None
    keep_best: str | None
    batch_norm: Literal["synchronised", "local"] | None
    capture: bool
    progress: bool


def run_options(options: Mapping[str, Any]) -> Given:
    """``options`` of ``RunOptions``, each with its default.

    >>> given = run_options({"evaluate_every": 2, "progress": False})
    >>> given.evaluate_every, given.checkpoint_every, given.capture, given.progress
    (2, None, True, False)

    Raises TypeError for another name.
    """
    for name in options:
        if name not in RUN_OPTIONS:
            raise TypeError(f"there is no option {name!r}{suggestion(name, RUN_OPTIONS)}")
    data_dir = options.get("data_dir")
    return Given(
        None if data_dir is None else os.fspath(data_dir),
        options.get("checkpoint_every"),
        options.get("evaluate_every"),
        options.get("keep_best"),
        options.get("batch_norm"),
        options.get("capture", True),
        options.get("progress", True),
    )


def suggestion(name: str, names: Iterable[str]) -> str:
    """What to write in place of ``name``, as the end of a message.

    >>> suggestion("progres", RUN_OPTIONS)
    "; did you mean 'progress'?"
    >>> suggestion("colour", RUN_OPTIONS)
    ' (there are data_dir, checkpoint_every, evaluate_every, keep_best, batch_norm, capture, progress)'
    """
    names = tuple(names)
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f" (there are {', '.join(names)})"
