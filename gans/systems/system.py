"""The contract of a system: what a GAN, or another generative model, says about itself.

A system is one class in one file. Data, capture, deferred metrics, checkpoints, resume, pictures, sampling,
evaluation and the command line are written once, for all systems, and reach a system through this contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import KIND_WORDS, Kind, Spec
from gans.errors import UserError
from gans.messages import one_line
from gans.metrics.meaning import Meaning
from gans.objectives import Objective
from gans.systems.own import load_function
from gans.systems.sampling import Replays
from gans.systems.settings import Settings
from gans.updates import BoundUpdate
from minigrad import Tensor, nn, no_grad
from minigrad.blocks import Block, Setting
from minigrad.distributed import current
from minigrad.nn.modes import Evaluation
from minigrad.ops import abs, where
from minigrad.optim import EMA
from minigrad.random import Generator, normal, uniform
from minigrad.tracing import Changes

__all__ = ["Ask", "Batch", "Made", "Stateful", "System", "Trainer", "precision"]

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

_precision: Setting[type[np.floating[Any]]] = Setting("precision", np.float32)


def precision(dtype: type[np.floating[Any]]) -> Block[type[np.floating[Any]]]:
    """Within the block, systems are made with weights, data and noise of this dtype: float64 for checks."""
    return _precision.changed(lambda _: dtype)


class Batch(NamedTuple):
    """The real data of an update, on the system's device.

    ``real``: images, clips or points (n, ...), or tokens (n, length); for pairs and domains the targets.
    ``labels`` (n,) int64, for a system that is ``labelled``; those of ``source`` if there is one. ``source``:
    the images to translate, for pairs and domains, the maps of clips, or the images that have labels; it
    belongs to ``real`` row by row in pairs and clips only.
    """

    real: Tensor
    labels: Tensor | None = None
    source: Tensor | None = None


class Trainer(Protocol):
    """What a step uses of the trainer.

    ``step`` is the number of steps done. ``data`` are the training data, for what needs more of them than a
    batch, between updates. ``rng`` draws noise, on the device, and is passed to updates as an
    argument; ``host_rng`` makes choices between updates, such as a pool's.
    """

    @property
    def step(self) -> int: ...

    @property
    def data(self) -> Any: ...

    @property
    def rng(self) -> Generator: ...

    @property
    def host_rng(self) -> np.random.Generator: ...

    def batch(self) -> Batch:
        """The next real batch; a step takes at most ``batches_per_step`` of them."""

    def update(self, update: BoundUpdate, *arguments: Any) -> Any:
        """Run one update, op by op or as a replay, and report its numbers; the Tensors that it returned."""


class Ask(NamedTuple):
    """What samples are asked for: the class of each, (n,), or the images to translate, (n, c, h, w).

    ``targets`` are the true translations of ``sources``, where those are known. ``real`` are images of the
    data that a picture may show beside samples; only ``show`` gets them. With ``back`` the sources are images
    of b and become images of a, in a system that translates in both directions. ``truncation`` is the largest
    size of a number of z. ``styles`` (n,) are the clusters' numbers from which all objects of a sample take
    their features.
    """

    classes: Integers | None = None
    sources: Floats | None = None
    targets: Floats | None = None
    real: Floats | None = None
    back: bool = False
    truncation: float | None = None
    styles: Integers | None = None


class Made(NamedTuple):
    """Samples: images, points or tokens (n, ...), and what belongs to each of them.

    ``labels`` are the classes that were asked for, ``sources`` the images that were translated, ``targets``
    their true translations where those are known. A picture shows ``columns`` of them in a row.
    """

    samples: NDArray[Any]
    labels: Integers | None = None
    sources: Floats | None = None
    targets: Floats | None = None
    columns: int | None = None


@runtime_checkable
class Stateful(Protocol):
    """What training changes and a checkpoint keeps: modules, optimizers, averages, states, pools."""

    def state_dict(self) -> Any: ...
    def load_state_dict(self, state: Any, /) -> Any: ...


class System:
    """The base of every system: networks, optimizers and states as attributes, and the hooks below.

    A subclass has ``presets``, ``networks``, ``step`` and ``make``, and its constructor makes the optimizers.
    ``settings`` are its hyper-parameters, ``spec`` the sizes of its data.
    """

    name: ClassVar[str] = ""
    """The name on the command line."""

    title: ClassVar[str] = ""
    """The name as papers write it, such as WGAN-GP."""

    paper: ClassVar[str] = ""
    """Authors and year."""

    summary: ClassVar[str] = ""
    """The idea in a line, for ``gans list``."""

    presets: ClassVar[Mapping[Kind, Settings]] = {}
    """The kinds of data that the system takes, each with its default settings."""

    epochs: ClassVar[Mapping[Kind, int]] = {"image": 12, "points": 20}
    """The default length of a training with ``presets``, by the kind of data."""

    data: ClassVar[str] = "mnist5k"
    """The data set of a training that names none."""

    labelled: ClassVar[bool] = False
    """Whether the system needs labels of at least two classes."""

    generates: ClassVar[bool] = True
    """Whether it makes samples; without them its ``figures`` are all that is measured."""

    averaged: ClassVar[tuple[str, ...]] = ("generator",)
    """The networks of which the setting ``ema`` keeps an average."""

    prior: Literal["normal", "uniform"] = "normal"
    """What ``noise`` draws: N(0, I), or uniform numbers from -1 to 1."""

    dtype: type[np.floating[Any]] = np.float32
    """The dtype of weights, real data and noise; ``precision`` sets another one."""

    asks: ClassVar[tuple[str, ...]] = ()
    """The fields of its last argument that ``make`` reads."""

    figure_meanings: ClassVar[Mapping[str, Meaning]] = {}
    """The meaning of each of ``figures``."""

    format_1: ClassVar[Mapping[str, Any]] = {}
    """Settings that the config.json of format 1 lacks, with their values in those runs."""

    def __init__(self, settings: Settings, spec: Spec, device: str = "cpu") -> None:
        self.settings: Any = settings
        self.spec = spec
        self.device = device
        self.dtype = _precision.get()
        self.averages: dict[str, EMA[nn.Module]] = {}
        for name, network in self._made(settings, spec).items():
            setattr(self, name, network.astype(self.dtype).to(device))
        if settings.ema:
            for name in self.averaged:
                self.averages[name] = EMA(getattr(self, name), settings.ema)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings.model or self.title})"

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        Changes.count += 1  # recorded updates look at the attributes again

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        Changes.count += 1

    @cached_property
    def _evaluation(self) -> Evaluation:
        return Evaluation()

    @cached_property
    def _replays(self) -> Replays:
        """Recordings of the networks in evaluation, which live as long as the system."""
        return Replays()

    @staticmethod
    def networks(settings: Any, spec: Spec) -> dict[str, nn.Module]:
        """The networks by the names of the attributes that they become, each with its initial weights."""
        raise NotImplementedError("a system defines networks(settings, spec)")

    @property
    def judges_by_probability(self) -> bool:
        """Whether ``d_real`` and ``d_fake`` are probabilities, and not a critic's scores.

        The ``objective`` says so, if the system has one; a system without it may set it as a class attribute.
        """
        objective = getattr(self, "objective", None)
        return objective.gives_probabilities if isinstance(objective, Objective) else True

    @classmethod
    def batches_in_a_step(cls, settings: Any) -> int:
        """The most batches of real data that a step takes."""
        return 1

    @property
    def batches_per_step(self) -> int:
        """``batches_in_a_step`` with the system's own settings."""
        return self.batches_in_a_step(self.settings)

    @property
    def batch_size(self) -> int:
        """The samples of an update: the setting, or on one of several ranks its share of them."""
        size: int = self.settings.batch_size
        return size // current().size

    @property
    def classes(self) -> int:
        """The number of classes that samples can be asked for."""
        return self.spec.classes

    @property
    def styles(self) -> int:
        """The number of styles that samples can be asked for."""
        return 0

    def rates(self, step: int) -> Mapping[str, float]:
        """Learning rates after ``step`` steps, by the optimizers' attributes: those of the settings."""
        rates: Mapping[str, float] = self.settings.rates(step)
        return rates

    def step(self, trainer: Trainer) -> None:
        """One training step: calls ``trainer.update`` for each of its updates."""
        raise NotImplementedError(f"{type(self).__name__} does not define step(trainer)")

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """``n`` samples, with the networks as ``evaluating`` sets them; ``sample`` calls it."""
        if not self.generates:
            raise UserError(f"{self.title} makes no samples; `gans evaluate` says what it has learnt")
        raise NotImplementedError(f"{type(self).__name__} does not define make(n, rng, ask)")

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """The samples of a picture, about ``n`` of them: those that ``make`` makes, unless overridden."""
        return self.make(n, rng, ask)

    def exported(self) -> nn.Module | None:
        """The network from z of the ``prior`` to samples, for ``gans export``; None if there is none."""
        network = getattr(self, "generator", None)
        alone = set(self.asks) <= {"truncation"}  # samples are of z alone
        return network if isinstance(network, nn.Module) and alone else None

    def latent(self, n: int, rng: Generator, bound: float | None = None) -> Tensor:
        """z (n, latent) from the prior, on the system's device; a Philox must be on the same device.

        Numbers of a size above the ``bound``, if there is one, are drawn anew.
        """
        return self.noise(n, self.settings.latent, rng, bound)

    def from_latent(self, z: Tensor, classes: Tensor | None = None) -> Tensor | None:
        """Samples (n, ...) of z (n, latent), with the networks as ``evaluating`` sets them.

        ``classes`` (n,) are those of a system that makes samples of classes. None if z does not decide them.
        """
        network = self.exported() if hasattr(self.settings, "latent") else None
        return None if network is None else network(z)

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor | None:
        """What D says of each of ``samples`` (n, ...), as its losses take it; its gradient reaches them.

        ``classes`` (n,) is given to a D that sees classes. None without a D of single samples.
        """
        return None

    def loss_of_samples(self, fake: Tensor, real: Tensor) -> Tensor | None:
        """G's loss of the samples ``fake`` (n, d), the mean over them, for arrows in pictures; None without.

        ``real`` (n, d) are points of the data, for a loss that needs them.
        """
        return None

    def judge(self, samples: Any) -> Floats | None:
        """D's readout of points (n, d), for the surface behind them in pictures; None without a D."""
        return None

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        """The figures that only this system can measure, on its data; ``figure_meanings`` has their words."""
        return {}

    @classmethod
    def check_settings(cls, settings: Any, kind: Kind) -> None:
        """Raise UserError for settings that do not fit together, or not the kind of data."""
        settings.check()

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        """Raise UserError if the system cannot be trained on data of this kind and size."""
        if spec.kind not in cls.presets:
            kinds = " or ".join(KIND_WORDS[kind] for kind in cls.presets)
            raise UserError(f"{settings.model} needs {kinds}, got {KIND_WORDS[spec.kind]}")
        if cls.labelled and spec.classes < 2:
            found = "no labels" if spec.classes == 0 else "labels of one class"
            raise UserError(
                f"{settings.model} learns from labels, and the data have {found}; take labelled images, such "
                "as mnist5k or a folder with a folder for each class"
            )

    def _made(self, settings: Settings, spec: Spec) -> dict[str, nn.Module]:
        """The networks of ``networks``, or of the user's function in its place."""
        if not settings.networks:
            return self.networks(settings, spec)
        made = load_function(settings.networks)(settings, spec)
        own = self.networks(settings, spec)
        if not isinstance(made, Mapping) or made.keys() != own.keys():
            raise UserError(
                f"{settings.networks}: expected a dict of the networks {', '.join(own)}, as the model's own "
                f"`networks` returns it, got {one_line(made, 60)}"
            )
        return dict(made)

    def parts(self) -> dict[str, Stateful]:
        """All that training changes, by names that never change: attributes with a state, and averages."""
        own = {name: value for name, value in vars(self).items() if isinstance(value, Stateful)}
        return {**own, **{f"average_{name}": average for name, average in self.averages.items()}}

    def state_dict(self) -> dict[str, Any]:
        """The states of all parts, ready for ``minigrad.save``."""
        return {name: part.state_dict() for name, part in self.parts().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state of ``state_dict``. Raises ValueError if its parts are not those of the system."""
        parts = self.parts()
        missing, further = sorted(parts.keys() - state.keys()), sorted(state.keys() - parts.keys())
        if missing or further:
            said = [
                f"{', '.join(names)} {what}"
                for names, what in ((missing, "missing"), (further, "unknown"))
                if names
            ]
            raise ValueError(f"the parts of {self.settings.model}: {' and '.join(said)}")
        for name, part in parts.items():
            part.load_state_dict(state[name])

    def sample(self, n: int, rng: Generator, ask: Ask | None = None, *, average: bool = True) -> Made:
        """``n`` samples from the noise of ``rng``, with averaged weights if the system has them.

        ``average=False`` takes the present weights all the same.
        """
        with self.evaluating(average=average):
            return self.make(n, rng, ask or Ask())

    @contextmanager
    def evaluating(self, *, average: bool = True, gradients: bool = False) -> Iterator[None]:
        """A block with every network in evaluation mode and averages in their places.

        Ops record nothing in it, unless ``gradients`` are taken, and ``in_batches`` replays networks.
        """
        networks = {name: part for name, part in vars(self).items() if isinstance(part, nn.Module)}
        with self._evaluation.of(networks.values()):
            try:
                for name in networks:
                    if average and name in self.averages:
                        setattr(self, name, self.averages[name].module)
                with nullcontext() if gradients else no_grad(), self._replays.using(not gradients):
                    yield
            finally:
                vars(self).update(networks)

    def noise(self, n: int, size: int, rng: Generator, bound: float | None = None) -> Tensor:
        """z (n, size) from the ``prior``, on the system's device.

        It is truncated if there is a ``bound``: numbers of a larger size are drawn anew, which makes samples
        clearer and more alike (Brock et al. 2019, section 3.1).
        """
        z = self._drawn(n, size, rng)
        while bound is not None and bool((large := abs(z) > bound).numpy().any()):
            z = where(large, self._drawn(n, size, rng), z)
        return z

    def _drawn(self, n: int, size: int, rng: Generator) -> Tensor:
        if self.prior == "uniform":
            z = 2.0 * uniform((n, size), generator=rng, device=self.device) - 1.0
        else:
            z = normal((n, size), generator=rng, device=self.device)
        return z if z.dtype == self.dtype else z.astype(self.dtype)
