"""Node: how a Tensor was made, and leaves that older versions pickled."""

from __future__ import annotations

import copy
import pickle

import numpy as np

import minigrad as mg
from minigrad.node import INPUTS, Node


def test_a_node_holds_what_made_the_tensor() -> None:
    x = mg.tensor([1.0, 2.0])
    x.changed()
    y = mg.ops.sum(x, axis=0, keepdims=True)
    node = y.node
    assert node == Node(mg.ops.sum, (x,), {"axis": 0, "keepdims": True}, (1,))
    assert (y.op, y.inputs, y.params, y.versions) == tuple(node)
    assert node.inputs is node[INPUTS]
    assert copy.copy(y).node == node


def test_a_leaf_has_no_node() -> None:
    with mg.no_grad():
        made = mg.tensor(1.0) * 2.0
    for leaf in (mg.tensor(1.0), made, (mg.tensor(1.0) * 2.0).detach()):
        assert leaf.node is None
        assert (leaf.op, leaf.inputs, leaf.params, leaf.versions) == (None, (), {}, ())


def test_a_leaf_is_pickled_and_read_as_older_versions_wrote_it() -> None:
    leaf = mg.nn.Parameter(np.array([1.0, 2.0]))
    leaf.changed()
    for twin in (copy.deepcopy(leaf), pickle.loads(pickle.dumps(leaf))):  # noqa: S301
        assert (type(twin), twin.tolist(), twin.version, twin.node) == (mg.nn.Parameter, [1.0, 2.0], 1, None)
    slots = {"_data": leaf.data, "_version": leaf._version, "residual": None}
    former = {**slots, "inputs": (), "op": None, "params": {}, "versions": ()}
    read = object.__new__(mg.Tensor)
    read.__setstate__((None, former))
    assert (read.tolist(), read.version, read.node, read.saved) == ([1.0, 2.0], 1, None, None)
