"""Systems by name, or by file and class; their settings, and how one is built."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from gans.data.spec import KIND_WORDS, Kind, Shape, Spec
from gans.errors import UserError
from gans.systems import (
    acgan,
    actor_critic,
    began,
    biggan,
    cgan,
    cyclegan,
    dann,
    dualgan,
    gan,
    i2i,
    infogan,
    other_losses,
    pacgan,
    pggan,
    pix2pix,
    pix2pixhd,
    regularised,
    seqgan,
    ssgan,
    stargan,
    unrolled,
    vae,
    vid2vid,
    wasserstein,
)
from gans.systems.own import is_own, load_own
from gans.systems.settings import Option, Settings, converted, options_of
from gans.systems.system import System
from minigrad.devices import xp_on

__all__ = ["SYSTEMS", "build", "check_device", "check_used", "find", "settings_for"]

SYSTEMS: dict[str, type[System]] = {
    system.name: system
    for system in (
        gan.GAN,
        gan.DCGAN,
        wasserstein.WGAN,
        wasserstein.WGANGP,
        wasserstein.WGANDiv,
        other_losses.LSGAN,
        other_losses.FGAN,
        regularised.SNGAN,
        regularised.DRAGAN,
        other_losses.Relativistic,
        regularised.R1GAN,
        pacgan.PacGAN,
        unrolled.Unrolled,
        cgan.CGAN,
        acgan.ACGAN,
        biggan.BigGAN,
        pix2pix.Pix2Pix,
        pix2pixhd.Pix2PixHD,
        vid2vid.Vid2Vid,
        cyclegan.CycleGAN,
        dualgan.DualGAN,
        stargan.StarGAN,
        infogan.InfoGAN,
        ssgan.SSGAN,
        dann.DANN,
        i2i.I2I,
        pggan.PGGAN,
        seqgan.SeqGAN,
        began.BEGAN,
        vae.VAE,
        actor_critic.ActorCritic,
    )
}
"""The systems of the package, by name."""


def find(model: str) -> type[System]:
    """The system of this name, or the class in a file of yours: ``FILE.py:CLASS``.

    >>> find("wgan-gp").paper
    'Gulrajani et al. 2017'

    Raises UserError if there is none, or the file cannot be run.
    """
    if is_own(model):
        found: type[System] = load_own(model, System)
        return found
    if model not in SYSTEMS:
        near = difflib.get_close_matches(model.lower(), SYSTEMS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(
            f"there is no model {model!r}{hint} (choose from {', '.join(SYSTEMS)}, or give FILE.py:CLASS)"
        )
    return SYSTEMS[model]


def settings_for(model: str, kind: Kind, /, **changes: Any) -> Settings:
    """The settings of ``model`` on data of ``kind``, with ``changes`` applied.

    Raises UserError for an unknown model, a setting that it does not have, a value out of range, and a model
    that needs data of another kind.
    """
    system = find(model)
    if kind not in system.presets:
        kinds = " or ".join(KIND_WORDS[one] for one in system.presets)
        others = [name for name, other in SYSTEMS.items() if kind in other.presets]
        remedy = f"; for {KIND_WORDS[kind]} choose from {', '.join(others)}" if others else ""
        raise UserError(f"{model} needs {kinds}, got {KIND_WORDS[kind]}{remedy}")
    preset = system.presets[kind]
    check_names(model, type(preset), changes)
    settings = replace(preset, **{"model": model, **converted(type(preset), changes)})
    system.check_settings(settings, kind)
    return settings


def check_names(model: str, settings: type[Settings], names: Iterable[str]) -> None:
    """Raise UserError for a name that is no setting of ``model``; it names the models that have it."""
    options = options_of(settings)
    for name in names:
        if name in options:
            continue
        owners = [other for other, system in SYSTEMS.items() if name in settings_of(system)]
        if owners:
            have = "has" if len(owners) == 1 else "have"
            raise UserError(f"{model} has no setting `{name}`; {', '.join(owners)} {have} it")
        near = difflib.get_close_matches(name, options, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f" (it has {', '.join(options)})"
        raise UserError(f"{model} has no setting {name!r}{hint}")


def settings_of(system: type[System]) -> dict[str, Option]:
    """The settings of a system, whatever the kind of its data."""
    return {
        name: option
        for preset in system.presets.values()
        for name, option in options_of(type(preset)).items()
    }


def check_used(model: str, kind: Kind, names: Iterable[str], settings: Settings) -> None:
    """Raise UserError for a setting among ``names`` that has no effect on ``model`` with ``settings``."""
    for name in names:
        option = options_of(type(settings))[name]
        limits = option.limits
        if limits.only is not None and limits.only != kind:
            raise UserError(
                f"`{name}` is a setting of the networks for {KIND_WORDS[limits.only]}; those for "
                f"{KIND_WORDS[kind]} have none"
            )
        if limits.requires is not None and not option.is_used(settings, kind):
            other, *_, value = limits.requires
            owner = _NAMES.get(value, value.capitalize())
            present = getattr(settings, other)
            raise UserError(f"`{name}` is a setting of {owner}, and the `{other}` of {model} is {present}")


_NAMES = {"sgd": "SGD"}


def build(settings: Settings, shape: Shape | Spec, device: str = "cpu") -> Any:
    """The system of ``settings`` for samples of ``shape``, or for data of a Spec, on ``device``.

    Initial weights come from minigrad's generator, the same for each device. Raises UserError if ``device``
    is not available, or the system does not fit the data.

    >>> build(settings_for("gan", "points"), (2,))
    GAN(gan)
    """
    check_device(device)
    system, spec = find(settings.model), Spec.of(shape)
    system.check_data(settings, spec)
    return system(settings, spec, device)


def check_device(device: str) -> None:
    """Raise UserError, which says what is missing, if ``device`` is not available."""
    try:
        xp_on(device)
    except (ValueError, ImportError, RuntimeError) as error:
        raise UserError(f"`device` {device}: {error}") from error
