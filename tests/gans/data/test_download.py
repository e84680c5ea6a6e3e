from __future__ import annotations

import hashlib
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from gans.data.download import Archive, DownloadError, fetch
from gans.data.lock import folder_lock
from gans.data.progress import download_progress
from gans.errors import UserError
from tests.gans.commands import wait_for
from tests.gans.data.conftest import Mirror
from tests.processes import environment, started

CONTENT = np.random.default_rng(0).bytes(200_000)
ARCHIVE = Archive("data.gz", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
PATH = "/data.gz"
HALF = 80_000


@pytest.fixture
def good(mirror: Mirror) -> Mirror:
    mirror.files[PATH] = CONTENT
    return mirror


def ranges(mirror: Mirror) -> list[str | None]:
    return [wanted for _, wanted in mirror.requests]


def get(folder: Path, *mirrors: Mirror, timeout: float = 5.0) -> Path:
    path = fetch(ARCHIVE, folder, tuple(mirror.address for mirror in mirrors), timeout=timeout)
    assert path == folder / "data.gz"
    assert path.read_bytes() == CONTENT
    assert sorted(each.name for each in folder.iterdir()) == [".lock", "data.gz"]
    return path


def refusal(folder: Path, *addresses: str, timeout: float = 5.0) -> str:
    with pytest.raises(DownloadError) as caught:
        fetch(ARCHIVE, folder, addresses, timeout=timeout)
    assert not (folder / "data.gz").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def begin(folder: Path, part: bytes = CONTENT[:HALF]) -> None:
    (folder / "data.gz.part").write_bytes(part)


def test_a_file_is_fetched_once(good: Mirror, tmp_path: Path) -> None:
    get(tmp_path / "new" / "folder", good)
    get(tmp_path / "new" / "folder", good)
    assert good.requests == [(PATH, None)]


def test_a_wrong_file_of_that_name_is_replaced(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "data.gz").write_bytes(b"wrong")
    get(tmp_path, good)


def test_a_begun_download_goes_on(good: Mirror, tmp_path: Path) -> None:
    begin(tmp_path)
    get(tmp_path, good)
    assert ranges(good) == [f"bytes={HALF}-"]


def test_a_complete_part_needs_no_request(good: Mirror, tmp_path: Path) -> None:
    begin(tmp_path, CONTENT)
    get(tmp_path, good)
    assert good.requests == []


def test_a_server_without_ranges_sends_everything(good: Mirror, tmp_path: Path) -> None:
    begin(tmp_path)
    good.ignores_range = True
    get(tmp_path, good)
    assert ranges(good) == [f"bytes={HALF}-"]


def test_a_refused_range_starts_again(good: Mirror, tmp_path: Path) -> None:
    begin(tmp_path)
    good.refuses_range = True
    get(tmp_path, good)
    assert ranges(good) == [f"bytes={HALF}-", None]


@pytest.mark.parametrize("part", [b"x" * HALF, CONTENT + b"more", b"x" * len(CONTENT)])
def test_a_part_of_something_else_is_thrown_away(good: Mirror, tmp_path: Path, part: bytes) -> None:
    begin(tmp_path, part)
    get(tmp_path, good)
    assert ranges(good)[-1] is None


@pytest.mark.parametrize("claims_length", [True, False])
def test_a_body_that_breaks_off_is_requested_again(good: Mirror, tmp_path: Path, claims_length: bool) -> None:
    good.stops_after, good.claims_length = HALF, claims_length
    get(tmp_path, good)
    assert ranges(good) == [None, f"bytes={HALF}-", f"bytes={2 * HALF}-"]


def test_a_server_that_always_breaks_off_is_given_up(good: Mirror, tmp_path: Path) -> None:
    good.stops_after, good.ignores_range = HALF, True
    assert f"the connection ended after {HALF} of 200000 bytes" in refusal(tmp_path, good.address)
    assert len(good.requests) == 2


def test_the_next_mirror_goes_on_where_the_first_stopped(
    good: Mirror, second_mirror: Mirror, tmp_path: Path
) -> None:
    second_mirror.files[PATH] = CONTENT
    good.stops_after, good.ignores_range = HALF, True
    get(tmp_path, good, second_mirror)
    assert ranges(second_mirror) == [f"bytes={HALF}-"]


def test_a_wrong_sum_deletes_the_file_and_tries_the_next_mirror(
    good: Mirror, second_mirror: Mirror, tmp_path: Path
) -> None:
    second_mirror.files[PATH] = CONTENT[:-1] + b"?"
    get(tmp_path, second_mirror, good)
    assert (ranges(second_mirror), ranges(good)) == ([None], [None])


def test_a_wrong_sum_everywhere_leaves_nothing(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files[PATH] = bytes(len(CONTENT))
    assert "another SHA-256 than the official one" in refusal(tmp_path, mirror.address)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_of_another_length_keeps_what_was_begun(
    good: Mirror, second_mirror: Mirror, tmp_path: Path
) -> None:
    """A log-in page of the network, say, that answers for every address."""
    begin(tmp_path)
    second_mirror.files[PATH] = b"<html>log in</html>"
    second_mirror.ignores_range = True
    assert "has a file of 19 bytes, expected 200000" in refusal(tmp_path, second_mirror.address)
    get(tmp_path, second_mirror, good)
    assert ranges(good) == [f"bytes={HALF}-"]


def test_an_endless_answer_is_cut_off(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files[PATH] = CONTENT + bytes(5_000_000)
    mirror.claims_length = False
    assert "another SHA-256" in refusal(tmp_path, mirror.address)


def test_a_range_that_was_not_requested_is_refused(good: Mirror, tmp_path: Path) -> None:
    begin(tmp_path)
    good.wrong_range = True
    assert "wrong range (bytes 79999-" in refusal(tmp_path, good.address)


def test_an_error_has_every_mirrors_reason(mirror: Mirror, second_mirror: Mirror, tmp_path: Path) -> None:
    second_mirror.files[PATH] = CONTENT
    second_mirror.stalls = 5.0
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{unused.getsockname()[1]}"
        addresses = (mirror.address, f"http://{closed}/", second_mirror.address)
        message = refusal(tmp_path, *addresses, timeout=1.0)  # a busy machine answers in this
    host = mirror.address.split("/")[2]
    assert message.startswith(
        f"cannot download data.gz: {host}: HTTP 404 Not Found; {closed}: Connection refused; "
    )
    assert message.endswith("no answer in time")


def test_a_name_that_does_not_resolve_is_a_reason(tmp_path: Path) -> None:
    assert "no-such-host.invalid: " in refusal(tmp_path, "http://no-such-host.invalid/")


def test_a_server_that_does_not_speak_http_is_a_reason(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert "SSH-2.0" in refusal(tmp_path, address)
        thread.join()


def test_a_folder_that_cannot_be_made_is_an_error(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file/folder: cannot be written .*`data_dir`"):
        fetch(ARCHIVE, tmp_path / "file" / "folder", (good.address,))


def test_a_disk_that_refuses_the_bytes_is_an_error(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "data.gz.part").mkdir()
    with pytest.raises(UserError, match=r"cannot be written \(Is a directory\)"):
        fetch(ARCHIVE, tmp_path, (good.address,))


def test_progress_is_reported_from_the_first_byte_to_the_last(good: Mirror, tmp_path: Path) -> None:
    begin(tmp_path)
    told: list[tuple[str, int, int]] = []
    fetch(ARCHIVE, tmp_path, (good.address,), report=lambda *now: told.append(now))
    assert told[0] == ("data.gz", HALF, 200_000)
    assert told[-1] == ("data.gz", 200_000, 200_000)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_without_a_terminal_each_file_has_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with download_progress() as report:
        for done in (0, 500_000, 1_000_000):
            report("a.gz", done, 1_000_000)
        report("b.gz", 7, 2_500_000)
    assert capsys.readouterr().err.splitlines() == [
        "downloading a.gz (1.0 MB)",
        "downloading b.gz (2.5 MB, resuming at byte 7)",
    ]


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with download_progress() as report:
        report("a.gz", 0, 1000)
        report("a.gz", 1000, 1000)
    shown = capsys.readouterr().err
    assert "a.gz" in shown
    assert "━" in shown


CHILD = """
import sys
from pathlib import Path
from gans.data.download import Archive, fetch
name, size, digest, folder, mirror = sys.argv[1:]
fetch(Archive(name, int(size), digest), Path(folder), (mirror,))
"""


def start_child(folder: Path, mirror: Mirror) -> subprocess.Popen[str]:
    arguments = [ARCHIVE.name, str(ARCHIVE.size), ARCHIVE.sha256, str(folder), mirror.address]
    return started("-c", CHILD, *arguments, env=environment(no_proxy="*"))


def test_a_kill_leaves_no_half_written_file_and_loses_little(good: Mirror, tmp_path: Path) -> None:
    good.seconds_per_chunk = 0.1
    part = tmp_path / "data.gz.part"
    with start_child(tmp_path, good) as child:
        wait_for(lambda: part.exists() and part.stat().st_size >= 4096, child)
        child.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        child.communicate(timeout=60)
    assert child.returncode != 0
    assert not (tmp_path / "data.gz").exists()
    kept = part.stat().st_size
    assert CONTENT.startswith(part.read_bytes())
    good.seconds_per_chunk = 0
    get(tmp_path, good)
    assert ranges(good) == [None, f"bytes={kept}-"]


def test_two_processes_share_one_download(good: Mirror, tmp_path: Path) -> None:
    waits = "another process is downloading into it; waiting"
    good.goes_on.clear()
    with start_child(tmp_path, good) as first:
        wait_for(lambda: bool(good.requests), first)
        with start_child(tmp_path, good) as second:
            assert second.stderr is not None
            assert waits in second.stderr.readline()
            good.goes_on.set()
            said = [child.communicate(timeout=60)[1] for child in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], said
    assert not any(waits in text for text in said)
    assert (tmp_path / "data.gz").read_bytes() == CONTENT
    assert good.requests == [(PATH, None)]


def test_the_lock_is_free_after_an_exception(tmp_path: Path) -> None:
    with pytest.raises(KeyError), folder_lock(tmp_path):
        raise KeyError
    with folder_lock(tmp_path):
        assert (tmp_path / ".lock").exists()
