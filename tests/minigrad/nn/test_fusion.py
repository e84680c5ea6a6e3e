"""Sequential runs neighbours by the table of nn.fusion, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import fusion


class Add(nn.Module):
    """Adds 1; each of its subclasses is a layer of its own."""

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return x + 1.0


class A(Add): ...


class B(Add): ...


class C(Add): ...


class SubclassOfA(A): ...


def times(factor: float) -> Callable[..., mg.Tensor]:
    return lambda x, *layers: x * factor


@pytest.fixture(autouse=True)
def _rows_of_a_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fusion, "TABLE", dict(fusion.TABLE))
    yield
    fusion._rows_at_each_place.cache_clear()


def run(*layers: nn.Module) -> float:
    return float(nn.Sequential(*layers)(mg.tensor(1.0)))


def test_a_row_runs_its_layers_and_the_others_run_by_themselves() -> None:
    assert run(A(), B(), C(), A()) == 5
    fusion.register(A, B)(times(10.0))
    assert run(A(), B(), C(), A()) == 1 * 10 + 1 + 1
    assert run(B(), A(), B(), A(), B()) == (1 + 1) * 10 * 10
    assert run(A()) == 2
    assert run() == 1


def test_the_longest_row_that_applies_is_taken() -> None:
    allowed = True
    fusion.register(A, B)(times(10.0))
    fusion.register(A, B, C, when=lambda a, b, c: allowed)(times(100.0))
    assert run(A(), B(), C()) == 100
    allowed = False
    assert run(A(), B(), C()) == 1 * 10 + 1


def test_layers_are_taken_from_the_left() -> None:
    fusion.register(A, B)(times(10.0))
    fusion.register(B, C)(times(100.0))
    assert run(A(), B(), C()) == 1 * 10 + 1


def test_a_row_is_given_its_layers_in_each_call() -> None:
    given: list[tuple[nn.Module, ...]] = []

    def noted(x: mg.Tensor, *layers: nn.Module) -> mg.Tensor:
        given.append(layers)
        return x

    fusion.register(A, A, when=lambda *layers: given.append(layers) or True)(noted)
    first, second = A(), A()
    assert run(C(), first, second) == 2
    assert given == [(first, second), (first, second)]


def test_alternatives_have_a_row_each_and_a_second_function_replaces_the_first() -> None:
    fusion.register((A, B), (B, C))(times(10.0))
    assert [run(first(), second()) for first in (A, B) for second in (B, C)] == [10] * 4
    assert run(C(), A()) == 3
    fusion.register(A, B)(times(20.0))
    assert (run(A(), B()), run(A(), C())) == (20, 10)


def test_subclasses_and_layers_with_a_forward_of_their_own_run_in_turn() -> None:
    fusion.register(A, B)(times(10.0))
    assert run(SubclassOfA(), B()) == 3
    for place in (0, 1):
        layers: list[nn.Module] = [A(), B()]
        vars(layers[place])["forward"] = lambda x: x + 5.0
        assert run(*layers) == 1 + 1 + 5


@pytest.mark.parametrize("types", [(), (A,), (A, nn.ReLU()), (A, (B, int)), (A, "B")], ids=str)
def test_a_row_is_of_two_or_more_classes_of_modules(types: tuple[type[nn.Module], ...]) -> None:
    with pytest.raises(TypeError, match="expected two or more classes of Modules"):
        fusion.register(*types)


def test_the_name_before_is_refused_with_the_name_now() -> None:
    with pytest.raises(TypeError, match=r"Taking\.fused_with: write mg\.nn\.fusion\.register\("):

        class Taking(nn.Module):
            def fused_with(self, following: object) -> None: ...

    with pytest.raises(AttributeError, match=r"write mg\.nn\.fusion\.register\("):
        nn.ReLU().fused_with([])


CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)
ROWS = {
    (layer, rectifier)
    for layer in (nn.Linear, *CONVOLUTIONS, nn.BatchNorm1d, nn.BatchNorm2d)
    for rectifier in (nn.ReLU, nn.LeakyReLU)
} | {
    (layer, nn.BatchNorm2d, *rectifier)
    for layer in (nn.Conv2d, nn.ConvTranspose2d)
    for rectifier in ((), (nn.ReLU,), (nn.LeakyReLU,))
}


def test_the_rows_of_the_library() -> None:
    assert {
        types for types in fusion.TABLE if all(t.__module__.startswith("minigrad.") for t in types)
    } == ROWS


LAYERS: dict[type[nn.Module], Callable[[], nn.Module]] = {
    nn.Linear: lambda: nn.Linear(6, 3),
    nn.Conv1d: lambda: nn.Conv1d(3, 3, 2),
    nn.Conv2d: lambda: nn.Conv2d(3, 3, 2),
    nn.ConvTranspose1d: lambda: nn.ConvTranspose1d(3, 3, 2),
    nn.ConvTranspose2d: lambda: nn.ConvTranspose2d(3, 3, 2),
    nn.BatchNorm1d: lambda: nn.BatchNorm1d(3),
    nn.BatchNorm2d: lambda: nn.BatchNorm2d(3),
    nn.ReLU: nn.ReLU,
    nn.LeakyReLU: lambda: nn.LeakyReLU(0.2),
}
SHAPES = {1: (4, 3, 6), 2: (4, 3, 5, 6)}


@pytest.mark.parametrize(
    "types", sorted(ROWS, key=str), ids=lambda types: "-".join(t.__name__ for t in types)
)
@pytest.mark.parametrize("training", [True, False])
def test_each_row_gives_the_numbers_gradients_and_buffers_of_its_layers_in_turn(
    types: tuple[type[nn.Module], ...], training: bool
) -> None:
    found = []
    for together in (True, False):
        mg.manual_seed(0)
        network = nn.Sequential(*[LAYERS[kind]() for kind in types]).train(training)
        shape = SHAPES[1 if any(kind.__name__.endswith("1d") for kind in types) else 2]
        x = mg.tensor(np.random.default_rng(0).normal(size=shape), dtype=np.float32)
        y = x
        for layer in [network] if together else network:
            y = layer(y)
        grads = mg.grad(y, [x, *network.parameters()], grad_output=mg.ops.cos(y), unused="zeros")
        found.append([*(t.numpy() for t in (y, *grads)), *network.state_dict().values()])
    for a, b in zip(*found, strict=True):  # a sum's rounding is that of its greatest terms
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6 * max(1.0, np.abs(b).max()))


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
@pytest.mark.parametrize(("images", "groups"), [(1, 1), (40, 1), (40, 2)])
@pytest.mark.parametrize("rectifier", [(), (nn.LeakyReLU(0.2),)], ids=["plain", "rectified"])
def test_batch_norm_in_evaluation_is_a_part_of_the_convolution(
    kind: type[nn.Module], images: int, groups: int, rectifier: tuple[nn.Module, ...]
) -> None:
    """Of one image the outputs are scaled, of many the weights."""
    rng = np.random.default_rng(0)
    conv, norm = kind(4, 6, 3, groups=groups, dtype=np.float64), nn.BatchNorm2d(6, dtype=np.float64)
    for name, low in (("running_mean", -1.0), ("running_var", 0.1), ("weight", -1.0), ("bias", -1.0)):
        norm.load_state_dict({name: rng.uniform(low, 2.0, 6)}, strict=False)
    network = nn.Sequential(conv, norm, *rectifier).eval()
    x = mg.tensor(rng.normal(size=(images, 4, 5, 5)), dtype=np.float64)
    y = x
    for layer in network:
        y = layer(y)
    wrt = [x, *network.parameters()]
    found = network(x)
    np.testing.assert_allclose(found.numpy(), y.numpy(), rtol=1e-12, atol=1e-12)
    for a, b in zip(mg.grad(mg.ops.sum(found**3), wrt), mg.grad(mg.ops.sum(y**3), wrt), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-10, atol=1e-10)


def test_a_batch_norm_of_other_channels_says_so_in_evaluation() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(5)).eval()
    with pytest.raises(ValueError, match="expected an input"):
        network(mg.ones((2, 3, 4, 4)))
