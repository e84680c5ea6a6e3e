"""Each kind of picture on every system that it fits; the others are refused in a line."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gans.errors import UserError
from gans.plotting import KINDS, draw, kinds_of
from gans.systems import SYSTEMS
from tests.gans.plotting.runs import trained
from tests.states import flat

LATENT = ["interpolation", "arithmetic", "traversal"]
LAYERS = ["gradients", "updates"]
OF_IMAGES = [*LATENT, "neighbours", "saliency", *LAYERS]
OF_POINTS = ["interpolation", "traversal", "surface", *LAYERS]
TRANSLATED = ["neighbours", *LAYERS]

FITTING = {
    **{(name, "image"): OF_IMAGES for name in SYSTEMS},
    **{(name, "points"): OF_POINTS for name in SYSTEMS},
    ("vae", "image"): [*LATENT, "neighbours", *LAYERS],
    ("vae", "points"): ["interpolation", "traversal", *LAYERS],
    ("pacgan", "image"): [*LATENT, "neighbours", *LAYERS],
    ("stargan", "image"): TRANSLATED,
    ("ssgan", "partial"): OF_IMAGES,
    ("pix2pix", "pairs"): TRANSLATED,
    ("pix2pixhd", "pairs"): TRANSLATED,
    ("cyclegan", "domains"): TRANSLATED,
    ("dualgan", "domains"): TRANSLATED,
    ("i2i", "domains"): TRANSLATED,
    ("dann", "domains"): LAYERS,
    ("vid2vid", "clips"): LAYERS,
    ("seqgan", "sequences"): LAYERS,
}
"""The kinds that fit each system on each kind of data."""

CASES = [(name, kind) for name, system in SYSTEMS.items() for kind in system.presets]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_each_system_has_its_pictures(name: str, kind: str, tmp_path: Path) -> None:
    run = trained(name, kind, tmp_path)
    assert kinds_of(run.system) == FITTING[name, kind]
    before = flat(run.system.state_dict())
    for picture in FITTING[name, kind][:-1]:  # updates are drawn as gradients are
        few = {
            option: 2 for option in ("n", "frames", "nearest", "steps") if option in KINDS[picture].options
        }
        drawn = draw(run, picture, few)
        image = Image.open(io.BytesIO(drawn.png()))
        assert np.asarray(image.convert("L")).std() > 0
        assert all(np.isfinite(array).all() for array in drawn.numbers.values() if picture not in LAYERS)
    assert flat(run.system.state_dict()) == before
    for picture in KINDS.keys() - set(FITTING[name, kind]):
        with pytest.raises(UserError, match=f"its pictures are {FITTING[name, kind][0]}"):
            draw(run, picture, {})


def test_each_kind_fits_a_system() -> None:
    assert {kind for kinds in FITTING.values() for kind in kinds} == set(KINDS)
