"""The configuration that another conductor runs, as the start of a lab: all of it, known here or not.

What the model complains of in it is remembered: there it runs, so it stands in the way of no commit.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from haplan.lab import Tx
from haplan.plugin import Tree
from haplan_ssr.model import evaluate, model

Rows = list[tuple[str, str, Any]]
"""List, key and body of each entry; the rest of the authority without both."""


def taken_over(tx: Tx, authority: Mapping[str, Tree], own: Mapping[str, Tree], version: str) -> Rows:
    """The rows of a configuration; a conductor that is not in it is put beside. Its boxes run since long."""
    root = model().authority
    lists = [name for name, node in root.children.items() if node.kind == "list" and len(node.keys) == 1]
    rest = {name: value for name, value in authority.items() if name not in lists}
    rows: Rows = [("", "", rest)]
    for name in lists:
        keys = root.children[name].keys
        rows += ((name, str(one.get(keys[0], "")), one) for one in _entries(authority.get(name)))
    routers = [body for list_, _, body in rows if list_ == "router"]
    conductor = next((str(one["name"]) for one in routers if any(_conducts(node) for node in _nodes(one))), "")
    if conductor:
        tx.remember("router", conductor)
    else:
        rows.append(("router", str(own["name"]), own))
    _assign(tx, routers, version)
    problems = evaluate({"authority": dict(authority)}, release=version).problems
    tx.remember("taken-over", json.dumps([[one.path, one.message] for one in problems]))
    return rows


def _entries(value: Tree) -> list[Mapping[str, Tree]]:
    listed = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
    return [one for one in listed if isinstance(one, dict)]


def _nodes(router: Mapping[str, Tree]) -> list[Mapping[str, Tree]]:
    return _entries(router.get("node"))


def _conducts(node: Mapping[str, Tree]) -> bool:
    return node.get("role") == "conductor"


def _assign(tx: Tx, routers: list[Mapping[str, Tree]], version: str) -> None:
    for router, node in _placed(routers):
        tx.run(
            "insert into assets (id, version, connected, since, router, node, assigned) values (?, ?, 1, 0, ?, ?, 0) "
            "on conflict do nothing", str(node["asset-id"]), version, router, str(node.get("name")),
        )  # fmt: skip


def _placed(routers: list[Mapping[str, Tree]]) -> Iterator[tuple[str, Mapping[str, Tree]]]:
    for router in routers:
        yield from ((str(router.get("name")), node) for node in _nodes(router) if node.get("asset-id"))
