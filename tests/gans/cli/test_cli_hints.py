"""The command line leads to what was meant: flags, commands, settings of other models."""

from __future__ import annotations

import pytest

from gans.cli.parser import parser
from gans.systems import SYSTEMS
from gans.systems.registry import settings_of
from tests.gans.commands import failure

HAVE_A_PENALTY = ", ".join(name for name, system in SYSTEMS.items() if "penalty" in settings_of(system))


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


@pytest.mark.parametrize("model", SYSTEMS)
def test_every_setting_of_a_model_has_a_flag_with_help(model: str) -> None:
    typed = ["train", model]
    shown = parser(typed).parse_args(typed).parser.format_help()
    own = settings_of(SYSTEMS[model])
    for name, option in own.items():
        assert f"--{name.replace('_', '-')} " in shown
        assert option.help.split()[0] in shown
    for other in SYSTEMS.values():
        for name in settings_of(other).keys() - own.keys():
            assert f"--{name.replace('_', '-')} " not in shown


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--penalty", "5"), f"gan has no setting --penalty; {HAVE_A_PENALTY} have it"),
        (("--beta1", "1"), "'1' is not a number of at least 0 and below 1"),
        (("--penalty", "-1"), f"gan has no setting --penalty; {HAVE_A_PENALTY} have it"),
        (("--lr-half-life", "-1"), "'-1' is not an integer of at least 0"),
        (("--optimizer", "lion"), "there is no --optimizer 'lion' (choose from adam, rmsprop, sgd)"),
        (("--lr", "nan"), "--lr: 'nan' is not a number above 0"),
    ],
)
def test_settings_out_of_range(
    flags: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in failure(capsys, "train", "gan", "--data", "ring", *flags)


@pytest.mark.parametrize("typed", ["DCGAN", "Dcgan", "dcgn"])
def test_a_model_is_found_whatever_its_capitals(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean 'dcgan'?" in failure(capsys, "train", typed)
