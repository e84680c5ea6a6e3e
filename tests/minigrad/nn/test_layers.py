"""Layers: values against formulas, derivatives by gradcheck, running statistics, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

Maker = Callable[[], nn.Module]


class Outputs(nn.Module):
    """All that a recurrent layer returns, side by side; x is (n, ..., features)."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        y, *states = outputs_of(self.layer(x))
        parts = [y, *[mg.ops.swapaxes(state, 0, 1) if state.ndim == 3 else state for state in states]]
        return mg.ops.concatenate([mg.ops.flatten(part) for part in parts], axis=1)


def outputs_of(result: Any) -> list[mg.Tensor]:
    """The Tensors of nested tuples, in their order."""
    return [t for part in result for t in outputs_of(part)] if isinstance(result, tuple) else [result]


CASES: dict[str, tuple[Maker, tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(3, 2), (4, 3)),
    "linear-without-bias-3d": (lambda: nn.Linear(3, 2, bias=False), (2, 2, 3)),
    "conv2d": (lambda: nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 2), 2), (2, 4, 5, 6)),
    "conv_transpose2d": (
        lambda: nn.ConvTranspose2d(4, 6, (3, 2), (2, 3), (1, 0), (1, 2), 2, True, (2, 1)),
        (2, 4, 3, 2),
    ),
    "batch_norm1d": (lambda: nn.BatchNorm1d(3), (5, 3)),
    "batch_norm1d-3d": (lambda: nn.BatchNorm1d(3), (2, 3, 4)),
    "batch_norm2d": (lambda: nn.BatchNorm2d(3), (2, 3, 2, 2)),
    "batch_norm2d-plain": (lambda: nn.BatchNorm2d(3, affine=False, track_running_stats=False), (2, 3, 2, 2)),
    "batch_norm2d-eval": (lambda: nn.BatchNorm2d(3).eval(), (2, 3, 2, 2)),
    "layer_norm": (lambda: nn.LayerNorm((3, 2)), (4, 3, 2)),
    "layer_norm-without-bias": (lambda: nn.LayerNorm(3, bias=False), (2, 2, 3)),
    "leaky_relu": (lambda: nn.LeakyReLU(0.2), (3, 4)),
    "relu": (nn.ReLU, (3, 4)),
    "tanh": (nn.Tanh, (3, 4)),
    "sigmoid": (nn.Sigmoid, (3, 4)),
    "softplus": (nn.Softplus, (3, 4)),
    "softmax": (lambda: nn.Softmax(1), (3, 4)),
    "flatten": (nn.Flatten, (3, 2, 2)),
    "unflatten": (lambda: nn.Unflatten(1, (2, -1)), (3, 4)),
    "identity": (nn.Identity, (3, 4)),
    "conv2d-same": (lambda: nn.Conv2d(2, 2, (2, 3), padding="same"), (1, 2, 3, 4)),
    "conv2d-reflect": (lambda: nn.Conv2d(2, 2, 3, 2, (2, 1), padding_mode="reflect"), (1, 2, 3, 4)),
    "conv1d": (lambda: nn.Conv1d(2, 4, 3, 2, 1, 1, 2), (2, 2, 5)),
    "conv_transpose1d": (lambda: nn.ConvTranspose1d(2, 3, 3, 2, 1, 1), (2, 2, 3)),
    "instance_norm2d": (lambda: nn.InstanceNorm2d(2, affine=True), (2, 2, 2, 3)),
    "instance_norm2d-tracking": (lambda: nn.InstanceNorm2d(2, track_running_stats=True), (2, 2, 2, 3)),
    "group_norm": (lambda: nn.GroupNorm(2, 4), (2, 4, 3)),
    "weight_norm": (lambda: nn.utils.weight_norm(nn.Conv2d(2, 3, 2)), (1, 2, 3, 3)),
    "spectral_norm-eval": (lambda: nn.utils.spectral_norm(nn.Conv2d(2, 3, 2)).eval(), (1, 2, 3, 3)),
    "elu": (nn.ELU, (3, 4)),
    "selu": (nn.SELU, (3, 4)),
    "silu": (nn.SiLU, (3, 4)),
    "gelu": (nn.GELU, (3, 4)),
    "gelu-tanh": (lambda: nn.GELU("tanh"), (3, 4)),
    "prelu": (lambda: nn.PReLU(4), (3, 4)),
    "log_sigmoid": (nn.LogSigmoid, (3, 4)),
    "log_softmax": (lambda: nn.LogSoftmax(1), (3, 4)),
    "hardtanh": (nn.Hardtanh, (3, 4)),
    "avg_pool2d": (lambda: nn.AvgPool2d(3, 2, 1), (1, 2, 4, 5)),
    "max_pool2d": (lambda: nn.MaxPool2d(2), (1, 2, 4, 5)),
    "adaptive_avg_pool2d": (lambda: nn.AdaptiveAvgPool2d((1, 3)), (1, 2, 4, 5)),
    "adaptive_max_pool2d": (lambda: nn.AdaptiveMaxPool2d(2), (1, 2, 4, 5)),
    "zero_pad2d": (lambda: nn.ZeroPad2d(1), (1, 2, 2, 3)),
    "reflection_pad2d": (lambda: nn.ReflectionPad2d((2, 1, 0, 1)), (1, 2, 2, 3)),
    "replication_pad2d": (lambda: nn.ReplicationPad2d(2), (1, 2, 2, 3)),
    "circular_pad2d": (lambda: nn.CircularPad2d(1), (1, 2, 2, 3)),
    "constant_pad2d": (lambda: nn.ConstantPad2d(1, 2.0), (1, 2, 2, 3)),
    "upsample": (lambda: nn.Upsample(scale_factor=2), (1, 2, 2, 3)),
    "upsample-bilinear": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), (1, 2, 2, 3)),
    "upsample-size": (lambda: nn.Upsample((3, 5), mode="bilinear", align_corners=True), (1, 2, 2, 3)),
    "pixel_shuffle": (lambda: nn.PixelShuffle(2), (1, 4, 2, 2)),
    "pixel_unshuffle": (lambda: nn.PixelUnshuffle(2), (1, 2, 4, 2)),
    "pixel_norm": (nn.PixelNorm, (2, 3, 2, 2)),
    "pixel_norm-2d": (nn.PixelNorm, (3, 4)),
    "minibatch_std_dev": (lambda: nn.MinibatchStdDev(2), (4, 2, 2, 1)),
    "minibatch_std_dev-uneven": (lambda: nn.MinibatchStdDev(4), (7, 2, 3)),
    "minibatch_std_dev-2d": (nn.MinibatchStdDev, (5, 3)),
    "minibatch_std_dev-alone": (nn.MinibatchStdDev, (1, 2, 2, 2)),
    "equalized_lr": (lambda: nn.utils.equalized_lr(nn.Conv2d(2, 3, 2), "weight", 1.0), (1, 2, 3, 3)),
    "equalized_lr-linear": (lambda: nn.utils.equalized_lr(nn.Linear(3, 2)), (4, 3)),
    "lstm_cell": (lambda: Outputs(nn.LSTMCell(3, 2)), (4, 3)),
    "gru_cell": (lambda: Outputs(nn.GRUCell(3, 2, bias=False)), (4, 3)),
    "lstm": (lambda: Outputs(nn.LSTM(3, 2, batch_first=True)), (2, 4, 3)),
    "lstm-deep": (lambda: Outputs(nn.LSTM(3, 2, 2, False, True, 0.0, True)), (2, 3, 3)),
    "gru": (lambda: Outputs(nn.GRU(3, 2, 2, batch_first=True)), (2, 3, 3)),
}


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    """Standard normal values, none of them near the kink of a rectifier."""
    values = np.random.default_rng(seed).normal(size=shape)
    return np.where(np.abs(values) < 0.1, values + 0.3, values)


@pytest.mark.parametrize("name", CASES)
def test_gradcheck_to_second_order(name: str) -> None:
    make, shape = CASES[name]
    mg.manual_seed(1)
    module = make().double()
    names = [name for name, _ in module.named_parameters()]
    if isinstance(module, nn.BatchNorm2d) and not module.training:
        module.load_state_dict(
            {n: np.abs(draw(*a.shape)) for n, a in module.state_dict().items() if a.ndim}, strict=False
        )

    def f(x: mg.Tensor, *weights: mg.Tensor) -> mg.Tensor:
        return nn.functional_call(module, dict(zip(names, weights, strict=True)), x)

    assert mg.gradcheck(f, [draw(*shape), *(p.data for p in module.parameters())])


@pytest.mark.parametrize("name", CASES)
def test_float32_in_float32_out(name: str) -> None:
    make, shape = CASES[name]
    assert make()(mg.tensor(draw(*shape), dtype=np.float32)).dtype == np.float32


class TestLinear:
    def test_formula(self) -> None:
        layer = nn.Linear(3, 2)
        x = draw(4, 3).astype(np.float32)
        expected = x @ layer.weight.data.T + layer.state_dict()["bias"]
        np.testing.assert_allclose(layer(mg.tensor(x)).numpy(), expected, rtol=1e-6)

    def test_the_weight_s_gradient_lies_in_memory_as_the_weight(self) -> None:
        layer = nn.Linear(3, 2)
        y = layer(mg.tensor(draw(4, 3), dtype=np.float32))
        (gw,) = mg.grad(mg.ops.sum(y * y), [layer.weight])
        assert gw.data.flags.c_contiguous

    def test_dtype(self) -> None:
        assert {p.dtype.name for p in nn.Linear(3, 2, dtype=np.float64).parameters()} == {"float64"}
        with pytest.raises(TypeError, match="a Parameter is float32 or float64"):
            nn.Linear(3, 2, dtype=np.int32)

    @pytest.mark.parametrize("slope", [0.0, 0.2])
    def test_a_rectifier_behind_it_runs_in_the_same_op(self, slope: float) -> None:
        layer, activation = nn.Linear(3, 4).double(), nn.LeakyReLU(slope)
        both, x = nn.Sequential(layer, activation), draw(5, 3)
        expected = activation(layer(mg.tensor(x))).numpy()
        y = both(mg.tensor(x))
        assert y.op is mg.ops.linear
        assert y.params == {"slope": slope}
        np.testing.assert_array_equal(y.numpy(), expected)
        deeper = both(mg.tensor(x[None])).numpy()
        np.testing.assert_array_equal(deeper, activation(layer(mg.tensor(x[None]))).numpy())
        np.testing.assert_allclose(deeper, expected[None], rtol=1e-14, atol=1e-15)
        assert mg.gradcheck(both, [x])
        without = nn.Sequential(nn.Linear(3, 4, bias=False), activation)
        assert without(mg.tensor(x)).op is mg.ops.leaky_relu

    def test_error_names_the_layer_and_both_shapes(self) -> None:
        message = (
            r"Linear\(in_features=3, out_features=2, bias=True\): expected .*\(\.\.\., 3\), got \(4, 5\)"
        )
        with pytest.raises(ValueError, match=message):
            nn.Linear(3, 2)(mg.tensor(draw(4, 5)))


class TestConvolutions:
    @pytest.mark.parametrize("make", [nn.Conv2d, nn.ConvTranspose2d])
    @pytest.mark.parametrize("bias", [True, False])
    @pytest.mark.parametrize("slope", [0.0, 0.2])
    def test_a_rectifier_behind_it_runs_in_the_same_op(
        self, make: Callable[..., nn.Module], bias: bool, slope: float
    ) -> None:
        layer, activation = make(2, 3, 2, bias=bias).double(), nn.LeakyReLU(slope)
        both, x = nn.Sequential(layer, activation), draw(2, 2, 3, 4)
        y = both(mg.tensor(x))
        np.testing.assert_array_equal(y.numpy(), activation(layer(mg.tensor(x))).numpy())
        fused = mg.ops.conv2d_bias_leaky_relu if make is nn.Conv2d else mg.ops.bias_leaky_relu
        assert y.op is (fused if bias else mg.ops.leaky_relu)
        assert mg.gradcheck(both, [x])

    @pytest.mark.parametrize("layer", [nn.Conv2d(2, 4, 3), nn.ConvTranspose2d(2, 4, 3)])
    @pytest.mark.parametrize("shape", [(1, 3, 5, 5), (2, 5, 5)])
    def test_input_errors(self, layer: nn.Module, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match=r"expected an input \(n, 2, h, w\), got"):
            layer(mg.tensor(draw(*shape)))

    @pytest.mark.parametrize("make", [nn.Conv2d, nn.ConvTranspose2d])
    def test_argument_errors(self, make: Callable[..., nn.Module]) -> None:
        with pytest.raises(ValueError, match="groups=3 must divide in_channels=4"):
            make(4, 6, 3, groups=3)
        with pytest.raises(ValueError, match="groups=4 must divide out_channels=6"):
            make(4, 6, 3, groups=4)
        with pytest.raises(ValueError, match="stride must be an integer >= 1 or a pair"):
            make(4, 6, 3, stride=0)
        with pytest.raises(ValueError, match=r"kernel_size must be .* got \(3, 3, 3\)"):
            make(4, 6, (3, 3, 3))
        with pytest.raises(TypeError, match="float"):
            make(4, 6, 2.5)

    def test_repr(self) -> None:
        assert repr(nn.ConvTranspose2d(2, 4, 3, 2, 1, 1, bias=False)) == (
            "ConvTranspose2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1), "
            "bias=False)"
        )


class TestBatchNorm:
    def test_training_normalises_and_tracks(self) -> None:
        layer = nn.BatchNorm2d(3)
        x = 2 + 3 * draw(4, 3, 5, 5)
        y = layer(mg.tensor(x, dtype=np.float32)).numpy()
        np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0, atol=1e-6)
        np.testing.assert_allclose(y.std(axis=(0, 2, 3)), 1, atol=1e-5)
        state = layer.state_dict()
        np.testing.assert_allclose(state["running_mean"], 0.1 * x.mean(axis=(0, 2, 3)), rtol=1e-5)
        np.testing.assert_allclose(state["running_var"], 0.9 + 0.1 * x.var(axis=(0, 2, 3), ddof=1), rtol=1e-5)
        assert state["num_batches_tracked"] == 1
        assert state["num_batches_tracked"].shape == ()

    def test_statistics_move_in_training_alone_and_also_under_no_grad(self) -> None:
        layer = nn.BatchNorm1d(3)
        x = mg.tensor(draw(4, 3), dtype=np.float32)
        with mg.no_grad():
            layer(x)
        after = layer.state_dict()
        assert after["num_batches_tracked"] == 1
        layer.eval()(x)
        assert {k: v.tobytes() for k, v in layer.state_dict().items()} == {
            k: v.tobytes() for k, v in after.items()
        }

    @pytest.mark.parametrize("activation", [nn.ReLU(), nn.LeakyReLU(0.2)])
    @pytest.mark.parametrize("affine", [True, False])
    @pytest.mark.parametrize("training", [True, False])
    def test_a_rectifier_behind_it_runs_in_the_same_op(
        self, activation: nn.Module, affine: bool, training: bool
    ) -> None:
        layers = [nn.BatchNorm2d(3, affine=affine) for _ in range(2)]
        both = nn.Sequential(layers[0], activation).double().train(training)
        x = mg.tensor(draw(4, 3, 5, 5))
        y, expected = both(x), activation(layers[1].double().train(training)(x))
        np.testing.assert_allclose(y.numpy(), expected.numpy(), rtol=1e-12, atol=1e-12)
        if affine and training:
            assert y.op is mg.ops.batch_norm
        for name, array in layers[1].state_dict().items():
            np.testing.assert_array_equal(both.state_dict()[f"0.{name}"], array)
        assert mg.gradcheck(both, [x.numpy()])

    @pytest.mark.parametrize("make", [nn.Conv2d, nn.ConvTranspose2d])
    def test_on_a_cpu_a_convolution_before_it_hands_nothing_on(self, make: type[nn.Conv2d]) -> None:
        """Batch norm's first pass leaves its second one a warm cache; the same bits as layer by layer."""
        network = nn.Sequential(make(2, 3, 3, bias=False), nn.BatchNorm2d(3), nn.ReLU())
        x = mg.tensor(draw(4, 2, 5, 5), dtype=np.float32)
        y = network(x)
        assert y.op is mg.ops.batch_norm
        assert y.params["moments"] is None
        assert y.inputs[0].op in (mg.ops.conv2d, mg.ops.conv_transpose2d)
        norm = nn.BatchNorm2d(3)
        expected = mg.ops.batch_norm(network[0](x), norm.weight, norm.bias, eps=norm.eps, slope=0.0)
        np.testing.assert_array_equal(y.numpy(), expected.numpy())

    def test_layers_with_a_forward_of_their_own_are_not_fused(self) -> None:
        class Shifted(nn.BatchNorm1d):
            def forward(self, x: mg.Tensor) -> mg.Tensor:
                return super().forward(x) + 10.0

        class Flipped(nn.ReLU):
            def forward(self, x: mg.Tensor) -> mg.Tensor:
                return super().forward(-x)

        x = mg.tensor(draw(6, 3))
        assert (nn.Sequential(Shifted(3), nn.ReLU())(x).numpy() > 5).all()
        plain = nn.BatchNorm1d(3)(x).numpy()
        np.testing.assert_allclose(
            nn.Sequential(nn.BatchNorm1d(3), Flipped())(x).numpy(), np.maximum(-plain, 0), atol=1e-6
        )
        negative = nn.Sequential(nn.BatchNorm1d(3), nn.LeakyReLU(-0.5))(x).numpy()
        np.testing.assert_allclose(negative, np.where(plain > 0, plain, -0.5 * plain), atol=1e-6)

    def test_cumulative_average(self) -> None:
        layer = nn.BatchNorm1d(2, momentum=None)
        batches = [draw(4, 2, seed=seed) for seed in range(3)]
        for batch in batches:
            layer(mg.tensor(batch, dtype=np.float32))
        expected = np.mean([batch.mean(axis=0) for batch in batches], axis=0)
        np.testing.assert_allclose(layer.state_dict()["running_mean"], expected, rtol=1e-5, atol=1e-6)

    def test_evaluation_uses_running_statistics(self) -> None:
        layer = nn.BatchNorm1d(2).eval()
        layer.load_state_dict({"running_mean": [1.0, 2.0], "running_var": [4.0, 9.0]}, strict=False)
        np.testing.assert_allclose(layer(mg.tensor([[3.0, 5.0]])).numpy(), [[1, 1]], rtol=1e-5)

    def test_a_graph_in_evaluation_survives_later_training(self) -> None:
        layer = nn.BatchNorm1d(2).eval()
        x = mg.tensor(draw(4, 2), dtype=np.float32)
        y = layer(x).sum()
        before = mg.grad(y, layer.parameters())[0].numpy().copy()
        layer.train()(x)
        np.testing.assert_array_equal(mg.grad(y, layer.parameters())[0].numpy(), before)

    def test_errors(self) -> None:
        with pytest.raises(ValueError, match=r"expected an input \(n, 3\) or \(n, 3, l\), got \(2, 4\)"):
            nn.BatchNorm1d(3)(mg.tensor(draw(2, 4)))
        with pytest.raises(
            ValueError, match=r"BatchNorm2d\(3.*expected an input \(n, 3, h, w\), got \(2, 3\)"
        ):
            nn.BatchNorm2d(3)(mg.tensor(draw(2, 3)))
        with pytest.raises(ValueError, match=r"more than one value per channel, got an input \(1, 3, 1, 1\)"):
            nn.BatchNorm2d(3)(mg.tensor(draw(1, 3, 1, 1)))
        assert nn.BatchNorm2d(3).eval()(mg.tensor(draw(1, 3, 1, 1))).shape == (1, 3, 1, 1)

    def test_without_running_statistics(self) -> None:
        layer = nn.BatchNorm1d(2, track_running_stats=False).eval()
        assert list(layer.state_dict()) == ["weight", "bias"]
        np.testing.assert_allclose(layer(mg.tensor(draw(8, 2))).numpy().mean(axis=0), 0, atol=1e-6)


class TestLayerNorm:
    def test_formula(self) -> None:
        x = draw(4, 3, 5)
        y = nn.LayerNorm((3, 5))(mg.tensor(x)).numpy()
        expected = (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
        np.testing.assert_allclose(y, expected, rtol=1e-6)

    def test_error(self) -> None:
        with pytest.raises(ValueError, match=r"expected an input \(\.\.\., 3, 5\), got \(3, 4\)"):
            nn.LayerNorm((3, 5))(mg.tensor(draw(3, 4)))


class TestDropout:
    def test_training_keeps_the_mean(self) -> None:
        mg.manual_seed(0)
        y = nn.Dropout(0.25)(mg.tensor(np.ones(40_000, np.float32))).numpy()
        assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
        assert abs(y.mean() - 1) < 0.01

    def test_evaluation_is_the_identity(self) -> None:
        x = mg.tensor(draw(3, 3))
        assert nn.Dropout().eval()(x) is x

    def test_extremes(self) -> None:
        x = mg.tensor(draw(3, 3))
        assert nn.Dropout(0.0)(x) is x
        assert not nn.Dropout(1.0)(x).numpy().any()
        with pytest.raises(ValueError, match=r"p must lie in \[0, 1\], got 1\.5"):
            nn.Dropout(1.5)

    def test_gradient_has_the_mask_of_the_forward_pass(self) -> None:
        mg.manual_seed(0)
        x = mg.tensor(np.ones((5, 5), np.float32))
        y = nn.Dropout(0.5)(x)
        (gx,) = mg.grad(y.sum(), [x])
        np.testing.assert_array_equal(gx.numpy(), y.numpy())

    def test_same_seed_same_mask(self) -> None:
        layer, x = nn.Dropout(0.5), mg.tensor(np.ones(100, np.float32))
        mg.manual_seed(5)
        first = layer(x).numpy()
        assert not np.array_equal(layer(x).numpy(), first)
        mg.manual_seed(5)
        np.testing.assert_array_equal(layer(x).numpy(), first)


class TestShapes:
    def test_flatten(self) -> None:
        x = mg.tensor(draw(2, 3, 4, 5))
        assert nn.Flatten()(x).shape == (2, 60)
        assert nn.Flatten(0, 1)(x).shape == (6, 4, 5)
        assert nn.Flatten(-2)(x).shape == (2, 3, 20)
        with pytest.raises(
            ValueError, match=r"Flatten\(start_dim=1, end_dim=-1\): does not fit an input of shape \(\)"
        ):
            nn.Flatten()(mg.tensor(1.0))

    def test_flatten_an_empty_batch(self) -> None:
        assert nn.Flatten()(mg.tensor(np.zeros((0, 3, 4)))).shape == (0, 12)

    def test_unflatten(self) -> None:
        x = mg.tensor(draw(2, 12))
        assert nn.Unflatten(1, (3, 2, 2))(x).shape == (2, 3, 2, 2)
        assert nn.Unflatten(-1, [3, -1])(x).shape == (2, 3, 4)
        for dim, size in ((1, (5, 2)), (1, (5, -1)), (1, (-1, -1)), (2, (12,)), (1, (0, -1))):
            with pytest.raises(ValueError, match="does not fit an input of shape"):
                nn.Unflatten(dim, size)(x)
