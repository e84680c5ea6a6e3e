"""LSTM and GRU: their formulas, PyTorch's numbers, states, derivatives to second order, captured steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops, optim
from minigrad.gradcheck import GradcheckError
from minigrad.nn import recurrent
from tests.minigrad.captures.steps import numbers, same_with_and_without
from tests.minigrad.nn.test_layers import outputs_of

Make = Callable[[Any], Any]


def draw(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


# -- values ------------------------------------------------------------------------------------------------


def test_a_step_of_an_lstm_is_its_formula() -> None:
    cell = nn.LSTMCell(3, 2)
    state = cell.state_dict()
    x, h, c = draw(4, 3), draw(4, 2, seed=1), draw(4, 2, seed=2)
    gates = x @ state["weight_ih"].T + state["bias_ih"] + h @ state["weight_hh"].T + state["bias_hh"]
    i, f, g, o = np.split(gates, 4, axis=1)
    new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    y, z = cell(mg.tensor(x), (mg.tensor(h), mg.tensor(c)))
    np.testing.assert_allclose(z.numpy(), new_c, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(y.numpy(), sigmoid(o) * np.tanh(new_c), rtol=1e-5, atol=1e-6)


def test_a_step_of_a_gru_is_its_formula() -> None:
    cell = nn.GRUCell(3, 2)
    state = cell.state_dict()
    x, h = draw(4, 3), draw(4, 2, seed=1)
    x_r, x_z, x_n = np.split(x @ state["weight_ih"].T + state["bias_ih"], 3, axis=1)
    h_r, h_z, h_n = np.split(h @ state["weight_hh"].T + state["bias_hh"], 3, axis=1)
    z = sigmoid(x_z + h_z)
    expected = (1 - z) * np.tanh(x_n + sigmoid(x_r + h_r) * h_n) + z * h
    np.testing.assert_allclose(cell(mg.tensor(x), mg.tensor(h)).numpy(), expected, rtol=1e-5, atol=1e-6)


def test_a_sequence_is_a_cell_s_steps() -> None:
    lstm, cell = nn.LSTM(3, 2, batch_first=True), nn.LSTMCell(3, 2)
    cell.load_state_dict({name.removesuffix("_l0"): a for name, a in lstm.state_dict().items()})
    x = mg.tensor(draw(4, 5, 3))
    y, (h, c) = lstm(x)
    state = None
    for t in range(5):
        state = cell(x[:, t], state)
        np.testing.assert_array_equal(y[:, t].numpy(), state[0].numpy())
    assert state is not None
    np.testing.assert_array_equal(h[0].numpy(), state[0].numpy())
    np.testing.assert_array_equal(c[0].numpy(), state[1].numpy())


def test_a_sequence_goes_on_from_the_state_that_it_returned() -> None:
    gru = nn.GRU(3, 2, num_layers=2, batch_first=True)
    x = mg.tensor(draw(4, 6, 3))
    whole, last = gru(x)
    first, state = gru(x[:, :2])
    second, end = gru(x[:, 2:], state)
    np.testing.assert_array_equal(ops.concatenate([first, second], axis=1).numpy(), whole.numpy())
    np.testing.assert_array_equal(end.numpy(), last.numpy())


LAYERS: dict[str, tuple[Make, tuple[int, ...], tuple[int, ...]]] = {
    "lstm_cell": (lambda n: n.LSTMCell(3, 5), (4, 3), (4, 5)),
    "lstm_cell-without-bias": (lambda n: n.LSTMCell(3, 5, bias=False), (4, 3), (4, 5)),
    "lstm_cell-of-one": (lambda n: n.LSTMCell(3, 5), (3,), (5,)),
    "gru_cell": (lambda n: n.GRUCell(3, 5), (4, 3), (4, 5)),
    "gru_cell-without-bias": (lambda n: n.GRUCell(3, 5, False), (4, 3), (4, 5)),
    "lstm": (lambda n: n.LSTM(3, 5), (6, 4, 3), (1, 4, 5)),
    "lstm-batch_first": (lambda n: n.LSTM(3, 5, batch_first=True), (4, 6, 3), (1, 4, 5)),
    "lstm-of-one": (lambda n: n.LSTM(3, 5, 2), (6, 3), (2, 5)),
    "lstm-of-one-batch_first": (lambda n: n.LSTM(3, 5, batch_first=True), (6, 3), (1, 5)),
    "lstm-deep": (lambda n: n.LSTM(3, 5, 3, False), (6, 4, 3), (3, 4, 5)),
    "lstm-both-ways": (lambda n: n.LSTM(3, 5, 2, bidirectional=True), (6, 4, 3), (4, 4, 5)),
    "gru": (lambda n: n.GRU(3, 5, 2, batch_first=True), (4, 6, 3), (2, 4, 5)),
    "gru-both-ways": (lambda n: n.GRU(3, 5, bidirectional=True), (6, 4, 3), (2, 4, 5)),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("with_state", [False, True])
def test_pytorch_s_numbers(name: str, with_state: bool) -> None:
    torch = pytest.importorskip("torch")
    make, shape, state_shape = LAYERS[name]
    theirs, ours = make(torch.nn), make(nn)
    assert repr(ours) == repr(theirs)
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    states = [draw(*state_shape, seed=k) for k in range(1 + ("lstm" in name))] if with_state else []
    x = draw(*shape, seed=5)
    our_inputs = [mg.tensor(a) for a in (x, *states)]
    their_inputs = [torch.from_numpy(a).requires_grad_() for a in (x, *states)]

    def called(layer: Any, inputs: list[Any]) -> list[Any]:
        first, *rest = inputs
        return outputs_of(layer(first, *([] if not rest else [rest[0] if len(rest) == 1 else tuple(rest)])))

    our_y, their_y = called(ours, our_inputs), called(theirs, their_inputs)
    for mine, other in zip(our_y, their_y, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.detach().numpy(), rtol=1e-5, atol=1e-6)
    total = sum(((y * y).sum() for y in our_y[1:]), (our_y[0] * our_y[0]).sum())
    their_total = sum((y * y).sum() for y in their_y)
    given = mg.grad(total, [*our_inputs, *ours.parameters()])
    expected = torch.autograd.grad(their_total, [*their_inputs, *theirs.parameters()])
    for g, other in zip(given, expected, strict=True):
        np.testing.assert_allclose(g.numpy(), other.numpy(), rtol=1e-4, atol=1e-5)


def test_initial_values_have_pytorch_s_bound() -> None:
    mg.manual_seed(0)
    for array in nn.LSTM(30, 25).state_dict().values():
        assert 0.19 < np.abs(array).max() <= 0.2
        assert array.std() == pytest.approx(0.2 / np.sqrt(3), rel=0.15)


# -- derivatives -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [nn.LSTM, nn.GRU])
def test_second_order_through_states_and_weights(make: type[nn.LSTM]) -> None:
    layer = make(3, 2, num_layers=2, batch_first=True).double()
    names = [name for name, _ in layer.named_parameters()]
    states = [draw(2, 2, 2, seed=k) for k in range(2 if make is nn.LSTM else 1)]

    def f(x: mg.Tensor, *rest: mg.Tensor) -> mg.Tensor:
        first, weights = rest[: len(states)], rest[len(states) :]
        hx = first if make is nn.LSTM else first[0]
        y = nn.functional_call(layer, dict(zip(names, weights, strict=True)), x, hx)
        return ops.concatenate([ops.flatten(part, 0) for part in outputs_of(tuple(y))])

    inputs = [draw(2, 3, 3), *states, *[p.data for p in layer.parameters()]]
    assert mg.gradcheck(f, inputs)


@pytest.mark.parametrize("lost", [0, 1])
def test_gradcheck_finds_a_state_whose_gradient_is_lost(lost: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def losing(*weights: Any) -> recurrent.Step:
        step = recurrent.lstm_step(*weights)

        def wrong(x: mg.Tensor, state: recurrent.State) -> recurrent.State:
            return step(x, tuple(s.detach() if k == lost else s for k, s in enumerate(state)))

        return wrong

    monkeypatch.setattr(nn.LSTM, "make_step", staticmethod(losing))
    layer = nn.LSTM(3, 2).double()
    with pytest.raises(GradcheckError, match="order 1"):
        mg.gradcheck(lambda x: layer(x)[0], [draw(3, 2, 3)])


# -- dropout, modes, captured steps ------------------------------------------------------------------------


def test_dropout_lies_between_layers_and_acts_in_training_alone() -> None:
    layer, x = nn.LSTM(3, 4, num_layers=2, dropout=1.0), mg.tensor(draw(5, 2, 3))
    dropped = layer(x)[0].numpy()
    np.testing.assert_array_equal(layer(0.0 * x)[0].numpy(), dropped)
    assert np.abs(layer.eval()(x)[0].numpy() - dropped).max() > 1e-3
    single = nn.LSTM(3, 4, dropout=1.0)
    np.testing.assert_array_equal(single(x)[0].numpy(), single.eval()(x)[0].numpy())


def test_a_captured_training_step_is_the_step_itself_bit_for_bit() -> None:
    def make() -> tuple[Any, Any]:
        net = nn.LSTM(3, 4, num_layers=2, batch_first=True, dropout=0.5, bidirectional=True)
        cell = nn.GRUCell(8, 4)
        optimizer = optim.Adam([*net.parameters(), *cell.parameters()], lr=0.01)

        def step(x: mg.Tensor) -> tuple[mg.Tensor, tuple[mg.Tensor, mg.Tensor]]:
            y, state = net(x)
            loss = ops.mean(ops.square(cell(y[:, -1])))
            optimizer.step(mg.grad(loss, optimizer.params))
            return loss, state

        return step, lambda: [net.state_dict(), cell.state_dict()]

    captured = same_with_and_without(make, [(numbers(i, 2, 3, 3),) for i in range(5)])
    assert captured.replays == 3


# -- errors ------------------------------------------------------------------------------------------------


LSTM, ONES = nn.LSTM(3, 2), mg.ones(5, 4, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: LSTM(mg.ones(5, 4)),
            r"LSTM\(3, 2\): expected an input \(l, n, 3\) or \(l, 3\), got \(5, 4\)",
        ),
        (lambda: nn.GRU(3, 2, batch_first=True)(mg.ones(3)), r"an input \(n, l, 3\) or \(l, 3\), got \(3,\)"),
        (lambda: nn.LSTMCell(3, 2)(ONES), r"LSTMCell\(3, 2\): expected an input \(n, 3\) or \(3,\), got"),
        (lambda: LSTM(ONES[:0]), r"expected a sequence of at least one step, got an input \(0, 4, 3\)"),
        (
            lambda: LSTM(ONES, (mg.zeros(4, 2), mg.zeros(4, 2))),
            r"expected the state h and c of shape \(1, 4, 2\), got \(4, 2\)",
        ),
        (lambda: nn.LSTMCell(3, 2)(ONES[0], (ONES,)), "expected the state h and c, got 1 Tensors"),
        (lambda: nn.GRUCell(3, 2)(ONES[0], ONES[0]), r"the state h of shape \(4, 2\), got \(4, 3\)"),
        (lambda: nn.LSTM(3, 0), "LSTM: hidden_size must be at least 1, got 0"),
        (lambda: nn.GRU(3, 2, 0), "GRU: num_layers must be at least 1, got 0"),
        (lambda: nn.GRU(3, 2, 2, dropout=1.5), r"GRU: dropout must lie in \[0, 1\], got 1\.5"),
    ],
)
def test_errors(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
