"""The datastores: `running`, and candidates as what they have beyond the configuration they were begun with."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from haplan.plugin import Tree
from haplan_ssr.lab.config.edits import Body, Spot, entry_of, key_of, merge, new_entry, shown
from haplan_ssr.lab.estate import Tx
from haplan_ssr.lab.http.wire import Refused
from haplan_ssr.model import Node, model

SHARED = "*"
"""The owner of the one candidate where all users share it."""

REST = ("", "")
"""List and key of the row with what is not in a list of entries."""

Change = tuple[str, str, str | None]


def rows_of(node: Node) -> tuple[str, ...]:
    """The lists of the authority whose entries have rows of their own."""
    return tuple(name for name, child in node.children.items() if child.kind == "list" and len(child.keys) == 1)


LISTS = rows_of(model().authority)


class Store:
    """One datastore as one user sees it. Bodies are copies: `put` stores them.

    Threads: one; made for one transaction.
    """

    def __init__(self, tx: Tx, owner: str | None) -> None:
        self._tx = tx
        self.owner = owner
        row = None if owner is None else tx.one("select base from candidates where owner = ?", owner)
        self.base = tx.version if row is None else int(row[0])
        self.begun = row is not None

    def get(self, list_: str, key: str) -> Body | None:
        """The body of a row, or None."""
        if self.begun:
            row = self._tx.one(
                "select body from edits where owner = ? and list = ? and key = ?", self.owner, list_, key
            )
            if row is not None:
                return None if row[0] is None else _object(row[0])
        text = running_at(self._tx, self.base, list_, key)
        return None if text is None else _object(text)

    def rows(self, list_: str) -> Iterator[tuple[str, str]]:
        """(key, body as JSON text) of a list's entries, in the order they were made in."""
        found = {
            row["key"]: (row["seq"], row["body"])
            for row in self._tx.all(
                "select key, seq, body from running where list = ? and made <= ? and (gone is null or gone > ?)",
                list_, self.base, self.base,
            )
        }  # fmt: skip
        if self.begun:
            for row in self._tx.all("select * from edits where owner = ? and list = ?", self.owner, list_):
                found[row["key"]] = (row["seq"], row["body"])
        for key, (_, body) in sorted(found.items(), key=lambda item: item[1][0]):
            if body is not None:
                yield key, body

    def put(self, list_: str, key: str, body: Body | None) -> None:
        """Store a body in the candidate, or its absence; the first edit begins it."""
        if not self.begun:
            self._tx.run("insert into candidates values (?, ?, ?)", self.owner, self.base, self._tx.now)
            self.begun = True
        text = None if body is None else text_of_body(body)
        again = "on conflict (owner, list, key) do update set body = excluded.body"
        seq = self._seq(list_, key)
        self._tx.run(f"insert into edits values (?, ?, ?, ?, ?) {again}", self.owner, list_, key, seq, text)

    def _seq(self, list_: str, key: str) -> int:
        old = self._tx.one("select seq from running where list = ? and key = ? and gone is null", list_, key)
        if old is not None:
            return int(old[0])
        highest = "select max(coalesce((select max(seq) from running where list = ?), 0), "
        highest += "coalesce((select max(seq) from edits where list = ?), 0))"
        return self._tx.number(highest, list_, list_) + 1

    def tree(self) -> Body:
        """The whole configuration as it is kept: `{"authority": {…}}`."""
        authority = self.get(*REST) or {}
        for name in LISTS:
            entries = [_object(body) for _, body in self.rows(name)]
            if entries:
                authority[name] = entries
        return {"authority": authority}

    def text(self) -> str:
        """The whole configuration as JSON text, put together from what is kept."""
        rest = text_of_body(self.get(*REST) or {})
        parts = [rest[1:-1]] if rest != "{}" else []
        for name in LISTS:
            entries = ",".join(body for _, body in self.rows(name))
            if entries:
                parts.append(f'"{name}":[{entries}]')
        return f'{{"authority":{{{",".join(parts)}}}}}'

    def replace(self, authority: Body) -> None:
        """Make the whole configuration another one."""
        wanted = {REST: {name: value for name, value in authority.items() if name not in LISTS}}
        for name in LISTS:
            wanted |= {(name, str(one["name"])): one for one in authority.get(name, ()) if "name" in one}
            for key, _ in list(self.rows(name)):
                if (name, key) not in wanted:
                    self.put(name, key, None)
        for place, body in wanted.items():
            self.put(*place, body)

    def edited(self) -> list[Change]:
        """(list, key, body as JSON text or None) of what the candidate has otherwise than what it was begun with."""
        rows = self._tx.all("select list, key, body from edits where owner = ? order by list, seq", self.owner)
        return [
            (row["list"], row["key"], row["body"])
            for row in rows
            if parsed(row["body"]) != parsed(running_at(self._tx, self.base, row["list"], row["key"]))
        ]

    def revert(self) -> None:
        """Throw the candidate away."""
        self._tx.run("delete from edits where owner = ?", self.owner)
        self._tx.run("delete from candidates where owner = ?", self.owner)
        self.begun = False
        self.base = self._tx.version


def running_at(tx: Tx, version: int, list_: str, key: str) -> str | None:
    """The body that ran after that commit, or None."""
    row = tx.one(
        "select body from running where list = ? and key = ? and made <= ? and (gone is null or gone > ?)",
        list_, key, version, version,
    )  # fmt: skip
    return None if row is None else str(row[0])


def parsed(text: str | None) -> Body | None:
    """A body from its text."""
    found: Body | None = None if text is None else json.loads(text)
    return found


def _object(text: str) -> Body:
    return parsed(text) or {}


def text_of_body(body: Body) -> str:
    """A body as it is kept."""
    return json.dumps(body, separators=(",", ":"))


# --- Reading and editing by path --------------------------------------------------------------------------------------


def read(store: Store, way: Sequence[Spot], tx: Tx, *, defaults: bool) -> Tree:
    """What is at the end of a way; all of the authority at the end of none.

    Raises:
        Refused: 404, it is not configured.
    """
    settings = tx.settings
    if not way:
        return shown(model().authority, store.tree()["authority"], settings, defaults=defaults)
    top, *below = way
    if top.collection and top.node.name in LISTS:
        return [shown(top.node, _object(body), settings, defaults=defaults) for _, body in store.rows(top.node.name)]
    found = _walk(_top(store, top), below if top.node.name in LISTS else way)
    last = way[-1]
    if last.collection:
        return [shown(last.node, one, settings, defaults=defaults) for one in found]
    return shown(last.node, found, settings, defaults=defaults)


def patch(store: Store, way: Sequence[Spot], body: Tree, tx: Tx) -> None:
    """Merge a body into a container or an entry that is there; into the authority at the end of no way."""
    if not way:
        _patch_authority(store, body, tx)
        return
    last = way[-1]
    if last.collection:
        raise Refused(405, f"{last.text}: a list takes POST")
    _keeps_key(last, body)
    top, rest = _place(store, way)
    place = _walk(top, rest, make=True)
    merge(last.node, place, body, tx.settings, last.text)
    store.put(*_row(way[0]), top)


def create(store: Store, way: Sequence[Spot], body: Tree, tx: Tx) -> None:
    """Make an entry of the list at the end of a way."""
    if not way or not way[-1].collection:
        raise Refused(405, "POST makes an entry of a list")
    last = way[-1]
    fresh = new_entry(last.node, body, tx.settings, last.text)
    key = key_of(last.node, fresh)
    if len(way) == 1 and last.node.name in LISTS:
        if store.get(last.node.name, key) is not None:
            raise Refused(409, f"{last.text}/{key} already exists")
        store.put(last.node.name, key, fresh)
        return
    top, rest = _place(store, way)
    entries = _walk(top, rest, make=True)
    if entry_of(last.node, entries, key) is not None:
        raise Refused(409, f"{last.text}/{key} already exists")
    entries.append(fresh)
    store.put(*_row(way[0]), top)


def delete(store: Store, way: Sequence[Spot]) -> None:
    """Remove the entry at the end of a way."""
    if not way or way[-1].key is None:
        raise Refused(405, "DELETE removes an entry of a list")
    last = way[-1]
    top, rest = _place(store, way)
    if not rest:
        store.put(*_row(way[0]), None)
        return
    entries = _walk(top, [*rest[:-1], Spot(last.node, None, last.text)])
    entry = entry_of(last.node, entries, str(last.key))
    if entry is None:
        raise Refused(404, f"{last.text} is not configured")
    entries.remove(entry)
    if not entries:
        del _walk(top, rest[:-1])[last.node.name]
    store.put(*_row(way[0]), top)


def _patch_authority(store: Store, body: Tree, tx: Tx) -> None:
    if not isinstance(body, dict):
        raise Refused(400, "authority: must be an object")
    root = model().authority
    rest = store.get(*REST) or {}
    merge(root, rest, {name: value for name, value in body.items() if name not in LISTS}, tx.settings, "authority")
    store.put(*REST, rest)
    for name in [name for name in body if name in LISTS]:
        node, where = root.children[name], f"authority/{name}"
        if not isinstance(body[name], list):
            raise Refused(400, f"{where}: must be a list")
        for one in body[name]:
            key = key_of(node, new_entry(node, one, tx.settings, where))
            entry = store.get(name, key) or {}
            merge(node, entry, one, tx.settings, f"{where}/{key}")
            store.put(name, key, entry)


def _row(top: Spot) -> tuple[str, str]:
    """The row that a way begins in."""
    return (top.node.name, str(top.key)) if top.node.name in LISTS else REST


def _place(store: Store, way: Sequence[Spot]) -> tuple[Body, Sequence[Spot]]:
    """The body of the row that a way begins in, and the rest of the way."""
    return _top(store, way[0]), way[1:] if way[0].node.name in LISTS else way


def _top(store: Store, top: Spot) -> Body:
    if top.node.name not in LISTS:
        return store.get(*REST) or {}
    found = store.get(*_row(top))
    if found is None:
        raise Refused(404, f"{top.text} is not configured")
    return found


def _walk(body: Body, way: Sequence[Spot], *, make: bool = False) -> Tree:
    """The part of a body at the end of a way; `make` makes containers and lists on it, but no entries."""
    place: Any = body
    for spot in way:
        empty: Any = {} if spot.node.kind == "container" else []
        if make:
            place = place.setdefault(spot.node.name, empty)
        elif spot.node.name not in place and not spot.collection:
            raise Refused(404, f"{spot.text} is not configured")
        else:
            place = place.get(spot.node.name, empty)
        if spot.key is not None:
            place = entry_of(spot.node, place, spot.key)
            if place is None:
                raise Refused(404, f"{spot.text} is not configured")
    return place


def _keeps_key(last: Spot, body: Tree) -> None:
    """A body may repeat the key of the entry it goes to, and not change it."""
    if last.key is None or not isinstance(body, dict):
        return
    for key, value in zip(last.node.keys, last.key.split(",") if len(last.node.keys) > 1 else [last.key], strict=True):
        if str(body.get(key, value)) != value:
            raise Refused(400, f"{last.text}: {key} is the key and cannot be changed")
