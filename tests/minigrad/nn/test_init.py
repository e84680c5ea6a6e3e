"""Initial values: distributions, formulas, the process-wide generator and its state."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import init
from minigrad.random import generator, get_state, set_state


def weight(*shape: int, dtype: type = np.float32) -> nn.Parameter:
    return nn.Parameter(np.empty(shape, dtype))


class TestValues:
    @pytest.mark.parametrize(
        ("fill", "std"),
        [
            (lambda w: init.normal_(w, 0.0, 0.02), 0.02),
            (lambda w: init.uniform_(w, -1.0, 1.0), 1 / math.sqrt(3)),
            (init.xavier_normal_, math.sqrt(2 / (600 + 900))),
            (init.xavier_uniform_, math.sqrt(2 / (600 + 900))),
            (init.kaiming_normal_, math.sqrt(2 / 600)),
            (init.kaiming_uniform_, math.sqrt(2 / 600)),
            (lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="linear"), math.sqrt(1 / 900)),
            (lambda w: init.kaiming_uniform_(w, a=math.sqrt(5)), math.sqrt(1 / 3 / 600)),
        ],
    )
    def test_mean_and_std(self, fill: Callable[[nn.Parameter], nn.Parameter], std: float) -> None:
        mg.manual_seed(0)
        w = weight(900, 600)
        before = w.version
        assert fill(w) is w
        assert w.version > before
        assert abs(w.data.mean()) < 5 * std / math.sqrt(w.size)
        assert abs(w.data.std() / std - 1) < 0.01

    def test_constants(self) -> None:
        assert init.ones_(weight(2)).data.tolist() == [1, 1]
        assert init.zeros_(weight(2)).data.tolist() == [0, 0]
        assert init.constant_(weight(2), 3.5).data.tolist() == [3.5, 3.5]

    def test_float64_has_all_its_digits(self) -> None:
        w = init.uniform_(weight(100, dtype=np.float64))
        assert (w.data != w.data.astype(np.float32)).any()

    def test_fans_of_a_convolution(self) -> None:
        assert init.fans(weight(8, 4, 3, 5)) == (60, 120)

    def test_bounds_of_the_layers_defaults(self) -> None:
        for layer, fan_in in (
            (nn.Linear(64, 2000), 64),
            (nn.Conv2d(8, 100, 3), 72),
            (nn.ConvTranspose2d(8, 100, 3), 900),
        ):
            for p in layer.parameters():
                assert 0.95 / math.sqrt(fan_in) < np.abs(p.data).max() <= 1 / math.sqrt(fan_in)

    @pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 2, 3, 3), (8, 1, 2)])
    def test_orthogonal(self, shape: tuple[int, ...]) -> None:
        mg.manual_seed(0)
        w = weight(*shape, dtype=np.float64)
        assert init.orthogonal_(w, gain=3.0) is w
        matrix = w.data.reshape(shape[0], -1) / 3
        product = matrix @ matrix.T if shape[0] <= matrix.shape[1] else matrix.T @ matrix
        np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)

    def test_orthogonal_is_uniform(self) -> None:
        """The mean of each element over many draws is 0, its variance 1 / n; QR alone gives a fixed sign."""
        mg.manual_seed(0)
        draws = np.array([init.orthogonal_(weight(3, 3)).data.copy() for _ in range(2000)])
        np.testing.assert_allclose(draws.mean(0), 0, atol=5 / math.sqrt(3 * 2000))
        np.testing.assert_allclose((draws**2).mean(0), 1 / 3, atol=0.05)

    @pytest.mark.parametrize(
        ("mean", "std", "a", "b"),
        [
            (0.0, 1.0, -2.0, 2.0),
            (0.0, 0.02, -2.0, 2.0),
            (1.0, 2.0, 0.0, 0.5),
            (0.0, 1.0, 5.0, 5.5),
            (0.0, 1.0, 3.0, 20.0),
        ],
    )
    def test_truncated_normal(self, mean: float, std: float, a: float, b: float) -> None:
        mg.manual_seed(0)
        w = init.trunc_normal_(weight(100, 200, dtype=np.float64), mean, std, a, b).data
        assert (a <= w).all()
        assert (w <= b).all()
        grid = np.linspace(max(a, mean - 9 * std), min(b, mean + 9 * std), 20_001)
        density = np.exp(-0.5 * ((grid - mean) / std) ** 2)
        expected = (grid * density).sum() / density.sum()
        spread = math.sqrt(((grid - expected) ** 2 * density).sum() / density.sum())
        assert abs(w.mean() - expected) < 5 * spread / math.sqrt(w.size)
        assert abs(w.std() / spread - 1) < 0.05

    def test_errors(self) -> None:
        with pytest.raises(ValueError, match="orthogonal_: needs a weight of at least 2 dimensions"):
            init.orthogonal_(weight(3))
        with pytest.raises(ValueError, match="trunc_normal_: needs a < b and std > 0, got a=2"):
            init.trunc_normal_(weight(3), a=2.0, b=-2.0)
        with pytest.raises(ValueError, match="need a weight of at least 2 dimensions"):
            init.kaiming_normal_(weight(3))
        with pytest.raises(ValueError, match="mode must be 'fan_in' or 'fan_out', got 'fan'"):
            init.kaiming_normal_(weight(3, 3), mode="fan")
        with pytest.raises(ValueError, match="no gain is known for 'swish'; choose one of linear"):
            init.calculate_gain("swish")
        with pytest.raises(TypeError, match="random values are drawn for float Tensors, this one is int64"):
            init.normal_(mg.tensor([1, 2]))


class TestGenerator:
    def test_seed_fixes_the_initial_weights(self) -> None:
        mg.manual_seed(7)
        first = nn.Linear(5, 5).state_dict()
        second = nn.Linear(5, 5).state_dict()
        mg.manual_seed(7)
        again = nn.Linear(5, 5).state_dict()
        assert first["weight"].tobytes() == again["weight"].tobytes() != second["weight"].tobytes()

    def test_state_survives_json(self) -> None:
        generator().random(3, dtype=np.float32)
        state = json.loads(json.dumps(get_state()))
        expected = generator().random(5)
        generator().random(100)
        set_state(state)
        np.testing.assert_array_equal(generator().random(5), expected)

    def test_state_is_a_snapshot(self) -> None:
        state = get_state()
        kept = json.dumps(state)
        generator().random(10)
        assert json.dumps(state) == kept

    def test_the_generator_keeps_its_identity(self) -> None:
        before = generator()
        assert mg.manual_seed(1) is before
        set_state(get_state())
        assert generator() is before

    @pytest.mark.parametrize(
        "state", [{}, {"bit_generator": "MT19937", "state": {}}, {"bit_generator": "PCG64"}]
    )
    def test_a_wrong_state_changes_nothing(self, state: dict[str, object]) -> None:
        before = get_state()
        with pytest.raises(ValueError, match="not a state of minigrad"):
            set_state(state)
        assert get_state() == before
