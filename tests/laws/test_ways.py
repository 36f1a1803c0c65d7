"""All the other ways through: each kind of change, by each way that a plan is made and carried out, on each provider.

A hub pair and two spokes, labels in no order. Whichever way it goes, in the end the estate is as the stack says, and
the next plan is empty.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from haplan import engine, repair
from haplan.host.options import Options
from haplan.model.plan import Action
from tests.laws.ways import WAYS, Stack, addresses, well

STACK = """
from haplan import moved, provider, secret
from haplan.design import *

CHANGES = ()
PLATFORM = "mist"
SRX, SSR = PLATFORM == "srx", PLATFORM == "ssr"
provider("ssr", host="conductor.example.net") if SSR else provider(PLATFORM)
wan0, wan1 = ("ge-0/0/7", "ge-1/0/7") if SRX else ("ge-0/0/0", "ge-1/0/0")
links = [ha_fabric("ge-0/0/2,ge-1/0/2")] if SRX else [ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")]
redundant = {"reth_idx": 0} if SRX else {}

def pair(label, number, site, **of):
    def box(at):
        more = {"srx": {"host": f"box{number}-{at}"}, "ssr": {"asset_id": f"BOX{number}{at}"}}
        return node(f"0200000{number}000{at}", **more.get(PLATFORM, {}))
    nodes = [box(0), box(1)]
    attested = attest(collocated=True, cabled=True, same_l2=True, by="A. Planner", on="2026-11-20")
    ids = {"cluster_id": number} if SRX else {}
    Cluster(label, site=site, model="SRX300" if SRX else "SSR120", nodes=nodes, attested=attested, **ids, **of)

def site(label, number):
    office = f"10.{number + ('variables' in CHANGES and label == 'zinc') * 10}.0"
    return Site(label, country_code="CH", timezone="Europe/Zurich", variables={"OFFICE": office})

wharf, zinc, alum = site("wharf", 1), site("zinc", 2), site("alum", 3)
visitors = "visitors" if "moved" in CHANGES else "guest"
guest = Network(visitors, name="guest", subnet="172.22.99.0/24", vlan_id=98 if "network" in CHANGES else 99)
if "moved" in CHANGES:
    moved("network.guest", "network.visitors")
office = Network("office", subnet="{{OFFICE}}.0/24", vlan_id=100)
shop = "203.0.113.8/32" if "application" in CHANGES else "203.0.113.7/32"
web = Application("web", addresses=[shop], protocols=["tcp/443"])
mail = Application("mail", addresses=["198.51.100.77/32"], protocols=["tcp/25"])
dns = Application("dns", addresses=["8.8.8.8/32"], protocols=["udp/53"])
edge = WanEdgeTemplate("edge", dns_servers=["9.9.9.9" if "template" in CHANGES else "8.8.8.8"], interfaces=[
    wan("wan1", wan0, static("192.0.2.10/25", gateway="192.0.2.1")),
    wan("wan0", wan1, static("198.51.100.10/24", gateway="198.51.100.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "{{OFFICE}}.1/24", guest: "172.22.99.1/24"}, **redundant), *links])
paths = [edge.wan("wan1"), edge.wan("wan0")]
out = Steering("out", template=edge, paths=paths[::-1] if "steering" in CHANGES else paths)
rules = [("zebra", mail, "allow"), ("access", web, "allow")]
rules += [("middle", dns, "allow")] if "policy" in CHANGES else []
rules = rules[:1] if "gone" in CHANGES else rules[::-1] if "reordered" in CHANGES else rules
for label, application, action in rules:
    Policy(label, template=edge, networks=[office], action=action, applications=[application], steering=out)
overlay = Overlay("mesh", **({"psk": secret("env:PSK")} if SRX else {}))
core = HubProfile("core", overlay=overlay, dns_servers=["9.9.9.9" if "profile" in CHANGES else "8.8.8.8"], interfaces=[
    wan("wan1", wan0, static("203.0.113.20/24", gateway="203.0.113.254"), endpoint="core-wan1"),
    wan("wan0", wan1, static("198.18.0.20/24", gateway="198.18.0.254"), endpoint="core-wan0"),
    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "{{OFFICE}}.1/24"}, **redundant), *links])
pair("wharf", 1, wharf, profile=core)
pair("zinc", 2, zinc, template=edge)
pair("alum", 3, alum, template=edge)
"""
CHANGES = (
    "variables", "network", "application", "template", "steering", "policy", "gone", "reordered", "moved", "profile",
)  # fmt: skip
BESIDE = {"profile": "template"}
"""By default it is the profile."""
PROVIDERS = ("mist", "srx", "ssr")


class Policies(Stack):
    """The stack with its lab."""

    def want(self, changes: object, more: str = "") -> None:
        text = STACK.replace('PLATFORM = "mist"', f'PLATFORM = "{self.platform}"')
        (self.folder / "stack.py").write_text(text.replace("CHANGES = ()", f"CHANGES = {changes!r}") + more)

    def at(self, folder: Path) -> "Policies":
        super().at(folder)
        return Policies(folder, self.platform)

    def beside(self, change: str) -> str:
        return BESIDE.get(change, "profile")


FEW = [
    (platform, way, CHANGES[(7 * at + number) % len(CHANGES)])
    for at, platform in enumerate(PROVIDERS)
    for number, way in enumerate(WAYS)
]
"""Each way on each provider, with every kind of change among them."""
NONE = ("ssr", "reordered")
"""On a conductor the order of policies means nothing: that is no change."""


@pytest.fixture(scope="module")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Stack]:
    """What stood before, applied once for each provider; each test has a copy."""
    made: dict[str, Policies] = {}

    def make(platform: str) -> Stack:
        if platform not in made:
            stack = Policies(tmp_path_factory.mktemp(platform), platform)
            stack.want(())
            well(stack.apply())
            made[platform] = stack
        return made[platform].at(tmp_path_factory.mktemp("way") / "stack")

    return make


def test_every_kind_of_change_is_among_the_few() -> None:
    assert {change for _, _, change in FEW} == set(CHANGES)


@pytest.mark.parametrize(("platform", "way", "change"), FEW)
def test_each_way_leads_to_the_end(stands: Callable[[str], Stack], platform: str, way: str, change: str) -> None:
    stack = stands(platform)
    if (platform, change) == NONE:
        stack.want((change,))
    else:
        WAYS[way](stack, change)
    stack.ends_well()


@pytest.mark.parametrize("platform", PROVIDERS)
def test_a_part_that_is_destroyed_says_whom_it_reaches(stands: Callable[[str], Stack], platform: str) -> None:
    """As when it leaves the stack by itself: its sites are told though nothing of them is in the part."""
    stack = stands(platform)
    part = stack.plan(destroy=True, targets=("policy.edge.access",))
    assert addresses(part) == ["policy.edge.access"]
    assert part.drift == ()
    (told,) = part.changes
    assert (told.impact.kind != "none", sorted(told.sites)) == (True, ["alum", "zinc"])
    rest = stack.plan(destroy=True, excludes=("cluster.*", "site.*", "wan_edge_template.*"))
    assert {one.address: one.sites for one in rest.changes}["policy.edge.access"] == told.sites


@pytest.mark.parametrize("platform", PROVIDERS)
def test_a_rollback_puts_back_what_alone_used_something(stands: Callable[[str], Stack], platform: str) -> None:
    """An application that no policy names is on no device: it has not drifted, and is not written by itself."""
    stack = stands(platform)
    with stack.session(Options(lab=True)) as session:
        first = engine.read_state(session).runs[-1].id
    stack.want(("gone",))
    well(stack.apply())
    with stack.session(Options(lab=True)) as session:
        plan = engine.rollback(session, first)
        assert ([(one.address, one.action) for one in plan.changes], plan.drift) == (
            [("policy.edge.access", Action.CREATE)],
            (),
        )
        well(engine.apply(session, plan))
    stack.want(())
    stack.ends_well()


@pytest.mark.parametrize("platform", PROVIDERS)
def test_a_rollback_takes_what_was_forgotten_and_is_still_there(stands: Callable[[str], Stack], platform: str) -> None:
    stack = stands(platform)
    with stack.session(Options(lab=True)) as session:
        first = engine.read_state(session).runs[-1].id
        repair.forget(session, ["policy.edge.access"])
    with stack.session(Options(lab=True)) as session:
        plan = engine.rollback(session, first)
        assert [(one.address, one.action) for one in plan.changes] == [("policy.edge.access", Action.IMPORT)]
        assert plan.drift == ()
        well(engine.apply(session, plan))
    stack.ends_well()


@pytest.mark.deep
@pytest.mark.parametrize("platform", PROVIDERS)
def test_a_rollback_after_a_destroy_makes_all_again(stands: Callable[[str], Stack], platform: str) -> None:
    stack = stands(platform)
    with stack.session(Options(lab=True)) as session:
        first = engine.read_state(session).runs[-1].id
    well(stack.apply(destroy=True))
    with stack.session(Options(lab=True)) as session:
        well(engine.apply(session, engine.rollback(session, first)))
    stack.ends_well()


@pytest.mark.deep
@pytest.mark.parametrize("platform", PROVIDERS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", CHANGES)
def test_each_change_goes_each_way(stands: Callable[[str], Stack], platform: str, way: str, change: str) -> None:
    stack = stands(platform)
    if (platform, change) == NONE:
        stack.want((change,))
    else:
        WAYS[way](stack, change)
    stack.ends_well()
