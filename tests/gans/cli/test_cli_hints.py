"""The command line leads to what was meant: flags, commands, settings of other models."""

from __future__ import annotations

import pytest

from gans.cli.parser import parser
from gans.cli.settings import FLAGS
from gans.systems import Settings
from tests.gans.commands import failure


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (("train", "--model", "dcgan"), "the model has no flag: gans train dcgan"),
        (("train", "dcgan", "--batch_size", "3"), "did you mean --batch-size?"),
        (("train", "dcgan", "--learning-rate", "1"), ""),
        (("train", "dcgan", "--lrate", "1"), "did you mean --lr"),
        (("train", "dcgan", "--n=3"), "it is a flag of `gans sample` and `gans evaluate`"),
        (("sample", "run", "--out", "a.png", "--epochs", "3"), "it is a flag of `gans train`"),
        (("evaluate", "run", "--frobnicate"), ""),
        (("list", "--json"), "it is a flag of `gans evaluate`"),
    ],
)
def test_unknown_flags(typed: tuple[str, ...], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = failure(capsys, *typed)
    assert "unrecognized arguments: --" in told
    if hint:
        assert hint in told
    else:
        assert "did you mean" not in told
        assert "is a flag of" not in told


def test_every_setting_of_a_model_has_a_flag_with_help() -> None:
    assert set(FLAGS) == set(Settings.__dataclass_fields__) - {"model"}
    train = parser().parse_args(["train", "gan"]).parser
    shown = train.format_help()
    for name, flag in FLAGS.items():
        assert f"--{name.replace('_', '-')} " in shown
        assert flag.help.split()[0] in shown


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--penalty", "5"), "gan has no setting --penalty; wgan-gp has it"),
        (("--beta1", "1"), "'1' is not a number of at least 0 and below 1"),
        (("--penalty", "-1"), "'-1' is not a number of at least 0"),
        (("--lr-half-life", "-1"), "'-1' is not an integer of at least 0"),
        (("--optimizer", "sgd"), "invalid choice: 'sgd'"),
        (("--clip", "nan"), "'nan' is not a number above 0"),
    ],
)
def test_settings_out_of_range(
    flags: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in failure(capsys, "train", "gan", "--data", "ring", *flags)


@pytest.mark.parametrize("typed", ["DCGAN", "Dcgan", "dcgn"])
def test_a_model_is_found_whatever_its_capitals(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean 'dcgan'?" in failure(capsys, "train", typed)
