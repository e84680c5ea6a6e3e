"""A case for every function of minigrad.ops: inputs to try it on, and what it means in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigrad import Tensor, ops
from tests.minigrad.ops.cases import arranged, images, plain
from tests.minigrad.ops.cases.ranks import alone, at_home
from tests.minigrad.ops.cases.samples import (
    SIGN,
    SLOPE,
    Sample,
    affine,
    alike,
    along_axis,
    biased,
    broadcast,
    channels,
    convolved,
    convolved_somewhere,
    convolved_with_bias,
    elementwise,
    from_one,
    indexed,
    joined,
    labelled,
    matrices,
    new_axis,
    normalised,
    normalised_behind,
    padded,
    permuted,
    reduced,
    reshaped,
    scattered,
    spare_axis,
    stacked,
    to_an_integer,
    transposed,
    two_axes,
    weighed,
    with_target,
)
from tests.minigrad.ops.cases.values import (
    Array,
    anything,
    between_halves,
    bools,
    distinct,
    halves,
    off_zero,
    positive,
    probability,
    unbounded,
    wholes,
)

HOST_KERNELS = ("cpu", "reference")  # that take NumPy arrays anywhere; tests/gpu/device has "cuda", emulated


@dataclass(frozen=True)
class Case:
    """``function`` of minigrad.ops equals ``definition`` on all samples; ``sequence``: it takes a list.

    Where it is called with what another op made, ``through`` calls both. ``dtype`` is the result's where it
    is none of the inputs'. ``few`` examples do for what no kernel computes: one NumPy function, or ops of
    other rows.
    """

    function: str
    definition: Callable[..., Any]
    samples: st.SearchStrategy[Sample]
    sequence: bool = False
    variant: str = ""
    through: Callable[..., Tensor] | None = None
    dtype: str | None = None
    few: bool = False

    def __str__(self) -> str:
        return f"{self.function} {self.variant}".strip()

    def call(self, tensors: Sequence[Tensor], **params: Any) -> Tensor:
        function = self.through or getattr(ops, self.function)
        y: Tensor = function(tensors, **params) if self.sequence else function(*tensors, **params)
        return y

    def expected(self, arrays: Sequence[Array], **params: Any) -> Array:
        return np.asarray(
            self.definition(arrays, **params) if self.sequence else self.definition(*arrays, **params)
        )


CASES = [
    Case("abs", np.abs, elementwise(off_zero)),
    Case("adaptive_avg_pool2d", images.adaptive_avg_pool2d, images.adaptive(anything), few=True),
    Case("adaptive_max_pool2d", images.adaptive_max_pool2d, images.adaptive(distinct), few=True),
    Case("add", np.add, elementwise(anything, anything)),
    Case("all", np.all, reduced(bools), dtype="bool", few=True),
    Case("all_gather", lambda x: x, alike(anything, dims=1), few=True),
    Case("all_gather_of", lambda x: x, alike(anything, dims=1), through=alone("all_gather_of"), few=True),
    Case("all_reduce", lambda x: x, alike(anything), few=True),
    Case("all_reduce_of", lambda x: 3 * x, alike(anything), through=at_home("all_reduce_of"), few=True),
    Case("any", np.any, reduced(halves), dtype="bool", few=True),
    Case("argmax", np.argmax, arranged.positions(halves), dtype="int64", few=True),
    Case("argmin", np.argmin, arranged.positions(halves), dtype="int64", few=True),
    Case("astype", lambda x, dtype: x.astype(dtype),
         alike(anything, dtype=st.sampled_from([np.float64, "f8"]))),
    Case("avg_pool2d", images.avg_pool2d, images.pooled(anything), few=True),
    Case("batch_norm", plain.batch_norm, normalised()),
    Case("batch_norm", plain.batch_norm_behind(plain.conv2d), normalised_behind(convolved(), plain.conv2d),
         variant="behind conv2d", through=plain.batch_norm_behind(ops.conv2d_moments)),
    Case("batch_norm", plain.batch_norm_behind(plain.conv_transpose2d),
         normalised_behind(transposed(), plain.conv_transpose2d), variant="behind conv_transpose2d",
         through=plain.batch_norm_behind(ops.conv_transpose2d_moments)),
    Case("batch_norm_composed", plain.batch_norm, normalised()),
    Case("batch_norm_grad", plain.batch_norm_grad, normalised(anything)),
    Case("batch_norm_grad_bias", plain.batch_norm_grad_bias, normalised(anything)),
    Case("batch_norm_grad_weight", plain.batch_norm_grad_weight, normalised(anything)),
    Case("bias_leaky_relu", plain.bias_leaky_relu, biased()),
    Case("bias_leaky_relu_composed", plain.bias_leaky_relu, biased()),
    Case("bias_leaky_relu_grad", plain.leaky_gate, alike(anything, off_zero, least=1, dims=2, slope=SLOPE)),
    Case("binary_cross_entropy_with_logits", plain.bce, with_target(anything, probability)),
    Case("broadcast_to", np.broadcast_to, broadcast(up=True)),
    Case("ceil", np.ceil, elementwise(between_halves), few=True),
    Case("channel_sum", lambda x: x.sum((0, *range(2, x.ndim))), alike(anything, dims=2)),
    Case("chunk", arranged.chunk, arranged.cut(chunks=True), through=arranged.chunk, few=True),
    Case("clip", np.clip, alike(between_halves, min=st.just(-0.5), max=st.just(1.0))),
    Case("concatenate", np.concatenate, joined(), sequence=True),
    Case("conv2d", plain.conv2d, convolved()),
    Case("conv2d_bias_leaky_relu", plain.conv2d_bias_leaky_relu, convolved_with_bias()),
    Case("conv2d_bias_leaky_relu_composed", plain.conv2d_bias_leaky_relu, convolved_with_bias()),
    Case("conv2d_moments", plain.conv2d, convolved()),
    Case("conv2d_weight", plain.conv2d_weight, weighed()),
    Case("conv_transpose2d", plain.conv_transpose2d, transposed()),
    Case("conv_transpose2d_moments", plain.conv_transpose2d, transposed()),
    Case("cos", np.cos, elementwise(anything)),
    Case("cross_entropy", plain.cross_entropy, labelled()),
    Case("cumsum", np.cumsum, arranged.on_axes(none=False, dims=1), few=True),
    Case("div", np.divide, elementwise(anything, off_zero)),
    Case("einsum", arranged.einsum, arranged.summed_products(), through=arranged.einsum, few=True),
    Case("elu", images.elu, alike(off_zero, alpha=st.sampled_from([1.0, 0.5])), few=True),
    Case("embedding", images.picked, images.looked_up(), few=True),
    Case("erf", images.erf, elementwise(anything), few=True),
    Case("exp", np.exp, elementwise(anything)),
    Case("expand_dims", np.expand_dims, new_axis()),
    Case("expm1", np.expm1, elementwise(anything), few=True),
    Case("flatten", lambda x, start_axis: x.reshape(*x.shape[:start_axis], -1),
         alike(anything, least=1, dims=2, start_axis=st.integers(0, 1))),
    Case("fill_blocks", images.fill_blocks, images.in_blocks(whole=False)),
    Case("flip", np.flip, arranged.on_axes(), few=True),
    Case("floor", np.floor, elementwise(between_halves), few=True),
    Case("floor_divide", np.floor_divide, elementwise(between_halves, off_zero), few=True),
    Case("gelu", images.gelu, alike(anything, approximate=st.sampled_from(["none", "tanh"])), few=True),
    Case("getitem", lambda x, index: x[plain.as_index(index)], indexed()),
    Case("hardtanh", lambda x: np.clip(x, -1, 1), alike(between_halves), few=True),
    Case("huber_loss", plain.huber, with_target(halves, between_halves), few=True),
    Case("interpolate", images.interpolate, images.resized(), few=True),
    Case("isfinite", np.isfinite, elementwise(unbounded), dtype="bool", few=True),
    Case("isinf", np.isinf, elementwise(unbounded), dtype="bool", few=True),
    Case("isnan", np.isnan, elementwise(unbounded), dtype="bool", few=True),
    Case("join", plain.join, joined()),
    Case("kl_div", plain.kl_div, with_target(anything, positive), few=True),
    Case("l1_loss", lambda x, y: np.mean(np.abs(x - y)), with_target(halves, between_halves)),
    Case("leaky_gate", plain.leaky_gate, alike(anything, off_zero, slope=SLOPE)),
    Case("leaky_relu", lambda x, slope: np.where(x > 0, x, slope * x), alike(off_zero, slope=SLOPE)),
    Case("linear", plain.linear, affine()),
    Case("linear_composed", plain.linear, affine()),
    Case("log", np.log, elementwise(positive)),
    Case("log1p", np.log1p, elementwise(positive)),
    Case("log_sigmoid", lambda x: -np.log(1 + np.exp(-x)), alike(anything), few=True),
    Case("log_softmax", lambda x, axis: np.log(plain.softmax(x, axis=axis)), along_axis(anything)),
    Case("logsumexp", plain.logsumexp, reduced(anything, least=1)),
    Case("matmul", np.matmul, matrices()),
    Case("max", np.max, reduced(distinct, least=1)),
    Case("max_pool2d", images.max_pool2d, images.pooled(distinct, dilated=True), few=True),
    Case("maximum", np.maximum, elementwise(halves, between_halves)),
    Case("mean", np.mean, reduced(anything, least=1)),
    Case("mean_softplus", plain.mean_softplus, alike(anything, least=1, sign=SIGN)),
    Case("mean_softplus_composed", plain.mean_softplus, alike(anything, least=1, sign=SIGN)),
    Case("mean_softplus_grad", plain.mean_softplus_grad, from_one(anything, least=1, sign=SIGN)),
    Case("min", np.min, reduced(distinct, least=1)),
    Case("minimum", np.minimum, elementwise(halves, between_halves)),
    Case("mse_loss", lambda x, target: np.mean((x - target) ** 2), with_target(anything, anything)),
    Case("mul", np.multiply, elementwise(anything, anything)),
    Case("neg", np.negative, elementwise(anything)),
    Case("nll_loss", plain.nll_loss, labelled(), few=True),
    Case("norm_per_sample", plain.norm_per_sample, alike(off_zero, least=1, dims=1)),
    Case("pad", images.pad, images.padded_by(), few=True),
    Case("pad_constant", np.pad, padded()),
    Case("pad_constant", images.pad_constant, padded(value=st.just(1.5)), variant="by a number", few=True),
    Case("pixel_shuffle", arranged.pixel_shuffle, arranged.pixels(shuffled=False), few=True),
    Case("pixel_unshuffle", arranged.pixel_unshuffle, arranged.pixels(shuffled=True), few=True),
    Case("power", np.power, elementwise(positive, anything)),
    Case("power", lambda x, k: x ** float(k), to_an_integer(), variant="to an integer"),
    Case("prelu", images.prelu, images.rectified(), few=True),
    Case("prod", np.prod, reduced(wholes), few=True),
    Case("relu", lambda x: np.maximum(x, 0), alike(off_zero)),
    Case("remainder", np.remainder, elementwise(between_halves, off_zero), few=True),
    Case("repeat", np.repeat, arranged.repeated(), few=True),
    Case("reshape", lambda x, shape: x.reshape(shape), reshaped()),
    Case("roll", np.roll, arranged.rolled(), few=True),
    Case("round", np.round, alike(between_halves, decimals=st.sampled_from([0, 2])), few=True),
    Case("scatter", plain.scatter, scattered()),
    Case("selu", images.selu, alike(off_zero), few=True),
    Case("sigmoid", lambda x: 1 / (1 + np.exp(-x)), elementwise(anything)),
    Case("sign", np.sign, elementwise(off_zero), few=True),
    Case("silu", lambda x: x / (1 + np.exp(-x)), alike(anything), few=True),
    Case("sin", np.sin, elementwise(anything)),
    Case("smooth_l1_loss", plain.huber, with_target(halves, between_halves), few=True),
    Case("softmax", plain.softmax, along_axis(anything)),
    Case("softplus", lambda x: np.log(1 + np.exp(x)), elementwise(anything)),
    Case("split", arranged.split, arranged.cut(), through=arranged.split, few=True),
    Case("sqrt", np.sqrt, elementwise(positive)),
    Case("square", np.square, elementwise(anything)),
    Case("squeeze", np.squeeze, spare_axis()),
    Case("stack", np.stack, stacked(), sequence=True),
    Case("standardize", plain.standardize, channels(anything)),
    Case("standardize", plain.standardize_behind(plain.conv2d), convolved_somewhere(),
         variant="behind conv2d", through=plain.standardize_behind(ops.conv2d_moments)),
    Case("standardize_composed", plain.standardize, channels(anything)),
    Case("standardize_grad", plain.standardize_grad, channels(anything, anything)),
    Case("std", arranged.std, arranged.deviations(), few=True),
    Case("sub", np.subtract, elementwise(anything, anything)),
    Case("sum", np.sum, reduced(anything)),
    Case("sum_blocks", images.sum_blocks, images.in_blocks(whole=True)),
    Case("sum_to", plain.sum_to, broadcast(up=False)),
    Case("swapaxes", np.swapaxes, two_axes()),
    Case("tanh", np.tanh, elementwise(anything)),
    Case("tile", np.tile, arranged.tiled(), few=True),
    Case("to_device", lambda x, device: x, alike(anything, device=st.just("cpu"))),
    Case("transpose", np.transpose, permuted()),
    Case("tril", np.tril, arranged.triangles(), few=True),
    Case("triu", np.triu, arranged.triangles(), few=True),
    Case("var", np.var, reduced(anything, least=1)),
    Case("vector_norm", arranged.vector_norm, arranged.normed(), few=True),
    Case("where", np.where, elementwise(bools, anything, anything)),
]  # fmt: skip
CASES += [
    replace(case, variant="of ranks", through=at_home(case.function))
    for case in CASES
    if case.function.startswith(("batch_norm", "standardize")) and not case.variant
]
