"""Code that is a public name, such as ``mg.grad`` or ``ops.exp``, links to its entry, on every page."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

_NAME = re.compile(r"(?:(mg|minigrad|ops|nn|optim|gans)\.)?((?:\w+\.)*\w+)(?:\(.*\))?", re.DOTALL)
_PREFIXES = {"mg": "minigrad.", "minigrad": "minigrad.", "gans": "gans."}


class LinkedCode(SphinxPostTransform):
    default_priority = 100

    def run(self, **kwargs: object) -> None:
        objects = self.env.get_domain("py").objects
        for literal in list(self.document.findall(nodes.literal)):
            if isinstance(literal.parent, nodes.reference):
                continue
            name = self.target(literal.astext(), objects)
            if name is None or (objects[name].docname == self.env.docname and name in self.own(literal)):
                continue
            entry = objects[name]
            uri = self.app.builder.get_relative_uri(self.env.docname, entry.docname)
            link = nodes.reference("", "", internal=True, refuri=f"{uri}#{entry.node_id}", reftitle=name)
            literal.replace_self(link)
            link += literal

    @staticmethod
    def target(text: str, objects: dict) -> str | None:
        match = _NAME.fullmatch(text)
        if match is None or match[1] is None:
            return None
        prefix = _PREFIXES.get(match[1], f"minigrad.{match[1]}.")
        names = [prefix + between + match[2] for between in ("", "api.", "random.")]
        return next((name for name in names if name in objects), None)

    @staticmethod
    def own(node: nodes.Node) -> set[str]:
        """The names of the entries that the node stands in."""
        names: set[str] = set()
        while node.parent is not None:
            node = node.parent
            if node.tagname == "desc":
                names.update(i for signature in node.findall(nodes.Element) for i in signature.get("ids", []))
        return names


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_post_transform(LinkedCode)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
