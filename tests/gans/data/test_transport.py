"""Servers that are slow, broken or hostile: each is given up in bounded time, for a reason in one line."""

from __future__ import annotations

import gzip
import hashlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gans.data.download import Archive, DownloadError, fetch
from gans.data.lock import folder_lock
from tests.gans.data.conftest import Mirror

CONTENT = random.Random(0).randbytes(5_000)
ARCHIVE = Archive("data.gz", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + CONTENT


@contextmanager
def server(*parts: bytes, forever: bytes = b"", pause: float = 0.0) -> Iterator[str]:
    """A server that answers each request with the parts, then with ``forever`` as often as it is taken."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.01)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(5)
                try:
                    connection.recv(65536)
                    for part in parts:
                        connection.sendall(part)
                    while forever and not ended.is_set():
                        connection.sendall(forever)
                        time.sleep(pause)
                except OSError:
                    continue  # given up

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        ended.set()
        thread.join()
        listening.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


def refusal(folder: Path, address: str, timeout: float = 0.5) -> str:
    """The reason for which the mirror is given up, in time."""
    began = time.monotonic()
    with pytest.raises(DownloadError) as caught:
        fetch(ARCHIVE, folder, (address,), timeout=timeout)
    assert time.monotonic() - began < 10 * timeout + 5
    text = str(caught.value)
    assert len(text) < 300
    assert text.isprintable()
    return text


def answer(status: str = "200 OK", *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1") + body


def redirection(location: str) -> bytes:
    return answer("302 Found", f"Location: {location}", "Content-Length: 0")


CHUNKED = "Transfer-Encoding: chunked"

MALFORMED = {
    "nothing": b"",
    "no HTTP": b"\x00\xff" * 50,
    "no status": b"HTTP/1.1\r\n\r\n",
    "a word as status": answer("abc OK"),
    "a status out of range": answer("99999 OK"),
    "an endless status line": b"HTTP/1.1 200 " + b"x" * 70_000,
    "an endless header": answer("200 OK", "X: " + "x" * 70_000),
    "many headers": answer("200 OK", *("X: x" for _ in range(500))),
    "headers that are none": answer("200 OK", ":", " :", "\x85\xa0", "=?utf-8?q?=", body=b"x"),
    "a huge length": answer("200 OK", f"Content-Length: {'9' * 5000}", body=b"x"),
    "a negative length": answer("200 OK", "Content-Length: -1", body=b"x"),
    "a word as length": answer("200 OK", "Content-Length: \x1b[31mmany", body=b"x"),
    "a bad chunk size": answer("200 OK", CHUNKED, body=b"zz\r\nabc\r\n"),
    "a negative chunk size": answer("200 OK", CHUNKED, body=b"-5\r\nabcde\r\n0\r\n\r\n"),
    "a huge chunk size": answer("200 OK", CHUNKED, body=b"F" * 5000 + b"\r\nabc"),
    "an endless chunk size": answer("200 OK", CHUNKED, body=b"1" * 70_000),
    "compressed": answer("200 OK", "Content-Encoding: gzip", body=gzip.compress(CONTENT, mtime=0)),
    "a redirection to a file": redirection("file:///etc/hostname"),
    "a redirection to FTP": redirection("ftp://127.0.0.1/data.gz"),
    "a redirection to data": redirection("data:text/plain,hello"),
    "a redirection in circles": redirection("/data.gz"),
    "a redirection to brackets": redirection("http://[/"),
    "a redirection to no port": redirection("http://127.0.0.1:99999999/"),
    "a redirection to words as port": redirection("http://127.0.0.1:port/"),
    "a redirection to a long label": redirection(f"http://{'a' * 70}.invalid/"),
    "a redirection to an empty label": redirection("http://a..invalid/"),
    "a redirection to control characters": redirection("http://127.0.0.1:1/\x1b[31m\x7f \x00"),
    "a redirection to nowhere": redirection(""),
    "a refusal in colours": answer("404 \x1b[31mNot\x07 Found\x9b31m"),
    "a refusal of a huge range": answer("206 Partial", f"Content-Range: bytes {'9' * 5000}-1/1"),
    "a range in colours": answer("206 Partial", "Content-Range: \x1b]0;title\x07"),
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_answer_is_a_reason_in_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "data.gz.part").write_bytes(CONTENT[:7])  # so that a range is asked for
    with server(content) as address:
        refusal(tmp_path, address)


def test_damaged_answers_are_refused_or_right(tmp_path: Path) -> None:
    chance = random.Random(0)
    sound = (*MALFORMED.values(), OK)
    tokens = (
        b"\r\n",
        b"\0",
        b"\x1b[2J",
        b"-",
        b"9" * 40,
        b" ",
        b":",
        b"chunked",
        b"\xff",
        b"Location: http://[::1\r\n",
    )

    def damaged() -> bytes:
        content = bytearray(chance.choice(sound)[:400])
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(content) + 1)
            content[at : at + chance.randint(0, 6)] = chance.choice(tokens)
        return bytes(content)

    for _ in range(150):
        content = damaged()
        with server(content) as address:
            text = refusal(tmp_path, address, timeout=1.0)
        assert text.startswith("cannot download data.gz: 127.0.0.1"), content


SLOW = {
    "silence": ((), b""),
    "the head byte for byte": ((b"HTTP/1.1 200 OK\r\nX: ",), b"x"),
    "interim answers for ever": ((), answer("100 Continue") * 20),
    "the body byte for byte": ((answer("200 OK", "Content-Length: 5000"),), b"x"),
    "chunks byte for byte": ((answer("200 OK", CHUNKED),), b"1\r\nx\r\n"),
    "the head of a chunk byte for byte": ((answer("200 OK", CHUNKED),), b"0"),
}


@pytest.mark.parametrize(("head", "forever"), SLOW.values(), ids=SLOW)
def test_a_server_that_drips_is_given_up_for_the_next(
    head: tuple[bytes, ...], forever: bytes, mirror: Mirror, tmp_path: Path
) -> None:
    mirror.files["/data.gz"] = CONTENT
    began = time.monotonic()
    with server(*head, forever=forever or b"", pause=0.02) as address:
        path = fetch(ARCHIVE, tmp_path, (address, mirror.address), timeout=1.0)
    assert path.read_bytes() == CONTENT
    assert time.monotonic() - began < 10


def test_an_endless_answer_to_a_redirection_is_not_kept(tmp_path: Path) -> None:
    with server(answer("302 Found", "Location: /data.gz"), forever=b"x" * 65536) as address:
        assert "head of more than" in refusal(tmp_path, address, timeout=5.0)


def test_a_slow_server_that_is_fast_enough_is_waited_for(mirror: Mirror, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(40_000)
    mirror.files["/data.gz"] = content
    mirror.seconds_per_chunk = 0.08  # 50 kB/s
    archive = Archive("data.gz", len(content), hashlib.sha256(content).hexdigest())
    assert fetch(archive, tmp_path, (mirror.address,), timeout=0.3).read_bytes() == content


def test_a_failed_download_leaves_no_folder(mirror: Mirror, tmp_path: Path) -> None:
    refusal(tmp_path / "new" / "folder", mirror.address)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_download_leaves_what_was_there(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    refusal(tmp_path / "folder", mirror.address)
    assert list((tmp_path / "folder").iterdir()) == []
    (tmp_path / "folder" / "kept").touch()
    refusal(tmp_path / "folder", mirror.address)
    assert {path.name for path in (tmp_path / "folder").iterdir()} == {"kept", ".lock"}


def test_who_waits_for_a_lock_that_goes_holds_the_next_one(tmp_path: Path) -> None:
    inside, most = [0], [0]

    def hold() -> None:
        for _ in range(20):
            with folder_lock(tmp_path / "folder"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.001)
                inside[0] -= 1

    threads = [threading.Thread(target=hold) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert [path.name for path in tmp_path.rglob("*")] in ([], ["folder"])
