"""The vendor's rules: XPath 1.0 of the model, evaluated by lxml on the configuration as XML without namespaces.

Rules that look for an entry in a list of the whole authority (`../../router/node[asset-id = current()/asset-id]`) would
take time with the square of the routers; these look-ups go through an index. `current()` is a variable.
"""

import functools
import re
from collections.abc import Callable, Sequence
from functools import cached_property

import attrs
from lxml import etree

from haplan_ssr.model.schema import Must, Node

LOOKUP = re.compile(
    r"(?P<path>(?:\.\./)+[\w/-]+|/config/authority/[\w/-]+)"
    r"\[(?P<key>[\w/-]+) = (?P<value>\$current(?:/[\w./-]+)?)(?P<rest>\]| and )"
)


class Rules:
    """The rules of all nodes, for one document.

    Threads: one; made for one check.
    """

    def __init__(self) -> None:
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._index: dict[tuple[str, str], dict[str, list[etree._Element]]] = {}

    def of(self, node: Node) -> tuple["Rule", ...]:
        """The rules of one node, compiled."""
        if node.path not in self._rules:
            self._rules[node.path] = tuple(self._rule(must, node) for must in (*node.when, *node.must))
        return self._rules[node.path]

    def _rule(self, must: Must, node: Node) -> "Rule":
        plain = must.condition.replace("current()", "$current").replace("//config/", "/config/")
        levels = node.path.count("/") - must.at_parent
        text = LOOKUP.sub(lambda found: _indexed(found, plain, levels), plain)
        if text == plain:
            return _compiled(must, text, node.path)
        return Rule(must, text, node.path, extensions={(None, "entries"): self._entries})

    def _entries(self, _: object, down: str, leaf: str, values: list[etree._Element]) -> list[etree._Element]:
        """XPath function: entries at a path below the authority whose leaf has one of the values."""
        return [entry for value in values for entry in self._at(value, down, leaf).get(value.text or "", ())]

    def _at(self, anywhere: etree._Element, down: str, leaf: str) -> dict[str, list[etree._Element]]:
        if (down, leaf) not in self._index:
            values: dict[str, list[etree._Element]] = {}
            for entry in anywhere.getroottree().iterfind(f"./authority/{down}"):
                for one in entry.iterfind(leaf):
                    values.setdefault(one.text or "", []).append(entry)
            self._index[down, leaf] = values
        return self._index[down, leaf]


@attrs.frozen(eq=False)
class Rule:
    """One compiled rule.

    Attributes:
        must: What it says.
        text: Its condition, as it is evaluated.
        path: That of its node.
        extensions: Functions that its condition calls.
    """

    must: Must
    text: str
    path: str
    extensions: dict[tuple[None, str], Callable[..., object]] = attrs.field(factory=dict)

    def broken(self, document: etree._Element) -> Sequence[etree._Element]:
        """The instances of its node that do not keep it, in order. One walk finds those of a rule that does not ask
        what the instance itself says; any other is evaluated for each."""
        if "$" not in self.text:
            found: Sequence[etree._Element] = self._all(document)
            return found
        return [one for one in self._all(document) if not self.holds(one)]

    def holds(self, element: etree._Element) -> bool:
        """True if an instance of its node keeps the rule."""
        above = element.getparent()
        context = element if above is None or not self.must.at_parent else above
        return bool(self._holds(context, current=context) if "$" in self.text else self._holds(context))

    @cached_property
    def _holds(self) -> etree.XPath:
        return etree.XPath(f"boolean({self.text})", extensions=self.extensions)

    @cached_property
    def _all(self) -> etree.XPath:
        """All instances; if the rule can be evaluated on the way, those that break it."""
        broken = f"[not({self.text})]" if "$" not in self.text else ""
        above, _, name = f"/config/authority{self.path}".rpartition("/")
        return etree.XPath(f"{above}{broken}/{name}" if self.must.at_parent else f"{above}/{name}{broken}")


@functools.lru_cache(10000)
def _compiled(must: Must, text: str, path: str) -> Rule:
    return Rule(must, text, path)


def _indexed(found: re.Match[str], text: str, levels: int) -> str:
    """A look-up in a list of the authority by index; any other as it was."""
    before = text[: found.start()]
    ups = found["path"].count("../")
    if before.count("[") != before.count("]") or ups not in (0, levels):
        return found[0]
    down = found["path"].rpartition("../")[2] if ups else found["path"].removeprefix("/config/authority/")
    rest = "" if found["rest"] == "]" else "["
    return f"entries('{down}', '{found['key']}', {found['value']}){rest}"
