"""An ASGI application on 127.0.0.1, in a daemon thread of this process: HTTP, or HTTPS with a certificate's file."""

import asyncio
import logging
import socket
import threading
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

SILENT = logging.Logger("haplan.lab", logging.CRITICAL + 1)
"""A logger of nobody's but the labs'."""


class Server:
    """Uvicorn in a thread; it serves until `stop`.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, app: ASGIApp, port: int, certificate: Path | None = None) -> None:
        # named TCP, because asyncio switches Nagle's delay off for such sockets only: 40 ms for every answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(128)
        self.port: int = self._socket.getsockname()[1]
        config = _Config(
            WithTransport(app), http=_Protocol, ws="none", lifespan="off", log_config=None, log_level=None,
            ssl_certfile=certificate, server_header=False, date_header=False,
        )  # fmt: skip
        self._server = _Quick(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        if not self._server.running.wait(timeout=10):
            raise RuntimeError("the lab's server did not start")

    def stop(self) -> None:
        self._server.stop()
        self._thread.join(timeout=10)
        self._socket.close()


class _Config(uvicorn.Config):
    """Leaves the loggers of the process alone: they belong to the program that runs the lab."""

    def configure_logging(self) -> None:
        pass


class _Protocol(H11Protocol):
    """Says nothing: what goes wrong here was asked for, or is told by the answer."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.logger, self.access_log = SILENT, False


class WithTransport:
    """Hands the server's transport to the application: ASGI has no word for closing without an answer."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cycle = getattr(send, "__self__", None)
        scope["haplan.transport"] = getattr(cycle, "transport", None)
        await self._inner(scope, receive, send)


async def drop(scope: Scope) -> None:
    """Close the connection without an answer."""
    transport = scope.get("haplan.transport")
    if transport is not None:
        transport.abort()
        # let the server notice before it would send an error of its own
        await asyncio.sleep(0)


class _Quick(uvicorn.Server):
    """Stops at once. Uvicorn looks ten times a second whether it should, and then waits once more.

    Threads: its own, that of the event loop; `stop` may be called in any.
    """

    async def main_loop(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self.running.set()
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # one round for the transports to close
        await asyncio.sleep(0)

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.running = threading.Event()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
