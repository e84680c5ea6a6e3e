"""Kernels without a written case are checked on the rows of their ops."""

from __future__ import annotations

import pytest

from minigrad.kernels.cuda.runtime import loading
from tests.gpu.kernels import directed
from tests.gpu.kernels.rows import check_rows, exported, rows_of
from tests.gpu.kernels.test_directed import Noting

emulator = pytest.importorskip("tests.gpu.emulator", reason="there is no tests/gpu/emulator to run on")


class Damaged:
    """A maker in whose sources one text is another."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new, self.emulator = old, new, emulator.Emulator()

    def module(self, source: str, *arguments: tuple[str, ...]) -> loading.Module:
        assert source.count(self.old) == 1
        module: loading.Module = self.emulator.module(source.replace(self.old, self.new), *arguments)
        return module


def test_rows_launch_every_instance_of_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(directed.WRITTEN, "activation.cu")
    noting = Noting(emulator.Emulator())
    with loading.use(noting):
        directed.check("activation.cu")
    instances = loading.Source("activation.cu").instances
    assert "leaky_gate<float>" in instances
    assert sorted(noting.launched) == sorted(("activation.cu", name) for name in instances)


def test_rows_catch_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(directed.WRITTEN, "activation.cu")
    damaged = Damaged("y[i] = gate(g[i], x[i], slope);", "y[i] = gate(x[i], x[i], slope);")
    with loading.use(damaged), pytest.raises(AssertionError):
        directed.check("activation.cu")


def test_a_written_case_takes_the_place_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[set[str]] = []
    monkeypatch.setattr(directed, "check_rows", checked.append)
    with loading.use(emulator.Emulator()):
        directed.check("loss.cu")
        assert checked == []
        monkeypatch.setitem(directed.WRITTEN, "loss.cu", lambda: directed.cuda.mean_softplus)
        directed.check("loss.cu")
    assert checked == [{"mean_softplus_grad"}]


def test_every_op_s_kernel_could_be_checked_on_rows() -> None:
    in_place = {"optimizer.cu", "philox.cu"}  # which no op calls
    written = {"update_running_stats", "scale_bias_leaky_relu"}  # nor these, by name: they have written cases
    names = {file: kernels - written for file, kernels in exported().items()}
    assert all(rows_of(kernels) for file, kernels in names.items() if file not in in_place)


def test_a_kernel_without_a_row_is_named() -> None:
    with pytest.raises(LookupError, match="sgd_update: no op that calls it has a row"):
        check_rows({"sgd_update", "leaky_relu"})
