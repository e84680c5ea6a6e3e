"""All ops: differentiable functions of Tensors, to any order of derivative."""

from minigrad.hints import of_module
from minigrad.ops.activation import (
    bias_leaky_relu,
    bias_leaky_relu_composed,
    bias_leaky_relu_grad,
    channel_sum,
    leaky_gate,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    softmax,
    softplus,
    tanh,
)
from minigrad.ops.classification import cross_entropy, kl_div, nll_loss
from minigrad.ops.conv import (
    conv2d,
    conv2d_bias_leaky_relu,
    conv2d_bias_leaky_relu_composed,
    conv2d_moments,
    conv2d_weight,
    conv_transpose2d,
    conv_transpose2d_moments,
)
from minigrad.ops.cumulative import cumsum, prod
from minigrad.ops.einsum import einsum
from minigrad.ops.elementwise import (
    abs,
    add,
    astype,
    clip,
    cos,
    div,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    mul,
    neg,
    power,
    sin,
    sqrt,
    square,
    sub,
    to_device,
    where,
)
from minigrad.ops.embedding import embedding
from minigrad.ops.interpolate import interpolate
from minigrad.ops.linalg import linear, linear_composed, matmul
from minigrad.ops.loss import (
    binary_cross_entropy_with_logits,
    huber_loss,
    l1_loss,
    mean_softplus,
    mean_softplus_composed,
    mean_softplus_grad,
    mse_loss,
    norm_per_sample,
    smooth_l1_loss,
)
from minigrad.ops.norm import (
    batch_norm,
    batch_norm_composed,
    batch_norm_grad,
    batch_norm_grad_bias,
    batch_norm_grad_weight,
    standardize,
    standardize_composed,
    standardize_grad,
)
from minigrad.ops.padding import pad
from minigrad.ops.pool import adaptive_avg_pool2d, adaptive_max_pool2d, avg_pool2d, max_pool2d
from minigrad.ops.query import all, any, argmax, argmin, isfinite, isinf, isnan
from minigrad.ops.rearrange import (
    chunk,
    flip,
    pixel_shuffle,
    pixel_unshuffle,
    repeat,
    roll,
    split,
    tile,
    tril,
    triu,
)
from minigrad.ops.rectifiers import elu, hardtanh, prelu, selu
from minigrad.ops.reduce import logsumexp, max, mean, min, std, sum, var
from minigrad.ops.rounding import ceil, floor, floor_divide, remainder, round, sign
from minigrad.ops.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    flatten,
    getitem,
    join,
    pad_constant,
    reshape,
    scatter,
    squeeze,
    stack,
    sum_to,
    swapaxes,
    transpose,
)
from minigrad.ops.smooth import erf, gelu, log_sigmoid, silu
from minigrad.ops.vector_norm import vector_norm
from minigrad.registry import functions

__all__ = [
    "abs", "adaptive_avg_pool2d", "adaptive_max_pool2d", "add", "all", "any", "argmax", "argmin", "astype",
    "avg_pool2d", "batch_norm", "bias_leaky_relu", "binary_cross_entropy_with_logits", "broadcast_to",
    "ceil", "chunk", "clip", "concatenate", "conv2d", "conv2d_bias_leaky_relu", "conv2d_weight",
    "conv_transpose2d", "cos", "cross_entropy", "cumsum", "div", "einsum", "elu", "embedding", "erf", "exp",
    "expand_dims", "expm1", "flatten", "flip", "floor", "floor_divide", "gelu", "getitem", "hardtanh",
    "huber_loss", "interpolate", "isfinite", "isinf", "isnan", "kl_div", "l1_loss", "leaky_relu", "linear",
    "log", "log1p", "log_sigmoid", "log_softmax", "logsumexp", "matmul", "max", "max_pool2d", "maximum",
    "mean", "mean_softplus", "min", "minimum", "mse_loss", "mul", "neg", "nll_loss", "norm_per_sample",
    "pad", "pixel_shuffle", "pixel_unshuffle", "power", "prelu", "prod", "relu", "remainder", "repeat",
    "reshape", "roll", "round", "scatter", "selu", "sigmoid", "sign", "silu", "sin", "smooth_l1_loss",
    "softmax", "softplus", "split", "sqrt", "square", "squeeze", "stack", "standardize", "std", "sub", "sum",
    "swapaxes", "tanh", "tile", "to_device", "transpose", "tril", "triu", "var", "vector_norm", "where",
]  # fmt: skip

INTERNAL = (
    batch_norm_composed, batch_norm_grad, batch_norm_grad_bias, batch_norm_grad_weight,
    bias_leaky_relu_composed, bias_leaky_relu_grad, channel_sum, conv2d_bias_leaky_relu_composed,
    conv2d_moments, conv_transpose2d_moments, join, leaky_gate, linear_composed, mean_softplus_composed,
    mean_softplus_grad, pad_constant, standardize_composed, standardize_grad, sum_to,
)  # fmt: skip
"""What derivatives and fused layers are made of, and the definitions that tests compare fused ops with."""

functions.update({name: globals()[name] for name in __all__})
functions.update({function.__name__: function for function in INTERNAL})

__getattr__ = of_module(__name__)


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
