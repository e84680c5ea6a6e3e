"""Learning-rate schedules against their formulas and PyTorch's, resumed, and in captured steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import lr_scheduler
from tests.minigrad.optim.cases import start

Make = Callable[[Any, Any], Any]
"""A schedule from the module that has them, PyTorch's or ours, and an optimizer."""

SCHEDULES: dict[str, Make] = {
    "step": lambda s, o: s.StepLR(o, step_size=7, gamma=0.5),
    "steps": lambda s, o: s.MultiStepLR(o, milestones=[40, 3, 90, 40], gamma=0.5),
    "exponential": lambda s, o: s.ExponentialLR(o, gamma=0.993),
    "constant": lambda s, o: s.ConstantLR(o, factor=0.25, total_iters=30),
    "constant-default": lambda s, o: s.ConstantLR(o),
    "linear": lambda s, o: s.LinearLR(o, start_factor=0.25, end_factor=0.75, total_iters=110),
    "linear-default": lambda s, o: s.LinearLR(o),
    "polynomial": lambda s, o: s.PolynomialLR(o, total_iters=150, power=1.7),
    "polynomial-default": lambda s, o: s.PolynomialLR(o),
    "lambda": lambda s, o: s.LambdaLR(o, lr_lambda=lambda epoch: 1 / (1 + epoch)),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, T_max=20, eta_min=1e-3),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=17, eta_min=1e-3),
    "longer-restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=3),
    "one-cycle": lambda s, o: s.OneCycleLR(o, max_lr=0.5, total_steps=300),
    "one-cycle-epochs": lambda s, o: s.OneCycleLR(
        o, max_lr=0.5, epochs=30, steps_per_epoch=11, pct_start=0.41, div_factor=10, final_div_factor=100,
        anneal_strategy="linear", base_momentum=0.5, max_momentum=0.9,
    ),
    "three-phases": lambda s, o: s.OneCycleLR(o, max_lr=0.5, total_steps=300, three_phase=True),
    "warmup": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, 1, 20), s.CosineAnnealingLR(o, 90), s.ConstantLR(o, 0.5, 4)], [20, 220]
    ),
    "sequence": lambda s, o: s.SequentialLR(
        o, [s.CosineAnnealingWarmRestarts(o, 7), s.MultiStepLR(o, [5, 9]), s.ExponentialLR(o, 0.99)], [50, 80]
    ),
    "chain": lambda s, o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.1, 20), s.ExponentialLR(o, 0.99), s.StepLR(o, 30, 0.7)]
    ),
}  # fmt: skip
schedules = pytest.mark.parametrize("name", SCHEDULES)
STEPS = 299
quiet = pytest.mark.filterwarnings(
    "ignore:.*lr_scheduler.step.*optimizer.step.*:UserWarning",
    "ignore:The epoch parameter in .scheduler.step.*:UserWarning",
)


def two_groups(make: Any, tensors: list[Any], **settings: Any) -> Any:
    return make([{"params": tensors[:1]}, {"params": tensors[1:], "lr": 0.3}], lr=0.4, **settings)


@schedules
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@quiet
def test_every_group_s_rate_and_momentum_equal_torch_s(name: str, kind: str) -> None:
    torch = pytest.importorskip("torch")
    settings = {"momentum": 0.8} if kind == "SGD" else {}
    tensors = [torch.zeros(1), torch.zeros(1)]
    their_optimizer = two_groups(getattr(torch.optim, kind), tensors, **settings)
    theirs = SCHEDULES[name](torch.optim.lr_scheduler, their_optimizer)
    optimizer = two_groups(getattr(optim, kind), start(np.float32), **settings)
    schedule = SCHEDULES[name](lr_scheduler, optimizer)
    momentum = "momentum" if kind == "SGD" else "betas"
    for _ in range(STEPS):
        for group, their_group in zip(optimizer.param_groups, their_optimizer.param_groups, strict=True):
            assert group["lr"] == pytest.approx(their_group["lr"], rel=1e-9, abs=1e-15)
            assert group[momentum] == pytest.approx(their_group[momentum], rel=1e-12)
        assert schedule.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        theirs.step()
        schedule.step()


PLATEAUS: list[dict[str, Any]] = [
    {"patience": 3},
    {"mode": "max", "factor": 0.5, "patience": 2, "threshold": 0.02, "cooldown": 4},
    {"threshold_mode": "abs", "threshold": 0.05, "patience": 0, "factor": 0.8, "min_lr": [0.01, 0.1]},
    {"mode": "max", "threshold_mode": "abs", "patience": 1, "factor": 0.3, "eps": 1e-3},
]


@pytest.mark.parametrize("options", PLATEAUS)
def test_plateau_equals_torch_s(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    their_optimizer = two_groups(torch.optim.SGD, [torch.zeros(1), torch.zeros(1)])
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(their_optimizer, **options)
    optimizer = two_groups(optim.SGD, start(np.float32))
    schedule = optim.ReduceLROnPlateau(optimizer, **options)
    sign = -1 if options.get("mode") == "max" else 1
    rng = np.random.default_rng(0)
    falls = 0
    for step in range(200):
        metric = sign * float(3 / (1 + 0.05 * step) + 0.2 * rng.standard_normal())
        metric = float("nan") if step % 50 == 49 else metric
        before = optimizer.param_groups[0]["lr"]
        theirs.step(metric)
        schedule.step(mg.tensor(metric, dtype=np.float64) if step % 2 else metric)
        expected = [group["lr"] for group in their_optimizer.param_groups]
        assert schedule.get_last_lr() == pytest.approx(expected, rel=1e-12)
        assert (schedule.best, schedule.num_bad_epochs) == (theirs.best, theirs.num_bad_epochs)
        falls += optimizer.param_groups[0]["lr"] < before
    assert falls > 2


def test_schedule_formulas() -> None:
    def rates(kind: str, **options: Any) -> list[float]:
        optimizer = optim.SGD(start(np.float32), lr=8.0)
        schedule = getattr(optim, kind)(optimizer, **options)
        out = []
        for epoch in range(5):
            out.append(optimizer.lr)
            assert schedule.rates(epoch) == [optimizer.lr]
            schedule.step()
        return out

    assert rates("StepLR", step_size=2, gamma=0.5) == [8, 8, 4, 4, 2]
    assert rates("MultiStepLR", milestones=[1, 3], gamma=0.5) == [8, 4, 4, 2, 2]
    assert rates("ExponentialLR", gamma=0.5) == [8, 4, 2, 1, 0.5]
    assert rates("ConstantLR", factor=0.5, total_iters=2) == [4, 4, 8, 8, 8]
    assert rates("CosineAnnealingLR", T_max=4) == pytest.approx([8, 4 + 8**0.5, 4, 4 - 8**0.5, 0])
    assert rates("CosineAnnealingWarmRestarts", T_0=1, T_mult=2) == pytest.approx([8, 8, 4, 8, 4 + 8**0.5])
    assert rates("LinearLR", start_factor=0.5, total_iters=4) == [4, 5, 6, 7, 8]
    assert rates("PolynomialLR", total_iters=4) == [8, 6, 4, 2, 0]
    assert rates("LambdaLR", lr_lambda=lambda t: 2.0**-t) == [8, 4, 2, 1, 0.5]
    cycle = {"max_lr": 8.0, "total_steps": 5, "pct_start": 0.6, "div_factor": 4, "final_div_factor": 2}
    linear = rates("OneCycleLR", **cycle, anneal_strategy="linear")
    assert linear == pytest.approx([2, 5, 8, 4.5, 1])


@schedules
def test_schedule_resumes(name: str, tmp_path: Path) -> None:
    optimizer = two_groups(optim.SGD, start(np.float32), momentum=0.8)
    schedule = SCHEDULES[name](lr_scheduler, optimizer)
    for _ in range(91):
        schedule.step()
    mg.save(tmp_path / "s", {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()})
    saved = mg.load(tmp_path / "s")
    other = two_groups(optim.SGD, start(np.float32), momentum=0.7)
    other.load_state_dict(saved["optimizer"])
    resumed = SCHEDULES[name](lr_scheduler, other)
    resumed.load_state_dict(saved["schedule"])
    for _ in range(150):
        assert [dict(g, params=0) for g in other.param_groups] == [
            dict(g, params=0) for g in optimizer.param_groups
        ]
        schedule.step()
        resumed.step()


def test_a_plateau_resumes(tmp_path: Path) -> None:
    optimizer = two_groups(optim.SGD, start(np.float32))
    schedule = optim.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, cooldown=2)
    metrics = list(np.random.default_rng(0).standard_normal(40))
    for metric in metrics[:13]:
        schedule.step(metric)
    mg.save(tmp_path / "s", schedule.state_dict())
    other = two_groups(optim.SGD, start(np.float32))
    resumed = optim.ReduceLROnPlateau(other, factor=0.5, patience=2, cooldown=2)
    resumed.load_state_dict(mg.load(tmp_path / "s"))
    assert resumed.get_last_lr() == schedule.get_last_lr() != [0.4, 0.3]
    for metric in metrics[13:]:
        schedule.step(metric)
        resumed.step(metric)
        assert resumed.state_dict() == schedule.state_dict()


def test_a_state_of_before_groups_loads() -> None:
    optimizer = optim.SGD(start(np.float32))
    schedule = optim.StepLR(optimizer, 3)
    schedule.load_state_dict({"name": "StepLR", "base_lr": 8.0, "epoch": 3})
    assert optimizer.lr == pytest.approx(0.8)
    assert schedule.base_lr == 8.0


@schedules
def test_replays_go_through_the_schedule(name: str) -> None:
    ends = []
    for wrap in (lambda step: step, mg.capture):
        params = start(np.float64)
        optimizer = two_groups(optim.Adam, params)
        schedule = SCHEDULES[name](lr_scheduler, optimizer)

        def step(x: mg.Tensor, optimizer: Any = optimizer, schedule: Any = schedule) -> None:
            optimizer.step([mg.ops.sin(p * x) for p in optimizer.params])
            schedule.step()

        run = wrap(step)
        for i in range(25):
            run(mg.tensor(float(i)))
        ends.append(([p.data.tobytes() for p in params], schedule.get_last_lr(), schedule.epoch))
    assert ends[0] == ends[1]


def test_a_captured_step_does_not_look_at_a_metric() -> None:
    schedule = optim.ReduceLROnPlateau(optim.SGD(start(np.float32)))
    with pytest.raises(mg.CaptureError, match="call it outside, with what the step returns"):
        mg.capture(lambda x: schedule.step(x))(mg.tensor(1.0))


def test_a_new_schedule_builds_on_the_rate_that_was_set_last() -> None:
    optimizer = optim.SGD(start(np.float32), lr=8.0)
    schedule = optim.ExponentialLR(optimizer, 0.5)
    schedule.step()
    assert optim.ExponentialLR(optimizer, 0.5).base_lr == 8.0
    optimizer.lr = 2.0
    assert optim.ExponentialLR(optimizer, 0.5).base_lr == 2.0


def test_a_cycle_in_a_sequence_and_in_a_chain_moves_the_momentum_too() -> None:
    """PyTorch's sequence would begin all its schedules at the cycle's first rate."""
    alone, later, chained = (optim.Adam(start(np.float32), lr=0.4) for _ in range(3))
    cycle = optim.OneCycleLR(alone, 0.5, 20)
    parts = [optim.ConstantLR(later, 0.1, 3), optim.OneCycleLR(later, 0.5, 20)]
    sequence = optim.SequentialLR(later, parts, [3])
    chain = optim.ChainedScheduler([optim.OneCycleLR(chained, 0.5, 20), optim.ConstantLR(chained, 0.5, 99)])
    for _ in range(3):
        assert later.lr == pytest.approx(0.04)
        sequence.step()
    for _ in range(20):
        assert (later.lr, later.betas) == (alone.lr, alone.betas)
        assert (2 * chained.lr, chained.betas) == (alone.lr, alone.betas)
        for schedule in (cycle, sequence, chain):
            schedule.step()
    with pytest.raises(ValueError, match="step 21 of 20"):
        sequence.step()
    with pytest.raises(ValueError, match="step 21 of 20"):
        chain.step()


def test_one_function_for_each_group() -> None:
    optimizer = two_groups(optim.SGD, start(np.float32))
    schedule = optim.LambdaLR(optimizer, [lambda t: 0.5**t, lambda t: 1.0 + t])
    schedule.step()
    assert schedule.get_last_lr() == pytest.approx([0.2, 0.6])


def test_pytorch_s_module_has_every_schedule() -> None:
    names = set(optim.__all__) & set(lr_scheduler.__all__)
    assert names == set(lr_scheduler.__all__)
    assert all(getattr(optim, name) is getattr(lr_scheduler, name) for name in names)
    assert isinstance(optim.lr_scheduler, ModuleType)


def with_another_group(optimizer: Any) -> None:
    schedule = optim.StepLR(optimizer, 3)
    optimizer.add_param_group({"params": [mg.tensor([1.0])]})
    schedule.step()


def beyond(optimizer: Any) -> None:
    schedule = optim.OneCycleLR(optimizer, 1.0, 3, cycle_momentum=False)
    for _ in range(4):
        schedule.step()


def loaded(schedule: Any, **changes: Any) -> None:
    schedule.load_state_dict({**schedule.state_dict(), **changes})


WRONG: list[tuple[Callable[[Any], object], str]] = [
    (lambda o: optim.StepLR(o, 0), "step_size must be at least 1, got 0"),
    (lambda o: optim.CosineAnnealingLR(o, 0), "T_max must be at least 1, got 0"),
    (lambda o: optim.LinearLR(o, 0.0), r"start_factor must lie in \(0, 1\], got 0\.0"),
    (lambda o: optim.LinearLR(o, 0.5, 2.0), r"end_factor must lie in \[0, 1\], got 2\.0"),
    (lambda o: optim.LinearLR(o, total_iters=0), "total_iters must be at least 1, got 0"),
    (lambda o: optim.ConstantLR(o, 2.0), r"factor must lie in \[0, 1\], got 2\.0"),
    (lambda o: optim.PolynomialLR(o, 0), "total_iters must be at least 1, got 0"),
    (lambda o: optim.CosineAnnealingWarmRestarts(o, 2.5), "T_0 must be an integer of at least 1, got 2.5"),
    (lambda o: optim.CosineAnnealingWarmRestarts(o, 2, 0), "T_mult must be an integer of at least 1, got 0"),
    (lambda o: optim.OneCycleLR(o, 1.0), r"total_steps, or epochs \* steps_per_epoch, must be an integer"),
    (lambda o: optim.OneCycleLR(o, 1.0, 9, pct_start=2), r"pct_start must lie in \[0, 1\], got 2"),
    (lambda o: optim.OneCycleLR(o, 1.0, 9, anneal_strategy="sin"), "must be 'cos' or 'linear', got 'sin'"),
    (lambda o: optim.OneCycleLR(o, 1.0, 9, div_factor=0), "div_factor and final_div_factor must be > 0"),
    (lambda o: optim.OneCycleLR(o, [1.0, 2.0], 9), "max_lr must be one, or one for each of 1 groups, got 2"),
    (lambda o: optim.OneCycleLR(optim.Adagrad(o.params), 1.0, 9), "Adagrad has no momentum; write cycle_mom"),
    (beyond, "step 4 of 3; make total_steps larger"),
    (with_another_group, "has 2 parameter groups, and had 1 when the schedule was made"),
    (lambda o: optim.SequentialLR(o, [optim.StepLR(o, 1)], [3]), "1 schedules need 0 milestones, got 1"),
    (lambda o: optim.SequentialLR(o, [optim.StepLR(o, 1)] * 3, [3, 3]), r"must grow from 1, got \[3, 3\]"),
    (lambda o: optim.SequentialLR(o, [optim.StepLR(o, 1)] * 2, [0]), r"must grow from 1, got \[0\]"),
    (lambda o: optim.SequentialLR(optim.SGD([mg.tensor(1.0)]), [optim.StepLR(o, 1)], []), "of another opt"),
    (lambda o: optim.ChainedScheduler([]), "the list of schedules is empty"),
    (lambda o: optim.ReduceLROnPlateau(o, "least"), "mode must be 'min' or 'max', got 'least'"),
    (lambda o: optim.ReduceLROnPlateau(o, factor=1.0), r"factor must lie in \[0, 1\), got 1\.0"),
    (lambda o: optim.ReduceLROnPlateau(o, threshold_mode="x"), "threshold_mode must be 'rel' or 'abs'"),
    (lambda o: optim.StepLR(o, 3).load_state_dict(optim.ExponentialLR(o, 0.5).state_dict()),
     "expected a state of StepLR, got ExponentialLR"),
    (lambda o: optim.StepLR(o, 3).load_state_dict({}), "got a dict with the keys"),
    (lambda o: loaded(optim.StepLR(o, 3), epoch=-1), r"epoch must be an integer from 0 to 2\^53, got -1"),
    (lambda o: loaded(optim.StepLR(o, 3), base_lr="a"), "base_lr must be a number >= 0, got a"),
    (lambda o: loaded(optim.StepLR(o, 3), base_lr=[1.0, 2.0]), "rates of 1 parameter groups, got 2"),
    (lambda o: loaded(optim.ReduceLROnPlateau(o), epoch=None), r"epoch must be an integer from 0 to 2\^53"),
    (lambda o: loaded(optim.ReduceLROnPlateau(o), lrs=[]), r"expected 1 learning rates, got \[\]"),
    (lambda o: optim.ReduceLROnPlateau(o).load_state_dict({"name": "StepLR"}), "got StepLR"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[message for _, message in WRONG])
def test_schedule_errors(make: Callable[[Any], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(optim.SGD(start(np.float32)))


def test_schedules_of_other_things() -> None:
    optimizer = optim.SGD(start(np.float32))
    with pytest.raises(TypeError, match="StepLR: expected an optimizer, got a list"):
        optim.StepLR(optimizer.params, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"StepLR: .*'last_epoch'; leave it out: load_state_dict goes on"):
        optim.StepLR(optimizer, 3, last_epoch=4)  # type: ignore[call-arg]
    plateau = optim.ReduceLROnPlateau(optimizer)
    with pytest.raises(TypeError, match="schedule 0 is a ReduceLROnPlateau, expected one whose rates"):
        optim.ChainedScheduler([plateau])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"Old\.rate: define rate\(self, epoch, base_lr\)"):

        class Old(optim.Schedule):
            def rate(self, epoch: int) -> float:  # type: ignore[override]
                return 1.0

    with pytest.raises(NotImplementedError, match=r"Schedule does not define rate\(epoch, base_lr\)"):
        optim.Schedule(optimizer)
