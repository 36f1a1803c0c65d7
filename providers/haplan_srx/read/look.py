"""The look of a reading: the design as recorded and as wanted, and each pair as it was seen; no calls."""

from collections.abc import Mapping, Sequence

import attrs

from haplan.design.clusters import refreshes
from haplan.design.index import Resource
from haplan.plugin import (
    Change,
    Document,
    Placement,
    Query,
    Reason,
)
from haplan_srx.estate import PairSeen
from haplan_srx.private import Overwritten, Private
from haplan_srx.translate import documents, recorded
from haplan_srx.translate.difference import Edit, Set, difference
from haplan_srx.translate.losses import Loss, losses
from haplan_srx.translate.recorded import Picture
from haplan_srx.translate.statements import Configuration, Live, Path

NOWHERE = Placement(document="")
"""Of what flows into no device, or changes nothing there."""


@attrs.frozen(eq=False, kw_only=True)
class Look:
    """One look at all devices.

    Threads: one, that which plans; what it works out late, the translations too, comes to the same for anybody.

    Attributes:
        recorded, wanted: The design as recorded, and as the stack wants it.
        begun: Documents that a run was writing when it died: the device may still take that back.
        pairs: Name of a cluster → what was seen of it; empty where nobody looked, and all counts as recorded.
        configured: Addresses of the clusters whose device haplan has configured once.
        kept: Document → what haplan overwrote there once.
        states: (Address of a cluster, of a resource) → what the cluster's device has of that resource.
    """

    recorded: Picture
    wanted: Picture
    begun: frozenset[Document] = frozenset()
    pairs: Mapping[str, PairSeen] = attrs.field(factory=dict)
    configured: frozenset[str] = frozenset()
    kept: Mapping[Document, Overwritten] = attrs.field(factory=dict)
    states: Mapping[tuple[str, str], str] = attrs.field(factory=dict)
    _differing: dict[str, bool] = attrs.field(init=False, factory=dict, repr=False)
    _lost: dict[str, tuple[Loss, ...]] = attrs.field(init=False, factory=dict, repr=False)

    def told(self, query: Query, lives: Mapping[str, Live]) -> "Look":
        """The same, with the interfaces of each template in order where the state has none: as a device has them, by
        address of the cluster, else as the stack lists them."""
        stack = recorded.in_stack(query)
        was, wanted = self.recorded.told(lives, stack), self.wanted.told(lives, stack)
        return attrs.evolve(self, recorded=was, wanted=wanted if was is self.recorded else wanted.following(was))

    def cluster(self, address: str) -> Resource:
        """A cluster as it is wanted, else as recorded."""
        return self.wanted.design.resources.get(address) or self.recorded.design.resources[address]

    def reach(self, address: str) -> frozenset[str]:
        """Addresses of the clusters that a resource flows into."""
        return self.recorded.reach(address) | self.wanted.reach(address)

    def placements(self, change: Change) -> Sequence[Placement]:
        """The devices that carry a resource; of a cluster also its forming."""
        reached = {self.cluster(one).name: self.states.get((one, change.address), "") for one in self.to_write(change)}
        placed = documents.apart(reached)
        if change.type != "cluster":
            return placed or (NOWHERE,)
        known = Private.of(change.private)
        dissolves, retires = known.formed, bool(known.retiring) or refreshes(change.before, change.after)
        return [
            *placed,
            *documents.of_cluster(change, forms=documents.forms(change), dissolves=dissolves, retires=retires),
        ]

    def to_write(self, change: Change) -> list[str]:
        """Of the other devices that a change reaches, those that are not as wanted already."""
        reached = self.reach(change.address) - {change.address}
        if change.position is not None or change.reason is Reason.NONE or _has_new_secret(change):
            return sorted(reached)
        return [one for one in sorted(reached) if self._is_begun(one) or self._differs(one)]

    def _is_begun(self, address: str) -> bool:
        return documents.device(self.cluster(address).name) in self.begun

    def _differs(self, address: str) -> bool:
        """Worked out once for all that flows into a device."""
        if address not in self._differing:
            self._differing[address] = self._to_edit(address)
        return self._differing[address]

    def lost(self, address: str) -> tuple[Loss, ...]:
        """What of others the writes of a plan take from one device; worked out once for all that flows into it."""
        if address not in self._lost:
            self._lost[address] = self._taken(address)
        return self._lost[address]

    def _taken(self, address: str) -> tuple[Loss, ...]:
        live = self.live(address)
        if live is None:
            return ()
        owned = self.recorded.owned(address) if address in self.configured else Configuration()
        wanted = self.wanted.configuration(address)
        return losses(wanted, difference(wanted, owned, live, {}), live, wanted if self._is_begun(address) else owned)

    def live(self, address: str) -> Live | None:
        """What a device has; of boxes that are still to be a pair what the first has, which the pair keeps."""
        cluster = self.cluster(address)
        seen = self.pairs.get(cluster.name)
        if seen is None or seen.clustered:
            return None if seen is None else seen.live
        return seen.lives.get(next(iter(recorded.nodes_of(cluster).hosts), ""))

    def _to_edit(self, address: str) -> bool:
        wanted, owned = self.wanted.configuration(address), self.recorded.owned(address)
        seen = self.pairs.get(self.cluster(address).name)
        if seen is None:
            return _said(wanted) != _said(owned)
        if not seen.clustered:
            return True
        edits = difference(wanted, owned, seen.live, {}).edits
        return any(not _is_untold(edit, owned, seen.live) for edit in edits)


def recall(query: Query, slots: Mapping[str, int]) -> Look:
    """What is recorded and what is wanted, as if all devices were as recorded."""
    return unseen(query, slots).told(query, {})


def unseen(query: Query, slots: Mapping[str, int]) -> Look:
    """The same before anything is said of an order that no state has; see `Look.told`."""
    rows = {row.address: Private.of(row.private) for row in query.recorded.values() if row.private}
    kept: dict[Document, dict[Path, tuple[str, ...]]] = {}
    for private in rows.values():
        for document, overwritten in private.kept.items():
            kept.setdefault(document, {}).update(overwritten)
    configured = frozenset(address for address, private in rows.items() if private.configured)
    was = recorded.recorded(query.recorded, slots)
    wanted = recorded.wanted(query, slots, was)
    return Look(recorded=was, wanted=wanted, begun=query.begun, configured=configured, kept=kept)


def _has_new_secret(change: Change) -> bool:
    before, after = change.before or {}, change.after or {}
    return any(before.get(name) != after.get(name) for name in change.sensitive)


def _is_untold(edit: Edit, owned: Configuration, live: Live) -> bool:
    """True for a secret that stands there and is the same for all that is known: a look has no secrets resolved, and
    where one changed, the change that has it says so."""
    if not isinstance(edit, Set) or not edit.secret or not live.has(edit.path):
        return False
    before = owned.statements.get(edit.path)
    if before is not None and live.differs(edit.path, before.values[0]):
        return False
    return before is not None and before.secret == edit.secret


def _said(configuration: Configuration) -> object:
    values = {path: statement.secret or statement.values for path, statement in configuration.statements.items()}
    return values, configuration.sequences()
