"""Compiles kernels and the runtime with g++, once: shared objects are kept by a hash of all that goes in."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.gpu.emulator.errors import CompilerMissing, EmulatorError

RUNTIME = Path(__file__).parent / "runtime"

KERNEL_FLAGS = (
    *("-std=c++17", "-fPIC", "-g1", "-gdwarf-4", "-w", "-fvisibility=hidden", "-fno-exceptions", "-fno-rtti"),
    *("-fno-gnu-unique", "-fno-strict-aliasing"),
    "-ffp-contract=fast",  # as nvcc and NVRTC do by default
)
FAST_FLAGS = ("-O2",)
# The functions that the sanitizers' code calls are the runtime's own: the link goes without these flags.
CHECK_FLAGS = (
    *("-O1", "-fno-tree-vectorize", "-fsanitize=thread"),
    "-fsanitize=bounds,alignment,shift,integer-divide-by-zero,signed-integer-overflow",
)

# What NVRTC takes and means nothing here.
IGNORED_OPTION = re.compile(
    r"--?(std|gpu-architecture|arch|use_fast_math|fmad|lineinfo|generate-line-info|default-device|device-as-default"
    r"-execution-space|maxrregcount|restrict|extra-device-vectorization|ptxas-options|Xptxas)\b"
)
DYNAMIC_SHARED = re.compile(
    r"extern\s+__shared__\s+(?:(?:__align__|alignas)\s*\([^)]*\)\s*)?([\w:<>\s]+?)\s*\b(\w+)\s*\[\s*\]\s*;"
)


def cache_folder() -> Path:
    """Where shared objects are kept: $CUDA_EMULATOR_CACHE, or a folder in the user's cache."""
    chosen = os.environ.get("CUDA_EMULATOR_CACHE")
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(chosen) if chosen else Path(user) / "minigrad-cuda-emulator"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@functools.cache
def compiler() -> tuple[str, str]:
    """The path of g++, and what it says of its version.

    Raises CompilerMissing if it is not installed.
    """
    path = shutil.which("g++")
    if path is None:
        raise CompilerMissing(
            "g++ is not installed, and the CUDA emulator compiles kernels with it: apt-get install g++"
        )
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    return path, version.splitlines()[0]


@functools.cache
def processor_flags() -> tuple[str, ...]:
    """Fused multiply-add, where the processor has it: without it fmaf is a slow call."""
    try:
        has = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return ()
    return ("-mavx2", "-mfma") if {"avx2", "fma"} <= set(has) else ()


def _build(name: str, files: dict[str, str], steps: Sequence[Sequence[str]]) -> Path:
    """The file ``out`` that the compiler makes of some files in some steps, kept by a hash of all of it.

    Where the repository lies is no part of the hash: another clone finds what the first one compiled.
    """
    path, version = compiler()
    flags = [word.replace(str(RUNTIME), RUNTIME.name) for step in steps for word in step]
    words = [version, *flags, *files.values(), *_runtime_texts()]
    key = hashlib.sha256("\0".join(words).encode())
    target = cache_folder() / f"{name}-{key.hexdigest()[:24]}.so"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        for file, text in files.items():
            (Path(folder) / file).write_text(text)
        for step in steps:
            result = subprocess.run([path, *step], cwd=folder, capture_output=True, text=True, check=False)
            if result.returncode:
                raise EmulatorError("compile", f"g++ refuses the {name}:\n{result.stderr[:4000]}")
        (Path(folder) / "out").replace(target)  # in one go: another process may look for it
    return target


def _runtime_texts() -> list[str]:
    return [file.read_text() for file in sorted(RUNTIME.iterdir())]


@functools.cache
def runtime() -> Path:
    """The emulator's own shared object."""
    sources = [str(file) for file in sorted(RUNTIME.glob("*.cpp"))]
    return _build("runtime", {}, [["-std=c++17", "-fPIC", "-shared", "-O2", *sources, "-o", "out"]])


def _definitions(options: Sequence[str]) -> tuple[str, ...]:
    definitions = tuple(option for option in options if re.match(r"-[DU]\w", option))
    for option in options:
        if option not in definitions and not IGNORED_OPTION.match(option):
            raise ValueError(f"the emulator does not know the compiler option {option!r}")
    return definitions


def _program(source: str, names: Sequence[str]) -> dict[str, str]:
    """The C++ files of a CUDA source, with an entry for each of the kernels ``names``."""
    entries = [f"EMULATOR_ENTRY({index}, {name})" for index, name in enumerate(names)]
    return {
        "kernel.cu": DYNAMIC_SHARED.sub(r"\1 *\2 = (\1 *)emulator_dynamic_shared_memory();", source),
        "kernel.cpp": "\n".join(['#include "cuda.h"', '#include "kernel.cu"', *entries, ""]),
    }


def kernels(source: str, names: Sequence[str], options: Sequence[str], check: bool) -> Path:
    """The shared object of the kernels ``names`` of a CUDA source.

    Raises EmulatorError of kind "compile" with the compiler's words, and ValueError for an unknown option.
    """
    flags = [
        *KERNEL_FLAGS,
        *processor_flags(),
        *(CHECK_FLAGS if check else FAST_FLAGS),
        *_definitions(options),
    ]
    compile_step = [*flags, f"-I{RUNTIME}", "-c", "kernel.cpp", "-o", "kernel.o"]
    link_step = ["-shared", "kernel.o", str(runtime()), "-o", "out"]
    return _build("kernel", _program(source, names), [compile_step, link_step])
