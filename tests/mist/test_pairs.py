"""Pairs over real HTTP and simulated time: formed, waited for, taken over, one node replaced, dissolved."""

from typing import Any

import attrs
import httpx
import pytest

from haplan.contracts import Target
from haplan.errors import ProviderError
from haplan.model.plan import Action, Change, Placed
from haplan.model.reason import Reason
from haplan_mist import assess
from haplan_mist.estate import Lists
from haplan_mist.lab import Device, Fault, LabDefinition, Pair, Push, Settings
from tests.mixed import mixed

A, B = "02005e100c30", "02005e100c31"
NEW = "02005e100c2f"
DEVICES = tuple(Device(mac=mac, serial=f"SN{mac[-4:]}", model="SSR120") for mac in (A, B, NEW))
ID = f"00000000-0000-0000-1000-{A}"


LINKS: dict[str, Any] = {
    "ha-fabric": {"usage": "ha_data", "ports": "ge-0/0/4,ge-1/0/4"},
    "ha-sync": {"usage": "ha_control", "ports": "ge-0/0/5,ge-1/0/5"},
    "lan": {"usage": "lan", "ports": "ge-0/0/3,ge-1/0/3", "redundant": True, "primary": "node0",
            "networks": {"lan": {"ip": "{{P}}.1/24"}}},
}  # fmt: skip


def spoke_values() -> dict[str, Any]:
    """A standalone template with two circuits."""
    wans = {f"wan{n}": {"usage": "wan", "ports": f"ge-{n}/0/0", "address": {"type": "dhcp"}, "source_nat": True}
            for n in (0, 1)}  # fmt: skip
    return {"interfaces": {**wans, **LINKS}, "type": "standalone", "dns_servers": [], "ntp_servers": []}


def hub_values() -> dict[str, Any]:
    """A hub profile with two endpoints."""
    wans = {
        f"wan{n}": {"usage": "wan", "ports": f"ge-{n}/0/0", "source_nat": True, "endpoint": f"t-wan{n}",
                    "address": {"type": "static", "ip": f"192.0.2.{n + 2}/31", "gateway": f"192.0.2.{n + 3}"}}
        for n in (0, 1)
    }  # fmt: skip
    return {"interfaces": {**wans, **LINKS}, "overlay": "O", "dns_servers": [], "ntp_servers": []}


def cluster(kind="template", **values):
    return {"site": "s", "model": "SSR120", "nodes": {B: {}, A: {"serial": "SN0c30"}}, "managed": True,
            kind: "t", **values}  # fmt: skip


def lay_out(world, kind="template"):
    """A site and what a pair is to carry."""
    world.create("site", "s", country_code="US", timezone="UTC", variables={"P": "10.0.0"})
    world.create("network", "lan", subnet="{{P}}.0/24")
    world.create("application", "any-app", addresses=["0.0.0.0/0"], protocols=["any"])
    if kind == "profile":
        world.create("overlay", "O", type="hub_spoke", endpoints=["t-wan0", "t-wan1"])
    world.create("hub_profile" if kind == "profile" else "wan_edge_template", "t",
                 **(hub_values() if kind == "profile" else spoke_values()))  # fmt: skip
    world.steps.clear()
    return world


def formed(world, kind="template"):
    lay_out(world, kind)
    world.create("cluster", "c", **cluster(kind, nodes={A: {}, B: {}}))
    return world


def entry(world, mac=A):
    return next(item for item in world.listed("stats/devices?type=gateway") if item["mac"] == mac)


@pytest.mark.parametrize(("kind", "steps"), [
    ("template", ["update", "form"]), ("profile", ["assign", "assign profile", "form"]),
])  # fmt: skip
def test_a_pair_is_formed_in_as_few_writes_as_can_be(world, kind, steps):
    world = formed(world, kind)
    assert world.steps == steps
    seen = world.see("cluster.c")
    assert seen.id == world.rows["cluster.c"].id == ID
    assert seen.status == "ok"
    assert list(seen.values["nodes"]) == [A, B]
    assert (seen.values["site"], seen.values[kind], seen.values["model"]) == ("s", "t", "SSR120")
    assert entry(world)["config_status"] == "COMMITED"


def test_waiting_says_how_far_it_is(world):
    formed(world)
    assert world.told[0] == "0 of about 15 min: waiting for the nodes to join"
    assert "3 of about 15 min: nodes rebooting" in world.told
    assert world.told[-1] == "14 of about 15 min: formed, configuration being pushed"


def test_waiting_for_many_pairs_costs_one_call_a_look(make_world):
    macs = [f"02005e20{number:04x}" for number in range(40)]
    world = make_world(
        definition=LabDefinition(devices=tuple(Device(mac=mac, serial=mac, model="SSR120") for mac in macs))
    )
    lay_out(world)
    tasks = []
    for number in mixed(20):
        world.create("site", f"s{number}", variables={"P": "10.0.0"})
        pair = macs[2 * number : 2 * number + 2]
        change = Change(
            address=f"cluster.c{number}",
            type="cluster",
            name=f"c{number}",
            provider="mist",
            action=Action.CREATE,
            after=cluster(site=f"s{number}", nodes={mac: {} for mac in pair}),
        )
        bind, form = world.provider.placements(change, Lists({}))
        for placement in (bind, form):
            task, written = world.start(f"t{number}", placement.document, [Placed(change.address, placement)],
                                        {change.address: change})  # fmt: skip
        assert written.settling
        tasks.append(task)
    before = world.made()
    for _minute in range(20):
        found = world.provider.settled(tasks)
        world.lab.clock.sleep(60)
    assert {settlement.state for settlement in found.values()} == {"done"}
    assert world.made() - before <= 20


def test_an_existing_pair_of_the_same_two_is_taken_over(world):
    lay_out(world)
    site = world.rows["site.s"].id
    world.portal("POST", world.org("inventory/create_ha_cluster"),
                 {"nodes": [{"mac": B}, {"mac": A}], "site_id": site})  # fmt: skip
    world.lab.clock.sleep(1200)
    target = Target(address="cluster.c", type="cluster", name="c", values=cluster())
    seen = world.read(target).seen["cluster.c"]
    # the other order is as good: node0 is not changed
    assert (seen.found_by_name, seen.status, list(seen.values["nodes"])) == (True, "ok", [B, A])
    change = Change(
        address="cluster.c",
        type="cluster",
        name="c",
        provider="mist",
        action=Action.IMPORT,
        reason=Reason.TAKEN_OVER,
        before=seen.values,
        after=cluster(),
        id=seen.id,
        importing=seen.id,
    )
    world.apply(change)
    assert world.steps == ["update"]
    assert world.listed("inventory?vc=true")[0]["vc_mac"] == B


@pytest.mark.parametrize("path", ["inventory/create_ha_cluster"])
@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_pair_whose_answer_was_lost_is_formed_once(make_world, path, drop):
    world = make_world(faults=(Fault(on=f"POST /orgs/*/{path}", drop=drop),))
    formed(world)
    assert world.see("cluster.c").status == "ok"


def test_a_hub_whose_steps_lost_their_answers_is_formed_once(make_world):
    world = make_world(faults=(Fault(on="PUT /orgs/*/inventory", drop="after"),
                               Fault(on="POST /orgs/*/deviceprofiles/*/assign", drop="after"),
                               Fault(on="POST /sites/*/devices/*/ha", drop="after")))  # fmt: skip
    formed(world, "profile")
    assert world.see("cluster.c").values["profile"] == "t"


def test_a_half_made_pair_is_seen_and_gone_on_with(world):
    lay_out(world)
    world.portal("PUT", world.org("inventory"), {"op": "assign", "macs": [A, B], "site_id": world.rows["site.s"].id})
    target = Target(address="cluster.c", type="cluster", name="c", values=cluster(), pending=True)
    seen = world.read(target).seen["cluster.c"]
    assert seen.status == "incomplete"
    change = Change(
        address="cluster.c",
        type="cluster",
        name="c",
        provider="mist",
        action=Action.IMPORT,
        reason=Reason.RESUMED,
        before=seen.values,
        after=cluster(),
        id=seen.id,
    )
    world.apply(change)
    assert world.steps == ["update", "form"]
    assert world.see("cluster.c").status == "ok"


def test_a_pair_that_forms_is_incomplete_until_it_has(world):
    lay_out(world)
    world.portal("POST", world.org("inventory/create_ha_cluster"),
                 {"nodes": [{"mac": A}, {"mac": B}], "site_id": world.rows["site.s"].id})  # fmt: skip
    target = Target(address="cluster.c", type="cluster", name="c", values=cluster())
    assert world.read(target).seen["cluster.c"].status == "incomplete"
    assert world.provider.facts([target], world.look())["cluster.c"]["status"] == "forming"
    world.lab.clock.sleep(1200)
    assert world.read(target).seen["cluster.c"].status == "ok"


@pytest.mark.parametrize(("result", "text"), [
    ("never", "the pair did not form within 35 min"), ("fail", "HA_FORMATION_FAILED: cable"),
    ("half", "did not form within 35 min"),
])  # fmt: skip
def test_a_pair_that_does_not_form_is_told_with_the_reason(make_world, result, text):
    world = make_world(pairs=(Pair(result=result, reason="cable"),))
    with pytest.raises(AssertionError, match=text):
        formed(world)


def test_the_time_a_formation_may_take_can_be_set(make_world):
    world = lay_out(make_world(pairs=(Pair(result="never"),)))
    change = Change(
        address="cluster.c", type="cluster", name="c", provider="mist", action=Action.CREATE, after=cluster()
    )
    _, pair = world.provider.placements(change, Lists({}))
    task, _ = world.start("t1", pair.document, [Placed(change.address, pair)], {change.address: change})
    found = world.settle(attrs.evolve(task, timeouts={"formation": 300}))
    assert (found.state, found.text.startswith("the pair did not form within 5 min")) == ("failed", True)


def test_nodes_of_different_firmware_fail_with_the_cloud_s_word(make_world):
    world = make_world(
        devices=(Device(mac=A, serial="a", model="SSR120"), Device(mac=B, serial="b", model="SSR120", version="6.2.0"))
    )
    with pytest.raises(AssertionError, match="HA_FW_MISMATCH: firmware differs"):
        formed(world)


def test_a_pair_that_forms_with_a_closed_push_window_is_queued(world):
    lay_out(world)
    world.portal("PUT", f"/sites/{world.rows['site.s'].id}/setting", {"config_push_policy": {"no_push": True}})
    with pytest.raises(AssertionError, match="the pair formed; the site's policy holds back every push"):
        world.create("cluster", "c", **cluster())


@pytest.mark.parametrize("kind", ["template", "profile"])
def test_a_deleted_pair_leaves_the_inventory_as_it_was_found(world, kind):
    before = [{k: v for k, v in r.items() if "time" not in k} for r in world.listed("inventory?vc=true")]
    formed(world, kind)
    world.delete("cluster.c")
    world.lab.clock.sleep(3600)
    after = [{k: v for k, v in r.items() if "time" not in k} for r in world.listed("inventory?vc=true")]
    assert after == before
    assert world.listed("sites")[0].get("gatewaytemplate_id") is None


def test_a_template_that_was_bound_before_is_bound_again_at_the_end(world):
    lay_out(world)
    theirs = world.portal("POST", world.org("gatewaytemplates"), {"name": "theirs"})["id"]
    world.portal("PUT", f"/sites/{world.rows['site.s'].id}", {"gatewaytemplate_id": theirs})
    world.read()
    world.create("cluster", "c", **cluster())
    world.delete("cluster.c")
    assert world.listed("sites")[0]["gatewaytemplate_id"] == theirs


@pytest.mark.parametrize(("kind", "nodes", "pair"), [
    ("template", (A, NEW), [A, NEW]), ("profile", (A, NEW), [A, NEW]), ("template", (NEW, B), [NEW, B]),
    ("profile", (NEW, B), [NEW, B]),
])  # fmt: skip
def test_one_node_is_replaced_in_place(make_world, kind, nodes, pair):
    world = formed(make_world(devices=DEVICES), kind)
    world.steps.clear()
    world.update("cluster.c", nodes={mac: {} for mac in nodes})
    assert world.steps == ["assign", "replace node", "unassign"]
    seen = world.see("cluster.c")
    assert (list(seen.values["nodes"]), seen.status, seen.values[kind]) == (pair, "ok", "t")
    gone = next(mac for mac in (A, B) if mac not in nodes)
    record = next(record for record in world.listed("inventory?vc=true") if record["mac"] == gone)
    assert (record["site_id"], record["deviceprofile_id"]) == ("", None)


def test_a_replacement_of_another_model_is_refused(make_world):
    world = formed(make_world(devices=(*DEVICES[:2], Device(mac=NEW, serial="n", model="SSR130"))))
    with pytest.raises(ProviderError, match=f"{NEW} is SSR130, expected SSR120"):
        world.update("cluster.c", nodes={A: {}, NEW: {}})


def test_a_replacement_that_belongs_elsewhere_is_refused(make_world):
    world = formed(make_world(devices=(*DEVICES[:2], Device(mac=NEW, serial="n", model="SSR120", site="elsewhere"))))
    with pytest.raises(ProviderError, match=f"{NEW} is assigned to site elsewhere"):
        world.update("cluster.c", nodes={A: {}, NEW: {}})


def test_both_nodes_in_one_write_are_refused(make_world):
    others = ("02005e100001", "02005e100002")
    world = formed(make_world(devices=(*DEVICES[:2], *(Device(mac=mac, serial=mac, model="SSR120") for mac in others))))
    steps = len(world.steps)
    with pytest.raises(ProviderError, match="both nodes would change at once"):
        world.update("cluster.c", nodes={mac: {} for mac in others})
    assert len(world.steps) == steps


def test_a_device_that_nobody_claimed_is_told(world):
    lay_out(world)
    with pytest.raises(ProviderError, match="02005e10ffff is not in the organisation's inventory; claim it"):
        world.create("cluster", "c", **cluster(nodes={A: {}, "02005e10ffff": {}}))


def test_a_device_at_another_site_is_told(make_world):
    world = lay_out(
        make_world(
            devices=(Device(mac=A, serial="a", model="SSR120"), Device(mac=B, serial="b", model="SSR120", site="other"))
        )
    )
    with pytest.raises(ProviderError, match=f"{B} is assigned to site other; unassign it first"):
        world.create("cluster", "c", **cluster())


def test_facts_tell_devices_and_bindings(world):
    formed(world)
    facts = world.provider.facts([world.target(world.rows["cluster.c"]),
                                  world.target(world.rows["wan_edge_template.t"])], world.look())  # fmt: skip
    world.see("cluster.c")
    facts = world.provider.facts([world.target(row) for row in world.rows.values()], world.look())
    assert facts["wan_edge_template.t"] == {"bound": ["s"], "policies": [], "variables": ["P"]}
    assert facts["cluster.c"]["pair"] == [A, B]
    assert facts["cluster.c"]["status"] == "formed"
    assert facts["cluster.c"]["nodes"][B] == {
        "known": True, "model": "SSR120", "serial": "SN0c31", "firmware": "6.3.0-107", "site": "s", "connected": True,
        "managed": True, "cluster": A}  # fmt: skip


# --- pushes ---


def test_a_change_of_a_template_waits_until_its_devices_have_it(world):
    formed(world)
    world.told.clear()
    world.update("wan_edge_template.t", dns_servers=["9.9.9.9"])
    assert world.told == ["configuration pushed to 0 of 1 devices"]


def test_a_change_that_reaches_no_device_is_not_waited_for(world):
    lay_out(world)
    before = world.made()
    world.update("network.lan", subnet="{{P}}.0/25")
    assert world.told == []
    assert world.made() - before <= 12


def test_a_reverted_push_is_a_failure_with_its_reason_and_is_mended_by_the_next_apply(make_world):
    world = formed(make_world(pushes=(Push(result="revert", site="s", nth=2),)))
    with pytest.raises(AssertionError, match="at s: GW_CONFIG_FAILED: configuration reverted"):
        world.update("wan_edge_template.t", dns_servers=["9.9.9.9"])
    change = world.changed("wan_edge_template.t", dns_servers=["9.9.9.9"])
    world.steps.clear()
    world.apply(attrs.evolve(change, reason=Reason.RESUMED))
    assert world.steps == ["update"]
    assert entry(world)["config_status"] == "COMMITED"


def test_a_device_that_is_offline_takes_it_later(world):
    formed(world)
    for mac in (A, B):
        httpx.post(f"{world.url}/lab/devices", json={"mac": mac, "connected": False}, trust_env=False, verify=False)
    with pytest.raises(AssertionError, match=f"{A} at s: offline; it takes the configuration when it comes back"):
        world.update("wan_edge_template.t", dns_servers=["9.9.9.9"])


def test_a_push_that_never_comes_is_a_failure_after_ten_minutes(make_world):
    world = formed(make_world(pushes=(Push(result="queue", site="s", nth=2),)))
    started = world.lab.clock.now()
    with pytest.raises(AssertionError, match="it has not confirmed the configuration within 10 min"):
        world.update("wan_edge_template.t", dns_servers=["9.9.9.9"])
    assert 600 <= world.lab.clock.now() - started <= 720


def test_a_network_change_is_seen_to_reach_the_site(world):
    formed(world)
    world.see("cluster.c")
    said = world.provider.assess(world.changed("network.lan", subnet="{{P}}.0/25"), world.look())
    assert (said.impact.kind, said.impact.seconds, said.sites) == ("traffic", 60, ("s",))
    said = world.provider.assess(world.changed("wan_edge_template.t", dns_servers=["9.9.9.9"]), world.look())
    assert said.impact.kind == "config-push"


def test_a_stack_that_says_serials_sees_them(make_world):
    world = make_world(definition=LabDefinition(devices=DEVICES, settings=Settings(swap_modules=True)))
    formed(world)
    assert world.see("cluster.c").values["nodes"][A]["serial"] == "SN0c30"


def test_a_serial_that_the_stack_has_wrong_is_a_fact_and_no_drift(world):
    formed(world)
    target = Target(
        address="cluster.c", type="cluster", name="c", values=cluster(nodes={A: {"serial": "WRONG"}, B: {}})
    )
    assert world.read(target).seen["cluster.c"].values["nodes"][A]["serial"] == "WRONG"
    assert world.provider.facts([target], world.look())["cluster.c"]["nodes"][A]["serial"] == "SN0c30"


DHCP = {"type": "local", "start": "10.0.0.100", "end": "10.0.0.199", "lease": 86400, "dns_servers": []}
PORT = {"usage": "lan", "ports": "ge-0/0/3", "networks": {"n": {"ip": "10.0.0.1/24", "dhcp": DHCP}}}
SERVES = {**PORT, "networks": {"n": {"ip": "10.0.0.1/24", "dhcp": {**DHCP, "lease": 3600}}}}
MOVED = {**PORT, "networks": {"n": {"ip": "10.0.0.2/24", "dhcp": DHCP}}}
NAMED = {**PORT, "extra": {"mist": {"description": "tills"}}}
SPLIT = {"usage": "ha_control", "ports": "ge-0/0/5,ge-1/0/5"}


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ({"interfaces": {"lan": PORT}}, {"interfaces": {"lan": SERVES}}, "config-push"),
        ({"interfaces": {"lan": PORT}}, {"interfaces": {"lan": NAMED}}, "config-push"),
        ({"interfaces": {"lan": PORT}}, {"interfaces": {"lan": MOVED}}, "traffic"),
        ({"interfaces": {"lan": PORT}}, {"interfaces": {}}, "traffic"),
        ({"interfaces": {"s": SPLIT}}, {"interfaces": {"s": {**SPLIT, "ports": "ge-0/0/6,ge-1/0/6"}}}, "outage"),
        ({"extra": {"dhcpd_config": {"n": {"options": {}}}}}, {"extra": {}}, "config-push"),
        ({"extra": {"tunnel_configs": {"z": {"psk": "a"}}}}, {"extra": {"tunnel_configs": {}}}, "traffic"),
        (
            {"extra": {"bgp_config": {"b": {"local_as": 1}}}},
            {"extra": {"bgp_config": {"b": {"local_as": 2}}}},
            "traffic",
        ),
        ({"dns_servers": ["9.9.9.9"]}, {"dns_servers": []}, "config-push"),
        ({"name": "a"}, {"name": "b"}, "none"),
    ],
)
def test_the_impact_of_a_template_follows_from_what_changes_on_the_wire(before: Any, after: Any, kind: str) -> None:
    lists = Lists(
        {
            "gatewaytemplates": {"t": {"id": "t", "name": "edge"}},
            "sites": {"s": {"id": "s", "name": "s", "gatewaytemplate_id": "t"}},
            "inventory": {"02aa": {"mac": "02aa", "site_id": "s", "model": "SSR120"}},
        }
    )
    change = Change(
        address="wan_edge_template.edge", type="wan_edge_template", name="edge", provider="mist", id="t",
        action=Action.UPDATE, reason=Reason.CHANGED, before=before, after=after,
    )  # fmt: skip
    assert assess.assess(lists, change).impact.kind == kind
