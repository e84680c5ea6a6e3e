"""The kernels' machine code on disk: a damaged file is compiled anew; if none can be written, a note says so.

Numba keeps two kinds of files: an index of a function's signatures, and the code of each. A full disk or a
lost process leaves empty or cut files, which would break every later run. So each file of code ends in a
checksum of its content and of the signature that it is for: if two processes compile at once, or one ends
between its two files, no later process runs the wrong code.
"""

from __future__ import annotations

import os
import pickle
import sys
import zlib
from typing import Any

from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile
from numba.misc.appdirs import AppDirs

__all__ = ["KernelCache", "note"]

MARK = b"minigrad"
CHECK = 4  # bytes of a checksum

_noted: set[str] = set()


def note(text: str) -> None:
    """Print a line on stderr, once in a process."""
    if text not in _noted:
        _noted.add(text)
        print(f"minigrad: {text}", file=sys.stderr, flush=True)


class Damaged(Exception):
    """The content of a file is not what was written."""


class _Files(IndexDataCacheFile):  # type: ignore[misc]
    """Numba's two kinds of files, the code first and checked."""

    def load(self, key: Any) -> Any:
        name = self._load_index().get(key)
        if name is None:
            return None
        try:
            with open(self._data_path(name), "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return None
        return pickle.loads(self._checked(content, key))  # noqa: S301  # as Numba does, from its own folder

    def save(self, key: Any, data: Any) -> None:
        overloads = self._load_index()
        name = self._data_name(zlib.crc32(repr(key).encode()))  # not Numba's next number: two may take it
        content = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(content + MARK + self._checksum(content, key))
        if overloads.get(key) != name:
            self._save_index({**overloads, key: name})

    def remove_index(self) -> None:
        """Remove the index, and with it all code of the function, even where nothing can be written."""
        if os.path.lexists(self._index_path):
            os.remove(self._index_path)

    def _checked(self, content: bytes, key: Any) -> bytes:
        """What was written, without its checksum; files of before the checksums have none."""
        end = len(content) - CHECK
        written, mark, check = content[: end - len(MARK)], content[end - len(MARK) : end], content[end:]
        if mark != MARK:
            return content
        if check != self._checksum(written, key):
            raise Damaged("its checksum is another")
        return written

    def _checksum(self, content: bytes, key: Any) -> bytes:
        made_for = repr((self._source_stamp, key)).encode()
        return zlib.crc32(made_for, zlib.crc32(content)).to_bytes(CHECK, "little")


class _Places(CompileResultCacheImpl):  # type: ignore[misc]
    """The folders in which Numba keeps code, but for those that depend on the current folder.

    Without a home folder Numba's would be called "~"; XDG_CACHE_HOME may be empty or relative.
    """

    _locator_classes = [  # noqa: RUF012  # Numba's name, and its kind of list
        locator
        for locator in CompileResultCacheImpl._locator_classes
        if os.path.isabs(AppDirs("numba", appauthor=False).user_cache_dir)
        or not locator.__name__.endswith("UserWideCacheLocator")
    ]


class KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of one function; no state of its files raises an error."""

    _impl_class = _Places

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file: _Files = _Files(self._cache_path, self._impl.filename_base, stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code for a signature, or None where there is none that can be used."""
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # noqa: BLE001  # a damaged file may raise anything when it is read
            reason = str(error) or type(error).__name__
            note(
                f"a file of compiled kernels in {self._cache_path} was damaged ({reason}); compiling it anew"
            )
            self._forget()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code for a signature, if that can be done."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            note(
                f"compiled kernels cannot be kept for the next run in {self._cache_path} ({error.strerror}); "
                "NUMBA_CACHE_DIR chooses another folder"
            )
            self._forget()

    def _forget(self) -> None:
        """Remove the index, so that no later run meets what was wrong with it or a file that it names."""
        try:
            self._cache_file.remove_index()
        except OSError as error:
            note(f"what is in {self._cache_path} stays as it is ({error.strerror})")
