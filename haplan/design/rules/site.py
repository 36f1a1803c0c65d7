"""Sites, templates and variables: HA045, HA046, HA115 to HA123."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from haplan.design.rules.in_extra import InExtra, in_extra, of_place
from haplan.design.rules.index import DesignIndex, Facts, Owner, Pair, design_index
from haplan.design.rules.registry import Found, Registry
from haplan.design.rules.wan import at_sites, where
from haplan.design.substitution import GOOD_NAME, bad_names, has_variable, names
from haplan.plugin import Action, Block, PlanView, Tree, whole_in

registry = Registry()
_CLUSTER = ("cluster",)


@registry.validate(
    "HA045", "error", "A LAN's gateway address is a host address inside the network's subnet",
    why="Hosts of the subnet could not reach it.", source="API",
)  # fmt: skip
def gateway_inside(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("lan"):
            subnets = {str(block.name): block.values.get("subnet") for block in design.each_key(face.object.networks)}
            for name, address in face.networks.items():
                for pair, (ip, subnet) in at_sites(owner, address.get("ip"), subnets.get(name)):
                    if not _host_in(ip, subnet):
                        text = f"{face.name}: {ip} is not a host address in {subnet}{where(pair)}"
                        yield Found.of(owner, text, face)


def _host_in(ip: str, subnet: str) -> bool:
    try:
        own, net = ipaddress.ip_interface(ip).ip, ipaddress.ip_network(subnet, strict=False)
    except ValueError:
        return True  # HA036 and HA120 say what is no address
    if own not in net:
        return False
    return net.num_addresses <= 2 or own not in (net.network_address, net.broadcast_address)


@registry.validate(
    "HA046", "error", "A VLAN is on a port once", why="Two networks of one VLAN are one segment.", source="API"
)
def vlans(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("lan"):
            blocks = [block for block in design.each_key(face.object.networks) if "vlan_id" in block.values]
            for pair, ids in at_sites(owner, *(block.values["vlan_id"] for block in blocks)):
                for vlan in sorted({one for one in ids if ids.count(one) > 1}):
                    text = f"{face.text}: VLAN {vlan} appears twice{where(pair)}"
                    yield Found.of(owner, text, face)


@registry.validate("HA115", "error", "The site is one of the organisation the cluster is in",
              why="Nothing can be assigned to a site that is not there.", source="SEED", types=_CLUSTER)  # fmt: skip
def site_there(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        if pair.site is not None and pair.site.provider != pair.block.provider:
            text = f"unknown site {pair.site_name}: it is declared for {pair.site.provider}"
            yield Found.of(pair, text, hint=f"the cluster is of {pair.block.provider}")


@registry.validate(
    "HA116", "error", "A template or profile is assigned before the cluster is formed, and one template per site",
    why="The new cluster would come up without WAN, LAN and HA ports.", source="SEED", types=_CLUSTER,
)  # fmt: skip
def carries(design: DesignIndex) -> Iterator[Found]:
    first: dict[str, Pair] = {}
    for pair in design.pairs:
        template = pair.block.values.get("template")
        if template is None and "profile" not in pair.block.values:
            text = f"{pair.site_name} has no WAN edge template; assign one before clustering"
            yield Found.of(pair, text, hint="give the cluster template= or profile=")
        if template is None or pair.site is None:
            continue
        other = first.setdefault(pair.site.address, pair)
        if other.block.values.get("template") != template:
            text = f"{pair.site_name}: one template a site, but {other.label} and {pair.label} name two"
            yield Found.of(pair, text)


@registry.validate(
    "HA117", "error", "HA ports are configured before the pair is formed",
    why="Forming expects the links between the nodes to be there.", source="API", types=_CLUSTER,
)  # fmt: skip
def ha_ports(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        missing = [usage for usage in ("ha_data", "ha_control") if not owner.of(usage)]
        for pair in owner.pairs:
            row = pair.row
            needed = row is not None and (
                ("ha_data" in missing and not row.fixed_fabric) or ("ha_control" in missing and not row.fixed_control)
            )
            if needed:
                text = f"{pair.site_name}: HA ports are not configured yet"
                hint = f"{owner.label} lacks {' and '.join(_word(usage) for usage in missing)}"
                yield Found.of(pair, text, hint=hint)


def _word(usage: str) -> str:
    return "ha_fabric(…)" if usage == "ha_data" else "ha_sync(…)"


@attrs.frozen(kw_only=True)
class Use:
    """A text that a site needs: whose it is, which field, what it has to be."""

    block: Block
    what: str
    value: Tree
    kind: str
    location: str


def uses(design: DesignIndex, owner: Owner) -> Iterator[Use]:
    """Everything of an owner that is put together per site."""
    for face in owner.faces:
        address: Any = face.plain.get("address")
        fields = [
            ("ports", face.plain.get("ports"), "port list"),
            ("public_ip", face.plain.get("public_ip"), "address"),
        ]
        fields.append(("vlan_id", face.plain.get("vlan_id"), "VLAN"))
        if isinstance(address, Mapping):
            fields += [
                ("address", address.get("ip"), "address with length"),
                ("gateway", address.get("gateway"), "address"),
            ]
        for network, lan in face.networks.items():
            fields.append((network, lan.get("ip"), "address with length"))
            fields += [(f"{network} secondary", one, "address with length") for one in lan.get("secondary", ())]
            fields += _dhcp(network, lan.get("dhcp"))
        for what, value, kind in fields:
            if value is not None:
                yield Use(block=owner.block, what=f"{face.name} {what}", value=value, kind=kind, location=face.location)
        for block in design.each_key(face.object.networks) if face.usage == "lan" else ():
            yield Use(
                block=block,
                what=f"network {block.name} subnet",
                value=block.values.get("subnet"),
                kind="prefix",
                location=str(block.location),
            )
            if "vlan_id" in block.values:
                yield Use(
                    block=block,
                    what=f"network {block.name} vlan_id",
                    value=block.values["vlan_id"],
                    kind="VLAN",
                    location=str(block.location),
                )


def every_use(design: DesignIndex, owner: Owner) -> Iterator[Use | InExtra]:
    """What an owner puts together per site, in the vocabulary and in vendor keys."""
    yield from uses(design, owner)
    yield from in_extra(design, owner)


def _dhcp(network: str, dhcp: Tree) -> list[tuple[str, Tree, str]]:
    if not isinstance(dhcp, Mapping):
        return []
    listed = [(f"{network} dhcp {name}", dhcp.get(name), "address") for name in ("start", "end") if name in dhcp]
    return listed + [
        (f"{network} dhcp {n}", one, "address") for n in ("dns_servers", "servers") for one in dhcp.get(n, ())
    ]


@registry.validate(
    "HA118", "error", "Every variable that a site needs is defined there",
    why="An undefined variable leaves the text as it is: the interface gets no address.",
    source="SEED, MISTLAB, validate_site_variables in tmunzer/Mist_library", types=("site",),
)  # fmt: skip
def defined(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for pair in owner.pairs:
            if pair.site is None or pair.variables is None:
                continue
            seen: set[str] = set()
            for use in (*every_use(design, owner), *of_place(pair)):
                for name in names(use.value):
                    if name not in pair.variables and name not in seen:
                        seen.add(name)
                        text = (
                            f"{pair.site_name}: {{{{{name}}}}} is used by {use.what} of {owner.label} but not defined"
                        )
                        hint = f"add {name} to the variables of {pair.site.address}; it is used at {use.location}"
                        yield Found(
                            address=pair.site.address, message=text, location=str(pair.site.location), hint=hint
                        )
            yield from _remote(design, owner, pair, seen)


def _remote(design: DesignIndex, owner: Owner, pair: Pair, seen: set[str]) -> Iterator[Found]:
    """Variables of networks that a policy only names as a source elsewhere."""
    assert pair.site is not None  # the caller looked
    for policy in owner.policies:
        for network in design.each(policy, "networks"):
            missing = [
                n for n in names(network.values.get("subnet")) if n not in (pair.variables or {}) and n not in seen
            ]
            for name in missing:
                seen.add(name)
                what = f"{{{{{name}}}}} of network {network.name}"
                text = f"{pair.site_name}: {what} is not defined; only {policy.label} names it"
                yield Found(address=pair.site.address, message=text, location=str(pair.site.location), severity="info")


@registry.validate(
    "HA119", "error", "A variable name is letters, digits and underscore, between double braces",
    why="Another name is never replaced.", source="Mist variables topic", confidence="M",
    types=("site", "network", "hub_profile", "wan_edge_template"), alone=True,
)  # fmt: skip
def variable_names(design: DesignIndex) -> Iterator[Found]:
    for block in design.stack.blocks.values():
        if block.type == "site":
            variables = block.values.get("variables", {})
            bad = [name for name in variables if not GOOD_NAME.match(name)] if isinstance(variables, Mapping) else []
        else:
            bad = list(bad_names(block.values))
        for name in bad:
            yield Found(
                address=block.address,
                message=f'bad variable name "{name}"',
                location=str(block.location),
                hint="letters, digits and underscore",
            )


@registry.validate(
    "HA120", "error", "With a site's variables put in, every value fits its field",
    why="A text that is no address configures nothing, and a wrong one the wrong thing.", source="API", types=("site",),
)  # fmt: skip
def fits(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for use in uses(design, owner):
            if not has_variable(use.value):
                continue  # what has no variable was checked when the stack was loaded
            for pair, (text,) in at_sites(owner, use.value):
                if pair is not None and pair.site is not None and not _is(use.kind, text):
                    message = f"{pair.site_name}: {use.what} = {text} is no {use.kind}"
                    yield Found(
                        address=pair.site.address,
                        message=message,
                        location=str(pair.site.location),
                        hint=f"it is put together at {use.location}",
                    )


def _is(kind: str, text: str) -> bool:
    if kind == "VLAN":
        return 1 <= (whole_in(text) or 0) <= 4094
    try:
        match kind:
            case "prefix":
                ipaddress.ip_network(text)
            case "address":
                ipaddress.ip_address(text)
            case "address with length":
                ipaddress.ip_interface(text)
                return "/" in text
    except ValueError:
        return False
    return True


@registry.validate("HA121", "info", "A defined variable is used",
              why="Unused ones are left-overs, or misspelt.", source="ours",
              types=("site",), anew=True)  # fmt: skip
def unused(design: DesignIndex) -> Iterator[Found]:
    yield from _unused(design, {})


@registry.plan("HA121")
def unused_really(view: PlanView) -> Iterator[Found]:
    if view.stack is not None:
        yield from _unused(design_index(view.stack), view.facts)


def _unused(design: DesignIndex, facts: Facts) -> Iterator[Found]:
    by_site: dict[str, set[str]] = {}
    used: dict[str, set[str]] = {}
    for owner in design.owners:
        policies = [
            block.values
            for p in owner.policies
            for block in design.each(p, "networks") + design.each(p, "applications")
        ]
        used[owner.block.address] = {name for tree in [owner.block.values, *policies] for name in names(tree)}
        used[owner.block.address] |= {name for use in every_use(design, owner) for name in names(use.value)}
        used[owner.block.address] |= set(map(str, facts.get(owner.block.address, {}).get("variables") or ()))
        for pair in owner.pairs:
            if pair.site is not None:
                own = {name for use in of_place(pair) for name in names(use.value)}
                by_site.setdefault(pair.site.address, set()).update(used[owner.block.address] | own)
    for site in design.of("site"):
        variables = site.values.get("variables")
        for name in variables if site.address in by_site and isinstance(variables, Mapping) else ():
            if name not in by_site[site.address]:
                yield Found(
                    address=site.address, message=f"{name} is unused at {site.label}", location=str(site.location)
                )


@registry.plan(
    "HA122", "warning", "A template change reaches every site that is bound to it",
    why="Sites outside the stack change too, and nobody there was asked.", source="POL", types=("wan_edge_template",),
)  # fmt: skip
def bound(view: PlanView) -> Iterator[Found]:
    changing = (Action.UPDATE, Action.REPLACE, Action.DELETE)
    parts = {change.owner for change in view.changes if change.owner and change.action is not Action.NO_OP}
    for address in sorted(
        {c.address for c in view.changes if c.type == "wan_edge_template" and c.action in changing} | parts
    ):
        if "wan_edge_template." not in address:
            continue  # a hub profile has one hub
        sites = [str(name) for name in view.facts.get(address, {}).get("bound", ())]
        ours = _sites_of_stack(view)
        strange = sorted(set(sites) - ours)
        if sites:
            label = address.split("wan_edge_template.")[-1]
            many = f"{len(sites)} site{'s' if len(sites) != 1 else ''}"
            text = f"{label} is bound to {many}, {len(strange)} of them not in this stack"
            place = next((c.location for c in view.changes if c.address == address), "")
            hint = f"not in this stack: {', '.join(strange)}" if strange else ""
            yield Found(address=address, message=text, location=place, hint=hint, severity=None if strange else "info")


def _sites_of_stack(view: PlanView) -> set[str]:
    blocks = view.stack.blocks.values() if view.stack is not None else ()
    recorded = {row.name for row in view.state.rows.values() if row.type == "site"}
    return {str(block.name) for block in blocks if block.type == "site"} | recorded


@registry.validate("HA123", "error", "Spoke sites use a WAN edge template, hub devices a hub profile; never both",
              why="Two sources of settings for one device: which wins is nobody's plan.", source="POL", confidence="M",
              types=_CLUSTER)  # fmt: skip
def one_source(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        if "template" in pair.block.values and "profile" in pair.block.values:
            text = f"{pair.label}: both a hub profile and a spoke template"
            yield Found.of(pair, text, hint="give template= or profile=, not both")
