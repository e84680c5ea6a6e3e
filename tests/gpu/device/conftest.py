"""Tests of device="cuda": on a fake CuPy anywhere, and by ``pytest -m gpu`` on CuPy itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from minigrad.dispatch import use_kernels
from minigrad.kernels.cuda.runtime import loading
from minigrad.random import Philox, process
from tests.gans.fingerprints import fingerprints as fingerprints
from tests.gpu.fake_cupy.memory import device


class Copies:
    """The copies between host and device, and graphs launched, since ``reset``; the fake CuPy counts them."""

    def __init__(self, counted: bool) -> None:
        self._counted = counted

    def reset(self) -> None:
        device.reset()

    def check(
        self,
        *,
        reads: int | None = None,
        writes: int | None = None,
        written: int | None = None,
        sent: int | None = None,
        launches: int | None = None,
    ) -> None:
        """Compare the numbers of copies to the host, of copies to the device, of their bytes, of copies to
        the host without a wait, and of graphs' launches; None is not compared.
        """
        counts = {"reads": reads, "writes": writes, "written": written, "sent": sent, "launches": launches}
        for name, expected in counts.items():
            if self._counted and expected is not None:
                assert getattr(device, name) == expected, name


@pytest.fixture
def fake_cupy(monkeypatch: pytest.MonkeyPatch, emulator_at_hand: None) -> Iterator[ModuleType]:
    """The fake CuPy, wherever a real one is or is not; its counts begin at 0."""
    from tests.gpu import fake_cupy

    monkeypatch.setitem(sys.modules, "cupy", fake_cupy)
    monkeypatch.setattr(process, "_device", Philox(0))  # whose state will be on a device that goes
    device.reset()
    with loading.use(loading.CuPy()):  # of its own, so that no other test gets its functions
        yield fake_cupy


@pytest.fixture(params=["fake", pytest.param("gpu", marks=pytest.mark.gpu)])
def cupy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The fake CuPy, or on a GPU the real one."""
    monkeypatch.setattr(process, "_device", Philox(0))
    if request.param == "fake":
        fake: ModuleType = request.getfixturevalue("fake_cupy")
        return fake
    return loading.cupy()  # type: ignore[no-any-return]


@pytest.fixture(params=["reference", "cpu", "fake_cupy", pytest.param("gpu", marks=pytest.mark.gpu)])
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    """The device of Tensors, whose kernels are those of the parameter's name."""
    if request.param in ("fake_cupy", "gpu"):
        if request.param == "fake_cupy":
            request.getfixturevalue("fake_cupy")
        yield "cuda"
        return
    with use_kernels(request.param):
        yield "cpu"


@pytest.fixture
def copies(cupy: ModuleType) -> Copies:
    return Copies(counted=cupy.__name__ == "tests.gpu.fake_cupy")
