"""What a commit looks at beyond syntax: on each node, with groups applied and what is inactive left out.

Most of it are the vendor's own constraints (`must`). The rest is what the box is known to refuse although the models do
not say so; each such check says what it is.
"""

from collections.abc import Callable, Iterator

from haplan_srx.lab.chassis import models
from haplan_srx.lab.config import groups, must
from haplan_srx.lab.config.schema import Node, root
from haplan_srx.lab.config.tree import Element, Trouble, branches, path_to, tag_of, words_of

Finding = tuple[Element, str]


def check(config: Element, model: models.Model, nodes: tuple[str, ...]) -> list[Trouble]:
    """What is wrong with a configuration on these nodes (one nameless one if the box is not clustered)."""
    troubles: dict[tuple[str, str, str], Trouble] = {}
    for element, said in found(config, model, nodes):
        trouble = Trouble(message=said, path=_above(element), bad=_statement(element))
        troubles.setdefault((said, trouble.path, trouble.bad), trouble)
    return list(troubles.values())


def found(config: Element, model: models.Model, nodes: tuple[str, ...]) -> Iterator[Finding]:
    """Each thing that is wrong on one of these nodes, with its statement in what the node makes of the groups."""
    for node in nodes:
        for element, said in _wrong(groups.effective(config, node), model, bool(node)):
            yield _entry_of(element), said


def _entry_of(element: Element) -> Element:
    """The entry whose key this is, else the statement itself."""
    parent = element.getparent()
    return parent if tag_of(element) == "name" and parent is not None else element


def _above(element: Element) -> str:
    parent = element.getparent()
    return path_to(element if parent is None else parent)


def _statement(element: Element) -> str:
    """The statement in the CLI's words, with its value."""
    node = root()
    for one in [*reversed(list(element.iterancestors())), element][1:]:
        node = node.child(tag_of(one)) or node
    said = words_of(element, node)
    return f"{said} {element.text.strip()}".strip() if node.leaf and element.text else said


def _wrong(config: Element, model: models.Model, clustered: bool) -> Iterator[Finding]:
    yield from must.failures(config)
    yield from _missing(config, root())
    for look in CHECKS:
        yield from look(config)
    if clustered:
        yield from _reserved_ports(config, model)


def _missing(element: Element, node: Node) -> Iterator[Finding]:
    """Mandatory statements, and lists that are too long [Y]."""
    for name, below in node.counted:
        count = sum(1 for _ in element.iterchildren(name))
        if below.mandatory and not count and name not in node.keys and not _other_branch(element, node, below):
            yield element, f"Missing mandatory statement: '{below.word}'"
        if below.most and count > below.most:
            yield element, f"number of '{below.word}' statements exceeds limit of {below.most}"
    for child in branches(element):
        inner = node.child(tag_of(child))
        if inner is not None and not inner.leaf:
            yield from _missing(child, inner)


def _other_branch(element: Element, node: Node, below: Node) -> bool:
    """What is mandatory in one branch of a choice is so only where that branch was taken."""
    if not below.branch:
        return False
    return not any(one.branch == below.branch for child in element if (one := node.child(tag_of(child))) is not None)


# --- What the models do not say ---------------------------------------------------------------------------------------


def _policies(config: Element) -> Iterator[Element]:
    yield from config.iterfind("security/policies/policy/policy")
    yield from config.iterfind("security/policies/global/policy")


def _policy_is_whole(config: Element) -> Iterator[Finding]:
    """A policy matches sources, destinations and applications, and does something."""
    for policy in _policies(config):
        for name in ("source-address", "destination-address", "application"):
            if policy.find(f"match/{name}") is None:
                yield policy, f"Missing mandatory statement: '{name}'"
        if not any(policy.find(f"then/{action}") is not None for action in ("permit", "deny", "reject")):
            yield policy, "Missing mandatory statement: 'then'"


def _policy_addresses_exist(config: Element) -> Iterator[Finding]:
    """Addresses that a policy names are in the global book, or in one of the zone."""
    books = {book.findtext("name"): _names(book) for book in config.iterfind("security/address-book")}
    everywhere = books.get("global", set()) | {"any", "any-ipv4", "any-ipv6"}
    for context in config.iterfind("security/policies/policy"):
        for side, zone in (("source", "from-zone-name"), ("destination", "to-zone-name")):
            known = everywhere | _in_zone(config, context.findtext(zone) or "")
            for policy in context.iterfind("policy"):
                yield from _unknown(policy, side, known)
    for policy in config.iterfind("security/policies/global/policy"):
        for side in ("source", "destination"):
            yield from _unknown(policy, side, everywhere)


def _unknown(policy: Element, side: str, known: set[str]) -> Iterator[Finding]:
    for one in policy.iterfind(f"match/{side}-address"):
        if (one.text or "") not in known:
            yield policy, f"{side.capitalize()} address or address_set ({one.text}) not found"


def _names(book: Element) -> set[str]:
    return {one.findtext("name") or "" for kind in ("address", "address-set") for one in book.iterfind(kind)}


def _in_zone(config: Element, zone: str) -> set[str]:
    """Names in books that are attached to a zone, or in its own."""
    found: set[str] = set()
    for book in config.iterfind("security/address-book"):
        if zone in [one.text for one in book.iterfind("attach/zone/name")]:
            found |= _names(book)
    for one in config.iterfind("security/zones/security-zone"):
        own = one.find("address-book")
        if one.findtext("name") == zone and own is not None:
            found |= _names(own)
    return found


def _applications_exist(config: Element) -> Iterator[Finding]:
    """Applications that a policy names are defined; those called junos-… are built in."""
    kinds = ("application", "application-set")
    known = {one.findtext("name") for kind in kinds for one in config.iterfind(f"applications/{kind}")}
    for policy in _policies(config):
        for one in policy.iterfind("match/application"):
            if (one.text or "") not in known | {"any"} and not (one.text or "").startswith("junos-"):
                yield policy, f"Application or application_set ({one.text}) not found"


def _one_zone(config: Element) -> Iterator[Finding]:
    """An interface is in one zone."""
    seen: dict[str, str] = {}
    for zone in config.iterfind("security/zones/security-zone"):
        for member in zone.iterfind("interfaces"):
            name = member.findtext("name") or ""
            if name in seen:
                yield member, f"Interface {name} already assigned to zone {seen[name]}"
            seen[name] = zone.findtext("name") or ""


def _policies_are_defined(config: Element) -> Iterator[Finding]:
    """A policy statement that routing uses is there."""
    known = {one.findtext("name") for one in config.iterfind("policy-options/policy-statement")}
    paths = ("routing-options/forwarding-table/export", "routing-options/interface-routes/rib-group/import-policy")
    for path in paths:
        for one in config.iterfind(path):
            if one.text not in known:
                yield one, f"Policy error: Policy {one.text} referenced but not defined"


def _instances_are_defined(config: Element) -> Iterator[Finding]:
    """A routing instance that a filter or a profile sends traffic to is there."""
    known = {one.findtext("name") for one in config.iterfind("routing-instances/instance")}
    for path in (
        "firewall/filter/term/then/routing-instance",
        "firewall/family/inet/filter/term/then/routing-instance",
        "security/advance-policy-based-routing/profile/rule/then/routing-instance",
    ):
        for one in config.iterfind(path):
            name = next(one.itertext(), "").strip() if len(one) else (one.text or "").strip()
            name = name or (one.findtext("routing-instance-name") or "").strip()
            if name not in known:
                yield one, f"Referenced routing instance '{name}' is not defined"


def _ribs_are_there(config: Element) -> Iterator[Finding]:
    """A table that a rib group imports into belongs to an instance that exists."""
    known = {one.findtext("name") for one in config.iterfind("routing-instances/instance")}
    for one in config.iterfind("routing-options/rib-groups/import-rib"):
        name = (one.text or "").strip()
        instance = name.rpartition(".inet")[0]
        if instance and instance not in known:
            yield one, f"RIB {name} does not exist: routing instance {instance} is not defined"


def _one_place_an_address(config: Element) -> Iterator[Finding]:
    """An address is on one unit of a routing instance."""
    instance_of = {
        member.findtext("name"): instance.findtext("name")
        for instance in config.iterfind("routing-instances/instance")
        for member in instance.iterfind("interface")
    }
    seen: set[tuple[str | None, str]] = set()
    for interface in config.iterfind("interfaces/interface"):
        for unit in interface.iterfind("unit"):
            name = f"{interface.findtext('name')}.{unit.findtext('name')}"
            for address in unit.iterfind("family/inet/address/name"):
                place = (instance_of.get(name), (address.text or "").split("/")[0])
                if place in seen:
                    yield unit, f"identical local address is found on different interfaces: {address.text}"
                seen.add(place)


def _tagged(config: Element) -> Iterator[Finding]:
    """A unit has a VLAN only where tagging is on."""
    for interface in config.iterfind("interfaces/interface"):
        if not any(interface.find(f"{kind}vlan-tagging") is not None for kind in ("", "flexible-", "stacked-")):
            for unit in interface.iterfind("unit[vlan-id]"):
                yield unit, "VLAN-ID can only be specified on tagged ethernet interfaces"


def _nat_zones_exist(config: Element) -> Iterator[Finding]:
    """A zone that address translation names is there."""
    known = {zone.findtext("name") for zone in config.iterfind("security/zones/security-zone")}
    for side in ("from", "to"):
        for one in config.iterfind(f"security/nat/*/rule-set/{side}/zone"):
            if one.text not in known:
                yield one, f"Zone {one.text} is not defined"


def _reserved_ports(config: Element, model: models.Model) -> Iterator[Finding]:
    """Ports that became fxp0 or the control link are no ports any more, on neither node."""
    gone = {model.on_node(port, node) for port in model.changed for node in (0, 1)}
    for interface in config.iterfind("interfaces/interface"):
        if interface.findtext("name") in gone:
            yield interface, f"{interface.findtext('name')} is used by the chassis cluster"


CHECKS: tuple[Callable[[Element], Iterator[Finding]], ...] = (
    _policy_is_whole, _policy_addresses_exist, _applications_exist, _one_zone, _policies_are_defined,
    _instances_are_defined, _ribs_are_there, _one_place_an_address, _tagged, _nat_zones_exist,
)  # fmt: skip
