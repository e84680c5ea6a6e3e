"""The doctor: its rules on cases that are made, on planted runs, and on the files of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gans.data import load
from gans.study.doctor import RULES, Case, diagnose
from gans.study.doctor.diagnosis import of_case
from gans.study.doctor.failures import FURTHER, HEALTHY, PLANTED, REPORT, SEEN_ONCE, TUNING, failed, trained
from tests.gans.commands import TOY, failure, gans
from tests.processes import ROOT
from tools.doctor import page


@pytest.fixture(scope="module")
def case() -> Case:
    """A GAN on the ring after a few steps."""
    return trained("gan", load("ring"), 0, 3, {"batch_size": 16})


def lines(**metrics: Any) -> list[dict[str, Any]]:
    """A history of 400 steps with these metrics, numbers or arrays."""
    columns = {name: np.broadcast_to(value, 400) for name, value in metrics.items()}
    return [
        {"step": i + 1, **{name: float(column[i]) for name, column in columns.items()}} for i in range(400)
    ]


def test_rules_of_metrics_are_met_above_their_thresholds_alone(case: Case) -> None:
    wave = 1 + 0.8 * np.sin(np.arange(400) / 8)
    met = {
        "d-saturated": lines(d_real=0.99, d_fake=0.01),
        "dead-gradient": lines(grad_norm_g=1e-6),
        "rotation": lines(loss_g=wave),
    }
    unmet = {
        "d-saturated": lines(d_real=0.99, d_fake=0.2),
        "dead-gradient": lines(grad_norm_g=1e-2),
        "rotation": lines(loss_g=np.random.default_rng(0).normal(1.0, 0.1, 400)),
    }
    for name, history in met.items():
        value = RULES[name].statistic(replace(case, history=history))
        assert value is not None
        assert value > RULES[name].threshold, name
        value = RULES[name].statistic(replace(case, history=unmet[name]))
        assert value is not None
        assert value <= RULES[name].threshold, name


def value_of(rule: str, case: Case, fake: Any) -> float:
    """The statistic of a case with these samples."""
    made = replace(case)
    made.__dict__["fake"] = np.asarray(fake, dtype=np.float64)
    value = RULES[rule].statistic(made)
    assert value is not None
    return value


def modes(count: int) -> Any:
    """Samples on so many neighbours of the ring's modes."""
    angles = 2 * np.pi * (np.arange(512) % count) / 8
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return points + np.random.default_rng(0).normal(0.0, 0.01, points.shape)


def test_one_or_two_modes_are_a_collapse_and_three_are_not(case: Case) -> None:
    assert value_of("collapse", case, np.ones((512, 2))) == pytest.approx(1.0)
    assert value_of("collapse", case, modes(1)) > 0.99
    assert value_of("collapse", case, modes(2)) == pytest.approx(0.853, abs=0.01)
    assert RULES["collapse"].threshold <= 0.853
    assert value_of("collapse", case, modes(3)) < RULES["collapse"].threshold


def test_samples_run_away_when_they_leave_the_data_and_not_when_they_collapse(case: Case) -> None:
    assert value_of("runaway", case, modes(1)) < RULES["runaway"].threshold
    assert value_of("runaway", case, 5 * modes(1)) > RULES["runaway"].threshold


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("g cut off", 120),
        ("noise never given", 120),
        ("batch norm never updated", 120),
        ("d does not learn", 120),
        ("momentum against a linear d", 600),
    ],
)
def test_planted_failures_are_named(name: str, steps: int) -> None:
    planted = PLANTED[name]
    found = of_case(failed(planted, 10, steps))
    assert set(found.names) & set(planted.names)
    assert all(finding.value > finding.rule.threshold for finding in found.findings)


def test_the_report_is_on_seeds_that_chose_no_threshold() -> None:
    kept = json.loads((ROOT / "docs" / "doctor.json").read_text("utf-8"))
    rows = kept["runs"]
    assert not {*REPORT, *FURTHER} & {*TUNING}
    expected = [(name, seed) for seed in REPORT for name in (*PLANTED, *HEALTHY)]
    expected += [(name, seed) for seed in FURTHER for name in SEEN_ONCE]
    assert [(row["name"], row["seed"]) for row in rows] == expected
    for row in rows:  # verdicts follow from the kept statistics and the rules of today
        met = {name for name, value in row["values"].items() if value > RULES[name].threshold}
        assert met == set(row["found"])
        assert row["right"] == (bool(met & set(row["expected"])) if row["expected"] else not met)
    assert (ROOT / "docs" / "doctor.md").read_text("utf-8") == page(rows)


def test_the_command_reads_the_files_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert gans(*TOY, "--steps", 12, "--lr-ratio", 1e-6, "--out", run) == 0
    capsys.readouterr()
    assert gans("doctor", run) == 0
    said = capsys.readouterr().out
    assert said.lower().startswith("gan on ring, step 12")
    assert "evidence" in said
    assert gans("doctor", run, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["values"].keys() == RULES.keys()
    assert [one["name"] for one in found["findings"]] == diagnose(run).names
    assert "no" in failure(capsys, "doctor", tmp_path / "none")
