"""The simulator as a starlette application, and the record of what it is asked."""

import json
import os
import pathlib
import uuid
from collections.abc import Mapping

from starlette.applications import Starlette

from haplan.lab.exchange import Answer, Exchange, Struck
from haplan.lab.web import application
from haplan.plugin import Tree
from haplan_mist.lab.admin import admin_routes
from haplan_mist.lab.estate import Estate
from haplan_mist.lab.http.router import Router

TRAFFIC = "HAPLAN_LAB_TRAFFIC"
RECORDED = ("x-page-limit", "x-page-page", "x-page-total", "retry-after", "content-type")


class Traffic:
    """Writes exchanges to a file of this process, when the environment names a folder for them."""

    def __init__(self) -> None:
        folder = os.environ.get(TRAFFIC)
        self._file = pathlib.Path(folder) / f"mist-{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl" if folder else None

    def record(self, exchange: Exchange, answer: Answer, content: bytes) -> None:
        if self._file is None or isinstance(
            answer, Struck
        ):  # what is not the cloud's own word need not be as its description says
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


def _parsed(content: bytes) -> Tree:
    try:
        return json.loads(content) if content.strip() else None
    except ValueError:
        return content.decode("utf-8", "replace")


def app(estate: Estate) -> Starlette:
    """The whole simulator over one estate."""
    return application("/api/v1", Router(estate).pass_through, admin_routes(estate), Traffic().record)
