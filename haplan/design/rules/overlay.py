"""Hubs, spokes and the overlay: HA070 to HA080."""

from collections.abc import Iterator, Mapping

from haplan.design.paths import Endpoint
from haplan.design.rules.index import DesignIndex, Face, Owner
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import Action, Change, PlanView

registry = Registry()


@registry.validate(
    "HA070", "error", "Each hub cluster has its own hub profile",
    why="A profile holds one hub's addresses; two hubs of one profile would have the same.", source="POL",
    types=("cluster", "hub_profile"),
)  # fmt: skip
def own_profile(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for pair in owner.pairs[1:] if owner.hub else ():
            text = f"{pair.label}: profile {owner.label} is already assigned to {owner.pairs[0].label}"
            yield Found.of(pair, text, hint="give each hub a profile of its own")


@registry.validate(
    "HA071", "info", "Each hub WAN interface makes an overlay endpoint named <hub>-<wan>",
    why="Spokes and steering name endpoints; they are what the overlay is made of.",
    source="MISTLAB, POL, SEED", types=("hub_profile",),
)  # fmt: skip
def endpoint_names(design: DesignIndex) -> Iterator[Found]:
    taken: dict[str, Owner] = {}
    for owner in design.owners:
        names = [str(face.plain["endpoint"]) for face in owner.of("wan") if face.plain.get("endpoint")]
        if names:
            yield Found.of(owner, f"endpoints: {', '.join(names)}")
        for name in names:
            first = taken.setdefault(name, owner)
            if first is not owner or names.count(name) > 1:
                text = (
                    f"{owner.label}: endpoint {name} is also made by {first.label}; the organisation has one of a name"
                )
                yield Found.of(owner, text, hint="name it with endpoint=", severity="error")


@registry.validate(
    "HA072", "error", "Spoke WAN interfaces refer to endpoints that exist",
    why="A tunnel to a name that nobody made never comes up.", source="POL", types=("wan_edge_template",),
)  # fmt: skip
def known_endpoints(design: DesignIndex) -> Iterator[Found]:
    known = design.hubs()
    for owner in design.owners:
        for face in owner.of("wan"):
            for one in endpoints_of(face):
                if not one.profile.haplan_data and one.title not in known:
                    there = ", ".join(known) or "none"
                    text = f"{owner.label}/{face.name}: no overlay endpoint {one.title}; known: {there}"
                    yield Found(address=owner.block.address, message=text, location=str(one.location))


def endpoints_of(face: Face) -> list[Endpoint]:
    """The endpoints a spoke's WAN builds towards."""
    overlay = getattr(face.object, "overlay", None)
    listed = overlay if isinstance(overlay, list | tuple) else [overlay]
    return [one for one in listed if isinstance(one, Endpoint)]


def _steered(owner: Owner) -> Iterator[tuple[str, Endpoint]]:
    for steering in owner.steerings:
        paths = getattr(steering.object, "paths", ())
        for path in paths if isinstance(paths, list | tuple) else ():
            if isinstance(path, Endpoint):
                yield steering.label, path


@registry.validate(
    "HA073", "error", "A template that steers into the overlay maps at least one WAN to a hub",
    why="Without a mapping there is no tunnel to steer into.", source="POL", types=("wan_edge_template",),
)  # fmt: skip
def mapped(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        if owner.hub or any(endpoints_of(face) for face in owner.of("wan")):
            continue
        for label, path in _steered(owner):
            text = f"{owner.label}: steering {label} needs the overlay but no WAN maps to a hub"
            yield Found(
                address=owner.block.address,
                message=text,
                location=str(path.location),
                hint="give a WAN overlay=[hub.endpoint(…)]",
            )
            break


@registry.validate(
    "HA074", "error", "Hubs are built before the spokes that point at them, and taken down after",
    why="A spoke without its hub is cut off from everything behind the overlay.", source="POL, SEED",
    types=("wan_edge_template", "cluster"),
)  # fmt: skip
def hubs_there(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        hubs = {str(one.profile.haplan_address): one for face in owner.of("wan") for one in endpoints_of(face)}
        for address, one in hubs.items():
            hub = design.owner(address)
            if owner.pairs and hub is not None and not hub.pairs:
                text = f"{owner.label} depends on {hub.label}, and no cluster of this stack is that hub"
                yield Found(
                    address=owner.block.address,
                    message=text,
                    location=str(one.location),
                    hint="declare its cluster",
                    severity="warning",
                )


@registry.plan("HA074")
def hubs_stay(view: PlanView) -> Iterator[Found]:
    gone = [change for change in view.changes if change.type == "cluster" and change.action is Action.DELETE]
    hubs = {
        str((change.before or {}).get("profile")): change for change in gone if (change.before or {}).get("profile")
    }
    for spoke, users in _spokes(view).items():
        for hub, change in hubs.items():
            if hub in users:
                text = f"{spoke} depends on {hub}: {change.address} cannot go while it stays"
                yield Found(
                    address=change.address,
                    message=text,
                    location=change.location,
                    hint="take the endpoints out of the template first",
                )


def _spokes(view: PlanView) -> dict[str, set[str]]:
    """Clusters that stay, with the hub profiles that their template names."""
    found: dict[str, set[str]] = {}
    blocks = view.stack.blocks.values() if view.stack is not None else ()
    profiles = {end: str(b.name) for b in blocks if b.type == "hub_profile" for end in _ends(b.values)}
    named = {
        str(block.name): {profiles.get(end, "") for end in _mapped_ends(block.values)}
        for block in blocks
        if block.type == "wan_edge_template"
    }
    for block in blocks:
        if block.type == "cluster" and block.values.get("template") in named:
            found[block.address] = named[str(block.values["template"])]
    return found


def _wans(values: object) -> list[Mapping[str, object]]:
    interfaces = values.get("interfaces") if isinstance(values, Mapping) else None
    faces = interfaces.values() if isinstance(interfaces, Mapping) else ()
    return [face for face in faces if isinstance(face, Mapping) and face.get("usage") == "wan"]


def _ends(values: object) -> set[str]:
    return {str(face["endpoint"]) for face in _wans(values) if face.get("endpoint")}


def _mapped_ends(values: object) -> set[str]:
    overlays = [face.get("overlay") for face in _wans(values)]
    return {str(name) for overlay in overlays if isinstance(overlay, Mapping) for name in overlay}


@registry.plan(
    "HA075", "warning", "Renaming or removing a hub WAN or hub profile takes paths from every spoke",
    why="Spokes name endpoints, those of other stacks and people too; one that goes is a tunnel less at each of them.",
    source="POL", types=("hub_profile", "overlay"),
)  # fmt: skip
def endpoints_go(view: PlanView) -> Iterator[Found]:
    told: set[str] = set()
    for change in sorted(view.changes, key=lambda one: one.type != "hub_profile"):
        for end in sorted(_going(change) - told):
            told.add(end)
            sites = _of_ours(view, end)
            if sites:
                many = f"{len(sites)} spoke site{'s' if len(sites) > 1 else ''}"
                text = f"removing {end} takes a path away from {many}: {', '.join(sites)}"
                yield Found(address=change.address, message=text, location=change.location)
            for name, bound in _of_others(view, change, end):
                at = f", at {', '.join(bound)}" if bound else ""
                text = f"removing {end} takes a path away from {name}, which is not in this stack{at}"
                hint = "whoever owns it has to take the path out first"
                yield Found(address=change.address, message=text, location=change.location, hint=hint)


def _going(change: Change) -> set[str]:
    """The endpoints that a change takes away."""
    if change.before is None or change.type not in ("hub_profile", "overlay"):
        return set()
    if change.type == "overlay":
        before, after = ({str(end) for end in (side or {}).get("endpoints") or ()}
                         for side in (change.before, change.after))  # fmt: skip
        return before - after
    return _ends(change.before) - _ends(change.after or {})


def _of_ours(view: PlanView, end: str) -> list[str]:
    """Spoke sites of this stack that build towards an endpoint, as recorded."""
    rows = [row for (_, deposed), row in view.state.rows.items() if not deposed]
    templates = {row.name for row in rows if row.type == "wan_edge_template" and end in _mapped_ends(row.values)}
    return sorted(
        {str(r.values.get("site")) for r in rows if r.type == "cluster" and r.values.get("template") in templates}
    )


def _of_others(view: PlanView, change: Change, end: str) -> Iterator[tuple[str, list[str]]]:
    """Templates and profiles of others that use an endpoint, as seen, with the sites that they serve."""
    owners = ("wan_edge_template", "hub_profile")
    ours = {row.name for row in view.state.rows.values() if row.type in owners}
    ours |= {one.name for one in view.changes if one.type in owners}
    users = view.facts.get(change.address, {}).get("users") or {}
    for name, sites in sorted((users.get(end) or {}).items()):
        if name not in ours:
            yield str(name), [str(site) for site in sites]


@registry.validate(
    "HA076", "warning", "A spoke's paths to a hub do not all hang on one node",
    why="Losing that node cuts the site off, pair or not.", source="SEED", confidence="M", types=("wan_edge_template",),
)  # fmt: skip
def spread(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        mapping = [face for face in owner.of("wan") if endpoints_of(face)]
        nodes = {node for face in mapping for node in owner.nodes_of(face)}
        if mapping and owner.rows() and len(nodes) == 1:
            text = f"{owner.label}: all overlay paths use node{nodes.pop()}; losing it cuts the site"
            yield Found.of(owner, text, mapping[0], hint="map a WAN of the other node too")


@registry.validate(
    "HA077",
    "warning",
    "Hub and spoke are in different sites",
    why="A spoke beside its hub needs no overlay, and the cloud gives a site one template.",
    source="SSRDOC",
    confidence="M",
    types=("cluster",),
)
def apart(design: DesignIndex) -> Iterator[Found]:
    hubs = {pair.site.address: pair for pair in design.pairs if pair.role == "hub" and pair.site is not None}
    for pair in design.pairs:
        hub = hubs.get(pair.site.address) if pair.site is not None and pair.role == "spoke" else None
        if hub is not None:
            text = f"{hub.label} and {pair.label} share site {pair.site_name}"
            yield Found.of(pair, text)


@registry.validate(
    "HA079",
    "warning",
    "A network that policies send over the overlay is advertised",
    why="The other end does not know the way back.",
    source="MISTLAB",
    confidence="M",
    types=("policy",),
)
def advertised(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        over = {label for label, _ in _steered(owner)}
        for policy in owner.policies:
            if policy.values.get("action") != "allow" or not over & {b.label for b in design.each(policy, "steering")}:
                continue
            for network in design.each(policy, "networks"):
                if not network.data and not network.values.get("advertise"):
                    text = f"{network.name} is not advertised; {policy.label} will not get traffic back"
                    yield Found(
                        address=policy.address,
                        message=text,
                        location=str(policy.location),
                        hint="give the network advertise=",
                    )


@registry.validate(
    "HA080", "warning", "Hub and spoke of one overlay are of one family",
    why="SRX peers speak IPsec, SSR peers speak SVR.", source="API", confidence="M", types=("wan_edge_template",),
)  # fmt: skip
def peers(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for address in sorted(
            {str(one.profile.haplan_address) for face in owner.of("wan") for one in endpoints_of(face)}
        ):
            hub = design.owner(address)
            if hub is None or not hub.families() or not owner.families() or hub.families() & owner.families():
                continue
            mine, theirs = ", ".join(sorted(owner.families())).upper(), ", ".join(sorted(hub.families())).upper()
            yield Found.of(owner, f"{owner.label} ({mine}) cannot peer with {hub.label} ({theirs})")
