"""Mutants of the kernels that go through arrays: activations, biases, losses, norms, optimizers."""

from __future__ import annotations

from tests.gpu.mutants.mutant import Mutant

ELEMENTWISE = [
    Mutant(
        "activation.cu",
        "one element too many",
        "i < size; i += element_step()) y[i] = leaky",
        "i <= size; i += element_step()) y[i] = leaky",
    ),
    Mutant(
        "activation.cu",
        "the last element left out",
        "i < size; i += element_step()) y[i] = gate",
        "i < size - 1; i += element_step()) y[i] = gate",
    ),
    Mutant(
        "activation.cu", "gradient and input swapped", "gate(g[i], x[i], slope)", "gate(x[i], g[i], slope)"
    ),
    Mutant("activation.cu", "the neighbour read", "leaky(x[i], slope)", "leaky(x[i + 1], slope)"),
    Mutant("bias.cu", "a channel beyond the last", "b[i / pixels % channels]", "b[i / pixels]"),
    Mutant("bias.cu", "the channel taken from the element", "b[i / pixels % channels]", "b[i % channels]"),
    Mutant(
        "bias.cu",
        "bias behind the rectifier",
        "leaky(x[i] + b[i / pixels % channels], slope)",
        "leaky(x[i], slope) + b[i / pixels % channels]",
    ),
    Mutant("bias.cu", "the sum of the gradient before its gate", "sum += h;", "sum += g[i];"),
    Mutant(
        "bias.cu",
        "every thread writes the sum",
        "if (threadIdx.x == 0) sums[blockIdx.x] = sum;",
        "sums[blockIdx.x] = sum;",
    ),
    Mutant("bias.cu", "the last slice left out", "slice < slices; ++slice", "slice < slices - 1; ++slice"),
    Mutant(
        "bias.cu", "slices and channels swapped", "sums[c * slices + slice]", "sums[slice * channels + c]"
    ),
    Mutant("bias.cu", "a wrong step between a thread's elements", "e += THREADS", "e += THREADS - 1"),
    Mutant("bias.cu", "the gradient left where it was read", "gx[i] = h;", "gx[e] = h;"),
    Mutant(
        "runtime/common.cuh",
        "blocks overlap",
        "(int64)blockIdx.x * THREADS + threadIdx.x",
        "(int64)blockIdx.x * (THREADS - 1) + threadIdx.x",
    ),
    Mutant(
        "runtime/common.cuh",
        "one block's step for the whole grid",
        "(int64)gridDim.x * THREADS",
        "(int64)THREADS",
    ),
    Mutant("runtime/common.cuh", "the rest of a division dropped", "+ (part < rest ? part : rest)", ""),
    Mutant(
        "runtime/common.cuh",
        "a channel per slice",
        "channel = blockIdx.x / slices;",
        "channel = blockIdx.x % slices;",
    ),
    Mutant(
        "runtime/common.cuh",
        "an image of one channel",
        "image_size = (int64)channels * pixels;",
        "image_size = pixels;",
    ),
    Mutant(
        "runtime/common.cuh",
        "a slice that begins with an image",
        "const unsigned image = (pixel + e) / pixels;",
        "const unsigned image = e / pixels;",
    ),
    Mutant(
        "runtime/common.cuh",
        "the channel's place in the image lost",
        "start = image * image_size + (int64)channel * pixels;",
        "start = image * image_size + channel;",
    ),
    Mutant("runtime/common.cuh", "a rectifier upside down", "return x <= T(0) ?", "return x >= T(0) ?"),
    Mutant(
        "runtime/common.cuh",
        "a slope of zero times infinity",
        "x <= T(0) ? (slope != T(0) ? slope * x : T(0)) : x",
        "x <= T(0) ? slope * x : x",
        by="activation.cu",
    ),
    Mutant("runtime/common.cuh", "a gate open at zero", "return x > T(0) ? g", "return x >= T(0) ? g"),
    Mutant(
        "runtime/common.cuh",
        "no barrier before the tree",
        "__syncthreads();",
        "",
        after="part[thread] = value;",
    ),
    Mutant(
        "runtime/common.cuh", "no barrier in the tree", "__syncthreads();", "", after="part[thread + half];"
    ),
    Mutant(
        "runtime/common.cuh",
        "no barrier before the next sum",
        "__syncthreads();  // the next call writes part",
        "",
    ),
    Mutant(
        "runtime/common.cuh", "a tree that adds one too many", "if (thread < half)", "if (thread <= half)"
    ),
    Mutant("runtime/common.cuh", "a tree that stops early", "half > 0; half /= 2", "half > 1; half /= 2"),
    Mutant(
        "runtime/common.cuh",
        "a barrier in a branch",
        "if (thread < half) part[thread] += part[thread + half];\n    __syncthreads();",
        "if (thread < half) {\n      part[thread] += part[thread + half];\n      __syncthreads();\n    }",
    ),
    Mutant("loss.cu", "the linear part forgotten", "fmax(z, 0.0) + ", ""),
    Mutant("loss.cu", "an exponential that overflows", "log1p(exp(-fabs(z)))", "log1p(exp(-z))"),
    Mutant("loss.cu", "a sum for a mean", "(T)(sum / size)", "(T)sum"),
    Mutant("loss.cu", "the sign lost in the loss", "const double z = sign * x[i];", "const double z = x[i];"),
    Mutant("loss.cu", "the sign lost in the gradient", "g[0] * sign / size", "g[0] / size"),
    Mutant("loss.cu", "the sigmoid of negative logits", "(z >= 0 ? 1.0 : small)", "1.0"),
    Mutant("loss.cu", "a wrong step between a thread's elements", "i += THREADS", "i += THREADS + 1"),
    Mutant("norm/batch_norm.cu", "the shift subtracted", "* weight + bias;", "* weight - bias;"),
    Mutant(
        "norm/batch_norm.cu",
        "the channel taken from the element",
        "i / pixels % channels;",
        "i % channels;",
        after="batch_norm(const T* x",
    ),
    Mutant(
        "norm/batch_norm.cu",
        "the mean left out of xhat",
        "h * ((x[i] - mean[c]) * inv_std[c])",
        "h * (x[i] * inv_std[c])",
    ),
    Mutant(
        "norm/batch_norm.cu",
        "two sums in one",
        "sum_xhat = block_sum(sum_xhat);",
        "sum_xhat = block_sum(sum);",
    ),
    Mutant(
        "norm/batch_norm.cu",
        "gradients of weight and bias swapped",
        "gw[c] = (T)sum_xhat;\n    gb[c] = (T)sum;",
        "gw[c] = (T)sum;\n    gb[c] = (T)sum_xhat;",
    ),
    Mutant("norm/batch_norm.cu", "the biased variance", "var[c] * unbiased", "var[c]"),
    Mutant(
        "norm/batch_norm.cu",
        "the first block's channels alone",
        "c < channels; c += THREADS",
        "c < channels; c += channels",
    ),
    Mutant(
        "norm/batch_norm.cu",
        "batches counted by every thread",
        "if (threadIdx.x == 0) tracked[0] = batches;",
        "tracked[0] += 1;",
    ),
    Mutant(
        "norm/batch_norm.cu",
        "the count read after it is written",
        "__syncthreads();  // every thread has read it",
        "",
    ),
    Mutant(
        "norm/batch_norm.cu",
        "weights of the batches before",
        "(T)(1.0 / batches)",
        "(T)(1.0 / (batches - 1))",
    ),
    Mutant("norm/batch_norm.cu", "a sum for a mean", "h - gb[c] / (T)count", "h - gb[c]"),
    Mutant("norm/batch_norm.cu", "a wrong sign", "- xhat * (gw[c]", "+ xhat * (gw[c]"),
    Mutant(
        "optimizer.cu",
        "an array's first chunk in the one before",
        "blockIdx.x >= blocks[j - 1]",
        "blockIdx.x > blocks[j - 1]",
    ),
    Mutant(
        "optimizer.cu", "an array taken twice", "array = arrays[j], begin", "array = arrays[j - 1], begin"
    ),
    Mutant(
        "optimizer.cu",
        "an array that begins where the one before did",
        "first = begin + (int64)(blockIdx.x - block) * CHUNK",
        "first = (int64)(blockIdx.x - block) * CHUNK",
    ),
    Mutant(
        "optimizer.cu",
        "no weight decay in SGD",
        "own.g[i] + weight_decay * p[i]",
        "own.g[i]",
        after="sgd_update(",
    ),
    Mutant(
        "optimizer.cu",
        "Nesterov's step taken always",
        "d = nesterov ? d + momentum * v : v;",
        "d = d + momentum * v;",
    ),
    Mutant("optimizer.cu", "the velocity not kept", "velocity[i] = v;", ""),
    Mutant(
        "optimizer.cu", "a velocity where there is none", "if (moving)", "if (true)", after="rmsprop_update("
    ),
    Mutant("optimizer.cu", "RMSprop's variance not centered", "s -= a * a;", ""),
    Mutant("optimizer.cu", "RMSprop's eps within the root", "d /= sqrt(s) + eps;", "d /= sqrt(s + eps);"),
    Mutant(
        "optimizer.cu",
        "RMSprop's rest for its alpha",
        "alpha * square_average[i] + rest * d * d",
        "rest * square_average[i] + rest * d * d",
    ),
    Mutant(
        "optimizer.cu",
        "Adam's mean without its past",
        "m[i] + rest1 * (d - m[i])",
        "rest1 * d",
        after="adam_update(",
    ),
    Mutant(
        "optimizer.cu",
        "Adam's root without its correction",
        "sqrt(square) / root + eps",
        "sqrt(square) + eps",
        after="adam_update(",
    ),
    Mutant(
        "optimizer.cu",
        "Adam's moments in each other's place",
        "m[i] = mean;\n    v[i] = square;",
        "v[i] = mean;\n    m[i] = square;",
        after="adam_update(",
    ),
    Mutant("optimizer.cu", "AdamW's parameter not decayed", "before - (shrink * before + ", "before - ("),
    Mutant("optimizer.cu", "AMSGrad's maximum always taken", "if (amsgrad)", "if (true)"),
    Mutant("optimizer.cu", "AMSGrad's maximum not kept", "v_max[i] = square;", ""),
    Mutant("optimizer.cu", "AMSGrad's minimum", "!(square >= largest)", "!(square <= largest)"),
    Mutant(
        "optimizer.cu", "a chunk beyond its array", "end = min(first + CHUNK, last)", "end = first + CHUNK"
    ),
    Mutant(
        "optimizer.cu",
        "the last block's sum left out",
        "i < size; i += THREADS) sum += sums[i]",
        "i < size - 1; i += THREADS) sum += sums[i]",
    ),
]
