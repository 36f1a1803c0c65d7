"""Calls of HTTP services as values, and the errors they end in.

NoAnswer        nobody was reached, or what only reads got no answer: nothing was done
ApiError        the service said no
└── Lost        a write was sent, and what came back says neither yes nor no: it may be done or not
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import attrs

from haplan.kit.settings import is_loopback
from haplan.plugin import SECRET_NAMES, ProviderError, Tree

T = TypeVar("T")
AGAIN = frozenset({"GET", "PUT", "DELETE"})
"""Methods that done twice are done once."""


@attrs.frozen(kw_only=True)
class Endpoint:
    """Where a service answers, and what is trusted there.

    Attributes:
        url: ``https://host``.
        proxy: URL of a proxy, or "".
        proxies: Proxies of the environment are used too.
        ca_file: File with the certificates to trust, or "".
        fingerprint: SHA-256 of the one certificate that is trusted, in plain hex digits, or "".
        verify: False trusts any certificate.
        timeout: Seconds to wait for an answer; 0 waits for ever.
        connect: Seconds to wait for a connection.
        largest: Bytes of the largest answer that is read.
    """

    url: str
    proxy: str = ""
    proxies: bool = False
    ca_file: str = ""
    fingerprint: str = ""
    verify: bool = True
    timeout: float = 30.0
    connect: float = 10.0
    largest: int = 256 * 2**20

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return self.url.partition("://")[2]

    @property
    def loopback(self) -> bool:
        """True if the host is this machine."""
        return is_loopback(self.host)


@attrs.frozen(kw_only=True)
class Call:
    """One call of a service.

    Attributes:
        method: HTTP method.
        path: Below the service's root, as it is sent.
        what: What it is about, for messages.
        params: Query.
        body: Sent as JSON, or None.
        reads: It changes nothing.
        again: It may be sent twice.
    """

    method: str
    path: str
    what: str = ""
    params: Mapping[str, Tree] = attrs.field(factory=dict)
    body: Tree = None
    reads: bool = attrs.field()
    again: bool = attrs.field()

    @reads.default
    def _gets(self) -> bool:
        return self.method == "GET"

    @again.default
    def _harmless(self) -> bool:
        return self.reads or self.method in AGAIN


@attrs.frozen(kw_only=True)
class Answer:
    """What a service answered.

    Attributes:
        status: HTTP status.
        reason: The words for it.
        headers: By name in any case.
        text: The content.
        body: The content as JSON; None where it is empty or no JSON.
    """

    status: int
    reason: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    text: str = ""
    body: Tree = None

    @property
    def line(self) -> str:
        """The first line of it, short enough for a message."""
        return (self.text.strip() or self.reason or "no text").splitlines()[0][:200]


class NoAnswer(ProviderError):
    """Nobody was reached, or what only reads got no answer: nothing was done."""


class ApiError(ProviderError):
    """The service said no.

    Attributes:
        status: HTTP status; 0 where there was no answer.
        detail: What it said.
        body: The answer as JSON, or None.
    """

    def __init__(
        self, message: str, *, status: int = 0, detail: str = "", body: Tree = None, lost: bool = False
    ) -> None:
        super().__init__(message, lost=lost)
        self.status, self.detail, self.body = status, detail, body


class Lost(ApiError):
    """A write was sent, and nothing that came back says whether it was done."""

    def __init__(self, message: str, *, status: int = 0, detail: str = "", body: Tree = None) -> None:
        super().__init__(message, status=status, detail=detail, body=body, lost=True)


@contextmanager
def looking(lost: Lost) -> Iterator[None]:
    """While one looks what became of a write: a look that fails leaves it unknown."""
    try:
        yield
    except ProviderError as error:
        raise Lost(f"{lost}; looking failed too: {error}", status=lost.status, detail=lost.detail) from None


def send_and_look(send: Callable[[], T], came: Callable[[], T | None]) -> T:
    """Send a write that may be done twice; where no answer says whether it was done, what is there tells.

    Args:
        came: Looks, and gives what the answer would have; None if it is not there as it was sent.

    Raises:
        Lost: That does not tell it either.
    """
    try:
        return send()
    except Lost as lost:
        with looking(lost):
            found = came()
        if found is None:
            raise
        return found


def redacted(body: Tree, key: str = "") -> Tree:
    """A body fit for a log: what looks like a secret is starred."""
    if isinstance(body, Mapping):
        return {name: redacted(value, str(name)) for name, value in body.items()}
    if isinstance(body, list):
        return [redacted(value, key) for value in body]
    return "***" if isinstance(body, str) and SECRET_NAMES.search(key) else body
