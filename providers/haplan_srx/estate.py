"""The devices of all clusters: sessions, one a host, and what was seen of each pair."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import attrs

from haplan.plugin import (
    Clock,
    ProviderError,
)
from haplan_srx.config import Access
from haplan_srx.device.operational import Commit, Facts, Links, Status, macs
from haplan_srx.device.rpcs import Box
from haplan_srx.translate.statements import Live

if TYPE_CHECKING:
    from haplan_srx.device.session import Loop

AT_ONCE = 64
"""Devices that are looked at together: each takes one session, and costs no thread while it is quiet."""

PATIENCE = 2.0
"""Seconds that one node keeps haplan waiting before the other is tried beside it."""

T = TypeVar("T")
K = TypeVar("K")


@attrs.frozen(eq=False)
class Nodes:
    """Where the nodes of a pair are reached: MAC → host, node0 first."""

    cluster: str
    hosts: Mapping[str, str]


@attrs.frozen(kw_only=True)
class PairSeen:
    """What was seen of a pair.

    Attributes:
        at: When, epoch seconds.
        status: The cluster, or None if the box that answered is in none.
        macs: Node → MAC address, of a cluster.
        facts: MAC address → what a box that stands alone says of itself.
        live: Configuration of the cluster; of a box that stands alone by `lives`.
        lives: MAC address → configuration of a box that stands alone.
        errors: Host → why it was not reached.
        serials: MAC address → serial number of each box that told both.
        links: Links and redundant interfaces of a cluster, where it was asked how it is.
        versions: Node → release, where it was asked.
    """

    at: float
    status: Status | None = None
    macs: Mapping[str, str] = attrs.field(factory=dict)
    facts: Mapping[str, Facts] = attrs.field(factory=dict)
    live: Live = Live()
    lives: Mapping[str, Live] = attrs.field(factory=dict)
    errors: Mapping[str, str] = attrs.field(factory=dict)
    serials: Mapping[str, str] = attrs.field(factory=dict)
    links: Links | None = None
    versions: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def clustered(self) -> bool:
        """True if a cluster answered."""
        return self.status is not None

    @property
    def reached(self) -> bool:
        """True if anything answered."""
        return self.status is not None or bool(self.facts)


def incoming(name: str) -> str:
    """What the boxes that are to take the places of a pair's are called, while that stands."""
    return f"{name} (new boxes)"


def outgoing(name: str) -> str:
    """What the boxes of a pair are called whose places others have taken."""
    return f"{name} (old boxes)"


Log: TypeAlias = Callable[[str], None]
Mark: TypeAlias = Callable[[str], str]
"""Gives the fingerprint of a secret, or "" where there is none."""


def _silent(_line: str) -> None:
    pass


def _serials(facts: Mapping[str, Facts]) -> dict[str, str]:
    return {one.mac: one.serial for one in facts.values() if one.mac and one.serial}


def _unmarked(_secret: str) -> str:
    return ""


def _asked(estate: "Estate", seen: PairSeen, box: Box, nodes: Nodes) -> PairSeen:
    """With how the pair is; what does not answer that is not known, and stops nothing.

    Nodes of two releases do not talk to each other: a node that the other has lost is asked itself.
    """
    versions: dict[str, str] = {}
    with suppress(ProviderError):
        seen = attrs.evolve(seen, links=box.links())
    with suppress(ProviderError):
        versions = box.software()
    for at, (mac, host) in enumerate(nodes.hosts.items()):
        name = next((node for node, its in seen.macs.items() if its == mac), f"node{at}")
        if not versions.get(name) and not (seen.status is not None and seen.status.formed):
            with suppress(ProviderError, TimeoutError):
                estate.opening(host).result(PATIENCE)
                versions[name] = estate.box(host).software().get(name, "")
    return attrs.evolve(seen, versions={node: said for node, said in versions.items() if said})


class Estate:
    """Sessions with devices.

    Threads: any. A host has a lock, so that one thread opens its session; a session carries one request at a time. What
    was seen of a pair is a frozen value, put in the place of the one before.
    """

    def __init__(self, access: Access, clock: Clock, log: Log = _silent, fingerprint: Mark = _unmarked) -> None:
        self.access, self.clock, self._log, self._fingerprint = access, clock, log, fingerprint
        self._loop: Loop | None = None
        self._boxes: dict[str, Box] = {}
        self._seen: dict[str, PairSeen] = {}
        self._macs: dict[str, Mapping[str, str]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self.calls = 0
        self.formation: dict[str, tuple[float, str]] = {}
        """Name of a cluster → when it was looked at while it forms or dissolves, and what it was waited for."""

    # --- sessions ---

    def fresh(self, host: str) -> Box:
        """A new session.

        Raises:
            ProviderError: The device is not reached, or refuses.
        """
        from haplan_srx.device.session import Loop, Session  # SSH: who only checks a stack does without

        with self._guard:
            self._loop = self._loop or Loop()
            self.calls += 1
        session = Session.connect(self._loop, self.access.place(host), self.access, self._log)
        return Box(session, self.access, self._fingerprint)

    def box(self, host: str) -> Box:
        """The session that is kept with a host, opened anew where it ended."""
        with self._lock(host):
            found = self._boxes.get(host)
            if found is None or not found.session.open:
                found = self._boxes[host] = self.fresh(host)
            return found

    def forget(self, host: str) -> None:
        """End the session with a host."""
        with self._lock(host):
            found = self._boxes.pop(host, None)
        if found is not None:
            found.session.drop()

    def close(self) -> None:
        """End all sessions."""
        boxes, self._boxes = self._boxes, {}
        self.each(boxes.values(), lambda box: box.session.close())
        if self._loop is not None:
            self._loop.stop()
            self._loop = None

    def _lock(self, host: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(host, threading.Lock())

    # --- pairs ---

    def primary(self, nodes: Nodes, *, anew: bool = False) -> Box:
        """The session with the node that may be configured: `leading` without the status."""
        return self.leading(nodes, anew=anew)[0]

    def leading(self, nodes: Nodes, *, anew: bool = False) -> tuple[Box, Status]:
        """The session with the node that may be configured, and the status that says so.

        Args:
            anew: Not the one that is kept: it is ended, and a new one kept in its place.

        Raises:
            ProviderError: Neither node is reached, or none of those that are is the primary.
        """
        failed = []
        for mac, host, opened in self._side_by_side(nodes.hosts, anew=anew):
            try:
                box, status = self._answering(host, opened())
            except ProviderError as error:
                failed.append(str(error))
                continue
            if status is None:
                failed.append(f"{box.place}: is in no cluster")
            elif len(nodes.hosts) < 2 or self._node_macs(nodes, box).get(status.primary, mac) == mac:
                return box, status
            else:
                failed.append(f"{box.place}: is the secondary node")
        raise ProviderError(f"{nodes.cluster}: {'; '.join(failed) or 'no host of a node is known'}")

    def _side_by_side(
        self, hosts: Mapping[str, str], *, anew: bool = False
    ) -> Iterator[tuple[str, str, Callable[[], bool]]]:
        """MAC address, host, and what waits for its session and tells whether that is new: each in turn. One that keeps
        haplan waiting comes last, while the others are asked."""
        late = []
        for mac, host in hosts.items():
            if anew:
                self.forget(host)
            opening = self.opening(host)
            try:
                opening.result(PATIENCE)
            except TimeoutError:
                late.append((mac, host, opening.result))
                continue
            except ProviderError:
                pass
            yield mac, host, opening.result
        yield from late

    def opening(self, host: str) -> "Future[bool]":
        """The session of a host on its way; true where it is new."""
        found, opening = self._boxes.get(host), Future[bool]()
        if found is not None and found.session.open:
            opening.set_result(False)
            return opening

        def work() -> None:
            try:
                self.box(host)
            except Exception as error:
                opening.set_exception(error)
            else:
                opening.set_result(True)

        threading.Thread(target=work, name="haplan-srx-opening", daemon=True).start()
        return opening

    def _answering(self, host: str, new: bool) -> tuple[Box, Status | None]:
        """The session of a host that answers: one that was kept may have ended without a word."""
        box = self.box(host)
        try:
            return box, box.status()
        except ProviderError:
            if new or box.session.open:
                raise
        box = self.box(host)
        return box, box.status()

    def _node_macs(self, nodes: Nodes, box: Box) -> Mapping[str, str]:
        """Node → MAC address; asked once, since it changes only when a pair is formed anew."""
        return self._macs.get(nodes.cluster) or self._told_macs(nodes, box)

    def _told_macs(self, nodes: Nodes, box: Box) -> Mapping[str, str]:
        found = macs(box.chassis())
        if len(found) == len(nodes.hosts):
            self._macs[nodes.cluster] = found
        return found

    def looks(self, pairs: Iterable[Nodes], max_age: float, *, health: bool = False) -> dict[str, PairSeen]:
        """What is to be seen of pairs, no older than that; many at once. With `health` they are asked how they are."""
        asked = {one.cluster: one for one in pairs}
        now = self.clock.now()
        kept = {name: look for name in asked if (look := self._seen.get(name)) is not None}
        kept = {name: look for name, look in kept.items() if max_age > 0 and now - look.at <= max_age}
        anew = self.each([one for name, one in asked.items() if name not in kept], partial(self._look, health=health))
        seen = {one.cluster: look for one, look in anew.items()}
        self._seen.update(seen)
        return {name: kept.get(name) or seen[name] for name in asked}

    def outdate(self, cluster: str, *, nodes: bool = False) -> None:
        """What was seen is not so any more; with `nodes`, the nodes may be others too."""
        self._seen.pop(cluster, None)
        if nodes:
            self._macs.pop(cluster, None)

    def each(self, what: Iterable[K], work: Callable[[K], T]) -> dict[K, T]:
        """Do something for each, many at once."""
        listed = list(what)
        if len(listed) < 2:
            return {one: work(one) for one in listed}
        with ThreadPoolExecutor(min(AT_ONCE, len(listed)), thread_name_prefix="haplan-srx") as pool:
            return dict(zip(listed, pool.map(work, listed), strict=True))

    def _look(self, nodes: Nodes, *, health: bool = False) -> PairSeen:
        now, errors = self.clock.now(), dict[str, str]()
        facts: dict[str, Facts] = {}
        lives: dict[str, Live] = {}
        for mac, host, opened in self._side_by_side(nodes.hosts):
            try:
                box, status = self._answering(host, opened())
                if status is not None:
                    known, told = self._told_macs(nodes, box), {**_serials(facts), **box.serials()}
                    live = box.configuration()
                    seen = PairSeen(at=now, status=status, macs=known, live=live, errors=errors, serials=told)
                    return _asked(self, seen, box, nodes) if health else seen
                facts[mac], lives[mac] = box.facts(), box.configuration()
            except ProviderError as error:
                errors[host] = str(error)
        return PairSeen(at=now, facts=facts, lives=lives, errors=errors, serials=_serials(facts))

    def history(self, nodes: Nodes) -> tuple[Commit, ...]:
        """The commits of a pair, the newest first; () if it is not reached."""
        try:
            return self.primary(nodes).history()
        except ProviderError:
            return ()
