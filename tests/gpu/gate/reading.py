"""What a compiled instance needs: ptxas's own report, the threads in PTX, the instructions in SASS."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.gpu.gate.compiling import disassembled
from tests.gpu.gate.nvrtc import Compiled

ENTRY = re.compile(r"Compiling entry function '(\w+)' for '\w+'")
STACK = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
THREADS = re.compile(r"\.entry (\w+)\([^)]*\)\s*\.maxntid (\d+)(?:, (\d+), (\d+))?")
FUNCTION = re.compile(r"^\s*\.section\s+\.text\.(\w+),", re.MULTILINE)
INSTRUCTION = re.compile(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)")

TENSOR_CORE = re.compile(r"(H|I|D|B|Q|HG|IG|QG|BG)MMA\b")  # HFMA2.MMA is none
COPY = re.compile(r"LDGSTS\b")


HANDED_OUT = 8  # registers of a thread at a time: a warp gets multiples of 256


class Needs(NamedTuple):
    """Of one instance for one target: registers of a thread, as many as the hardware hands out; bytes of a
    thread (stack, spills) or of a block (shared)."""

    registers: int
    stack: int
    spills: int
    shared: int
    max_threads: int
    mma: int
    cp_async: int


def needs(compiled: Compiled) -> dict[str, Needs]:
    """Of each instance, by its name."""
    reports = _by_name(ENTRY, compiled.log)
    code = _by_name(FUNCTION, disassembled(compiled.cubin))
    threads = {name: int(x) * int(y or 1) * int(z or 1) for name, x, y, z in THREADS.findall(compiled.ptx)}
    return {
        instance: _one(reports[symbol], threads.get(symbol, 0), INSTRUCTION.findall(code[symbol]))
        for instance, symbol in compiled.symbols.items()
    }


def _one(report: str, max_threads: int, instructions: list[str]) -> Needs:
    stacks = [[int(number) for number in found] for found in STACK.findall(report)]  # and of what it calls
    registers = re.search(r"Used (\d+) registers", report)
    assert stacks, f"ptxas reports no stack:\n{report}"
    assert registers, f"ptxas reports no registers:\n{report}"
    assert instructions, "there is no code"
    shared = re.search(r"(\d+) bytes smem", report)

    def count(pattern: re.Pattern[str]) -> int:
        return sum(bool(pattern.match(instruction)) for instruction in instructions)

    return Needs(
        registers=-(-int(registers[1]) // HANDED_OUT) * HANDED_OUT,
        stack=sum(stack for stack, _, _ in stacks),
        spills=sum(stores + loads for _, stores, loads in stacks),
        shared=int(shared[1]) if shared else 0,
        max_threads=max_threads,
        mma=count(TENSOR_CORE),
        cp_async=count(COPY),
    )


def _by_name(head: re.Pattern[str], text: str) -> dict[str, str]:
    """What follows each head, up to the next, by the name that the head has."""
    heads = list(head.finditer(text))
    ends = [*(found.start() for found in heads[1:]), len(text)]
    return {found[1]: text[found.end() : end] for found, end in zip(heads, ends, strict=True)}
