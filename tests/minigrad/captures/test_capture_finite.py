"""check_finite in and around a captured step."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@mg.capture
def checked(x: mg.Tensor, y: mg.Tensor) -> mg.Tensor:
    with mg.check_finite():
        return mg.grad(ops.sum(ops.where(x > 0, ops.log(ops.abs(x)), y) * 1e30), [x])[0] * y


def test_a_replay_names_the_op() -> None:
    good, bad = mg.tensor([1.0, 2.0]), mg.tensor([1.0, 0.0])
    for _ in range(4):
        checked(good, good)
    assert checked.replays == 2
    with pytest.raises(
        mg.NonFiniteError, match=r"^log made a NaN or infinity from float32 \(2,\) \(finite\)$"
    ):
        checked(bad, good)
    with pytest.raises(mg.NonFiniteError, match=r"^where made .*bool \(2,\) \(finite\).*\(not finite\)$"):
        checked(mg.tensor([1.0, -1.0]), mg.tensor([1.0, np.inf]))
    with pytest.raises(mg.NonFiniteError, match=r"^mul made .* \(finite\), float32 \(2,\) \(finite\)$"):
        checked(good, mg.tensor([1.0, 1e30]))
    assert np.isfinite(checked(good, good).numpy()).all()
    assert checked.replays == 3  # those that raised are not counted


def test_a_checked_step_gives_the_same_numbers_and_updates_nothing_that_is_wrong() -> None:
    def run(check: bool) -> tuple[list[float], list[float]]:
        w = mg.tensor([1.0, 2.0])
        optimizer = mg.optim.SGD([w], lr=0.1)

        @mg.capture
        def step(x: mg.Tensor) -> mg.Tensor:
            loss = ops.mean(ops.square(w * ops.sqrt(x)))
            optimizer.step(mg.grad(loss, [w]))
            return loss

        function = mg.check_finite()(step.step) if check else step.step
        step = mg.capture(function)
        losses = [step(mg.tensor([1.0, 4.0])).item() for _ in range(5)]
        assert step.replays == 3
        if check:
            before = w.numpy().copy()
            with pytest.raises(mg.NonFiniteError, match="sqrt made a NaN"):
                step(mg.tensor([-1.0, 4.0]))
            assert w.numpy().tolist() == before.tolist()
        return losses, w.numpy().tolist()

    assert run(check=True) == run(check=False)


def test_around_a_captured_step_it_runs_op_by_op() -> None:
    step = mg.capture(lambda x: ops.log(x))
    for _ in range(3):
        step(mg.tensor([1.0]))
    with mg.check_finite(), pytest.raises(mg.NonFiniteError, match="log made"):
        step(mg.tensor([0.0]))
    assert step.replays == 1
