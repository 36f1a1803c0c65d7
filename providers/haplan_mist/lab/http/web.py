"""The simulator as a starlette application: the cloud's API, and beside it the lab's own surface under /lab."""

import json
import os
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from haplan.lab.exchange import Drop, Exchange, receive_exchange, send_answer
from haplan.lab.server import drop
from haplan_mist.lab.admin import admin_routes
from haplan_mist.lab.estate import Estate
from haplan_mist.lab.http.router import Router
from haplan_mist.lab.http.wire import Answer

TRAFFIC = "HAPLAN_LAB_TRAFFIC"
RECORDED = ("x-page-limit", "x-page-page", "x-page-total", "retry-after", "content-type")


class Api:
    """`/api/v1` as an ASGI application. Works on the loop itself: every exchange is one short transaction."""

    def __init__(self, estate: Estate) -> None:
        self._router = Router(estate)
        self._traffic = Traffic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await receive_exchange(scope, receive)
        answer = self._router.pass_through(exchange)
        if isinstance(answer, Drop):
            await drop(scope)
            return
        content = answer.content()
        self._traffic.record(exchange, answer, content)
        await send_answer(send, answer.status, content, answer.headers)


class Traffic:
    """Writes exchanges to a file of this process, when the environment names a folder for them."""

    def __init__(self) -> None:
        folder = os.environ.get(TRAFFIC)
        self._file = pathlib.Path(folder) / f"mist-{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl" if folder else None

    def record(self, exchange: Exchange, answer: Answer, content: bytes) -> None:
        if self._file is None:
            return
        headers: Mapping[str, str] = {"content-type": "application/json", **answer.headers}
        line = {
            "method": exchange.method, "path": f"/api/v1{exchange.path}", "query": exchange.query,
            "request": _parsed(exchange.body), "status": answer.status,
            "headers": {name.lower(): value for name, value in headers.items() if name.lower() in RECORDED},
            "response": _parsed(content),
        }  # fmt: skip
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content.strip() else None
    except ValueError:
        return content.decode("utf-8", "replace")


def app(estate: Estate) -> Starlette:
    """The whole simulator over one estate."""
    return Starlette(routes=[Mount("/api/v1", app=Api(estate)), Mount("/lab", routes=admin_routes(estate))])
