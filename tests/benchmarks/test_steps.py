"""The steps' benchmark and the bill: all sides train alike, a wrong gradient is caught, the bill adds up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from benchmarks import agreement, bill, flops, startup, training, workloads
from benchmarks.__main__ import main
from benchmarks.ledger import Ledger, watched
from benchmarks.rivals import Local

BATCH = {"dcgan": 4, "wgan-gp": 2, "mlp": 8, "toy": 16}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, Any]]:
    """Plain NumPy's, the one that the others are compared with."""
    return {name: outcome("numpy", name) for name in workloads.TRAININGS}


def outcome(side: str, name: str) -> dict[str, Any]:
    return Local(side).open(workloads.step(name, BATCH[name]))


@pytest.mark.parametrize("name", workloads.TRAININGS)
def test_a_step_agrees_with_plain_numpy(name: str, outcomes: dict[str, Any]) -> None:
    agreement.steps(name, "minigrad", outcome("minigrad", name), outcomes[name])


@pytest.mark.parametrize("name", workloads.TRAININGS)
def test_a_step_agrees_with_pytorch(name: str, outcomes: dict[str, Any]) -> None:
    pytest.importorskip("torch")
    agreement.steps(name, "torch", outcome("torch", name), outcomes[name])


@pytest.mark.parametrize("key", ["losses", "gradient of D.0.weight", "change of G.0.weight"])
def test_a_wrong_training_is_caught(key: str, outcomes: dict[str, Any]) -> None:
    wrong = {k: v.copy() for k, v in outcomes["toy"].items()}
    wrong[key] *= 1.2
    with pytest.raises(agreement.Disagreement, match=key):
        agreement.steps("toy", "torch", wrong, outcomes["toy"])
    del wrong[key]
    with pytest.raises(agreement.Disagreement, match="other weights"):
        agreement.steps("toy", "torch", wrong, outcomes["toy"])


def test_the_shared_step_runs_g_once_and_changes_both_networks() -> None:
    side = training.Side(training.start(workloads.step("toy", 4)))
    calls: list[str] = []

    class Counted:
        def __init__(self, name: str, network: Any) -> None:
            self.name, self.network, self.parameters = name, network, network.parameters

        def __call__(self, x: Any) -> Any:
            calls.append(self.name)
            return self.network(x)

    before = side.weights()
    side.networks = training.Networks(
        *(Counted(n, network) for n, network in side.networks._asdict().items())
    )
    side.step(0)
    assert calls == ["G", "D", "D", "D"]
    side.networks = training.Networks(*(counted.network for counted in side.networks))
    assert all(not np.array_equal(w, before[name]) for name, w in side.weights().items())


@pytest.mark.usefixtures("quick")
def test_the_record_is_complete_and_drawn(tmp_path: Path) -> None:
    json_file, picture = tmp_path / "steps.json", tmp_path / "steps.png"
    arguments = ["steps", "--only", "toy", "mlp", "--turns", "2", "--batch", "4"]
    assert main([*arguments, "--json", str(json_file), "--picture", str(picture)]) == 0
    record = json.loads(json_file.read_text())
    assert {"command", "date", "machine", "versions", "rows"} <= set(record)
    assert [row["name"] for row in record["rows"]] == ["toy batch 4", "mlp 28x28x1 batch 4"]
    for row in record["rows"]:
        assert set(row["seconds"]) == {"minigrad", "numpy"}
        assert {side: len(times) for side, times in row["turns"].items()} == {"minigrad": 2, "numpy": 2}
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["toy", "wgan-gp"])
def test_the_bill_names_the_parts_and_adds_up(name: str) -> None:
    found = bill.measure(name, seconds=0.02, batch=2)
    rows = found["rows"]
    assert found["total_seconds"] == pytest.approx(sum(r["seconds"] for r in rows) + found["python_seconds"])
    assert found["python_seconds"] > 0
    parts = {(row["part"], row["pass"]) for row in rows}
    expected = {("G(z)", "forward"), ("losses", "forward"), ("losses", "gradient"), ("Adam of D", "")}
    expected |= {(part, order) for part in ("D(real)", "D(fake)") for order in ("forward", "gradient")}
    if name == "toy":
        expected |= {("D(fake) for G", "forward"), ("D(fake) for G", "gradient")}
        expected |= {("G(z)", "gradient"), ("Adam of G", "")}
    else:
        expected |= {("penalty", order) for order in ("forward", "gradient", "second gradient")}
    assert parts - {("between the parts", "forward")} == expected
    between = [row for row in rows if row["part"] == "between the parts"]
    assert all(row["op"] in ("add", "mul") and row["flops"] == 1 for row in between)


def test_the_bill_counts_the_arithmetic_of_a_step() -> None:
    rows = bill.measure("toy", seconds=0.02, batch=4)["rows"]
    products = sum(row["flops"] for row in rows if row["op"] in ("linear", "matmul"))
    g, d = 2 * 128 + 128 * 128 + 128 * 2, 2 * 128 + 128 * 128 + 128
    biases = (128 + 128 + 2) + 3 * (128 + 128 + 1)
    forward = g + 3 * d + biases
    weight_gradients = g + 2 * d
    input_gradients = (g - 2 * 128) + 2 * (d - 2 * 128) + d  # the first layer's only where G's step passes
    assert products == 2 * 4 * (forward + weight_gradients + input_gradients)


def test_steps_of_other_ops_have_no_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bill, "timed", lambda side, numbers, seconds: [(["add"], [1.0, 1.0])])
    with pytest.raises(RuntimeError, match="toy: two steps made different ops"):
        bill.measure("toy", seconds=0.02, batch=4)


def test_the_bill_s_command_writes_its_record_and_says_whether_it_adds_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = bill.measure("toy", seconds=0.02, batch=4)
    monkeypatch.setattr(bill, "measure", lambda name, seconds: measured)
    path = tmp_path / "bill.json"
    measured["wall_seconds"] = measured["total_seconds"] * 0.97
    assert main(["bill", "toy", "--json", str(path)]) == 0
    assert {"command", "machine", "date", "rows", "total_seconds"} <= set(json.loads(path.read_text()))
    measured["wall_seconds"] = measured["total_seconds"] * 0.9
    assert main(["bill", "toy"]) == 1
    assert "more than 5% apart" in capsys.readouterr().out


def test_watching_leaves_the_ops_as_they_were() -> None:
    forward, rules = mg.ops.matmul.forward, mg.ops.matmul.rules

    def fail() -> None:
        with watched(Ledger()):
            assert mg.ops.matmul.forward is not forward
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        fail()
    assert mg.ops.matmul.forward is forward
    assert mg.ops.matmul.rules is rules


def test_flops_of_a_view_are_none_and_of_a_sum_its_operand() -> None:
    x = np.zeros((3, 4), np.float32)
    assert flops.flops("reshape", (x,), {}, x.reshape(4, 3)) == 0
    assert flops.flops("sum", (x,), {}, x.sum()) == 12
    assert flops.flops("exp", (x,), {}, x) == 12


def test_flops_of_moments_are_the_convolution_s_or_batch_norm_s() -> None:
    """Whoever takes them, together the two ops do the same."""
    x, w, y = (np.zeros(shape, np.float32) for shape in ((2, 3, 5, 5), (4, 3, 2, 2), (2, 4, 4, 4)))
    moments = np.zeros((3, 1, 4))
    for name, operands in (("conv2d", (x, w)), ("conv_transpose2d", (y, w))):
        result = y if name == "conv2d" else x
        for norm in ("batch_norm", "standardize"):
            counts = [
                flops.flops(f"{name}{suffix}", operands, {}, result)
                + flops.flops(norm, (result,), {"moments": given}, result)
                for suffix, given in (("", None), ("_moments", moments))
            ]
            assert counts[0] == counts[1] > flops.flops(name, operands, {}, result)


def test_startup_gives_seconds_and_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "cold_start", lambda side, name: startup.Probe(9.0, 1))
    monkeypatch.setattr(startup, "probe", lambda side, name, count, **_: startup.Probe(0.5 * count, 1 << 20))
    path = tmp_path / "startup.json"
    assert main(["startup", "--only", "toy", "--json", str(path)]) == 0
    (row,) = json.loads(path.read_text())["rows"]
    assert row == {
        "name": "toy", "side": "minigrad", "warm_seconds": 0.5, "cold_seconds": 9.0, "peak_bytes": 1 << 20
    }  # fmt: skip


def test_a_probe_trains_in_a_process_of_its_own() -> None:
    found = startup.probe("minigrad", "toy", 1)
    assert 0 < found.seconds < 120
    assert found.memory > 10 << 20
    assert 0 < found.grown < found.memory
    with pytest.raises(RuntimeError, match="KeyError"):
        startup.probe("minigrad", "no such step", 1)
