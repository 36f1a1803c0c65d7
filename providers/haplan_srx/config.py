"""Settings of the provider: from ``provider("srx", …)``, else from the environment.

The variables are those of the Terraform provider jeremmfr/junos: ``JUNOS_USERNAME``, ``JUNOS_PASSWORD``,
``JUNOS_KEYFILE``, ``JUNOS_KEYPASS``, ``JUNOS_PORT``; beside them ``SSH_AUTH_SOCK`` for an agent.
"""

import getpass
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import attrs
from attrs.validators import optional

from haplan.kit import valid
from haplan.kit.destinations import said
from haplan.kit.settings import Settings
from haplan.plugin import Destination, ProviderError, Secret, whole_in

HOST = re.compile(r"[0-9A-Za-z][0-9A-Za-z.:-]*\Z")
PORT = 830
"""NETCONF over SSH (RFC 6242)."""
SSH = 22
CONNECT = 10.0
"""Seconds: a box that takes a connection and then says nothing is no news that is worth more."""
EDITING = ("private", "exclusive")


@attrs.frozen(kw_only=True)
class SrxConfig:
    """What ``provider("srx", …)`` takes; what is left out comes from the environment.

    Attributes:
        username: Who logs in.
        password: As ``secret(…)``.
        key_file: File with a private key; a certificate beside it (``-cert.pub``) is used too.
        key_passphrase: As ``secret(…)``.
        known_hosts: File with the keys of the devices.
        accept_new: True lets in a device that `known_hosts` does not have yet, and keeps its key.
        jump: Host that the devices are reached through: ``bastion.example.com`` or ``user@…``, with ``:port``.
        port: Where NETCONF answers.
        addresses: Host of a node → ``host:port`` where it is reached instead.
        connect_timeout: Seconds to wait until a device has let haplan in.
        timeout: Seconds to wait for an answer.
        commit_timeout: Seconds to wait for a commit.
        confirm_minutes: Minutes after which a device goes back by itself unless the commit is confirmed.
        editing: ``private`` edits a copy of the configuration; ``exclusive`` locks it for all others meanwhile, for
            releases that refuse a confirmed commit of a private copy (SRX before 21.2).
        probes: Hosts that a device must get an answer from, by ping from its main routing table, before its commit is
            confirmed.
        slots: Model → slots per node, for models that nobody wrote down.
    """

    username: str = attrs.field(default="", validator=valid.text)
    password: str | Secret = attrs.field(default="", repr=False, validator=valid.text)
    key_file: str = attrs.field(default="", validator=valid.file)
    key_passphrase: str | Secret = attrs.field(default="", repr=False, validator=valid.text)
    known_hosts: str = attrs.field(default="", validator=valid.file)
    accept_new: bool = attrs.field(default=False, validator=valid.flag)
    jump: str = attrs.field(default="", validator=valid.host)
    port: int | None = attrs.field(default=None, validator=optional(valid.port))
    addresses: Mapping[str, str] = attrs.field(factory=dict, validator=valid.mapped(valid.host, '{host: "host:port"}'))
    connect_timeout: float = attrs.field(default=CONNECT, validator=valid.seconds)
    timeout: float = attrs.field(default=60.0, validator=valid.seconds)
    commit_timeout: float = attrs.field(default=300.0, validator=valid.seconds)
    confirm_minutes: int = attrs.field(default=10, validator=valid.whole(1, 65535))
    editing: str = attrs.field(default=EDITING[0], validator=valid.one_of(*EDITING))
    probes: Sequence[str] = attrs.field(
        default=(), validator=valid.listed(valid.matching(HOST, "an address or a name"), 'a list such as ["192.0.2.1"]')
    )
    slots: Mapping[str, int] = attrs.field(
        factory=dict, validator=valid.mapped(valid.whole(0, 99), "{model: slots of a node}")
    )


@attrs.frozen
class Place:
    """Where a device answers; `user` logs in there if it is another than everywhere.

    Where it is a node of the stack, `name` is what the stack calls its host: messages name it so, wherever it is
    reached.
    """

    host: str
    port: int = PORT
    user: str = ""
    name: str = attrs.field(default="", eq=False)

    def __str__(self) -> str:
        return self.name or (self.host if self.port == PORT else f"{self.host}:{self.port}")


@attrs.frozen(kw_only=True)
class Access:
    """How to reach devices."""

    username: str
    password: str = attrs.field(default="", repr=False)
    key_file: str = ""
    key_passphrase: str = attrs.field(default="", repr=False)
    agent: str = ""
    known_hosts: str = ""
    accept_new: bool = False
    jump: Place | None = None
    port: int = PORT
    addresses: Mapping[str, str] = attrs.field(factory=dict)
    connect_timeout: float = CONNECT
    timeout: float = 60.0
    commit_timeout: float = 300.0
    confirm_minutes: int = 10
    editing: str = EDITING[0]
    probes: tuple[str, ...] = ()

    def place(self, host: str) -> Place:
        """Where a node is reached."""
        found = place_of(self.addresses.get(host, host), self.port)
        return attrs.evolve(found, name=place_of(host, self.port).host)

    @property
    def offered(self) -> str:
        """What it was offered, for messages."""
        ways = [("key", self.key_file), ("agent", self.agent), ("password", self.password)]
        return "with " + (" and ".join(name for name, given in ways if given) or "nothing: set JUNOS_PASSWORD or a key")


def destinations(
    config: SrxConfig, environ: Mapping[str, str], hosts: Iterable[tuple[str, str]]
) -> tuple[Destination, ...]:
    """Where devices are reached, by (MAC address, host) of each.

    Raises:
        ProviderError: A setting is not usable; one line names it.
    """
    port = _port(said(config.port) or environ.get("JUNOS_PORT", ""))
    jump = place_of(config.jump, SSH) if config.jump else None
    via = (jump.host if jump.port == SSH else f"{jump.host}:{jump.port}",) if jump else ()
    trust = f"keys in {config.known_hosts}" if config.known_hosts else ""
    return tuple(
        Destination(
            name=mac, host=str(place_of(config.addresses.get(host, host), port)), trust=trust,
            accept_new=config.accept_new, via=via,
        )
        for mac, host in sorted(set(hosts))
    )  # fmt: skip


def _port(text: str) -> int:
    found = whole_in(text or str(PORT)) or 0
    if not 0 < found < 65536:
        raise ProviderError(f"srx: {text!r} is no port: JUNOS_PORT takes 1 to 65535")
    return found


def access(config: SrxConfig, environ: Mapping[str, str], secret: Callable[[str], str]) -> Access:
    """Settings and environment together.

    Raises:
        ProviderError: Something is not usable; one line names it.
    """
    settings = Settings("srx", environ, secret)
    home = environ.get("HOME", "")
    return Access(
        username=settings.text(config.username, "JUNOS_USERNAME") or _user(),
        password=settings.take(config.password, "JUNOS_PASSWORD").value,
        key_file=settings.text(config.key_file, "JUNOS_KEYFILE"),
        key_passphrase=settings.take(config.key_passphrase, "JUNOS_KEYPASS").value,
        agent=settings.text("", "SSH_AUTH_SOCK"),
        known_hosts=config.known_hosts or (str(Path(home) / ".ssh" / "known_hosts") if home else ""),
        accept_new=config.accept_new,
        jump=place_of(config.jump, SSH) if config.jump else None,
        port=_port(settings.text(config.port, "JUNOS_PORT")),
        addresses=config.addresses,
        connect_timeout=float(config.connect_timeout),
        timeout=float(config.timeout),
        commit_timeout=float(config.commit_timeout),
        confirm_minutes=config.confirm_minutes,
        editing=config.editing,
        probes=tuple(config.probes),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def place_of(text: str, port: int) -> Place:
    """A host with or without port.

    Raises:
        ProviderError: It is none.
    """
    user, _, text = text.rpartition("@")
    host, colon, given = text.rpartition(":")
    if not colon or _is_ipv6(text):
        return Place(text.strip("[]"), port, user)
    number = whole_in(given)
    if number is None:
        raise ProviderError(f"srx: {text!r} is no host: a name or address, with or without :port")
    return Place(host.strip("[]"), number, user)


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False
