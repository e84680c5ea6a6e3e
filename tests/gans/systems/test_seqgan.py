"""SeqGAN: the policy's probabilities, the reward's place, its gradient, the phases."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gans
import minigrad as mg
from gans.data.sequences import SequenceData, oracle60
from gans.data.spec import Spec, spec_of
from gans.errors import UserError
from gans.networks.tokens import Classifier, Policy
from gans.systems import build, settings_for
from gans.systems.seqgan import SeqGAN
from gans.trainer import DivergedError, Training
from gans.updates import deferring
from tests.states import flat

SMALL = {
    "batch_size": 4,
    "width": 5,
    "features": 3,
    "rollouts": 2,
    "critic_steps": 2,
    "likelihood_steps": 2,
    "judging_steps": 2,
}
TINY = SequenceData("tiny", vocabulary=7, length=5, count=40, hidden=4)


def training(*, capture: bool = True, data: SequenceData = TINY, **changes: Any) -> Training:
    mg.manual_seed(0)
    system = build(settings_for("seqgan", "sequences", **{**SMALL, **changes}), spec_of(data))
    return Training(system, data, 0, capture=capture)


def system_of(vocabulary: int = 3, length: int = 3, **changes: Any) -> SeqGAN:
    mg.manual_seed(0)
    spec = Spec("sequences", (length,), vocabulary=vocabulary)
    found: SeqGAN = build(settings_for("seqgan", "sequences", **{**SMALL, **changes}), spec)
    return found


def advanced(run: Training, steps: int) -> Training:
    for _ in range(steps):
        run.advance()
    return run


def all_sequences(vocabulary: int, length: int) -> mg.Tensor:
    return mg.Tensor(np.array(list(product(range(vocabulary), repeat=length)), dtype=np.int64))


def likelihoods(policy: Policy, tokens: mg.Tensor) -> NDArray[np.float64]:
    """p(sequence) of each row."""
    with mg.no_grad():
        return np.exp(-policy(tokens).numpy().astype(np.float64).sum(axis=1))


def same(first: Any, second: Any) -> bool:
    return flat(first) == flat(second)


def rewarding(monkeypatch: pytest.MonkeyPatch, reward: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    """``reward`` (n,) of tokens (n, length) in D's place."""
    monkeypatch.setattr(SeqGAN, "judged", lambda self, x: mg.Tensor(reward(x.numpy()).astype(np.float32)))


def test_the_policys_probabilities_sum_to_one() -> None:
    system = system_of()
    assert likelihoods(system.generator, all_sequences(3, 3)).sum() == pytest.approx(1, abs=1e-5)
    assert likelihoods(system.generator, all_sequences(3, 3)[:-1]).sum() < 0.999


def test_samples_have_the_policys_probabilities() -> None:
    system, n = system_of(), 30_000
    every = all_sequences(3, 3)
    expected = likelihoods(system.generator, every)
    drawn = system.sample(n, np.random.default_rng(0)).samples
    counts = np.bincount(drawn @ [9, 3, 1], minlength=27)
    error = (counts - n * expected) / np.sqrt(n * expected)
    assert np.abs(error).max() < 4
    even = (counts - n / 27) / np.sqrt(n / 27)
    assert np.abs(even).max() > 8


def test_completions_begin_as_the_sequences_and_end_as_the_policy_draws() -> None:
    system, copies, length = system_of(length=4), 3_000, 4
    for layer in (system.generator.output, system.generator.cell):
        for p in layer.parameters():
            p.data[...] *= 4  # so that each token matters
            p.changed()
    tokens = mg.Tensor(np.array([[0, 1, 2, 0], [2, 2, 0, 1]]))
    with mg.no_grad():
        rows = system.generator.complete(tokens, copies, np.random.default_rng(0)).numpy()
    assert rows.shape == (3, 2 * copies, 4)
    whole = np.tile(tokens.numpy(), (copies, 1))
    p = likelihoods(system.generator, all_sequences(3, 4)).reshape(3, 3, 3, 3)
    for t, own in product(range(3), range(2)):
        assert np.array_equal(rows[t][:, : t + 1], whole[:, : t + 1])
        assert not np.array_equal(rows[t], whole)
        start = tuple(tokens.numpy()[own, : t + 1])
        expected = (p[start] / p[start].sum()).reshape(-1)
        codes = rows[t][own::2][:, t + 1 :] @ [3 ** (length - 2 - t - k) for k in range(length - 1 - t)]
        counts = np.bincount(codes, minlength=len(expected))
        error = np.abs(counts - copies * expected) / np.sqrt(copies * expected)
        assert error[copies * expected > 5].max() < 4.5


def test_completions_are_those_of_each_beginning_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The likeliest tokens in place of drawn ones; each beginning is then read again by itself."""
    monkeypatch.setattr(
        Policy, "draw", lambda self, memory, rng: mg.ops.argmax(self.output(memory[0]), axis=1)
    )
    system = system_of(vocabulary=9, length=6, width=16)
    policy, rng = system.generator, np.random.default_rng(0)
    tokens = mg.Tensor(rng.integers(0, 9, (10, 6)))
    with mg.no_grad():
        rows = policy.complete(tokens, 2, rng)
        for t in range(5):
            memory, expected = policy.begin(10), [tokens[:, k] for k in range(t + 1)]
            for token in expected[:-1]:
                memory = policy.read(token, memory)
            while len(expected) < 6:
                memory = policy.read(expected[-1], memory)
                expected.append(policy.draw(memory, rng))
            alone = mg.ops.stack(expected, axis=1).numpy()
            assert np.array_equal(rows[t].numpy(), np.tile(alone, (2, 1)))
            assert not np.array_equal(alone, tokens.numpy())


def test_the_reward_stands_at_the_token_that_earns_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a reward for token 2 at place 1: before it, the chance of it; from it on, whether it came."""
    system = system_of(length=4, rollouts=2_000)
    rewarding(monkeypatch, lambda tokens: tokens[:, 1] == 2)
    tokens = mg.Tensor(np.array([[0, 2, 1, 1], [0, 1, 1, 1]]))
    with mg.no_grad():
        rewards = system.rewards(tokens, np.random.default_rng(0)).numpy()
    assert rewards.shape == (2, 4)
    assert rewards[:, 1:].tolist() == [[1, 1, 1], [0, 0, 0]]
    p = likelihoods(system.generator, all_sequences(3, 4)).reshape(3, 3, 9)
    np.testing.assert_allclose(rewards[:, 0], p[0, 2].sum() / p[0].sum(), atol=0.05)
    assert 0.1 < rewards[0, 0] < 0.9


def test_the_policy_gradient_is_that_of_the_expected_reward(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the exact gradient, by enumeration; rewards one place later give another direction."""
    system = system_of(length=3, rollouts=1)
    rng = np.random.default_rng(0)
    values = rng.random(27)

    def reward(tokens: NDArray[Any]) -> NDArray[Any]:
        return values[tokens @ [9, 3, 1]]

    rewarding(monkeypatch, reward)
    every = all_sequences(3, 3)
    params = system.generator.parameters()
    p = mg.ops.exp(-mg.ops.sum(system.generator(every), axis=1))
    exact = mg.grad(-mg.ops.sum(p * mg.Tensor(reward(every.numpy()).astype(np.float32))), params)
    with mg.no_grad():
        tokens = system.generator.sample(60_000, rng)
        rewards = system.rewards(tokens, rng)
    later = mg.Tensor(np.roll(rewards.numpy(), 1, axis=1))

    def cosine(q: mg.Tensor) -> float:
        estimate = mg.grad(system.policy_loss(tokens, q), params)
        a, b = (np.concatenate([g.numpy().reshape(-1) for g in found]) for found in (exact, estimate))
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    assert cosine(rewards) > 0.98
    assert cosine(later) < 0.9


def test_a_constant_reward_teaches_nothing() -> None:
    weights = {}
    for reward in ("constant", "discriminator"):
        system = system_of(reward=reward)
        before = system.generator.state_dict()
        rng = np.random.default_rng(0)
        for _ in range(3):
            system.update_generator(rng)
        weights[reward] = same(before, system.generator.state_dict())
    assert weights == {"constant": True, "discriminator": False}


def test_the_rollout_policy_follows_at_its_rate() -> None:
    system = system_of(rollout_decay=0.8)
    slow, own = system.rollout.module.output.weight, system.generator.output.weight
    before = slow.numpy().copy()
    assert np.array_equal(before, own.numpy())
    system.update_generator(np.random.default_rng(0))
    np.testing.assert_allclose(slow.numpy(), 0.8 * before + 0.2 * own.numpy(), rtol=1e-5, atol=1e-7)
    assert not np.array_equal(slow.numpy(), own.numpy())


def test_phases_are_functions_of_the_step_and_change_what_they_train() -> None:
    run = training()
    system: Any = run.system
    phases = [system.settings.phase(step) for step in range(5)]
    assert phases == [*["likelihood"] * 2, *["judging"] * 2, "adversarial"]
    moving = []
    for _ in range(5):
        before = {name: part.state_dict() for name, part in system.parts().items()}
        (record,) = run.advance()
        moved = {name for name, part in system.parts().items() if not same(part.state_dict(), before[name])}
        moving.append((moved, set(record.numbers)))
    copies = {"rollout", "pretrained"}
    d = {"discriminator", "optimizer_d"}
    d_numbers = {"loss_d", "d_real", "d_fake", "grad_norm_d"}
    assert moving[1] == ({"generator", "optimizer_likelihood", *copies}, {"nll", "grad_norm_g"})
    assert moving[3] == (d, d_numbers)
    numbers = {"loss_g", "reward", "grad_norm_g"}
    assert moving[4] == ({"generator", "optimizer_g", "rollout", *d}, d_numbers | numbers)


@pytest.mark.parametrize("stop", [1, 2, 3, 5])
@pytest.mark.parametrize("capture", [True, False])
def test_a_resumed_training_is_the_uninterrupted_one(stop: int, capture: bool) -> None:
    """Also from one phase into the next."""
    whole = advanced(training(capture=capture), 7)
    broken = advanced(training(capture=capture), stop)
    resumed = training(capture=capture)
    mg.manual_seed(99)
    resumed.load_state_dict(broken.state_dict())
    assert same(advanced(resumed, 7 - stop).state_dict(), whole.state_dict())
    assert not same(broken.state_dict(), whole.state_dict())


def test_captured_updates_are_the_updates() -> None:
    with_capture, without = (advanced(training(capture=c), 8) for c in (True, False))
    assert same(with_capture.state_dict(), without.state_dict())


@pytest.mark.parametrize(
    ("steps", "network", "name"),
    [
        (1, "generator", "likelihood"),
        (2, "discriminator", "discriminator"),
        (5, "discriminator", "generator"),
    ],
)
def test_a_failing_update_changes_nothing(steps: int, network: str, name: str) -> None:
    run = advanced(training(), steps)
    bias = getattr(run.system, network).output.bias
    bias.data[0] = np.nan
    bias.changed()
    before = run.system.state_dict()
    with pytest.raises(DivergedError, match=f"step {steps + 1} .{name} update"):
        run.advance()
    assert same(before, run.system.state_dict())


def test_an_update_that_fails_on_a_gpu_changes_nothing() -> None:
    """Numbers that are read later cannot stop an update, which still changes no array."""
    system = system_of()
    tokens, rng = all_sequences(3, 3), np.random.default_rng(0)
    bias = system.discriminator.output.bias
    for value, moves in ((np.nan, False), (0.0, True)):
        bias.data[0] = value
        bias.changed()
        before = flat(system.state_dict())
        with deferring(), np.errstate(all="ignore"):
            system.update_generator(rng)
            system.update_discriminator(tokens, rng)
        after = flat(system.state_dict())
        changed = {name for name in after if after[name] != before[name] and not name.endswith(".steps")}
        assert bool(changed) == moves


def test_d_learns_that_the_oracles_sequences_are_real() -> None:
    system, real = system_of(dropout=0.0), all_sequences(3, 3)
    with mg.no_grad():
        fake = system.generator.sample(len(real), np.random.default_rng(0))
        on_real, on_fake = (system.discriminator(x).numpy() for x in (real, fake))
    loss = np.logaddexp(0, -on_real).mean() + np.logaddexp(0, on_fake).mean()
    assert abs(loss - np.logaddexp(0, on_real).mean() - np.logaddexp(0, -on_fake).mean()) > 1e-4
    found = system.update_discriminator(real, np.random.default_rng(0))
    assert found["loss_d"].item() == pytest.approx(loss, rel=1e-5)


def test_dropout_is_for_ds_own_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    system, rng = system_of(dropout=0.5, features=8), np.random.default_rng(0)
    tokens = all_sequences(3, 3)
    plain = system.discriminator(tokens).numpy()
    assert np.array_equal(plain, system.discriminator(tokens).numpy())
    assert not np.array_equal(plain, system.discriminator(tokens, rng).numpy())
    given: list[Any] = []
    forward = Classifier.forward

    def noting(self: Any, x: mg.Tensor, rng: Any = None) -> mg.Tensor:
        given.append(rng)
        return forward(self, x, rng)

    monkeypatch.setattr(Classifier, "forward", noting)
    system.update_discriminator(tokens, rng)
    assert given == [rng, rng]
    system.update_generator(rng)
    assert set(given[2:]) == {None}


def test_figures_have_the_pretrained_generator_beside_the_present_one() -> None:
    run = training()
    system: Any = run.system
    advanced(run, 2)
    early = system.figures(TINY, np.random.default_rng(0))
    advanced(run, 4)
    late = system.figures(TINY, np.random.default_rng(0))
    counts = {"measured", "test_sequences"}
    assert early.keys() == late.keys() == {*system.figure_meanings, "real_nll_pretrained", *counts}
    assert early["nll_pretrained"] == late["nll_pretrained"]
    assert early["nll_test"] != late["nll_test"]


def test_a_run_is_trained_resumed_sampled_and_measured(tmp_path: Path) -> None:
    out = tmp_path / "run"
    gans.train("seqgan", data=TINY, out=out, steps=3, progress=False, **SMALL)
    run = gans.resume(out, data=TINY, steps=6, progress=False)
    assert [record.get("nll") is not None for record in run.history] == [True, True, *[False] * 4]
    assert (out / "losses.png").exists()
    samples = run.sample(7)
    assert samples.shape == (7, 5)
    assert samples.dtype == np.int64
    figures = gans.evaluate(out, data=TINY, n=50)
    assert {"nll", "real_nll", "nll_pretrained", "nll_test", "self_bleu"} <= figures.keys()
    assert figures["real_nll"] < figures["nll"] < 1.2 * figures["random_nll"]


def test_images_are_refused() -> None:
    with pytest.raises(UserError, match="seqgan needs sequences"):
        settings_for("seqgan", "image")


@pytest.mark.slow
def test_rewards_lower_the_oracles_nll_which_likelihood_alone_and_a_constant_reward_do_not() -> None:
    """By a quarter of a nat, below what it was before and below where more likelihood leads."""
    data, nll = oracle60(), {}
    for name, changes in {
        "rewards": {"reward": "discriminator"},
        "constant": {"reward": "constant"},
        "likelihood": {"likelihood_steps": 300},
    }.items():
        mg.manual_seed(0)
        system = build(
            settings_for("seqgan", "sequences", **{"likelihood_steps": 100, **changes}), spec_of(data)
        )
        run = advanced(Training(system, data, 0), 300)
        nll[name] = data.nll(run.system.sample(4_000, np.random.default_rng(0)).samples).mean()
        if name == "rewards":
            nll["before"] = system.figures(data, np.random.default_rng(0))["nll_pretrained"]
    assert nll["rewards"] < min(nll["before"], nll["likelihood"]) - 0.25
    assert abs(nll["constant"] - nll["before"]) < 0.05
