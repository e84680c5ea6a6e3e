"""The arrays in an ``.npz`` file, read without trust: their headers first, then their values in blocks."""

from __future__ import annotations

import io
import math
import os
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from gans.data.idx import MAX_BYTES
from gans.errors import UserError
from gans.files import DAMAGE, damaged, open_file

__all__ = ["Archive", "Array", "opened_npz"]

_MOST_FILE = 8 * MAX_BYTES + 2**20
_LONGEST_HEADER = 10_000
_MOST_AXES = 4
_BLOCK = 1 << 22

_REMEDY = "save it anew with numpy.savez"

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,  # of an encrypted file
    SyntaxError,
    TokenError,
    MemoryError,  # of a header that is nested too deeply
    *DAMAGE,
)


@dataclass(frozen=True)
class Array:
    """What an array's header claims, as far as the length of the file agrees."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    offset: int


class Archive:
    """An open ``.npz`` file."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._members = {info.filename: info for info in archive.infolist()}

    @property
    def names(self) -> list[str]:
        """The names of the arrays."""
        return [name.removesuffix(".npy") for name in self._members if name.endswith(".npy")]

    def refusal(self, reason: str, remedy: str) -> UserError:
        """The error, of one line, of a file that can be read and is no data set."""
        return damaged(self._path, reason, remedy, "")

    def array(self, name: str) -> Array:
        """The header of the array ``name``.

        Raises UserError if it holds Python objects, values of no fixed number of bytes, or others than its
        header claims.
        """
        info = self._members[f"{name}.npy"]
        with self._open(info) as stream:
            header = io.BytesIO(stream.read(_LONGEST_HEADER + 12))
        shape, fortran, dtype = _parsed(header)
        if dtype.hasobject:
            raise self.refusal(f"{name} holds Python objects, which are not unpickled", _REMEDY)
        if dtype.kind not in "biufU" or dtype.itemsize == 0:
            raise self.refusal(f"{name} of {dtype}, expected numbers", _REMEDY)
        if len(shape) > _MOST_AXES:
            raise self.refusal(f"{name} of {len(shape)} axes, expected at most {_MOST_AXES}", _REMEDY)
        if min(shape, default=1) < 0:
            raise self.refusal(f"{name} of shape {shape}", _REMEDY)
        claimed, found = math.prod(shape) * dtype.itemsize, info.file_size - header.tell()
        if claimed != found:
            raise self.refusal(f"{name}: its header claims {claimed} bytes, found {found}", _REMEDY)
        if fortran and len(shape) > 1 and claimed > MAX_BYTES:
            raise self.refusal(f"{name} in Fortran's order", "save numpy.ascontiguousarray of it")
        return Array(name, shape, dtype, fortran and len(shape) > 1, header.tell())

    def blocks(self, array: Array) -> Iterator[npt.NDArray[Any]]:
        """The values of an array of one row or more, a number of rows at a time."""
        row = math.prod(array.shape[1:]) * array.dtype.itemsize
        step = array.shape[0] if array.fortran else max(1, _BLOCK // max(row, 1))
        order: Literal["F", "C"] = "F" if array.fortran else "C"
        with self._open(self._members[f"{array.name}.npy"]) as stream:
            _exactly(stream, array.offset)
            for start in range(0, array.shape[0], step):
                rows = min(step, array.shape[0] - start)
                values = np.frombuffer(_exactly(stream, rows * row), dtype=array.dtype)
                yield values.reshape((rows, *array.shape[1:]), order=order)
            if stream.read(1):
                raise ValueError(f"{array.name} is longer than its header claims")

    def _open(self, info: zipfile.ZipInfo) -> IO[bytes]:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{info.filename} is packed by method {info.compress_type}")
        return self._archive.open(info)


@contextmanager
def opened_npz(path: Path) -> Iterator[Archive]:
    """The arrays in ``path``; damage that is found in the block is a UserError too.

    Raises UserError if the file is missing, damaged, longer than 8 GiB, or no ``.npz``.
    """
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > _MOST_FILE:
                raise UserError(f"{path}: {size:,} bytes long, expected at most {_MOST_FILE:,}")
            with zipfile.ZipFile(file) as archive:
                yield Archive(path, archive)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    except _DAMAGE as error:
        raise damaged(path, str(error) or type(error).__name__, _REMEDY) from error


def _parsed(header: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, Fortran's order and dtype; ``header`` then stands at the first value."""
    version = np.lib.format.read_magic(header)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python 2's numbers, and of escapes within a damaged header
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(header, _LONGEST_HEADER)
        if version == (2, 0):
            return np.lib.format.read_array_header_2_0(header, _LONGEST_HEADER)
    raise ValueError(f"an array in version {version[0]}.{version[1]} of NumPy's format")


def _exactly(stream: IO[bytes], count: int) -> bytes:
    content = stream.read(count)
    if len(content) < count:
        raise EOFError("it ends within an array")
    return content
