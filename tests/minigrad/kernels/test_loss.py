"""The mean of softplus: cpu against reference, both against PyTorch, and at the ends of the number line."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference
from tests.minigrad.kernels.strategies import Array, arrays, assert_close

MODULES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
SIGN = st.sampled_from([1, -1])


@settings(max_examples=200, deadline=None)
@given(arrays(1), SIGN, st.booleans())
def test_cpu_mean_softplus_equals_reference(drawn: list[Array], sign: int, given_memory: bool) -> None:
    (x,) = drawn
    assume(x.size > 0)
    out = np.full((), np.nan, x.dtype) if given_memory else None
    y = cpu.mean_softplus(x, sign, out=out)
    assert_close(y, reference.mean_softplus(x, sign), 1)
    assert out is None or y is out
    g = np.asarray(3.0, x.dtype)
    out = np.full(x.shape, np.nan, x.dtype) if given_memory else None
    gx = cpu.mean_softplus_grad(g, x, sign, out=out)
    assert_close(gx, reference.mean_softplus_grad(g, x, sign), 1)
    assert out is None or gx is out


@MODULES
@pytest.mark.parametrize("sign", [1, -1])
def test_mean_softplus_equals_torch(kernels: ModuleType, sign: int) -> None:
    torch = pytest.importorskip("torch")
    x = 10 * np.random.default_rng(0).normal(size=(7, 3))
    theirs = torch.tensor(x, requires_grad=True)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(theirs, torch.full((7, 3), (1 - sign) / 2.0))
    (gx,) = torch.autograd.grad(loss, theirs)
    assert kernels.mean_softplus(x, sign) == pytest.approx(loss.item(), rel=1e-6)
    np.testing.assert_allclose(kernels.mean_softplus_grad(np.asarray(1.0), x, sign), gx, atol=1e-12)


@MODULES
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_logit_gives_a_finite_loss_and_gradient(kernels: ModuleType, dtype: type) -> None:
    one, most = np.asarray(1, dtype), np.finfo(dtype).max
    for value, loss, slope in ((most, most, 1.0), (-most, 0.0, 0.0), (0.0, np.log(2), 0.5)):
        x = np.array([value], dtype)
        np.testing.assert_allclose(kernels.mean_softplus(x, 1), loss, rtol=1e-6)
        np.testing.assert_allclose(kernels.mean_softplus(-x, -1), loss, rtol=1e-6)
        np.testing.assert_allclose(kernels.mean_softplus_grad(one, x, 1), [slope], atol=1e-7)
        np.testing.assert_allclose(kernels.mean_softplus_grad(one, -x, -1), [-slope], atol=1e-7)
    for value in (np.nan, np.inf):
        assert not np.isfinite(kernels.mean_softplus(np.array([1.0, value], dtype), 1))
