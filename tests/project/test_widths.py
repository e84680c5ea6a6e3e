"""Functions take at most eight parameters; what is more goes together in a value with a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.processes import ROOT

FOLDERS = "minigrad", "gans", "benchmarks", "tools", "examples"
MOST = 8

REGISTERS = "vectors or a tile of them: each value is an address, a step or a count that stays in a register"
PYTORCH = "the parameters of PyTorch's class"
OPTIONS = "options by name, of which a call gives a few"
OP = "the options of PyTorch's conv2d, one by one, with a bias and a slope"
NORM = "the tensors and numbers of a batch norm's gradient, each (c,), and the memory of the result"

WIDER = {
    "gans/api.py: train": OPTIONS,
    "gans/sweeps/door.py: sweep": OPTIONS,
    "gans/systems/settings.py: setting": OPTIONS,
    "minigrad/kernels/cpu/norm/kernels.py: batch_norm_from_means": NORM,
    "gans/trainer/run.py: resume": OPTIONS,
    "minigrad/kernels/cpu/tiles/copying.py: sum_run": REGISTERS,
    "minigrad/kernels/cpu/tiles/dots.py: multiply_dots": REGISTERS,
    "minigrad/kernels/cpu/tiles/product.py: _product.multiply": REGISTERS,
    "minigrad/kernels/cpu/tiles/runs.py: _dots.multiply": REGISTERS,
    "minigrad/kernels/cpu/tiles/shallow.py: multiply_shallow": REGISTERS,
    "minigrad/kernels/cpu/tiles/strided.py: multiply_strided": REGISTERS,
    "minigrad/kernels/cuda/norm/kernels.py: batch_norm_from_means": NORM,
    "minigrad/kernels/reference/norm.py: batch_norm_from_means": NORM,
    "minigrad/nn/conv.py: Convolution.__init__": PYTORCH,
    "minigrad/nn/conv.py: Correlation.__init__": PYTORCH,
    "minigrad/nn/conv.py: TransposedCorrelation.__init__": PYTORCH,
    "minigrad/optim/lr_scheduler/cycles.py: OneCycleLR.__init__": PYTORCH,
    "minigrad/optim/lr_scheduler/plateau.py: ReduceLROnPlateau.__init__": PYTORCH,
    "minigrad/ops/conv.py: conv2d_bias_leaky_relu": OP,
    "minigrad/ops/norm.py: batch_norm_grad": NORM,
}
"""The functions that take more, and why."""


def widths(node: ast.AST, outer: str = "") -> Iterator[tuple[str, int]]:
    """The dotted name of each function and its parameters, without ``self`` and ``cls``; **more is one."""
    for child in ast.iter_child_nodes(node):
        name = outer
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{outer}{child.name}."
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            named = [*child.args.posonlyargs, *child.args.args, *child.args.kwonlyargs]
            rest = [each for each in (child.args.vararg, child.args.kwarg) if each is not None]
            own = [each for each in named if each.arg not in ("self", "cls")]
            yield outer + child.name, len(own) + len(rest)
        yield from widths(child, name)


def test_widths_are_counted() -> None:
    source = (
        "class C:\n    def f(self, a, /, b, *rest, c, **more): ...\n"
        "def g():\n    if True:\n        async def h(x, y): ...\n"
    )
    assert dict(widths(ast.parse(source))) == {"C.f": 5, "g": 0, "g.h": 2}


def test_functions_are_not_wide() -> None:
    """Nor does WIDER name a function that takes no more than MOST."""
    wide = set()
    for folder in FOLDERS:
        paths = sorted((ROOT / folder).rglob("*.py"))
        assert paths
        for path in paths:
            tree = ast.parse(path.read_text("utf-8"))
            found = {name for name, width in widths(tree) if width > MOST}
            wide |= {f"{path.relative_to(ROOT).as_posix()}: {name}" for name in found}
    assert sorted(wide - WIDER.keys()) == []
    assert sorted(WIDER.keys() - wide) == []
