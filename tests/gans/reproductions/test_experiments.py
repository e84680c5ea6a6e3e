"""The experiments of the package: what each must say, and REPRODUCTIONS.md, which their JSON files give."""

from __future__ import annotations

import msgspec
import pytest

from gans.reproductions import EXPERIMENTS, Place, page
from gans.reproductions.results import read_document
from tests.gans.commands import gans
from tests.processes import ROOT

HERE = Place(ROOT)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_says_all_that_its_table_needs(name: str) -> None:
    experiment = EXPERIMENTS[name]
    assert experiment.protocol.endswith(".")
    assert experiment.source.endswith(".")
    assert experiment.figures
    assert experiment.rows
    for row in experiment.rows:
        settings = experiment.settings_of(row)
        assert settings
        assert msgspec.json.decode(msgspec.json.encode(settings)) == settings


@pytest.mark.parametrize("path", sorted(HERE.results.glob("*.json")), ids=lambda path: path.stem)
def test_results_are_of_an_experiment_with_its_present_settings(path: object) -> None:
    document = read_document(HERE.json(str(getattr(path, "stem", ""))))
    experiment = EXPERIMENTS[document.experiment]
    for row in document.rows:
        assert {**document.settings, **row.settings} == experiment.settings_of(row.row)
        published = {name: (figure.value, figure.spread) for name, figure in row.published.items()}
        assert published == {
            name: tuple(figure) for name, figure in experiment.rows[row.row].published.items()
        }
        assert [trial.seed for trial in row.trials] == sorted({trial.seed for trial in row.trials})


def test_the_page_is_what_the_files_give() -> None:
    assert HERE.table.read_text("utf-8") == page(HERE.documents())


def test_the_list_has_every_experiment(capsys: pytest.CaptureFixture[str]) -> None:
    assert gans("reproduce") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in EXPERIMENTS)
