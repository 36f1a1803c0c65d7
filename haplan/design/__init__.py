"""The vocabulary of the HA WAN edge design: what a stack imports. A plugin like any other."""

from collections.abc import Iterable, Sequence

from haplan.contracts import Node as OrderNode
from haplan.design.addresses import (
    Dhcp,
    LanAddress,
    WanAddress,
    dhcp,
    dhcp_relay,
    dhcp_server,
    lan_address,
    pppoe,
    site_var,
    static,
)  # fmt: skip
from haplan.design.clusters import Cluster
from haplan.design.edges import HubProfile, WanEdgeTemplate
from haplan.design.interfaces import Interface, ha_fabric, ha_sync, lan, wan
from haplan.design.networks import Application, Network, Overlay
from haplan.design.nodes import Attestation, Node, attest, node
from haplan.design.paths import Path, local, path
from haplan.design.sites import Site
from haplan.design.traffic import Policy, Steering
from haplan.hookspecs import hookimpl
from haplan.model.finding import Rule
from haplan.model.graph import Edge

haplan_api = 1


@hookimpl
def haplan_resources() -> Iterable[type]:
    """The nine types."""
    return (Site, Overlay, Network, Application, HubProfile, WanEdgeTemplate, Steering, Policy, Cluster)


@hookimpl
def haplan_checks() -> Iterable[Rule]:
    """The design rules."""
    from haplan.design.rules import all_rules

    return all_rules()


@hookimpl
def haplan_order(nodes: Sequence[OrderNode]) -> Iterable[Edge]:
    """Soft and gate edges of the design."""
    from haplan.design.order import edges

    return edges(nodes)


__all__ = [
    "Application",
    "Attestation",
    "Cluster",
    "Dhcp",
    "HubProfile",
    "Interface",
    "LanAddress",
    "Network",
    "Node",
    "Overlay",
    "Path",
    "Policy",
    "Site",
    "Steering",
    "WanAddress",
    "WanEdgeTemplate",
    "attest",
    "dhcp",
    "dhcp_relay",
    "dhcp_server",
    "ha_fabric",
    "ha_sync",
    "lan",
    "lan_address",
    "local",
    "node",
    "path",
    "pppoe",
    "site_var",
    "static",
    "wan",
]
