"""Application policies: one zone policy for each pair of zones, in the order of the design.

The networks give the zones that traffic enters by, the steering those it leaves by. Several applications are several
policies, or the address of one could be reached by the protocol of another.
"""

from collections.abc import Iterable, Mapping

from haplan.design.index import Resource
from haplan.plugin import Tree
from haplan_srx.translate.book import destinations, network_set, services
from haplan_srx.translate.design import Pair
from haplan_srx.translate.ports import Face
from haplan_srx.translate.statements import Path, Writer
from haplan_srx.translate.steering import used

ACTIONS = {"allow": "permit", "deny": "deny"}
LOGS = {"start": "session-init", "end": "session-close"}


def write(pair: Pair, found: Mapping[str, Face], to: Writer) -> None:
    """All policies of the pair; what no policy allows is denied."""
    to.speak(pair.owner.address)
    to.set("security", "policies", "default-policy", "default-action", value="deny-all")
    far = pair.far()
    for policy in pair.policies:
        _policy(pair, found, far, policy, to)
    _nat(pair, found, far, to)


def _policy(pair: Pair, found: Mapping[str, Face], far: Mapping[str, Tree], policy: Resource, to: Writer) -> None:
    near = {network.name for network in pair.networks}
    to.speak(policy.address, "steering")
    leaves = _leaves_by(pair, found, policy, to)
    networks = [str(name) for name in policy.values.get("networks") or ()]
    for zone_from, names in _enters_by(networks, near, far).items():
        for zone_to in leaves:
            if zone_from != zone_to or zone_from not in near:  # one endpoint leads to many places
                _pair(pair, policy, zone_from, zone_to, names, to)


def _enters_by(networks: Iterable[str], near: set[str], far: Mapping[str, Tree]) -> dict[str, list[str]]:
    """Zone → the networks that come in by it: its own, or the endpoints that lead to where it is."""
    zones: dict[str, list[str]] = {}
    for name in networks:
        if name in near:
            zones.setdefault(name, []).append(name)
        ends = {tunnel.endpoint for tunnels in (far.get(name) or {}).values() for tunnel in tunnels}
        for end in sorted(ends):
            zones.setdefault(end, []).append(name)
    return zones


def _leaves_by(pair: Pair, found: Mapping[str, Face], policy: Resource, to: Writer) -> list[str]:
    """The zones that a policy lets into: those of its steering. A denial is for all: what it forbids by one way would
    go another way that a later policy allows."""
    if policy.values.get("action") != "allow":
        ends = sorted({tunnel.endpoint for tunnel in pair.tunnels})
        wans = [name for name, face in found.items() if face.values["usage"] == "wan"]
        return [*wans, *ends, *(network.name for network in pair.networks)]
    rule = pair.index.part("steering", pair.owner, policy.values.get("steering"))
    if rule is None:
        to.trouble(f"policy {policy.name}: SRX needs a steering rule to know where the traffic goes (HA105)")
        return []
    zones = [str(name) for path in used(rule) for name in path.get("networks") or [path.get("name")]]
    return list(dict.fromkeys(zones))


def _pair(pair: Pair, policy: Resource, zone_from: str, zone_to: str, networks: list[str], to: Writer) -> None:
    applications = [pair.index.named("application", name) for name in policy.values.get("applications") or ()]
    zones = (pair.names.name("zone", zone) for zone in (zone_from, zone_to))
    context: Path = ("security", "policies", ("policy", *zones))
    for application in applications:
        if application is None:
            continue
        words = [policy.name] if len(applications) == 1 else [policy.name, application.name]
        at = (*context, ("policy", pair.names.name("policy", *words)))
        to.speak(policy.address, "networks")
        to.several(*at, "match", "source-address", values=[network_set(pair, network) for network in networks])
        to.speak(policy.address, "applications")
        to.several(*at, "match", "destination-address", values=[destinations(pair, application)])
        to.several(*at, "match", "application", values=[services(pair, application)])
        to.speak(policy.address, "action")
        to.sole(*at, "then", elements=("permit", "deny", "reject"))
        to.set(*at, "then", ACTIONS.get(str(policy.values.get("action")), "deny"))
        to.speak(policy.address, "log")
        for moment in policy.values.get("log") or ():
            to.set(*at, "then", "log", LOGS[str(moment)])


def _nat(pair: Pair, found: Mapping[str, Face], far: Mapping[str, Tree], to: Writer) -> None:
    """Traffic of the LANs leaves a WAN by its own address, unless the WAN says otherwise; so does what comes in by the
    overlay where a policy lets it out there."""
    near = {network.name for network in pair.networks}
    for name, face in found.items():
        zones = sorted(pair.names.name("zone", zone) for zone in near | _let_out(pair, found, far, name))
        if face.values["usage"] != "wan" or not face.values.get("source_nat", True) or not zones:
            continue
        to.speak(pair.owner.address, "interfaces", name, "source_nat")
        called = pair.names.name("rule-set", name, like=f"to-{name}")
        rules: Path = ("security", "nat", "source", ("rule-set", called))
        to.several(*rules, "from", "zone", values=zones)
        to.several(*rules, "to", "zone", values=[pair.names.name("zone", name)])
        rule = (*rules, ("rule", called))
        to.several(*rule, "src-nat-rule-match", "source-address", values=["0.0.0.0/0"])
        to.set(*rule, "then", "source-nat", "interface")
        to.sole(*rule, "then", "source-nat", elements=("interface", "pool", "off"))


def _let_out(pair: Pair, found: Mapping[str, Face], far: Mapping[str, Tree], wan: str) -> set[str]:
    """The endpoints by which comes in what a policy lets out of a WAN."""
    zones: set[str] = set()
    for policy in pair.policies:
        if policy.values.get("action") == "allow" and wan in _leaves_by(pair, found, policy, Writer()):
            zones |= set(_enters_by(policy.values.get("networks") or (), set(), far))
    return zones
