"""Modules against PyTorch: the same state_dict, the same numbers; weights travel both ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

torch = pytest.importorskip("torch")


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def arrays(module: Any) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}


# the same text builds the layer in both libraries
LAYERS: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "linear": (lambda n: n.Linear(5, 3), (4, 5)),
    "linear-without-bias": (lambda n: n.Linear(5, 3, False), (2, 4, 5)),
    "conv": (lambda n: n.Conv2d(4, 6, 3), (2, 4, 7, 6)),
    "conv-all": (lambda n: n.Conv2d(4, 6, (3, 2), (2, 1), (2, 1), (1, 2), 2, False), (2, 4, 7, 6)),
    "conv-transpose": (lambda n: n.ConvTranspose2d(4, 6, 4, 2, 1), (2, 4, 3, 4)),
    "conv-transpose-all": (
        lambda n: n.ConvTranspose2d(4, 6, (3, 2), (2, 3), (1, 0), (1, 2), 2, False, (1, 2)),
        (2, 4, 3, 4),
    ),
    "batch-norm-1d": (lambda n: n.BatchNorm1d(4), (6, 4)),
    "batch-norm-1d-3": (lambda n: n.BatchNorm1d(4, 1e-3, 0.3), (6, 4, 5)),
    "batch-norm-2d": (lambda n: n.BatchNorm2d(4), (3, 4, 2, 5)),
    "batch-norm-2d-cumulative": (lambda n: n.BatchNorm2d(4, momentum=None), (3, 4, 2, 5)),
    "batch-norm-2d-plain": (lambda n: n.BatchNorm2d(4, affine=False), (3, 4, 2, 5)),
    "batch-norm-2d-batch": (lambda n: n.BatchNorm2d(4, track_running_stats=False), (3, 4, 2, 5)),
    "layer-norm": (lambda n: n.LayerNorm([4, 5]), (3, 4, 5)),
    "layer-norm-plain": (lambda n: n.LayerNorm(5, 1e-3, False), (3, 4, 5)),
    "leaky-relu": (lambda n: n.LeakyReLU(), (3, 4)),
    "softplus": (lambda n: n.Softplus(), (3, 4)),
    "softplus-beta": (lambda n: n.Softplus(beta=2.0), (3, 4)),
    "softmax": (lambda n: n.Softmax(1), (3, 4)),
    "flatten": (lambda n: n.Flatten(1, 2), (3, 4, 5, 2)),
    "unflatten": (lambda n: n.Unflatten(1, (2, 2)), (3, 4, 5)),
    "conv-same": (lambda n: n.Conv2d(2, 3, (2, 3), padding="same", dilation=(1, 2)), (2, 2, 5, 4)),
    "conv-valid": (lambda n: n.Conv2d(2, 3, 2, padding="valid"), (2, 2, 5, 4)),
    "conv-reflect": (lambda n: n.Conv2d(2, 3, 3, 2, (2, 1), padding_mode="reflect"), (2, 2, 5, 4)),
    "conv-replicate": (lambda n: n.Conv2d(2, 3, 3, padding="same", padding_mode="replicate"), (2, 2, 5, 4)),
    "conv-circular": (lambda n: n.Conv2d(2, 4, 3, 1, 1, 1, 2, False, "circular"), (2, 2, 5, 4)),
    "conv-1d": (lambda n: n.Conv1d(4, 6, 3, 2, 1, 2, 2), (2, 4, 9)),
    "conv-1d-circular": (
        lambda n: n.Conv1d(4, 6, 3, padding=2, bias=False, padding_mode="circular"),
        (2, 4, 9),
    ),
    "conv-transpose-1d": (lambda n: n.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2), (2, 4, 5)),
    "instance-norm": (lambda n: n.InstanceNorm2d(3), (2, 3, 4, 5)),
    "instance-norm-all": (lambda n: n.InstanceNorm2d(3, 1e-3, 0.3, True, True), (2, 3, 4, 5)),
    "instance-norm-1d": (lambda n: n.InstanceNorm1d(3, affine=True), (2, 3, 4)),
    "group-norm": (lambda n: n.GroupNorm(2, 4), (3, 4, 2, 5)),
    "group-norm-plain": (lambda n: n.GroupNorm(4, 4, 1e-3, False), (3, 4, 5)),
    "spectral-norm": (lambda n: n.utils.spectral_norm(n.Conv2d(2, 3, 3)), (2, 2, 5, 4)),
    "spectral-norm-linear": (lambda n: n.utils.spectral_norm(n.Linear(5, 3), n_power_iterations=3), (4, 5)),
    "spectral-norm-transposed": (lambda n: n.utils.spectral_norm(n.ConvTranspose2d(2, 3, 3)), (2, 2, 5, 4)),
    "weight-norm": (lambda n: n.utils.weight_norm(n.Conv2d(2, 3, 3)), (2, 2, 5, 4)),
    "weight-norm-of-one-length": (lambda n: n.utils.weight_norm(n.Linear(5, 3), dim=None), (4, 5)),
    "elu": (lambda n: n.ELU(0.5, inplace=False), (3, 4)),
    "selu": (lambda n: n.SELU(), (3, 4)),
    "silu": (lambda n: n.SiLU(), (3, 4)),
    "gelu": (lambda n: n.GELU(), (3, 4)),
    "gelu-tanh": (lambda n: n.GELU(approximate="tanh"), (3, 4)),
    "prelu": (lambda n: n.PReLU(), (3, 4)),
    "prelu-channels": (lambda n: n.PReLU(4, init=0.1), (3, 4, 2)),
    "log-sigmoid": (lambda n: n.LogSigmoid(), (3, 4)),
    "log-softmax": (lambda n: n.LogSoftmax(1), (3, 4)),
    "hardtanh": (lambda n: n.Hardtanh(-0.5, 0.75), (3, 4)),
    "avg-pool": (lambda n: n.AvgPool2d(3, 2, 1, count_include_pad=False), (2, 2, 5, 6)),
    "max-pool": (lambda n: n.MaxPool2d(2), (2, 2, 5, 6)),
    "max-pool-all": (lambda n: n.MaxPool2d(3, 2, 1, 1, False, True), (2, 2, 5, 6)),
    "adaptive-avg-pool": (lambda n: n.AdaptiveAvgPool2d((2, None)), (2, 2, 5, 6)),
    "adaptive-max-pool": (lambda n: n.AdaptiveMaxPool2d(3), (2, 2, 5, 6)),
    "zero-pad": (lambda n: n.ZeroPad2d((1, 0, 2, 0)), (2, 2, 3, 4)),
    "constant-pad": (lambda n: n.ConstantPad2d(1, 3.5), (2, 2, 3, 4)),
    "reflection-pad": (lambda n: n.ReflectionPad2d((1, 3, 2, 0)), (2, 2, 3, 4)),
    "replication-pad": (lambda n: n.ReplicationPad2d(2), (2, 2, 3, 4)),
    "circular-pad": (lambda n: n.CircularPad2d((4, 1, 0, 3)), (2, 2, 3, 4)),
    "upsample": (lambda n: n.Upsample(scale_factor=2), (2, 2, 3, 4)),
    "upsample-bilinear": (lambda n: n.Upsample(scale_factor=(2, 1.5), mode="bilinear"), (2, 2, 3, 4)),
    "upsample-size": (lambda n: n.Upsample((5, 7), mode="bilinear", align_corners=True), (2, 2, 3, 4)),
    "upsample-recomputed": (lambda n: n.Upsample(None, 1.7, "bilinear", False, True), (2, 2, 3, 4)),
    "pixel-shuffle": (lambda n: n.PixelShuffle(2), (2, 8, 3, 4)),
    "pixel-unshuffle": (lambda n: n.PixelUnshuffle(2), (2, 2, 4, 6)),
    "dropout-of-nothing": (lambda n: n.Dropout(0.0, inplace=False), (3, 4)),
    "dropout-2d-of-nothing": (lambda n: n.Dropout2d(0.0), (2, 2, 3, 4)),
}
SAME_TEXT = [name for name in LAYERS if "norm" not in name]  # later PyTorch adds bias= to those of norms


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning", "ignore:Using padding='same':UserWarning")
@pytest.mark.parametrize("name", LAYERS)
def test_layer(name: str) -> None:
    make, shape = LAYERS[name]
    theirs, ours = make(torch.nn), make(nn)
    for parameter in theirs.parameters():
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(draw(*parameter.shape, seed=1)))
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())

    for seed in range(3):
        x = draw(*shape, seed=seed)
        their_x = torch.from_numpy(x).requires_grad_()
        our_x = mg.tensor(x)
        their_y, our_y = theirs(their_x), ours(our_x)
        np.testing.assert_allclose(our_y.numpy(), their_y.detach().numpy(), rtol=1e-5, atol=1e-5)
        g = draw(*our_y.shape, seed=9)
        expected = torch.autograd.grad(their_y, [their_x, *theirs.parameters()], torch.from_numpy(g))
        given = mg.grad(our_y, [our_x, *ours.parameters()], grad_output=mg.tensor(g))
        for ours_g, theirs_g in zip(given, expected, strict=True):
            np.testing.assert_allclose(ours_g.numpy(), theirs_g.numpy(), rtol=1e-4, atol=1e-5)
    for key, expected_array in arrays(theirs).items():
        np.testing.assert_allclose(ours.state_dict()[key], expected_array, rtol=1e-5, atol=1e-6)

    x = draw(*shape, seed=4)
    np.testing.assert_allclose(
        ours.eval()(mg.tensor(x)).numpy(),
        theirs.eval()(torch.from_numpy(x)).detach().numpy(),
        rtol=1e-5,
        atol=1e-5,
    )


@pytest.mark.parametrize("name", SAME_TEXT)
def test_words(name: str) -> None:
    make, _ = LAYERS[name]
    assert repr(make(nn)) == repr(make(torch.nn))


@pytest.mark.parametrize("padding_idx", [None, 0, -1])
def test_embedding(padding_idx: int | None) -> None:
    theirs, ours = torch.nn.Embedding(5, 3, padding_idx), nn.Embedding(5, 3, padding_idx)
    assert repr(ours) == repr(theirs)
    assert (ours.weight.data == 0).all(1).tolist() == (theirs.weight == 0).all(1).tolist()
    ours.load_state_dict(theirs.state_dict())
    index = np.array([[0, 4, 4], [1, 0, 2]])
    y, their_y = ours(mg.tensor(index)), theirs(torch.from_numpy(index))
    np.testing.assert_array_equal(y.numpy(), their_y.detach().numpy())
    g = draw(2, 3, 3)
    (expected,) = torch.autograd.grad(their_y, theirs.weight, torch.from_numpy(g))
    np.testing.assert_allclose(mg.grad(y, [ours.weight], grad_output=g)[0].numpy(), expected.numpy())


def generator_of(n: Any) -> Any:
    return n.Sequential(
        n.Linear(10, 32 * 4 * 4, bias=False),
        n.Unflatten(1, (32, 4, 4)),
        n.BatchNorm2d(32),
        n.ReLU(),
        n.ConvTranspose2d(32, 16, 3, stride=2, padding=1, bias=False),
        n.BatchNorm2d(16),
        n.ReLU(),
        n.ConvTranspose2d(16, 8, 4, stride=2, padding=1),
        n.BatchNorm2d(8),
        n.ReLU(),
        n.ConvTranspose2d(8, 1, 3, 2, 1, 1),
        n.Tanh(),
    )


def discriminator_of(n: Any) -> Any:
    return n.Sequential(
        n.Conv2d(1, 16, 4, stride=2, padding=1),
        n.LeakyReLU(0.2),
        n.Conv2d(16, 32, 4, stride=2, padding=1, bias=False),
        n.BatchNorm2d(32),
        n.LeakyReLU(0.2),
        n.Flatten(),
        n.Linear(32 * 7 * 7, 1),
    )


NETS: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "generator": (generator_of, (6, 10)),
    "discriminator": (discriminator_of, (6, 1, 28, 28)),
}


@pytest.mark.parametrize("net", NETS)
def test_weights_from_torch(net: str, tmp_path: Path) -> None:
    safetensors_torch = pytest.importorskip("safetensors.torch")
    make, shape = NETS[net]
    theirs, ours = make(torch.nn), make(nn)
    theirs(torch.from_numpy(draw(*shape)))
    safetensors_torch.save_file(theirs.state_dict(), tmp_path / "net.safetensors")
    ours.load_state_dict(mg.load(tmp_path / "net.safetensors"))
    agree(ours, theirs, shape)


@pytest.mark.parametrize("net", NETS)
def test_weights_to_torch(net: str, tmp_path: Path) -> None:
    safetensors_torch = pytest.importorskip("safetensors.torch")
    make, shape = NETS[net]
    theirs, ours = make(torch.nn), make(nn)
    ours(mg.tensor(draw(*shape)))
    mg.save(tmp_path / "net.safetensors", ours.state_dict())
    theirs.load_state_dict(safetensors_torch.load_file(tmp_path / "net.safetensors"))
    agree(ours, theirs, shape)


@pytest.mark.parametrize("net", NETS)
def test_weights_of_a_live_torch_module(net: str) -> None:
    make, shape = NETS[net]
    theirs, ours = make(torch.nn), make(nn)
    theirs(torch.from_numpy(draw(*shape)))
    ours.load_state_dict(theirs.state_dict())
    agree(ours, theirs, shape)


def agree(ours: nn.Module, theirs: Any, shape: tuple[int, ...]) -> None:
    """The same outputs in evaluation (by the running statistics), in training, and in evaluation after it."""
    x = draw(*shape, seed=3)
    for training in (False, True, False):
        expected = theirs.train(training)(torch.from_numpy(x)).detach().numpy()
        np.testing.assert_allclose(ours.train(training)(mg.tensor(x)).numpy(), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_weights_come_back_as_float32(dtype: str, tmp_path: Path) -> None:
    safetensors_torch = pytest.importorskip("safetensors.torch")
    half = torch.from_numpy(draw(3, 5)).to(getattr(torch, dtype))
    safetensors_torch.save_file({"w": half, "n": torch.arange(3)}, tmp_path / "half.safetensors")
    loaded = mg.load(tmp_path / "half.safetensors")
    assert loaded["w"].dtype == np.float32
    np.testing.assert_array_equal(loaded["w"], half.float().numpy())
    np.testing.assert_array_equal(loaded["n"], [0, 1, 2])


def test_a_live_bfloat16_tensor_is_a_clear_error() -> None:
    layer = nn.Linear(2, 1)
    state = {name: tensor.bfloat16() for name, tensor in torch.nn.Linear(2, 1).state_dict().items()}
    with pytest.raises(ValueError, match="'weight' cannot be read as an array"):
        layer.load_state_dict(state)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: n.Linear(50, 400),
        lambda n: n.Conv2d(6, 300, 3, groups=2),
        lambda n: n.ConvTranspose2d(30, 40, 4, groups=2),
        lambda n: n.BatchNorm2d(5),
    ],
)
def test_default_initial_values_have_torch_s_distribution(make: Callable[[Any], Any]) -> None:
    mg.manual_seed(0)
    torch.manual_seed(0)
    theirs, ours = arrays(make(torch.nn)), make(nn).state_dict()
    for name, expected in theirs.items():
        given = ours[name]
        assert given.dtype == expected.dtype
        np.testing.assert_allclose(np.abs(given).max(), np.abs(expected).max(), rtol=0.2)
        np.testing.assert_allclose(given.std(), expected.std(), rtol=0.2)


@pytest.mark.parametrize("slope", [None, 0.2])
@pytest.mark.parametrize(
    "name",
    ["linear", "conv1d", "conv2d", "conv_transpose1d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"],
)
def test_gains(name: str, slope: float | None) -> None:
    assert nn.init.calculate_gain(name, slope) == pytest.approx(torch.nn.init.calculate_gain(name, slope))
