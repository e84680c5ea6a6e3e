"""The losses' reductions, weights and kinds of target, equal to PyTorch's to second order."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, nn, ops

RNG = np.random.default_rng(0)
X = np.round(RNG.standard_normal((4, 3, 2)) * 2, 3)
T = np.round(RNG.standard_normal((4, 3, 2)), 3)
P = RNG.dirichlet(np.ones(3), (4, 2)).transpose(0, 2, 1)
P01 = RNG.uniform(0, 1, (4, 3, 2))
W = RNG.uniform(0.5, 2, (4, 3, 2))
CLASS_WEIGHT = np.array([0.5, 2.0, 1.5])
LABELS = RNG.integers(0, 3, (4, 2))
IGNORED = np.where(np.arange(8).reshape(4, 2) % 3 == 0, -100, LABELS)
LOG_Q = np.log(RNG.dirichlet(np.ones(3), (4, 2)).transpose(0, 2, 1))
ZEROS_IN_P = np.where(P01 < 0.3, 0.0, P01)

REDUCTIONS = ["mean", "sum", "none"]
CASES: list[tuple[str, Any, Any, dict[str, Any]]] = [
    ("binary_cross_entropy_with_logits", X, P01, {}),
    ("binary_cross_entropy_with_logits", X, P01, {"weight": W}),
    ("binary_cross_entropy_with_logits", X, P01, {"weight": W[:1], "pos_weight": np.array([3.0, 0.5])}),
    ("mse_loss", X, T, {}),
    ("mse_loss", X, T, {"weight": W}),
    ("l1_loss", X, T, {}),
    ("l1_loss", X, T, {"weight": W}),
    ("smooth_l1_loss", X, T, {}),
    ("smooth_l1_loss", X, T, {"beta": 0.4}),
    ("smooth_l1_loss", X, T, {"beta": 0.0}),
    ("huber_loss", X, T, {}),
    ("huber_loss", X, T, {"delta": 2.5}),
    ("kl_div", LOG_Q, P, {}),
    ("kl_div", LOG_Q, ZEROS_IN_P, {}),
    ("kl_div", LOG_Q, np.log(P), {"log_target": True}),
    ("nll_loss", LOG_Q, LABELS, {}),
    ("nll_loss", LOG_Q, LABELS, {"weight": CLASS_WEIGHT}),
    ("nll_loss", LOG_Q, IGNORED, {"ignore_index": -100}),
    ("nll_loss", LOG_Q, IGNORED, {"ignore_index": -100, "weight": CLASS_WEIGHT}),
    ("nll_loss", LOG_Q, LABELS, {"ignore_index": 1}),
    ("cross_entropy", X, LABELS, {}),
    ("cross_entropy", X[:, :, 0], LABELS[:, 0], {"label_smoothing": 0.1}),
    ("cross_entropy", X[..., None], LABELS[..., None], {"label_smoothing": 0.2, "weight": CLASS_WEIGHT}),
    ("cross_entropy", X, IGNORED, {"ignore_index": -100, "label_smoothing": 0.2}),
    ("cross_entropy", X, IGNORED, {"ignore_index": -100, "label_smoothing": 0.2, "weight": CLASS_WEIGHT}),
    ("cross_entropy", X, LABELS, {"ignore_index": 2}),
    ("cross_entropy", X, P, {}),
    ("cross_entropy", X, P, {"weight": CLASS_WEIGHT, "label_smoothing": 0.3}),
]
# torch announces that the mean of kl_div will become that of the samples; ours is over the elements
pytestmark = pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")
IDS = [f"{name} {i}" for i, (name, *_) in enumerate(CASES)]


def derivatives(y: Any, x: Any, gradient: Callable[..., Any], wrap: Callable[[Any], Any]) -> list[Any]:
    """y, the gradient of its weighed sum, and the gradient of a weighed sum of that."""
    found = [y]
    for wave in (np.cos, np.sin):
        weights = np.asarray(wave(1.0 + np.arange(math.prod(y.shape)).reshape(y.shape)))
        y = gradient((y * wrap(weights)).sum(), x)
        found.append(y)
    return found


def our_gradient(y: Tensor, x: Tensor) -> Tensor:
    (g,) = mg.grad(y, [x], create_graph=True, unused="zeros")
    return g


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "values", "target", "options"), CASES, ids=IDS)
def test_losses_equal_pytorchs(
    name: str, values: Any, target: Any, options: dict[str, Any], reduction: str
) -> None:
    torch = pytest.importorskip("torch")

    def their_gradient(y: Any, x: Any) -> Any:
        if not y.requires_grad:
            return torch.zeros_like(x)
        (g,) = torch.autograd.grad(y, x, create_graph=True, allow_unused=True)
        return torch.zeros_like(x) if g is None else g

    def wrap(value: Any) -> Any:
        return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value

    x, there = mg.tensor(values), wrap(values).requires_grad_()
    y = getattr(ops, name)(x, target, **options, reduction=reduction)
    their_options = {key: wrap(value) for key, value in options.items()}
    theirs = getattr(torch.nn.functional, name)(there, wrap(target), **their_options, reduction=reduction)
    mine = derivatives(y, x, our_gradient, mg.tensor)
    for a, b in zip(mine, derivatives(theirs, there, their_gradient, torch.from_numpy), strict=True):
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(force=True), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "values", "target", "options"), CASES, ids=IDS)
def test_losses_compute_in_float32_and_in_a_replay(
    name: str, values: Any, target: Any, options: dict[str, Any]
) -> None:
    def single(value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        return mg.tensor(value, mg.float32 if value.dtype.kind == "f" else None)

    x, there = single(values), single(target)
    given = {key: single(value) for key, value in options.items()}

    def step(x: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        loss = getattr(ops, name)(x, target, **given)
        return loss, mg.grad(loss, [x])[0]

    plain = step(x, there)
    captured = mg.capture(step)
    for _ in range(3):
        replayed = captured(x, there)
    for a, b in zip(plain, replayed, strict=True):
        assert a.dtype == b.dtype == np.float32
        assert a.tolist() == b.tolist()


def test_batchmean() -> None:
    torch = pytest.importorskip("torch")
    mine = ops.kl_div(mg.tensor(LOG_Q), P, reduction="batchmean").item()
    theirs = torch.nn.functional.kl_div(torch.tensor(LOG_Q), torch.tensor(P), reduction="batchmean").item()
    assert mine == pytest.approx(theirs, rel=1e-12)


def test_labels_that_are_ignored_hide_no_infinities() -> None:
    log_p = mg.tensor(np.array([[-np.inf, 0.0], [-1.0, -2.0]]))
    loss = ops.nll_loss(log_p, [0, 1], ignore_index=0)
    (g,) = mg.grad(loss, [log_p])
    assert (loss.item(), g.tolist()) == (2.0, [[0.0, 0.0], [0.0, -1.0]])


def test_the_derivatives_of_kl_div_by_its_target() -> None:
    assert mg.gradcheck(lambda q, p: ops.kl_div(q, p, reduction="sum"), [LOG_Q, P])
    assert mg.gradcheck(lambda q, p: ops.kl_div(q, p, log_target=True), [LOG_Q, np.log(P)])


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: ops.mse_loss(X, T, reduction="avg"), "mse_loss: reduction must be one of 'mean', 'sum', 'none'"),
    (lambda: ops.kl_div(mg.tensor(X), T, reduction="x"), "kl_div: .*'none', 'batchmean', got 'x'"),
    (lambda: ops.cross_entropy(mg.tensor(X), LABELS, reduction=None), "cross_entropy: reduction must be"),
    (lambda: ops.l1_loss(mg.tensor(X), T, np.ones(4)), r"l1_loss: weight \(4,\) does not fit \(4, 3, 2\)"),
    (lambda: ops.binary_cross_entropy_with_logits(mg.tensor(X), P01, pos_weight=np.ones(5)),
     r"pos_weight \(5,\) does not fit"),
    (lambda: ops.cross_entropy(mg.tensor(X), LABELS, np.ones(4)), r"weight must have the shape \(3,\) of"),
    (lambda: ops.cross_entropy(mg.tensor(X), P[:2]), r"labels, got float64 .*; probabilities have"),
    (lambda: ops.cross_entropy(mg.tensor(X), LABELS[0]), r"logits \(4, 3, 2\) need \(4, 2\) integer labels"),
    (lambda: ops.cross_entropy(mg.tensor(X), LABELS + 1), r"cross_entropy: labels must lie in 0\.\.2, got"),
    (lambda: ops.nll_loss(mg.tensor(X), LABELS - 1), r"nll_loss: labels must lie in 0\.\.2, got -1"),
    (lambda: ops.cross_entropy(mg.tensor(X), LABELS, label_smoothing=1.5), "label_smoothing must lie in"),
    (lambda: ops.cross_entropy(mg.tensor(X), P, ignore_index=1), "ignore_index is for labels"),
    (lambda: ops.huber_loss(mg.tensor(X), T, delta=0.0), "delta must be above 0"),
    (lambda: ops.smooth_l1_loss(mg.tensor(X), T, beta=-1.0), "beta must be at least 0"),
    (lambda: nn.MSELoss(reduction="avg"), "MSELoss: reduction must be one of 'mean', 'sum', 'none'"),
    (lambda: nn.CrossEntropyLoss(label_smoothing=2.0), "CrossEntropyLoss: label_smoothing must lie in"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_options_that_do_not_fit_are_refused(mistake: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mistake()


# -- modules ---------------------------------------------------------------------------------------

MODULES: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("BCEWithLogitsLoss", {}, X, P01),
    ("BCEWithLogitsLoss", {"weight": W, "pos_weight": np.array([2.0, 3.0]), "reduction": "sum"}, X, P01),
    ("MSELoss", {"reduction": "none"}, X, T),
    ("L1Loss", {"reduction": "sum"}, X, T),
    ("SmoothL1Loss", {"beta": 0.5}, X, T),
    ("HuberLoss", {"reduction": "sum", "delta": 0.5}, X, T),
    ("KLDivLoss", {"reduction": "batchmean"}, LOG_Q, P),
    ("KLDivLoss", {"log_target": True}, LOG_Q, np.log(P)),
    ("NLLLoss", {"weight": CLASS_WEIGHT}, LOG_Q, IGNORED),
    ("CrossEntropyLoss", {}, X, LABELS),
    ("CrossEntropyLoss", {"weight": CLASS_WEIGHT, "label_smoothing": 0.1, "ignore_index": 2}, X, LABELS),
    ("CrossEntropyLoss", {"label_smoothing": 0.1}, X, IGNORED),
    ("CrossEntropyLoss", {"reduction": "sum"}, X, P),
]


@pytest.mark.parametrize(("name", "options", "values", "target"), MODULES)
def test_modules_equal_pytorchs(name: str, options: dict[str, Any], values: Any, target: Any) -> None:
    torch = pytest.importorskip("torch")

    def wrap(value: Any) -> Any:
        return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value

    mine = getattr(nn, name)(**options)
    theirs = getattr(torch.nn, name)(**{key: wrap(value) for key, value in options.items()})
    y, expected = mine(mg.tensor(values), target), theirs(wrap(values), wrap(target))
    np.testing.assert_allclose(y.numpy(), expected.numpy(), rtol=1e-12)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    assert mine.parameters() == []
    mine.load_state_dict(theirs.state_dict())
    assert repr(mine).startswith(f"{name}(")


def test_weights_of_modules_are_buffers_that_move() -> None:
    loss = nn.CrossEntropyLoss(weight=mg.tensor(CLASS_WEIGHT)).astype(np.float32)
    assert isinstance(loss.weight, np.ndarray)
    assert loss.weight.dtype == np.float32
    assert loss(mg.tensor(X, mg.float32), LABELS).dtype == np.float32
