"""The steps by hand: equal to the engine's and to measurements, for any size; a planted mistake is found."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gans.steps import discriminator_step, generator_step
from gans.study import by_hand, explain
from gans.study.by_hand.convolution import conv, conv_transpose, conv_weight
from gans.study.engine import Engine
from gans.study.twins import TWINS, named, walk
from minigrad import Tensor
from minigrad.ops import conv2d, conv2d_weight, conv_transpose2d
from minigrad.optim import SGD
from tests.gans.study.small import TOLERANCE, Shape, explained, system_of, wrongly_measured
from tests.processes import ROOT

FILES = sorted(Path(str(by_hand.__file__)).parent.glob("*.py"))
MODELS = list(TWINS)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", range(3))
def test_hand_engine_and_measurement_agree(model: str, seed: int) -> None:
    explanation = explained(model, seed=seed)
    assert explanation.largest < TOLERANCE
    assert not wrongly_measured(explanation)


@pytest.mark.parametrize("model", MODELS)
def test_the_default_networks_agree(model: str) -> None:
    explanation = explain(model, n=2, seed=1)
    assert explanation.largest < TOLERANCE
    assert not wrongly_measured(explanation)


@given(
    n=st.integers(1, 4),
    latent=st.integers(1, 5),
    of_g=st.tuples(*[st.integers(1, 6)] * 3),
    of_d=st.tuples(*[st.integers(1, 6)] * 2),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=25, deadline=None)
def test_linear_layers_of_any_width(
    n: int, latent: int, of_g: tuple[int, ...], of_d: tuple[int, ...], seed: int
) -> None:
    explanation = explained("gan", n, seed, (1, 8, 8), widths=(of_g, of_d), latent=latent)
    assert explanation.largest < TOLERANCE


@pytest.mark.parametrize("model", ["dcgan", "wgan-gp"])
@given(
    n=st.integers(1, 3),
    shape=st.tuples(st.sampled_from([1, 3]), st.integers(8, 17), st.integers(8, 17)),
    latent=st.integers(1, 4),
    features=st.integers(1, 3),
    base=st.integers(2, 7),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=15, deadline=None)
def test_convolutions_of_any_size(
    model: str, n: int, shape: Shape, latent: int, features: int, base: int, seed: int
) -> None:
    explanation = explained(model, n, seed, shape, latent=latent, features=features, base=base)
    assert explanation.largest < TOLERANCE


@pytest.mark.parametrize("model", MODELS)
def test_every_weight_of_g_gets_a_gradient_through_d(model: str) -> None:
    """The best-known WGAN-GP by hand has none: its G never trains."""
    system = system_of(model)
    rng = np.random.default_rng(0)
    real, z = rng.uniform(-1, 1, (3, 1, 8, 8)), rng.standard_normal((3, 3))
    result = walk(model, system, real, z, rng.uniform(size=(3, 1, 1, 1))).g.result
    gradients = dict(named(system.generator, result["G"]))
    assert gradients.keys() == dict(system.generator.named_parameters()).keys()
    assert all(np.abs(array).max() > 1e-6 for array in gradients.values())
    assert np.abs(result["g_fake"]).max() > 1e-6


@pytest.mark.parametrize("model", MODELS)
def test_the_gradients_are_those_that_training_descends(model: str) -> None:
    """An update with SGD at a rate of 1 moves a weight by minus its gradient."""
    system, rng = system_of(model), np.random.default_rng(0)
    real, z = rng.uniform(-1, 1, (3, 1, 8, 8)), rng.standard_normal((3, 3))
    t = np.random.default_rng([5]).uniform(size=(3, 1, 1, 1))
    steps = walk(model, system, real, z, t)
    G, D, objective = system.generator, system.discriminator, system.objective
    for network, gradients in ((D, steps.d.result["D"]), (G, steps.g.result["G"])):
        before = [p.numpy().copy() for p in network.parameters()]
        sgd = SGD(network.parameters(), lr=1.0)
        if network is D:
            discriminator_step(G, D, sgd, objective, Tensor(real), Tensor(z), np.random.default_rng([5]))
        else:
            generator_step(G, D, sgd, objective, Tensor(z))
        after = [p.numpy().copy() for p in network.parameters()]
        for start, end, (_, gradient) in zip(before, after, named(network, gradients), strict=True):
            np.testing.assert_allclose(start - end, gradient, rtol=1e-9, atol=1e-13)
        for p, start in zip(network.parameters(), before, strict=True):
            p.data = start


def test_the_penalty_gives_biases_nothing_and_weights_something() -> None:
    explanation = explained("wgan-gp")
    parts = {row.name: row for row in explanation.rows if row.name.startswith("P.")}
    assert {name.rpartition(".")[2] for name in parts} == {"weight", "bias"}
    for name, row in parts.items():
        zero = row.by_hand == row.engine == row.measured == 0
        assert zero if name.endswith("bias") else row.by_hand > 1e-3


MISTAKES = [
    ("gan", "g_s_fake = sigmoid(s_fake)", "g_s_fake = -sigmoid(s_fake)", "D.1.weight"),
    ("gan", "g_a1 = g_h1 * leaky_slope(a1)", "g_a1 = g_h1 * leaky_slope(h1 - 1)", "D.1.weight"),
    ("gan", "g_a1 = g_h1 * leaky_slope(a1)", "g_a1 = g_h1", "G.0.weight"),
    ("gan", "backward_g(g_fake, at_z, G)", "backward_g(0 * g_fake, at_z, G)", "G.0.weight"),
    ("gan", "backward_g(g_fake, at_z, G)", "backward_g(0 * g_fake + g_s, at_z, G)", "G.6.bias"),
    ("gan", "(1 - x * x)", "1.0", "z"),
    ("dcgan", "(g_xhat + g_by_mean + g_by_var)", "(g_xhat + g_by_mean)", "G.0.weight"),
    ("dcgan", "(g_xhat + g_by_mean + g_by_var)", "(g_xhat + g_by_var)", "D.0.weight"),
    ("dcgan", "g_y = g_h * (y > 0)", "g_y = g_h", "G.0.weight"),
    ("dcgan", "conv_weight(g_a, h, strides", "conv_weight(g_a, h + 1, strides", "G.4.weight"),
    ("wgan-gp", "g_f_h = g_f_a * leaky_slope(a)", "g_f_h = g_f_a", "P.2.weight"),
    ("wgan-gp", "f_a = f_h * leaky_slope(kept[k][1])", "f_a = f_h * 1.0", "P.0.weight"),
    ("wgan-gp", "weight * 2 * (f_norm - 1)", "-weight * 2 * (f_norm - 1)", "P.0.weight"),
    ("wgan-gp", "g_f_norm * f_x / f_norm", "g_f_norm * f_x", "P.0.weight"),
    ("wgan-gp", "(f_x**2).sum(", "(f_x**2).mean(", "penalty"),
    ("wgan-gp", "g_w + h_w + p_w", "g_w + h_w", "D.0.weight"),
    ("wgan-gp", "backward_g(g_fake, at_z", "backward_g(0 * g_fake, at_z", "G.0.weight"),
]  # fmt: skip
"""A model, a line, a mistake in its place, and a quantity that it changes."""


@pytest.mark.parametrize(("model", "line", "mistake", "name"), MISTAKES)
def test_a_mistake_is_found(
    model: str, line: str, mistake: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(str(TWINS[model].__file__)).read_text("utf-8")
    assert line in source
    wrong = module_of(source.replace(line, mistake), tmp_path / "wrong.py")
    monkeypatch.setitem(TWINS, model, wrong)
    explanation = explained(model)
    assert explanation.row(name).difference > 1e-4
    if explanation.row(name).measured is not None:
        assert name in wrongly_measured(explanation)


def module_of(source: str, path: Path) -> ModuleType:
    """A module of this text, in a file at ``path``."""
    path.write_text(source, "utf-8")
    spec = importlib.util.spec_from_file_location("wrong", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@given(
    sizes=st.tuples(*[st.integers(1, 4)] * 3),
    side=st.tuples(*[st.integers(4, 9)] * 2),
    kernel=st.tuples(*[st.sampled_from([(3, 1), (3, 2), (4, 2)])] * 2),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=30, deadline=None)
def test_convolutions_are_the_engines(sizes: Any, side: Any, kernel: Any, seed: int) -> None:
    """Sides are those that the stride divides, as DCGAN's are."""
    (n, c, o), rng = sizes, np.random.default_rng(seed)
    (kh, sh), (kw, sw) = kernel
    h, w = ((s // 2 * 2 - (k == 3) if t == 2 else s) for s, (k, t) in zip(side, kernel, strict=True))
    x, weight = rng.standard_normal((n, c, h, w)), rng.standard_normal((o, c, kh, kw))
    stride, same = (sh, sw), {"stride": (sh, sw), "padding": 1}
    y = conv(x, weight, stride)
    g = rng.standard_normal(y.shape)
    gx, gw = conv_transpose(g, weight, stride), conv_weight(x, g, stride, (kh, kw))
    engine_y = conv2d(Tensor(x), Tensor(weight), **same)
    engine_gx = conv_transpose2d(Tensor(g), Tensor(weight), **same)
    engine_gw = conv2d_weight(Tensor(x), Tensor(g), kernel=(kh, kw), **same)
    for own, engine in ((y, engine_y), (gx, engine_gx), (gw, engine_gw)):
        np.testing.assert_allclose(own, engine.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_are_short_and_import_numpy_alone(path: Path) -> None:
    source = path.read_text("utf-8")
    assert len(source.splitlines()) < 200
    allowed = {"__future__", "collections.abc", "typing", "numpy", "numpy.typing"}
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        assert all(name in allowed or name.startswith("gans.study.by_hand.") for name in names), names


def test_the_steps_by_hand_load_no_engine() -> None:
    """The packages above them are empty stand-ins here, since ``gans.study`` itself imports both sides."""
    code = (
        "import sys, types\n"
        "for name in ('gans', 'gans.study'):\n"
        "    package = sys.modules[name] = types.ModuleType(name)\n"
        "    package.__path__ = [name.replace('.', '/')]\n"
        "from gans.study.by_hand import dcgan, gan, wgan_gp\n"
        "print([name for name in sys.modules if name.startswith('minigrad')])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert shown.strip() == "[]"


def test_the_engine_takes_the_penalty_at_the_same_points() -> None:
    """Else equality would be luck: another seed gives another penalty."""
    system, rng = system_of("wgan-gp"), np.random.default_rng(0)
    real, z = rng.uniform(-1, 1, (3, 1, 8, 8)), rng.standard_normal((3, 3))
    one, same, other = (Engine(system, real, z, seed).penalty().item() for seed in (1, 1, 2))
    assert one == same != other
