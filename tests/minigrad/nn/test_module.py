"""Module: the registry, state_dict, modes and conversions; Parameter; the containers; functional_call."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.metrics.classifier import DigitNet
from minigrad import nn, ops


class Block(nn.Module):
    def __init__(self) -> None:
        self.scale = nn.Parameter(np.full(3, 2.0, np.float32))
        self.net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        self.register_buffer("count", np.array([1.0], np.float32))

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return self.net(x * self.scale)


NAMES = [
    "scale",
    "count",
    "net.0.weight",
    "net.0.bias",
    "net.1.weight",
    "net.1.bias",
    "net.1.running_mean",
    "net.1.running_var",
    "net.1.num_batches_tracked",
]


def snapshot(module: nn.Module) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in module.state_dict().items()}


class TestRegistry:
    def test_state_dict_has_torch_names_and_order(self) -> None:
        assert list(Block().state_dict()) == NAMES

    def test_parameters_is_a_list_of_parameters_only(self) -> None:
        block = Block()
        parameters = block.parameters()
        assert isinstance(parameters, list)
        names = [name for name, _ in block.named_parameters()]
        assert names == ["scale", "net.0.weight", "net.0.bias", "net.1.weight", "net.1.bias"]
        assert all(a is b for a, (_, b) in zip(parameters, block.named_parameters(), strict=True))

    def test_names_can_carry_a_prefix(self) -> None:
        assert next(Block().named_parameters("D"))[0] == "D.scale"
        assert [name for name, _ in Block().named_modules("D")] == ["D", "D.net", "D.net.0", "D.net.1"]

    def test_buffers(self) -> None:
        names = [name for name, _ in Block().named_buffers()]
        assert names == ["count", "net.1.running_mean", "net.1.running_var", "net.1.num_batches_tracked"]
        assert len(Block().buffers()) == 4

    def test_a_shared_parameter_is_listed_once_and_saved_twice(self) -> None:
        a, b = nn.Linear(3, 3), nn.Linear(3, 3)
        b.weight = a.weight
        both = nn.Sequential(a, b)
        assert [name for name, _ in both.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
        assert list(both.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
        both.double()
        assert a.weight is b.weight

    def test_a_shared_module_is_visited_once(self) -> None:
        layer = nn.Linear(2, 2)
        both = nn.Sequential(layer, layer)
        visited: list[nn.Module] = []
        both.apply(visited.append)
        assert visited == [layer, both]
        assert len(both.parameters()) == 2

    def test_replacing_a_parameter_by_an_array_is_an_error(self) -> None:
        layer = nn.Linear(2, 2)
        with pytest.raises(TypeError, match=r"Linear\.weight is a Parameter and cannot become a ndarray"):
            layer.weight = np.zeros((2, 2))  # type: ignore[assignment]
        layer.bias = None
        assert list(layer.state_dict()) == ["weight"]

    @pytest.mark.parametrize("hidden", [[nn.ReLU()], (nn.ReLU(),), {"a": nn.ReLU()}])
    def test_modules_hidden_in_a_list_are_an_error(self, hidden: Any) -> None:
        with pytest.raises(TypeError, match=r"would not be found; use nn\.ModuleList"):
            nn.Module().layers = hidden

    def test_names_with_dots_are_an_error(self) -> None:
        with pytest.raises(ValueError, match="must not be empty or contain a dot"):
            nn.Sequential({"a.b": nn.ReLU()})

    def test_buffers_are_arrays(self) -> None:
        block = Block()
        with pytest.raises(TypeError, match="expected a NumPy or CuPy array, got Tensor"):
            block.count = mg.tensor([1.0])
        with pytest.raises(ValueError, match="the attribute 'scale' exists already"):
            block.register_buffer("scale", np.zeros(3))

    def test_forward_must_be_defined(self) -> None:
        with pytest.raises(NotImplementedError, match=r"Module does not define forward\(\)"):
            nn.Module()(mg.tensor([1.0]))

    def test_repr_shows_the_tree(self) -> None:
        assert repr(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU()))).splitlines() == [
            "Sequential(",
            "  (0): Linear(in_features=2, out_features=3, bias=True)",
            "  (1): Sequential(",
            "    (0): ReLU()",
            "  )",
            ")",
        ]

    def test_deepcopy_is_independent(self) -> None:
        block = Block()
        before = snapshot(block)
        other = copy.deepcopy(block)
        assert snapshot(other) == before
        for parameter in other.parameters():
            nn.init.zeros_(parameter)
        assert snapshot(block) == before


class TestParameter:
    def test_uses_the_array_given(self) -> None:
        array = np.zeros(3, np.float32)
        assert nn.Parameter(array).data is array

    def test_copies_tensors_and_lists(self) -> None:
        t = mg.tensor([1.0, 2.0])
        assert not np.shares_memory(nn.Parameter(t).data, t.data)
        assert nn.Parameter([1.0, 2.0]).dtype == np.float32

    def test_must_be_float(self) -> None:
        with pytest.raises(TypeError, match="a Parameter is float32 or float64, not int64"):
            nn.Parameter(np.arange(3))


class TestStateDict:
    def test_round_trip(self) -> None:
        a, b = Block(), Block()
        a.net(mg.tensor(np.random.default_rng(0).normal(size=(8, 3)), dtype=np.float32))
        assert snapshot(a) != snapshot(b)
        assert b.load_state_dict(a.state_dict()) == ([], [])
        assert snapshot(a) == snapshot(b)

    def test_is_a_copy_both_ways(self) -> None:
        block = Block()
        state = block.state_dict()
        nn.init.zeros_(block.scale)
        assert state["scale"].tolist() == [2, 2, 2]
        block.load_state_dict(state)
        state["scale"][:] = 7
        assert block.scale.data.tolist() == [2, 2, 2]

    def test_loading_makes_older_graphs_stale(self) -> None:
        layer = nn.Linear(3, 2)
        loss = ops.sum(layer(mg.tensor(np.ones((1, 3), np.float32))) ** 2)
        layer.load_state_dict(layer.state_dict())
        with pytest.raises(mg.StaleGraphError):
            mg.grad(loss, layer.parameters())

    def test_converts_floats_and_takes_tensors_and_lists(self) -> None:
        layer = nn.Linear(2, 1)
        layer.load_state_dict({"weight": [[1, 2]], "bias": mg.tensor([3.0], dtype=np.float64)})
        assert layer.weight.dtype == np.float32
        assert layer(mg.tensor([[1.0, 1.0]])).item() == 6

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"net.0.weight": None}, "missing key 'net.0.weight'"),
            ({"extra": np.zeros(1)}, "unexpected key 'extra'"),
            ({"scale": np.zeros((2, 2))}, r"'scale' has shape \(2, 2\), expected \(3,\)"),
            ({"scale": np.zeros(3, complex)}, "'scale' is complex128, expected float32"),
            (
                {"net.1.num_batches_tracked": np.array(0.5)},
                "'net.1.num_batches_tracked' is float64, expected int64",
            ),
            ({"scale": "text"}, r"'scale' has shape \(\), expected \(3,\)"),
            ({"scale": [[1.0], [1.0, 2.0]]}, "'scale' cannot be read as an array"),
        ],
    )
    def test_errors_name_the_key_and_change_nothing(self, change: dict[str, Any], message: str) -> None:
        block = Block()
        before = snapshot(block)
        state = {name: array + 1 for name, array in block.state_dict().items()} | change
        state = {name: value for name, value in state.items() if value is not None}
        with pytest.raises(ValueError, match=message) as caught:
            block.load_state_dict(state)
        assert str(caught.value).startswith("Block.load_state_dict: ")
        assert str(caught.value).endswith("(the module is unchanged)")
        assert "\n" not in str(caught.value)
        assert snapshot(block) == before

    def test_many_problems_are_counted(self) -> None:
        with pytest.raises(ValueError, match=r"missing key 'scale'; .*; and 3 more"):
            Block().load_state_dict({})

    def test_not_strict_tells_what_it_skipped(self) -> None:
        layer = nn.Linear(2, 1)
        result = layer.load_state_dict({"weight": [[1.0, 2.0]], "other": 1}, strict=False)
        assert result == nn.LoadResult(missing=["bias"], unexpected=["other"])
        assert layer.weight.data.tolist() == [[1, 2]]
        with pytest.raises(ValueError, match="has shape"):
            layer.load_state_dict({"weight": [1.0]}, strict=False)


class TestModesAndConversions:
    def test_train_and_eval_reach_every_module(self) -> None:
        block = Block()
        assert block.eval() is block
        assert not any(module.training for module in block.modules())
        assert all(module.training for module in block.train().modules())

    def test_double_and_float_keep_the_parameters_identity(self) -> None:
        block = Block()
        parameters = block.parameters()
        assert block.double() is block
        assert all(a is b for a, b in zip(parameters, block.parameters(), strict=True))
        dtypes = {name: array.dtype.name for name, array in block.state_dict().items()}
        assert dtypes.pop("net.1.num_batches_tracked") == "int64"
        assert set(dtypes.values()) == {"float64"}
        assert block(mg.tensor(np.ones((2, 3)))).dtype == np.float64
        assert block.float().scale.dtype == np.float32

    def test_astype_takes_floats_only(self) -> None:
        with pytest.raises(TypeError, match="expected float32 or float64, got int64"):
            Block().astype(np.int64)

    def test_to(self) -> None:
        block = Block()
        before = snapshot(block)
        assert block.to("cpu") is block
        assert snapshot(block) == before
        with pytest.raises(ValueError, match="there is no device 'tpu'"):
            block.to("tpu")


class TestContainers:
    def test_sequential_is_a_sequence(self) -> None:
        layers = [nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)]
        net = nn.Sequential(*layers)
        assert len(net) == 3
        assert list(net) == layers
        assert net[0] is layers[0]
        assert net[-1] is layers[2]
        assert list(net[1:]) == layers[1:]
        assert list(net[2:].state_dict()) == ["2.weight", "2.bias"]
        assert net.append(nn.Tanh()) is net
        assert isinstance(net[3], nn.Tanh)
        with pytest.raises(IndexError, match="index 4 is out of range for a Sequential of 4 modules"):
            net[4]

    def test_sequential_takes_names(self) -> None:
        net = nn.Sequential({"project": nn.Linear(2, 3), "act": nn.ReLU()})
        assert list(net.state_dict()) == ["project.weight", "project.bias"]
        assert net(mg.tensor([[1.0, 2.0]])).shape == (1, 3)

    def test_sequential_takes_modules_only(self) -> None:
        with pytest.raises(TypeError, match="Sequential: '0' is a function, expected a Module"):
            nn.Sequential(lambda x: x)  # type: ignore[arg-type]

    def test_module_list(self) -> None:
        class Heads(nn.Module):
            def __init__(self) -> None:
                self.heads = nn.ModuleList(nn.Linear(2, n) for n in (1, 2))

            def forward(self, x: mg.Tensor) -> mg.Tensor:
                return ops.concatenate([head(x) for head in self.heads], axis=1)

        heads = Heads()
        assert list(heads.state_dict())[::2] == ["heads.0.weight", "heads.1.weight"]
        assert heads(mg.tensor([[1.0, 2.0]])).shape == (1, 3)


class TestFunctionalCall:
    def test_gradients_flow_through_the_tensors_given(self) -> None:
        layer = nn.Linear(2, 1, bias=False)
        own = layer.weight
        x = mg.tensor([[3.0, 5.0]])
        w = mg.tensor([[1.0, 1.0]])
        y = nn.functional_call(layer, {"weight": w * 2.0}, x)
        assert y.item() == 16
        assert mg.grad(y, [w])[0].numpy().tolist() == [[6, 10]]
        assert layer.weight is own

    def test_restores_the_module_after_an_error(self) -> None:
        layer = nn.Linear(2, 1)
        own = layer.weight
        with pytest.raises(ValueError, match="expected an input"):
            nn.functional_call(layer, {"weight": mg.tensor([[1.0, 1.0]])}, mg.tensor([1.0]))
        assert layer.weight is own

    def test_errors(self) -> None:
        layer = nn.Linear(2, 1)
        with pytest.raises(ValueError, match="Linear has no parameter 'w'"):
            nn.functional_call(layer, {"w": mg.tensor([1.0])}, None)
        with pytest.raises(ValueError, match=r"'weight' has shape \(1,\), expected \(1, 2\)"):
            nn.functional_call(layer, {"weight": mg.tensor([1.0])}, None)


# -- arguments -----------------------------------------------------------------------------------------


class Net(nn.Module):
    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return x


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (lambda: Net(3, width=4), r"Net\(\) takes no arguments, got 3, width=4"),
        (lambda: nn.Softplus(foo=2.0), r"Softplus(\(\) takes no arguments, got foo=2.0|.*unexpected)"),
        (lambda: nn.Tanh(5, foo=1), r"Tanh\(\) takes no arguments, got 5, foo=1"),
        (lambda: Net(np.zeros(10**4)), r"Net\(\) takes no arguments, got .{0,60}; a Module takes"),
    ],
)
def test_a_module_without_an_init_takes_no_arguments(make: Callable[[], nn.Module], given: str) -> None:
    with pytest.raises(TypeError, match=given):
        make()


MODULES = [value for value in vars(nn).values() if isinstance(value, type) and issubclass(value, nn.Module)]


@pytest.mark.parametrize("module", [*MODULES, DigitNet], ids=lambda module: module.__name__)
def test_no_module_swallows_an_argument(module: type[nn.Module]) -> None:
    with pytest.raises(TypeError, match=r"no_such_argument"):
        module(no_such_argument=1)


def test_inplace_is_accepted_and_changes_nothing() -> None:
    x = mg.tensor([-1.0, 2.0])
    assert nn.ReLU(True)(x).numpy().tolist() == nn.ReLU(inplace=True)(x).numpy().tolist() == [0.0, 2.0]
    assert nn.LeakyReLU(0.5, inplace=True)(x).numpy().tolist() == [-0.5, 2.0]
    assert x.numpy().tolist() == [-1.0, 2.0]
