"""Compiles CUDA sources by NVRTC for a named target; no driver, no GPU."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

DISASSEMBLER = "nvidia-cuda-nvdisasm"


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


@functools.cache
def disassembler() -> Path:
    """The program nvdisasm of its Python package; ToolMissing without it."""
    try:
        files = metadata.files(DISASSEMBLER) or []
    except metadata.PackageNotFoundError as error:
        raise ToolMissing(
            "NVRTC's cubins cannot be read without nvdisasm: pip install -e '.[gate]'"
        ) from error
    return Path(str(next(file for file in files if file.name == "nvdisasm").locate()))


def version() -> str:
    """Of NVRTC, such as 12.9; ToolMissing without it."""
    return ".".join(map(str, _call("nvrtcVersion")))


def compiled(text: str, options: Sequence[str], instances: Sequence[str], target: str) -> Compiled:
    """``text`` compiled for ``target``, such as sm_90. CompileError if NVRTC refuses it."""
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


def disassembled(cubin: bytes) -> str:
    """The machine code of all kernels of a cubin, as text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernels.cubin"
        path.write_bytes(cubin)
        command = [disassembler(), "--print-code", path]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


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
