"""Settings of the provider: from ``provider("ssr", …)``, else from SSR_HOST, SSR_USERNAME and SSR_PASSWORD."""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence

import attrs
from attrs.validators import optional

from haplan.kit import valid
from haplan.kit.calls import Endpoint
from haplan.kit.destinations import of_service, said
from haplan.kit.settings import Settings, url_of
from haplan.plugin import Destination, ProviderError, Secret
from haplan_ssr.translate import Terms

TIMEOUT = 600.0
"""Seconds to wait for an answer: a commit on a large authority takes minutes (vendor's NETCONF scripts wait 90 s to
20 min)."""
_FINGERPRINT = re.compile(r"(SHA256:)?([0-9a-f]{2}:?){32}\Z", re.IGNORECASE)
_PRINT = "the SHA-256 of the certificate: 64 hex digits, with or without ':'"
_RELEASE = re.compile(r"\D*(\d+)\.(\d+)(?:\.(\d+))?")


@attrs.frozen(kw_only=True)
class SsrConfig:
    """What ``provider("ssr", …)`` takes; what is left out comes from the environment.

    Attributes:
        host: Name or address of the conductor, with ``:port`` if it is not 443; of a pair both, as a list or with a
            comma between. The second is asked where the first does not answer.
        username: A user of haplan's own: from release 5.6 on it has a candidate of its own.
        password: As ``secret(…)``.
        ca_file: File with the certificates to trust; of a pair a list has one for each.
        fingerprint: SHA-256 of the conductor's certificate, in hex: that one certificate is trusted. Of a pair, a list
            or a text with a comma between has one for each.
        verify: False trusts any certificate, with a warning.
        timeout: Seconds to wait for an answer.
        release: The conductor's release, such as ``6.3.0``: what `haplan validate` goes by, and what is checked then.
        security: Name of the security policy between nodes and routers.
        sync, fabric: Prefixes of the two HA links.
        management: Manage each box over its own WANs, as the vendor's templates do: its DNS, NTP and downloads leave
            there by its default route. False where boxes have a management port. Unsaid, every new WAN has it, and one
            that was made without it stays as it is.
        discard_candidate: Throw away uncommitted changes that are found in the candidate, whosever they are.
    """

    host: str | Sequence[str] = attrs.field(default="", validator=valid.one_or_more(valid.host))
    username: str = attrs.field(default="", validator=valid.text)
    password: str | Secret = attrs.field(default="", repr=False, validator=valid.text)
    ca_file: str | Sequence[str] = attrs.field(default="", validator=valid.one_or_more(valid.file))
    fingerprint: str | Sequence[str] = attrs.field(
        default="", validator=valid.one_or_more(valid.matching(_FINGERPRINT, _PRINT))
    )
    verify: bool = attrs.field(default=True, validator=valid.flag)
    timeout: float = attrs.field(default=TIMEOUT, validator=valid.seconds)
    release: str = attrs.field(default="", validator=valid.matching(_RELEASE, "a release such as 6.3.0"))
    security: str = attrs.field(default="internal", validator=valid.text)
    sync: str = attrs.field(default="169.254.253.0/30", validator=valid.prefix)
    fabric: str = attrs.field(default="169.254.253.4/31", validator=valid.prefix)
    management: bool | None = attrs.field(default=None, validator=optional(valid.flag))
    discard_candidate: bool = attrs.field(default=False, validator=valid.flag)

    def __attrs_post_init__(self) -> None:
        terms(self)  # what cannot be translated by is told before anything is reached


@attrs.frozen(kw_only=True)
class Access(Endpoint):
    """How to reach one conductor."""

    username: str
    password: str = attrs.field(repr=False)


def destinations(config: SsrConfig, environ: Mapping[str, str]) -> tuple[Destination, ...]:
    """The conductors that the settings, else the environment, name."""
    hosts = _listed(
        said(config.host) if isinstance(config.host, Secret) else config.host or environ.get("SSR_HOST", "")
    )
    files, prints = _each(config.ca_file, len(hosts)), _each(config.fingerprint, len(hosts))
    return tuple(
        one
        for host, file, print_ in zip(hosts, files, prints, strict=True)
        for one in of_service(host, "SSR_HOST", environ, ca_file=file, fingerprint=print_, verify=config.verify)
    )


def accesses(config: SsrConfig, environ: Mapping[str, str], secret: Callable[[str], str]) -> tuple[Access, ...]:
    """Settings and environment together: one conductor, or both of a pair.

    Raises:
        ProviderError: Something is missing or not usable; one line names it and its variable.
    """
    settings = Settings("ssr", environ, secret)
    given = config.host if isinstance(config.host, str | Secret) else ",".join(config.host)
    hosts = _listed(settings.text(given, "SSR_HOST", needed=True))
    username = settings.text(config.username, "SSR_USERNAME", needed=True)
    password = settings.take(config.password, "SSR_PASSWORD", needed=True)
    settings.complete()
    files, prints = _each(config.ca_file, len(hosts)), _each(config.fingerprint, len(hosts))
    return tuple(
        Access(
            url=url_of("ssr", host, "SSR_HOST", "conductor.example.net"), username=username, password=password.value,
            ca_file=file, fingerprint=print_.lower().removeprefix("sha256:").replace(":", ""),
            verify=bool(config.verify), timeout=float(config.timeout),
        )
        for host, file, print_ in zip(hosts, files, prints, strict=True)
    )  # fmt: skip


def _listed(value: str | Sequence[str]) -> list[str]:
    found = value.split(",") if isinstance(value, str) else value
    return list(dict.fromkeys(str(one).strip() for one in found if str(one).strip()))


def _each(value: str | Sequence[str], hosts: int) -> list[str]:
    """What is said for each host: one for all of them, or as many as there are.

    Raises:
        ProviderError: It is another number.
    """
    found = _listed(value) or [""]
    if len(found) not in (1, hosts):
        raise ProviderError(f"ssr: {len(found)} certificates are named for {hosts} conductors: one for each, or one")
    return found * hosts if len(found) == 1 else found


def terms(config: SsrConfig) -> Terms:
    """What a translation goes by.

    Raises:
        ProviderError: A prefix is none, or has no two addresses; or the two links share one.
    """
    prefixes = {name: _link(name, getattr(config, name)) for name in ("sync", "fabric")}
    if prefixes["sync"].overlaps(prefixes["fabric"]):
        raise ProviderError("ssr: sync= and fabric= overlap; each link has a prefix of its own")
    return Terms(
        release=release_of(config.release),
        security=config.security,
        sync=str(prefixes["sync"]),
        fabric=str(prefixes["fabric"]),
        management=config.management,
    )


def release_of(text: str) -> tuple[int, ...]:
    """The release of a version such as ``6.3.0-107.r1``, as numbers: (6, 3, 0); () of an empty text.

    Raises:
        ProviderError: It is no version.
    """
    found = _RELEASE.match(text)
    if text and found is None:
        raise ProviderError(f"ssr: {text!r} is not a release such as 6.3.0")
    return tuple(int(part) for part in found.groups() if part is not None) if found else ()


def _link(name: str, text: str) -> ipaddress.IPv4Network:
    try:
        found = ipaddress.IPv4Network(text)
    except ValueError:
        raise ProviderError(f"ssr: {name}= is {text!r}, not a prefix such as 169.254.253.0/30") from None
    if found.prefixlen > 31:
        raise ProviderError(f"ssr: {name}={text} has no address for each of two nodes")
    return found


def access(config: SsrConfig, environ: Mapping[str, str], secret: Callable[[str], str]) -> Access:
    """The conductor that is asked first."""
    return accesses(config, environ, secret)[0]
