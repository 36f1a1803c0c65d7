"""The design as recorded and as wanted, and what each says of a device."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from haplan.design import resources
from haplan.design.index import Resource
from haplan.design.resources import of_row, without_name
from haplan.plugin import (
    SEQUENCES,
    Entries,
    Part,
    Query,
    Row,
    Task,
    Tree,
    Unknown,
    is_mapping,
    leaves,
)
from haplan.plugin import (
    Reference as Ref,
)
from haplan.plugin import (
    TextValue as Text,
)
from haplan_srx.estate import Nodes
from haplan_srx.private import Given, Private, given_in
from haplan_srx.translate import sequence
from haplan_srx.translate.design import Design, Pair
from haplan_srx.translate.design import Given as GivenOn
from haplan_srx.translate.device import Translation, translate
from haplan_srx.translate.documents import device
from haplan_srx.translate.names import CONFIGURED, MARK, MARKED, SEEN, Key
from haplan_srx.translate.statements import Configuration, Live, Path, Statement

FEW = 2
"""Clusters that stand for all that carry one template."""


class Picture:
    """One design, and its translation for each device, worked out when it is asked for.

    Threads: any; what is worked out follows from the design, so that two may work it out.
    """

    def __init__(
        self,
        known: Iterable[Resource],
        *,
        orders: Mapping[str, Sequence[str]] | None = None,
        overrides: Mapping[str, int] | None = None,
        earlier: "Picture | None" = None,
        given: GivenOn | None = None,
    ) -> None:
        self.design = Design(known, orders, overrides, given)
        self._orders, self._overrides, self._earlier, self._given = orders, overrides, earlier, given
        self._done: dict[str, Translation | None] = {}
        self._reach: Mapping[str, frozenset[str]] | None = None

    @property
    def untold(self) -> bool:
        """True if the interfaces of some template or profile have no order."""
        earlier = self._earlier is not None and self._earlier.untold
        return earlier or bool(sequence.untold(self.design.resources.values()))

    def told(self, lives: Mapping[str, Live], stack: Mapping[str, Sequence[str]]) -> "Picture":
        """The same, with an order of interfaces where the state has none; see `haplan_srx.translate.sequence`."""
        if not self.untold:
            return self
        earlier = self._earlier.told(lives, stack) if self._earlier is not None else None
        return self._of(sequence.told(self.design, lives, stack), earlier, self._given)

    def following(self, was: "Picture") -> "Picture":
        """The same, where what has a name or number in another picture keeps it."""
        return self._with(was.given)

    def _with(self, given: GivenOn | None) -> "Picture":
        return self._of(self.design.resources.values(), self._earlier, given)

    def _of(self, known: Iterable[Resource], earlier: "Picture | None", given: GivenOn | None) -> "Picture":
        return Picture(known, orders=self._orders, overrides=self._overrides, earlier=earlier, given=given)

    def given(self, cluster: str) -> Mapping[Key, str]:
        """The names and numbers on a device."""
        found = self.translation(cluster)
        return found.given if found is not None else {}

    def to_record(self, cluster: str) -> Mapping[Key, str]:
        """Of them those that are to be recorded, so that all come to the same without what was before."""
        now, alone = self.given(cluster), self._with(None).given(cluster)
        marks = {key: name for key, name in now.items() if key[0] in MARKED}
        now, alone = _unmarked(now), _unmarked(alone)
        found = {key: name for key, name in now.items() if alone.get(key) != name}
        same = not found or _unmarked(self._with(lambda _: found).given(cluster)) == now
        return {**(found if same else now), **marks}

    def running(self, cluster: str, live: Live) -> "Picture | None":
        """The same, with the interfaces in the order in which one device has them; None where that is this one."""
        pair = self.design.whole(cluster)
        owner = sequence.as_running(pair, live) if pair is not None else None
        if owner is None:
            return None
        known = {**self.design.resources, owner.address: owner}
        return self._of(known.values(), None, self._given)

    def translation(self, cluster: str) -> Translation | None:
        """What a device is to have; None if the cluster is not there, or not whole."""
        if cluster not in self._done:
            pair = self.design.whole(cluster)
            self._done[cluster] = None if pair is None else _told(translate(pair), pair)
        return self._done[cluster]

    def sample(self, cluster: str) -> "Picture":
        """The same with few of the other clusters that carry one template, since a hub is told of each alike."""
        design, seen = self.design, dict[str, int]()
        known = dict(design.resources)
        for one in design.of("cluster"):
            owner = design.owner_of(one)
            if owner is not None and one.address != cluster:
                seen[owner.address] = seen.get(owner.address, 0) + 1
                if seen[owner.address] > FEW:
                    known.pop(one.address)
        return self._of(known.values(), None, self._given) if len(known) < len(design.resources) else self

    def configuration(self, cluster: str) -> Configuration:
        """The statements of a device; none if it is not there."""
        found = self.translation(cluster)
        return Configuration() if found is None else found.configuration

    def said(self, cluster: str) -> tuple[Configuration, ...]:
        """What haplan has said on a device: also before a change that is not on all devices yet."""
        now = self.configuration(cluster)
        return (now,) if self._earlier is None else (now, self._earlier.configuration(cluster))

    def owned(self, cluster: str) -> Configuration:
        """All of that as one."""
        return joined(*self.said(cluster))

    def reach(self, address: str) -> frozenset[str]:
        """The clusters that a resource flows into."""
        if self._reach is None:
            self._reach = self.design.reached_by()
        return self._reach.get(address, frozenset())


def _told(found: Translation, pair: Pair) -> Translation:
    """Without troubles where something is known only after the apply: then a variable only seems to be missing."""
    return attrs.evolve(found, troubles=()) if found.troubles and unknown(pair) else found


def unknown(pair: Pair) -> bool:
    """True if something of a pair is known only after the apply."""
    values = (pair.index.resources[address].values for address in pair.needs())
    return any(isinstance(leaf, Ref | Text | Unknown) for tree in values for _, leaf in leaves(tree))


def wanted(query: Query, overrides: Mapping[str, int], was: Picture) -> Picture:
    """The design as the stack wants it; what a plan is not about stays as recorded."""
    known = resources.wanted(resources.recorded(query.recorded), query.targets)
    return Picture(known.values(), overrides=overrides, given=was.given)


def in_stack(query: Query) -> dict[str, list[str]]:
    """Names of interfaces in the order of the stack, by address of the template or profile."""
    found = {target.address: target.values.get("interfaces") for target in query.targets if not target.leaving}
    return {address: list(listed) for address, listed in found.items() if isinstance(listed, Entries)}


def recorded(rows: Mapping[str, Row], overrides: Mapping[str, int]) -> Picture:
    """The design as it was recorded."""
    half = {
        address: row
        for address, row in rows.items()
        if row.status != "ok" and row.private and Private.of(row.private).was
    }
    was = [_before(row) if address in half else of_row(row) for address, row in rows.items()] if half else []
    given = _given_on(rows)
    earlier = Picture(was, overrides=overrides, given=given) if half else None
    return Picture((of_row(row) for row in rows.values()), overrides=overrides, earlier=earlier, given=given)


def _given_on(rows: Mapping[str, Row]) -> GivenOn:
    """What was given on the device of a cluster, as it was recorded; and whether haplan has configured it."""
    found = given_in(rows.values())
    clusters = {address: row for address, row in rows.items() if row.type == "cluster"}

    def on(cluster: str) -> Mapping[Key, str]:
        row = clusters.get(cluster)
        known = {CONFIGURED: MARK} if row is not None and Private.of(row.private).configured else {}
        return {**found.get(device(row.name if row is not None else ""), Given()).names, **known}

    return on


def _unmarked(given: Mapping[Key, str]) -> dict[Key, str]:
    """Without what only says that something is new, or was there before."""
    return {key: name for key, name in given.items() if key[0] not in MARKED and key[0] != SEEN}


def _before(row: Row) -> Resource:
    values = Private.of(row.private).was or {}
    return Resource(
        address=row.address,
        type=row.type,
        name=str(values.get("name", row.name)),
        values=without_name(values),
        owner=row.owner,
    )


def of_device(
    rows: Mapping[str, Row], name: str, touched: Iterable[tuple[str, Mapping[str, Tree] | None]]
) -> Mapping[str, Row]:
    """The rows that one device's configuration may be made of, so that its work does not grow with their number.

    Pairs know of one another by an overlay only: without hubs, other clusters and their sites say nothing of a device.

    Args:
        name: The device's cluster.
        touched: Address and values of what changes on it.
    """
    if any(row.type == "hub_profile" for row in rows.values()):
        return rows
    changing = list(touched)
    near = {address for address, _ in changing}
    mine = [row for row in rows.values() if row.type == "cluster" and (row.name == name or row.address in near)]
    sites = {values.get("site") for _, values in changing if values} | {row.values.get("site") for row in mine}
    near |= {address for row in mine for address in (row.address, *row.depends_on)}
    near |= {row.address for row in rows.values() if row.type == "site" and row.name in sites}
    return {address: row for address, row in rows.items() if row.type not in ("cluster", "site") or address in near}


# --- what a transaction makes of it ---


def after(task: Task, overrides: Mapping[str, int]) -> Picture:
    """The design once a task is carried out: what is recorded, with the task's changes."""
    known = resources.changed(resources.recorded(task.recorded), task.parts)
    given = _given_on(task.recorded)
    return Picture(known.values(), orders=orders_of(task), overrides=overrides, given=given)


def before(task: Task, overrides: Mapping[str, int]) -> Picture:
    """The design as it was before a task: another transaction of the run may have recorded its part already."""
    known = resources.recorded(task.recorded)
    for part in task.parts:
        known.update(_as_it_was(part, known))
        if part.change.before is None:
            known.pop(part.change.address, None)
    return Picture(known.values(), overrides=overrides, given=_given_on(task.recorded))


def _as_it_was(part: Part, known: Mapping[str, Resource]) -> dict[str, Resource]:
    change = part.change
    if change.before is None or change.address not in known:
        return {}
    there = known[change.address]
    name = str(change.before.get("name", there.name))
    values = {**there.values, **{key: value for key, value in without_name(change.before).items()
                                 if _alike(value, there.values.get(key))}}  # fmt: skip
    moved = any(values.get(one) != there.values.get(one) for one in ("site", "template", "profile"))
    needs = () if moved else there.needs
    was = Resource(address=there.address, type=there.type, name=name, values=values, owner=change.owner, needs=needs)
    return {change.address: was}


def _alike(value: Tree, like: Any) -> bool:
    """False for what a drifted attribute shows of a device, where that is no value of the vocabulary."""
    if is_mapping(like):
        return is_mapping(value) and all(_alike(value[key], like[key]) for key in value if key in like)
    if isinstance(like, SEQUENCES):
        first = next(iter(like), None)
        return isinstance(value, SEQUENCES) and (first is None or all(_alike(one, first) for one in value))
    return not is_mapping(value) and not isinstance(value, SEQUENCES)


def orders_of(task: Task) -> dict[str, tuple[str, ...]]:
    """Name of the owner → names of its policies in order."""
    owners = {**{address: row.name for address, row in task.recorded.items()},
              **{part.change.address: part.change.name for part in task.parts}}  # fmt: skip
    policies = [part.change for part in task.parts if part.change.type == "policy"]
    listed = [(row.owner, row.name) for row in task.recorded.values() if row.type == "policy"]
    listed += [(change.owner, change.name) for change in policies]
    found: dict[str, tuple[str, ...]] = {}
    for order in task.orders:
        names = set(order.after)
        owner = next((owners[owner] for owner, name in listed if name in names and owner in owners), "")
        if order.list == "policy" and owner:
            found[owner] = order.after
    return found


def joined(*configurations: Configuration) -> Configuration:
    """Several configurations as one: what any of them says; the first says it where several do."""
    statements: dict[Path, Statement] = {}
    sole: dict[Path, frozenset[str]] = {}
    for one in configurations:
        for path, statement in one.statements.items():
            statements.setdefault(path, statement)
        for path, elements in one.sole.items():
            sole[path] = sole.get(path, frozenset()) | elements
    return Configuration(statements, sole)


# --- clusters ---


def nodes_of(cluster: Resource) -> Nodes:
    """Where the nodes are reached; the lowest MAC first."""
    nodes = cluster.values.get("nodes") or {}
    declared = {mac: node if is_mapping(node) else {} for mac, node in nodes.items()}
    macs = sorted(declared, key=lambda mac: int(mac, 16))
    return Nodes(cluster.name, {mac: str(declared[mac].get("host") or mac) for mac in macs})


def joining(announced: Sequence[Mapping[str, Tree]]) -> dict[str, str]:
    """MAC address → host of the boxes that runs which died were about to make nodes."""
    return {str(key["mac"]): str(key.get("host") or key["mac"]) for key in announced if key.get("mac")}
