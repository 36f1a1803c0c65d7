"""Renaming any resource costs the spelling: on each backend, for each type, alone and in a module.

Mist and SRX refer to sites, templates and profiles by id or not at all, a conductor says the site's name as a router's
location. A pair is never dissolved because something that it names is called otherwise.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from haplan import engine
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.plan import Action, Plan
from tests.e2e.world import World as Mist
from tests.srx_e2e.world import World as Srx
from tests.ssr_e2e.world import World as Ssr

STACK = """
from haplan import *
from haplan.design import *

{provider}
with module("m") if IN_MODULE else module_of_none():
    org = Overlay("org"{psk})
    hubsite = Site("zentrum", country_code="US", timezone="America/New_York")
    site = Site("branch", country_code="US", timezone="America/New_York", variables={{"X": "1"}})
    office = Network("office", subnet="10.9.0.0/24", vlan_id=109, advertise=org)
    guest = Network("guest", subnet="172.22.99.0/24", vlan_id=99)
    web = Application("web", addresses=["203.0.113.0/24"], protocols=["tcp/80,443"])
    hub = HubProfile("hub", overlay=org, interfaces=[
        wan("wan0", "ge-0/0/{w}", static("198.51.100.254/24", gateway="198.51.100.1")),
        wan("wan1", "ge-{n}/0/{w}", static("192.0.2.254/24", gateway="192.0.2.1")),
        lan("lan", "ge-0/0/3,ge-{n}/0/3", {{office: "10.9.0.1/24"}}{reth}), {links}])
    edge = WanEdgeTemplate("edge", interfaces=[
        wan("wan0", "ge-0/0/{w}", dhcp(), overlay=[hub.endpoint("wan0")]),
        wan("wan1", "ge-{n}/0/{w}", static("192.0.2.10/25", gateway="192.0.2.1")),
        lan("lan", "ge-0/0/3,ge-{n}/0/3", {{guest: "172.22.99.1/24"}}{reth}), {links}])
    Cluster("zentrum", site=hubsite, profile=hub, model="{model}"{id1}, nodes=[{hub_nodes}], attested=by)
    Cluster("branch", site=site, template=edge, model="{model}"{id2}, nodes=[{nodes}], attested=by)
    out = Steering("out", template=edge, paths=[edge.wan("wan1")])
    Policy("internet", template=edge, networks=[guest], action="allow", applications=[web], steering=out)
"""
HEAD = """
from contextlib import nullcontext as module_of_none
from haplan.design import attest
by = attest(collocated=True, cabled=True, same_l2=True, by="A. Planner", on="2026-11-20")
IN_MODULE = {}
"""
SSR_PORTS = {"w": 0, "n": 1, "reth": "", "model": "SSR120", "id1": "", "id2": "", "psk": "",
             "links": 'ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")',
             "hub_nodes": 'node("02005e100c20", asset_id="C"), node("02005e100c21", asset_id="D")',
             "nodes": 'node("02005e100c30", asset_id="A"), node("02005e100c31", asset_id="B")'}  # fmt: skip
SRX_PORTS = {"w": 7, "n": 1, "reth": ", reth_idx=0", "model": "SRX300",
             "id1": ", cluster_id=1", "id2": ", cluster_id=2", "links": 'ha_fabric("ge-0/0/2,ge-1/0/2")',
             "psk": ', psk=secret("env:PSK")',
             "hub_nodes": 'node("020000010000", host="h0"), node("020000010001", host="h1")',
             "nodes": 'node("020000020000", host="b0"), node("020000020001", host="b1")'}  # fmt: skip


@attrs.frozen
class Backend:
    """A simulated backend.

    Attributes:
        world: Of its end-to-end tests.
        text: The stack for it.
        twice: Types of which another name writes a document twice, for the reason that the plan gives.
    """

    world: type[Mist] | type[Srx] | type[Ssr]
    text: str
    twice: tuple[str, ...] = ()


BACKENDS = {
    # a name that others use comes first in the overlay, and goes last from it
    "mist": Backend(Mist, STACK.format(provider='provider("mist")', **SSR_PORTS), ("hub_profile",)),
    "srx": Backend(Srx, STACK.format(provider='provider("srx")', **SRX_PORTS)),
    # a router that is called otherwise is set up anew: one after the other
    "ssr": Backend(Ssr, STACK.format(provider='provider("ssr", host="c.example.net")', **SSR_PORTS), ("cluster",)),
}
BLOCKS = {
    "overlay.org": 'Overlay("org"', "site.branch": 'Site("branch"', "site.zentrum": 'Site("zentrum"',
    "network.office": 'Network("office"', "network.guest": 'Network("guest"', "application.web": 'Application("web"',
    "hub_profile.hub": 'HubProfile("hub"', "wan_edge_template.edge": 'WanEdgeTemplate("edge"',
    "cluster.zentrum": 'Cluster("zentrum"', "cluster.branch": 'Cluster("branch"', "steering.edge.out": 'Steering("out"',
    "policy.edge.internet": 'Policy("internet"',
}  # fmt: skip
"""Address → how its block begins."""
BY_ID = ("site.branch", "site.zentrum", "wan_edge_template.edge")
"""What pairs name and no other document of a device spells, but for a router's location."""


@attrs.frozen
class Made:
    """A stack that was applied, to be renamed in."""

    backend: Backend
    world: Mist | Srx | Ssr
    module: str

    def renamed(self, *addresses: str) -> None:
        text = self.backend.text
        for address in addresses:
            begin = BLOCKS[address]
            text = text.replace(begin, f'{begin}, name="new-{address.split(".")[-1]}"')
        self.write(text)

    def relabelled(self) -> None:
        """All of them, each with the name that it has."""
        text, lines = self.backend.text, []
        for address, begin in BLOCKS.items():
            kind, *owner, label = address.split(".")
            text = text.replace(begin, begin.replace(f'"{label}"', f'"x-{label}"') + f', name="{label}"')
            new = ".".join([kind, *(f"x-{one}" for one in owner), f"x-{label}"])
            lines.append(f"moved({self.module + address!r}, {self.module + new!r})")
        self.write("\n".join([text, *lines]))

    def write(self, text: str) -> None:
        (self.world.folder / "stack.py").write_text(HEAD.format(bool(self.module)) + text)


@pytest.fixture(scope="module", params=["mist", "mist in a module", "srx in a module", "ssr in a module"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    name, _, inside = str(request.param).partition(" ")
    folder: Path = tmp_path_factory.mktemp(name) / "stack"
    folder.mkdir()
    found = Made(BACKENDS[name], BACKENDS[name].world(folder), "module.m." if inside else "")
    found.renamed()
    assert found.world.apply().exit_code == 0
    yield found
    found.world.close()


def documents(plan: Plan) -> Counter[str]:
    return Counter(str(transaction.document) for transaction in plan.transactions if str(transaction.document))


@pytest.mark.parametrize("address", BLOCKS)
def test_another_name_costs_one_write_where_it_is_spelt(made: Made, address: str) -> None:
    made.renamed(address)
    plan = made.world.plan()
    assert not plan.drift
    assert [finding.message for finding in plan.findings if finding.severity == "error"] == []
    pairs = [change.action for change in plan.changes if change.type == "cluster"]
    assert {*pairs} <= {Action.UPDATE}
    often = [document for document, count in documents(plan).items() if count > 1]
    assert not often or address.split(".")[0] in made.backend.twice
    if address in BY_ID:
        spelt = made.backend.world is Ssr and address.startswith("site")
        assert plan.worst().kind == ("config-push" if spelt else "none")
        assert sum(documents(plan).values()) == (1 if spelt or made.backend.world is Mist else 0)


def test_a_policy_that_gets_another_steering_moves_traffic_and_one_whose_steering_is_renamed_does_not(
    made: Made,
) -> None:
    address = f"{made.module}policy.edge.internet"
    made.renamed("steering.edge.out")
    renamed = made.world.plan().change(address)
    assert renamed is not None
    assert (renamed.impact.kind, renamed.respelled) == ("config-push", ("steering",))
    other = '    other = Steering("other", template=edge, paths=[edge.wan("wan0")])\n    Policy("internet"'
    made.write(made.backend.text.replace('    Policy("internet"', other).replace("steering=out)", "steering=other)"))
    moved = made.world.plan().change(address)
    assert moved is not None
    assert (moved.impact.kind, moved.sites) == ("traffic", ("branch",))


def test_other_labels_cost_nothing(made: Made) -> None:
    made.relabelled()
    plan = made.world.plan()
    assert (documents(plan), plan.drift, plan.worst().kind) == (Counter(), (), "none")
    assert {change.action for change in plan.changes} == {Action.NO_OP}


def test_what_pairs_name_is_renamed_and_nothing_else_happens(made: Made) -> None:
    made.renamed(*BY_ID)
    assert (result := made.world.apply()).exit_code == 0, result
    plan = made.world.plan()
    assert (plan.empty(), plan.drift) == (True, ())
    with open_session(made.world.folder, Options(lab=True), environ={}) as session:
        back = engine.rollback(session, engine.read_state(session).runs[0].id)
        assert {change.action for change in back.changes} == {Action.UPDATE}
        assert back.worst().kind in ("none", "config-push")
        assert (result := engine.apply(session, back)).exit_code == 0, result
    made.renamed()
    assert made.world.plan().empty()
