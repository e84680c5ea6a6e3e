"""On a GPU a convolution also computes the moments of its result, for the batch norm after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops
from minigrad.kernels.cuda.product import planning
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.nn import fusion
from tests.gpu.device.test_steps import assert_near, small_dcgan, steps

Layers = Callable[[], list[nn.Module]]


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each kernel is launched."""
    counts: Counter[str] = Counter()
    launch = Source.launch

    def counted(self: Source, kernel: str, *arguments: Any) -> None:
        counts[kernel] += 1
        launch(self, kernel, *arguments)

    monkeypatch.setattr(Source, "launch", counted)
    return counts


def each_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    applies_to = fusion.Row.applies_to
    monkeypatch.setattr(
        fusion.Row,
        "applies_to",
        lambda row, layers: row.when is not fusion._takes_batch_norm and applies_to(row, layers),
    )


@pytest.mark.parametrize("shared", [False, True], ids=["tiles", "shares"])
def test_a_dcgan_step_launches_one_kernel_less_for_each_convolution_with_batch_norm(
    shared: bool, cupy: ModuleType, launches: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if shared:
        monkeypatch.setattr(planning, "LEAST", 16)
    gan, other = small_dcgan("cuda"), small_dcgan("cuda")
    results, counts = steps(gan, 1), launches.copy()
    launches.clear()
    each_for_itself(monkeypatch)
    expected = steps(other, 1)
    saved = 5  # G makes images twice, D sees three batches; each has one such convolution
    assert launches.total() - counts.total() == saved
    assert launches["slice_moments"] - counts["slice_moments"] == saved
    with_tiles = counts["conv2d_moments"] + counts["conv_transpose2d_moments"]
    assert (with_tiles, counts["add_shares_moments"]) == ((0, saved) if shared else (saved, 0))
    assert_near(gan, results, other, expected)


def convolution(**settings: Any) -> nn.Conv2d:
    return nn.Conv2d(3, 4, 3, padding=1, **{"bias": False, **settings})


def transposed(**settings: Any) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1, **{"bias": False, **settings})


class OwnConvolution(nn.Conv2d):
    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return super().forward(x) * 2.0


class OwnNorm(nn.BatchNorm2d):
    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return super().forward(x * 2.0) + 3.0


class OwnRectifier(nn.ReLU):
    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return super().forward(-x)


TOGETHER: dict[str, Layers] = {
    "plain": lambda: [convolution(), nn.BatchNorm2d(4)],
    "ReLU": lambda: [convolution(), nn.BatchNorm2d(4), nn.ReLU()],
    "LeakyReLU": lambda: [transposed(), nn.BatchNorm2d(4), nn.LeakyReLU(0.2), nn.Tanh()],
    "not affine": lambda: [transposed(), nn.BatchNorm2d(4, affine=False), nn.ReLU()],
    "not tracking": lambda: [convolution(), nn.BatchNorm2d(4, track_running_stats=False), nn.Sigmoid()],
    "not tracking, evaluating": lambda: [
        convolution(),
        nn.BatchNorm2d(4, track_running_stats=False).eval(),
        nn.ReLU(),
    ],
    "averaging": lambda: [
        convolution(stride=2, groups=1),
        nn.BatchNorm2d(4, momentum=None, eps=0.1),
        nn.ReLU(),
    ],
    "another rectifier": lambda: [convolution(), nn.BatchNorm2d(4), OwnRectifier()],
    "float64": lambda: [convolution(dtype=np.float64), nn.BatchNorm2d(4, dtype=np.float64), nn.ReLU()],
}
IN_TURN: dict[str, Layers] = {
    "bias": lambda: [convolution(bias=True), nn.BatchNorm2d(4), nn.ReLU()],
    "evaluating": lambda: [convolution(), nn.BatchNorm2d(4).eval(), nn.ReLU()],
    "another convolution": lambda: [OwnConvolution(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU()],
    "another norm": lambda: [convolution(), OwnNorm(4), nn.ReLU()],
    "something between": lambda: [convolution(), nn.Identity(), nn.BatchNorm2d(4)],
}


@pytest.mark.parametrize("name", [*TOGETHER, *IN_TURN])
def test_layers_do_together_what_they_do_in_turn(
    name: str, cupy: ModuleType, launches: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results, gradients to second order, statistics; and the moments are taken where they can be."""
    make = {**TOGETHER, **IN_TURN}[name]
    handed_on: list[bool] = []
    standardize = {op.name: op.forward for op in (ops.batch_norm, ops.standardize)}

    def noted(op: mg.Op) -> Callable[..., Any]:
        def forward(*arrays: Any, moments: Any, **params: Any) -> Any:
            handed_on.append(moments is not None)
            return standardize[op.name](*arrays, moments=moments, **params)

        return forward

    found = []
    for alone in (False, True):
        mg.manual_seed(0)
        network = nn.Sequential(*make()).to("cuda")
        parameters = network.parameters()
        x = mg.tensor(np.random.default_rng(0).normal(size=(3, 3, 6, 6)), parameters[0].dtype, "cuda")
        handed_on.clear()
        with monkeypatch.context() as patched:
            for op in (ops.batch_norm, ops.standardize):
                patched.setattr(op, "forward", noted(op))
            if alone:
                y = x
                for layer in network:
                    y = layer(y)
            else:
                y = network(x)
        assert any(handed_on) == (name in TOGETHER and not alone)
        first = mg.grad(y, [x, *parameters], grad_output=ops.cos(y), create_graph=True)
        second = mg.grad(sum((ops.sum(ops.sin(g)) for g in first), ops.sum(y)), [x, *parameters])
        found.append([*(t.numpy() for t in (y, *first, *second)), *network.state_dict().values()])
    for together, in_turn in zip(*found, strict=True):
        scale = max(1.0, float(np.abs(in_turn).max()))
        np.testing.assert_allclose(together / scale, in_turn / scale, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (
            lambda: [convolution(), nn.BatchNorm2d(4)],
            (2, 4, 6, 6),
            r"Conv2d\(3.*expected an input \(n, 3, h, w\)",
        ),
        (lambda: [convolution(), nn.BatchNorm2d(5)], (2, 3, 6, 6), r"BatchNorm2d\(5.*got \(2, 4, 6, 6\)"),
        (
            lambda: [nn.Conv2d(3, 4, 6, bias=False), nn.BatchNorm2d(4)],
            (1, 3, 6, 6),
            "more than one value per",
        ),
        (
            lambda: [convolution(), nn.BatchNorm1d(4)],
            (2, 3, 6, 6),
            r"expected an input \(n, 4\) or \(n, 4, l\)",
        ),
    ],
    ids=["input", "channels", "one value", "one axis"],
)
def test_mistakes_are_those_of_the_layers(
    make: Layers, shape: tuple[int, ...], message: str, cupy: ModuleType
) -> None:
    network = nn.Sequential(*make()).to("cuda")
    with pytest.raises(ValueError, match=message):
        network(mg.tensor(np.ones(shape), np.float32, "cuda"))
