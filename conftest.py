"""Settings of the examples in docstrings.

minigrad is imported before pytest collects them. Of a package that is not imported yet, pytest imports a
module by its path: ``pytest minigrad/tensor.py`` would make a second Tensor class.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minigrad.registry import registry

RUN_CODE = ("test_docs.py", "test_draw_docs.py", "test_example_scripts.py")
"""Tests that run the code of pages and examples, which defines ops as docstrings do."""


@pytest.fixture(autouse=True)
def ops_of_examples(request: pytest.FixtureRequest) -> Iterator[None]:
    """Takes the ops that an example, page or script defines out of the registry."""
    before = set(registry)
    yield
    if isinstance(request.node, pytest.DoctestItem) or request.path.name in RUN_CODE:
        for name in set(registry) - before:
            del registry[name]
