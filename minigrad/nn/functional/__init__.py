"""Functions with PyTorch's names and arguments, and a module as a function of its parameters.

    from minigrad.nn import functional as F

They are what the layers compute; ``minigrad.ops`` has the same with NumPy's names (``axis`` for ``dim``), and
more. ``inplace`` is PyTorch's and changes nothing: an op makes a new array.
"""

from __future__ import annotations

from minigrad import ops
from minigrad.hints import of_module
from minigrad.nn.functional.activations import (
    dropout,
    elu,
    gumbel_softmax,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    selu,
    silu,
    softmax,
    softplus,
)
from minigrad.nn.functional.call import functional_call
from minigrad.nn.functional.layers import conv2d, conv_transpose2d, linear, pad
from minigrad.nn.functional.losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)
from minigrad.nn.functional.normalisation import group_norm, instance_norm, layer_norm
from minigrad.nn.functional.vectors import cosine_similarity, normalize, one_hot
from minigrad.ops import (
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    embedding,
    gelu,
    interpolate,
    max_pool2d,
    pixel_shuffle,
    pixel_unshuffle,
    prelu,
    sigmoid,
    tanh,
)

__all__ = [
    "adaptive_avg_pool2d", "adaptive_max_pool2d", "avg_pool2d", "binary_cross_entropy_with_logits",
    "conv2d", "conv_transpose2d", "cosine_similarity", "cross_entropy", "dropout", "elu", "embedding",
    "functional_call", "gelu", "group_norm", "gumbel_softmax", "hardtanh", "huber_loss", "instance_norm",
    "interpolate", "kl_div", "l1_loss", "layer_norm", "leaky_relu", "linear", "log_softmax", "logsigmoid",
    "max_pool2d", "mse_loss", "nll_loss", "normalize", "one_hot", "pad", "pixel_shuffle", "pixel_unshuffle",
    "prelu", "relu", "selu", "sigmoid", "silu", "smooth_l1_loss", "softmax", "softplus", "tanh",
]  # fmt: skip

__getattr__ = of_module(__name__, minigrad_ops=ops)
