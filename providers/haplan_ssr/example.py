"""The small stack that ``haplan init`` writes."""

from collections.abc import Mapping

STACK = '''"""One HA spoke behind a conductor: a pair of SSR120. Guests leave by the second circuit only."""

from haplan import provider
from haplan.design import (
    Application, Cluster, Network, Policy, Site, Steering, WanEdgeTemplate, dhcp, ha_fabric, ha_sync, lan, node, wan,
)

provider("ssr")  # SSR_HOST, SSR_USERNAME and SSR_PASSWORD; with --lab the simulator's

site = Site("branch", country_code="US", timezone="America/New_York")
guest = Network("guest", subnet="172.22.99.0/24", vlan_id=2099)
anything = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])

edge = WanEdgeTemplate("ha-branch", ntp_servers=["192.0.2.123"], interfaces=[
    wan("wan0", "ge-0/0/0", dhcp()),
    wan("wan1", "ge-1/0/0", dhcp()),
    lan("lan", "ge-0/0/3,ge-1/0/3", {guest: "172.22.99.1/24"}),
    ha_fabric("ge-0/0/4,ge-1/0/4"),
    ha_sync("ge-0/0/5,ge-1/0/5"),
])

# The MAC addresses of your two nodes, and the asset ids by which they reach the conductor.
Cluster("branch", site=site, template=edge, model="SSR120", nodes=[
    node("02005e100c30", asset_id="DEMO120S1A"), node("02005e100c31", asset_id="DEMO120S1B"),
])

only_wan1 = Steering("only-wan1", template=edge, paths=[edge.wan("wan1")])
Policy("guest-internet", template=edge, networks=[guest], action="allow", applications=[anything], steering=only_wan1)
'''
FILES: Mapping[str, str] = {"stack.py": STACK}
