"""Fetch a file of known size and SHA-256 from the first mirror that has it, and resume partial downloads."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from gans.data.lock import folder_lock
from gans.data.progress import Report, silent
from gans.data.transport import MirrorError, Patience, open_url, reason
from gans.errors import UserError
from gans.files import append, open_file
from gans.messages import one_line
from minigrad.files import check_place, sync_folder

__all__ = ["Archive", "DownloadError", "fetch", "sha256"]

_ATTEMPTS = 20
_CHUNK = 1 << 16
_USER_AGENT = "minigrad-gans"


class DownloadError(UserError):
    """No mirror gave the file; the message is one line with each mirror's reason."""


@dataclass(frozen=True)
class Archive:
    """A file as it lies on the mirrors: name, size in bytes, SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


class _RangeRefused(Exception):
    """The range begins beyond the end of the mirror's file (HTTP 416)."""


class _Response(Protocol):
    status: int
    headers: http.client.HTTPMessage

    def read(self, amount: int, /) -> bytes: ...


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    with open_file(path) as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def fetch(
    archive: Archive,
    folder: Path,
    mirrors: tuple[str, ...],
    *,
    timeout: float = 20.0,
    report: Report = silent,
) -> Path:
    """Make sure that ``folder`` holds ``archive``, downloading it if it does not, and return its path.

    Bytes arrive in ``NAME.part``, which a later call continues (also after a kill, also from another mirror).
    Only once its SHA-256 is right does the file take its final name, in one step; a wrong one is deleted.
    Processes that fetch into the same folder take turns.

    ``mirrors`` are addresses that end in ``/``, tried in turn. A mirror may stay silent for ``timeout``
    seconds; it is given up if it sends fewer than ``SLOWEST`` bytes a second.

    Raises DownloadError if no mirror gave the right file. Raises UserError if the folder cannot be made,
    locked or written.
    """
    final, part = folder / archive.name, folder / f"{archive.name}.part"
    reasons = []
    try:
        with folder_lock(folder):
            if final.is_file() and final.stat().st_size == archive.size and sha256(final) == archive.sha256:
                return final
            check_place(final)
            for mirror in mirrors:
                try:
                    _complete(archive, part, mirror + archive.name, timeout, report)
                except MirrorError as error:
                    reasons.append(f"{urlsplit(mirror).netloc}: {error}")
                else:
                    _publish(part, final)
                    return final
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be written ({reason(error)}); name another folder with `data_dir`"
        ) from error
    raise DownloadError(f"cannot download {archive.name}: {'; '.join(reasons)}")


def _complete(archive: Archive, part: Path, url: str, timeout: float, report: Report) -> None:
    """Complete ``part`` from one mirror; the request is repeated as long as each adds bytes."""
    patience = Patience(timeout, archive.size)
    for _ in range(_ATTEMPTS):
        start = _size(part)
        if start < archive.size:
            report(archive.name, start, archive.size)
            _transfer(archive, part, url, start, patience, report)
        size = _size(part)
        if size == archive.size and sha256(part) == archive.sha256:
            return
        if size >= archive.size:
            part.unlink()
            if start == 0:
                raise MirrorError("its file has another SHA-256 than the official one")
        elif size == start:
            break
    raise MirrorError(f"the connection ended after {_size(part)} of {archive.size} bytes")


def _transfer(archive: Archive, part: Path, url: str, start: int, patience: Patience, report: Report) -> None:
    """Append the bytes of one request to ``part``; the caller checks the result."""
    try:
        with closing(_receive(archive, url, start, patience)) as received:
            for offset, chunk in received:
                with append(part) as file:
                    file.truncate(offset)
                    file.write(chunk)
                report(archive.name, min(offset + len(chunk), archive.size), archive.size)
    except _RangeRefused:
        part.unlink()


def _receive(
    archive: Archive, url: str, start: int, patience: Patience
) -> Generator[tuple[int, bytes], None, None]:
    """Yield (offset in the file, bytes) of one answer, from ``start``, or 0 from a server without ranges.

    An answer that breaks off ends without an error.
    """
    request = urllib.request.Request(url, headers={"User-Agent": _USER_AGENT})
    if start:
        request.add_header("Range", f"bytes={start}-")
    offset = None
    try:
        with open_url(request, patience) as response:
            offset = _agreed_start(archive, response, start)
            # One byte more than expected is enough to refuse the file; the rest is not read.
            while offset <= archive.size and (chunk := response.read(min(_CHUNK, archive.size + 1 - offset))):
                yield offset, chunk
                offset += len(chunk)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            raise _RangeRefused from error
        raise MirrorError(f"HTTP {error.code} {one_line(error.reason, 100)}") from error
    except (OSError, http.client.HTTPException, ValueError, ArithmeticError) as error:
        if offset is None or offset == start:
            raise MirrorError(reason(error)) from error


def _agreed_start(archive: Archive, response: _Response, start: int) -> int:
    """The offset at which the answer's body begins: ``start`` if the server honours the range, else 0."""
    if response.status == http.client.PARTIAL_CONTENT:
        given = response.headers.get("Content-Range", "none")
        match = re.fullmatch(r"bytes (\d{1,18})-\d+/(\d+|\*)", given)
        if match is None or int(match[1]) != start or match[2] not in ("*", str(archive.size)):
            raise MirrorError(f"answers with the wrong range ({one_line(given, 60)})")
        return start
    length = response.headers.get("Content-Length")
    if length is not None and length != str(archive.size):
        raise MirrorError(f"has a file of {one_line(length, 40)} bytes, expected {archive.size}")
    return 0


def _publish(part: Path, final: Path) -> None:
    """Give the complete file its final name so that a crash leaves either the whole file or none."""
    with append(part) as file:
        os.fsync(file.fileno())
    part.replace(final)
    sync_folder(final.parent)


def _size(path: Path) -> int:
    check_place(path)
    return path.stat().st_size if path.exists() else 0
