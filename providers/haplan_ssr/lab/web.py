"""The simulator as a starlette application: the conductor's API, and beside it the lab's own surface under /lab."""

import urllib.parse

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from haplan.lab.server import drop
from haplan_ssr.lab.admin import admin_routes
from haplan_ssr.lab.door import Door, Drop, Exchange
from haplan_ssr.lab.estate import Estate
from haplan_ssr.lab.wire import Answer

BASE = "/api/v1"


class Api:
    """`/api/v1` as an ASGI application. Works on the loop itself: every exchange is one short transaction."""

    def __init__(self, estate: Estate) -> None:
        self._door = Door(estate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._door.pass_through(await _exchange(scope, receive))
        if isinstance(answer, Drop):
            await drop(scope)
        else:
            await _send(send, answer)


async def _exchange(scope: Scope, receive: Receive) -> Exchange:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    # as it came: a key may hold an encoded slash
    path = scope.get("raw_path", urllib.parse.quote(scope["path"]).encode()).decode("latin-1").removeprefix(BASE)
    client = scope.get("client") or ("127.0.0.1", 0)
    return Exchange(scope["method"], path, scope["query_string"].decode("latin-1"), headers, body, client[0])


async def _send(send: Send, answer: Answer) -> None:
    content = answer.content()
    headers = [(b"content-length", str(len(content)).encode())] if answer.status != 204 else []
    if content:
        headers.append((b"content-type", b"application/json"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def app(estate: Estate) -> Starlette:
    """The whole simulator over one estate."""
    return Starlette(routes=[Mount(BASE, app=Api(estate)), Mount("/lab", routes=admin_routes(estate))])
