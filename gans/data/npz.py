"""An ``.npz`` file of NumPy as a data set: images and, where it has them, labels and a test set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gans.data.idx import Bytes
from gans.data.images import KINDS, ImageData, check_shapes, image_data
from gans.data.npy import Archive, Array, opened_npz
from gans.data.sizes import check_sides, fits
from gans.data.splits import split
from gans.messages import one_line

__all__ = ["NAMES", "load_npz"]

NAMES: Mapping[str, tuple[str, ...]] = {
    "images": ("images", "train_images", "x_train"),
    "labels": ("labels", "train_labels", "y_train"),
    "test images": ("test_images", "x_test"),
    "test labels": ("test_labels", "y_test"),
}
"""The names of the arrays, in small letters or capitals. A single array is the images under any name."""

_NUMBER = "numpy.unique(x, return_inverse=True) numbers classes"

_OVERSHOOT = 1e-3
"""Numbers may lie so far beyond their range and are clipped."""


def load_npz(path: Path, name: str) -> ImageData:
    """Read the arrays of an ``.npz`` file under the ``NAMES``; only the images are needed.

    Images are (n, h, w), (n, h, w, c) or (n, c, h, w), c 1 or 3: uint8, or floats from 0 to 1 or -1 to 1.
    Labels are integers from 0 to 255, (n,) or (n, 1). Without test images, ``held_out`` decides which are.
    Nothing is unpickled, and memory grows with the bytes that are there, never with those that a header
    claims.

    Raises UserError if the file is missing, damaged or no ``.npz``, it has no images or several arrays that
    might be them, an array is of another kind, or the arrays do not fit one another.
    """
    with opened_npz(path) as archive:
        found = _found(archive)
        for kind, array in found.items():
            _check_dtype(archive, kind, array)
        images = {kind: _channels_last(array.shape) for kind, array in found.items() if "images" in kind}
        labels = {kind: _flat(array.shape) for kind, array in found.items() if "labels" in kind}
        shapes = {**images, **labels}
        check_shapes(str(path), *(shapes.get(kind) for kind in KINDS))
        check_sides(str(path), *images["images"][1:3])
        pixels = _pixels(archive, {kind: found[kind] for kind in images})
        classes = {kind: _classes(archive, found[kind]) for kind in labels}
    if "test images" not in found:
        return split(name, pixels["images"], classes.get("labels"))
    return image_data(
        name, pixels["images"], classes.get("labels"), pixels["test images"], classes.get("test labels")
    )


def _found(archive: Archive) -> dict[str, Array]:
    """The arrays of the file by what they are."""
    names = {name.lower(): name for name in archive.names}
    if len(names) == 1 and not any(name in names for known in NAMES.values() for name in known):
        return {"images": archive.array(*names.values())}
    found = {}
    for kind, known in NAMES.items():
        given = [names[name] for name in known if name in names]
        if len(given) > 1:
            raise archive.refusal(f"{given[0]} and {given[1]} may both be the {kind}", "save one of them")
        if given:
            found[kind] = archive.array(given[0])
    if "images" not in found:
        arrays = ", ".join(archive.names) or "none"
        raise archive.refusal(
            f"no array {' or '.join(NAMES['images'])}; it has {one_line(arrays, 80)}", "save it anew"
        )
    for kind in ("test labels", "labels"):
        if kind in found and kind.replace("labels", "images") not in found:
            raise archive.refusal(f"{kind} without {kind.replace('labels', 'images')}", "save both")
    return found


def _check_dtype(archive: Archive, kind: str, array: Array) -> None:
    dtype = array.dtype
    if "images" in kind and not (dtype == np.uint8 or dtype.kind == "f"):
        raise archive.refusal(
            f"{array.name} of {dtype}, expected uint8 from 0 to 255, or floats",
            "save x.astype(numpy.uint8)",
        )
    if "labels" in kind and dtype.kind not in "iu":
        raise archive.refusal(
            f"{array.name} of {dtype}, expected integers from 0 to 255",
            _NUMBER,
        )


def _channels_last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of images with their channels as the last axis; a shape of another kind as it is."""
    if len(shape) == 4 and shape[1] in (1, 3) and not (shape[3] in (1, 3) and fits(*shape[1:3])):
        return (shape[0], *shape[2:], shape[1])
    return shape


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:1] if shape[1:] == (1,) else shape


def _pixels(archive: Archive, found: Mapping[str, Array]) -> dict[str, Bytes]:
    """The images of all splits as bytes, channels last."""
    low, high = 0.0, 1.0
    floats = [array for array in found.values() if array.dtype != np.uint8]
    if floats:
        if len(floats) < len(found):
            raise archive.refusal("images of bytes and images of floats", "save both as uint8")
        low, high = _range(archive, floats)
    return {kind: _scaled(archive, array, low, high) for kind, array in found.items()}


def _scaled(archive: Archive, array: Array, low: float, high: float) -> Bytes:
    shape, values = _channels_last(array.shape), bytearray()
    for block in archive.blocks(array):
        ordered = block if shape == array.shape else np.moveaxis(block, 1, -1)
        values += (ordered if array.dtype == np.uint8 else _as_bytes(ordered, low, high)).tobytes()
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def _range(archive: Archive, arrays: list[Array]) -> tuple[float, float]:
    """The numbers that stand for black and for white: 0 and 1, or -1 and 1.

    -1 is black if a number is below 0 and at least half as far from it as the largest. Numbers beyond both
    ranges, and a few just below 0, as resizing leaves them, are refused: they may mean anything.
    """
    low, high = math.inf, -math.inf
    for array in arrays:
        for block in archive.blocks(array):
            low, high = min(low, float(block.min())), max(high, float(block.max()))
            if not (math.isfinite(low) and math.isfinite(high)):
                raise archive.refusal(f"{array.name} has NaN or infinity", "remove such images")
    if low >= -_OVERSHOOT and high <= 1 + _OVERSHOOT:
        return 0.0, 1.0
    if low >= -1 - _OVERSHOOT and high <= min(1 + _OVERSHOOT, -2 * low):
        return -1.0, 1.0
    raise archive.refusal(
        f"images of floats from {low:.4g} to {high:.4g}, which is neither 0 to 1 nor -1 to 1",
        "save uint8 from 0 to 255",
    )


def _as_bytes(block: npt.NDArray[Any], low: float, high: float) -> Bytes:
    scaled = (block.astype(np.float64) - low) * (255 / (high - low))
    pixels: Bytes = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return pixels


def _classes(archive: Archive, array: Array) -> Bytes:
    values = bytearray()
    for block in archive.blocks(array):
        low, high = int(block.min()), int(block.max())
        if low < 0 or high > 255:
            raise archive.refusal(f"{array.name} from {low} to {high}, expected 0 to 255", _NUMBER)
        values += block.astype(np.uint8).tobytes()
    return np.frombuffer(values, dtype=np.uint8)
