"""All ops: differentiable functions of Tensors, to any order of derivative."""

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
from minigrad.ops.conv import (
    conv2d,
    conv2d_bias_leaky_relu,
    conv2d_bias_leaky_relu_composed,
    conv2d_moments,
    conv2d_weight,
    conv_transpose2d,
    conv_transpose2d_moments,
)
from minigrad.ops.elementwise import (
    abs,
    add,
    astype,
    clip,
    cos,
    div,
    exp,
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
from minigrad.ops.linalg import linear, linear_composed, matmul
from minigrad.ops.loss import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    l1_loss,
    mean_softplus,
    mean_softplus_composed,
    mean_softplus_grad,
    mse_loss,
    norm_per_sample,
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
from minigrad.ops.reduce import logsumexp, max, mean, min, sum, var
from minigrad.ops.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    flatten,
    getitem,
    join,
    pad,
    reshape,
    scatter,
    squeeze,
    stack,
    sum_to,
    swapaxes,
    transpose,
)

__all__ = [
    "abs", "add", "astype", "batch_norm", "batch_norm_composed", "batch_norm_grad", "batch_norm_grad_bias",
    "batch_norm_grad_weight", "bias_leaky_relu", "bias_leaky_relu_composed", "bias_leaky_relu_grad",
    "binary_cross_entropy_with_logits", "broadcast_to", "channel_sum", "clip", "concatenate",
    "conv2d", "conv2d_bias_leaky_relu", "conv2d_bias_leaky_relu_composed", "conv2d_moments", "conv2d_weight",
    "conv_transpose2d", "conv_transpose2d_moments", "cos", "cross_entropy", "div", "exp", "expand_dims",
    "flatten", "getitem", "join", "l1_loss", "leaky_gate", "leaky_relu", "linear", "linear_composed",
    "log", "log1p", "log_softmax", "logsumexp", "matmul", "max", "maximum", "mean",
    "mean_softplus", "mean_softplus_composed", "mean_softplus_grad", "min", "minimum", "mse_loss", "mul",
    "neg", "norm_per_sample", "pad", "power", "relu", "reshape", "scatter", "sigmoid", "sin", "softmax",
    "softplus", "sqrt", "square", "squeeze", "stack", "standardize", "standardize_composed",
    "standardize_grad", "sub", "sum", "sum_to", "swapaxes", "tanh", "to_device", "transpose", "var", "where",
]  # fmt: skip
