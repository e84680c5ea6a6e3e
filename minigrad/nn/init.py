"""Initial values, written in place into Parameters and drawn from ``minigrad.random.generator()``.

Names and formulas as in ``torch.nn.init``. Each function returns its argument.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from minigrad.devices import to_device
from minigrad.random import generator
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = [
    "calculate_gain",
    "constant_",
    "fans",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

T = TypeVar("T", bound=Tensor)


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0) -> T:
    """Draw each element from ``N(mean, std^2)``. Raises TypeError for integers.

    >>> import minigrad as mg
    >>> w = mg.nn.init.normal_(mg.zeros((100, 100)), mean=5.0, std=0.01)
    >>> bool(abs(w.numpy() - 5.0).max() < 0.1), w.shape
    (True, (100, 100))
    """
    draw = generator().standard_normal(tensor.shape, dtype=_float_of(tensor))
    return _write(tensor, draw * tensor.dtype.type(std) + tensor.dtype.type(mean))


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0) -> T:
    """Draw each element from the uniform distribution on [a, b). Raises TypeError for integers.

    >>> import minigrad as mg
    >>> w = mg.nn.init.uniform_(mg.zeros(1000), -0.5, 0.5).numpy()
    >>> bool((-0.5 <= w).all() and (w < 0.5).all())
    True
    """
    draw = generator().random(tensor.shape, dtype=_float_of(tensor))
    return _write(tensor, draw * tensor.dtype.type(b - a) + tensor.dtype.type(a))


def constant_(tensor: T, val: float) -> T:
    """Set every element to ``val``.

    >>> import minigrad as mg
    >>> mg.nn.init.constant_(mg.nn.Linear(2, 1).weight, 0.5)
    tensor([[0.5, 0.5]], float32)
    """
    tensor.data[...] = val
    tensor.changed()
    return tensor


def zeros_(tensor: T) -> T:
    """Set every element to 0.

    >>> import minigrad as mg
    >>> mg.nn.init.zeros_(mg.nn.Linear(2, 3).bias)
    tensor([0., 0., 0.], float32)
    """
    return constant_(tensor, 0.0)


def ones_(tensor: T) -> T:
    """Set every element to 1.

    >>> import minigrad as mg
    >>> mg.nn.init.ones_(mg.nn.Linear(2, 3).bias)
    tensor([1., 1., 1.], float32)
    """
    return constant_(tensor, 1.0)


def xavier_uniform_(tensor: T, gain: float = 1.0) -> T:
    """Uniform on [-a, a], ``a = gain sqrt(6 / (fan_in + fan_out))``. Glorot and Bengio (2010), eq. 16.

    >>> import minigrad as mg
    >>> w = mg.nn.init.xavier_uniform_(mg.zeros((2, 4)))
    >>> bool(abs(w.numpy()).max() <= 1)  # sqrt(6 / (4 + 2))
    True
    """
    bound = gain * math.sqrt(6 / _at_least_one(sum(fans(tensor))))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: T, gain: float = 1.0) -> T:
    """Normal with ``std = gain sqrt(2 / (fan_in + fan_out))``. Glorot and Bengio (2010), eq. 12.

    >>> import minigrad as mg
    >>> w = mg.nn.init.xavier_normal_(mg.zeros((100, 100))).numpy()
    >>> round(float(w.std()), 2)  # sqrt(2 / (100 + 100))
    0.1
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2 / _at_least_one(sum(fans(tensor)))))


def kaiming_uniform_(tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> T:
    """Uniform on [-b, b], ``b = gain sqrt(3 / fan)``; ``a`` is the slope of leaky ReLU. He et al. (2015), eq.
    15.

    >>> import minigrad as mg
    >>> w = mg.nn.init.kaiming_uniform_(mg.zeros((2, 6)), nonlinearity="relu")
    >>> bool(abs(w.numpy()).max() <= 1)  # sqrt(2) sqrt(3 / 6)
    True
    """
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / _at_least_one(_fan(tensor, mode)))
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> T:
    """Normal with ``std = gain / sqrt(fan)``; ``a`` is the slope of leaky ReLU. He et al. (2015), eq. 15.

    >>> import minigrad as mg
    >>> w = mg.nn.init.kaiming_normal_(mg.zeros((100, 200)), nonlinearity="relu").numpy()
    >>> round(float(w.std()), 2)  # sqrt(2) / sqrt(200)
    0.1
    """
    return normal_(
        tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(_at_least_one(_fan(tensor, mode)))
    )


def _at_least_one(fan: int) -> int:
    """``fan``, or 1 for the 0 of a weight without elements."""
    return max(fan, 1)


def trunc_normal_(tensor: T, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> T:
    """Draw from ``N(mean, std^2)``, but only numbers in [a, b]: others are drawn again.

    Raises ValueError unless a < b and std > 0.

    >>> import minigrad as mg
    >>> w = mg.nn.init.trunc_normal_(mg.zeros(1000), std=1.0, a=-0.5, b=0.5)
    >>> bool(abs(w.numpy()).max() <= 0.5)
    True
    """
    if not (a < b and std > 0):
        raise ValueError(f"trunc_normal_: needs a < b and std > 0, got a={a}, b={b}, std={std}")
    low, high = (a - mean) / std, (b - mean) / std
    draw = _between(low, high, tensor.size).reshape(tensor.shape) * std + mean
    return _write(tensor, np.clip(draw, a, b).astype(_float_of(tensor)))


def _between(low: float, high: float, count: int) -> Array:
    """``count`` numbers from N(0, 1) that lie in [low, high], by rejection (float64).

    Proposals are normal or, where more of them are kept, uniform on the interval.
    """
    nearest = min(max(0.0, low), high)
    inside = (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2))) / 2
    from_uniform = (high - low) * math.exp(-(nearest**2) / 2) / math.sqrt(2 * math.pi) < 1
    rng = generator()
    kept: NDArray[np.float64] = np.empty(0)
    while kept.size < count:
        more = 2 * (count - kept.size) + 8
        if from_uniform or inside <= 0:
            x = rng.uniform(low, high, more)
            x = x[rng.random(more) < np.exp((nearest**2 - x**2) / 2)]
        else:
            x = rng.standard_normal(more)
            x = x[(low <= x) & (x <= high)]
        kept = np.concatenate([kept, x])
    return kept[:count]


def orthogonal_(tensor: T, gain: float = 1.0) -> T:
    """``gain`` times a random matrix with orthonormal rows or columns, as (rows, product of the rest).

    It is the Q of a normal matrix's QR decomposition with the signs of R's diagonal, uniform among all such.
    Raises ValueError for fewer than two axes. Saxe et al. (2014), section 3.

    >>> import minigrad as mg
    >>> w = mg.nn.init.orthogonal_(mg.zeros((2, 3), dtype="float64")).numpy()
    >>> abs(w @ w.T).round(6).tolist()  # two orthonormal rows
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if tensor.ndim < 2:
        raise ValueError(f"orthogonal_: needs a weight of at least 2 dimensions, got shape {tensor.shape}")
    if tensor.size == 0:
        return tensor
    rows, columns = tensor.shape[0], tensor.size // tensor.shape[0]
    q, r = np.linalg.qr(generator().standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    matrix = (q if rows >= columns else q.T) * gain
    return _write(tensor, matrix.reshape(tensor.shape).astype(_float_of(tensor)))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity; ``param``: leaky ReLU's slope (0.01).

    Raises ValueError for a name without a known factor.

    >>> import minigrad as mg
    >>> round(mg.nn.init.calculate_gain("relu"), 4), mg.nn.init.calculate_gain("leaky_relu", 1.0)
    (1.4142, 1.0)
    """
    slope = 0.01 if param is None else param
    gains = {
        "linear": 1.0,
        "conv1d": 1.0,
        "conv2d": 1.0,
        "conv3d": 1.0,
        "conv_transpose1d": 1.0,
        "conv_transpose2d": 1.0,
        "conv_transpose3d": 1.0,
        "sigmoid": 1.0,
        "tanh": 5 / 3,
        "relu": math.sqrt(2.0),
        "leaky_relu": math.sqrt(2.0 / (1 + slope**2)),
        "selu": 0.75,
    }
    if nonlinearity not in gains:
        raise ValueError(f"no gain is known for {nonlinearity!r}; choose one of {', '.join(gains)}")
    return gains[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (out, in, ...): its second and first sizes times the size of the rest.

    Raises ValueError for fewer than two axes.

    >>> import minigrad as mg
    >>> mg.nn.init.fans(mg.zeros((16, 3, 4, 4)))  # 3 * 4 * 4 and 16 * 4 * 4
    (48, 256)
    """
    if tensor.ndim < 2:
        raise ValueError(
            f"fan_in and fan_out need a weight of at least 2 dimensions, got shape {tensor.shape}"
        )
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def _fan(tensor: Tensor, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return fans(tensor)[mode == "fan_out"]


def _float_of(tensor: Tensor) -> Any:
    if not tensor.is_float:
        raise TypeError(f"random values are drawn for float Tensors, this one is {tensor.dtype}")
    return tensor.dtype.type


def _write(tensor: T, values: Array) -> T:
    tensor.data[...] = to_device(values, tensor.device)
    tensor.changed()
    return tensor
