"""Write `model.json`: the vendor's configuration model below `config/authority`, as the checker wants it.

Usage: `python make_model.py FOLDER`, the folder being the one with both exports of 128technology (MIT, see
LICENSE.128technology):

* `t128-config-model.yinsolidated.xml.gz`: the whole model, about release 4.2
  (128technology/ply 6281702d, src/model/__tests__/data/consolidatedT128Model.xml);
* `t128-router-subtree.yinsolidated.json.gz`: `authority/router` alone, about release 5.3
  (128technology/yinz-json c4f4eb50, src/model/util/__tests__/data/testElement.json).

Routers are taken from the newer export, everything else from the older one. What a router had in the older export only
is kept with `until`, what the newer one adds has `since`. Prose, state (`config false`) and what is only for the
vendor's tools is left out; leaves that came later are added from `later.toml`, each with its source.
"""

import gzip
import json
import pathlib
import re
import sys
import tomllib
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import attrs

from haplan.plugin import Tree, sorted_json

_written = sorted_json()

OLD, NEW = "4.2", "5.3"
AFTER_OLD, BEFORE_NEW = "4.3", "5.2"
"""What one export has and the other has not: the first release that may have it, the last one that may."""
WHOLE, ROUTER = "t128-config-model.yinsolidated.xml.gz", "t128-router-subtree.yinsolidated.json.gz"
YIN = "{urn:ietf:params:xml:ns:yang:yin:1}"
ARGUMENTS = ("name", "value", "condition", "tag", "text")
NODES = ("container", "list", "leaf", "leaf-list", "choice", "case")
PREFIX = re.compile(r"\b[A-Za-z][\w-]*:(?=[A-Za-z_])")
"""A module's prefix: names are unique without it, and instances have none."""

Node = dict[str, Tree]


@attrs.frozen
class Statement:
    """One statement of YANG.

    Attributes:
        word: keyword.
        argument: its argument, or "".
        parent: True for a `when` whose context is the parent (it came with an augment).
    """

    word: str
    argument: str
    parent: bool
    below: tuple["Statement", ...]

    def all(self, word: str) -> Iterator["Statement"]:
        return (one for one in self.below if one.word == word)

    def get(self, word: str) -> str | None:
        return next((one.argument for one in self.all(word)), None)


def main(folder: pathlib.Path, target: pathlib.Path) -> None:
    module = ElementTree.fromstring(gzip.decompress((folder / WHOLE).read_bytes()))
    authority = module.find(f"{YIN}container[@name='config']/{YIN}container[@name='authority']")
    assert authority is not None, f"{WHOLE} has no config/authority"
    identities = _identities(module)
    maker = Maker(identities)
    root = maker.node(_from_xml(authority))
    newer = maker.node(_from_json(json.loads(gzip.decompress((folder / ROUTER).read_bytes()))))
    root["children"]["router"] = merge(root["children"]["router"], newer)
    later = pathlib.Path(__file__).with_name("later.toml")
    for entry in tomllib.loads(later.read_text(encoding="utf-8"))["later"]:
        maker.add_later(root, entry)
    model = {
        "source": "128technology/ply 6281702d and 128technology/yinz-json c4f4eb50, MIT, (c) 2018 128 Technology",
        "releases": {"authority": OLD, "router": NEW},
        "types": maker.types,
        "authority": root,
    }
    target.write_text(sorted_json(tight=True)(model) + "\n", encoding="utf-8")


def _from_xml(element: ElementTree.Element) -> Statement:
    argument = next((element.get(name) for name in ARGUMENTS if element.get(name) is not None), None)
    below = tuple(_from_xml(one) for one in element)
    parent = element.get("context-node") == "parent"
    return Statement(element.tag.rpartition("}")[2], argument or (element.text or "").strip(), parent, below)


def _from_json(element: dict[str, Tree]) -> Statement:
    argument = next((element[name] for name in ARGUMENTS if element.get(name) is not None), "")
    below = tuple(_from_json(one) for one in element.get("children", []))
    return Statement(element["keyword"], argument, element.get("context-node") == "parent", below)


def _identities(module: ElementTree.Element) -> dict[str, set[str]]:
    """Base → names derived from it."""
    found: dict[str, set[str]] = {}
    for identity in module.iter(f"{YIN}identity"):
        for base in identity.iter(f"{YIN}base"):
            found.setdefault(PREFIX.sub("", str(base.get("name"))), set()).add(str(identity.get("name")))
    return found


def _message(statement: Statement) -> str:
    """The error message, which one export has as an argument and the other as a child."""
    for one in statement.all("error-message"):
        return " ".join((one.argument or one.get("value") or "").split())
    return ""


def _xpath(text: str) -> str:
    return PREFIX.sub("", " ".join(text.split()))


class Maker:
    """Makes nodes; types are kept once each, and named by their place in `types`.

    Threads: one; made for one compilation.
    """

    def __init__(self, identities: dict[str, set[str]]) -> None:
        self.types: list[Any] = []
        self._places: dict[str, int] = {}
        self._identities = identities

    def node(self, statement: Statement) -> Node:
        out: Node = {"kind": statement.word}
        for word, key in (("default", "default"), ("ordered-by", "ordered"), ("status", "status"), ("units", "units")):
            if statement.get(word) is not None:
                out[key] = statement.get(word)
        for word, key in (("min-elements", "min"), ("max-elements", "max")):
            if (statement.get(word) or "").isdigit():
                out[key] = int(str(statement.get(word)))
        if statement.get("mandatory") == "true":
            out["mandatory"] = True
        if statement.get("key"):
            out["keys"] = PREFIX.sub("", str(statement.get("key"))).split()
        if list(statement.all("presence")):
            out["presence"] = True
        self._marks(statement, out)
        self._rules(statement, out)
        for one in statement.all("type"):
            default = self._leaf_type(one, out)
            if default is not None:
                out.setdefault("default", default)
        below = [one for one in statement.below if one.word in NODES and one.get("config") != "false"]
        if below:
            out["children"] = {one.argument: self.node(one) for one in below}
        return out

    def _marks(self, statement: Statement, out: Node) -> None:
        """The vendor's own marks."""
        if statement.get("require-reboot-on"):
            out["reboot"] = str(statement.get("require-reboot-on")).split()
        if statement.get("access-mode") == "read-only":
            out["read_only"] = True
        if statement.get("visibility") in ("hidden", "prototype"):
            out["hidden"] = True
        if list(statement.all("auto-generated")):
            out["generated"] = True
        if list(statement.all("secure")):
            out["secure"] = True

    def _rules(self, statement: Statement, out: Node) -> None:
        must = [[_xpath(one.argument), _message(one)] for one in statement.all("must")]
        when = [[_xpath(one.argument), "parent" if one.parent else "self"] for one in statement.all("when")]
        unique = [PREFIX.sub("", one.argument).split() for one in statement.all("unique")]
        out.update({key: rules for key, rules in (("must", must), ("when", when), ("unique", unique)) if rules})

    def _leaf_type(self, statement: Statement, out: Node) -> str | None:
        made, default = self._type(statement)
        out["type"] = self.place(made)
        return default

    def place(self, made: Node) -> int:
        key = _written(made)
        if key not in self._places:
            self._places[key] = len(self.types)
            self.types.append(made)
        return self._places[key]

    def _type(self, statement: Statement) -> tuple[Node, str | None]:
        """A type with all that its typedefs ask for, and the default they give."""
        default = None
        typedef = next(statement.all("typedef"), None)
        if typedef is None:
            out: Node = {"base": statement.argument}
        else:
            out, default = self._type(next(typedef.all("type")))
            default = typedef.get("default") or default
        for word, key in (("pattern", "patterns"), ("not-pattern", "not"), ("range", "ranges"), ("length", "lengths")):
            found = [[one.argument or one.get("value"), _message(one)] for one in statement.all(word)]
            if found:
                out = {**out, key: out.get(key, []) + found}
        if statement.argument == "union":
            out = {**out, "of": [self.place(self._type(one)[0]) for one in statement.all("type")]}
        if statement.argument == "enumeration":
            out = {**out, "values": [one.argument for one in statement.all("enum")]}
        if statement.argument == "identityref":
            base = PREFIX.sub("", str(statement.get("base")))
            out = {**out, "values": sorted(self._identities[base])}
        if statement.get("path"):
            out = {**out, "path": _xpath(str(statement.get("path")))}
        if statement.get("fraction-digits"):
            out = {**out, "digits": int(str(statement.get("fraction-digits")))}
        return out, default

    def add_later(self, root: Node, entry: dict[str, Tree]) -> None:
        """A node, values of an enumeration, or a wider type, that came after the exports."""
        *above, name = entry["path"].strip("/").split("/")
        place = root
        for step in above:
            place = dict(children(place))[step]
        if "values" in entry:
            leaf = dict(children(place))[name]
            made = self.types[leaf["type"]]
            leaf["type"] = self.place({**made, "values": [*made["values"], *entry["values"]]})
            return
        if "kind" not in entry:  # something of a node that the exports have is otherwise by now
            there: Node = dict(children(place))[name]
            there.update({"type": self.place(entry["type"])} if "type" in entry else {})
            for word in ("must", "when") if entry.get("free") else ():
                there.pop(word, None)
            if "also" in entry:
                there["must"] = [[f"{condition} or {entry['also']}", said] for condition, said in there["must"]]
            return
        node: Node = {key: entry[key] for key in ("kind", "since", "keys", "default", "either", "open") if key in entry}
        if "type" in entry:
            node["type"] = self.place(entry["type"])
        if "as" in entry:
            model = root
            for step in entry["as"].strip("/").split("/"):
                model = dict(children(model))[step]
            node["type"] = model["type"]
        place.setdefault("children", {})[name] = node


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """What is below a node in the data: choices and cases are not."""
    for name, child in node.get("children", {}).items():
        if child["kind"] in ("choice", "case"):
            yield from children(child)
        else:
            yield name, child


def merge(old: Node, new: Node) -> Node:
    """The newer node, with what only the older one has.

    Two kinds of marks went from the newer export into the vendor's own code, and hold all the same: `unique`, and what
    needs a restart.
    """
    kept = [group for group in old.get("unique", []) if group not in new.get("unique", [])]
    if kept:
        new["unique"] = [*new.get("unique", []), *kept]
    if "reboot" in old:
        new.setdefault("reboot", old["reboot"])
    before, after = dict(children(old)), dict(children(new))
    for name, child in after.items():
        if name not in before:
            child["since"] = AFTER_OLD
        else:
            merge(before[name], child)
    for name in before.keys() - after.keys():
        new.setdefault("children", {})[name] = {**before[name], "until": BEFORE_NEW}
    return new


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(__file__).with_name("model.json"))
