"""Stacks as text, and what they come to on a device."""

from pathlib import Path

from haplan.design.resources import of_stack
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.steps.load import load
from haplan_srx.translate.design import Design
from haplan_srx.translate.device import Translation, translate
from haplan_srx.translate.statements import Configuration, Step

PAIR = """
from haplan import provider, secret
from haplan.design import *
provider("srx")
lan_net = Network("lan", subnet="10.0.0.0/24", vlan_id=10)
web = Application("web", addresses=["203.0.113.0/24"], protocols=["tcp/443"])
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/7", static("192.0.2.10/25", gateway="192.0.2.1"), probes=False),
    wan("wan1", "ge-1/0/7", static("198.51.100.10/24", gateway="198.51.100.1"), probes=False),
    lan("office", "ge-0/0/3,ge-1/0/3", {lan_net: "10.0.0.1/24"}, reth_idx=0),
    ha_fabric("ge-0/0/2,ge-1/0/2"),
])
out = Steering("out", template=edge, paths=[edge.wan("wan0"), edge.wan("wan1")])
Policy("web-out", template=edge, networks=[lan_net], applications=[web], action="allow", steering=out)
site = Site("shop", country_code="CH", timezone="Europe/Zurich", variables={"NET": "10.0.0", "VLAN": "10"})
Cluster("shop", site=site, template=edge, model="SRX300", nodes=["020000010000", "020000010001"], cluster_id=1)
"""
"""One pair with one LAN, two WANs and one policy."""


def design(folder: Path, text: str) -> Design:
    """The design of a stack."""
    (folder / "stack.py").write_text(text)
    return design_of(folder)


def design_of(place: Path) -> Design:
    """The design of the stack in a folder."""
    with open_session(place, Options(), environ={}) as session:
        stack = load(session.file, session.plugins.resources, session.variable)
    return Design(of_stack(stack, "srx").values())


def translation(found: Design, cluster: str | None = "cluster.shop") -> Translation:
    """What a cluster of a design comes to; None is the only one."""
    pair = found.whole(cluster or found.of("cluster")[0].address)
    assert pair is not None
    return translate(pair)


def lines(configuration: Configuration) -> list[str]:
    """The statements as text: elements and keys, and the values behind ``=``."""
    return [" ".join([*map(_word, one.path), *(["=", *one.values] if one.values else [])])
            for one in configuration.statements.values()]  # fmt: skip


def _word(step: Step) -> str:
    return step if isinstance(step, str) else f"{step[0]}[{','.join(step[1:])}]"
