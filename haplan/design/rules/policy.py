"""Application policies: HA100 to HA106, HA108 to HA113."""

import ipaddress
from collections.abc import Iterator, Mapping

from haplan.design.paths import LocalPath
from haplan.design.rules.index import DesignIndex, Owner, Pair, design_index, others_policies
from haplan.design.rules.registry import Found, Registry
from haplan.design.rules.steering import paths_of, twice
from haplan.design.substitution import substitute
from haplan.plugin import Block, PlanView, Tree, close_to

registry = Registry()
_TYPES = ("policy",)


@registry.validate(
    "HA100", "error", "Policy names are unique in a template",
    why="One of two would be lost.", source="API", confidence="M", types=_TYPES,
)  # fmt: skip
def unique(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        yield from twice(owner, owner.policies, "policies")


@registry.validate("HA101", "error", "Every network of a policy exists where the policy lives",
              why="The backend refers by name: a network of another organisation is none.", source="SEED, TFP",
              types=_TYPES)  # fmt: skip
def networks(design: DesignIndex) -> Iterator[Found]:
    yield from _foreign(design, "networks", "network")


@registry.validate("HA102", "error",
              "Every application of a policy exists where the policy lives; any has to be defined too",
              why="The backend refers by name: an application of another organisation is none.", source="SEED, MISTLAB",
              types=_TYPES)  # fmt: skip
def applications(design: DesignIndex) -> Iterator[Found]:
    yield from _foreign(design, "applications", "application")


def _foreign(design: DesignIndex, attribute: str, what: str) -> Iterator[Found]:
    for owner in design.owners:
        for policy in owner.policies:
            named = getattr(policy.object, attribute, ())
            if isinstance(named, list | tuple) and not named:
                yield Found(
                    address=policy.address, message=f"{policy.label}: names no {what}", location=str(policy.location)
                )
            for block in design.each(policy, attribute):
                if block.provider != policy.provider:
                    text = f"{policy.label}: unknown {what} {block.name}: it is declared for {block.provider}"
                    hint = f"the policy is of {policy.provider}; declare the {what} there"
                    yield Found(address=policy.address, message=text, location=str(policy.location), hint=hint)


@registry.validate("HA103", "error", "The steering rule is of the same template or profile",
              why="Steering lives in one document with the policies that use it.", source="SEED",
              types=_TYPES)  # fmt: skip
def same_owner(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for policy in owner.policies:
            for steering in design.each(policy, "steering"):
                if steering.owner != policy.owner:
                    known = ", ".join(block.label for block in owner.steerings) or "none"
                    text = f"{policy.label}: unknown steering {steering.label}: it is of {steering.owner}"
                    yield Found(
                        address=policy.address,
                        message=text,
                        location=str(policy.location),
                        hint=f"{owner.label} has: {known}",
                    )


@registry.validate("HA104", "error", "Action is allow or deny", why="No backend knows another.", source="SEED, API",
              types=_TYPES)  # fmt: skip
def actions(design: DesignIndex) -> Iterator[Found]:
    for policy in design.of("policy"):
        action = policy.values.get("action")
        if isinstance(action, str) and action not in ("allow", "deny"):
            text = f'{policy.label}: action must be allow or deny, got "{action}"{close_to(action, ("allow", "deny"))}'
            yield Found(address=policy.address, message=text, location=str(policy.location))


@registry.validate("HA105", "error", "On SRX every allow policy names a steering rule",
              why="The paths of the steering rule decide the destination zone; without one the policy matches nothing.",
              source="POL", types=_TYPES)  # fmt: skip
def srx_steers(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for policy in owner.policies if "srx" in owner.families() else ():
            if policy.values.get("action") == "allow" and "steering" not in policy.values:
                text = f"{policy.label}: SRX needs a steering rule to know the destination zone"
                yield Found(
                    address=policy.address,
                    message=text,
                    location=str(policy.location),
                    hint="towards a LAN: Steering(…, paths=[local(network)])",
                )


@registry.validate("HA106", "warning", "SSR does not steer into a LAN",
              why="It finds its LANs by route; a local path only confuses.",
              source="JVDEX", confidence="M", types=_TYPES)  # fmt: skip
def ssr_does_not(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for policy in owner.policies if "ssr" in owner.families() else ():
            for steering in design.each(policy, "steering"):
                if any(isinstance(path, LocalPath) for path in paths_of(steering)):
                    text = f"{policy.label}: SSR must not use LAN steering"
                    yield Found(
                        address=policy.address, message=text, location=str(policy.location), hint="leave steering= out"
                    )


def listed(values: Mapping[str, Tree], name: str) -> list[str]:
    found = values.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


Net = ipaddress.IPv4Network | ipaddress.IPv6Network


def prefixes(values: Mapping[str, Tree]) -> list[Net]:
    return [net for net in map(prefix, listed(values, "addresses")) if net is not None]


def prefix(text: str | None) -> Net | None:
    """The prefix a text is, or None."""
    try:
        return ipaddress.ip_network(text or "", strict=False)
    except ValueError:
        return None


def _inside(net: Net, others: list[Net]) -> bool:
    return any(net.version == other.version and net.subnet_of(other) for other in others)  # type: ignore[arg-type]  # same version


@registry.validate("HA109", "warning", "A policy's network is on a LAN of the template, or arrives over the overlay",
              why="A network that is neither never sends a packet here.",
              source="API", confidence="M", types=_TYPES)  # fmt: skip
def arrives(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        own = {name for face in owner.of("lan") for name in face.networks}
        for policy in owner.policies:
            for network in design.each(policy, "networks"):
                if not network.data and str(network.name) not in own and not network.values.get("advertise"):
                    text = (
                        f"{policy.label}: {network.name} is on no LAN interface of {owner.label} "
                        "and is not advertised by any peer"
                    )
                    yield Found(address=policy.address, message=text, location=str(policy.location))


@registry.validate("HA110", "warning", "Every LAN network has a policy",
              why="Hosts of a network that no policy names reach nothing, silently. At plan the policies that others "
                  "have put into the template count, and those of the organisation.",
              source="EVT", confidence="M", types=("hub_profile", "wan_edge_template"), anew=True)  # fmt: skip
def has_policy(design: DesignIndex) -> Iterator[Found]:
    yield from _without_policy(design, {})


@registry.plan("HA110")
def has_policy_really(view: PlanView) -> Iterator[Found]:
    if view.stack is not None:
        yield from _without_policy(design_index(view.stack), view.facts)


def _without_policy(design: DesignIndex, facts: Mapping[str, Mapping[str, Tree]]) -> Iterator[Found]:
    for owner in design.owners:
        allowed = [policy for policy in owner.policies if policy.values.get("action") == "allow"]
        sources = {block.address for policy in allowed for block in design.each(policy, "networks")}
        denied = {block.address for policy in owner.policies for block in design.each(policy, "networks")} - sources
        named = {str(one) for policy in others_policies(owner, facts) if policy.get("action") == "allow"
                 for one in policy.get("networks") or ()}  # fmt: skip
        targets = [
            net for policy in allowed for block in design.each(policy, "applications") for net in prefixes(block.values)
        ]
        for face in owner.of("lan"):
            for network in design.each_key(face.object.networks):
                # a part of a network, its tenants, is named before it: tenant.network
                called = any(str(network.name) in (one, one.rpartition(".")[2]) for one in named)
                if network.address in sources or called or _reached(network, owner, targets):
                    continue
                how = "is allowed by" if network.address in denied else "appears in"
                text = f"{network.name} {how} no policy; hosts there reach nothing"
                yield Found.of(owner, text, face)


def _reached(network: Block, owner: Owner, targets: list[Net]) -> bool:
    """True if a policy lets others in to it: what answers needs no policy of its own."""
    pairs: tuple[Pair | None, ...] = owner.pairs or (None,)
    for pair in pairs:
        net = prefix(substitute(network.values.get("subnet"), pair.variables if pair else {}))
        if net is None or net.prefixlen == 0 or not _inside(net, [one for one in targets if one.prefixlen]):
            return False
    return True


@registry.validate("HA113", "warning", "An application by address or name says its protocols",
              why="Without them it is documented to match HTTP and HTTPS only.", source="API", confidence="M",
              types=("application",))  # fmt: skip
def protocols(design: DesignIndex) -> Iterator[Found]:
    for block in design.of("application"):
        if ("addresses" in block.values or "hostnames" in block.values) and not block.values.get("protocols"):
            text = f"{block.label}: no protocol given; state any or list ports"
            yield Found(address=block.address, message=text, location=str(block.location), hint='protocols=["any"]')


@registry.plan(
    "HA108",
    "warning",
    "Reordering policies is a change even if no policy changed",
    why="The first policy that matches decides.",
    source="POL",
    types=_TYPES,
)
def moves(view: PlanView) -> Iterator[Found]:
    for change in view.changes:
        if change.type == "policy" and change.position is not None and change.before is not None:
            yield Found(
                address=change.address,
                message=f"{change.name} {change.moving}",
                location=change.location,
            )


@registry.plan("HA112", "info", "An organisation policy is shared, a policy of a template is its own",
              why="Who changes a shared one changes it for every template that names it.", source="POL",
              types=_TYPES)  # fmt: skip
def shared_by_all(view: PlanView) -> Iterator[Found]:
    for change in view.changes:
        found = view.facts.get(change.address, {}).get("organisation_policy")
        if change.type == "policy" and isinstance(found, Mapping) and found.get("name") and change.after is not None:
            text = f"{change.name}: comes from organisation policy {found['name']}, which other templates may share"
            yield Found(address=change.address, message=text, location=change.location)


@registry.plan("HA111", "error", "An organisation policy that is named exists",
              why="The entry would be empty: it takes all that it does not say itself from there.", source="API, POL",
              types=_TYPES)  # fmt: skip
def of_organisation(view: PlanView) -> Iterator[Found]:
    for change in view.changes:
        found = view.facts.get(change.address, {}).get("organisation_policy")
        if change.type != "policy" or not isinstance(found, Mapping) or change.after is None:
            continue
        if not found.get("name"):
            text = f"{change.name}: organisation policy {found.get('id')} not found"
            hint = f"there are: {', '.join(map(str, found.get('known') or ())) or 'none'}"
            yield Found(address=change.address, message=text, location=change.location, hint=hint)
        elif found.get("overrides"):
            said = ", ".join(map(str, found["overrides"]))
            text = f"{change.name}: overrides {said} of the organisation policy {found['name']}"
            yield Found(address=change.address, message=text, location=change.location, severity="info")
