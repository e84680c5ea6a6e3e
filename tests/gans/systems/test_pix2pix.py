"""pix2pix: its losses, its pairs, its noise, its connections past the bottleneck, and sharpness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.data.images import image_data
from gans.data.mnist5k import load_mnist5k
from gans.data.pairs import edges
from gans.networks.unet import UNet
from gans.systems import Ask
from minigrad import Tensor
from tests.gans.systems.translators import data_for, system_for, training_for

Images = np.ndarray[Any, np.dtype[np.float32]]


def small(**changes: Any) -> Any:
    return system_for("pix2pix", data_for("pix2pix"), **changes)


def pair() -> tuple[Tensor, Tensor]:
    a, b = data_for("pix2pix").batch(slice(4))
    return mg.tensor(a), mg.tensor(b)


def softplus(x: Images) -> float:
    return float(np.logaddexp(0, x.astype(np.float64)).mean())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_discriminator_s_loss_is_half_of_the_cross_entropy_of_pairs() -> None:
    system, (a, b) = small(), pair()
    with mg.no_grad():
        fake = system.generator(a, rng())
        on_real, on_fake = system.discriminator(mg.ops.concatenate([a, b], axis=1)), None
        on_fake = system.discriminator(mg.ops.concatenate([a, fake], axis=1))
    numbers = system.update_discriminator(a, b, rng())
    expected = (softplus(-on_real.numpy()) + softplus(on_fake.numpy())) / 2
    assert numbers["loss_d"].item() == pytest.approx(expected, rel=1e-5)
    assert numbers["d_real"].item() == pytest.approx(
        float((1 / (1 + np.exp(-on_real.numpy()))).mean()), rel=1e-5
    )


def test_the_generator_s_loss_is_the_papers() -> None:
    system, (a, b) = small(l1=30.0, adversarial=2.0), pair()
    with mg.no_grad():
        fake = system.generator(a, rng())
        on_fake = system.discriminator(mg.ops.concatenate([a, fake], axis=1)).numpy()
    l1 = float(np.abs(fake.numpy() - b.numpy()).mean())
    numbers = system.update_generator(a, b, rng())
    assert numbers["adversarial"].item() == pytest.approx(softplus(-on_fake), rel=1e-5)
    assert numbers["l1"].item() == pytest.approx(l1, rel=1e-5)
    assert numbers["loss_g"].item() == pytest.approx(2 * softplus(-on_fake) + 30 * l1, rel=1e-5)


def weights(network: Any) -> list[bytes]:
    return [p.numpy().tobytes() for p in network.parameters()]


def after_an_update_of_g(adversarial: float, of_d: float) -> list[bytes]:
    """G's weights after an update; D's weights were multiplied by ``of_d`` before."""
    system, (a, b) = small(adversarial=adversarial), pair()
    for p in system.discriminator.parameters():
        mg.modify(p, lambda w: np.multiply(w, of_d, out=w))
    system.update_generator(a, b, rng())
    return weights(system.generator)


def test_the_control_learns_from_l1_alone() -> None:
    """With weight 0 D's weights do not matter to G; with weight 1 they do."""
    assert after_an_update_of_g(0.0, 1.0) == after_an_update_of_g(0.0, 3.0)
    assert after_an_update_of_g(1.0, 1.0) != after_an_update_of_g(1.0, 3.0)


def test_each_update_moves_its_own_network_alone() -> None:
    system, (a, b) = small(), pair()
    first = weights(system.generator), weights(system.discriminator)
    system.update_discriminator(a, b, rng())
    assert weights(system.generator) == first[0]
    second = weights(system.discriminator)
    assert all(x != y for x, y in zip(second, first[1], strict=True))
    system.update_generator(a, b, rng())
    assert weights(system.discriminator) == second
    assert all(x != y for x, y in zip(weights(system.generator), first[0], strict=True))


def are_pairs(a: Tensor, b: Tensor) -> bool:
    return np.array_equal(edges(b.numpy()), a.numpy())


def test_the_updates_get_pairs() -> None:
    """In every step of two epochs each a is made from the b of its row."""
    training = training_for("pix2pix")
    seen = []

    def run(update: Any, *arguments: Any) -> None:
        a, b, _ = arguments
        seen.append(b.numpy().tobytes())
        assert are_pairs(a, b)
        assert not are_pairs(a, b[[1, 0, 2, 3]])

    for _ in range(14):
        training._algorithm.run(run)
    assert len(set(seen)) == 14  # both updates of a step have the same batch, and no two steps do


def test_samples_have_noise_that_the_seed_decides() -> None:
    """Dropout acts in evaluation mode; the same seed draws the same masks."""
    system, (a, _) = small(), pair()
    ask = Ask(sources=a.numpy())
    first, again, other = (system.sample(4, rng(seed), ask).samples for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert (first != other).mean() > 0.5
    quiet = small(dropout=0.0)
    assert np.array_equal(quiet.sample(4, rng(1), ask).samples, quiet.sample(4, rng(2), ask).samples)
    assert quiet.figures(data_for("pix2pix"), rng()) == {"noise_effect": 0.0}
    assert system.figures(data_for("pix2pix"), rng())["noise_effect"] > 0


def test_samples_do_not_depend_on_the_images_beside_them() -> None:
    """Batch norm has its running statistics, so that an image alone gives what it gives in a batch."""
    system, (a, _) = small(dropout=0.0), pair()
    together = system.sample(4, rng(), Ask(sources=a.numpy())).samples
    alone = system.sample(1, rng(), Ask(sources=a.numpy()[2:3])).samples
    np.testing.assert_allclose(together[2:3], alone, atol=1e-6)


def test_sampling_changes_neither_statistics_nor_the_training_s_numbers() -> None:
    training = training_for("pix2pix")
    training.advance()
    before = training.system.state_dict()["generator"]
    training.system.sample(4, rng(), Ask(sources=pair()[0].numpy()))
    after = training.system.state_dict()["generator"]
    assert all(np.array_equal(before[name], after[name]) for name in before)
    system: Any = training.system
    assert all(module.training for module in system.generator.modules())


def test_the_u_net_has_connections_past_the_bottleneck() -> None:
    """What the bottleneck gives is set to zero; the output still depends on the input, at its own pixel."""
    net = UNet(1, 1, (28, 28), 4, dropout=0.0).eval()
    for p in net.up[0].parameters():
        mg.modify(p, lambda w: w.fill(0))
    x = np.zeros((2, 1, 28, 28), np.float32)
    x[1, 0, 20, 4] = 1
    with mg.no_grad():
        first, second = net(mg.tensor(x), rng()).numpy()
    change = np.abs(first[0] - second[0])
    assert change.max() > 0
    assert abs(np.subtract(np.unravel_index(change.argmax(), change.shape), [20, 4])).max() < 4


@pytest.mark.slow
def test_it_is_sharper_than_l1_alone() -> None:
    """On held-out training digits with a hidden square, after 500 steps, by the mean slope of pixels."""
    digits = load_mnist5k()
    split = image_data(
        "split", digits.images[:4000], digits.labels[:4000], digits.images[4000:], digits.labels[4000:]
    )
    data = data_for("pix2pix", "masked", split)
    a, b = data.test(slice(300))
    found = {}
    for weight in (1.0, 0.0):
        training = training_for("pix2pix", data, adversarial=weight, features=12, batch_size=16, lr=1e-3)
        for _ in range(500):
            training.advance()
        made = training.system.sample(300, rng(), Ask(sources=a)).samples
        found[weight] = slope(made) / slope(b)
    print(found)
    assert found[1.0] > found[0.0] + 0.02
    assert 0.8 < found[1.0] < 1.2


def slope(images: Images) -> float:
    """The mean size of the difference between neighbouring pixels."""
    return float(np.abs(np.diff(images, axis=2)).mean() + np.abs(np.diff(images, axis=3)).mean())


def test_least_squares_are_a_choice_and_d_reads_out_scores() -> None:
    system, (a, b) = small(objective="least-squares", l1=0.0), pair()
    with mg.no_grad():
        fake = system.generator(a, rng())
        on_real, on_fake = (system.on_pair(a, images).numpy() for images in (b, fake))
    numbers = system.update_discriminator(a, b, rng())
    assert not system.judges_by_probability
    assert numbers["d_real"].item() == pytest.approx(float(on_real.mean()), rel=1e-5)
    expected = (np.square(on_real - 1).mean() / 2 + np.square(on_fake).mean() / 2) / 2
    assert numbers["loss_d"].item() == pytest.approx(float(expected), rel=1e-5)


def test_a_discriminator_of_images_alone_does_not_see_the_source() -> None:
    """That of pairs does."""
    a, b = pair()
    for judged, same in (("image", True), ("pair", False)):
        system = small(judged=judged)
        with mg.no_grad():
            first, second = system.on_pair(a, b).numpy(), system.on_pair(a * 0.5, b).numpy()
        assert np.array_equal(first, second) == same
