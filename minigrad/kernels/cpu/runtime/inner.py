"""Functions that only compiled code calls, compiled as a part of each kernel that needs them.

If one compiled function calls another, Numba compiles the second on its own and once more within the caller;
over a few levels of calls this takes most of the time. LLVM gets an ``inner_jit`` function with its caller
and optimises it once. Numba keeps compiled callers on disk and notices a change only in their own file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary, WeakSet

from llvmlite import ir
from llvmlite.binding import Linkage
from numba import types
from numba.core import compiler, targetconfig
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., None])

_inlined: WeakSet[Any] = WeakSet()
_parts: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()  # by library: what is compiled into it


def inner_jit(function: Function) -> Function:
    """Compile a function that returns nothing as a part of its callers; Python cannot call it."""

    @intrinsic
    def call(typingctx: Any, *arguments: Any) -> Any:
        called = signature_of(arguments)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            described = compiled_into_caller(context, function, called)
            items = [builder.extract_value(values[0], k) for k in range(len(called.args))]
            return context.call_internal(builder, described, called, items)

        return types.void(types.StarArgTuple.from_types(called.args)), generate

    call.function = function
    return cast(Function, call)


def inlined(function: Function) -> Function:
    """Put the body of an ``inner_jit`` function in the place of its call: for one in an innermost loop.

    LLVM would call a long one, and each of its arguments' parts would pass through memory. It cannot make
    arrays: it counts no references, which would take a tenth of a small tile's time.
    """
    _inlined.add(function)
    return function


def signature_of(arguments: Any) -> Any:
    """The signature for which an inner function is compiled."""
    return types.void(*(types.unliteral(argument) for argument in arguments))


def compiled_into_caller(context: Any, function: Callable[..., None], called: Any) -> Any:
    """Compile a function into the library that is being compiled now; returns Numba's description of it."""
    library = context.active_code_library
    parts = _parts.setdefault(library, {})
    key = function, called.args
    if key not in parts:
        flags = targetconfig.ConfigStack().top().copy()
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        flags.nrt = function not in _inlined
        own = context.subtarget(enable_nrt=flags.nrt)
        result = compiler.compile_extra(
            context.typing_context, own, function, called.args, types.none, flags, {}, library
        )
        parts[key] = result.fndesc
        compiled = library.get_function(result.fndesc.mangled_name)
        compiled.linkage = Linkage.linkonce_odr  # it may be inlined and then dropped
        if function in _inlined:
            compiled.add_function_attribute("alwaysinline")
    return parts[key]
