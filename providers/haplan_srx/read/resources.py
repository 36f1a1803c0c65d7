"""Refresh: what is there, in the words of the vocabulary.

A device is read once for all that is on it. What haplan said is compared statement by statement; where one is not there
as it was said, the attribute that said it shows what the device has instead.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from haplan.design.clusters import refreshes
from haplan.plugin import (
    SEQUENCES,
    Document,
    Entries,
    FieldPath,
    ProviderError,
    Query,
    Reading,
    Row,
    Secret,
    Seen,
    Target,
    Tree,
    decode,
    in_order,
    is_mapping,
)
from haplan_srx.device.operational import Commit
from haplan_srx.estate import Estate, Nodes, PairSeen, incoming
from haplan_srx.private import Private
from haplan_srx.read import whole
from haplan_srx.read.look import unseen
from haplan_srx.serials import strange
from haplan_srx.translate.difference import drifted
from haplan_srx.translate.documents import device
from haplan_srx.translate.log import CommitLog
from haplan_srx.translate.monitoring import unwatched
from haplan_srx.translate.recorded import Picture, joining, nodes_of, of_device
from haplan_srx.translate.scrambled import is_secret
from haplan_srx.translate.statements import SERVER, Live, Statement, keys, tag

GONE = "(gone)"
HOMES = {"policy": "security", "steering": "routing-instances"}
"""Where a rule is, beside what else it says: without anything there it is gone."""


@attrs.frozen
class Drifted:
    """What is not as it was said, on one device.

    Attributes:
        cluster: Address of the cluster.
        statements: By address of the resource that said them.
        live: What the device has.
        listed: Interfaces as the device has them in order, by address of the template or profile, where in another one.
    """

    cluster: str
    statements: Mapping[str, tuple[Statement, ...]]
    live: Live
    listed: Mapping[str, Entries]

    def about(self, address: str) -> bool:
        """True if something of a resource is not as it was said."""
        return address in self.statements or address in self.listed

    def state(self, address: str) -> str:
        """What the device has of a resource: how it differs from what was said, as one word."""
        there = [(one.path, sorted(self.live.below(one.path), key=str)) for one in self.statements.get(address, ())]
        listed = list(self.listed.get(address, ()))
        return hashlib.sha256(repr((there, listed)).encode()).hexdigest()[:16]


def read(estate: Estate, query: Query, slots: Mapping[str, int]) -> Reading:
    """Read many resources at once, each device once."""
    if query.document:
        touched = [(target.address, target.values) for target in query.targets]
        query = attrs.evolve(query, recorded=of_device(query.recorded, query.document.name, touched))
    design = unseen(query, slots)
    clusters = _clusters(query, design.recorded, design.wanted)
    coming = _coming(design.recorded, design.wanted, clusters)
    pairs = estate.looks([*clusters.values(), *coming], query.max_age, health=not query.document)
    looks = {address: pairs[one.cluster] for address, one in clusters.items()}
    strangers = strange(query, looks, design.wanted)
    lives = {address: look.live for address, look in looks.items() if look.clustered}
    design = design.told(query, lives)
    then = _then(design.recorded, query, slots, lives)
    reading = _Reading(
        estate=estate, query=query, recorded=design.recorded, then=then, wanted=design.wanted, looks=looks
    )
    seen = {target.address: found for target in query.targets if (found := reading.seen(target)) is not None}
    notes = () if query.document else (*strangers, *reading.notes(clusters))  # nobody reads them before a write
    return Reading(
        seen=seen,
        orders=reading.orders(),
        notes=notes,
        look=attrs.evolve(design, pairs=pairs, states=reading.states(query.targets)),
    )


def _then(now: Picture, query: Query, slots: Mapping[str, int], lives: Mapping[str, Live]) -> Picture:
    """What is recorded, with what no state has any more and is looked for; the very same where nothing is."""
    rows = {one.address: one.row for one in query.targets if one.row is not None}
    if rows.keys() <= query.recorded.keys():
        return now
    return unseen(attrs.evolve(query, recorded={**query.recorded, **rows}), slots).told(query, lives).recorded


def _clusters(query: Query, recorded: Picture, wanted: Picture) -> dict[str, Nodes]:
    """Address → nodes of the clusters to look at: where both boxes are to be others, the pair that stands."""
    found = {one.address: one for one in recorded.design.of("cluster")}
    for one in wanted.design.of("cluster"):
        stands = found.get(one.address)
        if stands is None or not refreshes(stands.values, one.values):
            found[one.address] = one
    if query.document:
        only = query.document.name
        return {address: nodes_of(one) for address, one in found.items() if one.name == only}
    return {address: nodes_of(one) for address, one in found.items()}


def _coming(recorded: Picture, wanted: Picture, clusters: Mapping[str, Nodes]) -> list[Nodes]:
    """The boxes that are to take the places of others, of the clusters that are looked at."""
    was = {one.address: one.values for one in recorded.design.of("cluster")}
    both = (one for one in wanted.design.of("cluster") if refreshes(was.get(one.address), one.values))
    return [Nodes(incoming(one.name), nodes_of(one).hosts) for one in both if one.address in clusters]


class _Reading:
    """What one read finds.

    What is recorded is compared as it was written; what is in no state, and only looked for, says nothing of that.

    Threads: one; made for one read.

    Args:
        then: What is recorded, with what is only looked for.
    """

    def __init__(
        self,
        *,
        estate: Estate,
        query: Query,
        recorded: Picture,
        then: Picture,
        wanted: Picture,
        looks: Mapping[str, PairSeen],
    ) -> None:
        self._estate, self._query, self._recorded, self._then, self._wanted = estate, query, recorded, then, wanted
        self._looks = looks
        self._drifted = self._drift(recorded)
        self._drifted_then = self._drifted if then is recorded else self._drift(then)
        self._who: dict[str, Commit | None] = {}

    def _drift(self, picture: Picture) -> dict[str, Drifted]:
        """What differs from a picture, by address of the cluster."""
        found = {address: self._drift_of(address, look, picture) for address, look in self._looks.items()}
        return {address: one for address, one in found.items() if one is not None}

    def _drift_of(self, address: str, look: PairSeen, recorded: Picture) -> Drifted | None:
        """Only what was written is expected there: a device that is still to be configured has not drifted."""
        row = self._query.recorded.get(address)
        if not look.clustered or row is None or row.status != "ok":
            return None
        statements, listed = drifted(recorded.configuration(address), look.live), dict[str, Entries]()
        if statements and (picture := recorded.running(address, look.live)) is not None:
            statements = drifted(picture.configuration(address), look.live)
            owner = picture.design.owner_of(picture.design.resources[address])
            listed = {owner.address: owner.values["interfaces"]} if owner is not None else listed
        by_origin: dict[str, list[Statement]] = {}
        for statement in statements:
            by_origin.setdefault(statement.origin, []).append(statement)
        return Drifted(address, {origin: tuple(found) for origin, found in by_origin.items()}, look.live, listed)

    # --- resources ---

    def seen(self, target: Target) -> Seen | None:
        if target.data:
            return None
        if target.type == "cluster":
            return self._cluster(target)
        if target.row is None:
            return None
        values = dict(self._then.design.resources[target.address].values)
        by_cluster = self._drifted if target.address in self._query.recorded else self._drifted_then
        found = [one for one in by_cluster.values() if one.about(target.address) and self._counts(one, target)]
        if found and self._gone(target):
            return None
        for one in found:
            values |= {"interfaces": one.listed[target.address]} if target.address in one.listed else {}
            for statement in one.statements.get(target.address, ()):
                values = _put(values, statement.field, _shown(statement, one.live))
        who = self._changed_by(found[0].cluster) if found else None
        return Seen(
            address=target.address,
            id=target.id or target.row.id or target.name,
            values={**values, "name": target.row.name},
            who=who.user if who else "",
            state=next(iter(self.states((target,)).values()), "") if self._query.document else "",
        )

    def states(self, targets: Iterable[Target]) -> dict[tuple[str, str], str]:
        """(Device, address of a resource) → what it has of that, each on its own."""
        rows = [target for target in targets if target.row is not None and target.type != "cluster"]
        return {(address, target.address): one.state(target.address)
                for address, one in self._drifted.items() for target in rows if self._counts(one, target)}  # fmt: skip

    def _counts(self, drifted: Drifted, target: Target) -> bool:
        """False on a device that does not have it yet as it was last wanted: what differs there has not drifted."""
        return device(self._recorded.design.resources[drifted.cluster].name) not in target.waiting

    def _gone(self, target: Target) -> bool:
        """True if nothing of a rule is left on any device that was looked at.

        Before a write one device is looked at: then it is as the plan saw it, which left out the id of what is gone.
        """
        if self._query.document and target.id:
            return False
        said = [
            (one, look)
            for cluster, look in self._looks.items()
            if look.clustered
            for one in self._then.configuration(cluster).of(target.address)
            if one.path[0] == HOMES.get(target.type)
        ]
        return bool(said) and not any(one.path in look.live.prefixes for one, look in said)

    def _changed_by(self, cluster: str) -> Commit | None:
        """The newest commit that is not haplan's, of a device that has drifted."""
        if cluster not in self._who:
            one = self._recorded.design.resources[cluster]
            history = self._estate.history(nodes_of(one))
            self._who[cluster] = next((entry for entry in history if CommitLog.parse(entry.log) is None), None)
        return self._who[cluster]

    def _cluster(self, target: Target) -> Seen | None:
        look = self._looks.get(target.address)
        declared = target.values.get("nodes") or {}
        if look is None and self._query.document and target.row is not None:
            return _as_recorded(target, target.row)  # in the document of a peer nothing says how it is
        if (begun := _begun(target, look)) is not None:
            return begun
        if look is None or (look.status is None and look.facts and target.row is None):
            return None
        if look.status is None:
            return self._unformed(target, look)
        status = look.status
        # a node that is down does not tell its MAC address
        row = target.row
        known = {**(decode(row.values).get("nodes") or {} if row is not None else {}), **declared}
        nodes = {mac: known.get(mac) or {} for mac in look.macs.values()} if len(look.macs) == 2 else {}
        values = {**dict(decode(row.values)), "name": row.name} if row is not None else {"name": target.name}
        values |= {"nodes": nodes or values.get("nodes") or declared, "cluster_id": status.cluster_id}
        who = self._changed_by(target.address) if self._of_cluster(target.address) else None
        for statement in self._of_cluster(target.address):
            values = _put(values, statement.field, _shown(statement, look.live))
        half = not status.formed and (target.row is None or target.row.status != "ok")
        return Seen(
            address=target.address, id=self._id(target, look), values=values, found_by_name=target.row is None,
            status="incomplete" if half else "ok",
            who=who.user if who else "",
        )  # fmt: skip

    def _of_cluster(self, address: str) -> tuple[Statement, ...]:
        """What a cluster itself said and its device does not have."""
        found = self._drifted.get(address)
        return found.statements.get(address, ()) if found is not None else ()

    def _unformed(self, target: Target, look: PairSeen) -> Seen | None:
        """Boxes that stand alone, or do not answer: what was formed counts as gone only if a box says so."""
        if target.row is None:
            return None
        if target.row.status == "ok" and look.facts:
            return None
        return _as_recorded(target, target.row)

    def _id(self, target: Target, look: PairSeen) -> str:
        return (target.row.id if target.row is not None else "") or look.macs.get("node0") or target.name

    # --- whole devices ---

    def orders(self) -> dict[tuple[Document, str], tuple[str, ...]]:
        """The order of policies on each device: as planned, unless a pair of zones has them in another one."""
        found = {}
        for address, look in self._looks.items():
            pair = self._recorded.design.whole(address)
            if pair is not None:
                recorded = [policy.name for policy in pair.policies]
                names = whole.as_planned(recorded, _planned(self._query, self._wanted, address))
                seen = whole.order(names, self._recorded, address, look.live) if look.clustered else tuple(names)
                found[device(pair.cluster.name), "policy"] = seen
        return found

    def notes(self, clusters: Mapping[str, Nodes]) -> Iterable[str]:
        """What people should know of the devices."""
        for address, look in self._looks.items():
            name = clusters[address].cluster
            for error in look.errors.values():
                yield f"{error}; {name} is taken as recorded" if not look.reached else error
            yield from whole.half_formed(name, look)
            if look.clustered:
                yield from whole.before_ours(self._wanted.configuration(address), name, look.live)
            if address in self._drifted and (self._drifted[address].statements or self._drifted[address].listed):
                yield from self._compared(name, clusters[address])
        formed = (self._wanted.design.whole(address) for address, look in self._looks.items() if look.clustered)
        yield from unwatched(pair for pair in formed if pair is not None)

    def _compared(self, name: str, nodes: Nodes) -> Iterable[str]:
        """The device's own words for what changed since haplan's last commit."""
        history = self._estate.history(nodes)
        ours = next((entry for entry in history if CommitLog.parse(entry.log) is not None), None)
        if ours is None or ours.number == 0:
            return
        try:
            text = self._estate.primary(nodes).compare(ours.number)
        except ProviderError:
            return
        by = ", ".join(dict.fromkeys(f"{entry.user} {entry.when}" for entry in history if entry.number < ours.number))
        if text:
            yield f"{name}: changed since haplan's last commit, by {by}:\n{text}"


def _planned(query: Query, wanted: Picture, address: str) -> list[str]:
    """Names of the policies of a device in the order that is wanted, or that a plan was made on."""
    told = [name for order in query.orders if order.list == "policy" for name in order.before]
    pair = wanted.design.whole(address)
    if told or pair is None or query.document:  # before a write targets come in the order of its changes
        return told
    return [policy.name for policy in pair.policies]


def _begun(target: Target, look: PairSeen | None) -> Seen | None:
    """A pair that a run began to form and nobody recorded, where its boxes do not tell of it: they restart."""
    sent = joining(target.announced)
    recorded = target.row is not None and bool(target.row.serial)
    if recorded or not sent or (look is not None and look.clustered):
        return None
    if look is not None and not target.leaving and not {*sent.values()} & {*look.errors}:
        return None  # all stand alone, and say so
    values = {"nodes": target.values["nodes"]} if target.values.get("nodes") else {}
    numbers = [key["cluster_id"] for key in target.announced if key.get("cluster_id")]
    values |= {"cluster_id": numbers[-1]} if numbers else {}
    private = Private(formed=True).plain()
    return Seen(address=target.address, id=target.name, values={"name": target.name, **values}, private=private,
                found_by_name=True, status="incomplete")  # fmt: skip


def _as_recorded(target: Target, row: Row) -> Seen:
    values = {**decode(row.values), "name": row.name}
    return Seen(address=target.address, id=row.id, values=values, status="ok" if row.status == "ok" else "incomplete")


def _shown(statement: Statement, live: Live) -> Tree:
    """What a device has in place of a statement."""
    if live.off(statement.path):
        return "(deactivated)"
    if statement.secret and live.has(statement.path):
        return Secret(statement.secret, fingerprint=live.fingerprints.get(statement.path, ""))
    there = live.values.get(statement.path)
    if there and is_secret(tag(statement.path[-1]), there):
        return "(sensitive)"
    if there:
        return there[0] if len(there) == 1 else list(there)
    parent = statement.path[:-1]
    last = statement.path[-1]
    others = [step for step in live.children.get(parent, ()) if not isinstance(step, str) and tag(step) == tag(last)]
    if tag(last) == SERVER:
        return [key for step in others for _, key in keys(step)]
    if isinstance(last, tuple) and others:
        return ", ".join(" ".join(key for _, key in keys(step)) for step in others)
    if isinstance(last, str) and not statement.values:
        instead = [tag(step) for step in live.children.get(parent, ()) if isinstance(step, str)]
        return ", ".join(instead) or GONE
    return GONE


def _put(values: Mapping[str, Tree], field: FieldPath, shown: Any) -> dict[str, Tree]:
    """Something in place of an attribute; where the attribute has no such part, in place of what is above it."""
    path = field or tuple(values)[:1]
    return {**values, **_laid(values, path, shown)}


def _laid(tree: Mapping[str, Tree], path: FieldPath, shown: Any) -> dict[str, Tree]:
    """The entry of a tree that stands at the beginning of a path, with something else at its end."""
    step, rest = str(path[0]), path[1:]
    old = tree.get(step)
    if rest and is_mapping(old):
        return {step: in_order({**old, **_laid(old, rest, shown)}, old)}
    return {step: [shown] if isinstance(old, SEQUENCES) and not isinstance(shown, list) else shown}
