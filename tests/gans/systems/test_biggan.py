"""BigGAN: hinge losses, the class in G and D, nearly orthogonal filters, and truncated noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.data.spec import Spec
from gans.errors import UserError
from gans.networks.attention import SelfAttention
from gans.networks.biggan import BigDiscriminator, ConditionalNorm
from gans.systems import Ask, build, settings_for
from gans.systems.biggan import BigGAN, overlap
from minigrad import nn
from tests.gans.systems import contract

SMALL: dict[str, Any] = {"batch_size": 8, "features": 2, "latent": 4}


def built(shape: tuple[int, ...] = (1, 8, 8), classes: int = 3, **changes: Any) -> BigGAN:
    mg.manual_seed(0)
    system: BigGAN = build(
        settings_for("biggan", "image", **{**SMALL, **changes}), Spec("image", shape, classes)
    )
    return system


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def batch(shape: tuple[int, ...] = (1, 8, 8), classes: int = 3) -> tuple[mg.Tensor, mg.Tensor]:
    return (
        mg.Tensor(rng().uniform(-1, 1, (8, *shape)).astype(np.float32)),
        mg.Tensor(np.arange(8) % classes),
    )


def test_the_losses_are_hinges_of_scores_by_class() -> None:
    biggan, (real, labels) = built(), batch()
    scores: dict[str, Any] = {}
    forward = biggan.discriminator.forward

    def heard(x: mg.Tensor, given: mg.Tensor) -> mg.Tensor:
        assert np.array_equal(given.numpy(), labels.numpy())
        made = forward(x, given)
        scores.setdefault("real" if "real" not in scores else "fake", made.numpy())
        return made

    vars(biggan.discriminator)["forward"] = heard
    found = biggan.update_discriminator(real, labels, rng())
    relu = np.maximum(0, 1 - scores["real"]).mean() + np.maximum(0, 1 + scores["fake"]).mean()
    assert found["loss_d"].item() == pytest.approx(relu, rel=1e-5)
    assert found["d_fake"].item() == pytest.approx(scores["fake"].mean(), rel=1e-5)
    scores.clear()
    found = biggan.update_generator(labels, rng())
    assert found["loss_g"].item() == pytest.approx(-scores["real"].mean(), rel=1e-5)


def test_the_penalty_is_that_of_equation_3_over_the_filters() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.Conv2d(1, 2, 3))
    expected = 0.0
    for weight in (network[0].weight, network[1].weight):
        filters = weight.numpy().reshape(2, -1).astype(np.float64)
        expected += float(((filters @ filters.T * (1 - np.eye(2))) ** 2).sum())
    assert overlap(network).item() == pytest.approx(expected, rel=1e-4)


def test_initial_filters_do_not_overlap() -> None:
    """Of orthogonal rows the penalty is 0; matrices with more rows than columns have none."""
    square = nn.Linear(6, 4)
    nn.init.orthogonal_(square.weight)
    assert overlap(square).item() == pytest.approx(0, abs=1e-6)


def test_every_layer_of_d_has_a_spectral_norm_of_one_which_sampling_does_not_change() -> None:
    training = contract.trained("biggan", contract.halves(), **SMALL)
    contract.advance(training, 10)
    D = training.system.discriminator
    norms = []
    for layer in D.modules():
        for name in vars(layer):
            if name == "weight_orig":
                u, v, w = (vars(layer)[f"weight_{part}"] for part in ("u", "v", "orig"))
                matrix = w.numpy().reshape(len(u), -1)
                norms.append(np.linalg.svd(matrix, compute_uv=False)[0] / (u @ matrix @ v))
    assert len(norms) > 6
    assert np.allclose(norms, 1, atol=0.2)
    before = {name: array.tobytes() for name, array in D.named_buffers()}
    training.system.sample(4, rng())
    assert {name: array.tobytes() for name, array in D.named_buffers()} == before


def test_d_adds_the_projection_of_its_features_on_the_class() -> None:
    """The score of another class differs by features times the difference of the embeddings."""
    mg.manual_seed(0)
    D = BigDiscriminator(3, (1, 8, 8), 2).eval()
    (x, labels), seen = batch(), {}

    def heard(features: mg.Tensor) -> mg.Tensor:
        seen["features"] = features.numpy()
        return score(features)

    score, D.score = D.score, heard  # type: ignore[assignment]
    others = mg.Tensor((labels.numpy() + 1) % 3)
    with mg.no_grad():
        first, second = D(x, labels).numpy(), D(x, others).numpy()
        table = D.label(mg.Tensor(np.arange(3))).numpy()
    rows = table[labels.numpy()] - table[others.numpy()]
    np.testing.assert_allclose(first - second, (seen["features"] * rows).sum(1, keepdims=True), rtol=1e-4)


def test_conditional_norm_has_gains_and_offsets_of_its_condition() -> None:
    norm, x = ConditionalNorm(2, 3), mg.Tensor(rng().normal(size=(8, 2, 4, 4)).astype(np.float32))
    nothing, one = (mg.Tensor(np.full((8, 3), value, np.float32)) for value in (0, 1))
    plain = norm(x, nothing).numpy()
    assert np.allclose(plain.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    gain, offset = (layer.eval()(one).numpy()[0, :, None, None] for layer in (norm.gain, norm.offset))
    np.testing.assert_allclose(norm(x, one).numpy(), plain * (1 + gain) + offset, rtol=1e-3, atol=1e-4)


def test_attention_starts_as_the_identity_and_mixes_all_pixels() -> None:
    layer = SelfAttention(8)
    x = mg.tensor(rng().normal(size=(1, 8, 6, 6)).astype(np.float32))
    assert np.array_equal(layer(x).numpy(), x.numpy())
    layer.load_state_dict({**layer.state_dict(), "gain": np.float32(1)})
    far = x.numpy().copy()
    far[0, :, 5, 5] += 3
    changed = np.abs(layer(mg.Tensor(far)).numpy() - layer(x).numpy())[0].max(axis=0)
    assert changed[0, 0] > 0
    with mg.no_grad():
        q, k, v = (part(x).numpy()[0] for part in (layer.query, layer.key, layer.value))
        k, v = (a.reshape(len(a), 3, 2, 3, 2).max(axis=(2, 4)).reshape(len(a), 9) for a in (k, v))
        logits = q.reshape(len(q), 36).T @ k
        weights = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        mixed = (v @ weights.T).reshape(1, -1, 6, 6)
        expected = x.numpy() + layer.output(mg.Tensor(mixed.astype(np.float32))).numpy()
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-4, atol=1e-5)


def test_truncated_noise_is_the_normal_one_within_the_bound() -> None:
    z = built(latent=50).latent(2_000, rng(), 0.7).numpy()
    assert np.abs(z).max() <= 0.7
    assert z.std() == pytest.approx(0.3879, abs=0.005)  # of N(0, 1) cut at 0.7
    whole = built(latent=50).latent(2_000, rng()).numpy()
    assert whole.std() == pytest.approx(1, abs=0.02)


def test_truncation_trades_variety_for_likeness() -> None:
    """Samples of one class lie the nearer to each other, the smaller the bound."""
    training = contract.trained("biggan", contract.halves(200), **{**SMALL, "features": 4})
    contract.advance(training, 30)

    def spread(bound: float | None) -> float:
        ask = Ask(classes=np.zeros(200, np.int64), truncation=bound)
        return float(training.system.sample(200, rng(), ask).samples.std(axis=0).mean())

    assert spread(0.2) < 0.7 * spread(1.0) < spread(None)


def test_truncation_from_python_and_for_other_models(tmp_path: Path) -> None:
    settings = {**SMALL, "batch_size": 4}
    run = gans.train("biggan", contract.halves(), steps=2, out=tmp_path / "run", progress=False, **settings)
    whole, cut = gans.sample(run, 6, classes=1), gans.sample(run, 6, classes=1, truncation=0.2)
    assert cut.labels is not None
    assert cut.labels.tolist() == [1] * 6
    assert not np.array_equal(whole, cut)
    with pytest.raises(UserError, match=r"at least 0\.1, got 0\.01"):
        gans.sample(run, 6, truncation=0.01)
    with pytest.raises(TypeError, match="did you mean 'truncation'"):
        gans.sample(run, 6, truncate=0.5)  # type: ignore[call-arg]
    other = gans.train("seqgan", steps=1, out=tmp_path / "seqgan", progress=False, batch_size=4)
    with pytest.raises(UserError, match=r"seqgan takes no `truncation`; .* are for .*biggan"):
        gans.sample(other, 6, truncation=0.5)
    with pytest.raises(UserError, match=r"seqgan takes no `truncation`; .* are for .*biggan"):
        gans.evaluate(other, truncation=0.5)


def test_it_obeys_its_label() -> None:
    data = contract.halves(400)
    settings = {"batch_size": 16, "features": 8, "latent": 8, "lr": 1e-3, "critic_steps": 1}
    training = contract.trained("biggan", data, **settings)
    contract.advance(training, 120)
    made = training.system.sample(200, rng())
    right = made.samples[..., 4:].mean(axis=(1, 2, 3)) > made.samples[..., :4].mean(axis=(1, 2, 3))
    assert np.mean(right == made.labels) >= 0.9


@pytest.mark.parametrize("shape", [(3, 9, 17), (1, 28, 28), (3, 64, 33)])
def test_it_takes_its_shape_from_the_images(shape: tuple[int, ...]) -> None:
    biggan = built(shape)
    assert np.isfinite(biggan.update_discriminator(*batch(shape), rng())["loss_d"].item())
    assert biggan.sample(2, rng()).samples.shape == (2, *shape)
