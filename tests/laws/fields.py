"""Every field of every resource: a stack with a place for each, and what is said there.

A hub and a spoke, labels in no order. In the text `«place»` is where something may be said, `«place|text»` where
something else stands until then. A `Field` says it in two ways, the second of which has less where it is a list.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from haplan.host.options import Options
from haplan.host.session import Session, open_session
from tests.e2e.world import World as MistWorld
from tests.laws.one_site import OneSite
from tests.srx_e2e.world import World as SrxWorld
from tests.ssr_e2e.world import World as SsrWorld
from tests.ssr_e2e.world import without_generated

PROVIDERS = ("mist", "srx", "ssr")
STACK = """
from haplan import provider, secret
from haplan.design import *

PLATFORM = "mist"
SRX, SSR = PLATFORM == "srx", PLATFORM == "ssr"
provider("ssr", host="conductor.example.net") if SSR else provider(PLATFORM)
wan0, wan1 = ("ge-0/0/7", "ge-1/0/7") if SRX else ("ge-0/0/0", "ge-1/0/0")
links = [ha_fabric("ge-0/0/2,ge-1/0/2")] if SRX else [ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")]
reth = {"reth_idx": 0} if SRX else {}
attested = attest(collocated=True, cabled=True, same_l2=True, by="A. Planner", on="2026-11-20")

def box(number, at, **more):
    ours = {"srx": {"host": f"box{number}-{at}"}, "ssr": {"asset_id": f"BOX{number}{at}"}}.get(PLATFORM, {})
    return node(f"0200000{number}000{at}", **{**ours, **more})

def pair(label, number, site, *nodes, **of):
    ids = {"cluster_id": number} if SRX else {}
    Cluster(label, site=site, model="SRX300" if SRX else "SSR120", nodes=nodes, attested=attested, **ids, **of)

wharf = Site("wharf", country_code="CH", timezone="Europe/Zurich", variables={"OFFICE": "10.9.0"})
quay = Site("quay", country_code=«country|"CH"», timezone=«timezone|"Europe/Zurich"»,
            variables={"OFFICE": "10.7.0", «variables»}, «site»)
zinc = Overlay("zinc", «overlay», **({"psk": secret(«psk|"env:PSK"»)} if SRX else {}))
subnet, gateway = «subnet|"172.22.99.0/24", "172.22.99.1/24"»
guest = Network("guest", subnet=subnet, vlan_id=«vlan|99», «network»)
office = Network("office", subnet="{{OFFICE}}.0/24", vlan_id=100)
yard = Network("yard", subnet="172.22.11.0/24", vlan_id=101)
web = Application("web", addresses=«addresses|["203.0.113.7/32"]», protocols=«protocols|["tcp/443"]», «hostnames»)
apps = Application("apps", «kind|addresses=["203.0.113.77/32"], protocols=["tcp/443"]»)
anything = Application("anything", addresses=["0.0.0.0/0"], protocols=["any"])
mail = Application("mail", addresses=["198.51.100.77/32"], protocols=["tcp/25"])
names = Application("names", addresses=["8.8.8.8/32"], protocols=["udp/53"])
core = HubProfile("core", overlay=zinc, «profile», interfaces=[
    wan("wan1", wan0, static("203.0.113.20/24", gateway="203.0.113.254"), «hub wan|endpoint="core-wan1"»),
    wan("wan0", wan1, static("198.18.0.20/24", gateway="198.18.0.254"), endpoint="core-wan0"),
    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "{{OFFICE}}.1/24"}, **reth), *links])
edge = WanEdgeTemplate("edge", «template», interfaces=[
    wan(«wan name|"wan1"», «wan ports|wan0», «address|static("192.0.2.10/25", gateway="192.0.2.1")», «wan»),
    wan("wan0", wan1, static("198.51.100.10/24", gateway="198.51.100.1"),
        overlay=[core.endpoint("wan0", «endpoint»)«mapping»]),
    lan(«lan name|"lan"», «lan ports|"ge-0/0/3,ge-1/0/3"», {«networks»
        office: "{{OFFICE}}.1/24", guest: lan_address(«gateway|gateway», «lan address»)}, «lan», **«more lan|reth»),
    «links|*links»])
out = Steering("out", template=edge, paths=«paths|[edge.wan("wan1"), edge.wan("wan0")]», «steering»)
over = Steering("over", template=edge, paths=[core.endpoint("wan0")])
Policy("zebra", template=edge, networks=«who|[guest]», applications=«what|[mail]», action=«action|"allow"»,
       steering=«way|out», «policy»)
Policy("access", template=edge, networks=[office], applications=[web], action="allow", steering=out)
Policy("kinds", template=edge, networks=[office], applications=[apps], action="allow", steering=out)
Policy("middle", template=edge, networks=[office], applications=[names], action="allow", steering=over)
Policy("into", profile=core, networks=[office], applications=[names], action="allow",
       steering=Steering("local", profile=core, paths=[core.wan("wan1")]))
pair("wharf", 1, wharf, box(1, 0), box(1, 1), profile=core)
pair("quay", 2, quay, box(2, 0, «node»), box(2, 1), template=edge, «cluster»)
"""
PLACE = re.compile(r"«([^|»]*)\|?([^»]*)»")
SERVER = 'dhcp=dhcp_server("172.22.99.{}", "172.22.99.{}"{})'


@attrs.frozen
class Field:
    """A field of a resource or a block, said in two ways.

    Attributes:
        name: ``<type or block>.<field>``.
        place: Where it is said.
        values: What is said there, and then.
        also: Place → what has to be said beside it.
        alone: It does not go with others.
    """

    name: str
    place: str
    values: tuple[str, str]
    also: Mapping[str, str] = attrs.field(factory=dict)
    alone: bool = False

    def said(self, number: int) -> dict[str, str]:
        """Place → what is said there."""
        return {**self.also, self.place: self.values[number]}


FIELDS = (
    Field("site.country_code", "country", ('"DE"', '"AT"')),
    Field("site.timezone", "timezone", ('"Europe/Berlin"', '"Europe/Vienna"')),
    Field("site.address", "site", ('address="1 Main St"', 'address="2 Side St"')),
    Field("site.variables", "variables", ('"SPARE": "one"', '"OTHER": "two"')),
    Field("overlay.type", "overlay", ('type="mesh"', 'type="hub_spoke"')),
    Field("overlay.psk", "psk", ('"env:PSK2"', '"env:PSK3"')),
    Field(
        "network.subnet",
        "subnet",
        ('"172.22.0.0/16", "172.22.99.1/16"', '"172.22.96.0/20", "172.22.99.1/20"'),
        alone=True,
    ),
    Field("network.vlan_id", "vlan", ("98", "97")),
    Field("network.advertise", "network", ("advertise=[zinc]", "advertise=zinc")),
    Field("network.cloud_access", "network", ("cloud_access=False", "cloud_access=True")),
    Field("network.name", "network", ('name="visitors"', 'name="callers"')),
    Field("application.addresses", "addresses", ('["203.0.113.7/32", "203.0.113.9/32"]', '["203.0.113.9/32"]')),
    Field(
        "application.hostnames",
        "hostnames",
        ('hostnames=["b.example.com", "a.example.com"]', 'hostnames=["a.example.com"]'),
    ),
    Field("application.protocols", "protocols", ('["tcp/443", "udp/443-500", "icmp", "gre"]', '["udp/443-450"]')),
    Field("application.apps", "kind", ('apps=["office365", "zoom"]', 'apps=["zoom"]')),
    Field("application.categories", "kind", ('categories=["News", "Sports"]', 'categories=["Sports"]')),
    Field("application.urls", "kind", ('urls=["b.example.com", "a.example.com"]', 'urls=["a.example.com"]')),
    Field("application.name", "hostnames", ('name="shop"', 'name="store"')),
    Field("hub_profile.dns_servers", "profile", ('dns_servers=["9.9.9.9", "8.8.8.8"]', 'dns_servers=["8.8.8.8"]')),
    Field(
        "hub_profile.ntp_servers", "profile", ('ntp_servers=["192.0.2.9", "192.0.2.7"]', 'ntp_servers=["192.0.2.7"]')
    ),
    Field(
        "wan_edge_template.dns_servers", "template", ('dns_servers=["9.9.9.9", "8.8.8.8"]', 'dns_servers=["8.8.8.8"]')
    ),
    Field(
        "wan_edge_template.ntp_servers",
        "template",
        ('ntp_servers=["192.0.2.9", "192.0.2.7"]', 'ntp_servers=["192.0.2.7"]'),
    ),
    Field("wan.ports", "wan ports", ('"ge-0/0/2"', '"ge-0/0/6"'), alone=True),
    Field("wan.address", "address", ("dhcp()", 'static("192.0.2.20/26", gateway="192.0.2.1")')),
    Field(
        "wan.address",
        "address",
        ('static("192.0.2.10/24", gateway="192.0.2.1")', 'static("192.0.2.10/25", gateway="192.0.2.3")'),
    ),
    Field(
        "wan.overlay",
        "wan",
        ('overlay=[core.endpoint("wan1"), core.endpoint("wan0")]', 'overlay=[core.endpoint("wan1")]'),
    ),
    Field("wan.endpoint", "hub wan", ('endpoint="core-first"', "endpoint=False"), alone=True),
    Field(
        "wan.public_ip",
        "hub wan",
        ('endpoint="core-wan1", public_ip="203.0.113.99"', 'endpoint="core-wan1", public_ip="203.0.113.98"'),
    ),
    Field("wan.source_nat", "wan", ("source_nat=False", "source_nat=True")),
    Field("wan.vlan_id", "wan", ("vlan_id=7", "vlan_id=8")),
    Field("wan.mtu", "wan", ("mtu=1400", "mtu=1300")),
    Field("wan.probes", "wan", ('probes=["9.9.9.9", "8.8.8.8"]', 'probes=["8.8.8.8"]')),
    Field("wan.inbound", "wan", ('inbound=["ssh", "https"]', 'inbound=["https"]')),
    Field("wan.screens", "wan", ('screens=["land", "port-scan"]', 'screens=["land"]')),
    Field("wan.circuit", "wan", ('circuit="line 1"', 'circuit="line 2"')),
    Field("lan.inbound", "lan", ('inbound=["ssh", "https"]', 'inbound=["https"]')),
    Field("wan.underlay", "wan", ('underlay="private"', "underlay=None")),
    Field("wan.shared_wan", "wan", ('shared_wan="one circuit"', 'shared_wan="one line"')),
    Field("endpoint.preference", "endpoint", ("preference=7", "preference=9")),
    Field("endpoint.bfd", "endpoint", ('bfd="lte"', 'bfd="broadband"')),
    Field("lan.ports", "lan ports", ('"ge-0/0/1,ge-1/0/1"', '"ge-0/0/4,ge-1/0/4"'), alone=True),
    Field("lan.networks", "networks", ('yard: "172.22.11.1/24",', 'yard: "172.22.11.2/24",')),
    Field("lan.primary", "lan", ('primary="node1"', 'primary="node0"')),
    Field("lan.untagged", "lan", ("untagged=guest", "untagged=office")),
    Field("lan_address.address", "gateway", ('"172.22.99.254/24"', '"172.22.99.253/24"')),
    Field(
        "lan_address.secondary",
        "lan address",
        ('secondary=["172.22.99.8/24", "172.22.99.7/24"]', 'secondary=["172.22.99.7/24"]'),
    ),
    Field("dhcp_server.start", "lan address", (SERVER.format(20, 90, ""), SERVER.format(30, 90, ""))),
    Field("dhcp_server.end", "lan address", (SERVER.format(20, 90, ""), SERVER.format(20, 80, ""))),
    Field(
        "dhcp_server.lease",
        "lan address",
        (SERVER.format(20, 90, ", lease=3600"), SERVER.format(20, 90, ", lease=7200")),
    ),
    Field(
        "dhcp_server.dns_servers",
        "lan address",
        (
            SERVER.format(20, 90, ', dns_servers=["9.9.9.9", "8.8.8.8"]'),
            SERVER.format(20, 90, ', dns_servers=["8.8.8.8"]'),
        ),
    ),
    Field(
        "dhcp_relay.servers",
        "lan address",
        ('dhcp=dhcp_relay(["192.0.2.99", "192.0.2.98"])', 'dhcp=dhcp_relay(["192.0.2.98"])'),
    ),
    Field("steering.strategy", "steering", ('strategy="ecmp"', 'strategy="ordered"')),
    Field("steering.paths", "paths", ('[edge.wan("wan0"), edge.wan("wan1")]', '[edge.wan("wan0")]'), alone=True),
    Field(
        "path.disabled",
        "paths",
        (
            '[edge.wan("wan1"), path(edge.wan("wan0"), disabled=True)]',
            '[path(edge.wan("wan1"), disabled=True), edge.wan("wan0")]',
        ),
    ),
    Field(
        "path.cost",
        "paths",
        (
            '[path(edge.wan("wan1"), cost=5), path(edge.wan("wan0"), cost=9)]',
            '[path(edge.wan("wan1"), cost=7), path(edge.wan("wan0"), cost=9)]',
        ),
        also={"steering": 'strategy="weighted"'},
    ),
    Field("local.networks", "paths", ("[local(office, guest)]", "[local(guest)]")),
    Field(
        "local.gateway_ip",
        "paths",
        ('[local(guest, gateway_ip="172.22.99.7")]', '[local(guest, gateway_ip="172.22.99.8")]'),
    ),
    Field(
        "local.target_ips",
        "paths",
        ('[local(guest, target_ips=["172.22.99.8", "172.22.99.7"])]', '[local(guest, target_ips=["172.22.99.7"])]'),
    ),
    Field("policy.networks", "who", ("[office, guest]", "[office]")),
    Field("policy.applications", "what", ("[web, mail]", "[anything]"), alone=True),
    Field("policy.action", "action", ('"deny"', '"allow"'), alone=True),
    Field("policy.steering", "way", ("over", "None"), alone=True),
    Field("policy.log", "policy", ('log=["start", "end"]', 'log=["end"]')),
    Field("policy.name", "policy", ('name="stripes"', 'name="horse"')),
    Field("steering.name", "steering", ('name="away"', 'name="off"')),
    Field("cluster.managed", "cluster", ("managed=False", "managed=True")),
    Field("cluster.firmware", "cluster", ('firmware="1.2.3"', 'firmware="1.2.4"')),
    Field(
        "cluster.out_of_band",
        "cluster",
        (
            'out_of_band=out_of_band(node0="10.200.0.2/24", node1="10.200.0.3/24")',
            'out_of_band=out_of_band(node0="10.200.0.4/24", node1="10.200.0.3/24")',
        ),
    ),
    Field(
        "cluster.failover", "cluster", ("failover=failover(preempt=True, delay=9)", "failover=failover(hold_down=300)")
    ),
    Field("cluster.overwrite", "cluster", ('overwrite=["system"]', 'overwrite=["snmp"]')),
    Field("node.serial", "node", ('serial="S1"', 'serial="S2"')),
    Field("node.pin", "node", ('pin="node0"', "pin=None")),
    Field("node.asset_id", "node", ('asset_id="BOX20"', 'asset_id="BOX29"')),
    Field("lan.redundant", "lan", ("redundant=True", "redundant=None")),
    Field("lan.single_homed", "lan", ('single_homed="one port"', 'single_homed="one"')),
    Field("lan.reth_idx", "more lan", ('{"reth_idx": 5}', '{"reth_idx": 3}')),
    Field("lan.redundancy_group", "lan", ("redundancy_group=1", "redundancy_group=2")),
    Field("lan.aggregated", "lan", ("aggregated=True", "aggregated=False")),
    Field("lan.name", "lan name", ('"inside"', '"within"')),
    Field("lan.extra", "lan", ('extra={"mist": {"disabled": True}}', 'extra={"mist": {"disabled": False}}')),
    Field("wan.name", "wan name", ('"first"', '"one"'), also={"paths": '[edge.wan("wan0")]'}),
    Field(
        "wan.extra",
        "wan",
        ('extra={"mist": {"disable_autoneg": True, "speed": "1g"}}', 'extra={"mist": {"speed": "100m"}}'),
    ),
    Field(
        "network.extra",
        "network",
        (
            'extra={"ssr": {"description": "a"}, "mist": {"isolation": True}}',
            'extra={"ssr": {"description": "b"}, "mist": {"isolation": False}}',
        ),
    ),
    Field(
        "policy.extra",
        "policy",
        ('extra={"ssr": {"description": "a", "service-group": "g"}}', 'extra={"ssr": {"description": "b"}}'),
    ),
    Field(
        "steering.extra",
        "steering",
        ('extra={"ssr": {"max-loss": 3, "max-latency": 99}}', 'extra={"ssr": {"max-loss": 5}}'),
    ),
    Field(
        "cluster.extra",
        "cluster",
        (
            'extra={"ssr": {"bfd": {"multiplier": 5, "desired-tx-interval": 900}}}',
            'extra={"ssr": {"bfd": {"multiplier": 7}}}',
        ),
    ),
    Field(
        "ha_fabric.ports",
        "links",
        ('ha_fabric("ge-0/0/1,ge-1/0/1"), *links[1:]', 'ha_fabric("ge-0/0/6,ge-1/0/6"), *links[1:]'),
        alone=True,
    ),
    Field(
        "ha_sync.ports",
        "links",
        ('links[0], ha_sync("ge-0/0/1,ge-1/0/1")', 'links[0], ha_sync("ge-0/0/2,ge-1/0/2")'),
        alone=True,
    ),
    Field(
        "ha_sync.name",
        "links",
        ('links[0], ha_sync("ge-0/0/5,ge-1/0/5", name="beat")', 'links[0], ha_sync("ge-0/0/5,ge-1/0/5", name="pulse")'),
        alone=True,
    ),
    Field(
        "ha_fabric.name",
        "links",
        ('ha_fabric(links[0].ports, name="fab"), *links[1:]', 'ha_fabric(links[0].ports, name="cloth"), *links[1:]'),
        alone=True,
    ),
)

TOGETHER = (
    "wan.mtu", "application.addresses", "local.target_ips", "dhcp_server.dns_servers", "lan.networks",
    "wan_edge_template.dns_servers", "policy.networks",
)  # fmt: skip
"""Fields that are said at once, where all of them would take long."""
ELSEWHERE = {
    "lan_address.dhcp": "by its own words",
    "local.network": "local.networks",
    "local.more": "local.networks",
    "path.any_of_them": "steering.paths",
    "path.extra": "tests/e2e/test_extra.py",
    "ha_fabric.extra": "of no provider",
    "ha_sync.extra": "of no provider",
    "node.mac": "replaced: tests/laws/test_changes_at_one_site.py",
    "node.model": "checked, never sent",
    "node.host": "another box: tests/laws/test_changes_at_one_site.py",
    "wan_edge_template.exclusive": "kept here, never sent: tests/e2e/test_exclusive.py",
    "hub_profile.exclusive": "kept here, never sent: tests/e2e/test_exclusive.py",
    "cluster.attested": "kept here, never sent",
    "wan_edge_template.interfaces": "by their blocks",
    "hub_profile.interfaces": "by their blocks",
    "hub_profile.overlay": "without one a hub has no endpoints, which its spokes name",
    "cluster.nodes": "replaced: tests/laws/test_changes_at_one_site.py",
    "cluster.template": "what a pair carries: tests/laws/test_own_changes.py",
    "cluster.profile": "what a pair carries",
    "cluster.name": "replaces a pair",
    "site.name": "replaces what pairs are in",
    "hub_profile.name": "tests/laws/test_renaming.py",
    "wan_edge_template.name": "tests/laws/test_renaming.py",
    "overlay.name": "tests/laws/test_renaming.py",
}
"""What has no field here, and why."""


def text_of(platform: str, said: Mapping[str, str]) -> str:
    """The stack, with this said in its places."""
    assert said.keys() <= set(PLACE_NAMES), said
    text = PLACE.sub(lambda place: said.get(place[1], place[2]), STACK)
    text = re.sub(r", (?=[,)])|, , ", lambda gap: "" if gap[0] == ", " else ", ", text)
    return text.replace('PLATFORM = "mist"', f'PLATFORM = "{platform}"')


PLACE_NAMES = [place[1] for place in PLACE.finditer(STACK)]


class Fields(OneSite):
    """The stack with its lab."""

    def say(self, said: Mapping[str, str]) -> None:
        """Write the stack."""
        (self.folder / "stack.py").write_text(text_of(self.platform, said))

    def session(self, options: Options) -> Session:
        secrets = {"PSK": "p" * 20, "PSK2": "q" * 20, "PSK3": "r" * 20}
        return open_session(self.folder, options, observers=[], environ=secrets)

    def at(self, folder: Path) -> "Fields":
        super().at(folder)
        return Fields(folder, self.platform)

    def running(self) -> Any:
        """What runs, without ids and what moves by itself."""
        return READ[self.platform](self.folder)


def _conductor(folder: Path) -> Any:
    world = SsrWorld(folder)
    found = without_generated(world.running())
    world.close()
    return _lists(found)


def _lists(tree: Any) -> Any:
    """Entries in an order of their own: a conductor knows none."""
    if isinstance(tree, dict):
        return {name: _lists(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return sorted((_lists(one) for one in tree), key=lambda one: json.dumps(one, sort_keys=True))
    return tree


def _boxes(folder: Path) -> Any:
    world = SrxWorld(folder)
    found = {mac: world.lines(mac) for mac in ("020000010000", "020000020000")}
    world.close()
    return {mac: sorted(one for one in lines if not one.startswith("set version")) for mac, lines in found.items()}


def _cloud(folder: Path) -> Any:
    world = MistWorld(folder)
    found = dict(world.snapshot())
    for site in found["sites"]:
        found[f"setting of {site['name']}"] = world.get(f"/sites/{site['id']}/setting")
    ids = {
        one["id"]: one["name"]
        for kind in found.values()
        if isinstance(kind, list)
        for one in kind
        if isinstance(one, dict)
    }
    world.close()
    text = json.dumps(found, sort_keys=True)
    for known, name in ids.items():
        text = text.replace(known, f"<{name}>")
    return _timeless(json.loads(text))


MOVES = ("created_time", "modified_time", "id", "org_id", "for_site")


def _timeless(tree: Any) -> Any:
    if isinstance(tree, dict):
        kept = {
            k: _timeless(v)
            for k, v in tree.items()
            if k not in ("created_time", "modified_time", "id", "org_id", "for_site")
        }
        return {name: value for name, value in kept.items() if value not in (None, "", [], {})}
    if isinstance(tree, list):
        return sorted((_timeless(one) for one in tree), key=lambda one: json.dumps(one, sort_keys=True))
    return tree


READ = {"ssr": _conductor, "srx": _boxes, "mist": _cloud}
