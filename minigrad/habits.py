"""The table of names that users of PyTorch, NumPy and other libraries type, with what to write instead.

A hint is code, with a comment where one is due; the tests run each. ``minigrad.hints`` puts the code
behind Python's own error for the name. A name that would not be a second one for the same thing exists.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ATTRIBUTES", "KEYWORDS"]


def _table(rows: Mapping[str, str]) -> dict[str, str]:
    """Each name of the keys, which hold one or several, with its code."""
    return {name: code for names, code in rows.items() for name in names.split()}


_GRAD = "grads = mg.grad(loss, net.parameters())"
_GENERATOR = "mg.random.generator()"

ATTRIBUTES: dict[str, dict[str, str]] = {
    "Tensor": _table(
        {
            "backward": f"{_GRAD}  # gradients are what grad returns",
            "grad zero_grad": f"{_GRAD}  # no Tensor stores a gradient, there is nothing to clear",
            "requires_grad requires_grad_": "mg.grad(loss, [x])  # every float Tensor can be differentiated",
            "grad_fn": "x.op",
            "residual": "x.saved  # what an op keeps for its rules",
            "is_leaf": "x.op is None",
            "retain_grad retains_grad": "mg.grad(loss, [x])  # any Tensor of the graph can be asked for",
            "register_hook": "[2.0 * g for g in mg.grad(loss, net.parameters())]  # gradients are values",
            "detach_": "x.detach()",
            "cuda": 'x.to("cuda")',
            "cpu": 'x.to("cpu")',
            "is_cuda get_device": 'x.device == "cuda"',
            "pin_memory contiguous": "x  # ops take any strides",
            "is_contiguous stride strides flags nbytes itemsize element_size": "x.data.strides",
            "float": "x.astype(mg.float32)",
            "double": "x.astype(mg.float64)",
            "half bfloat16": "x.astype(mg.float32)  # or float64: a Tensor holds no other floats",
            "long": "x.astype(mg.int64)",
            "int": "x.astype(mg.int32)",
            "short char byte": "x.astype(mg.int16)",
            "bool": "x.astype(bool)",
            "type": "x.dtype  # convert with x.astype(mg.float64)",
            "type_as": "x.astype(y.dtype)",
            "is_floating_point": "x.is_float",
            "numel nelement": "x.size",
            "dim ndimension": "x.ndim",
            "view": "x.reshape(3, 2)",
            "view_as reshape_as": "x.reshape(y.shape)",
            "permute": "x.transpose(1, 0)",
            "t mT H adjoint": "x.swapaxes(-1, -2)",
            "unsqueeze": "mg.ops.expand_dims(x, 0)  # or x[None]",
            "expand": "mg.ops.broadcast_to(x, (4, 2, 3))",
            "expand_as": "mg.ops.broadcast_to(x, y.shape)",
            "clone": "x.copy()",
            "clamp": "x.clip(0.0, 1.0)",
            "pow": "x ** 2",
            "mm bmm dot": "x @ y.T",
            "norm": "mg.ops.vector_norm(x)",
            "eq": "x == y",
            "ne": "x != y",
            "lt": "x < y",
            "gt": "x > y",
            "le": "x <= y",
            "ge": "x >= y",
            "logical_not": "~(x > y)",
            "masked_fill": "mg.ops.where(x > y, 0.0, x)",
            "gather take take_along_dim index_select": "x[[0, 1], [2, 0]]",
            "scatter_add index_add put": "mg.ops.scatter(x, index=slice(2), shape=(4, 3))",
            "values": "x.max(axis=0)  # max returns a Tensor",
            "indices": "x.argmax(axis=0)",
            "new_zeros": "mg.zeros_like(x)",
            "new_ones": "mg.ones_like(x)",
            "new_tensor new_full": "mg.full_like(x, 2.0)",
            "sort argsort topk unique nonzero median quantile histc searchsorted": (
                "np.argsort(x.numpy())  # no op: NumPy has it, without a gradient"
            ),
            "multinomial": "mg.random.categorical(mg.ops.log(x), axis=1)  # of logits",
            "tobytes tofile dump": "x.numpy().tobytes()",
            "apply_ map_": "mg.modify(x, lambda a: np.negative(a, out=a))",
            "normal_": "mg.nn.init.normal_(x)",
            "uniform_": "mg.nn.init.uniform_(x)",
            "zero_ fill_ fill": "mg.modify(x, lambda a: a.fill(0))",
            "copy_": "mg.modify(x, np.copyto, y)",
            "add_ sub_ mul_ div_ clamp_ data_ptr": "mg.modify(x, lambda a, b: np.add(a, b, out=a), y)",
        }
    ),
    "Module": _table(
        {
            "zero_grad": f"{_GRAD}  # parameters store no gradients, there is nothing to clear",
            "backward": f"{_GRAD}  # gradients are what grad returns",
            "requires_grad requires_grad_": (
                "mg.grad(loss, net.parameters())  # the list says what is trained, nothing is frozen"
            ),
            "cuda": 'net.to("cuda")',
            "cpu": 'net.to("cpu")',
            "device": "net.parameters()[0].device",
            "dtype": "net.parameters()[0].dtype",
            "half bfloat16 type": "net.astype(mg.float32)  # float32 or float64",
            "num_parameters count_params": "sum(p.size for p in net.parameters())",
            "summary": "mg.nn.summary(net, (4, 3))",
            "add_module register_module": 'setattr(net, "name", mg.nn.Linear(3, 2))',
            "fused_with": (
                "mg.nn.fusion.register(mg.nn.Linear, mg.nn.Tanh)  # decorates the function that runs both"
            ),
            "register_parameter": 'setattr(net, "name", mg.nn.Parameter(np.ones(3)))',
            "get_parameter": 'dict(net.named_parameters())["0.weight"]',
            "get_submodule": 'dict(net.named_modules())["0"]',
            "compile": "step = mg.capture(lambda x: net(x))",
            "register_forward_hook register_forward_pre_hook register_full_backward_hook": (
                "hidden = net[0](x)  # call the parts, or define forward in a subclass"
            ),
            "save": "mg.save(path, net.state_dict())",
            "load": "net.load_state_dict(mg.load(path))",
            "predict": "net(x)",
            "share_memory": "net.state_dict()",
        }
    ),
    "Optimizer": _table(
        {
            "zero_grad": ("optimizer.step(mg.grad(loss, optimizer.params))  # there is nothing to clear"),
            "learning_rate": "optimizer.lr",
            "groups": "optimizer.param_groups",
            "state": "optimizer.averages  # state_dict() has all that is saved",
            "defaults": "optimizer.param_groups[0]  # settings are keys of groups, and attributes",
        }
    ),
    "minigrad": _table(
        {
            "backend": "mg.dispatch  # or mg.devices; allow_tf32 is in minigrad.kernels.precision",
            "cat concat hstack vstack": "mg.ops.concatenate([x, y])",
            "clamp": "mg.ops.clip(x, 0.0, 1.0)",
            "pow": "x ** 2",
            "mm bmm dot": "x @ y.T",
            "multiply": "x * y",
            "subtract": "x - y",
            "divide": "x / y",
            "eq equal": "x == y",
            "unsqueeze": "mg.ops.expand_dims(x, 0)",
            "permute": "mg.ops.transpose(x, (1, 0))",
            "norm": "mg.ops.vector_norm(x)",
            "allclose isclose": "np.allclose(x, y)",
            "randn": "mg.random.normal((2, 3))",
            "randn_like": "mg.random.normal(x.shape)",
            "rand": "mg.random.uniform((2, 3))",
            "rand_like": "mg.random.uniform(x.shape)",
            "normal": "5.0 + 2.0 * mg.random.normal((2, 3))",
            "randint": "mg.random.integers(0, 10, (2, 3))",
            "randperm": "mg.random.permutation(10)",
            "multinomial": "mg.random.categorical(mg.ops.log(x), axis=1)  # of logits",
            "bernoulli": "(mg.random.uniform((2, 3)) < 0.5).astype(mg.float32)",
            "seed": "mg.manual_seed(0)",
            "Generator": "mg.random.Philox(0)  # or numpy.random.default_rng(0): generator= takes both",
            "get_rng_state": "mg.random.get_state()",
            "set_rng_state": "mg.random.set_state(mg.random.get_state())",
            "from_numpy as_tensor asarray array": "mg.tensor(np.ones(3))  # a copy; mg.Tensor(array) is none",
            "from_dlpack": "mg.tensor(np.ones(3))  # takes what has __dlpack__",
            "empty": "mg.zeros(2, 3)",
            "empty_like": "mg.zeros_like(x)",
            "FloatTensor": "mg.tensor([1.0, 2.0])",
            "LongTensor IntTensor": "mg.tensor([1, 2])",
            "Variable": "mg.tensor([1.0, 2.0])",
            "float float16 half bfloat16": "mg.float32",
            "double": "mg.float64",
            "long": "mg.int64",
            "int": "mg.int32",
            "bool": "x.astype(bool)",
            "dtype": "np.dtype(mg.float32)",
            "is_tensor": "isinstance(x, mg.Tensor)",
            "numel": "x.size",
            "device": 'x.to("cpu")  # a device is the string "cpu" or "cuda"',
            "cuda backends": 'x.to("cuda")  # ModuleNotFoundError or RuntimeError where there is none',
            "get_default_dtype set_default_dtype": "net.astype(mg.float64)  # the default is always float32",
            "enable_grad set_grad_enabled is_grad_enabled": (
                "mg.grad(loss, [x])  # ops build a graph unless they are inside mg.no_grad()"
            ),
            "inference_mode": "mg.no_grad()",
            "autocast amp": "net.astype(mg.float32)  # there is no half precision",
            "Function": "mg.op  # decorates a function of arrays; then function.vjp(x=rule)",
            "compile jit": "step = mg.capture(lambda x: net(x))",
            "utils": "mg.nn.utils",
            "Grad GradientTape": f"{_GRAD}",
            "value_and_grad vmap hessian jacrev": (
                "mg.grad(loss, [x], create_graph=True)  # and grad again, of what it returns"
            ),
        }
    ),
    "minigrad.ops": _table(
        {
            "backend": "mg.dispatch  # or mg.devices; allow_tf32 is in minigrad.kernels.precision",
            "cat concat hstack vstack": "mg.ops.concatenate([x, y])",
            "clamp": "mg.ops.clip(x, 0.0, 1.0)",
            "pow": "mg.ops.power(x, 2.0)",
            "mm bmm dot": "mg.ops.matmul(x, y.T)",
            "multiply": "mg.ops.mul(x, y)",
            "subtract": "mg.ops.sub(x, y)",
            "divide": "mg.ops.div(x, y)",
            "negative": "mg.ops.neg(x)",
            "eq equal": "x == y",
            "greater gt": "x > y",
            "less lt": "x < y",
            "unsqueeze": "mg.ops.expand_dims(x, 0)",
            "permute": "mg.ops.transpose(x, (1, 0))",
            "view": "mg.ops.reshape(x, (3, 2))",
            "gather take": "x[[0, 1], [2, 0]]",
            "dropout": "mg.nn.functional.dropout(x, 0.5)",
            "one_hot": "mg.nn.functional.one_hot([0, 2], 3)",
            "normalize": "mg.nn.functional.normalize(x)",
            "zeros": "mg.zeros(2, 3)",
            "ones": "mg.ones(2, 3)",
            "randn": "mg.random.normal((2, 3))",
            "tan": "mg.ops.sin(x) / mg.ops.cos(x)",
            "log2": "mg.ops.log(x) / np.log(2)",
            "log10": "mg.ops.log(x) / np.log(10)",
            "binary_cross_entropy bce": (
                "mg.ops.binary_cross_entropy_with_logits(x, 1.0)  # of logits: finite however large"
            ),
            "sort argsort topk unique median": (
                "np.argsort(x.numpy())  # no op: NumPy has it, without a gradient"
            ),
        }
    ),
    "minigrad.nn": _table(
        {
            "BCELoss": (
                "mg.nn.BCEWithLogitsLoss()  # losses take logits, finite however large: leave the Sigmoid out"
            ),
            "Swish": "mg.nn.SiLU()",
            "Fused": (
                "mg.nn.fusion.register(mg.nn.Linear, mg.nn.Tanh)  # decorates the function that runs both"
            ),
            "UpsamplingNearest2d UpsamplingBilinear2d": 'mg.nn.Upsample(scale_factor=2, mode="bilinear")',
            "DataParallel": "net",
            "parallel DistributedDataParallel": (
                "gradients = mg.distributed.mean_over_ranks(mg.grad(loss, net.parameters()))"
                "  # in each of the processes that mpiexec starts"
            ),
            "SyncBatchNorm": "mg.nn.synchronised(net)  # its batch norm takes the batch of all ranks",
            "Tensor": "mg.Tensor",
        }
    ),
    "minigrad.nn.functional": _table(
        {
            "binary_cross_entropy": (
                "F.binary_cross_entropy_with_logits(x, 1.0)  # losses take logits: leave the sigmoid out"
            ),
            "upsample": "F.interpolate(images, scale_factor=2)",
            "batch_norm": "mg.nn.BatchNorm2d(3)(images)  # running statistics belong to a module",
        }
    ),
    "minigrad.nn.utils": _table(
        {
            "clip_grad_norm_ clip_grad_norm": (
                "grads = mg.grad(loss, net.parameters()); scale = (1.0 / mg.optim.gradient_norm(grads))"
                ".clip(max=1.0).astype(mg.float32); grads = [g * scale for g in grads]"
                "  # gradients are values"
            ),
            "clip_grad_value_": "[g.clip(-1.0, 1.0) for g in mg.grad(loss, net.parameters())]",
            "parameters_to_vector": "mg.ops.concatenate([p.ravel() for p in net.parameters()])",
        }
    ),
    "minigrad.optim": _table(
        {
            "swa_utils": "mg.optim.EMA(net)",
        }
    ),
    "minigrad.random": _table(
        {
            "randn standard_normal": "mg.random.normal((2, 3))",
            "rand random random_sample": "mg.random.uniform((2, 3))",
            "randint": "mg.random.integers(0, 10, (2, 3))",
            "randperm shuffle": "mg.random.permutation(10)",
            "multinomial": "mg.random.categorical(mg.ops.log(x), axis=1)  # of logits",
            "choice": f"{_GENERATOR}.choice(10, 3)",
            "seed": "mg.random.manual_seed(0)",
            "default_rng": "mg.random.Philox(0)  # or numpy.random.default_rng(0): generator= takes both",
            "fork_rng": "restore = mg.random.snapshot()",
        }
    ),
    "minigrad.autograd": _table(
        {
            "Function": "mg.op  # decorates a function of arrays; then function.vjp(x=rule)",
            "backward": _GRAD,
            "Variable": "mg.tensor([1.0, 2.0])",
            "gradcheck gradgradcheck": "mg.gradcheck(mg.ops.tanh, [np.ones(3)])",
            "functional": "mg.grad(loss, [x], create_graph=True)  # and grad again, of what it returns",
        }
    ),
}
"""By type or module: a name that it does not have, and what to write with x and y Tensors of (2, 3)."""

KEYWORDS = {
    "dim": "the argument is called axis, as in NumPy: axis=0",
    "dims": "the argument is called axes, as in NumPy: axes=(1, 0)",
    "keepdim": "the argument is called keepdims, as in NumPy: keepdims=True",
    "unbiased": "divide by n - 1 with correction=1",
    "requires_grad": "leave it out: every float Tensor can be differentiated, by minigrad.grad(loss, [x])",
    "size": "the argument is called shape",
    "inplace": "leave it out: ops change nothing in place",
    "device": 'leave it out and move the result: module.to("cuda")',
    "learning_rate": "the argument is called lr",
    "pin_memory": "leave it out",
    "memory_format": "leave it out: ops take any strides",
    "reduce": 'write reduction="sum"',
    "size_average": 'write reduction="mean"',
}
"""Arguments that a function does not have, with what to write instead."""
