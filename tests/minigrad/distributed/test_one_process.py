"""Ranks seen from one process: alone, at home, and what is refused."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, nn, ops
from minigrad.distributed import Alone, Communicator, current, mean_over_ranks, using, world
from tests.processes import python


def at_home(rank: int, size: int) -> Communicator:
    """A rank whose others are as it is."""
    ranks = Communicator(rank, size)
    ranks._home = True
    return ranks


def test_minigrad_does_not_import_mpi() -> None:
    ended = python("import sys, minigrad; print([m for m in sys.modules if 'mpi4py' in m or m == 'cupy'])")
    assert ended.stdout.strip() == "[]", ended.stderr


def test_a_process_without_a_launcher_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in mg.distributed.mpi.LAUNCHERS:
        monkeypatch.delenv(name, raising=False)
    for device in ("cpu", "cuda"):
        assert isinstance(world(device), Alone)


def test_alone_means_are_the_tensors_themselves() -> None:
    tensors = [Tensor(np.ones(2)), Tensor(np.ones((), np.float32))]
    assert all(mean is t for mean, t in zip(mean_over_ranks(tensors), tensors, strict=True))
    assert mean_over_ranks([], at_home(0, 2)) == []


def test_means_have_no_graph_and_any_layout() -> None:
    x = Tensor(np.arange(6.0).reshape(2, 3).T)
    mean, half = mean_over_ranks([x, x * 0.5], at_home(1, 2))
    np.testing.assert_array_equal(mean.numpy(), x.numpy())
    assert half.op is None
    assert np.shares_memory(mean.data, half.data.base)


@pytest.mark.parametrize("ranks", [Alone(), at_home(0, 2)], ids=["alone", "two"])
def test_integers_have_no_mean(ranks: Communicator) -> None:
    with pytest.raises(TypeError, match=r"mean_over_ranks: expected float32 or float64 Tensors, got int64"):
        mean_over_ranks([mg.tensor([1, 2])], ranks)


def test_sums_of_integers_and_bools() -> None:
    ranks = at_home(0, 3)
    assert ops.all_reduce(mg.tensor([1, 2]), communicator=ranks).tolist() == [3, 6]
    assert ops.all_reduce(mg.tensor([True, False]), communicator=ranks).tolist() == [3, 0]


def test_a_number_has_no_rows_to_gather() -> None:
    with pytest.raises(ValueError, match=r"all_gather: x must be \(n, ...\)"):
        ops.all_gather(mg.tensor(1.0))


def test_a_captured_step_follows_the_block() -> None:
    total = mg.capture(lambda x: [ops.all_reduce(x), *mean_over_ranks([x * 2.0])])
    x = mg.tensor([1.0])
    for ranks, expected in ((at_home(0, 2), 2.0), (at_home(0, 3), 3.0), (Alone(), 1.0)) * 3:
        with using(ranks):
            found = [t.item() for t in total(x)]
        assert found == [expected, 2.0]
    assert total.replays == 3


def layers() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.MinibatchStdDev())


def test_synchronised_takes_the_block_s_ranks() -> None:
    net, ranks = layers(), at_home(1, 2)
    with using(ranks):
        assert nn.synchronised(net) is net
    assert (net[1].communicator, net[3].communicator) == (ranks, ranks)
    assert copy.deepcopy(net)[1].communicator is ranks
    nn.synchronised(net, Alone())
    assert net[1].communicator is net[3].communicator is None
    assert isinstance(current(), Alone)


def test_one_sample_on_each_rank_is_a_batch() -> None:
    net = nn.BatchNorm1d(3)
    x = mg.tensor(np.ones((1, 3), np.float32))
    with pytest.raises(ValueError, match="training needs more than one value per channel"):
        net(x)
    y = nn.synchronised(net, at_home(0, 2))(x)
    np.testing.assert_array_equal(y.numpy(), np.zeros((1, 3)))
    np.testing.assert_allclose(net.running_mean, 0.1)


def test_evaluation_exchanges_nothing() -> None:
    """A rank that draws a picture alone would wait for ever."""
    away = Communicator(0, 2)  # of whose exchanges none is defined
    net = nn.Sequential(nn.BatchNorm1d(3, track_running_stats=False), nn.BatchNorm1d(3), nn.MinibatchStdDev())
    x = mg.tensor(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32))
    expected = net.eval()(x).numpy()
    nn.synchronised(net, away)
    np.testing.assert_array_equal(net(x).numpy(), expected)
    with pytest.raises(NotImplementedError, match="Communicator does not define _all_gather"):
        net.train()(x)
