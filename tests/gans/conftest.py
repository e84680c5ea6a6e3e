"""Finished runs that tests of a file share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gans.trainer import batches
from tests.gans.commands import TOY, gans, idx_folder
from tests.gans.fingerprints import drawing_fingerprints
from tests.gans.fingerprints import fingerprints as fingerprints


@pytest.fixture(scope="module")
def toy_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two short epochs and a bit."""
    run = tmp_path_factory.mktemp("toy") / "run"
    with pytest.MonkeyPatch.context() as patch, drawing_fingerprints():
        patch.setattr(batches, "TOY_EPOCH_STEPS", 6)
        assert gans(*TOY, "--steps", 14, "--seed", 1, "--out", run) == 0
    return run


@pytest.fixture(scope="module")
def image_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DCGAN after one step on 80 images."""
    folder = tmp_path_factory.mktemp("images")
    pixels = np.random.default_rng(0).integers(0, 256, (80, 28, 28)).astype(np.uint8)
    data = idx_folder(folder / "digits", pixels)
    assert (
        gans("train", "dcgan", "--data", data, "--batch-size", 4, "--steps", 1, "--out", folder / "run") == 0
    )
    return folder / "run"
