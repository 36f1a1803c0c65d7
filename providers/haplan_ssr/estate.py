"""One conductor, with what was read of it: shared by the threads of a provider."""

import threading
from collections.abc import Mapping

from haplan.plugin import Clock, Tree
from haplan_ssr.config import release_of
from haplan_ssr.questions import Questions
from haplan_ssr.translate.tree import AUTHORITY, Flat, Path, flat, kebab

ASSIGNED = frozenset({"id", "global-id"})
"""Leaves that a conductor sets itself: in no comparison."""


class Estate:
    """What runs on a conductor, as last read.

    Threads: any, under one lock: one reads for all. A tree that was given out never changes.

    Attributes:
        client: Calls to it.
        clock: Time.
    """

    def __init__(self, client: Questions, clock: Clock) -> None:
        self.client, self.clock = client, clock
        self._lock = threading.Lock()
        self._running: Flat | None = None
        self._read_at = float("-inf")
        self._unseen = False
        self._system: Mapping[str, Tree] | None = None

    def running(self, max_age: float = 0.0) -> Flat:
        """The running configuration, read again if it is older than so many seconds."""
        with self._lock:
            unseen, self._unseen = self._unseen, False
            if self._running is None or (not unseen and (max_age <= 0 or self.clock.now() - self._read_at > max_age)):
                self._read()
            assert self._running is not None
            return self._running

    def introduce(self) -> None:
        """Read it, if nobody did yet, to know whom one talks to; the next to ask for it need not read it again."""
        with self._lock:
            if self._running is None:
                self._read()
                self._unseen = True

    def _read(self) -> None:
        self._running, self._read_at = comparable(flat(self.client.tree("running"))), self.clock.now()

    def candidate(self) -> Flat:
        """The candidate of this user."""
        return comparable(flat(self.client.tree("candidate")))

    @property
    def authority(self) -> str:
        """Name of the authority, as last read."""
        return str((self._running or {}).get((*AUTHORITY, "name")) or "")

    @property
    def reached(self) -> bool:
        """True if the authority says where its conductor is."""
        return bool((self._running or {}).get((*AUTHORITY, "conductor-address")))

    @property
    def router(self) -> str:
        """Name of the conductor's own router."""
        return str(self._said("router"))

    @property
    def release(self) -> tuple[int, ...]:
        """The conductor's release, as numbers; () where it does not say."""
        return release_of(self.version)

    @property
    def version(self) -> str:
        """The conductor's software version, or ""."""
        return str(self._said("software-version"))

    def _said(self, name: str) -> str:
        with self._lock:
            if self._system is None:
                self._system = {kebab(key): value for key, value in self.client.system().items()}
        return str(self._system.get(name) or "")


def comparable(tree: Flat) -> Flat:
    """A tree without what the conductor sets itself."""
    return {path: value for path, value in tree.items() if not _assigned(path)}


def _assigned(path: Path) -> bool:
    return path[-1] in ASSIGNED
