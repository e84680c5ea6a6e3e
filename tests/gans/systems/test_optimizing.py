"""Learning rates and Adam, as the systems share them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from gans.data import load
from gans.data.spec import Spec
from gans.errors import UserError
from gans.systems import Settings, System, TwoAdamSettings, adam
from gans.systems.optimizing import LinearSettings
from gans.trainer import Training
from minigrad import nn
from minigrad.optim import Adam
from tests.gans.systems.test_every_system import REDUCED, each_case, options_of_case, small


@each_case
def test_the_optimizers_begin_with_the_rates_and_decays_of_the_settings(name: str, kind: Any) -> None:
    options = options_of_case(name, kind)
    changes = {"lr_ratio": 0.25, "beta1": 0.3, "beta2": 0.7, "optimizer": "adam"}
    given = {option: value for option, value in changes.items() if option in options}
    system = small(name, kind, **given)().system
    for attribute, rate in system.rates(0).items():
        assert getattr(system, attribute).lr == rate
    if {"beta1", "beta2"} <= given.keys():
        optimizers = [part for part in system.parts().values() if isinstance(part, Adam)]
        assert {one.betas for one in optimizers} == {(0.3, 0.7)}


@each_case
def test_the_rates_that_fall_are_the_two_of_the_settings(name: str, kind: Any) -> None:
    system = small(name, kind)().system
    half_life = REDUCED["lr_half_life"] if "lr_half_life" in vars(system.settings) else None
    for attribute, rate in system.rates(0).items():
        later = system.rates(2)[attribute]
        assert later == (rate / 2 if half_life == 2 else rate)


def test_linear_rates_end_at_a_hundredth() -> None:
    settings = LinearSettings(lr_steps=100)
    assert [settings.left(step) for step in (0, 50, 75, 100, 1000)] == [1, 1, 0.5, 0.01, 0.01]
    assert LinearSettings().left(10**6) == 1


def test_a_rate_of_d_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(UserError, match="`lr` times `lr_ratio`"):
        TwoAdamSettings(lr=1e300, lr_ratio=1e300).check()


@dataclass(frozen=True, kw_only=True)
class OwnSettings(TwoAdamSettings):
    model: str = "own"


class Own(System):
    presets: ClassVar[Any] = {"points": OwnSettings()}

    @staticmethod
    def networks(settings: Settings, spec: Spec) -> dict[str, nn.Module]:
        return {"generator": nn.Linear(2, 2)}

    def __init__(self, settings: Any, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer = adam(settings, self.generator)  # type: ignore[attr-defined]


def test_an_optimizer_under_another_name_is_refused_before_the_first_step() -> None:
    data = load("ring")
    with pytest.raises(AttributeError, match=r"Own\(own\) has no optimizer_g, whose learning rate"):
        Training(Own(OwnSettings(), Spec.of(data.shape)), data, seed=0)
