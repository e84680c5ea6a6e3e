"""The kernels' benchmark: every case is compared, a wrong result is not timed, the record is complete."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import agreement, cases, ceilings, families, jobs, kernels
from benchmarks.__main__ import main
from benchmarks.peers import NotOffered
from benchmarks.rivals import Local, rivals

BATCH = 2
NAMES = [case.name for case in families.cases(BATCH)]


def outcome(side: str, name: str) -> dict[str, Any]:
    return Local(side).open(families.find(name, BATCH))


def test_names_are_unique_and_seventeen_are_listed() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert sum(case.listed for case in families.cases()) == 17


@pytest.mark.parametrize("name", NAMES)
def test_a_case_agrees_with_plain_numpy(name: str) -> None:
    agreement.kernels(name, "minigrad", outcome("minigrad", name), outcome("numpy", name))


@pytest.mark.parametrize("name", NAMES)
def test_a_case_agrees_with_pytorch(name: str) -> None:
    pytest.importorskip("torch")
    agreement.kernels(name, "torch", outcome("torch", name), outcome("numpy", name))


@pytest.mark.parametrize("wrong", ["value", "nan", "shape", "nothing"])
def test_a_wrong_result_is_caught(wrong: str) -> None:
    expected = {"result 0": np.ones((3, 4), np.float32)}
    actual = {"result 0": np.ones((3, 4), np.float32)}
    agreement.kernels("case", "side", actual, expected)
    if wrong == "value":
        actual["result 0"][2, 3] = 1.001
    elif wrong == "nan":
        actual["result 0"][2, 3] = np.nan
    elif wrong == "shape":
        actual["result 0"] = np.ones((4, 3), np.float32)
    else:
        actual = {}
    with pytest.raises(agreement.Disagreement, match="case"):
        agreement.kernels("case", "side", actual, expected)


def test_what_one_side_leaves_out_is_not_compared_and_the_rest_is() -> None:
    one, two = np.ones(3, np.float32), np.zeros(3, np.float32)
    few, more = {"result 0": one}, {"result 0": one, "result 2": two}
    agreement.kernels("case", "side", more, few)
    agreement.kernels("case", "side", few, more)
    with pytest.raises(agreement.Disagreement, match="result 0"):
        agreement.kernels("case", "side", {"result 0": two, "result 2": two}, {"result 0": one})
    with pytest.raises(agreement.Disagreement, match="no result that was expected"):
        agreement.kernels("case", "side", {"result 2": two}, {"result 0": one})


@pytest.mark.usefixtures("quick")
def test_a_wrong_kernel_is_reported_and_not_timed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from minigrad.kernels import cpu

    monkeypatch.setattr(cpu, "leaky_relu", lambda x, slope: np.maximum(x, 0))
    path, wrong = tmp_path / "kernels.json", "LeakyReLU 1024"
    assert (
        main(["kernels", "--only", wrong, "tanh", "--turns", "1", "--batch", "2", "--json", str(path)]) == 1
    )
    record = json.loads(path.read_text())
    assert list(record["faults"]) == [wrong]
    assert record["faults"][wrong].startswith(f"Disagreement: {wrong}: result 0 of minigrad")
    assert {row["name"] for row in record["rows"]} == {f"{wrong}: gradient", "tanh 1x28x28"}
    assert "Disagreement" in capsys.readouterr().err


def chosen(*texts: str) -> list[cases.Case]:
    return kernels.select(list(texts), BATCH)


def test_compulsory_bytes_count_operands_once_and_results_once() -> None:
    conv = families.find("conv 64->128, 14x14, k4 s2 p1: forward", BATCH)
    x, w, y = BATCH * 64 * 14 * 14, 128 * 64 * 16, BATCH * 128 * 7 * 7
    assert jobs.compulsory_bytes(conv, outcome("numpy", conv.name)) == 4 * (x + w + y)
    assert conv.flops == 2 * y * 64 * 16
    adam = families.find("adam 64", BATCH)
    assert (
        jobs.compulsory_bytes(adam, outcome("numpy", adam.name)) == 4 * (4 + 3) * 64
    )  # all read, p, m, v written


@pytest.mark.usefixtures("quick")
def test_the_record_is_complete_and_drawn(tmp_path: Path) -> None:
    json_file, picture = tmp_path / "kernels.json", tmp_path / "kernels.png"
    arguments = ["kernels", "--only", "conv 1->64", "LeakyReLU 1024", "--turns", "2", "--batch", str(BATCH)]
    assert main([*arguments, "--json", str(json_file), "--picture", str(picture)]) == 0
    record = json.loads(json_file.read_text())
    assert {"command", "date", "machine", "versions", "ceilings", "rows", "geometric_mean"} <= set(record)
    assert record["ceilings"] == {"fma": 100.0, "fma_one": 50.0, "copy": 10.0, "threads": 2}
    assert len(record["rows"]) == 5
    for row in record["rows"]:
        assert set(row["seconds"]) == {"minigrad", "numpy"}
        assert (
            row["ratio"]["numpy"]["low"] <= row["ratio"]["numpy"]["median"] <= row["ratio"]["numpy"]["high"]
        )
        assert row["share_of_fma"] == pytest.approx(row["flops"] / row["seconds"]["minigrad"] / 100e9)
        assert row["share_of_copy"] == pytest.approx(row["bytes"] / row["seconds"]["minigrad"] / 10e9)
    listed = [row["ratio"]["numpy"]["median"] for row in record["rows"] if row["listed"]]
    assert record["geometric_mean"]["numpy"] == pytest.approx(np.prod(listed) ** (1 / 3))
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_ceilings_are_positive_and_crowding_is_noticed() -> None:
    measured = ceilings.measure(rounds=1, fma_loops=1000, copied=1 << 16)
    assert min(measured) > 0
    assert ceilings.Ceilings(fma=60.0, fma_one=50.0, copy=1.0, threads=2).crowded
    assert not ceilings.Ceilings(fma=95.0, fma_one=50.0, copy=1.0, threads=2).crowded


def test_a_rival_in_its_own_process_answers_and_raises() -> None:
    with rivals(["numpy"]) as (rival,):
        name = "LeakyReLU 1024"
        here = outcome("numpy", name)
        there = rival.open(families.find(name, BATCH))
        np.testing.assert_array_equal(here["result 0"], there["result 0"])
        assert len(rival.turn(0.0, 0.0)) == 1
        with pytest.raises(NotOffered, match="it has no softsign"):
            rival.open(replace(families.find(name, BATCH), kernel="softsign"))


@pytest.mark.parametrize("name", ["LeakyReLU 1024", "batch norm + LeakyReLU, 128x14x14: gradient"])
def test_the_numpy_side_runs_no_compiled_kernel(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from minigrad.kernels import cpu

    for kernel in cpu.__all__:
        monkeypatch.setattr(cpu, kernel, None)
    side = Local("numpy")
    side.open(families.find(name, BATCH))
    assert len(side.turn(0.0, 0.0)) == 1
