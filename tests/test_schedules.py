"""Learning-rate schedules against their formulas and PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from tests.optim_cases import start

SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "step": ("StepLR", {"step_size": 7, "gamma": 0.5}),
    "exponential": ("ExponentialLR", {"gamma": 0.93}),
    "cosine": ("CosineAnnealingLR", {"T_max": 20, "eta_min": 1e-3}),
    "linear": ("LinearLR", {"start_factor": 0.25, "end_factor": 0.75, "total_iters": 11}),
    "linear-default": ("LinearLR", {}),
    "lambda": ("LambdaLR", {"lr_lambda": lambda epoch: 1 / (1 + epoch)}),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*optimizer.step.*:UserWarning")
def test_schedule_equal_to_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    kind, options = SCHEDULES[name]
    their_optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.4)
    theirs = getattr(torch.optim.lr_scheduler, kind)(their_optimizer, **options)
    optimizer = optim.SGD(start(np.float32), lr=0.4)
    schedule = getattr(optim, kind)(optimizer, **options)
    for _ in range(50):
        assert optimizer.lr == pytest.approx(their_optimizer.param_groups[0]["lr"], rel=1e-9)
        theirs.step()
        schedule.step()


def test_schedule_formulas() -> None:
    def rates(kind: str, **options: Any) -> list[float]:
        optimizer = optim.SGD(start(np.float32), lr=8.0)
        schedule = getattr(optim, kind)(optimizer, **options)
        out = []
        for _ in range(5):
            out.append(optimizer.lr)
            schedule.step()
        return out

    assert rates("StepLR", step_size=2, gamma=0.5) == [8, 8, 4, 4, 2]
    assert rates("ExponentialLR", gamma=0.5) == [8, 4, 2, 1, 0.5]
    assert rates("CosineAnnealingLR", T_max=4) == pytest.approx([8, 4 + 8**0.5, 4, 4 - 8**0.5, 0])
    assert rates("LinearLR", start_factor=0.5, total_iters=4) == [4, 5, 6, 7, 8]
    assert rates("LambdaLR", lr_lambda=lambda t: 2.0**-t) == [8, 4, 2, 1, 0.5]


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_resumes(name: str, tmp_path: Path) -> None:
    kind, options = SCHEDULES[name]
    optimizer = optim.SGD(start(np.float32), lr=0.4)
    schedule = getattr(optim, kind)(optimizer, **options)
    for _ in range(9):
        schedule.step()
    mg.save(tmp_path / "s", {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()})
    saved = mg.load(tmp_path / "s")
    other = optim.SGD(start(np.float32), lr=0.9)
    other.load_state_dict(saved["optimizer"])
    resumed = getattr(optim, kind)(other, **options)
    resumed.load_state_dict(saved["schedule"])
    for _ in range(20):
        assert other.lr == optimizer.lr
        schedule.step()
        resumed.step()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda o: optim.StepLR(o, 0), "step_size must be at least 1, got 0"),
        (lambda o: optim.CosineAnnealingLR(o, 0), "T_max must be at least 1, got 0"),
        (lambda o: optim.LinearLR(o, 0.0), r"start_factor must lie in \(0, 1\], got 0\.0"),
        (lambda o: optim.LinearLR(o, 0.5, 2.0), r"end_factor must lie in \[0, 1\], got 2\.0"),
        (lambda o: optim.LinearLR(o, total_iters=0), "total_iters must be at least 1, got 0"),
        (
            lambda o: optim.StepLR(o, 3).load_state_dict(optim.ExponentialLR(o, 0.5).state_dict()),
            "expected a state of StepLR, got ExponentialLR",
        ),
        (lambda o: optim.StepLR(o, 3).load_state_dict({}), "got a dict with the keys"),
    ],
)
def test_schedule_errors(make: Callable[[optim.Optimizer], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(optim.SGD(start(np.float32)))
