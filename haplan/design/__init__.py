"""The vocabulary of the HA WAN edge design: what a stack imports. A plugin like any other.

The names are loaded when they are first used: haplan looks at every plugin, and most of its work needs no vocabulary.
"""

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from haplan.plugin import (
    Change,
    Check,
    Edge,
    OrderNode,
    PlanView,
    Rule,
    Sheet,
    Stack,
    Traffic,
    TrafficQuestion,
    hookimpl,
)

if TYPE_CHECKING:
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
    from haplan.design.interfaces import Interface, ha_fabric, ha_sync, lan, wan
    from haplan.design.networks import Application, Network, Overlay
    from haplan.design.nodes import Attestation, Node, attest, node
    from haplan.design.pairing import Failover, OutOfBand, failover, out_of_band
    from haplan.design.paths import Path, local, path
    from haplan.design.promises import (
        any_single_failure,
        hub_failure,
        node_failure,
        promise,
        wan_failure,
    )
    from haplan.design.sites import Site
    from haplan.design.steering import Policy, Steering
    from haplan.design.templates import HubProfile, WanEdgeTemplate

haplan_api = 2
haplan_types = (
    "site", "overlay", "network", "application", "hub_profile", "wan_edge_template", "steering", "policy", "cluster",
)  # fmt: skip
"""What the resources, rules and order of this plugin are about: without any of these nobody need ask it."""

_ROOMS = (
    "addresses",
    "clusters",
    "interfaces",
    "networks",
    "nodes",
    "pairing",
    "paths",
    "promises",
    "sites",
    "steering",
    "templates",
)


@hookimpl
def haplan_resources() -> Iterable[type]:
    """The nine types."""
    from haplan.design.clusters import Cluster
    from haplan.design.networks import Application, Network, Overlay
    from haplan.design.sites import Site
    from haplan.design.steering import Policy, Steering
    from haplan.design.templates import HubProfile, WanEdgeTemplate

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


@hookimpl
def haplan_wiring(stack: Stack, changes: Sequence[Change]) -> Iterable[Sheet]:
    """The cabling of the pairs."""
    from haplan.design.wiring import changing, sheets

    return changing(stack, changes) if changes else sheets(stack)


@hookimpl
def haplan_health(view: PlanView) -> Iterable[Check]:
    """How the pairs are."""
    from haplan.design.health import checks

    return checks(view)


@hookimpl
def haplan_traffic(stack: Stack, question: TrafficQuestion) -> Traffic:
    """Who reaches what."""
    from haplan.design.traffic.explain import answered

    return answered(stack, question)


__all__ = [
    "Application",
    "Attestation",
    "Cluster",
    "Dhcp",
    "Failover",
    "HubProfile",
    "Interface",
    "LanAddress",
    "Network",
    "Node",
    "OutOfBand",
    "Overlay",
    "Path",
    "Policy",
    "Site",
    "Steering",
    "WanAddress",
    "WanEdgeTemplate",
    "any_single_failure",
    "attest",
    "dhcp",
    "dhcp_relay",
    "dhcp_server",
    "failover",
    "ha_fabric",
    "ha_sync",
    "hub_failure",
    "lan",
    "lan_address",
    "local",
    "node",
    "node_failure",
    "out_of_band",
    "path",
    "pppoe",
    "promise",
    "site_var",
    "static",
    "wan",
    "wan_failure",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        for room in _ROOMS:
            module = import_module(f"{__name__}.{room}")
            if name in vars(module):
                return vars(module)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
