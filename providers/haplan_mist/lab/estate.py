"""The estate: everything the simulated cloud knows, in one SQLite file; see `haplan.lab.estate`."""

import json
import pathlib
import sqlite3
import uuid
from collections.abc import Sequence
from typing import Any

import attrs

from haplan.lab import Tx as LabTx
from haplan.lab import mishaps
from haplan.lab.estate import DefinedEstate
from haplan.lab.surface import REQUESTS
from haplan.plugin import Tree
from haplan_mist.lab.definition import Device, LabDefinition, Settings

TABLES = (
    """
create table if not exists objects (
    kind text not null, id text not null, org_id text not null, site_id text, name text, ref text,
    created real not null, modified real not null, body text not null, primary key (kind, id)) without rowid;
create index if not exists objects_by_org on objects (kind, org_id, created, id);
create index if not exists objects_by_name on objects (kind, org_id, name);
create index if not exists objects_by_ref on objects (kind, ref);
create table if not exists devices (
    mac text primary key, org_id text, serial text not null, model text not null, version text not null,
    claim_code text not null, name text, connected integer not null, managed integer not null, site_id text,
    vc_mac text, profile_id text, created real not null, modified real not null, overrides text not null default '{}',
    away_from real, away_until real, digest text, configured_at real, config_status text, config_text text,
    config_at real) without rowid;
create index if not exists devices_by_site on devices (site_id);
create index if not exists devices_by_profile on devices (profile_id);
create index if not exists devices_by_org on devices (org_id, created, mac);
create table if not exists clusters (
    node0 text primary key, node1 text not null, org_id text not null, site_id text, made real not null,
    started real, minutes real not null, result text, reason text) without rowid;
create table if not exists pushes (
    seq integer primary key, mac text not null, org_id text not null, site_id text not null, changed real not null,
    due real, hold text, digest text not null, problem text, result text, text text);
create index if not exists pushes_by_due on pushes (result, due);
create index if not exists pushes_by_mac on pushes (mac, seq);
create table if not exists running (mac text primary key, at real not null, body text not null) without rowid;
create table if not exists unplugged (mac text not null, port text not null, primary key (mac, port)) without rowid;
create table if not exists events (
    seq integer primary key, at real not null, org_id text not null, site_id text, mac text not null,
    type text not null, text text);
create index if not exists events_by_org on events (org_id, at);
create index if not exists events_by_mac on events (mac, at);
create table if not exists logs (
    seq integer primary key, id text not null, at real not null, org_id text not null, site_id text, admin_id text,
    admin_name text, message text not null, before text, after text, src_ip text);
create index if not exists logs_by_org on logs (org_id, at);
create table if not exists tokens (
    key text primary key, id text not null, org_id text, kind text not null, name text not null, admin_id text,
    actor text not null, email text, privileges text not null, created real not null, last_used real,
    csrf text) without rowid;
create table if not exists usage (who text not null, hour integer not null, calls integer not null,
    primary key (who, hour)) without rowid;
"""
    + mishaps.TABLE
    + ";"
    + REQUESTS
)


@attrs.frozen
class Identity:
    """What an estate was given when it was made.

    Attributes:
        org_id: the organisation.
        token: key of the organisation's token, role admin.
        person_token: key of a user's token, role admin, with its own budget and name in the audit log.
        reader_token: key of a token that may only read.
    """

    org_id: str
    token: str
    person_token: str
    reader_token: str


class Tx(LabTx):
    """One transaction on the estate: the connection, the instant, and the settings that hold.

    Attributes:
        settings: the cloud's behaviour.
        cache: things computed by this process, under keys that are never used for anything else.
    """

    def __init__(self, db: sqlite3.Connection, now: float, settings: Settings, cache: dict[Any, Any]) -> None:
        super().__init__(db, now)
        self.settings = settings
        self.cache = cache

    def new_id(self) -> str:
        """The next id: looks like any uuid, comes in the same order in every estate of the same organisation."""
        row = self.db.execute("update meta set value = value + 1 where key = 'ids' returning value").fetchone()
        return str(uuid.uuid5(uuid.UUID(self.meta("org_id")), str(row[0])))


class Estate(DefinedEstate[Tx, Settings]):
    """The file `mist.db`."""

    tables = TABLES
    settings = Settings

    def __init__(self, folder: pathlib.Path, definition: LabDefinition) -> None:
        self._cache: dict[Any, Any] = {}
        self._definition = definition
        super().__init__(folder, "mist.db")

    def identity(self) -> Identity:
        with self.read() as tx:
            return Identity(**{field.name: str(tx.meta(field.name)) for field in attrs.fields(Identity)})

    def transaction(self, db: sqlite3.Connection, now: float) -> Tx:
        return Tx(db, now, self.settled(db), self._cache)

    def seed(self, tx: Tx) -> None:
        definition = self._definition
        if tx.meta("org_id") is None:
            seed_organisation(tx, definition.settings.organisation)
        self.settle(tx, definition.settings)
        for device in definition.devices:
            seed_device(tx, device)
        for sort in ("fault", "push", "pair"):
            replace_mishaps(tx, sort, "definition", getattr(definition, f"{sort}{'es' if sort == 'push' else 's'}"))


def seed_organisation(tx: Tx, name: str) -> None:
    """An empty organisation with three tokens: haplan's, a person's, and one that only reads."""
    org_id = str(uuid.uuid4())
    tx.remember("ids", "0")
    tx.remember("org_id", org_id)
    put_row(tx, "org", org_id, org_id, {"id": org_id, "name": name, "allow_mist": True, "session_expiry": 1440})
    put_row(tx, "org_setting", org_id, org_id, {"id": org_id, "org_id": org_id})
    for meta, kind, name, actor, email, role in (
        ("token", "org", "haplan", "haplan", None, "admin"),
        ("person_token", "user", "portal", "Pat Person", "pat@lab.example", "admin"),
        ("reader_token", "org", "reader", "reader", None, "read"),
    ):
        key = new_token(tx, org_id, kind=kind, name=name, actor=actor, email=email, role=role)
        tx.remember(meta, key)


def new_token(
    tx: Tx,
    org_id: str,
    *,
    kind: str,
    name: str,
    actor: str,
    email: str | None,
    role: str = "admin",
    privileges: list[dict[str, Tree]] | None = None,
) -> str:
    """Store a token and answer its key."""
    key = uuid.uuid4().hex + uuid.uuid4().hex
    rights = privileges or [{"scope": "org", "role": role, "org_id": org_id, "name": "haplan lab"}]
    admin_id = tx.new_id() if kind == "user" else None
    tx.run(
        "insert into tokens values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, null)",
        key,
        tx.new_id(),
        org_id,
        kind,
        name,
        admin_id,
        actor,
        email,
        json.dumps(rights),
        tx.now,
    )
    return key


def seed_device(tx: Tx, device: Device) -> None:
    if tx.one("select 1 from devices where mac = ?", device.mac):
        return
    org_id = tx.meta("org_id")
    tx.run(
        "insert into devices (mac, org_id, serial, model, version, claim_code, name, connected, managed, site_id,"
        " created, modified) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        device.mac,
        org_id if device.claimed else None,
        device.serial,
        device.model,
        device.version,
        device.claim_code,
        device.name,
        device.connected,
        device.managed,
        _seeded_site(tx, str(org_id), device.site) if device.site and device.claimed else None,
        tx.now,
        tx.now,
    )


def _seeded_site(tx: Tx, org_id: str, name: str) -> str:
    row = tx.one("select id from objects where kind = 'site' and org_id = ? and name = ?", org_id, name)
    if row:
        return str(row[0])
    site_id = tx.new_id()
    put_row(tx, "site", site_id, org_id, {"id": site_id, "org_id": org_id, "name": name})
    put_row(tx, "site_setting", site_id, org_id, {"id": site_id, "org_id": org_id, "site_id": site_id}, site_id=site_id)
    return site_id


def put_row(tx: Tx, kind: str, id_: str, org_id: str, body: dict[str, Tree], *, site_id: str | None = None) -> None:
    """Store an object that is new; its two times are set here."""
    body |= {"created_time": tx.now, "modified_time": tx.now}
    tx.run(
        "insert into objects values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        kind,
        id_,
        org_id,
        site_id,
        body.get("name"),
        body.get("gatewaytemplate_id"),
        tx.now,
        tx.now,
        json.dumps(body),
    )


def replace_mishaps(tx: Tx, sort: str, source: str, entries: Sequence[Tree]) -> None:
    """Make these the mishaps of one sort and source; what a removed entry held back goes out now."""
    if mishaps.replace_mishaps(tx, sort, source, entries) and sort == "push":
        tx.run("update pushes set due = ?, hold = null where result is null and hold = 'fault'", tx.now)
