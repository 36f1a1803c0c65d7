"""What devices really run, who else is at their site, and what of it a plan, a drift report and an import tell."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan import engine
from haplan.model.plan import Plan
from haplan.report.text import drift_report, plan_lines
from tests.e2e.world import World, summary

Example = Callable[[str], World]
NODES = ("02005e100c30", "02005e100c31")


@pytest.fixture
def applied(example: Example) -> World:
    world = example("one_pair")
    assert world.apply().exit_code == 0
    return world


def change_port(world: World, **keys: Any) -> None:
    """A person puts something on the first WAN of the template; the cloud pushes it, and a minute later it is known."""
    template = world.template("ha-branch")
    ports = template["port_config"]
    ports["ge-0/0/0"] = {**ports["ge-0/0/0"], **keys}
    world.put(f"/orgs/{{org}}/gatewaytemplates/{template['id']}", {"port_config": ports})
    world.lab.clock.sleep(120)


def box(world: World, **keys: Any) -> None:
    """The world outside changes: a cable, a firmware, a box more."""
    assert world.portal.post("/lab/devices", json=keys).status_code == 200


def said(lines: Any) -> str:
    return "\n".join("".join(text for text, _ in line.spans) for line in lines)


def found(plan: Plan, rule: str) -> list[tuple[str, str]]:
    return [(one.severity, one.message) for one in plan.findings if one.rule == rule]


def test_a_pair_that_refuses_its_configuration_is_drift_with_the_device_s_reason_and_since_when(applied: World) -> None:
    change_port(applied, vpn_paths={"nowhere.Org": {"role": "spoke"}})
    plan = applied.plan()
    (drift,) = plan.drift
    assert (drift.address, drift.recorded, drift.seen) == ("cluster.branch", {}, {})
    (reason,) = drift.amiss
    assert reason.startswith("refuses its configuration since 20")
    assert reason.endswith("UTC: unknown vpn path 'nowhere.Org'")
    assert summary(plan) == {}  # what it refuses is still written there
    assert "All is written as the stack says, and 1 resource does not run what is written there." in said(
        plan_lines(plan)
    )
    asked = applied.plan(refresh_only=True)
    assert asked.drift == plan.drift  # which is exit 2 of `haplan drift`
    assert f"branch: {reason}" in said(drift_report(asked))


def test_what_does_not_run_is_nothing_to_take_into_state(applied: World) -> None:
    change_port(applied, vpn_paths={"nowhere.Org": {"role": "spoke"}})
    assert applied.apply(refresh_only=True).run == ""
    assert applied.plan().drift


def test_once_the_cause_is_gone_the_plan_offers_to_push_again_and_the_pair_runs_it(applied: World) -> None:
    applied.portal.post("/lab/faults", json={"push": [{"result": "lock_failed"}]})
    change_port(applied, description="by a colleague")
    plan = applied.plan()
    assert [(one.address, one.why) for one in plan.changes] == [("cluster.branch", "sent again")]
    (change,) = plan.changes
    assert (change.impact.kind, change.impact.note) == ("config-push", "its configuration is pushed again")
    assert applied.apply().exit_code == 0
    plan = applied.plan()
    assert (summary(plan), plan.drift) == ({}, ())


def test_a_site_with_a_spare_an_offline_node_and_two_firmwares_is_told_with_names(applied: World) -> None:
    (site,) = applied.get("/orgs/{org}/sites")
    box(applied, mac="02005e100cff", serial="SPARE", model="SSR120", name="old-edge", site=site["name"])
    box(applied, mac=NODES[1], connected=False, version="6.9.9-1")
    for plan in (applied.plan(), applied.plan(refresh_only=True)):
        assert found(plan, "HA125") == [
            ("warning", "branch: its site also holds old-edge (02005e100cff), a spare; "
             "the site's template reaches them too")
        ]  # fmt: skip
        ((severity, text),) = found(plan, "HA176")
        assert (severity, text.startswith(f"branch: node1 {NODES[1]} is offline since 20")) == ("warning", True)
        assert found(plan, "HA006")[0][1].endswith(f", {NODES[1]} 6.9.9-1)")
        assert plan.drift == ()
    assert "HA176" in said(drift_report(plan))


def test_an_import_tells_what_the_pair_is_like(applied: World) -> None:
    change_port(applied, vpn_paths={"nowhere.Org": {"role": "spoke"}})
    box(applied, mac=NODES[1], connected=False)
    applied.edit("stack.py", 'Cluster("branch"', 'Cluster("again"')
    with applied.session() as session:
        plan = engine.import_(session, "cluster.again", f"00000000-0000-0000-1000-{NODES[0]}")
    assert summary(plan) == {"cluster.again": "import"}
    assert "refuses its configuration since" in found(plan, "HA162")[0][1]
    assert found(plan, "HA176")


def test_what_another_write_of_the_plan_reaches_is_not_sent_again_beside_it(applied: World) -> None:
    applied.portal.post("/lab/faults", json={"push": [{"result": "lock_failed"}]})
    change_port(applied, description="by a colleague")
    applied.edit("stack.py", "172.22.99.1/24", "172.22.99.2/24")
    assert summary(applied.plan()) == {"wan_edge_template.ha-branch": "update"}
    assert applied.apply().exit_code == 0
    assert applied.plan().drift == ()


def test_the_plan_after_the_path_is_back_has_nothing_to_mend_and_before_it_makes_the_path(example: Example) -> None:
    world = example("hub_spoke_ssr")
    assert world.apply().exit_code == 0
    vpn = world.named("/orgs/{org}/vpns", "OrgOverlay")
    world.put(
        f"/orgs/{{org}}/vpns/{vpn['id']}",
        {"paths": {name: one for name, one in vpn["paths"].items() if name != "h2-wan1"}},
    )
    world.lab.clock.sleep(120)
    plan = world.plan()
    assert summary(plan) == {"overlay.OrgOverlay": "update"}
    assert {one.address for one in plan.drift if one.amiss} == {"cluster.h2", "cluster.spoke1", "cluster.spoke2"}
    assert world.apply().exit_code == 0
    plan = world.plan()
    assert (summary(plan), plan.drift) == ({}, ())


@pytest.fixture
def overlay(example: Example) -> World:
    """Two hubs and two spokes, all up."""
    world = example("hub_spoke_ssr")
    assert world.apply().exit_code == 0
    return world


def unplug(world: World, mac: str, *ports: str) -> None:
    box(world, mac=mac, unplugged=[*ports])


def cut(world: World, *macs: str) -> None:
    """Both circuits of these pairs are dead."""
    for mac in macs:
        box(world, mac=mac, unplugged=["ge-0/0/0", "ge-1/0/0"])


def test_paths_that_are_down_are_told_at_both_their_ends_and_ask_for_nothing(overlay: World) -> None:
    assert [found(overlay.plan(), rule) for rule in ("HA180", "HA177", "HA186")] == [[], [], []]
    box(overlay, mac="02005e100c30", unplugged=["ge-0/0/0", "ge-0/0/5"])
    plan = overlay.plan()
    assert (summary(plan), plan.drift) == ({}, ())
    assert [text for _, text in found(plan, "HA180")] == [
        "h1: an overlay path is down: wan0 to h1-wan0 from spoke1-site",
        "h2: an overlay path is down: wan0 to h2-wan0 from spoke1-site",
        "spoke1: 2 overlay paths are down: wan0 to h1-wan0, wan0 to h2-wan0",
    ]
    assert found(plan, "HA177") == [("warning", "spoke1: the state of the pair is degraded")]
    assert any("gw_ha_control_link_down" in text for _, text in found(plan, "HA186"))


def test_a_write_after_which_nothing_it_reached_has_a_path_is_not_green_and_blames_no_other(overlay: World) -> None:
    overlay.edit("../modules/hub_spoke.py", "dhcp(), overlay", "dhcp(), mtu=1400, overlay")
    cut(overlay, "02005e100c30")
    result = overlay.apply()
    assert result.exit_code == 0  # spoke2 is well, and spoke1 was cut off before
    assert [one.severity for one in result.findings if one.rule == "HA180"] == ["warning"]
    overlay.edit("../modules/hub_spoke.py", "mtu=1400", "mtu=1500")
    cut(overlay, "02005e100c30", "02005e100d0a")
    result = overlay.apply()
    assert result.exit_code == 3
    assert "none of its overlay paths is up: wan0 to h1-wan0" in result.failed[0].text


def test_a_pair_that_forms_without_a_path_to_any_hub_is_red_and_stops_the_next(example: Example) -> None:
    world = example("hub_spoke_ssr")
    world.plan()  # makes the lab
    cut(world, "02005e100a10", "02005e100b20")
    result = world.apply()
    assert result.exit_code == 10
    assert [(one.address, "HA180" in one.text) for one in result.failed] == [("cluster.spoke1", True)]
    assert "cluster.spoke2" in {one.address for one in result.stopped}


def override(world: World, **keys: object) -> None:
    (site,) = world.get("/orgs/{org}/sites")
    world.put(f"/sites/{site['id']}/devices/00000000-0000-0000-1000-{NODES[0]}", keys)
    world.lab.clock.sleep(120)


def reads_of_devices(world: World) -> int:
    return world.calls().get("GET /sites/{site_id}/devices", 0)


def test_what_is_set_on_a_device_is_read_where_others_touched_its_site_and_remembered_at_the_next_apply(
    applied: World,
) -> None:
    applied.forget_calls()
    assert (found(applied.plan(), "HA124"), reads_of_devices(applied)) == ([], 0)
    override(applied, ip_configs={"guest": {"type": "static", "ip": "172.22.99.9", "netmask": "/24"}}, vars={"X": "1"})
    said = [("warning", "branch: its device overrides ip_configs.guest, vars.X; "
             "what the template says there has no effect")]  # fmt: skip
    assert (found(applied.plan(), "HA124"), reads_of_devices(applied)) == (said, 1)
    applied.edit("stack.py", "172.22.99.1/24", "172.22.99.2/24")
    assert applied.apply().exit_code == 0
    applied.forget_calls()
    assert (found(applied.plan(), "HA124"), reads_of_devices(applied)) == (said, 0)


@pytest.mark.parametrize("part", [{"targets": ("site.branch",)}, {"excludes": ("cluster.branch",)}])
def test_what_is_set_on_a_device_meanwhile_is_told_after_an_apply_of_a_part_that_it_is_not_in(
    applied: World, part: dict[str, tuple[str, ...]]
) -> None:
    applied.edit("stack.py", 'timezone="America/New_York"', 'timezone="America/New_York", variables={"N": "1"}')
    assert applied.apply().exit_code == 0  # of a site with variables the log tells whether they are as recorded
    override(applied, vars={"X": "1"})
    applied.edit("stack.py", "America/New_York", "Europe/Berlin")
    assert applied.apply(**part).exit_code == 0
    for reads in (1, 0):
        applied.forget_calls()
        plan = applied.plan()
        (said,) = found(plan, "HA124")
        assert "its device overrides vars.X" in said[1]
        assert reads_of_devices(applied) == reads
        applied.edit("stack.py", "172.22.99.1/24", "172.22.99.2/24") if reads else None
        assert applied.apply().exit_code == 0


def test_a_deep_look_reads_all_and_says_how_many_calls_before(applied: World) -> None:
    applied.forget_calls()
    plan = applied.plan(refresh_only=True, deep=True)
    assert (found(plan, "HA124"), reads_of_devices(applied)) == ([], 1)
    assert any("looking at the settings of devices themselves: 1 call" in text for text in applied.told())
