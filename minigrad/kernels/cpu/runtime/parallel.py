"""A loop over the threads for compiled code.

``numba.prange`` does the same, but compiles all that its body calls three times more: in a function for the
body, in a wrapper of that, and in the function around it. Numba keeps compiled callers on disk and notices a
change only in their own file: touch them when this file changes.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.callconv import errcode_t, excinfo_ptr_t
from numba.extending import intrinsic

from minigrad.kernels.cpu.runtime.compiling import start_pool
from minigrad.kernels.cpu.runtime.inner import compiled_into_caller, signature_of

BYTES, SIZE = ir.IntType(8).as_pointer(), ir.IntType(types.intp.bitwidth)


@intrinsic
def parallel_for(typingctx: Any, count: Any, function: Any, *arguments: Any) -> Any:
    """function(i, *arguments) for i < count, spread over the threads; each takes a run of successive i.

    ``function`` is an ``inner_jit`` function. Call the kernel under ``launch``, unless ``count`` is 1.
    An exception of one call is raised here when all calls have ended.
    """
    called = signature_of((types.intp, *arguments))
    kinds = called.args[1:]

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        start_pool()
        context.active_code_library._reload_init.add(
            start_pool
        )  # before the machine code is loaded from disk
        described = compiled_into_caller(context, function.typing_key.function, called)
        items = [builder.extract_value(values[2], k) for k in range(len(kinds))]
        items = [_borrowed(context, builder, kind, item) for kind, item in zip(kinds, items, strict=True)]
        error = [cgutils.get_null_value(kind) for kind in (errcode_t, excinfo_ptr_t)]
        shared = cgutils.alloca_once_value(builder, cgutils.pack_struct(builder, [*error, *items]))
        kernel = _kernel(context, builder.module, described, called, shared.type)
        _spread(builder, kernel, values[0], shared)
        code, info = (builder.load(cgutils.gep_inbounds(builder, shared, 0, k)) for k in (0, 1))
        status = context.call_conv._get_return_status(builder, code, info)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.void(types.intp, function, types.StarArgTuple.from_types(kinds)), generate


@intrinsic
def threads_allowed(typingctx: Any) -> Any:
    """How many threads ``parallel_for`` may use now, in a kernel that calls it."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        return _allowed(builder)

    return types.intp(), generate


def _allowed(builder: ir.IRBuilder) -> Any:
    allowed = cgutils.get_or_insert_function(builder.module, ir.FunctionType(SIZE, []), "get_num_threads")
    return builder.call(allowed, [])


def _borrowed(context: Any, builder: ir.IRBuilder, kind: Any, value: Any) -> Any:
    """The value without its arrays' reference counters, at which the threads would wait for each other."""
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = cgutils.get_null_value(array.meminfo.type)
        array.parent = cgutils.get_null_value(array.parent.type)
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        for k, part in enumerate(kind):
            item = _borrowed(context, builder, part, builder.extract_value(value, k))
            value = builder.insert_value(value, item, k)
    return value


def _kernel(context: Any, module: ir.Module, described: Any, called: Any, shared_type: Any) -> ir.Function:
    """The function that a thread runs: dims[0] calls, from the i on that args[0] holds as an address."""
    form = ir.FunctionType(ir.VoidType(), [BYTES.as_pointer(), SIZE.as_pointer(), SIZE.as_pointer(), BYTES])
    kernel = ir.Function(module, form, name=module.get_unique_name(f"{described.mangled_name}.for"))
    kernel.linkage = "internal"
    kernel.attributes.add("noinline")
    builder = ir.IRBuilder(kernel.append_basic_block())
    first = builder.ptrtoint(builder.load(kernel.args[0]), SIZE)
    shared = builder.bitcast(kernel.args[3], shared_type)
    own = [builder.load(cgutils.gep_inbounds(builder, shared, 0, k + 1)) for k in range(1, len(called.args))]
    with cgutils.for_range(builder, builder.load(kernel.args[1]), intp=SIZE) as loop:
        index = builder.add(first, loop.index)
        status, _ = context.call_internal_no_propagate(builder, described, called, [index, *own])
        with cgutils.if_unlikely(builder, status.is_error):
            builder.store(status.code, cgutils.gep_inbounds(builder, shared, 0, 0))
            builder.store(status.excinfoptr, cgutils.gep_inbounds(builder, shared, 0, 1))
    builder.ret_void()
    return kernel


def _spread(builder: ir.IRBuilder, kernel: ir.Function, count: Any, shared: Any) -> None:
    """Spread ``count`` over calls of kernel(args, dims, steps, data); args[0] moves on by steps[0]."""
    tables = [ir.Constant(BYTES, None), count, SIZE(1)]  # args[0], dims[0], steps[0]: the addresses 0, 1, ...
    places = [cgutils.alloca_once_value(builder, table) for table in tables]
    with builder.if_else(builder.icmp_signed("==", count, SIZE(1))) as (alone, together):
        with alone:
            builder.call(kernel, [*places, builder.bitcast(shared, BYTES)])
        with together:
            form = ir.FunctionType(ir.VoidType(), [BYTES] * 5 + [SIZE] * 3)
            spread = cgutils.get_or_insert_function(builder.module, form, "numba_parallel_for")
            pointers = [builder.bitcast(place, BYTES) for place in (kernel, *places, shared)]
            builder.call(spread, [*pointers, SIZE(0), SIZE(1), _allowed(builder)])
