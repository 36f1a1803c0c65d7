"""One small stack in the words that all three providers share: a pair, two networks, three policies."""

TEXT = """
from haplan import *
from haplan.design import *

provider("{name}"{settings})
site = Site("branch", address="1 Main St", country_code="CH", timezone="Europe/Zurich",
            variables={{"IP": "192.0.2.10"}})
office = Network("office", subnet="10.1.0.0/24", vlan_id=100)
guest = Network("guest", subnet="172.22.99.0/24", vlan_id=99)
web = Application("web", addresses=["203.0.113.0/24"], protocols=["tcp/443"])
mail = Application("mail", addresses=["198.51.100.77/32"], protocols=["tcp/25"])
dns = Application("dns", addresses=["8.8.8.8/32"], protocols=["udp/53"])
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan1", "ge-0/0/{wan}", static("{{{{IP}}}}/25", gateway="192.0.2.1")),
    wan("wan0", "ge-1/0/{wan}", static("198.51.100.10/24", gateway="198.51.100.1")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {{guest: "172.22.99.1/24", office: "10.1.0.1/24"}}{reth}),
    ha_fabric("ge-0/0/{fabric},ge-1/0/{fabric}"){sync}])
out = Steering("out", template=edge, paths=[edge.wan("wan1"), edge.wan("wan0")])
Policy("zebra", template=edge, networks=[office], action="allow", applications=[mail], steering=out)
Policy("access", template=edge, networks=[office], action="allow", applications=[web], steering=out)
Policy("middle", template=edge, networks=[office], action="allow", applications=[dns], steering=out)
Cluster("branch", site=site, template=edge, model="{model}", nodes=[{nodes}]{more})
"""
SSR120 = {"wan": 0, "fabric": 4, "reth": "", "sync": ', ha_sync("ge-0/0/5,ge-1/0/5")', "model": "SSR120", "more": ""}
WORDS = {
    "mist": {**SSR120, "name": "mist", "settings": "", "nodes": 'node("02005e100c30"), node("02005e100c31")'},
    "ssr": {
        **SSR120,
        "name": "ssr",
        "settings": ', host="conductor.example.net"',
        "nodes": 'node("02005e100c30", asset_id="A"), node("02005e100c31", asset_id="B")',
    },
    "srx": {
        "name": "srx",
        "settings": "",
        "wan": 7,
        "fabric": 2,
        "reth": ", reth_idx=0",
        "sync": "",
        "model": "SRX300",
        "nodes": 'node("020000010000", host="b-0"), node("020000010001", host="b-1")',
        "more": ", cluster_id=1, attested=attest(collocated=True, cabled=True, same_l2=True, "
        'by="A. Planner", on="2026-11-20")',
    },
}


def text_of(name: str) -> str:
    """The stack for a provider."""
    return TEXT.format(**WORDS[name])
