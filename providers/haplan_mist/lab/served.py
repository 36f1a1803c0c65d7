"""A lab that runs: the estate, its clock, and a server on loopback."""

import asyncio
import pathlib
import socket
import threading
from typing import Self

import attrs
import uvicorn

from .clock import LabClock
from .cloud_door import CLOUDS
from .definition import LabDefinition
from .estate import Estate
from .web import WithTransport, app


@attrs.frozen
class Served:
    """Where a lab answers.

    Attributes:
        url: base of the API without /api/v1.
        host: host and port.
        org_id, token: organisation and key for it.
        ca_file: CA that signed the server's certificate; None without TLS.
    """

    url: str
    host: str
    org_id: str
    token: str = attrs.field(repr=False)
    ca_file: pathlib.Path | None = None


class Lab:
    """A simulated Mist organisation in a folder.

    Attributes:
        estate: the file `mist.db` in the folder.
        clock: wall time plus what was slept; sleeping takes no time.
        org_id, token: organisation, and the key of an organisation token with the role admin.
        person_token: key of a user, for edits made by "a person in the portal".
        reader_token: key of a token that may only read.
    """

    def __init__(self, folder: pathlib.Path, *, definition: LabDefinition = LabDefinition()) -> None:  # noqa: B008
        # frozen, so it can be a default
        self.estate = Estate(pathlib.Path(folder), definition)
        self.clock = LabClock(self.estate)
        identity = self.estate.identity()
        self.org_id, self.token = identity.org_id, identity.token
        self.person_token, self.reader_token = identity.person_token, identity.reader_token
        self._servers: list[_Server] = []

    def start(self, *, port: int = 0, tls: bool = False) -> Served:
        """Serve on 127.0.0.1 in a daemon thread of this process."""
        server = _Server(self.estate, port, certificate(self.estate.folder) if tls else None)
        self._servers.append(server)
        host = f"127.0.0.1:{server.port}"
        url = f"{'https' if tls else 'http'}://{host}"
        return Served(url, host, self.org_id, self.token, self.estate.folder / "ca.pem" if tls else None)

    def stop(self) -> None:
        while self._servers:
            self._servers.pop().stop()
        self.estate.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Quick(uvicorn.Server):
    """Stops at once. Uvicorn looks ten times a second whether it should, and then waits once more."""

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


class _Server:
    """Uvicorn in a thread."""

    def __init__(self, estate: Estate, port: int, certificate_file: pathlib.Path | None) -> None:
        # named TCP, because asyncio switches Nagle's delay off for such sockets only: 40 ms for every answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(128)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            WithTransport(app(estate)), http="h11", ws="none", lifespan="off", log_level="critical", access_log=False,
            ssl_certfile=certificate_file, server_header=False, date_header=False,
        )  # fmt: skip
        self._server = _Quick(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        if not self._server.running.wait(timeout=10):
            raise RuntimeError("the Mist lab did not start")

    def stop(self) -> None:
        self._server.stop()
        self._thread.join(timeout=10)
        self._socket.close()


def certificate(folder: pathlib.Path) -> pathlib.Path:
    """Certificate with key in the estate's folder, made at the first use; its CA is `ca.pem` beside it."""
    file, ca_file = folder / "server.pem", folder / "ca.pem"
    if not (file.exists() and ca_file.exists()):
        import trustme

        authority = trustme.CA(organization_name="haplan lab")
        issued = authority.issue_cert("localhost", "127.0.0.1", *CLOUDS)
        authority.cert_pem.write_to_path(str(ca_file))
        issued.private_key_and_cert_chain_pem.write_to_path(str(file))
        file.chmod(0o600)
    return file
