"""An organisation that other people made with another client, whole: what plan, import and drift tell of it."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from haplan import engine
from haplan.model.plan import Plan
from haplan.report.lines import plain
from haplan.report.text import drift_report, plan_lines
from tests.e2e.world import World, summary

PROGRAM = Path(__file__).with_name("by_other_hands.py")
STACK = """
from haplan import provider, secret
from haplan.design import Application, Cluster, HubProfile, Network, Overlay, Policy, Site, Steering, WanEdgeTemplate
from haplan.design import dhcp, dhcp_server, ha_fabric, ha_sync, lan, lan_address, static, wan

provider("mist")
corp = Overlay("Corp")
office = Network("office", subnet="{{NET}}.0/24", vlan_id=10)
servers = Network("servers", subnet="10.20.{{HUB}}.0/24", vlan_id=20)
anything = Application("any", addresses=["0.0.0.0/0"])
links = [ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")]


def hub(number):
    return HubProfile(f"hub{number}", overlay=corp, interfaces=[
        *(wan(f"wan{node}", f"ge-{node}/0/0", endpoint=f"h{number}-wan{node}",
              address=static(f"192.0.{number}{node}.9/24", gateway=f"192.0.{number}{node}.1")) for node in (0, 1)),
        lan("lan", "ge-0/0/3,ge-1/0/3", {servers: f"10.20.{number}.1/24"}), *links])


h1, h2 = hub(1), hub(2)
branch = WanEdgeTemplate("branch", interfaces=[
    *(wan(f"wan{node}", f"ge-{node}/0/0", dhcp(), overlay=[h1.endpoint(f"wan{node}"), h2.endpoint(f"wan{node}")])
      for node in (0, 1)),
    lan("lan", "ge-0/0/3,ge-1/0/3",
        {office: lan_address("{{NET}}.1/24", dhcp=dhcp_server("{{NET}}.100", "{{NET}}.199"))}),
    *links],
  extra={"mist": {"tunnel_configs": {"cloud-firewall": {
      "provider": "custom-ipsec", "psk": secret("env:PSK"), "local_id": "branch@corp.example", "version": "2",
      "primary": {"wan_names": ["wan0"], "hosts": ["198.51.100.7"]}}}}})
local = Steering("local", template=branch, paths=[branch.wan("wan0"), branch.wan("wan1")])
Policy("out", template=branch, networks=[office], applications=[anything], action="allow", steering=local)
for number, (name, mac) in enumerate(PAIRS.items()):
    where = {"profile": [h1, h2][number]} if number < 2 else {"template": branch}
    variables = {"HUB": str(number + 1)} if number < 2 else {"NET": f"10.1.{number}"}
    Cluster(name, site=Site(name, country_code="DE", variables=variables), model="SSR120",
            nodes=[mac, mac[:-1] + "1"], **where)
"""
PAIRS = {"hub1": "02005e000010", "hub2": "02005e000020", "spoke1": "02005e000110", "spoke2": "02005e000120",
         "spoke3": "02005e000130"}  # fmt: skip
SPARE = "02005e000901"
OTHERS = {"02005e000900": "till", SPARE: ""}


def lab() -> str:
    boxes = {mac: "" for one in PAIRS.values() for mac in (one, f"{one[:-1]}1")} | OTHERS
    named = {mac: f'name = "{name}"\n' if name else "" for mac, name in boxes.items()}
    named[SPARE] = "connected = false\n"
    text = '[[device]]\nmac = "{mac}"\nserial = "S{mac}"\nmodel = "SSR120"\n{more}'
    return "\n".join(text.format(mac=mac, more=more) for mac, more in named.items())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if importlib.util.find_spec("mistapi") is None:
        pytest.skip("the mistapi package is not installed")
    folder: Path = tmp_path_factory.mktemp("others")
    (folder / "stack.py").write_text(STACK.replace("PAIRS.items()", f"{PAIRS!r}.items()"))
    with closing(World(folder)) as made:
        made.misbehave(lab())
        made.plan()
        made_by_mistapi(made)
        yield made


def made_by_mistapi(world: World) -> None:
    served, admin = world.lab.start(tls=True), str(world.portal.base_url).rstrip("/")
    env = {
        "HOME": str(world.folder), "MIST_HOST": "api.mist.com", "MIST_APITOKEN": world.lab.person_token,
        "MIST_ORG_ID": served.org_id, "HTTPS_PROXY": served.proxy, "REQUESTS_CA_BUNDLE": str(served.ca_file),
        "LAB_ADMIN": f"{admin}/lab",
    }  # fmt: skip
    done = subprocess.run([sys.executable, str(PROGRAM)], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout


NOTES = {
    "hub1: BGP core is not in the stack",
    "hub1: router_id is not in the stack",
    "hub2: BGP core is not in the stack",
    "hub2: router_id is not in the stack",
    "branch: options of the DHCP server of office is not in the stack",
    "branch: fixed_bindings of the DHCP server of office is not in the stack",
    "branch: route to 10.99.0.0/16 is not in the stack",
    'branch: organisation policy "security says" is not in the stack',
    "not in this stack, and serving nothing: WAN edge template branch-2019",
}
SITES = {
    ("HA124", "cluster.spoke1",
     "its device overrides port_config.ge-0/0/0; what the template says there has no effect"),
    ("HA124", "cluster.spoke2",
     "its device overrides ip_configs.office; what the template says there has no effect"),
    ("HA125", "cluster.spoke2",
     "its site also holds till (02005e000900), a standalone gateway; the site's template reaches them too"),
    ("HA125", "cluster.spoke3", "its site also holds 02005e000901, a spare; the site's template reaches them too"),
}  # fmt: skip
REFUSED = "refuses its configuration since "


def about_sites(plan: Plan) -> set[tuple[str, str, str]]:
    """What is told of devices, without the name of the site in front."""
    rules = ("HA124", "HA125", "HA162", "HA176", "HA180", "HA181")
    told = [(one.rule, one.address, one.message) for one in plan.findings if one.rule in rules]
    return {(rule, address, text.partition(": ")[2]) for rule, address, text in told}


def is_told(plan: Plan) -> None:
    """All that other hands did, in words, and nothing that they did not."""
    assert set(plan.notes) >= NOTES
    told = about_sites(plan)
    assert {one for one in told if one[0] != "HA162"} == SITES
    refused = [one.amiss for one in plan.drift] or [(text,) for rule, _, text in told if rule == "HA162"]
    ((reason,),) = refused
    assert REFUSED in reason
    assert reason.endswith("unknown vpn path 'h9-wan0.Corp'")


@pytest.fixture(scope="module")
def first(world: World) -> Plan:
    """What is planned before anything of it is in state."""
    return world.plan()


@pytest.fixture(scope="module")
def imported(world: World, first: Plan) -> World:
    """All of it imported, which tells the same and writes nothing."""
    before = world.snapshot()
    with world.session() as session:
        plan = engine.import_all(session)
        is_told(plan)
        assert (len(plan.changes), sum(one.writes for one in plan.transactions)) == (19, 0)
        assert engine.apply(session, plan).exit_code == 0
    assert world.snapshot() == before
    return world


def test_the_plan_tells_what_is_there_and_who_else_is(world: World, first: Plan) -> None:
    is_told(first)
    exist = {(one.message, one.hint) for one in first.findings if one.rule == "EXISTS"}
    command = f"run: haplan import --all {world.folder.resolve()} --lab"
    assert exist == {("14 of these exist already and are not in state", command)}
    assert {one.action.value for one in first.changes} == {"import"}


def test_after_the_import_nothing_is_to_do_and_plan_and_drift_tell_what_is_not_as_it_should_be(imported: World) -> None:
    plan, drift = imported.plan(), imported.plan(refresh_only=True)
    assert summary(plan) == {}
    for one in (plan, drift):
        is_told(one)
        assert [moved.address for moved in one.drift] == ["cluster.spoke1"]
    shown = " ".join(plain(drift_report(drift)).split())
    assert "1 resource does not run what is written there" in shown
    assert f"! cluster.spoke1 spoke1: {REFUSED}" in shown
    assert all(note in shown for note in NOTES)


def test_the_pre_shared_key_of_others_stands_nowhere_in_plain(imported: World) -> None:
    kept = [one for one in imported.folder.rglob("*") if one.is_file() and one.name != "mist.db"]
    kept = [one for one in kept if not one.name.startswith("mist.db")]
    assert [str(one) for one in kept if b"lab-PSK" in one.read_bytes()] == []
    assert "lab-PSK" not in plain(plan_lines(imported.plan(), full=True))
