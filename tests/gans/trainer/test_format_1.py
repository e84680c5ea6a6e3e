"""Runs of config.json's format 1 load and go on, with the records that the version of then made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import gans
from gans.trainer import RunConfig

RUNS = Path(__file__).with_name("format_1")


def lines(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.usefixtures("fingerprints")
@pytest.mark.parametrize("model", ["gan", "wgan", "wgan-gp"])
def test_a_run_of_format_1_goes_on(model: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(RUNS / model, run)
    assert gans.load(run).step == 6
    assert gans.sample(run, 5).shape == (5, 2)
    gans.resume(run, steps=9, progress=False)
    records = lines(run / "metrics.jsonl")
    assert records[:6] == lines(RUNS / model / "metrics.jsonl")
    for now, then in zip(records[6:], lines(RUNS / model / "later.jsonl"), strict=True):
        assert {name: now[name] for name in then if name != "seconds"} == pytest.approx(
            {name: value for name, value in then.items() if name != "seconds"}, rel=1e-3, abs=1e-5
        )
    assert json.loads((run / "config.json").read_text("utf-8"))["format"] == 2
    assert gans.load(run).step == 9


def test_settings_that_a_model_of_format_1_had_in_its_networks_are_those_of_then(tmp_path: Path) -> None:
    document = json.loads((RUNS / "gan" / "config.json").read_text("utf-8"))
    document |= {"model": "dcgan", "shape": [1, 28, 28], "data": "mnist5k"}
    (tmp_path / "config.json").write_text(json.dumps(document), "utf-8")
    config = RunConfig.read(tmp_path)
    assert config.spec.kind == "image"
    settings: Any = config.settings
    assert (settings.features, settings.base, settings.lr_floor) == (64, 7, 0.0)
