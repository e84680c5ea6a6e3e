"""NVRTC in this process, by NVIDIA's bindings: no driver, no GPU."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple


class ToolMissing(Exception):
    """NVRTC, its bindings or the disassembler are not installed."""


class CompileError(Exception):
    """NVRTC refuses a source; the message is its log."""


class Compiled(NamedTuple):
    """What NVRTC made of a source for one target; ``symbols`` has the mangled name of each instance."""

    symbols: dict[str, str]
    ptx: str
    cubin: bytes
    log: str


@functools.cache
def _nvrtc() -> Any:
    try:
        from cuda.bindings import nvrtc

        nvrtc.nvrtcVersion()
    except (ImportError, RuntimeError) as error:  # the bindings raise the second without the library
        raise ToolMissing(f"NVRTC is not at hand ({error}): pip install -e '.[gate]'") from error
    return nvrtc


def version() -> str:
    """Of NVRTC, such as 12.9; ToolMissing without it."""
    return ".".join(map(str, _call("nvrtcVersion")))


def answer() -> None:
    """A process's whole work: reads what to compile from its input, writes what came of it; JSON both.

    The cubin goes as hexadecimal digits; for a CompileError there is its log alone, as a string.
    """
    try:
        result = _compiled(*json.load(sys.stdin))
    except CompileError as error:
        json.dump(str(error), sys.stdout)
    else:
        json.dump({**result._asdict(), "cubin": result.cubin.hex()}, sys.stdout)


def _compiled(text: str, options: Sequence[str], instances: Sequence[str], target: str) -> Compiled:
    program = _call("nvrtcCreateProgram", text.encode(), b"kernel.cu", 0, [], [])[0]
    try:
        for name in instances:
            _call("nvrtcAddNameExpression", program, name.encode())
        words = [word.encode() for word in (*options, f"-arch={target}", "--ptxas-options=-v")]
        result, *_ = _nvrtc().nvrtcCompileProgram(program, len(words), words)
        log = _text(program, "ProgramLog").decode()
        if int(result):
            raise CompileError(f"{target}: {log}")
        symbols = {
            name: _call("nvrtcGetLoweredName", program, name.encode())[0].decode() for name in instances
        }
        return Compiled(symbols, _text(program, "PTX").decode(), _text(program, "CUBIN"), log)
    finally:
        _call("nvrtcDestroyProgram", program)


def _call(name: str, *arguments: Any) -> list[Any]:
    result, *values = getattr(_nvrtc(), name)(*arguments)
    if int(result):
        raise RuntimeError(f"{name}: {result.name}")
    return values


def _text(program: Any, what: str) -> bytes:
    (size,) = _call(f"nvrtcGet{what}Size", program)
    memory = b" " * size
    _call(f"nvrtcGet{what}", program, memory)
    return memory
