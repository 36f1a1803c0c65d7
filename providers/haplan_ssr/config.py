"""Settings of the provider: from ``provider("ssr", …)``, else from SSR_HOST, SSR_USERNAME and SSR_PASSWORD."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from haplan.kit.calls import Endpoint
from haplan.kit.destinations import of_service
from haplan.kit.settings import Settings, url_of
from haplan.plugin import Destination, ProviderError, Tree
from haplan_ssr.translate import Terms

TIMEOUT = 600.0
"""Seconds to wait for an answer: a commit on a large authority takes minutes (vendor's NETCONF scripts wait 90 s to
20 min)."""
_FINGERPRINT = re.compile(r"(SHA256:)?([0-9a-f]{2}:?){32}\Z", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class SsrConfig:
    """What ``provider("ssr", …)`` takes; what is left out comes from the environment.

    Attributes:
        host: Name or address of the conductor, with ``:port`` if it is not 443.
        username: A user of haplan's own: from release 5.6 on it has a candidate of its own.
        password: As ``secret(…)``.
        ca_file: File with the certificates to trust.
        fingerprint: SHA-256 of the conductor's certificate, in hex: that one certificate is trusted.
        verify: False trusts any certificate, with a warning.
        timeout: Seconds to wait for an answer.
        release: The conductor's release, such as ``6.3.0``: what `haplan validate` goes by, and what is checked then.
        security: Name of the security policy between nodes and routers.
        sync, fabric: Prefixes of the two HA links.
        discard_candidate: Throw away uncommitted changes that are found in the candidate, whosever they are.
    """

    host: str = ""
    username: str = ""
    password: Any = attrs.field(default="", repr=False)
    ca_file: str = ""
    fingerprint: str = ""
    verify: bool = True
    timeout: float = TIMEOUT
    release: str = ""
    security: str = "internal"
    sync: str = "169.254.253.0/30"
    fabric: str = "169.254.253.4/31"
    discard_candidate: bool = False


@attrs.frozen(kw_only=True)
class Access(Endpoint):
    """How to reach one conductor."""

    username: str
    password: str = attrs.field(repr=False)


def destinations(config: SsrConfig, environ: Mapping[str, str]) -> tuple[Destination, ...]:
    """The conductor that the settings, else the environment, name."""
    trust: dict[str, Tree] = {name: getattr(config, name) for name in ("ca_file", "fingerprint", "verify")}
    return of_service(config.host, "SSR_HOST", environ, **trust)


def access(config: SsrConfig, environ: Mapping[str, str], secret: Callable[[str], str]) -> Access:
    """Settings and environment together.

    Raises:
        ProviderError: Something is missing or not usable; one line names it and its variable.
    """
    settings = Settings("ssr", environ, secret)
    host = settings.text(config.host, "SSR_HOST", needed=True)
    username = settings.text(config.username, "SSR_USERNAME", needed=True)
    password = settings.take(config.password, "SSR_PASSWORD", needed=True)
    settings.complete()
    if config.fingerprint and not _FINGERPRINT.match(config.fingerprint):
        raise ProviderError(
            "ssr: fingerprint= takes the SHA-256 of the certificate: 64 hex digits, with or without ':'"
        )
    return Access(
        url=url_of("ssr", host, "SSR_HOST", "conductor.example.net"), username=username, password=password.value,
        ca_file=config.ca_file, fingerprint=config.fingerprint.lower().removeprefix("sha256:").replace(":", ""),
        verify=bool(config.verify), timeout=float(config.timeout),
    )  # fmt: skip


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
    )


def release_of(text: str) -> tuple[int, ...]:
    """The release of a version such as ``6.3.0-107.r1``, as numbers: (6, 3, 0); () of an empty text.

    Raises:
        ProviderError: It is no version.
    """
    found = re.match(r"\D*(\d+)\.(\d+)(?:\.(\d+))?", text)
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
