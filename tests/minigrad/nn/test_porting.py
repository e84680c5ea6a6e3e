"""Layers that files ported from PyTorch need: errors, sizes, empty batches, captured steps."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops, optim
from tests.minigrad.captures.steps import numbers, same_with_and_without
from tests.minigrad.nn.every_layer import Everything

Maker = Callable[[], nn.Module]


def ones(*shape: int) -> mg.Tensor:
    return mg.tensor(np.ones(shape, np.float32))


# -- errors ----------------------------------------------------------------------------------------

WRONG: list[tuple[Maker, tuple[int, ...], str]] = [
    (
        lambda: nn.Conv1d(2, 3, 3),
        (1, 3, 5),
        r"Conv1d\(2, 3, .*\): expected an input \(n, 2, l\), got \(1, 3, 5\)",
    ),
    (
        lambda: nn.ConvTranspose1d(2, 3, 3),
        (1, 2, 5, 5),
        r"ConvTranspose1d\(.*\): expected an input \(n, 2, l\)",
    ),
    (
        lambda: nn.Conv2d(1, 1, 3, padding=3, padding_mode="reflect"),
        (1, 1, 3, 3),
        r"Conv2d\(.*padding_mode=reflect\): pad: mode 'reflect' adds at most 2 to an axis of length 3",
    ),
    (
        lambda: nn.InstanceNorm2d(2),
        (1, 3, 2, 2),
        r"InstanceNorm2d\(2, .*\): expected an input \(n, 2, h, w\)",
    ),
    (lambda: nn.InstanceNorm2d(2), (4, 2, 1, 1), r"InstanceNorm2d\(2, .*\): expected more than one value"),
    (
        lambda: nn.GroupNorm(2, 4),
        (1, 3, 2),
        r"GroupNorm\(2, 4, .*\): expected an input \(n, 4, \.\.\.\), got",
    ),
    (lambda: nn.PReLU(3), (2, 4), r"PReLU\(num_parameters=3\): prelu: weight must be \(1,\) or \(4,\)"),
    (
        lambda: nn.AvgPool2d(3),
        (1, 1, 2, 2),
        r"AvgPool2d\(.*\): .* a window of 3 is larger than the padded input",
    ),
    (
        lambda: nn.MaxPool2d(2),
        (2, 2),
        r"MaxPool2d\(.*\): max_pool2d: x must be \(n, c, h, w\) or \(c, h, w\)",
    ),
    (lambda: nn.MaxPool2d(2, padding=2), (1, 1, 4, 4), r"MaxPool2d\(.*\): .* at most half of kernel_size 2"),
    (
        lambda: nn.AdaptiveAvgPool2d(0),
        (1, 1, 4, 4),
        r"AdaptiveAvgPool2d\(output_size=0\): output_size must be",
    ),
    (lambda: nn.ZeroPad2d(1), (2, 2), r"ZeroPad2d\(\(1, 1, 1, 1\)\): expected an input \(n, c, h, w\)"),
    (lambda: nn.CircularPad2d(3), (1, 1, 2, 2), r"CircularPad2d\(.*\): pad: mode 'circular' adds at most 2"),
    (
        lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
        (1, 1, 4),
        r"Upsample\(.*\): .* needs x \(n, c, \.\.\.\)",
    ),
    (lambda: nn.Upsample(), (1, 1, 4, 4), r"Upsample\(.*\): interpolate: give either size or scale_factor"),
    (
        lambda: nn.Upsample(2, mode="bicubic"),
        (1, 1, 4, 4),
        r"there is no mode 'bicubic'; choose nearest, linear",
    ),
    (lambda: nn.PixelShuffle(2), (1, 3, 2, 2), r"PixelShuffle\(upscale_factor=2\): .* divisible by 4"),
    (
        lambda: nn.PixelUnshuffle(2),
        (1, 3, 3, 2),
        r"PixelUnshuffle\(downscale_factor=2\): .* got \(1, 3, 3, 2\)",
    ),
    (lambda: nn.Dropout2d(), (2, 2), r"Dropout2d\(p=0\.5, inplace=False\): expected an input \(n, c, h, w\)"),
]


@pytest.mark.parametrize(("make", "shape", "message"), WRONG)
def test_an_error_names_the_layer_what_it_expected_and_what_it_got(
    make: Maker, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make()(ones(*shape))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: nn.Conv2d(1, 1, 3, padding="full"),
            "padding must be an integer, 'same' or 'valid', got 'full'",
        ),
        (lambda: nn.Conv2d(1, 1, 3, 2, "same"), r"padding='same' needs a stride of 1, got \(2, 2\)"),
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"), "padding_mode must be one of .* got 'mirror'"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, padding_mode="reflect"), "padding_mode must be 'zeros'"),
        (lambda: nn.GroupNorm(3, 4), "num_groups=3 must divide num_channels=4"),
        (lambda: nn.MaxPool2d(2, return_indices=True), "return_indices is not offered"),
        (
            lambda: nn.ZeroPad2d((1, 2)),
            r"padding must be an integer >= 0 or four \(left, right, top, bottom\)",
        ),
        (lambda: nn.Embedding(3, 2, 3), r"padding_idx must lie in -3\.\.2, got 3"),
        (lambda: nn.GELU("fast"), "approximate must be 'none' or 'tanh', got 'fast'"),
        (lambda: nn.Hardtanh(1.0, 0.0), "min_val must be less than max_val"),
        (lambda: nn.Dropout2d(2.0), r"p must lie in \[0, 1\], got 2\.0"),
        (lambda: nn.utils.spectral_norm(nn.ReLU()), r"spectral_norm: ReLU\(\) has no parameter 'weight'"),
        (lambda: nn.utils.spectral_norm(nn.BatchNorm1d(3)), "weight needs at least two axes"),
        (
            lambda: nn.utils.spectral_norm(nn.utils.spectral_norm(nn.Linear(2, 2))),
            "a normalised weight already",
        ),
        (
            lambda: nn.utils.remove_weight_norm(nn.Linear(2, 2)),
            "'weight' has no such normalisation to remove",
        ),
        (lambda: nn.ModuleDict({"training": nn.ReLU()}), "'training' is an attribute of ModuleDict already"),
        (lambda: nn.ParameterDict({"keys": np.ones(2)}), "'keys' is an attribute of ParameterDict already"),
    ],
)
def test_arguments_that_no_layer_takes(make: Maker, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


# -- sizes and empty batches -----------------------------------------------------------------------

SOME: dict[str, tuple[Callable[[Any], nn.Module], tuple[int, ...]]] = {
    "conv2d": (lambda i: nn.Conv2d(i(2), i(2), i(3), i(1), i(1), i(1), i(2)), (2, 5, 4)),
    "conv1d": (lambda i: nn.Conv1d(i(2), i(3), i(3), i(2)), (2, 5)),
    "conv_transpose1d": (lambda i: nn.ConvTranspose1d(i(2), i(3), (i(3),), i(2)), (2, 5)),
    "instance_norm": (lambda i: nn.InstanceNorm2d(i(2), affine=True, track_running_stats=True), (2, 3, 3)),
    "group_norm": (lambda i: nn.GroupNorm(i(2), i(4)), (4, 3)),
    "avg_pool": (lambda i: nn.AvgPool2d(i(2), i(1), i(1)), (2, 4, 4)),
    "max_pool": (lambda i: nn.MaxPool2d((i(2), i(3)), i(2)), (2, 4, 4)),
    "adaptive": (lambda i: nn.AdaptiveAvgPool2d((i(3), None)), (2, 4, 4)),
    "pad": (lambda i: nn.ReflectionPad2d((i(1), i(2), i(1), i(0))), (2, 4, 4)),
    "upsample": (lambda i: nn.Upsample(scale_factor=i(2), mode="bilinear"), (2, 4, 4)),
    "upsample-size": (lambda i: nn.Upsample((i(7), i(3)), mode="bilinear"), (2, 4, 4)),
    "pixel_shuffle": (lambda i: nn.PixelShuffle(i(2)), (4, 3, 3)),
    "pixel_unshuffle": (lambda i: nn.PixelUnshuffle(i(2)), (2, 4, 4)),
    "prelu": (lambda i: nn.PReLU(i(2)), (2, 4)),
    "spectral_norm": (lambda i: nn.utils.spectral_norm(nn.Conv2d(2, i(3), 3)), (2, 4, 4)),
    "weight_norm": (lambda i: nn.utils.weight_norm(nn.Linear(3, i(4)), dim=i(0)), (3,)),
    "dropout2d": (lambda i: nn.Dropout2d(0.5), (2, 3, 3)),
}


@pytest.mark.parametrize("name", SOME)
def test_sizes_may_be_numpy_s_integers_and_a_batch_may_be_empty(name: str) -> None:
    make, shape = SOME[name]
    mg.manual_seed(0)
    expected, x = make(int), numbers(0, 2, *shape)
    mg.manual_seed(0)
    layer = make(np.int64)
    assert repr(layer) == repr(expected)
    state = mg.random.get_state()
    y = expected(x)
    mg.random.set_state(state)
    np.testing.assert_array_equal(layer(x).numpy(), y.numpy())
    before = layer.state_dict()
    empty = mg.tensor(np.zeros((0, *shape), np.float32))
    nothing = layer.train()(empty)
    assert nothing.shape == (0, *y.shape[1:])
    gradients = mg.grad(ops.sum(nothing), [empty, *layer.parameters()])
    assert [g.shape for g in gradients] == [empty.shape, *[p.shape for p in layer.parameters()]]
    assert all(not g.numpy().any() for g in gradients)
    for key, array in layer.state_dict().items():
        assert np.isfinite(array).all()
        if "running" in key:
            np.testing.assert_array_equal(array, before[key])


def test_embedding_names_itself_and_the_rows_that_it_has() -> None:
    layer = nn.Embedding(3, 2)
    with pytest.raises(
        ValueError, match=r"Embedding\(3, 2\): embedding: an index must lie in 0\.\.2, got 3\.\.3"
    ):
        layer([3])
    with pytest.raises(TypeError, match=r"Embedding\(3, 2\): embedding: an index is integers, got float32"):
        layer(ones(2))


def test_embedding_of_nothing() -> None:
    layer = nn.Embedding(np.int64(3), np.int64(2), np.int64(0))
    y = layer(np.zeros((0, 4), np.int64))
    assert y.shape == (0, 4, 2)
    assert not mg.grad(ops.sum(y), [layer.weight])[0].numpy().any()


# -- spectral and weight normalisation -------------------------------------------------------------


def test_spectral_norm_finds_the_largest_singular_value() -> None:
    mg.manual_seed(0)
    layer = nn.utils.spectral_norm(nn.Conv2d(3, 4, 3, bias=False), n_power_iterations=100)
    layer(numbers(0, 1, 3, 5, 5))
    used = nn.utils.remove_spectral_norm(layer).weight.numpy()
    assert list(layer.state_dict()) == ["weight"]
    assert np.linalg.norm(used.reshape(4, -1), 2) == pytest.approx(1, rel=1e-5)


def test_evaluation_leaves_the_vectors_and_training_moves_them() -> None:
    layer = nn.utils.spectral_norm(nn.Linear(3, 4))
    before, x = layer.state_dict(), numbers(0, 2, 3)
    layer.eval()(x)
    assert all((layer.state_dict()[name] == before[name]).all() for name in before)
    layer.train()(x)
    after = layer.state_dict()
    assert [name for name in before if (after[name] != before[name]).any()] == ["weight_u", "weight_v"]


def test_a_normalised_layer_says_where_its_weight_went() -> None:
    layer = nn.utils.spectral_norm(nn.Linear(3, 4))
    with pytest.raises(
        AttributeError, match="each call computes it from weight_orig and weight_u and weight_v"
    ):
        layer.weight  # noqa: B018
    with pytest.raises(AttributeError, match=r"no attribute 'height'$"):
        layer.height  # noqa: B018


@pytest.mark.parametrize("normalise", [nn.utils.spectral_norm, nn.utils.weight_norm])
def test_a_normalised_layer_is_copied_pickled_and_looked_at_as_any_other(normalise: Any) -> None:
    mg.manual_seed(0)
    layer = nn.Sequential(normalise(nn.Linear(3, 4)), nn.ReLU())
    x = numbers(0, 2, 3)
    copies = [copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))]  # noqa: S301
    assert "Linear(in_features=3, out_features=4, bias=True)" in repr(layer)
    assert nn.summary(layer, (2, 3)).layers[1].output == (2, 4)
    expected = layer(x).numpy()
    for other in copies:
        assert other[0].parameters()[1] is not layer[0].parameters()[1]
        np.testing.assert_array_equal(other(x).numpy(), expected)
        for name, array in layer.state_dict().items():
            np.testing.assert_array_equal(other.state_dict()[name], array)
    used = layer.eval()(x).numpy()
    remove = {"spectral_norm": nn.utils.remove_spectral_norm, "weight_norm": nn.utils.remove_weight_norm}
    remove[normalise.__name__](layer[0])
    assert list(layer.state_dict()) == ["0.bias", "0.weight"]
    np.testing.assert_allclose(layer(x).numpy(), used, rtol=1e-6)


def test_weight_norm_leaves_the_function_as_it_was() -> None:
    layer, x = nn.Conv2d(2, 3, 3), numbers(0, 1, 2, 4, 4)
    before = layer(x).numpy()
    np.testing.assert_allclose(nn.utils.weight_norm(layer)(x).numpy(), before, rtol=1e-5, atol=1e-6)


# -- containers ------------------------------------------------------------------------------------


def test_module_dict() -> None:
    heads = nn.ModuleDict({"real": nn.Linear(2, 1)})
    heads["fake"] = nn.Linear(2, 1)
    heads.update([("class", nn.ReLU())])
    assert (list(heads), heads.keys(), len(heads)) == (
        ["real", "fake", "class"],
        ["real", "fake", "class"],
        3,
    )
    assert [name for name, _ in heads.named_parameters()] == [
        "real.weight",
        "real.bias",
        "fake.weight",
        "fake.bias",
    ]
    assert heads["real"] is heads.values()[0] is dict(heads.items())["real"]
    assert "real" in heads
    del heads["real"]
    assert "real" not in heads
    with pytest.raises(KeyError):
        heads["real"]
    with pytest.raises(TypeError, match="'x' is a int, expected a Module"):
        heads["x"] = 3  # type: ignore[assignment]


def test_parameter_containers() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.scales = nn.ParameterList([np.ones(2, np.float32), nn.Parameter(np.ones(1))])
            self.shifts = nn.ParameterDict({"x": np.zeros(2, np.float32)})

        def forward(self, x: mg.Tensor) -> mg.Tensor:
            return x * self.scales[0] + self.shifts["x"]

    net = Net()
    assert list(net.state_dict()) == ["scales.0", "scales.1", "shifts.x"]
    assert (len(net.scales), len(net.shifts), list(net.shifts)) == (2, 1, ["x"])
    net.scales.append(np.ones(3))
    net.scales[0] = np.full(2, 2.0, np.float32)
    assert [p.shape for p in net.scales] == [(2,), (1,), (3,)]
    assert net(ones(2)).numpy().tolist() == [2, 2]
    assert repr(net.shifts) == "ParameterDict(\n  (x): Parameter(float32 (2,))\n)"
    del net.shifts["x"]
    assert ("x" in net.shifts, net.shifts.keys(), net.shifts.items()) == (False, [], [])


# -- captured steps --------------------------------------------------------------------------------


def test_a_captured_training_step_with_every_layer_is_the_step_itself_bit_for_bit() -> None:
    def make() -> tuple[Any, Any]:
        net = Everything()
        optimizer = optim.Adam(net.parameters(), lr=0.01)

        def step(index: mg.Tensor) -> mg.Tensor:
            loss = ops.mean(ops.square(net(index)))
            optimizer.step(mg.grad(loss, net.parameters()))
            return loss

        return step, net.state_dict

    calls = [(mg.tensor(np.random.default_rng(i).integers(0, 5, 3)),) for i in range(5)]
    captured = same_with_and_without(make, calls)
    assert captured.replays == 3
