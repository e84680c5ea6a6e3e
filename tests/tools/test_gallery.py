"""The script that trains every system and draws docs/gallery.md."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

import gans
from gans.metrics import MEANINGS
from gans.systems import SYSTEMS
from tools import gallery


def test_every_system_has_an_entry_whose_figures_exist() -> None:
    assert set(gallery.ENTRIES) == set(SYSTEMS)
    for name, entry in gallery.ENTRIES.items():
        assert set(entry.figures) <= {*MEANINGS, *SYSTEMS[name].figure_meanings}, name


def test_the_page_is_what_the_kept_rows_give() -> None:
    assert (gallery.DOCS / "gallery.md").read_text("utf-8") == gallery.page(gallery.DOCS)


def test_kept_rows_have_their_figures_and_pictures() -> None:
    rows = sorted((gallery.DOCS / "gallery").glob("*.json"))
    assert rows
    for path in rows:
        figures = json.loads(path.read_text("utf-8"))["figures"]
        assert set(gallery.ENTRIES[path.stem].figures) <= set(figures), path.stem
        with Image.open(path.with_suffix(".png")) as picture:
            assert min(picture.size) > 100


def test_a_run_that_has_ended_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, docs = tmp_path / "runs", tmp_path / "docs"
    run = gans.train("gan", "ring", out=runs / "gan", steps=2, progress=False)
    docs.mkdir()
    monkeypatch.setattr(sys, "argv", ["gallery", "gan", "--runs", str(runs), "--docs", str(docs)])
    gallery.main()
    row = json.loads((docs / "gallery" / "gan.json").read_text("utf-8"))
    assert row["command"] == "python -m gans train gan --data ring"
    assert row["steps"] == run.step == 2
    text = (docs / "gallery.md").read_text("utf-8")
    assert f"`modes_covered` {row['figures']['modes_covered']}" in text
    assert "Without a row yet: `dcgan`" in text


def test_a_run_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gans.train("gan", "ring", out=tmp_path / "gan", steps=2, progress=False)
    config = tmp_path / "gan" / "config.json"
    fields = json.loads(config.read_text("utf-8"))
    config.write_text(json.dumps(fields | {"steps": 3}), "utf-8")
    assert gallery.trained("gan", tmp_path).step == 3


def test_time_changes_the_minutes_of_a_row_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gallery" / "gan.json"
    path.parent.mkdir()
    before = json.loads((gallery.DOCS / "gallery" / "gan.json").read_text("utf-8"))
    path.write_text(json.dumps({**before, "minutes": 1e9}), "utf-8")
    monkeypatch.setattr(gallery, "SECONDS", 0.5)
    monkeypatch.setattr(sys, "argv", ["gallery", "gan", "--time", "--docs", str(tmp_path)])
    gallery.main()
    after = json.loads(path.read_text("utf-8"))
    assert after["alone"] is True
    assert 0 < after["minutes"] < 1e6
    own = ("minutes", "alone", "processor", "cores")
    assert {k: v for k, v in after.items() if k not in own} == {
        k: v for k, v in before.items() if k not in own
    }
    assert f"{after['minutes']:g} minutes on " in (tmp_path / "gallery.md").read_text("utf-8")


def test_the_time_of_phases_is_not_told_by_the_first_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gallery", "pggan", "--time"])
    with pytest.raises(SystemExit):
        gallery.main()
    assert "the first steps of pggan do not tell" in capsys.readouterr().err


def test_an_unknown_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gallery", "dcgna"])
    with pytest.raises(SystemExit) as ended:
        gallery.main()
    assert ended.value.code == 2
    assert "there is no row 'dcgna'" in capsys.readouterr().err
