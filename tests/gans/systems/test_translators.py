"""What holds for each system that translates images: capture, resume, refusals, sizes, samples, figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.data import DomainData
from gans.data.images import image_data
from gans.data.spec import Spec
from gans.errors import UserError
from gans.systems import SYSTEMS, Ask, build, settings_for
from gans.trainer import DivergedError
from gans.trainer.algorithm import Algorithm
from gans.trainer.executors import Deferred, FailedUpdateError, Immediate
from gans.updates import Update
from tests.gans.systems.translators import SMALL, data_for, few, kind_of, system_for, training_for
from tests.processes import ROOT
from tests.states import flat

MODELS = tuple(SMALL)


def advance(training: Any, steps: int) -> list[dict[str, Any]]:
    """The numbers of the next steps."""
    return [dict(record.numbers) for _ in range(steps) for record in training.advance()]


def without_statistics(system: Any) -> dict[str, Any]:
    """The state but for batch norm's running statistics, which move when the network runs."""
    return {
        name: value
        for name, value in flat(system.state_dict()).items()
        if "running_" not in name and "num_" not in name
    }


@pytest.mark.parametrize("model", MODELS)
def test_capture_changes_no_number(model: str) -> None:
    captured, plain = training_for(model), training_for(model, capture=False)
    assert advance(captured, 6) == advance(plain, 6)
    assert flat(captured.state_dict()) == flat(plain.state_dict())


@pytest.mark.parametrize("model", MODELS)
def test_deferred_metrics_change_no_number(model: str) -> None:
    """As on a GPU: nothing is read between the steps, and pools and updates come to the same."""
    states = []
    for executor in (Deferred, lambda steps, device: Immediate(steps, capture=True)):
        data = data_for(model)
        steps = Algorithm(system_for(model, data), data, seed=0)
        running: Any = executor(steps, "cpu")
        for _ in range(7):
            running.run_step()
        running.flush()
        states.append((flat(steps.state_dict()), [metrics.numbers for metrics in running.ready()]))
    assert states[0] == states[1]


def test_a_pool_forgets_the_steps_after_a_failed_one() -> None:
    """With deferred metrics a failure is found late; pools go back to where the weights do."""
    data = data_for("cyclegan")
    steps = Algorithm(system_for("cyclegan", data), data, seed=0)
    running = Deferred(steps, "cpu")
    for _ in range(4):
        running.run_step()
    running.flush()
    running.saved(steps.state_dict())
    system: Any = steps.system
    weight = system.a_to_b.parameters()[0]
    mg.modify(weight, lambda w: w.fill(np.nan))
    for _ in range(3):
        running.run_step()
    pools = [system.pool_a, system.pool_b]
    assert not all(np.isfinite(pool.images.numpy()).all() for pool in pools)
    with pytest.raises(FailedUpdateError, match="step 5"):
        running.flush()
    assert all(np.isfinite(pool.images.numpy()).all() for pool in pools)


@pytest.mark.parametrize("model", MODELS)
def test_a_resumed_training_is_the_uninterrupted_one(model: str, tmp_path: Path) -> None:
    whole = training_for(model, ema=0.9)
    numbers = advance(whole, 10)
    first = training_for(model, ema=0.9)
    assert advance(first, 5) == numbers[:5]
    mg.save(tmp_path / "state.safetensors", first.state_dict())
    second = training_for(model, ema=0.9)
    advance(second, 2)  # what it has done before is forgotten
    second.load_state_dict(mg.load(tmp_path / "state.safetensors"))
    assert advance(second, 5) == numbers[5:]
    assert flat(second.state_dict()) == flat(whole.state_dict())


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("capture", [True, False])
def test_a_failing_update_changes_nothing(model: str, capture: bool) -> None:
    training = training_for(model, capture=capture)
    advance(training, 4)
    system: Any = training.system
    network = system.generator if model == "pix2pix" else system.a_to_b
    weight = network.parameters()[0]
    good = weight.numpy().copy()
    with mg.no_grad():
        weight.data[...] = np.nan
        weight.changed()
    before = without_statistics(system)
    with pytest.raises(DivergedError, match="step 5"):
        training.advance()
    assert without_statistics(system) == before
    with mg.no_grad():
        weight.data[...] = good
        weight.changed()
    assert np.isfinite(advance(training, 1)[0]["loss_g"])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("size", "colour"), [((8, 8), True), ((9, 15), False), ((40, 20), True)])
def test_networks_take_their_shape_from_the_data(model: str, size: tuple[int, int], colour: bool) -> None:
    training = training_for(model, data_for(model, images=few(size, colour)), batch_size=1)
    numbers = advance(training, 1)[0]
    assert all(np.isfinite(number) for number in numbers.values())
    ask = Ask(sources=training._algorithm.batches._data.test(slice(3))[0])
    made = training.system.sample(3, np.random.default_rng(0), ask)
    assert made.samples.shape == (3, 3 if colour else 1, *size)


@pytest.mark.parametrize("model", MODELS)
def test_what_does_not_fit_is_refused_before_the_first_step(model: str) -> None:
    kind = kind_of(model)
    settings = settings_for(model, kind)
    with pytest.raises(UserError, match="sides of at least 8"):
        build(settings, Spec(kind, (1, 7, 28), source=(1, 7, 28)))
    with pytest.raises(UserError, match="of one"):
        build(settings, Spec(kind, (1, 28, 28), source=(1, 14, 14)))
    with pytest.raises(UserError, match=f"{model} needs (two sets|pairs)"):
        settings_for(model, "image")


@pytest.mark.parametrize("model", MODELS)
def test_the_page_of_metrics_has_each_number(model: str) -> None:
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8").splitlines()
    system = SYSTEMS[model]
    updates = [one for one in vars(system).values() if isinstance(one, Update)]
    assert len(updates) == 2
    for name in {*system.figure_meanings, *(name for one in updates for name in one.reports)}:
        rows = [line for line in page if line.startswith(f"| `{name}` |")]
        shared = name in ("loss_d", "loss_g", "d_real", "d_fake", "grad_norm_d", "grad_norm_g")
        assert any(shared or model in row for row in rows), name


@pytest.mark.parametrize("model", MODELS)
def test_samples_need_sources(model: str) -> None:
    with pytest.raises(UserError, match="`sources`"):
        system_for(model, data_for(model)).sample(3, np.random.default_rng(0))


@pytest.mark.parametrize("model", MODELS)
def test_it_trains_samples_and_is_measured_by_gans(model: str, tmp_path: Path) -> None:
    data = data_for(model)
    run = gans.train(model, data, out=tmp_path / "run", steps=3, progress=False, **SMALL[model])
    longer = gans.train(model, data, out=tmp_path / "longer", steps=6, progress=False, **SMALL[model])
    gans.resume(run, steps=6, data=data, progress=False)
    ended, uninterrupted = (mg.load(one.path / "checkpoint.safetensors") for one in (run, longer))
    assert flat(ended) == flat(uninterrupted)
    a, b = data.test(slice(5))
    made = gans.sample(longer, 5, sources=a)
    assert made.shape == b.shape
    assert np.array_equal(made, gans.sample(longer, 5, sources=a))
    assert np.array_equal(made.sources, a)
    figures = gans.evaluate(longer, data=data)
    assert figures["samples"] == len(data.images.test_images)
    own = longer.system.figure_meanings
    assert own.keys() <= figures.keys()


@pytest.mark.parametrize("model", MODELS)
def test_pictures_need_no_test_images(model: str, tmp_path: Path) -> None:
    data = data_for(model, images=image_data("train only", few().images))
    run = gans.train(model, data, out=tmp_path / "run", steps=1, progress=False, **SMALL[model])
    assert len(list((run.path / "samples").iterdir())) == 2
    with pytest.raises(UserError, match="has no labels, test images"):
        gans.evaluate(run, data=data)


def test_only_a_system_of_two_directions_translates_back(tmp_path: Path) -> None:
    data = data_for("pix2pix")
    run = gans.train("pix2pix", data, out=tmp_path / "pairs", steps=1, progress=False, **SMALL["pix2pix"])
    with pytest.raises(UserError, match=r"takes no `back`; translations .* are for cyclegan, dualgan"):
        gans.sample(run, 3, sources=data.test(slice(3))[0], back=True)


def test_sources_come_from_the_side_that_is_translated(tmp_path: Path) -> None:
    data = DomainData("thick", few())
    run = gans.train("cyclegan", data, out=tmp_path / "run", steps=1, progress=False, **SMALL["cyclegan"])
    a, b = data.test(slice(4))
    there, back = gans.sample(run, 4, sources=a), gans.sample(run, 4, sources=b, back=True)
    system = run.system
    system.a_to_b.eval()
    system.b_to_a.eval()
    assert np.array_equal(there, system.to_b(a))
    assert np.array_equal(back, system.to_a(b))
