"""What changes cost, and what cannot be done: pure, from what was read."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from haplan.design.clusters import refreshes
from haplan.design.index import OWNERS, Resource
from haplan.design.resources import GOING, steers_otherwise
from haplan.design.settling import cost_of_forming, cost_of_refreshing, cost_of_replacing
from haplan.plugin import (
    Action,
    Assessment,
    Change,
    Entries,
    Finding,
    Impact,
    Reason,
    Tree,
)
from haplan_srx import overwriting
from haplan_srx.config import Access
from haplan_srx.estate import PairSeen, incoming
from haplan_srx.read.look import Look
from haplan_srx.rules import FOUND, SAYABLE, WATCHED
from haplan_srx.translate.documents import forms
from haplan_srx.translate.monitoring import watched
from haplan_srx.translate.recorded import Picture, nodes_of
from haplan_srx.translate.slots import slots
from haplan_srx.translate.statements import Live, Path, tag

COMMIT = 60
"""Seconds that a confirmed commit and its checks are expected to take."""
INTACT: Path = ("security", "policies", "lookup-intact-on-commit")
HITLESS = frozenset({"dns_servers", "ntp_servers", "name", "exclusive", "unowned"})
"""Attributes of a template whose change disturbs no traffic."""


def assess(look: Look, change: Change, access: Access, overrides: Mapping[str, int]) -> Assessment:
    """Cost, reach and reasons to refuse.

    Args:
        look: What was read.
        change: What is planned.
        access: How devices are reached.
        overrides: Model → slots per node, as the user says.
    """
    clusters = [one for one in map(look.cluster, sorted(look.reach(change.address))) if one.type == "cluster"]
    sites = tuple(sorted({str(look.cluster(one).values.get("site") or "") for one in look.to_write(change)}))
    findings = [*_troubles(look.wanted, clusters, change), *overwriting.findings(look, clusters, change)]
    overwrites = overwriting.lines(look, clusters, change)
    if change.type == "cluster":
        sites = (str((change.after or change.before or {}).get("site") or ""),)
        findings += _cluster(look, change, access, overrides)
        return Assessment(
            impact=_cluster_impact(change), sites=sites, findings=tuple(findings), resume=change.incomplete,
            overwrites=overwrites,
        )  # fmt: skip
    findings += overwriting.shadowed(look, clusters, change)
    findings += _watched(look, clusters, change)
    findings += _unordered(change, change.address, (change.after or {}).get("interfaces"))
    impact = _impact(change, bool(sites), intact=_intact(look, clusters))
    return Assessment(impact=impact, sites=sites, findings=tuple(findings), overwrites=overwrites)


def _unordered(change: Change, address: str, listed: Tree) -> Iterable[Finding]:
    """An earlier run of haplan 0.1.0 recorded interfaces without their order, and no device tells it any more."""
    if listed and not isinstance(listed, Entries):
        names = ", ".join(sorted(listed))
        text = f"nobody knows in which order these interfaces stood: {names}; that run recorded none"
        yield Finding(
            rule=SAYABLE,
            severity="error",
            address=address,
            message=text,
            location=change.location if address == change.address else "",
            hint="write them into the stack and apply that",
        )


def _watched(look: Look, clusters: Iterable[Resource], change: Change) -> Iterable[Finding]:
    """The WANs of a template or profile that are probed from now on, though nobody said so."""
    told = set()
    for pair in map(look.wanted.design.whole, (one.address for one in clusters if change.type in OWNERS.values())):
        if pair is None or pair.owner.address != change.address:
            continue
        was = look.recorded.design.whole(pair.cluster.address)
        before = watched(was) if was is not None else {}
        for wan, targets in watched(pair).items():
            silent = (change.after or {}).get("interfaces", {}).get(wan, {}).get("probes") is None
            if targets and not before.get(wan) and silent and wan not in told:
                told.add(wan)
                text = f"{wan}: its gateway {targets[0]} is probed; while it is silent, traffic leaves by other WANs"
                hint = 'probes=["…"] names hosts behind the provider; probes=False is nobody'
                yield Finding.at(change, WATCHED, text, "info", hint=hint)


def _troubles(wanted: Picture, clusters: Iterable[Resource], change: Change) -> Iterable[Finding]:
    """What cannot be said on a device that the change reaches; told by the change that is first to reach it."""
    told = set()
    for cluster in clusters:
        translation = wanted.translation(cluster.address)
        for trouble in translation.troubles if translation is not None else ():
            if (trouble.origin, trouble.text) not in told:
                told.add((trouble.origin, trouble.text))
                where = change.location if trouble.origin == change.address else ""
                yield Finding(
                    rule=SAYABLE, severity="error", address=trouble.origin, message=trouble.text, location=where
                )


def _intact(look: Look, clusters: Iterable[Resource]) -> bool:
    """True if every device keeps its sessions where policies change: a release that takes the statement has it."""
    lives = [look.live(one.address) for one in clusters]
    return bool(lives) and all(live is not None and live.has(INTACT) for live in lives)


def _impact(change: Change, reaches: bool, *, intact: bool) -> Impact:
    if not reaches:
        return Impact()
    changed = {key for key in {**(change.before or {}), **(change.after or {})}
               if (change.before or {}).get(key) != (change.after or {}).get(key)}  # fmt: skip
    missing = change.reason is Reason.RESUMED and change.before == change.after  # new where it is not yet
    spelled = bool(changed) and changed <= {*change.respelled} and change.position is None
    if change.type == "policy" and change.action is Action.UPDATE and not (intact or missing or spelled):
        return Impact("traffic", COMMIT)  # Junos 24.4R1 release notes: changed or moved, it looks up sessions anew
    if change.action in (*GOING, Action.REPLACE):
        kind = "config-push" if change.type in ("policy", "steering", "application") else "traffic"
        return Impact("traffic" if kind == "traffic" else "config-push", COMMIT)
    if steers_otherwise(change):
        return Impact("traffic", COMMIT)
    if change.before is None or change.type in ("policy", "application") or changed <= HITLESS:
        return Impact("config-push", COMMIT)
    return Impact("traffic", COMMIT)


# --- clusters ---


def _cluster_impact(change: Change) -> Impact:
    if change.action in GOING:
        return Impact("outage", COMMIT, False, "what haplan configured goes")
    refresh = cost_of_refreshing(change)
    if refresh is not None:
        return refresh
    if change.action is Action.REPLACE:
        return cost_of_replacing()
    return cost_of_forming() if forms(change) else Impact("traffic", COMMIT)


def _cluster(look: Look, change: Change, access: Access, overrides: Mapping[str, int]) -> Iterable[Finding]:
    """Why a pair cannot be formed or taken over."""
    cluster = look.wanted.design.resources.get(change.address)
    if cluster is None or change.action in GOING:
        return
    owner = look.wanted.design.owner_of(cluster)
    if owner is not None:
        yield from _unordered(change, owner.address, owner.values.get("interfaces"))
    say = partial(Finding.at, change, FOUND)
    nodes: Mapping[str, Tree] = cluster.values.get("nodes") or {}
    for mac, node in nodes.items():
        if not (node or {}).get("host") and mac not in access.addresses:
            yield say(f'node {mac} needs host=: node("{mac}", host="…"), where haplan reaches it')
    if not cluster.values.get("cluster_id"):
        yield say(f"cluster {cluster.name} needs cluster_id=, 1 to 255, another one than its neighbours' (HA050)")
    seen = look.pairs.get(incoming(cluster.name) if refreshes(change.before, change.after) else cluster.name)
    if seen is not None:
        yield from _multinode(seen, say)
        yield from _as_found(cluster, seen, say, overrides, forming=forms(change), begun=change.incomplete)


def _multinode(seen: PairSeen, say: Callable[[str], Finding]) -> Iterable[Finding]:
    """Boxes of another kind of high availability, which are two routers of their own: never two free boxes."""
    for name, live in (("the pair", seen.live), *seen.lives.items()):
        if live.has(("chassis", "high-availability")):
            yield say(
                f"{name} runs multi-node high availability (chassis high-availability), which is no chassis cluster; "
                "haplan does not form or configure it"
            )


def _as_found(
    cluster: Resource,
    seen: PairSeen,
    say: Callable[[str], Finding],
    overrides: Mapping[str, int],
    *,
    forming: bool,
    begun: bool,
) -> Iterable[Finding]:
    nodes = set(nodes_of(cluster).hosts)
    wanted = cluster.values.get("cluster_id")
    if seen.status is not None and wanted not in (None, seen.status.cluster_id):
        yield say(
            f"these boxes are cluster {seen.status.cluster_id} already; write cluster_id={seen.status.cluster_id}"
        )
    if seen.status is not None and seen.macs and not nodes & set(seen.macs.values()):
        yield say(f"the boxes there are {', '.join(sorted(seen.macs.values()))}, not {', '.join(sorted(nodes))}")
    if not forming or seen.status is not None:
        return
    for error in () if begun else seen.errors.values():  # a box that was sent into its restart is waited for
        yield say(f"{error}; both nodes are to be reached before a pair is formed")
    yield from _alike(cluster, seen, say)
    row = slots(str(cluster.values.get("model") or ""), overrides)
    for mac, live in seen.lives.items():
        for port in row.changing() if row is not None else ():
            if reached_through(live, port):
                yield say(
                    f"{mac} is reached through {port}, which becomes management or control when the pair is formed"
                )


def _alike(cluster: Resource, seen: PairSeen, say: Callable[[str], Finding]) -> Iterable[Finding]:
    for mac, one in seen.facts.items():
        if one.mac and one.mac != mac:
            yield say(f"the box that answers for {mac} is {one.mac}")
        model = str(cluster.values.get("model") or "").upper()
        if model and one.model and not one.model.startswith(model):
            yield say(f"{mac} is an {one.model}, not an {model}")
    versions = {one.version for one in seen.facts.values()}
    if len(versions) > 1:
        yield say(f"the nodes run different Junos versions, {' and '.join(sorted(versions))}; a pair needs the same")


def reached_through(live: Live, port: str) -> bool:
    """True if a box that stands alone has no other interface than this one to be managed by.

    What manages it is an interface with an address in a zone that lets SSH or NETCONF in, or fxp0.
    """
    ways = set()
    for step in live.children.get(("interfaces",), ()):
        name = step[1] if isinstance(step, tuple) else ""
        addressed = any(tag(one) in ("address", "dhcp", "dhcp-client") for path, _ in live.below(("interfaces", step))
                        for one in path)  # fmt: skip
        if addressed and (name == "fxp0" or _lets_in(live, name)):
            ways.add(name)
    return port in ways and ways <= {port}


def _lets_in(live: Live, name: str) -> bool:
    zones = ("security", "zones")
    for zone in live.children.get(zones, ()):
        at = (*zones, zone)
        if not any(isinstance(step, tuple) and step[:1] == ("interfaces",) and step[1].partition(".")[0] == name
                   for step in live.children.get(at, ())):  # fmt: skip
            continue
        services = {step[1] for path, _ in live.below(at) for step in path
                    if isinstance(step, tuple) and step[0] == "system-services"}  # fmt: skip
        if services & {"ssh", "netconf", "all", "any-service"}:
            return True
    return False
