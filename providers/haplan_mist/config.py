"""Settings of the provider: from ``provider("mist", …)``, else from the environment.

The variables are those of the mistapi package (0.63: ``MIST_HOST``, ``MIST_APITOKEN``) and of
Juniper/terraform-provider-mist, which has called the token ``MIST_API_TOKEN`` and ``MIST_APITOKEN``, and also reads
``MIST_PROXY`` and ``MIST_API_TIMEOUT``.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from haplan.plugin import (
    ProviderError,
    Secret,
)

HOST = ("MIST_HOST",)
TOKEN = ("MIST_APITOKEN", "MIST_API_TOKEN")
ORG = ("MIST_ORG_ID",)
PROXY = ("MIST_PROXY",)
TIMEOUT = ("MIST_API_TIMEOUT",)
CA_FILES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
_ORG_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


@attrs.frozen
class MistConfig:
    """What ``provider("mist", …)`` takes; what is left out comes from the environment.

    Attributes:
        host: Name of the API host, such as ``api.eu.mist.com``; ``http://`` is accepted for loopback only.
        org_id: Id of the organisation.
        apitoken: API token, as ``secret(…)``.
        proxy: URL of a proxy.
        ca_file: File with the certificates to trust.
        timeout: Seconds to wait for an answer.
    """

    host: str = ""
    org_id: str = ""
    apitoken: Any = attrs.field(default="", repr=False)
    proxy: str = ""
    ca_file: str = ""
    timeout: float | None = None


@attrs.frozen
class Access:
    """How to reach one organisation.

    Attributes:
        url: ``https://host``.
        org_id: The organisation.
        token: API token.
        token_source: Where it came from, for messages.
        proxy: URL or "".
        ca_file: File or "".
        timeout: Seconds.
    """

    url: str
    org_id: str
    token: str = attrs.field(repr=False)
    token_source: str = "apitoken"
    proxy: str = ""
    ca_file: str = ""
    timeout: float = 30.0

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return self.url.partition("://")[2]

    @property
    def loopback(self) -> bool:
        """True if the host is this machine."""
        return is_loopback(self.host)


def access(config: MistConfig, environ: Mapping[str, str], secret: Callable[[str], str]) -> Access:
    """Settings and environment together.

    Raises:
        ProviderError: Something is missing or not usable; one line names it and its variable.
    """
    host, _ = _setting(config.host, HOST, environ)
    org_id, _ = _setting(config.org_id, ORG, environ)
    token, source = _token(config.apitoken, environ, secret)
    wanted = ((host, HOST[0]), (token, TOKEN[0]), (org_id, ORG[0]))
    missing = [variable for value, variable in wanted if not value]
    if missing:
        words = ", ".join(missing[:-1]) + (" and " if missing[1:] else "") + missing[-1]
        raise ProviderError(f'mist: {words} not set: in the environment or in provider("mist", …); --lab needs none')
    if not _ORG_ID.match(org_id):
        raise ProviderError(f"mist: {org_id!r} is not the id of an organisation: MIST_ORG_ID takes a UUID")
    return Access(
        url=url_of(host), org_id=org_id.lower(), token=token, token_source=source,
        proxy=_proxy(_setting(config.proxy, PROXY, environ)[0]),
        ca_file=_setting(config.ca_file, CA_FILES, environ)[0], timeout=_timeout(config.timeout, environ),
    )  # fmt: skip


def url_of(host: str) -> str:
    """``https://host`` of a host written with or without scheme and path.

    Raises:
        ProviderError: The host is not one, or plain http was asked for beyond this machine.
    """
    scheme, found, rest = host.strip().partition("://")
    name = (rest if found else scheme).rstrip("/").removesuffix("/api/v1").rstrip("/")
    scheme = scheme.lower() if found else "https"
    if scheme not in ("http", "https") or not re.fullmatch(r"[A-Za-z0-9_.\-:\[\]]+", name):
        raise ProviderError(f"mist: {host!r} is not a host: MIST_HOST takes a name such as api.mist.com")
    if scheme == "http" and not is_loopback(name):
        raise ProviderError(f"mist: {host!r}: the token would travel in the clear; use https://{name}")
    return f"{scheme}://{name}"


def is_loopback(host: str) -> bool:
    """True for localhost and loopback addresses, with or without port."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _setting(given: str, variables: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str, str]:
    if given:
        return given, ""
    return next(((environ[name].strip(), name) for name in variables if environ.get(name, "").strip()), ("", ""))


def _token(given: Any, environ: Mapping[str, str], secret: Callable[[str], str]) -> tuple[str, str]:
    if isinstance(given, Secret):
        return secret(given.source).strip(), given.source
    text, variable = _setting(str(given or ""), TOKEN, environ)
    # mistapi takes several tokens, separated by commas
    return text.partition(",")[0].strip(), variable or "apitoken"


def _proxy(text: str) -> str:
    return text if not text or "://" in text else f"http://{text}"


def _timeout(given: float | None, environ: Mapping[str, str]) -> float:
    text, _ = _setting("", TIMEOUT, environ)
    if given is None and not text:
        return 30.0
    try:
        return float(text if given is None else given)
    except ValueError:
        raise ProviderError(f"mist: MIST_API_TIMEOUT is {text!r}, not a number of seconds") from None
