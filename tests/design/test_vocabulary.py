"""The vocabulary: values that blocks become, and mistakes that are recorded, all at once, each with its line."""

from typing import Any

import pytest

from haplan import design
from haplan.errors import StackError
from haplan.model.value import Ref, Secret

START = (
    "from haplan import Data, provider, secret, lifecycle\nfrom haplan.design import *\n"
    'mist = provider("mist")\nn = Network("n", subnet="10.1.1.0/24")\nm = Network("m", subnet="10.1.2.0/24")\n'
)
AFTER = START.count("\n") + 1


def mistakes(stack: Any, text: str) -> list[str]:
    with pytest.raises(StackError) as caught:
        stack(START + text)
    return list(caught.value.mistakes)


def face(stack: Any, text: str) -> dict[str, Any]:
    """One interface of a template as plain data."""
    found = stack(START + f'WanEdgeTemplate("t", interfaces=[{text}])').blocks["wan_edge_template.t"]
    (one,) = found.values["interfaces"].values()
    assert isinstance(one, dict)
    return one


def test_the_nine_types_are_ranked_by_their_order_of_work() -> None:
    ranks = {cls.haplan_type.name: cls.haplan_type.rank for cls in design.haplan_resources()}  # type: ignore[attr-defined]
    assert sorted(ranks, key=lambda name: ranks[name]) == [
        "site", "overlay", "network", "application", "hub_profile", "wan_edge_template", "steering", "policy",
        "cluster",
    ]  # fmt: skip


def test_what_replaces_is_said_by_the_type() -> None:
    types = {cls.haplan_type.name: cls.haplan_type for cls in design.haplan_resources()}  # type: ignore[attr-defined]
    found = {
        f"{name}.{a.name}": a.replaces for name, info in types.items() for a in info.attributes.values() if a.replaces
    }
    first, new = "destroy-first", "create-first"
    assert found == {
        "overlay.name": new, "network.name": new, "application.name": new, "overlay.type": first,
        "steering.template": first, "steering.profile": first, "policy.template": first, "policy.profile": first,
        "cluster.site": first, "cluster.model": first, "cluster.cluster_id": first,
    }  # fmt: skip


def test_every_attribute_has_a_sentence() -> None:
    for cls in design.haplan_resources():
        for attribute in cls.haplan_type.attributes.values():  # type: ignore[attr-defined]
            assert attribute.text or attribute.name == "id", f"{cls.__name__}.{attribute.name}"


def test_the_public_names_are_sorted_and_there() -> None:
    assert design.__all__ == sorted(design.__all__)
    assert [name for name in design.__all__ if not hasattr(design, name)] == []


def test_a_wan_with_everything(stack: Any) -> None:
    text = (
        'wan("w", "ge-0/0/0, ge-1/0/0", pppoe("me", secret("env:PW"), auth="chap"), source_nat=False, '
        'public_ip="192.0.2.1", vlan_id="7", mtu=1492, shared_wan="one address", '
        'extra={"mist": {"wan_type": "broadband"}})'
    )
    assert face(stack, text) == {
        "usage": "wan", "ports": "ge-0/0/0,ge-1/0/0", "source_nat": False, "public_ip": "192.0.2.1", "vlan_id": 7,
        "mtu": 1492, "address": {"type": "pppoe", "username": "me", "password": Secret("env:PW"), "auth": "chap"},
        "redundant": True,
        "extra": {"mist": {"wan_type": "broadband"}},
    }  # fmt: skip


def test_a_lan_with_everything(stack: Any) -> None:
    text = (
        'lan("l", "ge-0/0/3,ge-1/0/3", {n: lan_address("10.1.1.1/24", secondary=["10.1.1.2/24"], '
        'dhcp=dhcp_server("10.1.1.10", "10.1.1.99", dns_servers=["8.8.8.8"])), '
        'm: lan_address("10.1.2.1/24", dhcp=dhcp_relay(["10.0.0.1"]))}, primary={n: "node0", m: "node1"}, untagged=n)'
    )
    assert face(stack, text) == {
        "usage": "lan", "ports": "ge-0/0/3,ge-1/0/3", "redundant": True, "untagged": "n",
        "primary": {"n": "node0", "m": "node1"},
        "networks": {
            "n": {
                "ip": "10.1.1.1/24", "secondary": ["10.1.1.2/24"],
                "dhcp": {
                    "type": "local", "start": "10.1.1.10", "end": "10.1.1.99", "dns_servers": ["8.8.8.8"],
                    "lease": 86400,
                },
            },
            "m": {"ip": "10.1.2.1/24", "dhcp": {"type": "relay", "servers": ["10.0.0.1"]}},
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("how", "redundant"),
    [
        ("", True),
        (", redundant=False", False),
        (", aggregated=True", False),
        (", aggregated=True, redundant=True", True),
    ],
)
def test_two_ports_mean_redundant_unless_said_otherwise(how: str, redundant: bool, stack: Any) -> None:
    found = face(stack, f'lan("l", "ge-0/0/3,ge-1/0/3", {{n: "10.1.1.1/24"}}{how})')
    assert found["redundant"] is redundant
    assert ("primary" in found) is redundant


def test_a_lan_orders_its_networks_before_its_template(stack: Any) -> None:
    blocks = stack(START + 'WanEdgeTemplate("t", interfaces=[lan("l", "ge-0/0/3", {n: "10.1.1.1/24"})])').blocks
    assert [(r.address, r.via) for r in blocks["wan_edge_template.t"].references] == [("network.n", "interfaces")]


HUB = (
    'o = Overlay("o")\n'
    'h = HubProfile("h", name="hub-1", overlay=o, interfaces=[wan("w0", "ge-0/0/0", dhcp()), '
    'wan("w1", "ge-1/0/0", dhcp(), endpoint="mine"), wan("w2", "ge-0/0/1", dhcp(), endpoint=False)])\n'
)


def test_endpoints_are_named_after_profile_and_wan(stack: Any) -> None:
    blocks = stack(START + HUB).blocks
    faces = blocks["hub_profile.h"].values["interfaces"]
    assert [face.get("endpoint") for face in faces.values()] == ["hub-1-w0", "mine", None]
    assert blocks["overlay.o"].values["endpoints"] == ["hub-1-w0", "mine"]
    assert [r.address for r in blocks["overlay.o"].references] == []


def test_a_spoke_names_endpoints_and_waits_for_their_hub(stack: Any) -> None:
    text = (
        'e = h.endpoint("w1", preference=5, bfd="lte")\n'
        't = WanEdgeTemplate("t", interfaces=[wan("w", "ge-0/0/0", dhcp(), overlay=[e])])'
    )
    block = stack(START + HUB + text).blocks["wan_edge_template.t"]
    assert block.values["interfaces"]["w"]["overlay"] == {"mine": {"overlay": "o", "preference": 5, "bfd": "lte"}}
    assert block.values["type"] == "spoke"
    assert [r.address for r in block.references] == ["hub_profile.h"]


def test_a_hub_of_elsewhere_is_looked_up(stack: Any) -> None:
    text = (
        'h9 = HubProfile.existing("h9", name="hub 9")\n'
        't = WanEdgeTemplate("t", interfaces=[wan("w", "ge-0/0/0", dhcp(), overlay=[h9.endpoint("wan0")])])'
    )
    blocks = stack(START + text).blocks
    assert blocks["data.hub_profile.h9"].data
    assert blocks["wan_edge_template.t"].values["interfaces"]["w"]["overlay"] == {"hub 9-wan0": {}}
    assert [r.address for r in blocks["wan_edge_template.t"].references] == ["data.hub_profile.h9"]


def test_the_four_kinds_of_path(stack: Any) -> None:
    text = HUB + (
        't = WanEdgeTemplate("t", interfaces=[])\n'
        's = Steering("s", template=t, strategy="weighted", paths=[path(t.wan("w"), cost=5), '
        'path(h.endpoint("w0"), disabled=True), t.tunnel("zs"), '
        'local(n, m, gateway_ip="10.1.1.9", target_ips=["10.9.9.9"])])'
    )
    block = stack(START + text).blocks["steering.t.s"]
    assert block.values["paths"] == [
        {"kind": "wan", "name": "w", "cost": 5},
        {"kind": "endpoint", "name": "hub-1-w0", "overlay": "o", "disabled": True},
        {"kind": "tunnel", "name": "zs"},
        {"kind": "local", "networks": ["n", "m"], "gateway_ip": "10.1.1.9", "target_ips": ["10.9.9.9"]},
    ]
    assert [r.address for r in block.references] == ["hub_profile.h", "network.m", "network.n", "wan_edge_template.t"]


def test_a_cluster_knows_its_nodes_family_and_role(stack: Any) -> None:
    text = HUB + (
        'c = Cluster("c", site=Site("s"), profile=h, model="SRX300", cluster_id=7, '
        'nodes=[node("02:00:5E:00:00:02", host="192.0.2.1", pin="node1"), "0200.5e00.0001"])'
    )
    values = stack(START + text).blocks["cluster.c"].values
    assert values["nodes"] == {"02005e000002": {"host": "192.0.2.1", "pin": "node1"}, "02005e000001": {}}
    assert (values["node0"], values["node1"]) == ("02005e000001", "02005e000002")
    assert (values["family"], values["role"], values["managed"]) == ("srx", "hub", True)


@pytest.mark.parametrize("nodes", ["[]", '["02005e000001"]', '["02005e000001", "02005e000001"]', '["x", "y"]'])
def test_nodes_that_are_no_pair_have_no_numbers(nodes: str, stack: Any) -> None:
    values = stack(START + f'Cluster("c", site=Site("s"), model="SSR120", nodes={nodes})').blocks["cluster.c"].values
    assert "node0" not in values


def test_a_sites_role_comes_from_its_clusters(stack: Any) -> None:
    text = HUB + (
        'a, b, c = Site("a"), Site("b"), Site("c")\n'
        't = WanEdgeTemplate("t", interfaces=[wan("w", "ge-0/0/0", dhcp(), overlay=[h.endpoint("w0")])])\n'
        'for n_, s, k in ("1", a, {"profile": h}), ("2", b, {"template": t}), ("3", c, {"profile": h}), '
        '("4", c, {"template": t}):\n'
        '    Cluster(n_, site=s, model="SSR120", nodes=[], **k)\n'
        'd = Site("d")'
    )
    blocks = stack(START + text).blocks
    assert [blocks[f"site.{name}"].values["role"] for name in "abcd"] == ["hub", "spoke", "both", "none"]


def test_numbers_in_variables_become_text_and_digits_become_a_vlan(stack: Any) -> None:
    blocks = stack(START + 'Site("s", variables={"A": 7})\nNetwork("v", subnet="10.0.0.0/8", vlan_id="7")').blocks
    assert blocks["site.s"].values["variables"] == {"A": "7"}
    assert blocks["network.v"].values["vlan_id"] == 7


def test_a_reference_may_stand_in_an_interface(stack: Any) -> None:
    found = face(stack, 'wan("w", "ge-0/0/0", static(Data("d").output, gateway="192.0.2.1"))')
    assert found["address"]["ip"] == Ref("record.d", ("output",))


def test_an_interface_has_its_own_line_in_mistakes(stack: Any) -> None:
    text = 't = WanEdgeTemplate("t", interfaces=[\n    wan("a", "ge-0/0/0", dhcp(), mtu=1),\n    wan("b", 3, 4),\n])'
    assert [line.split(": ")[0] for line in mistakes(stack, text)] == [
        f"stack.py:{AFTER + 1}", f"stack.py:{AFTER + 2}", f"stack.py:{AFTER + 2}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('Site("s", contry_code="US")', "site.s: unknown keyword 'contry_code'; did you mean 'country_code'?"),
        ('Site("s", country_code="us")', 'expected the two capital letters of a country (ISO 3166)'),
        ('Site("s", variables={"A": True})', "variables['A']: expected text, got True"),
        ('Site("s", role="hub")', "role: is worked out by haplan and cannot be set"),
        ('Site("s", id="x")', "id: is known after apply and cannot be set"),
        ('Site("s", address="{WAN0}")', "a site variable takes double braces, in an f-string write {site_var('WAN0')}"),
        ('Network("x", subnet="10.0.0.1/24")', "expected a prefix such as 10.1.2.0/24"),
        ('Network("x", subnet="10.0.0.0/24", vlan_id=4095)', "expected integer 1 to 4094 or text, got 4095"),
        ('Application("x", addresses=["10.0.0.0/8"], apps=["y"])', "needs one of addresses/hostnames, apps"),
        ('Application("x")', "needs one of addresses/hostnames, apps, categories, urls, got none"),
        ('Application("x", addresses={"10.0.0.0/8"})', "expected a list, got a set"),
        ('Application("x", addresses=["10.0.0.0/8"], protocols=["udp53"])', 'expected "any", "icmp", "gre", a number'),
        ('Overlay("x", type="star")', "type: expected one of hub_spoke, mesh, got"),
        ('Policy("p", networks=[n], applications=[], action="allow")',
         "needs exactly one of template, profile, got none"),
        ('WanEdgeTemplate("t", interfaces=[wan("w", "ge-0/0/0", "dhcp")])', "expected static(…), dhcp() or pppoe(…)"),
        ('WanEdgeTemplate("t", interfaces=[wan("w", "ge-0/0/0", static("192.0.2.1", gateway="192.0.2.2"))])',
         "expected an address with its length such as 192.0.2.1/24"),
        ('wan("w", "ge-0/0/0", dhcp(), overlap=1)', "wan: unknown keyword 'overlap'; did you mean 'overlay'?"),
        ('wan("w")', "wan: missing a required argument: 'ports'"),
        ('WanEdgeTemplate("t", interfaces=[wan("w", "ge-0/0/0", dhcp(), endpoint="x")])', "is a hub's side"),
        ('HubProfile("h", interfaces=[wan("w", "ge-0/0/0", dhcp(), overlay=[HubProfile.existing("x").endpoint("y")])])',
         "is a spoke's side"),
        ('WanEdgeTemplate("t", interfaces=[lan("l", "ge-0/0/3", {"n": "10.1.1.1/24"})])',
         f'expected Network, got "n"; a network of that name is declared at stack.py:{AFTER - 2}'),
        ('WanEdgeTemplate("t", interfaces=[wan(f"{n.id}", "ge-0/0/0", dhcp())])', "a name cannot hold a reference"),
        ('Steering("s", profile=HubProfile("h", interfaces=[]), paths=[HubProfile.existing("g").endpoint(n.id)])',
         "expected name of a WAN, got a Ref"),
        ('Cluster("c", site=Site("s"), model="SSR120", nodes=[f"{n.id}"])', "a MAC address cannot hold a reference"),
        ('Cluster("c", site=Site("s"), model="SSR120", nodes=[node("x", pin="node2")])',
         "expected one of node0, node1"),
        ('site_var("A B")', 'site_var: "A B" is no variable name'),
        ('path(3)', "path: expected a path such as edge.wan(\"wan0\"), got 3"),
        ('attest(by="me")', "attest: missing a required argument: 'on'"),
        ('Cluster("c", site=n, model="SSR120", nodes=[3])', "site: expected Site, got Network network.n"),
        ('Cluster("c", site=n, model="SSR120", nodes=[3])', "nodes[0]: expected a MAC address or node(…), got 3"),
        ('Site("s", lifecycle=lifecycle(ignore_changes=["tz"]))', "is no attribute of site"),
        ('Site("s", lifecycle=3)', "lifecycle: expected a lifecycle(…), got 3"),
        ('Site("s", provider="mist")', 'provider: expected a provider(…), got "mist"'),
        ('Site("s", "t")', 'takes its label first and everything else by keyword, got "t"'),
        ('Site()', "site: expected a label as first argument"),
        ('Site("s", depends_on=["n"])', 'depends_on[0]: expected a resource, got "n"'),
        (
            'Site("r"); Site("s", depends_on=["site.r"])',
            'depends_on[0]: expected a resource, got "site.r"; write the resource itself, declared at stack.py:',
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_recorded_with_its_line(line: str, says: str, stack: Any) -> None:
    found = mistakes(stack, line)
    assert [one for one in found if says in one and one.startswith(f"stack.py:{AFTER}: ")], found


def test_all_mistakes_of_a_block_are_reported_at_once(stack: Any) -> None:
    found = mistakes(stack, 'Cluster("c", site=n, template=n, model=3, nodes=["x", 4], cluster_id=0, firm="x")')
    assert len(found) == 6


def test_what_follows_from_a_mistake_is_not_reported(stack: Any) -> None:
    assert len(mistakes(stack, 't = WanEdgeTemplate("t", interfaces=[wan("w")])\nPolicy("p", template=t, networks=[n], '
                               'applications=[], action="allow")')) == 1  # fmt: skip


def test_wrong_names_of_wans_and_endpoints_are_left_to_the_rules(stack: Any) -> None:
    text = (
        HUB
        + 't = WanEdgeTemplate("t", interfaces=[])\nSteering("s", template=t, paths=[t.wan("no"), h.endpoint("no")])'
    )
    names = [path["name"] for path in stack(START + text).blocks["steering.t.s"].values["paths"]]
    assert names == ["no", "hub-1-no"]
