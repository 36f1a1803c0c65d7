"""The small stack that ``haplan init`` writes."""

from collections.abc import Mapping

STACK = '''"""One HA spoke: a pair of SRX300 in one site. Guests leave by the second circuit only."""

from haplan import provider
from haplan.design import (
    Application, Cluster, Network, Policy, Site, Steering, WanEdgeTemplate, ha_fabric, lan, node, static, wan,
)

provider("srx")  # JUNOS_USERNAME with JUNOS_PASSWORD or JUNOS_KEYFILE; with --lab the simulator's

site = Site("branch", country_code="US", timezone="America/New_York")
guest = Network("guest", subnet="172.22.99.0/24", vlan_id=99)
anything = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])

edge = WanEdgeTemplate("ha-branch", interfaces=[
    wan("wan0", "ge-0/0/7", static("192.0.2.10/25", gateway="192.0.2.1")),
    wan("wan1", "ge-1/0/7", static("198.51.100.10/24", gateway="198.51.100.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {guest: "172.22.99.1/24"}, reth_idx=0),
    ha_fabric("ge-0/0/2,ge-1/0/2"),
])

# The MAC addresses of your two nodes, and where each answers; ge-0/0/0 is management, ge-0/0/1 the control link.
Cluster(
    "branch", site=site, template=edge, model="SRX300", cluster_id=1,
    nodes=[node("02005e300c30", host="192.0.2.31"), node("02005e300c31", host="192.0.2.32")],
)

only_wan1 = Steering("only-wan1", template=edge, paths=[edge.wan("wan1")])
Policy("guest-internet", template=edge, networks=[guest], action="allow", applications=[anything], steering=only_wan1)
'''
FILES: Mapping[str, str] = {"stack.py": STACK}
