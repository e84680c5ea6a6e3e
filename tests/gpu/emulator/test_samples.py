"""Clean kernels: the results of NumPy, whatever the order of blocks and threads, and no error."""

from __future__ import annotations

import numpy as np
import pytest

from tests.gpu.emulator import Emulator
from tests.gpu.emulator.sample_kernels import SAMPLES, source_of

SEEDS = range(20)


@pytest.mark.parametrize("check", [False, True], ids=["fast", "checking"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_a_clean_kernel_passes_under_every_seed(sample: str, check: bool) -> None:
    file, run = SAMPLES[sample]
    for seed in SEEDS:
        result, expected = run(Emulator(check=check, seed=seed), source_of(file))
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5, err_msg=f"seed {seed}")


@pytest.mark.parametrize("switch_every", [0, 1])
def test_threads_may_switch_never_or_at_every_access(switch_every: int) -> None:
    file, run = SAMPLES["tiled matrix product"]
    result, expected = run(Emulator(check=True, switch_every=switch_every), source_of(file))
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
