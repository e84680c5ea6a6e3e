"""The tests of kernels run as fast as the emulator can, with its checks of every access, and on a device."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minigrad.kernels.cuda.product import planning
from minigrad.kernels.cuda.runtime import loading
from minigrad.kernels.precision import allow_tf32
from tests.gpu.emulator import Emulator
from tests.gpu.kernels.numpy_calls import on_device

DEVICE = pytest.param(None, marks=pytest.mark.gpu, id="on a GPU")
MODES = [pytest.param(False, id="emulated"), pytest.param(True, id="emulated-checked"), DEVICE]


@pytest.fixture(scope="module", params=MODES)
def launched(request: pytest.FixtureRequest) -> Iterator[bool | None]:
    """CUDA sources run on the emulator, whose checks are on or off, or with ``-m gpu`` on a GPU (None)."""
    if request.param is None:
        try:
            loading.cupy()
        except (ModuleNotFoundError, RuntimeError) as error:
            pytest.skip(str(error))
        with on_device():
            yield None
        return
    request.getfixturevalue("emulator_at_hand")
    with loading.use(Emulator(check=request.param, seed=1)):
        yield request.param


@pytest.fixture(params=["fp32", "tf32"])
def arithmetic(request: pytest.FixtureRequest) -> Iterator[str]:
    with allow_tf32(request.param == "tf32"):
        yield request.param


@pytest.fixture(params=["large tiles", "shares"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large tiles for results of more than one small tile; or small tiles, their sums in many shares."""
    monkeypatch.setattr(planning, "BLOCKS", 1 if request.param == "large tiles" else 12)
    monkeypatch.setattr(planning, "LEAST", 20)
