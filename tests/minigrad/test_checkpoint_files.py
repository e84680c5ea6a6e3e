"""Checkpoints on disk: damage is found, and a write happens whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import pickle
import resource
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import minigrad as mg
from minigrad import checkpoint
from tests.minigrad.saved_states import STATE, same
from tests.processes import python


def forged(tree: Any, arrays: dict[str, np.ndarray], **header: Any) -> bytes:
    """A file with a right checksum around a wrong content."""
    fields = {"format": 1, "sha256": checkpoint._digest(arrays, tree), "state": tree} | header
    return safetensors.numpy.save(arrays, {"minigrad": json.dumps(fields)})


class TestDamage:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "damaged.ckpt"

    def refuse(self, path: Path, content: bytes, message: str = "") -> None:
        path.write_bytes(content)
        with pytest.raises(mg.CheckpointError, match=message) as caught:
            mg.load(path)
        text = str(caught.value)
        assert text.startswith(f"{path}: ")
        assert "\n" not in text
        assert len(text) < len(str(path)) + 300

    def test_truncated_anywhere(self, path: Path) -> None:
        mg.save(path, STATE)
        content = path.read_bytes()
        for length in range(len(content)):
            self.refuse(path, content[:length], "damaged or not a safetensors file")

    def test_longer(self, path: Path) -> None:
        mg.save(path, STATE)
        self.refuse(path, path.read_bytes() + b"\0", "damaged or not")

    def test_any_byte_changed(self, path: Path) -> None:
        mg.save(path, STATE)
        content = path.read_bytes()
        key = content.index(b'"minigrad"')
        for position in range(len(content)):
            if key <= position < key + 10:
                continue  # without its key the file is one of another program
            changed = bytearray(content)
            changed[position] ^= 1
            path.write_bytes(changed)
            try:
                loaded = mg.load(path)
            except mg.CheckpointError:
                continue
            assert same(loaded, STATE), position

    def test_changed_data_is_noticed(self, path: Path) -> None:
        mg.save(path, STATE)
        content = bytearray(path.read_bytes())
        content[-3] ^= 64
        self.refuse(path, bytes(content), "damaged: the content does not match its checksum")

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\x80\x04K\x01.",
            pickle.dumps({"a": 1}),
            b"PK\x03\x04" + bytes(100),
            bytes(1000),
            b"\xff" * 1000,
            (2**62).to_bytes(8, "little") + b"{}",
            (2).to_bytes(8, "little") + b"[]",
            (100_000).to_bytes(8, "little") + b"[" * 100_000,
        ],
    )
    def test_not_a_checkpoint(self, path: Path, content: bytes) -> None:
        self.refuse(path, content, "damaged or not a safetensors file")

    @pytest.mark.parametrize(
        ("shape", "offsets"),
        [([2**40, 2**40], [0, 8]), ([1], [0, 8]), ([2], [8, 0]), ([2], [0, 2**40]), ([-1], [0, 8])],
    )
    def test_forged_sizes(self, path: Path, shape: list[int], offsets: list[int]) -> None:
        header = json.dumps({"w": {"dtype": "F32", "shape": shape, "data_offsets": offsets}}).encode()
        self.refuse(
            path, len(header).to_bytes(8, "little") + header + bytes(8), "damaged or not a safetensors file"
        )

    @pytest.mark.parametrize(
        "tree",
        [
            {"a": {"$array": "missing"}, "w": {"$array": "w"}},
            {"a": {"$array": "w"}, "b": {"$array": "w"}},
            {"w": {"$array": "w"}, "x": {"$call": "os.system"}},
            {"w": {"$array": "w"}, "x": {"$tuple": 3}},
            {"w": {"$array": "w"}, "x": {"$dict": [["a"]]}},
            {"w": {"$array": "w"}, "x": {"$float": []}},
            {"w": {"$array": ["w"]}},
            {},
            [{"$array": "w"}],
            {"$array": "w"},
        ],
    )
    def test_forged_trees(self, path: Path, tree: Any) -> None:
        self.refuse(path, forged(tree, {"w": np.ones(2)}), "damaged: its description of the state")

    def test_forged_headers(self, path: Path) -> None:
        self.refuse(path, forged({}, {}, sha256=None), "does not match its checksum")
        self.refuse(
            path, forged({}, {}, format=2), "written in format 2, this version of minigrad reads format 1"
        )
        for text in ("", "3", "[]", "{", "{}", "[" * 100_000):
            content = safetensors.numpy.save({}, {"minigrad": text})
            self.refuse(path, content, "damaged: its description of the state makes no sense")

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="none"):
            mg.load(tmp_path / "none")
        with pytest.raises(IsADirectoryError):
            mg.load(tmp_path)


class TestAtomicWrites:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "run.ckpt"
        mg.save(path, {"step": 1})
        return path

    def only_the_old_file(self, path: Path) -> None:
        assert mg.load(path) == {"step": 1}
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize("function", ["fsync", "replace"])
    def test_a_failing_system_call(self, function: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, function, fail)
        with pytest.raises(OSError, match="No space left on device") as caught:
            mg.save(path, {"step": 2})
        monkeypatch.undo()
        assert caught.value.errno == errno.ENOSPC
        assert caught.value.filename == str(path)
        assert "what was there before is unchanged" in str(caught.value)
        self.only_the_old_file(path)

    def test_a_write_that_stops_halfway(self, path: Path) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                mg.save(path, {"step": 2, "w": np.ones(100_000)})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        self.only_the_old_file(path)

    def test_an_interrupt(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            mg.save(path, {"step": 2})
        monkeypatch.undo()
        self.only_the_old_file(path)

    def test_a_missing_folder(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="checkpoint not written"):
            mg.save(tmp_path / "none" / "run.ckpt", {})

    def test_order_of_system_calls(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[str] = []

        def record(name: str) -> Callable[..., Any]:
            original = getattr(os, name)

            def call(*args: Any) -> Any:
                calls.append(name)
                return original(*args)

            return call

        for name in ("fsync", "replace"):
            monkeypatch.setattr(os, name, record(name))
        mg.save(path, {"step": 2})
        assert calls == ["fsync", "replace", "fsync"]

    def test_writes_through_a_link(self, path: Path, tmp_path: Path) -> None:
        link = tmp_path / "latest"
        link.symlink_to(path.name)
        mg.save(link, {"step": 2})
        assert link.is_symlink()
        assert mg.load(path) == {"step": 2}

    def test_permissions_follow_the_umask(self, path: Path) -> None:
        before = os.umask(0o027)
        try:
            mg.save(path, {"step": 2})
        finally:
            os.umask(before)
        assert path.stat().st_mode & 0o777 == 0o640

    def test_what_a_killed_process_left_is_removed_an_hour_later(self, path: Path) -> None:
        old, new = (path.with_name(f".{path.name}.{name}.tmp") for name in ("01234567", "89abcdef"))
        other = path.with_name(".other.ckpt.01234567.tmp")
        for file in (old, new, other):
            file.write_bytes(b"half")
            os.utime(file, (0, 0))
        os.utime(new)
        mg.save(path, {"step": 2})
        assert [file.exists() for file in (old, new, other)] == [False, True, True]

    def test_a_kill_at_any_moment_leaves_a_whole_file(self, path: Path) -> None:
        script = """
            import os, random, signal, sys, time
            import numpy as np
            import minigrad as mg

            path = sys.argv[1]
            random.seed(int(sys.argv[2]))
            killed_while_writing = 0
            step = 1
            for _ in range(40):
                child = os.fork()
                if child == 0:
                    while True:
                        step += 1
                        mg.save(path, {"step": step, "w": np.full(50_000 + step, step, np.float32)})
                time.sleep(random.uniform(0, 0.04))
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                state = mg.load(path)
                assert state["step"] >= step
                step = state["step"]
                if step > 1:
                    assert state["w"].shape == (50_000 + step,) and (state["w"] == step).all()
                for name in os.listdir(os.path.dirname(path)):
                    if name.endswith(".tmp"):
                        killed_while_writing += 1
                        os.unlink(os.path.join(os.path.dirname(path), name))
            print(step, killed_while_writing)
        """
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        done = python(textwrap.dedent(script), path, 0, **threads)
        assert done.returncode == 0, done.stderr
        saved, killed_while_writing = map(int, done.stdout.split())
        assert saved > 5
        assert killed_while_writing > 0


class TestForgedContent:
    """A right checksum over nonsense, and headers that other programs would not write."""

    @pytest.mark.parametrize(
        "tree",
        [
            {"w": {"$scalar": "w"}},
            {"w": {"$array": "w"}, "x": {"$tuple": "abc"}},
            {"w": {"$array": "w"}, "x": {"$tuple": {"a": 1}}},
            {"w": {"$array": "w"}, "x": {"$dict": ["ab"]}},
            {"w": {"$array": "w"}, "x": {"$dict": [[1, 2]]}},
            {"w": {"$array": "w"}, "x": {"$dict": [[[], 2]]}},
            {"w": {"$array": "w"}, "x": {"$float": "9" * 400}},
            {"w": {"$array": "w"}, "x": {"$float": 10**400}},
            {"w": {"$array": "w"}, "x": {"$\x1b[31m": "\ud800" * 1000}},
        ],
    )
    def test_trees(self, tmp_path: Path, tree: Any) -> None:
        TestDamage().refuse(tmp_path / "a", forged(tree, {"w": np.ones(2)}), "its description of the state")

    @pytest.mark.parametrize("version", [10**400, "\x1b[31m" * 1000, [[[]]], None, 1.5, {"a": "\ud800"}])
    def test_versions(self, tmp_path: Path, version: Any) -> None:
        TestDamage().refuse(tmp_path / "a", forged({}, {}, format=version), "written in format")

    @pytest.mark.parametrize("shape", [[1] * 65, [0, 2**62], [0, 2**62, 2**62], [2**62, 0]])
    def test_shapes(self, tmp_path: Path, shape: list[int]) -> None:
        data = bytes(8 if 0 not in shape else 0)
        header = json.dumps({"\x1b" * 500: {"dtype": "I64", "shape": shape, "data_offsets": [0, len(data)]}})
        content = len(header).to_bytes(8, "little") + header.encode() + data
        TestDamage().refuse(tmp_path / "a", content, "damaged")
