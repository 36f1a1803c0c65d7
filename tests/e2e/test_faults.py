"""Lost answers, failing pushes, dead processes: nothing is lost, nothing is doubled, and the next apply converges."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World, summary

Example = Callable[[str], World]
HERE = Path(__file__).parent
POSTS = (
    "/orgs/*/sites",
    "/orgs/*/vpns",
    "/orgs/*/networks",
    "/orgs/*/services",
    "/orgs/*/deviceprofiles",
    "/orgs/*/gatewaytemplates",
    "/sites/*/devices/*/ha",
    "/orgs/*/inventory/create_ha_cluster",
)


def doubled(world: World) -> list[str]:
    """Names that more than one object of a kind has."""
    found: list[str] = []
    for kind, objects in world.snapshot().items():
        if kind != "inventory":
            found += [f"{kind} {name}" for name, count in Counter(one["name"] for one in objects).items() if count > 1]
    return found


def test_every_post_whose_answer_was_lost_is_found_again_not_repeated(example: Example) -> None:
    world = example("hub_spoke_ssr")
    once = [f'[[fault]]\non = "POST {path}"\ndrop = "after"\ntimes = 0\n' for path in POSTS]
    # an assignment may be sent again: every other one is a repetition
    again = [f'[[fault]]\non = "POST /orgs/*/deviceprofiles/*/assign"\ndrop = "after"\nnth = {n}\n' for n in (1, 3)]
    world.misbehave("\n".join(once + again))
    assert world.apply().exit_code == 0
    assert doubled(world) == []
    assert summary(world.plan()) == {}


@pytest.mark.parametrize("path", POSTS)
def test_a_post_that_never_arrived_is_made_by_this_apply_or_the_next(example: Example, path: str) -> None:
    world = example("hub_spoke_ssr")
    world.misbehave(f'[[fault]]\non = "POST {path}"\ndrop = "before"\n')
    if world.apply().exit_code != 0:
        assert world.apply().exit_code == 0
    assert doubled(world) == []
    assert summary(world.plan()) == {}


def test_a_push_reverted_on_one_spoke_fails_the_template_and_is_offered_again(example: Example) -> None:
    world = example("hub_spoke_ssr")
    assert world.apply().exit_code == 0
    world.misbehave('[[push]]\nsite = "spoke1-site"\nresult = "revert"\n')
    world.edit(
        "../modules/hub_spoke.py",
        "[spoke_lan, guest], public_dns, pri_wan0)",
        "[spoke_lan, guest], public_dns, only_wan1)",
    )
    result = world.apply()
    assert result.exit_code == 3
    assert [outcome.address for outcome in result.failed] == ["policy.ha-spoke.public-dns"]
    assert "revert" in result.failed[0].text
    plan = world.plan()
    missing = [("policy.ha-spoke.public-dns", "missing on cluster.spoke1")]
    assert [(change.address, change.why) for change in plan.changes] == missing


def test_a_device_that_is_offline_gets_the_change_later_and_that_is_said(example: Example) -> None:
    world = example("hub_spoke_ssr")
    assert world.apply().exit_code == 0
    world.portal.post("/lab/devices", json={"mac": "02005e100c30", "connected": False})
    world.portal.post("/lab/devices", json={"mac": "02005e100c31", "connected": False})
    world.edit(
        "../modules/hub_spoke.py",
        "[spoke_lan, guest], public_dns, pri_wan0)",
        "[spoke_lan, guest], public_dns, only_wan1)",
    )
    result = world.apply()
    assert (result.exit_code, [outcome.address for outcome in result.pending]) == (0, ["policy.ha-spoke.public-dns"])


class Apart:
    """A stack and its simulator as a process of its own."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.pid_file = folder / "pid"
        self.port_file = folder / "port"
        self.lab_folder = world.folder / ".haplan" / "lab"
        command = [
            sys.executable,
            str(HERE / "simulator.py"),
            str(self.lab_folder),
            str(self.port_file),
            str(self.pid_file),
        ]
        self.simulator = subprocess.Popen(command)
        until = time.monotonic() + 20
        while not (self.port_file.exists() and self.port_file.read_text()):
            assert time.monotonic() < until, "the simulator did not start"
            assert self.simulator.poll() is None, "the simulator ended"

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        port = self.port_file.read_text()
        command = [
            sys.executable,
            str(HERE / "client.py"),
            str(self.world.folder),
            str(self.lab_folder),
            port,
            str(self.pid_file),
        ]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)

    def close(self) -> None:
        self.simulator.kill()
        self.simulator.wait()


SMALL = '''
"""One hub and one spoke: every kind of write that the worked example has, each as seldom as can be."""
from haplan import provider
from haplan.design import (Application, Cluster, HubProfile, Network, Overlay, Policy, Site, Steering,
                           WanEdgeTemplate, dhcp, ha_fabric, ha_sync, lan, static, wan)

provider("mist")
links = [ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")]
org = Overlay("org")
inside = Network("inside", subnet="{{LAN}}.0/24", vlan_id=10, advertise=org)
anything = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])
hub = HubProfile("hub", overlay=org, interfaces=[
    wan("wan0", "ge-0/0/0", static("198.51.100.2/24", gateway="198.51.100.1")),
    wan("wan1", "ge-1/0/0", static("203.0.113.2/24", gateway="203.0.113.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {inside: "{{LAN}}.1/24"}), *links])
Policy("in", profile=hub, networks=[inside], action="allow", applications=[anything])
spoke = WanEdgeTemplate("spoke", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp(), overlay=[hub.endpoint("wan0")]),
    wan("wan1", "ge-1/0/0", dhcp(), overlay=[hub.endpoint("wan1")]),
    lan("lan", "ge-0/0/3,ge-1/0/3", {inside: "{{LAN}}.1/24"}), *links])
both = Steering("both", template=spoke, strategy="ecmp", paths=[hub.endpoint("wan0"), hub.endpoint("wan1")])
Policy("out", template=spoke, networks=[inside], action="allow", applications=[anything], steering=both)
for name, number, carries in (("hub", 1, {"profile": hub}), ("spoke", 2, {"template": spoke})):
    site = Site(name, country_code="US", timezone="UTC", variables={"LAN": f"10.1.{number}"})
    Cluster(name, site=site, model="SSR120", nodes=[f"02005e10000{number}", f"02005e10001{number}"], **carries)
'''


@pytest.fixture
def apart(example: Example, tmp_path: Path) -> Iterator[Apart]:
    world = example("one_pair")
    (world.folder / "stack.py").write_text(SMALL)
    world.plan()  # seeds the organisation with the boxes
    found = Apart(world, tmp_path)
    yield found
    found.close()


def test_killed_after_each_remote_write_it_converges_without_doubles(apart: Apart) -> None:
    killed = 0
    while (done := apart.run("SIGKILL")).returncode == -9:
        killed += 1
        assert killed < 40
    assert done.returncode == 0, done.stderr
    assert killed >= 14  # as many as a first apply has writes
    apart.pid_file.write_text("")
    assert apart.run().returncode == 0
    assert doubled(apart.world) == []
    pairs = [box for box in apart.world.snapshot()["inventory"] if box[2]]
    assert len(pairs) == 4


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_ctrl_c_finishes_the_write_under_way_and_leaves_a_true_state(apart: Apart, name: str) -> None:
    done = apart.run(name)
    assert done.returncode == 7, done.stderr
    assert sum(apart.world.writes().values()) == 1
    assert apart.run().returncode == 0
    assert apart.run().returncode == 0
    assert doubled(apart.world) == []
