"""One small stack on each provider, and its lab, whose answers can be spoilt; looked at in the lab's own file.

A lab counts what it is asked and strikes with its own faults: what is spoilt does not go through haplan's client.
"""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from lxml import etree

from haplan import engine
from haplan.host.options import Options
from haplan.model.state import State
from haplan.testing.outcome_contract import BEFORE
from haplan_mist.lab.definition import TABLES as MIST_TABLES
from haplan_srx.lab.definition import TABLES as SRX_TABLES
from haplan_ssr.lab.definition import TABLES as SSR_TABLES
from tests.laws.one_site import OneSite

STACK = """
from haplan import lifecycle, provider, secret
from haplan.design import *

CHANGE = ""
PLATFORM = "mist"
SRX, SSR = PLATFORM == "srx", PLATFORM == "ssr"
provider("ssr", host="conductor.example.net") if SSR else provider(PLATFORM)
wan0, wan1 = ("ge-0/0/7", "ge-1/0/7") if SRX else ("ge-0/0/0", "ge-1/0/0")
links = [ha_fabric("ge-0/0/2,ge-1/0/2")] if SRX else [ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")]
redundant = {"reth_idx": 0} if SRX else {}

def box(number, at):
    more = {"srx": {"host": f"box{number}-{at}"}, "ssr": {"asset_id": f"BOX{number}{at}"}}
    return node(f"0200000{number}000{at}", **more.get(PLATFORM, {}))

def pair(label, number, site, boxes=(0, 1), **of):
    attested = attest(collocated=True, cabled=True, same_l2=True, by="A. Planner", on="2026-11-20")
    ids = {"cluster_id": number} if SRX else {}
    nodes = [box(number, at) for at in boxes]
    Cluster(label, site=site, model="SRX300" if SRX else "SSR120", nodes=nodes, attested=attested, **ids, **of)

yard = Site("yard", country_code="CH", timezone="Europe/Zurich",
            variables={"OFFICE": "10.2.0" if CHANGE == "variables" else "10.1.0"})
guest = Network("guest", subnet="172.22.99.0/24", vlan_id=98 if CHANGE == "network" else 99)
office = Network("office", subnet="{{OFFICE}}.0/24", vlan_id=100)
mail = Application("mail", addresses=["198.51.100.78/32" if CHANGE == "application" else "198.51.100.77/32"],
                   protocols=["tcp/25"])
dns = Application("dns", addresses=["8.8.8.8/32"], protocols=["udp/53"])
web = Application("web", addresses=["203.0.113.7/32"], protocols=["tcp/443"])
edge = WanEdgeTemplate("edge", dns_servers=["9.9.9.9" if CHANGE == "template" else "8.8.8.8"], interfaces=[
    wan("wan1", wan0, static("192.0.2.10/25", gateway="192.0.2.1")),
    wan("wan0", wan1, static("198.51.100.10/24", gateway="198.51.100.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "{{OFFICE}}.1/24", guest: "172.22.99.1/24"}, **redundant), *links])
paths = [edge.wan("wan1"), edge.wan("wan0")]
out = Steering("out", template=edge, paths=paths[::-1] if CHANGE == "steering" else paths)
rules = [("zebra", mail), ("access", web)]
if CHANGE == "new":
    ntp = Application("ntp", addresses=["192.0.2.123/32"], protocols=["udp/123"])
    rules.insert(1, ("middle", ntp))
    Network("apart", subnet="10.9.0.0/24")
for label, application in rules[::-1] if CHANGE == "reordered" else rules:
    Policy(label, template=edge, networks=[office], action="allow", applications=[application], steering=out)
pair("branch", 1, yard, (0, 9) if CHANGE == "node" else (0, 1), template=edge)
if CHANGE == "pair":
    pair("annex", 3, Site("annex", country_code="CH", timezone="Europe/Zurich", variables={"OFFICE": "10.3.0"}),
         template=edge)
"""
HUB = """
overlay = Overlay("mesh", **({"psk": secret("env:PSK")} if SRX else {}))
if not (SRX or SSR):
    kind = "mesh" if CHANGE == "replaced" else "hub_spoke"
    spare = Overlay("spare", type=kind)
    first = Overlay("first", type=kind, lifecycle=lifecycle(create_before_destroy=True))
core = HubProfile("core", overlay=overlay, dns_servers=["9.9.9.9" if CHANGE == "profile" else "8.8.8.8"], interfaces=[
    wan("wan1", wan0, static("203.0.113.20/24", gateway="203.0.113.254"), endpoint="core-wan1"),
    wan("wan0", wan1, static("198.18.0.20/24", gateway="198.18.0.254"), endpoint="core-wan0"),
    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "{{OFFICE}}.1/24"}, **redundant), *links])
if CHANGE == "hub":
    pair("head", 4, Site("head", country_code="CH", timezone="Europe/Zurich", variables={"OFFICE": "10.4.0"}),
         profile=core)
"""
NEW = {"mist": ("19", "30", "31", "40", "41"), "ssr": (), "srx": ()}
"""Pair and place of the boxes that come later, where a person brings them."""
READS = ("GET", "/login", "/graphql")


class World(OneSite):
    """The stack and its lab.

    Attributes:
        reference: What gives the estate after a change, from a world of its own.
    """

    tables: Mapping[str, type[Any]]
    more = ""

    def __init__(self, folder: Path, reference: Callable[[str], object] | None = None) -> None:
        super().__init__(folder, self.platform)
        self._reference = reference
        self._spoilt = False

    def want(self, change: str, more: str = "") -> None:  # type: ignore[override]  # one change at a time
        text = STACK.replace('PLATFORM = "mist"', f'PLATFORM = "{self.platform}"') + self.more + more
        (self.folder / "stack.py").write_text(text.replace('CHANGE = ""', f"CHANGE = {change!r}"))

    def begin(self) -> None:
        """The stack as it is before any change, applied; the boxes that may come are there."""
        self.want("pair")
        self.plan()
        self.want(BEFORE)
        assert self.apply().exit_code == 0

    def state(self) -> State:
        with self.session(Options(lab=True)) as session:
            return engine.read_state(session)

    def expected(self, change: str) -> object:
        assert self._reference is not None
        return self._reference(change)

    # --- the lab ---

    @contextmanager
    def db(self) -> Iterator[sqlite3.Connection]:
        """What the lab keeps."""
        db = sqlite3.connect(self.folder / ".haplan" / "lab" / f"{self.platform}.db")
        db.row_factory = sqlite3.Row
        try:
            with db:
                yield db
        finally:
            db.close()

    def spoil(self, write: str, number: int, answer: str) -> None:
        fault = self.fault(write, number, answer)
        spec = json.dumps(attrs.asdict(fault), sort_keys=True, separators=(",", ":"))
        with self.db() as db:
            db.execute("insert into mishaps (sort, source, spec, seen) values ('fault', 'admin', ?, 0)", (spec,))

    def behave(self) -> None:
        with self.db() as db:
            db.execute("delete from mishaps")

    def fault(self, write: str, number: int, answer: str) -> Any:
        """The lab's own entry for it."""
        raise NotImplementedError


PAGE = "<html><body><h1>Sign in to continue</h1></body></html>"
GATEWAY = "<html><head><title>Gateway</title></head><body>upstream</body></html>"
HTTP: dict[str, dict[str, object]] = {
    "500": {"status": 500},
    "503": {"status": 503},
    "500, done": {"status": 500, "stored": True},
    "502, done": {"status": 502, "stored": True},
    "504 of a proxy": {"status": 504, "page": GATEWAY},
    "504 of a proxy, done": {"status": 504, "page": GATEWAY, "stored": True},
    "502 each time": {"status": 502, "times": 0},
    "502 each time, done": {"status": 502, "times": 0, "stored": True},
    "408 of a proxy, done": {"status": 408, "page": GATEWAY, "stored": True},
    "a page": {"status": 200, "page": PAGE},
    "a page, done": {"status": 200, "page": PAGE, "stored": True},
    "unreadable, done": {"status": 200, "page": '{"id": "', "type": "application/json", "stored": True},
    "empty, done": {"status": 200, "page": "", "stored": True},
    "cut before": {"drop": "before"},
    "cut after": {"drop": "after"},
    "cut in the middle": {"drop": "middle"},
    "cut each time, done": {"drop": "after", "times": 0},
    "401": {"status": 401},
    "401, done": {"status": 401, "stored": True},
    "429 for ever": {"status": 429, "retry_after": 3600, "times": 0},
}
"""How an answer over HTTP may be neither a clean yes nor a clean no; `done` is what was carried out all the same."""


class Mist(World):
    platform = "mist"
    more = HUB
    answers = HTTP

    def begin(self) -> None:
        super().begin()
        version = {"model": "SSR120", "version": self._version()}
        self._post_to_cloud([{"mac": f"0200000{n[0]}000{n[1]}", "serial": f"S{n}", **version} for n in NEW["mist"]])

    def estate(self) -> object:
        with self.db() as db:
            objects = db.execute("select kind, id, name, site_id, body from objects").fetchall()
            boxes = db.execute("select mac, site_id, vc_mac, profile_id, name, overrides from devices").fetchall()
            pairs = [tuple(row) for row in db.execute("select node0, node1, site_id from clusters")]
        names = {row["id"]: f"<{row['kind']} {row['name']}>" for row in objects if row["name"]}
        told = [
            (row["kind"], row["name"] or "", names.get(row["site_id"], ""), json.loads(row["body"])) for row in objects
        ]
        told.sort(key=lambda one: (*one[:3], names.get(one[3].get("id", ""), "")))
        return named({"objects": told, "boxes": list(map(tuple, boxes)), "pairs": sorted(pairs)}, names)

    def writes(self) -> Mapping[str, int]:
        with self.db() as db:
            rows = db.execute("select method, path, calls from requests").fetchall()
        return {
            f"{row['method']} {re.sub(r':[a-z_]+|{[a-z_]+}', '*', row['path'])}": row["calls"]
            for row in rows
            if row["method"] != "GET"
        }

    def fault(self, write: str, number: int, answer: str) -> Any:
        spec: Any = {**self.answers[answer], "nth": number}
        return MIST_TABLES["fault"](on=write, **spec)


class Ssr(World):
    platform = "ssr"
    more = HUB
    answers: Mapping[str, Mapping[str, object]] = {
        **HTTP,
        "did not respond": {"status": 200, "body": [{"message": "Node branch.node0 did not respond"}]},
        "did not respond, done": {
            "status": 200, "body": [{"message": "Node branch.node0 did not respond"}], "stored": True,
        },
        "token ended": {"expire": True},
    }  # fmt: skip

    def estate(self) -> object:
        with self.db() as db:
            rows = db.execute("select list, key, body from running where gone is null").fetchall()
            assert db.execute("select count(*) from edits").fetchone()[0] == 0, "the candidate holds something"
        return named([(row["list"], row["key"], json.loads(row["body"])) for row in rows], {})

    def writes(self) -> Mapping[str, int]:
        with self.db() as db:
            rows = db.execute("select method, path, calls from requests").fetchall()
        found: Counter[str] = Counter()
        for row in rows:
            if row["method"] != "GET" and row["path"] not in READS:
                path = "/config/candidate/**" if "/candidate/" in row["path"] else row["path"]
                found[f"{row['method']} {path}"] += row["calls"]
        return found

    def fault(self, write: str, number: int, answer: str) -> Any:
        spec: Any = {**self.answers[answer], "nth": number}
        return SSR_TABLES["fault"](on=write, **spec)


class Srx(World):
    platform = "srx"
    answers: Mapping[str, Mapping[str, object]] = {
        "error": {"error": "internal error"},
        "error, done": {"error": "timeout communicating with a daemon", "stored": True},
        "cut before": {"drop": "before"},
        "cut after": {"drop": "after"},
        "cut in the middle": {"drop": "middle"},
        "unreadable, done": {"garbled": True},
        "goes on for 40 s": {"outlives": 40},
        "comes after the timer": {"delay": 1000},
        "after the timer, lost": {"delay": 1000, "drop": "after"},
    }
    written = ("commit-configuration", "load-configuration", "open-configuration", "set-chassis-cluster-enable",
               "set-chassis-cluster-disable", "close-configuration")  # fmt: skip

    def estate(self) -> object:
        self._settle()
        with self.db() as db:
            boxes = db.execute("select mac, db, cluster, node from boxes order by mac").fetchall()
            texts = db.execute("select dbs.id, xml from dbs join configs on hash = running").fetchall()
            assert db.execute("select count(*) from dbs where deadline is not null").fetchone()[0] == 0
        configs = {row[0]: plain_xml(row[1]) for row in texts}
        return [(row["mac"], row["cluster"], row["node"], configs[row["db"]]) for row in boxes]

    def _settle(self) -> None:
        """Timers that run out do so."""
        from haplan_srx.lab import Lab
        from haplan_srx.lab.chassis import power

        lab = Lab(self.folder / ".haplan" / "lab")
        lab.clock.sleep(2000)
        with lab.estate.write() as tx:
            power.settle(tx)
        lab.stop()

    def writes(self) -> Mapping[str, int]:
        with self.db() as db:
            rows = db.execute("select rpc, count(*) from requests group by rpc").fetchall()
        return {row[0]: row[1] for row in rows if row[0] in self.written}

    def fault(self, write: str, number: int, answer: str) -> Any:
        spec: Any = {**self.answers[answer], "nth": number}
        return SRX_TABLES["fault"](on=write, **spec)


def named(tree: Any, names: Mapping[str, str]) -> Any:
    """A tree with names for ids, without what says nothing, and without what moves by itself."""
    if isinstance(tree, dict):
        kept = {key: named(value, names) for key, value in tree.items() if key not in MOVING}
        return {key: value for key, value in sorted(kept.items()) if value not in (None, {}, [], "")}
    if isinstance(tree, tuple):
        return tuple(named(one, names) for one in tree)
    if isinstance(tree, list):
        return [named(one, names) for one in tree]
    return names.get(tree, tree) if isinstance(tree, str) else tree


MOVING = ("id", "created_time", "modified_time", "global-id")


def plain_xml(text: str) -> Any:
    """A configuration as a tree in which order stands where it means something."""
    return _plain(etree.fromstring(text))


def _plain(element: etree._Element) -> Any:
    below = [_plain(one) for one in element if one.tag != "version"]
    ordered = any(one.tag in ("policy", "term") for one in element)
    text = BOX.sub("its own", element.text or "")
    return (element.tag, text, below if ordered else sorted(below, key=str))


BOX = re.compile(r"srx-[0-9a-f]{4}|100\.96\.0\.[0-9]+/11")
"""What a box came with: that of node0 or of node1, whichever formed the pair."""


WORLDS: dict[str, type[World]] = {"mist": Mist, "ssr": Ssr, "srx": Srx}
