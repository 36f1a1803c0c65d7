"""Settings of the provider: from ``provider("mist", …)``, else from the environment.

The variables are those of the mistapi package (0.63: ``MIST_HOST``, ``MIST_APITOKEN``) and of
Juniper/terraform-provider-mist, which has called the token ``MIST_API_TOKEN`` and ``MIST_APITOKEN``, and also reads
``MIST_PROXY`` and ``MIST_API_TIMEOUT``.
"""

import re
from collections.abc import Callable, Mapping

import attrs
from attrs.validators import optional

from haplan.kit import valid
from haplan.kit.calls import Endpoint
from haplan.kit.destinations import of_service
from haplan.kit.settings import Settings, url_of
from haplan.plugin import Destination, ProviderError, Secret

HOST = ("MIST_HOST",)
EXAMPLE = "api.mist.com"
TOKEN = ("MIST_APITOKEN", "MIST_API_TOKEN")
ORG = ("MIST_ORG_ID",)
PROXY = ("MIST_PROXY",)
TIMEOUT = "MIST_API_TIMEOUT"
CA_FILES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
_ORG_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def _sealed(_config: object, _field: object, host: object) -> None:
    """No token travels in the clear, but on this machine."""
    if isinstance(host, str) and host:
        url_of("mist", host, HOST[0], EXAMPLE, plain=True)


@attrs.frozen(kw_only=True)
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

    host: str = attrs.field(default="", validator=[valid.host, _sealed])
    org_id: str = attrs.field(default="", validator=valid.matching(_ORG_ID, "the id of an organisation, a UUID"))
    apitoken: str | Secret = attrs.field(default="", repr=False, validator=valid.text)
    proxy: str = attrs.field(default="", validator=valid.host)
    ca_file: str = attrs.field(default="", validator=valid.file)
    timeout: float | None = attrs.field(default=None, validator=optional(valid.seconds))


@attrs.frozen(kw_only=True)
class Access(Endpoint):
    """How to reach one organisation.

    Attributes:
        org_id: The organisation.
        token: API token.
        token_source: Where it came from, for messages.
    """

    org_id: str
    token: str = attrs.field(repr=False)
    token_source: str = "apitoken"


def destinations(config: MistConfig, environ: Mapping[str, str]) -> tuple[Destination, ...]:
    """The cloud that the settings, else the environment, name."""
    return of_service(config.host, HOST[0], environ, ca_file=config.ca_file, proxy=config.proxy)


def access(config: MistConfig, environ: Mapping[str, str], secret: Callable[[str], str]) -> Access:
    """Settings and environment together.

    Raises:
        ProviderError: Something is missing or not usable; one line names it and its variable.
    """
    settings = Settings("mist", environ, secret)
    host = settings.text(config.host, *HOST, needed=True)
    token = settings.take(config.apitoken, *TOKEN, needed=True)
    org_id = settings.text(config.org_id, *ORG, needed=True)
    settings.complete()
    if not _ORG_ID.match(org_id):
        raise ProviderError(f"mist: {org_id!r} is not the id of an organisation: MIST_ORG_ID takes a UUID")
    proxy = settings.text(config.proxy, *PROXY)
    return Access(
        url=url_of("mist", host, HOST[0], EXAMPLE, plain=True), org_id=org_id.lower(),
        # mistapi takes several tokens, separated by commas
        token=token.value.partition(",")[0].strip(), token_source=token.source or "apitoken",
        proxy=proxy if not proxy or "://" in proxy else f"http://{proxy}", proxies=True,
        ca_file=settings.text(config.ca_file, *CA_FILES),
        timeout=settings.number(config.timeout, TIMEOUT, default=30.0),
    )  # fmt: skip
