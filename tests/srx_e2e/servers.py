"""SSH servers of the tests' own: one that says nothing, one that passes connections on."""

import asyncio
import os
import subprocess
import threading
from pathlib import Path

import asyncssh

from haplan_srx.config import Access


class _Anyone(asyncssh.SSHServer):
    def __init__(self, connections: list[asyncssh.SSHServerConnection]) -> None:
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return False


class _Server:
    """An SSH server in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.key = asyncssh.generate_private_key("ssh-ed25519")

    def anyone(self) -> _Anyone:
        return _Anyone(self.connections)

    def listen(self, **options: object) -> int:
        async def made() -> asyncssh.SSHAcceptor:
            return await asyncssh.listen("127.0.0.1", 0, server_host_keys=[self.key], **options)  # type: ignore[arg-type]  # options

        self._acceptor = asyncio.run_coroutine_threadsafe(made(), self._loop).result(10)
        return self._acceptor.get_port()

    def stop(self) -> None:
        async def end() -> None:
            self._acceptor.close()
            for connection in self.connections:
                connection.abort()
            await self._acceptor.wait_closed()
            rest = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
            if rest:  # cancelled at once, one that serves a program would leave what it still waits for unawaited
                await asyncio.wait(rest, timeout=5)
            for one in rest:
                one.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Silent(_Server):
    """A device that greets, and then says nothing."""

    HELLO = (
        b'<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities><capability>'
        b"http://xml.juniper.net/netconf/junos/1.0</capability></capabilities><session-id>1</session-id></hello>]]>]]>"
    )

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.port = self.listen(server_factory=self.anyone, process_factory=self._serve, encoding=None)
        known = folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{self.port} {self.key.export_public_key().decode()}")
        self.access = Access(username="haplan", known_hosts=str(known), timeout=5)

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        process.stdout.write(self.HELLO)
        await process.stdin.read()


class Piped(_Server):
    """An SSH server whose NETCONF subsystem is a program."""

    def __init__(self, folder: Path, *command: str) -> None:
        super().__init__()
        self._command = command
        self.port = self.listen(server_factory=self.anyone, process_factory=self._serve, encoding=None)
        known = folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{self.port} {self.key.export_public_key().decode()}")
        self.access = Access(username="haplan", known_hosts=str(known), timeout=5)

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        environ = {**os.environ, "SSH_CONNECTION": "127.0.0.1 1 127.0.0.1 830", "USER": "root"}
        with subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, bufsize=0
        ) as program:
            assert program.stdout is not None
            # netconfd leaves a hello lie that it reads along with what its subsystem says first: it greets before
            process.stdout.write(await asyncio.to_thread(program.stdout.read, 65536))
            await process.redirect(stdin=program.stdin, stdout=program.stdout)
            await process.wait_closed()
            program.kill()


class Jump(_Server):
    """A host that passes connections on."""

    def __init__(self, folder: Path, known: Path) -> None:
        super().__init__()
        self.asked: list[tuple[str, int]] = []
        outer = self

        class Passing(_Anyone):
            def connection_requested(self, host: str, port: int, _host: str, _port: int) -> bool:
                outer.asked.append((host, port))
                return True

        self.port = self.listen(server_factory=lambda: Passing(self.connections))
        self.known_hosts = folder / "with_jump"
        line = f"[127.0.0.1]:{self.port} {self.key.export_public_key().decode()}"
        self.known_hosts.write_text(known.read_text() + line)
