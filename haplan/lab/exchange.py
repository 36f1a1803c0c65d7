"""One HTTP exchange of a simulator: the request as it came, the answer as it goes, or none."""

import json
import urllib.parse
from collections.abc import Mapping

import attrs
from starlette.types import Receive, Scope, Send

from haplan.plugin import Tree


@attrs.frozen(kw_only=True)
class Exchange:
    """A request as it came.

    Attributes:
        method: HTTP method.
        path: Below the API's root, decoded.
        raw_path: The same as it came: a name in it may hold an encoded slash.
        query: Undecoded.
        headers: Lower-case names.
        body: Its content.
        source: Address of the client.
    """

    method: str
    path: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    source: str


@attrs.frozen
class Answer:
    """What goes back.

    Attributes:
        body: JSON value; None is an empty body.
        status: HTTP status.
        headers: Beyond the length, and the content type where it is JSON; a value of several lines is sent once for
            each.
        raw: Ready-made text instead of `body`: lists are stored as text already.
    """

    body: Tree = None
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    raw: str | None = None

    def content(self) -> bytes:
        if self.raw is not None:
            return self.raw.encode()
        return b"" if self.body is None else json.dumps(self.body, separators=(",", ":")).encode()


class Struck(Answer):
    """What a fault gives in the place of the service's own: a proxy in between says it, or a service that is unwell."""


class Cut(Answer):
    """An answer whose connection closes when half of it has left."""


class Refused(Exception):
    """The call is answered with an error and leaves nothing behind."""

    def __init__(self, status: int, body: Tree, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.answer = Answer(body, status, headers or {})


@attrs.frozen
class Drop:
    """The connection closes without an answer."""


def query_of(exchange: Exchange) -> dict[str, str]:
    """The last value of each query parameter."""
    return dict(urllib.parse.parse_qsl(exchange.query, keep_blank_values=True))


async def receive_exchange(scope: Scope, receive: Receive) -> Exchange:
    """The request of an ASGI scope, its body read whole."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    root = scope.get("root_path", "")
    raw = (scope.get("raw_path") or urllib.parse.quote(scope["path"]).encode()).decode("latin-1")
    return Exchange(
        method=scope["method"],
        path=scope["path"].removeprefix(root),
        raw_path=raw.removeprefix(root),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        source=(scope.get("client") or ("127.0.0.1", 0))[0],
    )


async def send_answer(
    send: Send, status: int, content: bytes, headers: Mapping[str, str], *, half: bool = False
) -> None:
    """Send JSON, or nothing; with `half` the second half of it never leaves."""
    told = [] if status == 204 else [(b"content-length", str(len(content)).encode())]
    if content and "Content-Type" not in headers:
        told.append((b"content-type", b"application/json"))
    for name, value in headers.items():
        told += [(name.lower().encode(), line.encode("latin-1")) for line in value.split("\n")]
    await send({"type": "http.response.start", "status": status, "headers": told})
    sent = content[: len(content) // 2] if half else content
    await send({"type": "http.response.body", "body": sent, "more_body": half})
