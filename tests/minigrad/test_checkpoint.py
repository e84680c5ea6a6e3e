"""Checkpoints: what goes in comes out; files of other programs; what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad import nn, optim
from tests.minigrad.saved_states import STATE, same

DTYPES = ["bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ">f4", ">i8"]


def round_trip(path: Path, state: Any) -> Any:
    mg.save(path / "state", state)
    return mg.load(path / "state")


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
