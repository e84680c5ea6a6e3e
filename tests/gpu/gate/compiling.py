"""Compiles CUDA sources by NVRTC for a named target, each in a process of its own, and disassembles."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.gpu.gate.keeping import kept
from tests.gpu.gate.nvrtc import Compiled, CompileError, ToolMissing, version
from tests.processes import ROOT

DISASSEMBLER = "nvidia-cuda-nvdisasm"

ANSWER = "from tests.gpu.gate.nvrtc import answer; answer()"


def compiled(text: str, options: Sequence[str], instances: Sequence[str], target: str) -> Compiled:
    """``text`` compiled for ``target``, such as sm_90. CompileError if NVRTC refuses it.

    In a fresh process: the registers that ptxas gives a kernel change, now and then, with what its process
    did before. The result is kept on disk for an equal call.
    """
    key = (
        version(),
        *_packages(),
        text,
        list(options),
        list(instances),
        target,
    )  # version() raises ToolMissing
    result = kept(key, lambda: _answer(text, options, instances, target))
    if isinstance(result, str):
        raise CompileError(result)
    return Compiled(**{**result, "cubin": bytes.fromhex(result["cubin"])})


@functools.cache
def _packages() -> tuple[str, ...]:
    """The packages that have NVRTC, whose ``version`` does not tell its updates apart."""
    found = [(package.name, package.version) for package in metadata.distributions()]
    return tuple(sorted(f"{name} {number}" for name, number in found if name.startswith("nvidia-cuda-nvrtc")))


def _answer(text: str, options: Sequence[str], instances: Sequence[str], target: str) -> Any:
    """What ``nvrtc.answer`` writes in a process of its own."""
    answered = subprocess.run(
        [sys.executable, "-c", ANSWER],
        input=json.dumps((text, options, instances, target)),
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        check=True,
    )
    return json.loads(answered.stdout)


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


def disassembled(cubin: bytes) -> str:
    """The machine code of all kernels of a cubin, as text; kept on disk for an equal cubin."""
    text: str = kept((metadata.version(DISASSEMBLER), cubin.hex()), lambda: _disassembled(cubin))
    return text


def _disassembled(cubin: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernels.cubin"
        path.write_bytes(cubin)
        command = [disassembler(), "--print-code", path]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
