"""The IDX format of MNIST, restricted to unsigned bytes, gzipped or not.

A file is two zero bytes, the type code 0x08, the number of dimensions, each dimension as a big-endian 32-bit
integer, and the values in C order.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from gans.errors import UserError
from gans.files import open_file, write

__all__ = ["MAX_BYTES", "Bytes", "idx_bytes", "idx_header", "idx_shape", "read_idx", "write_idx"]

Bytes = npt.NDArray[np.uint8]

MAX_BYTES = 2**30
"""Files with more values are refused; the largest known set (EMNIST ByClass) has 0.64e9."""

_UNSIGNED_BYTE = 0x08
_MAX_DIMENSIONS = 8
_TYPES = {0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 20
_GZIP_SPARE = 1 << 16


def read_idx(
    path: str | os.PathLike[str], *, ndim: int | None = None, shape: tuple[int, ...] | None = None
) -> Bytes:
    """Read an IDX file of unsigned bytes; gzip is recognised by content, whatever the name.

    Memory grows with the actual bytes, never with the size that the header claims.

    Returns a read-only uint8 array of the file's shape. ``ndim`` is the expected number of dimensions (3 for
    images, 1 for labels) and ``shape`` the expected shape, checked before anything is unpacked; any if None.

    Raises UserError for a file that is missing, unreadable, truncated or not IDX, has another type of value
    or number of dimensions, no values, trailing bytes, damaged gzip, or more than ``MAX_BYTES`` values.
    """
    path = Path(path)
    with _opened(path) as (stream, _):
        found = _read_shape(stream, path, ndim)
        if shape is not None and found != shape:
            raise UserError(f"{path}: the header claims {_times(found)} values, expected {_times(shape)}")
        return _read_values(stream, path, found)


def idx_shape(path: str | os.PathLike[str], *, ndim: int | None = None) -> tuple[int, ...]:
    """The shape that the header of an IDX file claims; no values are read.

    Raises UserError as ``read_idx`` does, as far as the header and the size of the file show.
    """
    path = Path(path)
    with _opened(path) as (stream, size):
        shape = _read_shape(stream, path, ndim)
    most = math.prod(shape) + 4 + 4 * len(shape)
    if most + most // 1000 + _GZIP_SPARE < size:  # a sparse file, which would be read for hours
        raise UserError(f"{path}: {size} bytes long, and the header claims {_times(shape)} values")
    return shape


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO | gzip.GzipFile, int]]:
    """The unpacked content of a regular file, and its size on the disk."""
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            compressed = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            if compressed:
                with gzip.GzipFile(fileobj=file, mode="rb") as stream:
                    yield stream, size
            else:
                yield file, size
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{path}: damaged gzip file ({error}); fetch it again") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error


def write_idx(path: str | os.PathLike[str], array: Bytes) -> None:
    """Write a uint8 array of one dimension or more as IDX, gzipped if the name ends in ``.gz``.

    The same array always gives the same bytes (no time stamp in the gzip header).
    """
    path = Path(path)
    content = idx_bytes(array)
    write(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def idx_bytes(array: Bytes) -> bytes:
    """The unpacked IDX file that holds ``array``: the same however a data set's files were compressed."""
    return idx_header(array) + array.tobytes()


def idx_header(array: Bytes) -> bytes:
    """The header of the unpacked IDX file that holds ``array``."""
    if array.dtype != np.uint8 or not 1 <= array.ndim <= _MAX_DIMENSIONS:
        raise ValueError(
            f"needs a uint8 array of 1 to {_MAX_DIMENSIONS} dimensions, got {array.dtype} of {array.ndim}"
        )
    return bytes((0, 0, _UNSIGNED_BYTE, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)


def _read_shape(stream: BinaryIO | gzip.GzipFile, path: Path, ndim: int | None) -> tuple[int, ...]:
    shape = _read_header(stream, path, ndim)
    expected = math.prod(shape)
    if expected == 0:
        raise UserError(f"{path}: the header claims {_times(shape)} values, which is none at all")
    if expected > MAX_BYTES:
        raise UserError(
            f"{path}: the header claims {_times(shape)} = {expected} bytes, over the limit of {MAX_BYTES}; "
            "the file is damaged or forged"
        )
    return shape


def _read_values(stream: BinaryIO | gzip.GzipFile, path: Path, shape: tuple[int, ...]) -> Bytes:
    expected = math.prod(shape)
    values = bytearray()
    while len(values) < expected and (chunk := stream.read(min(_CHUNK, expected - len(values)))):
        values += chunk
    if len(values) < expected:
        raise UserError(
            f"{path}: truncated: the header claims {expected} bytes of values, found {len(values)}"
        )
    if stream.read(1):
        raise UserError(f"{path}: trailing bytes after the {expected} bytes of values that the header claims")
    array = np.frombuffer(values, dtype=np.uint8).reshape(shape)
    array.flags.writeable = False
    return array


def _read_header(stream: BinaryIO | gzip.GzipFile, path: Path, ndim: int | None) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4:
        raise UserError(
            f"{path}: not an IDX file: {len(magic)} bytes long, shorter than its 4-byte magic number"
        )
    if magic[:2] != b"\0\0":
        raise UserError(f"{path}: not an IDX file: starts with bytes {magic.hex(' ')}, expected 00 00 08")
    if magic[2] != _UNSIGNED_BYTE:
        kind = _TYPES.get(magic[2], "unknown")
        raise UserError(f"{path}: IDX type 0x{magic[2]:02x} ({kind}), expected 0x08 (unsigned bytes)")
    if not 1 <= magic[3] <= _MAX_DIMENSIONS or (ndim is not None and magic[3] != ndim):
        expected = f"1 to {_MAX_DIMENSIONS}" if ndim is None else str(ndim)
        raise UserError(f"{path}: IDX file of {magic[3]} dimensions, expected {expected}")
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise UserError(
            f"{path}: truncated in its header: {4 + len(sizes)} bytes, expected {4 + 4 * magic[3]}"
        )
    return struct.unpack(f">{magic[3]}I", sizes)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
