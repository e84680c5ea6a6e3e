"""A run's generator by itself: its weights as safetensors, and the same layers as a PyTorch module.

>>> from minigrad import nn
>>> print(layers_for_torch(nn.Sequential(nn.Linear(2, 3), nn.Tanh())))
nn.Sequential(
    nn.Linear(in_features=2, out_features=3, bias=True),
    nn.Tanh(),
)
"""

from __future__ import annotations

from pathlib import Path

import minigrad as mg
from gans.errors import UserError
from gans.files import check_output, write
from gans.messages import one_line
from gans.systems import System
from minigrad import nn

__all__ = ["export_generator", "layers_for_torch"]

MODULE = '''\
"""The generator of {title} after step {step:,}, for PyTorch: pip install torch safetensors.

    from {stem} import load
    images = load()({many})  # {made}
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

LATENT = {latent}
WEIGHTS = Path(__file__).with_name({weights!r})


def generator() -> nn.Module:
    """z (n, {latent}) {prior} -> {made}."""
    return {layers}


def load(path: Path = WEIGHTS) -> nn.Module:
    """The trained generator, in evaluation mode."""
    network = generator()
    network.load_state_dict(load_file(path))
    return network.eval()


if __name__ == "__main__":
    with torch.no_grad():
        print(load()({few}).shape)
'''


PRIORS = {
    "normal": ("from N(0, I)", "torch.randn({})"),
    "uniform": ("uniform in [-1, 1]", "2 * torch.rand({}) - 1"),
}
"""The words for the noise, and its drawing in PyTorch."""


def export_generator(
    system: System, title: str, step: int, shape: tuple[int, ...], path: Path, *, average: bool = True
) -> Path:
    """Write G's weights to ``path``, and beside it a Python file with the same layers for PyTorch: its path.

    The weights have PyTorch's names; ``minigrad.load`` reads them too. They are the averaged ones if the
    system has an average. The file names its run with ``title`` and ``step``; ``shape`` is that of one
    sample.

    Raises UserError if ``path`` does not end in .safetensors, its name cannot be a Python module's, or G has
    a layer that PyTorch lacks; if samples are made from more than z.
    """
    module = path.with_suffix(".py")
    if path.suffix != ".safetensors":
        raise UserError(f"{path}: the name must end in .safetensors")
    if not path.stem.isidentifier():
        raise UserError(f"{path}: {module.name} could not be imported; use letters, digits and _ alone")
    for output in (path, module):
        check_output(output)
    with system.evaluating(average=average):
        network = system.exported()
    latent = getattr(system.settings, "latent", None)
    if latent is None or network is None:
        raise UserError(f"{system.settings.model} does not make samples from z alone, and cannot be exported")
    prior, draw = PRIORS[system.prior]
    text = MODULE.format(
        title=one_line(title).replace("\\", "/").replace('"', "'"),
        step=step,
        stem=path.stem,
        latent=latent,
        prior=prior,
        many=draw.format(f"64, {latent}"),
        few=draw.format("4, LATENT"),
        made=_in_words(shape),
        weights=path.name,
        layers=layers_for_torch(network).replace("\n", "\n    "),
    )
    mg.save(path, network.state_dict())
    write(module, text.encode())
    return module


def _in_words(shape: tuple[int, ...]) -> str:
    return f"points (n, {shape[0]})" if len(shape) == 1 else f"images (n, {str(shape)[1:]} in [-1, 1]"


def layers_for_torch(network: nn.Module) -> str:
    """The network as a Python expression of ``torch.nn``, whose constructors have minigrad's arguments.

    Raises UserError if a layer is not one of minigrad's own.
    """
    if type(network) is nn.Sequential:
        layers = [f"    {layers_for_torch(layer)},".replace("\n", "\n    ") for layer in network]
        return "\n".join(["nn.Sequential(", *layers, ")"])
    if getattr(nn, type(network).__name__, None) is not type(network) or next(network.children(), None):
        raise UserError(
            f"{type(network).__name__} is not a layer of PyTorch; export its state_dict() instead"
        )
    return f"nn.{network!r}"
