"""Layers in words: their names, sizes and operations, on every side, and what is wrong in one line."""

from __future__ import annotations

import pytest

from benchmarks import agreement, shapes
from benchmarks.__main__ import main
from benchmarks.rivals import Local

LAYERS = {
    "conv 4->6 9x7 k3x5 s2x1 p1x2": (6, 5, 7),
    "conv 4->8 8x8 k3 p2 d2 g2": (8, 8, 8),
    "transposed 6->4 4x5 k4 s2 p1": (4, 8, 10),
    "transposed 4->6 3x3 s2 g2": (6, 7, 7),
    "linear 5->3": (3,),
}


@pytest.mark.parametrize("text", LAYERS)
@pytest.mark.parametrize("side", ["minigrad", "torch"])
def test_a_described_layer_agrees_with_plain_numpy(text: str, side: str) -> None:
    if side == "torch":
        pytest.importorskip("torch")
    for case in shapes.parse(text).cases(batch=2):
        expected = Local("numpy").open(case)
        agreement.kernels(case.name, side, Local(side).open(case), expected)
        if case.name.endswith(": forward"):
            assert expected["result 0"].shape == (2, *LAYERS[text])


def test_a_layer_s_operations_are_those_of_its_definition() -> None:
    """Every place of the narrow maps meets a kernel's worth of weights, whatever the direction."""
    for text, count in {
        "conv 4->8 8x8 k3 p1 g2": 3 * 8 * 8 * 8 * 2 * 9,
        "transposed 512->256 4x4 k4 s2 p1": 3 * 512 * 4 * 4 * 256 * 16,
        "linear 5->3": 3 * 5 * 3,
    }.items():
        assert [case.flops for case in shapes.parse(text).cases(batch=3)] == [2 * count] * 3


@pytest.mark.parametrize("text", ["conv 64->1, 28x28, k3 p1", "transposed 4->6, 3x5, k4x2 s2 p1x0 d2 g2"])
def test_the_name_of_a_layer_describes_it(text: str) -> None:
    assert shapes.parse(text).name == text
    assert shapes.parse(f"  {text.replace(',', '')} ") == shapes.parse(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("convolution 3", "is no layer; write"),
        ("conv 3->4", "is no layer; write"),
        ("conv 3->4 8x8 k3 k4", "k stands there twice"),
        ("conv 3->4 8x8 q3", "is no layer; write"),
        ("conv 3->4 8x8 g2", "2 groups do not divide 3 and 4 channels"),
        ("conv 4->4 8x8 g2x2", "groups are one number"),
        ("conv 3->4 2x8 k3", "the kernel does not fit into 2x8 pixels"),
        ("conv 0->4 8x8", "only the padding may be 0"),
        ("conv 3->4 8x8 s0", "only the padding may be 0"),
        ("linear 100->999999", "a number in it is more than 65,536"),
    ],
)
def test_what_is_no_layer_is_one_line(text: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kernels", "--shape", text]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert complaint in message


@pytest.mark.usefixtures("quick")
def test_the_command_measures_described_layers(capsys: pytest.CaptureFixture[str]) -> None:
    typed = ["kernels", "--shape", "conv 2->3 6x6 k3", "linear 4->2", "--batch", "3", "--turns", "1"]
    assert main([*typed, "--only", "gradient"]) == 0
    shown = capsys.readouterr().out
    assert "conv 2->3, 6x6, k3: weight gradient" in shown
    assert "linear 4->2: input gradient" in shown
    assert "forward" not in shown
