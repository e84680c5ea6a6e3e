"""A summary counts each number once, notes what each layer makes, and leaves the network as it was."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from gans.networks import dcgan
from minigrad import nn


def test_a_summary_counts_what_the_network_has() -> None:
    G = dcgan.generator(100, (1, 28, 28))
    found = nn.summary(G, (2, 100))
    assert (
        found.parameters == sum(p.size for p in G.parameters()) == sum(row.parameters for row in found.layers)
    )
    assert found.buffers == sum(b.size for b in G.buffers()) == sum(row.buffers for row in found.layers)
    assert found.bytes == sum(p.data.nbytes for p in G.parameters()) + sum(b.nbytes for b in G.buffers())
    assert [row.name for row in found.layers] == [name for name, _ in G.named_modules()]


def test_outputs_are_those_of_each_layer_by_itself_even_where_layers_run_together() -> None:
    G = dcgan.generator(100, (1, 28, 28)).eval()
    found = {row.name: row.output for row in nn.summary(G, (2, 100)).layers}
    x = mg.tensor(np.zeros((2, 100), np.float32))
    for name, layer in G.named_children():
        x = layer(x)
        assert found[name] == x.shape
    assert found[""] == x.shape


def test_a_summary_changes_nothing() -> None:
    G = dcgan.generator(100, (1, 28, 28))
    G[2].eval()  # type: ignore[index]
    before, attributes = G.state_dict(), [dict(vars(module)) for module in G.modules()]
    nn.summary(G, (2, 100))
    assert all(np.array_equal(value, before[name]) for name, value in G.state_dict().items())
    for module, kept in zip(G.modules(), attributes, strict=True):
        assert vars(module).keys() == kept.keys()
        assert all(vars(module)[name] is value for name, value in kept.items())


def test_an_input_that_does_not_fit_is_the_layers_error_and_changes_nothing_either() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    with pytest.raises(ValueError, match="expected an input"):
        nn.summary(net, (4, 5))
    assert net.training
    assert all("forward" not in vars(module) for module in net.modules())


def test_without_an_input_there_are_no_outputs_and_a_shared_layer_stands_once() -> None:
    shared = nn.Linear(3, 3)
    found = nn.summary(nn.Sequential(shared, shared))
    assert [row.output for row in found.layers] == [None, None]
    assert found.parameters == 12


def test_a_module_shows_itself_in_a_notebook_with_its_parameters() -> None:
    shown = nn.Sequential(nn.Linear(3, 8), nn.ReLU())._repr_html_()
    assert "Linear(in_features=3, out_features=8, bias=True)" in shown
    assert "32 parameters, 128 bytes" in shown


def test_names_are_escaped() -> None:
    class Odd(nn.Module):
        def extra_repr(self) -> str:
            return "<b>"

    assert "Odd(&lt;b&gt;)" in Odd()._repr_html_()
