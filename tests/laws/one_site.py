"""One site in the middle of changes: its stack for each provider, what may change there, and the boxes that come in."""

import shutil
import sqlite3
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from haplan import engine
from haplan.host.options import Options, sorted_out
from haplan.host.session import Session, open_session
from haplan.model.event import Event
from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan_mist.lab import Lab as MistLab
from haplan_srx.lab import Lab as SrxLab
from haplan_ssr.lab import PERSON
from haplan_ssr.lab import Lab as SsrLab

STACK = """
from haplan import provider, secret
from haplan.design import *

CHANGES = ()
PLATFORM = "mist"
HUBS = False
SRX, SSR = PLATFORM == "srx", PLATFORM == "ssr"

if SSR:
    provider("ssr", host="conductor.example.net")
else:
    provider(PLATFORM)
wan0, wan1 = ("ge-0/0/7", "ge-1/0/7") if SRX else ("ge-0/0/0", "ge-1/0/0")
links = [ha_fabric("ge-0/0/2,ge-1/0/2")] if SRX else [ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")]
redundant = {"reth_idx": 0} if SRX else {}

def box(number, at):
    more = {"srx": {"host": f"box{number}-{at}"}, "ssr": {"asset_id": f"BOX{number}{at}"}}.get(PLATFORM, {})
    return node(f"0200000{number}000{at}", **more)

def pair(label, number, site, boxes=(0, 1), **of):
    ids = {"cluster_id": number} if SRX else {}
    attested = attest(collocated=True, cabled=True, same_l2=True, by="A. Planner", on="2026-11-20")
    nodes = [box(number, at) for at in boxes]
    Cluster(label, site=site, model="SRX300" if SRX else "SSR120", nodes=nodes, attested=attested, **ids, **of)

def nodes_of(kind):
    if f"{kind}refresh" in CHANGES:
        return (6, 7)
    return (8 if f"{kind}first replacement" in CHANGES else 0, 9 if f"{kind}replacement" in CHANGES else 1)

zone = Site("yard", country_code="CH", timezone="Europe/Zurich",
            variables={"OFFICE": "10.2.0" if "variables" in CHANGES else "10.1.0"})
guest = Network("guest", subnet="172.22.99.0/24", vlan_id=98 if "networks" in CHANGES else 99)
office = Network("office", subnet="{{OFFICE}}.0/24", vlan_id=100)
anything = Application("anything", addresses=["0.0.0.0/0"], protocols=["any"])
names = ["9.9.9.9"] if "template" in CHANGES else ["8.8.8.8"]
edge = WanEdgeTemplate("edge", dns_servers=names, interfaces=[
    wan("wan0", wan0, static("192.0.2.10/25", gateway="192.0.2.1")),
    wan("wan1", wan1, static("198.51.100.10/24", gateway="198.51.100.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "{{OFFICE}}.1/24", guest: "172.22.99.1/24"}, **redundant), *links])
paths = [edge.wan("wan0"), edge.wan("wan1")]
out = Steering("out", template=edge, paths=paths[::-1] if "steering" in CHANGES else paths)
Policy("internet", template=edge, networks=[guest, office], action="allow", applications=[anything], steering=out)
if "dissolving" not in CHANGES:
    pair("old", 2, zone, template=edge)
pair("branch", 1, zone, nodes_of(""), template=edge)
if "formation" in CHANGES:
    pair("annex", 3, zone, template=edge)

def core(number):
    label, dns = f"core{number}", ["9.9.9.9"] if "profile" in CHANGES else ["8.8.8.8"]
    return HubProfile(label, overlay=overlay, dns_servers=dns, interfaces=[
        wan("wan0", wan0, static(f"203.0.113.{number}/24", gateway="203.0.113.254"), endpoint=f"{label}-wan0"),
        wan("wan1", wan1, static(f"198.18.0.{number}/24", gateway="198.18.0.254"), endpoint=f"{label}-wan1"),
        lan("lan", "ge-0/0/3,ge-1/0/3", {office: "{{OFFICE}}.1/24"}, **redundant), *links])

if HUBS:
    overlay = Overlay("mesh", **({"psk": secret("env:PSK")} if SRX else {}))
    head = Site("head", country_code="CH", timezone="Europe/Zurich",
                variables={"OFFICE": "10.4.0" if "variables" in CHANGES else "10.3.0"})
    first, second, third = (core(number) for number in (4, 5, 6))
    pair("h1", 4, head, nodes_of("hub "), profile=first)
    if "hub dissolving" not in CHANGES:
        pair("h2", 5, head, profile=second)
    if "hub formation" in CHANGES:
        pair("h3", 6, head, profile=third)
"""
"""Two pairs that stand, and one that may come, in a site of spokes; the same again in a site of hubs."""
AT_SPOKES = (
    "formation", "replacement", "first replacement", "dissolving", "template", "variables", "networks", "steering",
)  # fmt: skip
AT_HUBS = ("hub formation", "hub replacement", "hub first replacement", "hub dissolving", "profile")
COMES = {
    "replacement": ("1", "9", "1", "0"), "first replacement": ("1", "8", "0", "1"),
    "hub replacement": ("4", "9", "1", "0"), "hub first replacement": ("4", "8", "0", "1"),
}  # fmt: skip
"""Change → number of the pair, and the boxes that come, go and stay."""
NEW_PAIRS = {"formation": "3", "hub formation": "6"}
REFRESHED = {"refresh": "1", "hub refresh": "4"}


class OneSite:
    """A site with its lab; `at` begins from what stood before.

    Attributes:
        events: Of the last command.
    """

    def __init__(self, folder: Path, platform: str, *, hubs: bool = False) -> None:
        self.folder, self.platform, self._hubs = folder, platform, hubs
        self.events: list[Event] = []

    def at(self, folder: Path) -> "OneSite":
        """The same in another folder."""
        shutil.copytree(self.folder, folder)
        return OneSite(folder, self.platform, hubs=self._hubs)

    def want(self, changes: Iterable[str], more: str = "") -> None:
        """Write the stack."""
        text = STACK.replace('PLATFORM = "mist"', f'PLATFORM = "{self.platform}"')
        text = text.replace("HUBS = False", f"HUBS = {self._hubs}").replace("CHANGES = ()", f"CHANGES = {[*changes]!r}")
        (self.folder / "stack.py").write_text(text + more)

    def session(self, options: Options) -> Session:
        self.events = []
        return open_session(
            self.folder, options, observers=[lambda event: self.events.append(event)], environ={"PSK": "p" * 20}
        )

    def plan(self, **options: object) -> Plan:
        opening, asked = sorted_out(options)
        with self.session(Options(lab=True, **opening)) as session:
            return engine.plan(session, asked)

    def apply(self, plan: Plan | None = None, **options: object) -> Result:
        opening, asked = sorted_out(options)
        with self.session(Options(lab=True, **opening)) as session:
            return engine.apply(session, plan or engine.plan(session, asked))

    # --- the boxes ---

    def bring_in(self, changes: Iterable[str]) -> None:
        """A person brings the boxes that come, and on SRX puts their cables in the place of those that go."""
        changes = set(changes)
        comes = {name: COMES[name] for name in COMES if name in changes}
        if self.platform == "mist":
            macs = [_mac(pair, new) for pair, new, _, _ in comes.values()]
            macs += [_mac(NEW_PAIRS[name], at) for name in NEW_PAIRS if name in changes for at in "01"]
            macs += [_mac(REFRESHED[name], at) for name in REFRESHED if name in changes for at in "67"]
            new = {"model": "SSR120", "version": self._version()}
            self._post_to_cloud([{"mac": mac, "serial": f"S{mac[-6:]}", **new} for mac in macs])
        if self.platform == "ssr":
            new = [f"BOX{REFRESHED[name]}{at}" for name in REFRESHED if name in changes for at in "67"]
            self._post_to_conductor([{"id": asset} for asset in new])
        if self.platform == "srx":
            self.plan()  # the lab seeds the boxes of the stack
            for pair, new, old, stays in comes.values():
                self._recable(_mac(pair, old), _mac(pair, new), _mac(pair, stays))

    def bring_back(self, change: str) -> None:
        """A person puts the old box of a replacement back in its place."""
        if self.platform == "srx":
            pair, new, old, stays = COMES[change]
            self._recable(_mac(pair, new), _mac(pair, old), _mac(pair, stays))
            self.change_box(pair, old, connected=True)

    def _version(self) -> str:
        """What the boxes run that stand."""
        with self._portal() as (portal, org):
            stats = portal.get(
                f"/api/v1/orgs/{org}/stats/devices", params={"type": "gateway", "limit": 1000, "page": 1}
            )
            return str(stats.json()[0]["version"])

    @contextmanager
    def _portal(self) -> Iterator[tuple[httpx.Client, str]]:
        lab = MistLab(self.folder / ".haplan" / "lab")
        served = lab.start()
        token = {"Authorization": f"Token {lab.person_token}"}
        with httpx.Client(base_url=served.url, headers=token, trust_env=False, verify=False) as portal:
            yield portal, lab.org_id
        lab.stop()

    def _post_to_cloud(self, boxes: Iterable[dict[str, object]]) -> None:
        with self._portal() as (portal, _):
            for box in boxes:
                assert portal.post("/lab/devices", json=box).status_code == 200

    def change_box(self, pair: str, at: str, **what: object) -> None:
        """Something happens to a box: another version, a cable."""
        if self.platform == "mist":
            self._post_to_cloud([{"mac": _mac(pair, at), **what}])
        elif self.platform == "srx":
            self._change_srx(_mac(pair, at), **what)
        else:
            self._post_to_conductor([{"id": f"BOX{pair}{at}", **what}])

    def _post_to_conductor(self, boxes: Iterable[dict[str, object]]) -> None:
        lab = SsrLab(self.folder / ".haplan" / "lab")
        served = lab.start()
        context = ssl.create_default_context(cafile=str(served.ca_file))
        with httpx.Client(base_url=served.url, verify=context, trust_env=False) as client:
            login = {"username": PERSON, "password": lab.password(PERSON)}
            token = client.post("/api/v1/login", json=login).json()["token"]
            for box in boxes:
                answer = client.post("/lab/assets", json=box, headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == 200
        lab.stop()

    def _change_srx(self, mac: str, *, version: str = "", connected: bool | None = None) -> None:
        if connected is not None:
            lab = SrxLab(self.folder / ".haplan" / "lab")
            lab.start()
            lab.power(mac, on=connected)
            lab.clock.sleep(1200)
            lab.stop()
        if version:
            self.sql("update boxes set version = ? where mac = ?", version, mac)

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Look at the boxes of the SRX lab, or change them."""
        with sqlite3.connect(self.folder / ".haplan" / "lab" / "srx.db") as db:
            found = db.execute(statement, values).fetchall()
        db.close()
        return found

    def _recable(self, old: str, new: str, stays: str) -> None:
        lab = SrxLab(self.folder / ".haplan" / "lab")
        lab.start()
        lab.power(old, on=False)
        lab.stop()
        self.sql("update boxes set pair = ? where mac = ?", new, stays)
        self.sql("update boxes set pair = ? where mac = ?", stays, new)


def _mac(pair: str, at: str) -> str:
    return f"0200000{pair}000{at}"
