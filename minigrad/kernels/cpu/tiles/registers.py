"""Vector registers: how many rows and vectors a tile of them has here, and instructions on vectors.

The products, transpositions and matrices of this folder are written in LLVM's vector instructions, since no
loop is compiled into as good ones. Numba keeps compiled callers on disk and notices a change only in their
own file: touch them when a file here changes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic


class Tile(NamedTuple):
    """A tile of ``rows`` x ``vectors`` registers of ``width`` bytes each."""

    rows: int
    vectors: int
    width: int

    def lanes(self, itemsize: int) -> int:
        """Columns of the tile, for elements of ``itemsize`` bytes."""
        return self.vectors * self.width // itemsize


def _features() -> set[str]:
    if config.CPU_FEATURES is not None:
        return {name[1:] for name in config.CPU_FEATURES.split(",") if name.startswith("+")}
    return {name for name, present in binding.get_host_cpu_features().items() if present}


def _choose(features: set[str]) -> Tile:
    """The tile that fills the registers and leaves some for operands: 26 + 3 of 32 or 12 + 3 of 16."""
    if "avx512f" in features:
        return Tile(rows=13, vectors=2, width=64)
    if "avx2" in features:
        return Tile(rows=6, vectors=2, width=32)
    if "neon" in features:
        return Tile(rows=8, vectors=3, width=16)
    return Tile(rows=4, vectors=2, width=16)


TILE = _choose(_features())
ROWS = TILE.rows
WIDTH = TILE.width

I64, I32 = ir.IntType(64), ir.IntType(32)


class Emitter:
    """Vector instructions on an array's element type."""

    def __init__(self, context: Any, builder: ir.IRBuilder, array: Any) -> None:
        self.context, self.builder = context, builder
        self.element = context.get_data_type(array.dtype)
        self.bits = array.dtype.bitwidth
        self.width = TILE.width * 8 // self.bits
        self.vector = ir.VectorType(self.element, self.width)
        self.align = self.element.get_abi_size(context.target_data)

    def pointer(self, array: Any, value: Any, offset: Any) -> Any:
        data = self.context.make_array(array)(self.context, self.builder, value).data
        return self.builder.gep(data, [offset])

    def vector_at(self, base: Any, offset: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(base, [offset]), self.vector.as_pointer())

    def constant(self, value: float) -> Any:
        return ir.Constant(self.vector, [value] * self.width)

    def load(self, address: Any) -> Any:
        value = self.builder.load(address)
        value.align = self.align
        return value

    def store(self, value: Any, address: Any) -> None:
        self.builder.store(value, address).align = self.align

    def first_lanes(self, count: Any) -> Any:
        """A mask of the first ``count`` lanes, or of all."""
        integer = ir.IntType(self.bits)
        kind = ir.VectorType(integer, self.width)
        most = self.builder.select(
            self.builder.icmp_signed("<", count, I64(self.width)), count, I64(self.width)
        )
        most = most if self.bits == 64 else self.builder.trunc(most, integer)
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), most, I32(0))
        lanes = ir.Constant(kind, list(range(self.width)))
        return self.builder.icmp_signed("<", lanes, self.shuffle(one, one, [0] * self.width))

    def load_some(self, address: Any, mask: Any) -> Any:
        """The lanes of the mask, zero in the others, whose memory is not read."""
        kind = ir.FunctionType(self.vector, [address.type, I32, mask.type, self.vector])
        function = self._masked("load", kind)
        return self.builder.call(function, [address, I32(self.align), mask, self.constant(0.0)])

    def store_some(self, value: Any, address: Any, mask: Any) -> None:
        """Store the lanes of the mask."""
        kind = ir.FunctionType(ir.VoidType(), [self.vector, address.type, I32, mask.type])
        self.builder.call(self._masked("store", kind), [value, address, I32(self.align), mask])

    def _masked(self, name: str, kind: Any) -> Any:
        vector = f"v{self.width}f{self.bits}"
        return cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.masked.{name}.{vector}.p0{vector}"
        )

    def add_in_order(self, a: Any, b: Any) -> Any:
        """a + b, as one step of a sum whose order LLVM must not change."""
        kind = ir.FunctionType(self.vector, [self.vector])
        name = f"llvm.arithmetic.fence.v{self.width}f{self.bits}"
        fence = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(fence, [self.builder.fadd(a, b)])

    def prefetch(self, base: Any, distance: int) -> None:
        """Prefetch the cache line ``distance`` bytes on."""
        data = ir.IntType(8).as_pointer()
        address = self.builder.gep(self.builder.bitcast(base, data), [I64(distance)])
        kind = ir.FunctionType(ir.VoidType(), [data, I32, I32, I32])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0i8")
        read, keep, data_cache = I32(0), I32(3), I32(1)
        self.builder.call(function, [address, read, keep, data_cache])

    def opaque(self, value: Any) -> Any:
        """The value, about whose origin LLVM must know nothing; costs no instruction."""
        kind = ir.FunctionType(value.type, [value.type])
        return self.builder.asm(kind, "", "=r,0", [value], False)

    def copy_row(self, source: Any, target: Any, count: int) -> None:
        """Copy ``count`` elements that lie side by side."""
        row = ir.VectorType(self.element, count).as_pointer()
        value = self.builder.load(self.builder.bitcast(source, row))
        value.align = self.align
        self.builder.store(value, self.builder.bitcast(target, row)).align = self.align

    def shuffle(self, a: Any, b: Any, lanes: list[int]) -> Any:
        mask = ir.Constant(ir.VectorType(I32, len(lanes)), lanes)
        return self.builder.shuffle_vector(a, b, mask)

    def broadcast(self, scalar: Any) -> Any:
        one = self.builder.insert_element(ir.Constant(self.vector, ir.Undefined), scalar, I32(0))
        return self.shuffle(one, one, [0] * self.width)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        name = f"llvm.fmuladd.v{self.width}f{self.bits}"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), [a, b, c])


@intrinsic
def prefetch(typingctx: Any, array: Any, index: Any) -> Any:
    """Prefetch the cache line of array[index]; the array is contiguous and has one axis."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        emit = Emitter(context, builder, signature.args[0])
        emit.prefetch(emit.pointer(signature.args[0], values[0], values[1]), 0)
        return context.get_dummy_value()

    return types.void(array, types.int64), generate
