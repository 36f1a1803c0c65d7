"""SSH servers on loopback: one port a box, subsystem `netconf`.

asyncssh is a maintained, complete SSH server; all boxes of a process live in one event loop, in one thread.
"""

import asyncio
import threading
from collections.abc import Mapping

import asyncssh

from haplan_srx.lab.netconf.framing import Framing, FramingError
from haplan_srx.lab.netconf.router import Cut, Router, client_speaks_chunks, is_hello


class Servers:
    """A thread with an event loop that serves boxes until it is stopped.

    Threads: its own, that of the event loop; `stop` may be called in any.
    """

    def __init__(
        self, router: Router, keys: Mapping[str, str], users: Mapping[str, str], ports: Mapping[str, int]
    ) -> None:
        """`keys`: MAC → private host key; `users`: name → private key; `ports`: MAC → port, 0 for any free one."""
        self._router, self._keys, self._wanted = router, keys, ports
        self._users = {name: asyncssh.import_private_key(key).convert_to_public() for name, key in users.items()}
        self.ports: dict[str, int] = {}
        self._failed: BaseException | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="srx-lab", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        """Close all connections and end the thread."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._connections: set[asyncssh.SSHServerConnection] = set()
        acceptors = []
        try:
            for mac, key in self._keys.items():
                acceptor = await asyncssh.listen("127.0.0.1", self._wanted.get(mac, 0), options=self._options(mac, key))
                acceptors.append(acceptor)
                self.ports[mac] = acceptor.get_port()
        except BaseException as error:  # the thread that waits for the start raises it
            self._failed = error
        self._ready.set()
        if self._failed is None:
            await self._stopping.wait()
        await _rounds()  # what was just accepted becomes a connection; asyncio loses it if its server is gone by then
        for acceptor in acceptors:
            acceptor.close()
        connections = list(self._connections)
        for connection in connections:
            connection.abort()
        await asyncio.gather(*(connection.wait_closed() for connection in connections))
        await _rounds()  # transports close their sockets

    def _options(self, mac: str, key: str) -> asyncssh.SSHServerConnectionOptions:
        return asyncssh.SSHServerConnectionOptions(
            server_factory=lambda: BoxServer(self._router, mac, self._users, self._connections),
            server_host_keys=[asyncssh.import_private_key(key)],
            encoding=None,
            allow_scp=False,
            agent_forwarding=False,
            gss_host=None,
            login_timeout=30,
        )


async def _rounds() -> None:
    """Let the loop go round a few times: what it has begun takes more than one."""
    for _ in range(5):
        await asyncio.sleep(0)


class BoxServer(asyncssh.SSHServer):
    """One connection to one box.

    Threads: one, that of the servers' event loop.
    """

    def __init__(
        self, router: Router, mac: str, users: Mapping[str, asyncssh.SSHKey], all_: set[asyncssh.SSHServerConnection]
    ) -> None:
        self._router, self._mac, self._users, self._all = router, mac, users, all_
        self.user = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._all.add(conn)
        if not self._router.reachable(self._mac):
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        self.user = username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        known = self._router.password(username)
        return known is not None and known == password

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        known = self._users.get(username)
        return known is not None and known.public_data == key.public_data

    def session_requested(self) -> "NetconfSession":
        return NetconfSession(self._router, self._mac, self)


class NetconfSession(asyncssh.SSHServerSession[bytes]):
    """One NETCONF session in one channel.

    Threads: one, that of the servers' event loop.
    """

    def __init__(self, router: Router, mac: str, server: BoxServer) -> None:
        self._router, self._mac, self._server = router, mac, server
        self._framing_in, self._framing_out = Framing(), Framing()
        self._number: int | None = None
        self._greeted = False

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "netconf"

    def session_started(self) -> None:
        begun = self._router.greet(self._mac, self._server.user)
        if begun is None:
            self._hang_up()
            return
        self._number, said, self._chunks = begun
        self._channel.write(self._framing_out.frame(said))

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        try:
            for message in self._framing_in.feed(data):
                if self._number is None or not self._take(message):
                    return
        except FramingError:
            self._hang_up()

    def _take(self, message: bytes) -> bool:
        """Work on one message; False when the session is over."""
        if not message.strip():
            return True
        if not self._greeted and is_hello(message):
            self._greeted = True
            self._framing_in.chunked = self._framing_out.chunked = self._chunks and client_speaks_chunks(message)
            return True
        self._greeted = True
        reply, goes_on = self._router.answer(self._number or 0, message)
        if isinstance(reply, Cut):
            self._channel.write(reply.encode())
            reply, goes_on = None, False
        if reply is not None:
            self._channel.write(self._framing_out.frame(reply))
        if not goes_on:
            self._leave()
            if reply is None:
                self._hang_up()
            else:
                self._channel.exit(0)
        return goes_on

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._number is not None:
            number, self._number = self._number, None
            self._router.leave(number)

    def _hang_up(self) -> None:
        """The connection just ends, as when a box goes away."""
        connection = self._channel.get_connection()
        connection.abort()
