"""HTTP to servers that may be slow, broken or hostile: an answer's time and size are bounded."""

from __future__ import annotations

import http.client
import io
import socket
import urllib.request
from contextlib import suppress
from time import monotonic
from typing import Any

from gans.messages import one_line

__all__ = ["SLOWEST", "MirrorError", "Patience", "open_url", "reason"]

SLOWEST = 4096
"""Bytes per second; a slower mirror is given up."""

_MOST_BEFORE_BODY = 1 << 20
"""Bytes of an answer's head, of interim answers and of redirections, together."""

_LONGEST_REASON = 120


class MirrorError(Exception):
    """The mirror failed to serve the file; the message is the reason."""


class Patience:
    """The time limits of a mirror: ``timeout`` seconds for the head of each answer, then ``SLOWEST`` bytes a
    second in each window of ``timeout`` seconds; in all the time of ``size`` bytes at that speed.
    """

    def __init__(self, timeout: float, size: int) -> None:
        self.timeout = timeout
        self._end = monotonic() + 2 * timeout + size / SLOWEST
        self.begin(body=False)

    def begin(self, *, body: bool) -> None:
        """Begin an answer's head, or its body."""
        self._body = body
        self._window = monotonic() + self.timeout
        self._bytes = 0

    def left(self) -> float:
        """Seconds that may pass until something arrives.

        Raises MirrorError if there are none left.
        """
        now = monotonic()
        if now >= self._window and self._body and self._bytes >= SLOWEST * self.timeout:
            self._window, self._bytes = now + self.timeout, 0
        left = min(self._window, self._end) - now
        if left <= 0:
            slow = f"sends less than {SLOWEST} bytes a second"
            raise MirrorError(slow if self._body else "no answer in time")
        return left

    def count(self, received: int) -> None:
        """Count bytes that have arrived.

        Raises MirrorError if they are more than any head has.
        """
        self._bytes += received
        if not self._body and self._bytes > _MOST_BEFORE_BODY:
            raise MirrorError(f"answers with a head of more than {_MOST_BEFORE_BODY} bytes")


def open_url(request: urllib.request.Request, patience: Patience) -> Any:
    """The answer to a request, after redirections to HTTP and HTTPS alone; to be read with ``patience``.

    Raises MirrorError if the patience is at its end. Raises OSError if there is no connection, or another
    status than success. Raises http.client.HTTPException if the answer is no HTTP. Raises ValueError if a
    redirection leads to no address.
    """
    patience.begin(body=False)
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        _Http(patience),
        _Https(patience),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    response = opener.open(request, timeout=patience.timeout)
    patience.begin(body=True)
    return response


def reason(error: BaseException) -> str:
    """A short printable line for an exception of the network or the file system."""
    inner = getattr(error, "reason", None)
    if isinstance(inner, BaseException):
        return reason(inner)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return one_line(text, _LONGEST_REASON) or type(error).__name__


class _Received(io.RawIOBase):
    """The bytes of a socket, read within the limits of a ``Patience``."""

    def __init__(self, connection: socket.socket, patience: Patience) -> None:
        self._connection = connection
        self._owner = connection.makefile("rb", buffering=0)  # closes the connection
        self._patience = patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            self._connection.settimeout(self._patience.left())
            with suppress(TimeoutError):
                received = self._connection.recv_into(buffer)
                self._patience.count(received)
                return received

    def close(self) -> None:
        self._owner.close()
        super().close()


class _Socket:
    """The part of a socket that HTTPConnection uses."""

    def __init__(self, connection: socket.socket, patience: Patience) -> None:
        self._connection = connection
        self._patience = patience
        self.sendall = connection.sendall
        self.close = connection.close

    def makefile(self, mode: str) -> io.BufferedReader:
        assert mode == "rb"
        return io.BufferedReader(_Received(self._connection, self._patience))


class _Http(urllib.request.HTTPHandler):
    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self._patience = patience

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_patient(http.client.HTTPConnection, self._patience), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self._patience = patience

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_patient(http.client.HTTPSConnection, self._patience), req)


def _patient(kind: type[http.client.HTTPConnection], patience: Patience) -> Any:
    """The connection class whose answers are read within the limits of ``patience``."""

    class Connection(kind):  # type: ignore[valid-type, misc]
        sock: Any

        def connect(self) -> None:
            super().connect()
            self.sock = _Socket(self.sock, patience)

    return Connection
