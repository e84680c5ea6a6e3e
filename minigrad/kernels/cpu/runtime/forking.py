"""The loop over the threads in a process that was forked from one that had threads.

The child has no such threads, and GNU OpenMP cannot start others: Numba ends a child that tries. So compiled
code enters the pool through a function which, in such a child, runs the whole loop itself. Results do not
depend on the number of threads. If a process forks before its first kernel, each child starts its own pool.

Python 3.12 and later warn (DeprecationWarning) where a process with threads forks. Processes that
``multiprocessing.get_context("spawn")`` starts have neither the warning nor the limit to one thread.
"""

from __future__ import annotations

import ctypes
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core.compiler_lock import global_compiler_lock

from minigrad.kernels import forking

__all__ = ["guard_pool"]

POOL = "numba_parallel_for"
"""The symbol by which compiled code calls the pool: (kernel, args, dims, steps, data, 3 sizes)."""

BYTES, SIZE, FLAG = ir.IntType(8).as_pointer(), ir.IntType(8 * ctypes.sizeof(ctypes.c_ssize_t)), ir.IntType(8)

_machine_code: list[Any] = []  # lives as long as the process


def guard_pool() -> None:
    """Let machine code that is loaded later enter the pool through that function; load the pool before."""
    if _machine_code:
        return
    module = ir.Module("minigrad.forking")
    module.triple = llvm.get_process_triple()
    _write_loop(module, llvm.address_of_symbol(POOL))
    machine = llvm.Target.from_triple(module.triple).create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(str(module)), machine)
    engine.finalize_object()
    _machine_code.append(engine)
    llvm.add_symbol(POOL, engine.get_function_address("loop"))


def _write_loop(module: ir.Module, pool: int) -> None:
    """loop(...) calls the pool, or kernel(args, dims, steps, data) if the threads are lost."""
    kernel_type = ir.FunctionType(ir.VoidType(), [BYTES] * 4)
    pool_type = ir.FunctionType(ir.VoidType(), [BYTES] * 5 + [SIZE] * 3)
    loop = ir.Function(module, pool_type, name="loop")
    builder = ir.IRBuilder(loop.append_basic_block())
    flag = builder.inttoptr(SIZE(ctypes.addressof(forking.threads_lost)), FLAG.as_pointer())
    with builder.if_else(builder.icmp_signed("!=", builder.load(flag), FLAG(0))) as (lost, there):
        with lost:
            kernel = builder.bitcast(loop.args[0], kernel_type.as_pointer())
            builder.call(kernel, loop.args[1:5])
        with there:
            builder.call(builder.inttoptr(SIZE(pool), pool_type.as_pointer()), loop.args)
    builder.ret_void()


forking.held.append(global_compiler_lock)
