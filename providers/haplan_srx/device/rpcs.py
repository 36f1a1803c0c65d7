"""One device as a caller sees it: the RPCs of Junos that haplan uses, each with its meaning."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lxml import etree

from haplan.plugin import ProviderError
from haplan_srx.config import Access
from haplan_srx.device import operational
from haplan_srx.device.replies import Refused, Reply, text_of, without_secrets
from haplan_srx.translate import xml
from haplan_srx.translate.statements import Live, Path

if TYPE_CHECKING:
    from haplan_srx.device.session import Session

HIERARCHIES = (
    "groups", "apply-groups", "system", "chassis", "services", "interfaces", "snmp", "security", "applications",
    "routing-options", "routing-instances", "policy-options", "firewall", "access", "forwarding-options", "vlans",
)  # fmt: skip
"""Top-level statements that haplan says something below of, or `extra` may: read with one RPC."""

PINGS = 3
"""Packets to a host that is to answer; one answer is enough."""


class Box:
    """A device, through one session; its caller sees to it that there is one writer.

    Threads: one at a time: a host has a lock, and a document one writer.
    """

    def __init__(self, session: "Session", access: Access, fingerprint: Callable[[str], str] = lambda text: "") -> None:
        self.session, self._access, self._fingerprint = session, access, fingerprint
        self.place = str(session.place)
        self._live: tuple[bytes, Live] | None = None

    # --- looking ---

    def facts(self) -> operational.Facts:
        """Model, version, serial, MAC address."""
        return operational.facts(self._ask("get-system-information"), self.chassis())

    def chassis(self) -> Reply:
        """Base MAC addresses, for each node in a cluster."""
        return self._ask("get-chassis-mac-addresses", lenient=True)

    def serials(self) -> dict[str, str]:
        """MAC address → serial number of each node of a cluster that tells both."""
        known = operational.serials(self._ask("get-chassis-inventory", lenient=True))
        return {mac: known[node] for node, mac in operational.macs(self.chassis()).items() if known.get(node)}

    def software(self) -> dict[str, str]:
        """Junos version by node."""
        return operational.versions(self._ask("get-software-information", lenient=True))

    def status(self) -> operational.Status | None:
        """The cluster; None if the box is in none."""
        return operational.status(self._judged(self._ask("get-chassis-cluster-status", lenient=True)))

    def links(self) -> operational.Links:
        """Control, fabric, reths, monitors."""
        return operational.links(self._judged(self._ask("get-chassis-cluster-interfaces", lenient=True)))

    def unanswered(self, host: str) -> str:
        """Why a host does not answer a ping from the device; "" if it does."""
        return operational.unanswered(self._ask("ping", lenient=True, host=host, count=str(PINGS)))

    def history(self) -> tuple[operational.Commit, ...]:
        """The commits, the newest first."""
        return operational.history(self._ask("get-commit-information"))

    def editors(self) -> tuple[str, ...]:
        """Who has the configuration open."""
        return operational.editors(self._ask("get-configuration-database-status", lenient=True))

    def configuration(self) -> Live:
        """What is committed, of the hierarchies that haplan uses."""
        request = etree.Element("get-configuration", database="committed", format="xml")
        request.append(_filter())
        found = self.session.rpc(request, seconds=self._access.commit_timeout)
        configuration = found.find("configuration")
        if configuration is None:
            return Live()
        text = etree.tostring(configuration)
        if self._live is None or self._live[0] != text:
            self._live = text, xml.parse(configuration, self._fingerprint)
        return self._live[1]

    # --- editing ---

    def open_candidate(self) -> None:
        """A private copy to edit, or the configuration itself with all others locked out, as the settings say.

        Raises:
            ProviderError: Somebody else has uncommitted changes; it names who.
        """
        self._open(self._access.editing)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """With the configuration locked, and nothing in it that is not committed: what is committed meanwhile is
        nobody else's. A private copy without changes would not do, since its commit is none (Junos XML protocol guide).

        Raises:
            ProviderError: Somebody else has the lock, or uncommitted changes; it names who.
        """
        self._open("exclusive")
        try:
            yield
        finally:
            self.put_away()

    def _open(self, how: str) -> None:
        request = etree.Element("open-configuration")
        etree.SubElement(request, how)
        try:
            self.session.rpc(request)
        except Refused as error:
            raise self._named(error) from None

    def load(self, configuration: etree._Element) -> tuple[str, ...]:
        """Merge edits into the copy; gives the warnings."""
        request = etree.Element("load-configuration", action="merge", format="xml")
        request.append(configuration)
        return tuple(str(one) for one in self.session.rpc(request).warnings)

    def compare(self, rollback: int = 0) -> str:
        """What the copy changes, or what changed since an earlier commit, in the device's own words; no secrets."""
        request = etree.Element("get-configuration", compare="rollback", rollback=str(rollback), format="text")
        found = self.session.rpc(request)
        return without_secrets(text_of(found.element, "configuration-output"))

    def check(self) -> None:
        """Let the device check the copy on both nodes."""
        self._commit(check=None)

    def roll_back(self) -> None:
        """Load what ran before the newest commit."""
        self.session.rpc(etree.Element("load-configuration", rollback="1"))

    def commit(self, log: str, minutes: int | None = None) -> None:
        """Commit; the device goes back by itself after so many minutes unless that is confirmed.

        Raises:
            Refused: Nothing was committed.
            ProviderError: `lost` says that nobody knows.
        """
        if minutes is None:
            self._commit(log=log)
        else:
            self._commit(log=log, confirmed=None, **{"confirm-timeout": str(minutes)})

    def put_away(self) -> None:
        """End editing, and throw away what was not committed; a session that cannot is ended, and that with it."""
        try:
            if self.session.open:
                self._ask("close-configuration", lenient=True)
        except ProviderError:
            self.session.drop()

    def _commit(self, **parts: str | None) -> None:
        request = etree.Element("commit-configuration")
        for name in ("check", "confirmed", "confirm-timeout", "log"):
            if name in parts:
                etree.SubElement(request, name).text = parts[name]
        try:
            self.session.rpc(request, seconds=self._access.commit_timeout)
        except Refused as error:
            if operational.takes_no_private(error.complaints):
                raise Refused(f'{error}; say provider("srx", editing="exclusive")', ()) from None
            raise self._named(error) from None

    def _named(self, error: Refused) -> ProviderError:
        """An error, with who is editing where that may be why."""
        words = str(error)
        locked = error.has_tag("lock-denied", "in-use") or any(
            word in words for word in ("locked", "uncommitted", "modified")
        )
        who = self.editors() if locked else ()
        return Refused(f"{words}; it is being edited by {', '.join(who)}", ()) if who else error

    # --- the cluster ---

    def join(self, cluster_id: int, node: int) -> None:
        """Make the box a node of a cluster; it reboots."""
        request = etree.Element("set-chassis-cluster-enable")
        etree.SubElement(request, "cluster-id").text = str(cluster_id)
        etree.SubElement(request, "node").text = str(node)
        etree.SubElement(request, "reboot")
        self._rebooting(request)

    def leave(self) -> None:
        """Take the box out of its cluster; it reboots."""
        request = etree.Element("set-chassis-cluster-disable")
        etree.SubElement(request, "reboot")
        self._rebooting(request)

    def _rebooting(self, request: etree._Element) -> None:
        """The answer may get lost as the box goes down: what became of it, its status tells later."""
        try:
            self.session.rpc(request)
        except Refused:
            raise
        except ProviderError as error:
            if not error.lost:
                raise
        finally:
            self.session.drop()

    # --- help ---

    def _ask(self, name: str, *, lenient: bool = False, **children: str) -> Reply:
        request = etree.Element(name)
        for child, text in children.items():
            etree.SubElement(request, child).text = text
        return self.session.rpc(request, lenient=lenient)

    def _judged(self, found: Reply) -> Reply:
        """A reply whose only excuse for errors is that the box is in no cluster."""
        if found.errors and not operational.unclustered(found):
            raise Refused(self.place, found.errors)
        return found


def _filter() -> etree._Element:
    paths: list[Path] = [(hierarchy,) for hierarchy in HIERARCHIES]
    return xml.filters(paths)
