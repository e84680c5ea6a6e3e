"""Every op on CUDA code: on the fake's arrays, without a copy to the host, and with every access checked."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import ops
from minigrad.dispatch import use_kernels
from minigrad.fusion import fusions
from minigrad.kernels import cuda
from minigrad.kernels.cuda.runtime import loading
from minigrad.registry import registry
from tests.gpu.device.conftest import Copies
from tests.gpu.emulator import Emulator
from tests.minigrad.ops.cases import CASES, Case
from tests.minigrad.ops.cases.samples import Sample

NAMES = {name: set(op.forward.__code__.co_names) for name, op in registry.items()}
WITH_KERNEL = [case for case in CASES if "kernels_of" in NAMES.get(case.function, ())]
READS = {"cross_entropy": 2, "embedding": 1, "nll_loss": 2}  # whose labels and indices are checked

a_few = settings(
    max_examples=5,
    phases=(Phase.explicit, Phase.generate),  # shrinking would run an emulator a hundred times
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def test_every_kernel_belongs_to_a_row_to_a_fusion_or_to_what_changes_arrays_in_place() -> None:
    names = [NAMES[case.function] for case in WITH_KERNEL]
    names += [set(fusion.forward.__code__.co_names) for fusion in fusions.values()]
    updates = {name for name in cuda.__all__ if name.endswith("_update")}
    updates |= {"sum_squares", "update_running_stats"}
    draws = {"choose_classes", "philox_normal", "philox_uniform"}  # which the tests of kernels call
    assert set().union(*names) & set(cuda.__all__) == set(cuda.__all__) - updates - draws


def gradients(case: Case, sample: Sample, device: str) -> list[mg.Tensor]:
    """The result, its gradients, and those of the sum of the gradients' sines."""
    tensors = [mg.tensor(a, device=device) for a in sample.arrays]
    wanted = [t for t in tensors if t.is_float]
    y = case.call(tensors, **sample.params)
    if not y.is_float:
        return [y]
    first = mg.grad(y, wanted, grad_output=ops.cos(y), create_graph=True, unused="zeros")
    total = sum((ops.sum(ops.sin(g)) for g in first), ops.sum(y))
    return [y, *first, *mg.grad(total, wanted, unused="zeros")]


@pytest.mark.parametrize("case", [case for case in CASES if case.function != "to_device"], ids=str)
@a_few
@given(data=st.data())
def test_two_orders_of_derivatives_stay_on_the_device(
    case: Case, data: st.DataObject, cupy: ModuleType, copies: Copies
) -> None:
    sample = data.draw(case.samples)
    with np.errstate(all="ignore"):
        expected = gradients(case, sample, "cpu")
        copies.reset()
        found = gradients(case, sample, "cuda")
    copies.check(reads=READS.get(case.function, 0))
    assert all(t.device == "cuda" for t in found)
    for mine, other in zip(found, expected, strict=True):
        assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
        scale = max(1.0, float(np.abs(other.numpy()).max(initial=0)))
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("case", WITH_KERNEL, ids=str)
@a_few
@given(data=st.data())
def test_derivatives_to_second_order_on_the_device(case: Case, data: st.DataObject, cupy: ModuleType) -> None:
    sample = data.draw(case.samples)
    inputs = [mg.tensor(a, device="cuda") for a in sample.arrays]
    assert mg.gradcheck(lambda *tensors: case.call(tensors, **sample.params), inputs, directions=1)


@pytest.mark.usefixtures("emulator_at_hand")
@pytest.mark.parametrize("case", WITH_KERNEL, ids=str)
@settings(a_few, max_examples=2)
@given(data=st.data())
def test_derivatives_to_second_order_with_every_access_checked(case: Case, data: st.DataObject) -> None:
    sample = data.draw(case.samples)
    with loading.use(Emulator(check=True, seed=1)), use_kernels("cuda"):
        mg.gradcheck(lambda *tensors: case.call(tensors, **sample.params), list(sample.arrays), directions=1)


@pytest.mark.usefixtures("emulator_at_hand")
def test_numpy_arrays_need_an_emulator() -> None:
    refused = pytest.raises(RuntimeError, match=r"only where an emulator runs them.*\.to\('cuda'\)")
    with refused, use_kernels("cuda"):
        pass
    x = mg.tensor([1.0, -1.0])
    with loading.use(Emulator()), use_kernels("cuda"):
        assert ops.relu(x).numpy().tolist() == [1, 0]
        with loading.use(loading.CuPy()), refused:
            ops.relu(x)
