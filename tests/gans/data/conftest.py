"""A web server of one test, with the faults that real ones have."""

from __future__ import annotations

import http.server
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest


@dataclass
class Mirror:
    """A local server's ``files`` by path and the faults it shows, which a test may change at any time."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)  # path, Range header
    ignores_range: bool = False
    refuses_range: bool = False
    wrong_range: bool = False
    claims_length: bool = True
    stops_after: int | None = None  # bytes of each answer's body
    stalls: float = 0.0  # seconds before each answer
    seconds_per_chunk: float = 0.0
    goes_on: threading.Event = field(default_factory=threading.Event)  # what each answer's body waits for

    def __post_init__(self) -> None:
        self.goes_on.set()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    mirror: Mirror


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet: a test reads ``Mirror.requests``."""

    def do_GET(self) -> None:
        mirror = self.server.mirror
        wanted = self.headers.get("Range")
        mirror.requests.append((self.path, wanted))
        time.sleep(mirror.stalls)
        content = mirror.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and not mirror.ignores_range else 0
        if start and (mirror.refuses_range or start >= len(content)):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            shown = start - 1 if mirror.wrong_range else start
            self.send_header("Content-Range", f"bytes {shown}-{len(content) - 1}/{len(content)}")
        if mirror.claims_length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        mirror.goes_on.wait()
        body = content[start:] if mirror.stops_after is None else content[start : start + mirror.stops_after]
        step = 4096 if mirror.seconds_per_chunk else len(body) or 1
        try:
            for position in range(0, len(body), step):
                self.wfile.write(body[position : position + step])
                time.sleep(mirror.seconds_per_chunk)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client was killed, or had read enough


def _serve() -> Iterator[Mirror]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.mirror = Mirror(f"http://127.0.0.1:{server.server_address[1]}/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.mirror
        finally:
            server.mirror.goes_on.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("no_proxy", "*")
    yield from _serve()


@pytest.fixture
def second_mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("no_proxy", "*")
    yield from _serve()
