"""Validating and committing a candidate."""

import itertools
import json
from collections.abc import Iterator, Sequence

import attrs

from haplan.plugin import Tree
from haplan_ssr.lab.config.doubtful import doubtful
from haplan_ssr.lab.config.edits import Body
from haplan_ssr.lab.config.generated import generate
from haplan_ssr.lab.config.merging import merged
from haplan_ssr.lab.config.store import LISTS, REST, Store, parsed, running_at, text_of_body
from haplan_ssr.lab.estate import Tx
from haplan_ssr.lab.routers import assets
from haplan_ssr.model import evaluate, model

CONFLICT = "failed to commit {}: another user has committed conflicting changes"
NODE_ADDED = "field cannot be created while the system is running, the nodes must be restarted"


@attrs.frozen
class Complaint:
    """One line of the answer to validate or commit.

    Attributes:
        message: What is wrong.
        path: Where, or ().
        warning: A candidate with warnings only is valid.
    """

    message: str
    path: tuple[str, ...] = ()
    warning: bool = False

    def shown(self, details: bool) -> dict[str, Tree]:
        """It as an item of the answer."""
        if not details:
            return {"message": self.message}
        router = self.path[2] if self.path[1:2] == ("router",) else ""
        severity = "warning" if self.warning else "error"
        return {"message": self.message, "severity": severity, "router": router, "path": "/".join(self.path)}


def validate(store: Store, tx: Tx) -> tuple[Complaint, ...]:
    """What stands against a candidate, warnings at the end."""
    return complaints(generate(store.tree(), itertools.count(_last_id(tx) + 1)), store, tx)


def commit(store: Store, tx: Tx, user: str) -> tuple[Complaint, ...]:
    """Make a candidate what runs; with complaints that are errors nothing is committed.

    Changes that conflict with another user's commit are dropped from the candidate, the others stay in it.
    """
    if store.base != tx.version:
        conflicts = _catch_up(store, tx)
        if conflicts:
            return tuple(Complaint(CONFLICT.format(path), tuple(path.split("/"))) for path in conflicts)
    tree = generate(store.tree(), _ids(tx))
    found = complaints(tree, store, tx)
    if all(one.warning for one in found):
        _run(tree, tx, user)
        store.revert()
        assets.assign(tx, tree)
    return found


def complaints(tree: Body, store: Store, tx: Tx) -> tuple[Complaint, ...]:
    """What a configuration breaks: every finding of the model is an error of this conductor, which has that model."""
    problems = evaluate(tree, release=tx.settings.version).problems
    before = _taken_over(tx)
    found = [
        Complaint(one.message, one.path, one.documented and one.severity == "warning")
        for one in problems
        if (one.path, one.message) not in before
    ]
    found += (Complaint(said, path) for said, path in doubtful(tree, tx.settings))
    found += (Complaint(NODE_ADDED, path, warning=True) for path in _added_nodes(store, tx))
    return tuple(sorted(found, key=lambda one: one.warning))


def _taken_over(tx: Tx) -> frozenset[tuple[tuple[str, ...], str]]:
    """What this model complains of in a configuration that ran elsewhere before: there it was good."""
    kept = tx.meta("taken-over")
    return frozenset((tuple(path), message) for path, message in json.loads(kept)) if kept else frozenset()


def _added_nodes(store: Store, tx: Tx) -> Iterator[tuple[str, ...]]:
    """Nodes that are new in a router that has run before."""
    for list_, key, body in store.edited():
        before = parsed(running_at(tx, tx.version, list_, key)) if list_ == "router" else None
        if before is None or body is None:
            continue
        there = {node["name"] for node in before.get("node", ())}
        for node in (parsed(body) or {}).get("node", ()):
            if there and node["name"] not in there:
                yield ("authority", "router", key, "node", str(node["name"]))


def _catch_up(store: Store, tx: Tx) -> list[str]:
    """Move a candidate onto what others committed since it was begun; gives the paths that conflict."""
    conflicts: list[str] = []
    root = model().authority
    changes: list[tuple[str, str, Body | None]] = []
    for list_, key, body in store.edited():
        node, where = (root, "authority") if not list_ else (root.children[list_], f"authority/{list_}/{key}")
        base, theirs = (parsed(running_at(tx, version, list_, key)) for version in (store.base, tx.version))
        entry = attrs.evolve(node, kind="container")
        changes.append((list_, key, merged(entry, base, parsed(body), theirs, where, conflicts)))
    store.revert()
    for list_, key, made in changes:
        if made != parsed(running_at(tx, tx.version, list_, key)):
            store.put(list_, key, made)
    return conflicts


def _ids(tx: Tx) -> Iterator[int]:
    """Numbers for interfaces; the last one given is remembered."""
    for number in itertools.count(_last_id(tx) + 1):
        tx.remember("global-id", str(number))
        yield number


def _last_id(tx: Tx) -> int:
    return int(tx.meta("global-id") or 0)


def _run(tree: Body, tx: Tx, user: str) -> None:
    """Make a tree what runs: rows that differ are replaced."""
    version = tx.version + 1
    tx.remember("version", str(version))
    tx.run("insert into commits values (?, ?, ?)", version, tx.now, user)
    authority = tree["authority"]
    wanted = {REST: text_of_body({name: value for name, value in authority.items() if name not in LISTS})}
    wanted |= {(list_, str(one["name"])): text_of_body(one) for list_ in LISTS for one in _entries(authority, list_)}
    there = {(row["list"], row["key"]): row for row in tx.all("select * from running where gone is null")}
    for place, row in there.items():
        if wanted.get(place) != row["body"]:
            tx.run("update running set gone = ? where list = ? and key = ? and made = ?", version, *place, row["made"])
    seqs: dict[str, Iterator[int]] = {}
    for place, text in wanted.items():
        old = there.get(place)
        if old is not None and old["body"] == text:
            continue
        if place[0] not in seqs:
            highest = tx.number("select coalesce(max(seq), 0) from running where list = ?", place[0])
            seqs[place[0]] = itertools.count(highest + 1)
        seq = next(seqs[place[0]]) if old is None else old["seq"]
        tx.run("insert into running values (?, ?, ?, null, ?, ?)", *place, version, seq, text)
    _forget(tx, version)


def _forget(tx: Tx, version: int) -> None:
    """Rows that no candidate can see any more."""
    oldest = tx.number("select coalesce(min(base), ?) from candidates", version)
    tx.run("delete from running where gone is not null and gone <= ?", oldest)


def _entries(authority: Body, list_: str) -> Sequence[Body]:
    found: Sequence[Body] = authority.get(list_, ())
    return found
