"""Scaling over processes: the measurement runs, and the model of clusters is its formula."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.scale import cli, cluster
from tests.ranks import needs_mpi

SIZES = [4096, 4_000_000]
COMPUTE = cluster.Compute(fixed=1e-3, sample=1e-4)
NETWORK = cluster.Network("a network", latency=1e-5, bandwidth=1e9)


def test_communication_is_that_of_the_formula() -> None:
    small, large = 3 * (1e-5 + 4096 / 1e9), 2 * 3 * (1e-5 + 1e6 / 1e9)
    assert cluster.communication(SIZES, 4, NETWORK) == pytest.approx(small + large)
    exchanged = cluster.communication(SIZES, 4, NETWORK)
    assert cluster.share(SIZES, 4, 64, COMPUTE, NETWORK) == pytest.approx(
        exchanged / (exchanged + 1e-3 + 16e-4)
    )


def test_the_ranks_at_a_tenth_are_the_first_that_pass_it() -> None:
    ranks = cluster.ranks_at_a_tenth(SIZES, 1024, COMPUTE, NETWORK)
    assert ranks is not None
    assert cluster.share(SIZES, ranks, 1024, COMPUTE, NETWORK) > 0.1
    assert cluster.share(SIZES, ranks // 2, 1024, COMPUTE, NETWORK) <= 0.1
    assert cluster.ranks_at_a_tenth([], 1024, COMPUTE, NETWORK) is None


def test_an_odd_batch_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scale", "--batch", "7"]) == 2
    assert "take an even one" in capsys.readouterr().err


@needs_mpi
@pytest.mark.mpi
def test_the_command_measures_computes_and_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "STEPS", {"toy": 3})
    monkeypatch.setattr(cli, "SHARES", (8, 64))
    files = tmp_path / "scale.json", tmp_path / "scale.png"
    asked = ["scale", "--only", "toy", "--batch", "16", "--turns", "1"]
    assert main([*asked, "--json", str(files[0]), "--picture", str(files[1])]) == 0
    record = json.loads(files[0].read_text())
    [row] = record["rows"]
    assert row["seconds"].keys() == {"threads", "ranks", "one", "twice"}
    assert 0 < row["share"] < 1
    assert max(row["bytes"]) > 4 * 17_000  # the packed gradients of G, of D
    assert record["network"]["bandwidth"] > 0
    assert files[1].read_bytes().startswith(b"\x89PNG")
    assert "passes a tenth of the step" in capsys.readouterr().out
