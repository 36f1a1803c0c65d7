"""The whole of haplan against a simulated conductor, over real HTTPS."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ssr_e2e.world import World

STACKS = Path(__file__).parent.parent.parent / "stacks"
PAIR = '''
"""One hub of one pair, small and quick."""
from haplan import *
from haplan.design import *

provider("ssr", host="conductor.example.net"{settings})
site = Site("branch", address="1 Main St", variables={{"IP": "192.0.2.10"}})
guest = Network("guest", subnet="172.22.99.0/24", vlan_id=2099)
office = Network("office", subnet="10.1.0.0/24")
anything = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])
dns = Application("dns", addresses=["8.8.8.8/32", "9.9.9.9/32"], protocols=["udp/53"])
edge = WanEdgeTemplate("edge", ntp_servers=["192.0.2.123"], interfaces=[
    wan("wan0", "ge-0/0/0", dhcp()), wan("wan1", "ge-1/0/0", static("{{{{IP}}}}/25", gateway="192.0.2.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {{guest: "172.22.99.1/24"}}),
    ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")])
out = Steering("out", template=edge, paths=[edge.wan("wan1"), edge.wan("wan0")])
Policy("internet", template=edge, networks=[guest], action="allow", applications=[anything], steering=out)
Policy("names", template=edge, networks=[guest], action="allow", applications=[dns], steering=out)
Cluster("branch", site=site, template=edge, model="SSR120",
        nodes=[node("02005e100c30", asset_id="A"), node("02005e100c31", asset_id="B")])
'''


@pytest.fixture
def example(tmp_path: Path) -> Iterator[World]:
    """The worked example, with the modules beside it, in a folder of its own."""
    shutil.copytree(STACKS, tmp_path / "stacks", ignore=shutil.ignore_patterns(".haplan"))
    world = World(tmp_path / "stacks" / "hub_spoke_ssr_conductor")
    yield world
    world.close()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """One pair; settings of the provider and of the lab are given."""
    worlds: list[World] = []

    def make(lab: str = "", settings: str = "") -> World:
        folder = tmp_path / "pair"
        folder.mkdir()
        (folder / "stack.py").write_text(PAIR.format(settings=settings))
        worlds.append(World(folder))
        if lab:
            worlds[-1].misbehave(lab)
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()
