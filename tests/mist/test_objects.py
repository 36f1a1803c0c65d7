"""Reading and writing objects over real HTTP."""

import attrs
import pytest

from haplan.contracts import Target
from haplan.errors import ProviderError
from haplan.model.document import Document
from haplan.model.plan import Action, Change, Placed
from haplan.model.reason import Reason
from haplan.model.value import ALIKE, Secret
from haplan_mist.estate import Lists
from haplan_mist.lab import Fault

LAN = {"usage": "lan", "ports": "ge-0/0/3,ge-1/0/3", "redundant": True, "primary": "node0",
       "networks": {"lan": {"ip": "10.0.0.1/24"}}}  # fmt: skip
WAN = {"usage": "wan", "ports": "ge-0/0/0", "address": {"type": "dhcp"}, "source_nat": True}
POLICY = {"networks": ["lan"], "applications": ["any"], "action": "allow"}

KINDS = [
    ("site", {"country_code": "US", "variables": {"A": "1"}}, {"address": "1 Main St"}),
    ("overlay", {"type": "hub_spoke", "endpoints": ["h1-wan0"]}, {"endpoints": ["h1-wan0", "h1-wan1"]}),
    ("network", {"subnet": "10.0.0.0/24", "advertise": [], "cloud_access": True},
     {"subnet": "10.1.0.0/24", "cloud_access": False, "advertise": ["O"]}),
    ("application", {"addresses": ["0.0.0.0/0"], "protocols": ["any"]}, {"protocols": ["tcp/80", "udp/53"]}),
    ("hub_profile", {"interfaces": {"lan": LAN}, "dns_servers": ["9.9.9.9"]}, {"dns_servers": ["8.8.8.8"]}),
    ("wan_edge_template", {"interfaces": {"lan": LAN}, "type": "spoke"}, {"interfaces": {"wan0": WAN}}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "changed"), KINDS)
def test_an_object_is_created_seen_changed_and_deleted(world, kind, values, changed):
    world.create(kind, "x", **values)
    seen = world.see(f"{kind}.x")
    assert {key: seen.values[key] for key in values} == values
    world.update(f"{kind}.x", **changed)
    seen = world.see(f"{kind}.x")
    assert {key: seen.values[key] for key in changed} == changed
    target = world.target(world.rows[f"{kind}.x"])
    world.delete(f"{kind}.x")
    assert world.read(target).seen == {}


@pytest.mark.parametrize(("kind", "values", "_"), KINDS)
def test_nothing_changed_is_no_call(world, kind, values, _):
    world.create(kind, "x", **values)
    before = len(world.steps)
    world.update(f"{kind}.x")
    assert world.steps[before:] == []


@pytest.mark.parametrize("drop", ["after", "before"])
@pytest.mark.parametrize(("kind", "values", "_"), KINDS)
def test_a_create_whose_answer_was_lost_makes_no_second_one(make_world, kind, values, _, drop):
    path = {"site": "sites", "overlay": "vpns", "network": "networks", "application": "services",
            "hub_profile": "deviceprofiles", "wan_edge_template": "gatewaytemplates"}[kind]  # fmt: skip
    world = make_world(faults=(Fault(on=f"POST /orgs/*/{path}", drop=drop),))
    world.create(kind, "x", **values)
    suffix = "?type=gateway" if path == "deviceprofiles" else ""
    assert [item["name"] for item in world.listed(path + suffix)] == ["x"]


def test_what_others_set_survives_an_update(world):
    world.create("network", "x", subnet="10.0.0.0/24")
    id_ = world.rows["network.x"].id
    world.portal("PUT", world.org(f"networks/{id_}"), {"isolation": True, "vlan_id": 9})
    world.update("network.x", subnet="10.1.0.0/24")
    (network,) = world.listed("networks")
    assert (network["isolation"], network["vlan_id"], network["subnet"]) == (True, 9, "10.1.0.0/24")


def test_a_line_that_leaves_is_unset(world):
    world.create("network", "x", subnet="10.0.0.0/24", vlan_id=7)
    world.update("network.x", unset=("vlan_id",))
    assert "vlan_id" not in world.listed("networks")[0]


def test_vendor_keys_are_written_seen_and_cleared(world):
    world.create("network", "x", extra={"isolation": True}, subnet="10.0.0.0/24")
    assert world.see("network.x").values["extra"] == {"isolation": True}
    world.update("network.x", extra={})
    assert "isolation" not in world.listed("networks")[0]


def test_site_variables_of_others_are_kept_and_told(world):
    world.create("site", "s", variables={"A": "1", "B": "2"})
    id_ = world.rows["site.s"].id
    world.portal("PUT", f"/sites/{id_}/setting", {"vars": {"A": "1", "B": "2", "THEIRS": "x"}})
    reading = world.read()
    assert reading.unowned == {Document("setting", "s"): ("s: variable THEIRS is not in the stack",)}
    world.update("site.s", variables={"A": "3"})
    assert world.portal("GET", f"/sites/{id_}/setting")["vars"] == {"A": "3", "THEIRS": "x"}


def test_a_rename_keeps_the_object(world):
    world.create("site", "s", variables={})
    id_ = world.rows["site.s"].id
    world.update("site.s", rename="t")
    assert [(site["id"], site["name"]) for site in world.listed("sites")] == [(id_, "t")]


def test_two_objects_of_one_name_are_an_error_with_both_ids(world):
    for _ in range(2):
        world.portal("POST", world.org("gatewaytemplates"), {"name": "x"})
    with pytest.raises(ProviderError, match="is there 2 times"):
        world.read(Target(address="wan_edge_template.x", type="wan_edge_template", name="x"))


def test_a_template_with_its_rules_is_one_write(world):
    world.steps.clear()
    owner = Change(
        address="wan_edge_template.t",
        type="wan_edge_template",
        name="t",
        provider="mist",
        action=Action.CREATE,
        after={"interfaces": {"wan0": WAN, "lan": LAN}, "type": "standalone"},
    )
    rule = Change(
        address="steering.t.s",
        type="steering",
        name="s",
        provider="mist",
        action=Action.CREATE,
        owner="wan_edge_template.t",
        after={"template": "t", "strategy": "ordered", "paths": [{"kind": "wan", "name": "wan0"}]},
    )
    policies = [
        Change(
            address=f"policy.t.{n}",
            type="policy",
            name=n,
            provider="mist",
            action=Action.CREATE,
            owner="wan_edge_template.t",
            after={"template": "t", "steering": "s", **POLICY},
        )
        for n in ("b", "a")
    ]
    world.apply(owner, rule, *policies, orders={"gatewaytemplate:t": ("b", "a")})
    assert world.steps == ["create"]
    reading = world.read()
    assert reading.orders[Document("gatewaytemplate", "t"), "policy"] == ("b", "a")
    assert reading.seen["policy.t.a"].values == {"name": "a", "template": "t", "steering": "s", **POLICY}
    assert reading.seen["steering.t.s"].values["paths"] == [{"kind": "wan", "name": "wan0"}]


@pytest.fixture
def template(world):
    world.create("wan_edge_template", "t", interfaces={"wan0": WAN, "lan": LAN}, type="standalone")
    for name in ("a", "b", "c"):
        world.create("policy", name, template="t", **POLICY)
    return world


def names(world):
    return [policy["name"] for policy in world.listed("gatewaytemplates")[0]["service_policies"]]


def test_a_policy_of_others_stays_behind_its_predecessor(template):
    world = template
    (wire,) = world.listed("gatewaytemplates")
    listed = wire["service_policies"]
    listed.insert(1, {"name": "theirs", "tenants": ["x"], "services": ["any"], "action": "deny"})
    world.portal("PUT", world.org(f"gatewaytemplates/{wire['id']}"), {"service_policies": listed})
    assert "t: policy theirs is not in the stack" in world.read().unowned[Document("gatewaytemplate", "t")]
    change = world.changed("policy.a")
    world.apply(attrs.evolve(change, reason=Reason.REORDERED), orders={"gatewaytemplate:t": ("c", "b", "a")})
    assert names(world) == ["c", "b", "a", "theirs"]


def test_a_policy_is_inserted_where_the_stack_has_it(template):
    change = Change(
        address="policy.t.n",
        type="policy",
        name="n",
        provider="mist",
        action=Action.CREATE,
        owner="wan_edge_template.t",
        after={"template": "t", **POLICY},
    )
    template.apply(change, orders={"gatewaytemplate:t": ("a", "n", "b", "c")})
    assert names(template) == ["a", "n", "b", "c"]


def test_a_policy_that_leaves_takes_nothing_along(template):
    template.delete("policy.b")
    assert names(template) == ["a", "c"]


def test_a_steering_rule_and_its_users_are_renamed_in_one_write(template):
    world = template
    world.create("steering", "old", template="t", strategy="ordered", paths=[{"kind": "wan", "name": "wan0"}])
    world.update("policy.a", steering="old")
    world.steps.clear()
    world.apply(world.changed("steering.old", rename="new"), world.changed("policy.a", steering="new"))
    (wire,) = world.listed("gatewaytemplates")
    assert list(wire["path_preferences"]) == ["new"]
    assert wire["service_policies"][0]["path_preference"] == "new"
    assert world.steps == ["update"]


def test_a_name_that_others_use_is_replaced_new_first(world):
    world.create("network", "x", subnet="10.0.0.0/24")
    old = world.rows["network.x"]
    change = Change(
        address="network.x",
        type="network",
        name="y",
        provider="mist",
        action=Action.REPLACE,
        before={"name": "x", **old.values},
        after={"name": "y", **old.values},
        id=old.id,
        previous_id=old.id,
        create_first=True,
    )
    documents = [(str(p.document), p.part, p.late) for p in world.provider.placements(change, Lists({}))]
    assert documents == [("network:y", "create", False), ("network:x", "retire", True)]
    world.apply(change)
    assert [item["name"] for item in world.listed("networks")] == ["y"]


def test_an_overlay_grows_first_and_shrinks_last(world):
    world.create("overlay", "o", type="hub_spoke", endpoints=["a", "b"])
    change = world.changed("overlay.o", endpoints=["b", "c"])
    grow, shrink = world.provider.placements(change, Lists({}))
    assert (grow.part, grow.late, shrink.part, shrink.late) == ("grow", False, "shrink", True)
    world.start("t1", grow.document, [Placed(change.address, grow)], {change.address: change})
    assert sorted(world.listed("vpns")[0]["paths"]) == ["a", "b", "c"]
    world.start("t2", grow.document, [Placed(change.address, shrink)], {change.address: change})
    assert sorted(world.listed("vpns")[0]["paths"]) == ["b", "c"]


def test_a_default_that_the_portal_writes_down_is_seen_as_the_same(world):
    world.create("network", "x", subnet="10.0.0.0/24", advertise=[], cloud_access=True)
    before = world.see("network.x").values
    id_ = world.rows["network.x"].id
    world.portal("PUT", world.org(f"networks/{id_}"), {"disallow_mist_services": False, "vpn_access": {}})
    assert world.see("network.x").values == before


def test_a_password_goes_to_the_cloud_and_comes_back_as_equal_or_not_and_never_in_plain(world):
    address = {"type": "pppoe", "username": "u", "auth": "pap", "password": Secret("env:PPP")}
    world.create("wan_edge_template", "t", interfaces={"wan0": {**WAN, "address": address}}, type="standalone")
    (wire,) = world.listed("gatewaytemplates")
    assert wire["port_config"]["ge-0/0/0"]["ip_config"]["poser_password"] == "secret of env:PPP"
    seen = world.see("wan_edge_template.t").values["interfaces"]["wan0"]["address"]
    assert seen["password"] == Secret("env:PPP", fingerprint=ALIKE)
    assert not any("secret of" in line for line in world.logged)
    world.steps.clear()
    world.update("wan_edge_template.t")
    assert world.steps == []


def test_a_template_that_is_made_anew_keeps_its_sites_and_rules(template):
    world = template
    old = world.rows["wan_edge_template.t"]
    site = world.portal("POST", world.org("sites"), {"name": "s", "gatewaytemplate_id": old.id})
    change = attrs.evolve(world.changed("wan_edge_template.t"), action=Action.REPLACE, previous_id=old.id)
    world.apply(change)
    (wire,) = world.listed("gatewaytemplates")
    assert wire["id"] != old.id
    assert names(world) == ["a", "b", "c"]
    assert world.portal("GET", f"/sites/{site['id']}")["gatewaytemplate_id"] == wire["id"]
