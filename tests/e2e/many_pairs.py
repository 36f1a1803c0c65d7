"""An organisation of many formed pairs that a stack of its own describes and remembers: to count what a look at it
costs, and a write to it."""

from pathlib import Path

from haplan import engine
from tests.e2e.world import World
from tests.mixed import mixed

STACK = """
from haplan import provider
from haplan.design import Application, Cluster, HubProfile, Network, Overlay, Policy, Site, Steering, WanEdgeTemplate
from haplan.design import dhcp, ha_fabric, ha_sync, lan, static, wan

provider("mist")
NUMBERS = {numbers}
links = [ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")]
org = Overlay("Org")
corp = Network("corp", subnet="{{{{NET}}}}.0/24", vlan_id=10, advertise=[org])
anything = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])
hub = HubProfile("h1", overlay=org, interfaces=[
    wan("wan0", "ge-0/0/0", static("192.0.2.9/24", gateway="192.0.2.1")),
    wan("wan1", "ge-1/0/0", static("192.0.3.9/24", gateway="192.0.3.1")), *links])
Cluster("h1", site=Site("h1"), profile=hub, model="SSR120", nodes=["020000000000", "020000000001"])
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp(), overlay=[hub.endpoint("wan0")]),
    wan("wan1", "ge-1/0/0", dhcp(), overlay=[hub.endpoint("wan1")]),
    lan("lan", "ge-0/0/3,ge-1/0/3", {{corp: "{{{{NET}}}}.1/24"}}), *links])
way = Steering("way", template=edge, paths=[edge.wan("wan0"), edge.wan("wan1")])
Policy("out", template=edge, networks=[corp], action="allow", applications=[anything], steering=way)
for number in NUMBERS:
    site = Site(f"s{{number:04}}", variables={{"NET": f"10.{{number // 200}}.{{number % 200}}"}})
    nodes = [f"02{{number:06x}}aa{{end}}" for end in ("00", "01")]
    Cluster(f"s{{number:04}}", site=site, template=edge, model="SSR120", nodes=nodes)
"""


def made(folder: Path, count: int) -> World:
    """So many spokes behind one hub, there and remembered. The spokes are formed at once by somebody else, which is
    many times quicker, and then taken into state."""
    (folder / "stack.py").write_text(STACK.format(numbers=mixed(count)))
    world = World(folder)
    assert world.apply(excludes=("cluster.s*",)).exit_code == 0
    listed = [one for page in (1, 2) for one in world.get("/orgs/{org}/sites", limit=1000, page=page)]
    sites = {one["name"]: one["id"] for one in listed}
    template = world.template("edge")["id"]
    for number in range(count):
        macs, site = [f"02{number:06x}aa{end}" for end in ("00", "01")], sites[f"s{number:04}"]
        world.put("/orgs/{org}/inventory", {"op": "assign", "macs": macs, "site_id": site})
        world.put(f"/sites/{site}", {"gatewaytemplate_id": template})
        path = f"/api/v1/sites/{site}/devices/00000000-0000-0000-1000-{macs[0]}/ha"
        assert world.portal.post(path, json={"nodes": [{"mac": mac} for mac in macs]}).status_code == 200
    world.lab.clock.sleep(3600)
    with world.session() as session:
        assert engine.apply(session, engine.import_all(session)).exit_code == 0
    assert world.plan().empty()
    return world
