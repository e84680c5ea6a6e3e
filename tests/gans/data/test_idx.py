from __future__ import annotations

import gzip
import math
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gans.data import idx
from gans.data.idx import idx_bytes, read_idx, write_idx
from gans.errors import UserError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)


def refusal(path: Path, ndim: int | None = None) -> str:
    with pytest.raises(UserError) as caught:
        read_idx(path, ndim=ndim)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(array=hnp.arrays(np.uint8, hnp.array_shapes(max_dims=8, max_side=4)), packed=st.booleans())
def test_what_is_written_is_read_back(tmp_path: Path, array: np.ndarray, packed: bool) -> None:
    path = tmp_path / ("a.gz" if packed else "a")
    write_idx(path, array)
    np.testing.assert_array_equal(read_idx(path, ndim=array.ndim), array)
    content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    assert content == idx_bytes(array)


def test_the_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    write_idx(tmp_path / "a", np.array([[1, 2, 3], [4, 5, 6]], dtype=np.uint8))
    assert (tmp_path / "a").read_bytes() == bytes.fromhex("00000802 00000002 00000003 010203040506")


def test_packing_has_no_time_stamp_and_the_name_does_not_matter(tmp_path: Path) -> None:
    write_idx(tmp_path / "a.gz", IMAGES)
    assert (tmp_path / "a.gz").read_bytes()[4:8] == bytes(4)
    (tmp_path / "a.gz").rename(tmp_path / "b")
    np.testing.assert_array_equal(read_idx(tmp_path / "b"), IMAGES)


def test_arrays_are_read_only(tmp_path: Path) -> None:
    write_idx(tmp_path / "a", IMAGES)
    with pytest.raises(ValueError, match="read-only"):
        read_idx(tmp_path / "a")[0] = 0


@pytest.mark.parametrize("array", [np.zeros(3), np.uint8(1).reshape(()), np.zeros((1,) * 9, np.uint8)])
def test_only_bytes_can_be_written(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8 array of 1 to 8 dimensions"):
        idx_bytes(array)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "0 bytes long"),
        (b"\0\0\x08", "3 bytes long"),
        (b"\x89PNG0000", "starts with bytes 89 50 4e 47, expected 00 00 08"),
        (b"\0\0\x0d\x01" + struct.pack(">I", 1) + bytes(4), r"0x0d (float32), expected 0x08"),
        (b"\0\0\x07\x01" + struct.pack(">I", 1) + bytes(4), r"0x07 (unknown), expected 0x08"),
        (b"\0\0\x08\0", "0 dimensions, expected 1 to 8"),
        (b"\0\0\x08\xff" + bytes(2000), "255 dimensions, expected 1 to 8"),
        (b"\0\0\x08\x03" + bytes(7), "truncated in its header: 11 bytes, expected 16"),
        (b"\0\0\x08\x02" + struct.pack(">2I", 3, 0), "claims 3 x 0 values"),
        (idx_bytes(IMAGES)[:-1], "truncated: the header claims 60 bytes of values, found 59"),
        (idx_bytes(IMAGES) + b"\0", "trailing bytes after the 60 bytes"),
    ],
)
def test_damage_is_an_error_of_one_line(tmp_path: Path, content: bytes, said: str, packed: bool) -> None:
    assert said in refusal(written(tmp_path / "a", gzip.compress(content) if packed else content))


def test_the_number_of_dimensions_is_checked(tmp_path: Path) -> None:
    write_idx(tmp_path / "a", IMAGES)
    assert "3 dimensions, expected 1" in refusal(tmp_path / "a", ndim=1)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "a")
    assert "cannot be read" in refusal(tmp_path)


@pytest.mark.parametrize("cut", [1, 5, 12, 30, -9, -1])
def test_a_truncated_gzip_file_is_refused(tmp_path: Path, cut: int) -> None:
    assert refusal(written(tmp_path / "a", gzip.compress(idx_bytes(IMAGES))[:cut]))


def test_rubbish_after_the_gzip_stream_is_refused(tmp_path: Path) -> None:
    assert "damaged gzip" in refusal(written(tmp_path / "a", gzip.compress(idx_bytes(IMAGES)) + b"rubbish"))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "shape", [(2**32 - 1,) * 3, (idx.MAX_BYTES + 1,), (1024, 1024, 1024), (idx.MAX_BYTES,)]
)
def test_a_forged_header_allocates_nothing(tmp_path: Path, shape: tuple[int, ...], packed: bool) -> None:
    content = bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape) + bytes(10)
    path = written(tmp_path / "a", gzip.compress(content) if packed else content)
    tracemalloc.start()
    try:
        message = refusal(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert ("over the limit" in message) == (math.prod(shape) > idx.MAX_BYTES)
    assert peak < 4e6


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(data=st.data(), packed=st.booleans())
def test_random_edits_are_read_or_refused(tmp_path: Path, data: st.DataObject, packed: bool) -> None:
    content = bytearray(idx_bytes(IMAGES))
    if packed:
        content = bytearray(gzip.compress(content, mtime=0))
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(content)))
        kind = data.draw(st.sampled_from(["change", "insert", "cut"]))
        if kind == "change":
            content[position : position + 1] = data.draw(st.binary(min_size=1, max_size=1))
        elif kind == "insert":
            content[position:position] = data.draw(st.binary(max_size=9))
        else:
            del content[position : position + data.draw(st.integers(1, 20))]
    path = written(tmp_path / "a", bytes(content))
    refused = None
    try:
        array = read_idx(path)
    except UserError as error:
        refused = str(error)
    if refused is None:
        assert array.dtype == np.uint8
        assert array.size > 0
    else:
        assert "\n" not in refused
