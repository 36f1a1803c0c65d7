"""Clusters: two WAN edges acting as one, bound to a site and to what they are to carry."""

from collections.abc import Mapping, Sequence
from typing import Any

from haplan.design import catalogue
from haplan.design.nodes import Attestation, Node, NodesOf, nodes_of, normal_mac
from haplan.design.pairing import Failover, OutOfBand
from haplan.design.sites import Site
from haplan.design.templates import HubProfile, WanEdgeTemplate
from haplan.plugin import (
    Flag,
    ListOf,
    Made,
    Ref,
    Resource,
    ResourceOf,
    Taking,
    Text,
    Tree,
    Value,
    Whole,
    attribute,
    computed,
    derived,
    one_line,
    release,
    resource,
)

_CARRIES = "What it carries: exactly one of template and profile (HA116, HA123)."


def in_order(macs: Sequence[str]) -> list[str]:
    """MACs as they become node0 and node1: the lowest number first, however they are spelt (HA012); [] if not two."""
    known = sorted({mac for mac in map(normal_mac, macs) if mac is not None}, key=lambda mac: int(mac, 16))
    return known if len(known) == 2 else []


def refreshes(before: Mapping[str, Tree] | None, after: Mapping[str, Tree] | None) -> bool:
    """True where both boxes of a pair are others: a hardware refresh. Site, name, variables and policies stay."""
    old, new = (set((values or {}).get("nodes") or {}) for values in (before, after))
    return len(old) == 2 and bool(new) and not old & new


def refresh_note(before: Mapping[str, Tree] | None, after: Mapping[str, Tree] | None) -> str:
    """What a hardware refresh is, in a line."""
    old, new = (" and ".join(sorted((values or {}).get("nodes") or {})) for values in (before, after))
    site = (after or {}).get("site")
    stays = f"site {site}, name, variables and policies stay" if isinstance(site, str) else "all else stays"
    return f"hardware refresh: {new} in the place of {old}; {stays}"


def _node(index: int) -> Any:
    def work_out(cluster: "Cluster", resources: Any) -> str | None:
        found = in_order([one.mac for one in nodes_of(cluster.nodes, cluster.haplan_location)])
        return found[index] if found else None

    return work_out


def _family(cluster: "Cluster", resources: Any) -> str:
    return catalogue.family(cluster.model) if isinstance(cluster.model, str) else ""


def _role(cluster: "Cluster", resources: Any) -> str:
    return cluster.haplan_role


@resource("cluster", rank=70, takes_over=True, steps=("formation",))
class Cluster(Resource):
    """An HA pair: the binding of two devices to a site and to a template or hub profile."""

    site: Site = attribute(ResourceOf(("site",)), replaces="destroy-first", text="Where both nodes are.")
    model: Value[str] = attribute(
        one_line(), replaces="destroy-first", text="The hardware, the same twice, such as SSR120."
    )
    nodes: Sequence[str | Node] = attribute(
        NodesOf(),
        text="Exactly two: MAC addresses or node(…). One changed is replaced; both: HA135.",
    )
    template: WanEdgeTemplate | None = attribute(ResourceOf(("wan_edge_template",)), default=None, text=_CARRIES)
    profile: HubProfile | None = attribute(ResourceOf(("hub_profile",)), default=None, text=_CARRIES)
    firmware: Value[str] | None = attribute(
        release(), default=None, local=True, text="Expected; checked, never installed."
    )
    managed: Value[bool] = attribute(Flag(), default=True, text="Configured by the cloud (HA011).")
    attested: Attestation | None = attribute(
        Made((Attestation,), "attest(…)"), default=None, local=True, text="What a person vouches for; never sent."
    )
    overwrite: Sequence[Value[str]] | None = attribute(
        ListOf(Text()), default=None, local=True,
        text="Statements of others on its devices that may go though they work: as the refusal of a plan prints them.",
    )  # fmt: skip
    out_of_band: OutOfBand | None = attribute(
        Made((OutOfBand,), "out_of_band(…)"), default=None, text="Management addresses of its own, one a node."
    )
    failover: Failover | None = attribute(
        Made((Failover,), "failover(…)"), default=None, text="How it fails over, where not as usual."
    )
    cluster_id: Value[int] | None = attribute(
        Whole(1, 255), default=None, replaces="destroy-first", text="Chassis cluster id; required on SRX direct."
    )
    node0: Ref[str] = derived(_node(0), init=False, local=True, text="The lower MAC (HA012).")
    node1: Ref[str] = derived(_node(1), init=False, local=True, text="The higher MAC.")
    family: Ref[str] = derived(_family, init=False, local=True, text="srx or ssr, from the model.")
    role: Ref[str] = derived(_role, init=False, local=True, text="hub, spoke or standalone.")
    id: Ref[str] = computed(init=False, text="The cluster's device id.")

    @property
    def haplan_role(self) -> str:
        """From what it carries."""
        if isinstance(self.profile, HubProfile):
            return "hub"
        return self.template.haplan_role if isinstance(self.template, WanEdgeTemplate) else "standalone"

    def haplan_provider_of(self) -> Resource | None:
        """The provider of what it carries."""
        carried = [one for one in (self.template, self.profile) if isinstance(one, Resource)]
        return carried[0] if carried and not self.haplan_data else None

    def haplan_finish(self, values: dict[str, Tree], taking: Taking) -> dict[str, Tree]:
        """Tell the site of its cluster; what it carries, and how many nodes, rules judge."""
        if isinstance(self.site, Site):
            vars(self.site).setdefault("haplan_clusters", []).append(self)
        return values
