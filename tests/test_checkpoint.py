"""Checkpoints: what goes in comes out, files of other programs, damage, and atomic writes."""

from __future__ import annotations

import errno
import json
import math
import os
import pickle
import resource
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad import checkpoint, nn, optim

DTYPES = ["bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ">f4", ">i8"]


def same(a: Any, b: Any) -> bool:
    """Whether `a`, loaded, is `b` in value, type, native dtype, shape and order of keys; NaN equals NaN."""
    if isinstance(a, np.ndarray | np.generic):
        if type(a) is not type(b) or a.shape != b.shape or a.dtype != b.dtype.newbyteorder("="):
            return False
        return bool(a.tobytes() == b.astype(a.dtype).tobytes())
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b or (a != a and b != b)


def round_trip(path: Path, state: Any) -> Any:
    mg.save(path / "state", state)
    return mg.load(path / "state")


STATE: dict[str, Any] = {
    "step": 12,
    "model": {"0.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "0.bias": np.zeros(2)},
    "history": [1.5, None, True, "text", {"x": np.array(3)}],
    "betas": (0.5, 0.999),
    "rng": 2**127 + 1,
    "best": math.inf,
}


class TestRoundTrip:
    def test_everything_at_once(self, tmp_path: Path) -> None:
        assert same(round_trip(tmp_path, STATE), STATE)

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("shape", [(), (0, 3), (1,), (2, 3)])
    def test_dtypes_and_shapes(self, dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
        array = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
        assert same(round_trip(tmp_path, {"a": array}), {"a": array})

    @pytest.mark.parametrize(
        "array", [np.arange(12.0).reshape(3, 4).T, np.arange(12)[::-2], np.broadcast_to(1.5, (2, 3))]
    )
    def test_strides(self, array: np.ndarray, tmp_path: Path) -> None:
        loaded = round_trip(tmp_path, {"a": array})["a"]
        np.testing.assert_array_equal(loaded, array)
        assert loaded.flags.c_contiguous
        assert loaded.flags.writeable
        assert loaded.flags.owndata

    @pytest.mark.parametrize("value", [np.float32(0.1), np.float64(0.1), np.int64(3), np.bool_(True)])
    def test_numpy_scalars(self, value: np.generic, tmp_path: Path) -> None:
        assert same(round_trip(tmp_path, {"x": value}), {"x": value})

    @pytest.mark.parametrize(
        "value", [0.1, -0.0, 5e-324, math.nan, -math.inf, 1, True, "", "ü\n\0'\"", [], (), {}, None]
    )
    def test_values(self, value: Any, tmp_path: Path) -> None:
        assert same(round_trip(tmp_path, {"x": value}), {"x": value})
        assert math.copysign(1, round_trip(tmp_path, {"x": -0.0})["x"]) == -1

    @pytest.mark.parametrize(
        "state",
        [
            {},
            {"$array": "x"},
            {"$array": np.ones(2), "$dict": 1},
            {"a.b": np.ones(1), "a": {"b": np.zeros(2)}},
            {"a": {"b": np.zeros(2)}, "a.b": np.ones(1), "a.b#2": np.ones(3)},
            {"__metadata__": np.ones(1), "minigrad": np.ones(2), "": np.ones(3)},
            {"l": [np.ones(1), [np.ones(2)]], "l.0": np.ones(3)},
        ],
    )
    def test_names_that_collide(self, state: dict[str, Any], tmp_path: Path) -> None:
        assert same(round_trip(tmp_path, state), state)

    def test_tensors_come_back_as_arrays(self, tmp_path: Path) -> None:
        loaded = round_trip(tmp_path, {"t": mg.tensor([1.0, 2.0]), "p": nn.Parameter(np.ones(2))})
        assert same(loaded, {"t": np.array([1, 2], np.float32), "p": np.ones(2)})

    def test_models_and_optimizers(self, tmp_path: Path) -> None:
        net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
        optimizer = optim.Adam(net.parameters(), betas=(0.5, 0.999))
        state = {
            "net": net.state_dict(),
            "optimizer": optimizer.state_dict(),
            "random": mg.random.get_state(),
        }
        loaded = round_trip(tmp_path, state)
        assert same(loaded, state)
        net.load_state_dict(loaded["net"])
        optimizer.load_state_dict(loaded["optimizer"])

    nested = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(exclude_categories=["Cs"]))
        | hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, min_side=0, max_side=3)),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.text("ab.$#0", max_size=4), inner, max_size=4)
        ),
        max_leaves=12,
    )

    @given(state=st.dictionaries(st.text("ab.$#0", max_size=4), nested, max_size=4))
    def test_any_state(self, state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
        assert same(round_trip(tmp_path_factory.getbasetemp(), state), state)


class TestPlainFiles:
    def test_a_flat_dict_is_a_plain_safetensors_file(self, tmp_path: Path) -> None:
        state = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).state_dict()
        mg.save(tmp_path / "net.safetensors", state)
        read = safetensors.numpy.load_file(tmp_path / "net.safetensors")
        assert same({key: read[key] for key in state}, state)
        assert set(read) == set(state)

    def test_nested_arrays_have_dotted_names(self, tmp_path: Path) -> None:
        mg.save(tmp_path / "state", {"G": {"0.weight": np.ones(2)}, "list": [{"m": np.ones(3)}]})
        assert set(safetensors.numpy.load_file(tmp_path / "state")) == {"G.0.weight", "list.0.m"}

    def test_files_of_other_programs(self, tmp_path: Path) -> None:
        arrays = {"a.b": np.ones((2, 3), np.float32), "c": np.arange(3), "h": np.ones(2, np.float16)}
        safetensors.numpy.save_file(arrays, tmp_path / "other", metadata={"format": "pt"})
        loaded = mg.load(tmp_path / "other")
        assert same(loaded["a.b"], arrays["a.b"])
        assert same(loaded["c"], arrays["c"])
        assert same(loaded["h"], np.ones(2, np.float32))

    def test_bfloat16(self, tmp_path: Path) -> None:
        values = np.array([1.0, -2.5, 3e38, np.inf], np.float32)
        upper_halves = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
        header = json.dumps({"w": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}).encode()
        (tmp_path / "b").write_bytes(len(header).to_bytes(8, "little") + header + upper_halves)
        expected = (values.view(np.uint32) & 0xFFFF0000).view(np.float32).reshape(2, 2)
        assert same(mg.load(tmp_path / "b"), {"w": expected})

    def test_a_type_that_is_not_read(self, tmp_path: Path) -> None:
        header = json.dumps({"w": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [0, 2]}}).encode()
        (tmp_path / "f8").write_bytes(len(header).to_bytes(8, "little") + header + b"ab")
        with pytest.raises(
            mg.CheckpointError, match="array 'w' has the type F8_E4M3, which minigrad does not read"
        ):
            mg.load(tmp_path / "f8")


class TestRefused:
    @pytest.mark.parametrize(
        ("state", "message"),
        [
            ([1], "expected a dict, got list"),
            ({1: 2}, "key 1 in 'the state' is not a string"),
            ({"a": {"b": {None: 1}}}, r"key None in 'a\.b' is not a string"),
            ({"a": [{"b": {1, 2}}]}, r"cannot store 'a\.0\.b', a set"),
            ({"a": np.array(["x"])}, "cannot store 'a', an array of <U1"),
            ({"a": np.array([None])}, "cannot store 'a', an array of object"),
            ({"a": np.ones(2, complex)}, "cannot store 'a', an array of complex128"),
            ({"a": 1j}, "cannot store 'a', a complex"),
            ({"a": Path("x")}, "cannot store 'a', a .*Path"),
        ],
    )
    def test_values_name_their_place(self, state: Any, message: str, tmp_path: Path) -> None:
        with pytest.raises(TypeError, match=message):
            mg.save(tmp_path / "state", state)
        assert list(tmp_path.iterdir()) == []

    def test_a_state_that_contains_itself(self, tmp_path: Path) -> None:
        state: dict[str, Any] = {}
        state["again"] = state
        with pytest.raises(ValueError, match="does the state contain itself"):
            mg.save(tmp_path / "state", state)


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
        environment = os.environ | {"PYTHONPATH": str(Path(mg.__file__).parents[1])}
        environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), str(path), "0"],
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        saved, killed_while_writing = map(int, done.stdout.split())
        assert saved > 5
        assert killed_while_writing > 0
