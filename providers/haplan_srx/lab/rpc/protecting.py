"""RPCs that tell what a box lets through and whom it has tunnels to: security policies, security associations, BGP.

A tunnel is up where both ends run, each knows the other by its name, both have one key, and the address that is
dialled is one of the other end: so none is behind somebody's translation of addresses. The simulator's models have no
BGP, so no box runs any.
"""

from collections.abc import Iterator

import attrs

from haplan_srx.lab.chassis import boxes
from haplan_srx.lab.config.tree import Element
from haplan_srx.lab.netconf.wire import Call, Table, block, tag
from haplan_srx.lab.rpc.operating import is_up

TABLE = Table()


@TABLE.rpc("get-firewall-policies")
def policies(call: Call) -> str:
    """The policies of each pair of zones, in order."""
    config = boxes.effective(call.tx, call.box)
    found = []
    for pair in config.findall("security/policies/policy"):
        names = pair.findtext("from-zone-name") or "", pair.findtext("to-zone-name") or ""
        if call.text("from-zone", names[0]) != names[0] or call.text("to-zone", names[1]) != names[1]:
            continue
        about = block("context-information", tag("source-zone-name", names[0]) + tag("destination-zone-name", names[1]))
        rows = [block("policies", _policy(one, at)) for at, one in enumerate(pair.findall("policy"), start=1)]
        found.append(block("security-context", [about, *rows]))
    permits = config.find("security/policies/default-policy/permit-all") is not None
    permits = permits or config.findtext("security/policies/default-policy/default-action") == "permit-all"
    default = block("default-policy", tag("default-policy-action", "permit-all" if permits else "deny-all"))
    return block("security-policies", [default, *found])


def _policy(policy: Element, at: int) -> str:
    action = next((one for one in ("permit", "deny", "reject") if policy.find(f"then/{one}") is not None), "deny")
    parts = [tag("policy-name", policy.findtext("name")), tag("policy-state", "enabled"), tag("policy-identifier", at),
             tag("scope-policy-identifier", 0), tag("policy-sequence-number", at)]  # fmt: skip
    for element, inside, name in (
        ("source-address", "source-addresses", "address-name"),
        ("destination-address", "destination-addresses", "address-name"),
        ("application", "applications", "application-name"),
    ):
        named = [block(element, tag(name, one.text)) for one in policy.findall(f"match/{element}")]
        parts.append(block(inside, named))
    logged = tag("log") if policy.find("then/log") is not None else ""
    return block("policy-information", [*parts, block("policy-action", tag("action-type", action) + logged)])


# --- tunnels ---


@attrs.frozen(kw_only=True)
class End:
    """One end of a tunnel as a box has it: how it is called, whom it knows by which key, and where that one is."""

    vpn: str
    own: str
    other: str
    key: str
    address: str


def _ends(config: Element) -> Iterator[End]:
    gateways = {one.findtext("name"): one for one in config.findall("security/ike/gateway")}
    keys = {one.findtext("name"): one.findtext("pre-shared-key/ascii-text") or ""
            for one in config.findall("security/ike/policy")}  # fmt: skip
    for vpn in config.findall("security/ipsec/vpn"):
        gateway = gateways.get(vpn.findtext("ike/gateway"))
        if gateway is not None:
            yield End(
                vpn=vpn.findtext("name") or "",
                own=gateway.findtext("local-identity/hostname/identity-hostname") or "",
                other=gateway.findtext("dynamic/hostname")
                or gateway.findtext("remote-identity/hostname/identity-hostname")
                or "",
                key=keys.get(gateway.findtext("ike-policy"), ""),
                address=gateway.findtext("address") or "",
            )


def _addresses(call: Call, config: Element) -> set[str]:
    """The addresses of its interfaces that are up."""
    return {
        (one.text or "").partition("/")[0]
        for interface in config.findall("interfaces/interface")
        if is_up(call, config, interface)
        for one in interface.findall("unit/family/inet/address/name")
    }


def _answer(one: End, mine: set[str], other: End, theirs: set[str]) -> bool:
    names = (one.own, one.other) == (other.other, other.own) and bool(one.own and one.other)
    dialled = (one.address in theirs) if one.address else (other.address in mine)
    return names and dialled and one.key == other.key


@TABLE.rpc("get-security-associations-information")
def associations(call: Call) -> str:
    """The tunnels that are up."""
    config = boxes.effective(call.tx, call.box)
    mine = _addresses(call, config)
    others = []
    for box in call.tx.all("select * from boxes where db <> ? order by seq", call.box["db"]):
        if boxes.is_up(call.tx, box):
            there = attrs.evolve(call, box=box)
            their = boxes.effective(call.tx, box)
            others.append((list(_ends(their)), _addresses(there, their)))
    found = []
    for at, one in enumerate(_ends(config), start=1):
        met = next((theirs for ends, theirs in others for other in ends if _answer(one, mine, other, theirs)), None)
        if met is not None:
            found.append(_association(one, at, one.address or min(met, default="")))
    total = tag("total-active-tunnels", len(found))
    return block("ipsec-security-associations-information", [total, *found])


def _association(one: End, index: int, address: str) -> str:
    ways = [
        block("ipsec-security-associations", [
            tag("sa-direction", sign), tag("sa-tunnel-index", index), tag("sa-remote-gateway", address),
            tag("sa-port", 500), tag("sa-vpn-name", one.vpn),
        ])
        for sign in ("<", ">")
    ]  # fmt: skip
    return block("ipsec-security-associations-block", [tag("sa-block-state", "up"), *ways])


@TABLE.rpc("get-bgp-neighbor-information")
def neighbours(call: Call) -> str:
    """None: nothing that is configured here speaks BGP."""
    return block("bgp-information", "", xmlns=call.voice.area("junos-routing"))
