"""The estate: everything the simulated conductor knows, in one SQLite file; see `haplan.lab.estate`.

Configuration is kept by entry: one row for each router, service, tenant … of the authority, and one for what else the
authority has. A row of `running` holds from the commit that made it to the one that replaced it, so that a candidate
sees the configuration it was begun with, whatever others commit meanwhile; `edits` are what it has beyond that.
"""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from haplan.lab import Tx as LabTx
from haplan.lab import mishaps
from haplan.lab.estate import DefinedEstate
from haplan.lab.surface import REQUESTS
from haplan.plugin import Tree
from haplan_ssr.lab.definition import LabDefinition, Settings
from haplan_ssr.lab.start import taken_over

TABLES = (
    """
create table if not exists running (
    list text not null, key text not null, made integer not null, gone integer, seq integer not null,
    body text not null, primary key (list, key, made)) without rowid;
create index if not exists running_by_seq on running (list, seq);
create table if not exists candidates (
    owner text primary key, base integer not null, begun real not null) without rowid;
create table if not exists edits (
    owner text not null, list text not null, key text not null, seq integer not null, body text,
    primary key (owner, list, key)) without rowid;
create table if not exists commits (
    version integer primary key, at real not null, user text not null);
create table if not exists exports (name text primary key, at real not null, body text not null) without rowid;
create table if not exists users (
    name text primary key, password text not null, capabilities text not null) without rowid;
create table if not exists tokens (
    token text primary key, user text not null, made real not null, revoked integer not null default 0) without rowid;
create table if not exists assets (
    id text primary key, version text not null, connected integer not null, since real not null,
    router text, node text, assigned real) without rowid;
"""
    + mishaps.TABLE
    + ";"
    + REQUESTS
)

USERS = {
    "haplan": ("config-read", "config-write", "provisioning"),
    "pat": ("config-read", "config-write", "provisioning"),
    "reader": ("config-read",),
}
"""haplan's own account, a person's, and one that may only read."""


class Tx(LabTx):
    """One transaction.

    Attributes:
        settings: How the conductor behaves.
    """

    def __init__(self, db: sqlite3.Connection, now: float, settings: Settings) -> None:
        super().__init__(db, now)
        self.settings = settings

    @property
    def version(self) -> int:
        """How many commits there were."""
        return int(self.meta("version") or 0)


class Estate(DefinedEstate[Tx, Settings]):
    """The file `ssr.db`."""

    tables = TABLES
    settings = Settings

    def __init__(self, folder: Path, definition: LabDefinition) -> None:
        self._definition = definition
        super().__init__(folder, "ssr.db")

    def transaction(self, db: sqlite3.Connection, now: float) -> Tx:
        return Tx(db, now, self.settled(db))

    def seed(self, tx: Tx) -> None:
        """Users and the conductor's own router in a new estate; settings, boxes and faults in every one."""
        definition = self._definition
        self.settle(tx, definition.settings)
        tx.settings = definition.settings
        if tx.meta("version") is None:
            _found(tx, definition.running)
        for asset in definition.assets:
            tx.run(
                "insert into assets (id, version, connected, since) values (?, ?, ?, ?) on conflict do nothing",
                asset.id, asset.version or definition.settings.version, asset.connected, tx.now,
            )  # fmt: skip
        mishaps.replace_mishaps(tx, "fault", "definition", definition.faults)

    def password(self, user: str) -> str:
        """The password of an account."""
        with self.read() as tx:
            row = tx.one("select password from users where name = ?", user)
        if row is None:
            raise LookupError(f"the lab has no user {user}")
        return str(row[0])


def _found(tx: Tx, start: Mapping[str, Tree] | None) -> None:
    """A conductor as it is after its installation, an authority with its own router and nothing else; or as another one
    runs."""
    for name, value in (("version", "1"), ("global-id", "0"), ("router", tx.settings.router)):
        tx.remember(name, value)
    for name, capabilities in USERS.items():
        tx.run("insert into users values (?, ?, ?)", name, secrets.token_urlsafe(12), json.dumps(capabilities))
    tx.run("insert into commits values (1, ?, 'installer')", tx.now)
    own = {
        "name": tx.settings.router, "inter-node-security": "internal",
        "node": [{"name": "node0", "role": "conductor"}],
    }  # fmt: skip
    rows: list[tuple[str, str, Any]] = [
        ("", "", {"name": tx.settings.authority}),
        ("router", tx.settings.router, own),
        ("security", "internal", {"name": "internal"}),
    ]
    if start is not None:
        rows = taken_over(tx, start["authority"], own, tx.settings.version)
    for number, (list_, key, body) in enumerate(rows, start=1):
        text = json.dumps(body, separators=(",", ":"))
        tx.run("insert into running values (?, ?, 1, null, ?, ?)", list_, key, number, text)
