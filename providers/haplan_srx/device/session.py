"""A NETCONF session over SSH, for callers in threads.

On asyncssh: one event loop in one thread carries all sessions, so hundreds of devices cost neither threads nor polling
(ncclient and PyEZ poll: about 100 ms for each RPC). Callers see plain calls that block until the answer or the
deadline.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError as Cancelled
from concurrent.futures import TimeoutError as Late
from typing import Any, TypeVar

import asyncssh
from lxml import etree

from haplan.plugin import ProviderError
from haplan_srx.config import Access, Place
from haplan_srx.device.framing import Unframer, framed
from haplan_srx.device.hostkeys import Client, matched
from haplan_srx.device.replies import Refused, Reply, named, reply, text_of, without_secrets

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
CHUNKED = "urn:ietf:params:netconf:base:1.1"
CAPABILITIES = ("urn:ietf:params:netconf:base:1.0", CHUNKED, "urn:ietf:params:netconf:capability:candidate:1.0")
JUNOS = "http://xml.juniper.net/netconf/junos/1.0"
KEEPALIVE, MISSES = 30, 3
"""Seconds between two SSH keepalives, and how many may go unanswered: NETCONF itself has no ping."""
CIPHERS = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
"""Before all others: one call a packet, where ChaCha20 takes six in Python."""

T = TypeVar("T")


class Loop:
    """The event loop of all sessions, in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="haplan-netconf", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Do it there, and wait for it.

        Raises:
            TimeoutError: It took longer.
        """
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(seconds)
        except Late:
            future.cancel()
            raise TimeoutError from None
        except Cancelled:  # the loop has ended
            raise TimeoutError from None

    def stop(self) -> None:
        """End it, and what is under way in it."""
        with contextlib.suppress(TimeoutError):
            self.run(_cancel_all(), 5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()


async def _cancel_all() -> None:
    rest = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
    for one in rest:
        one.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


class Session:
    """One session with one device.

    Threads: any, under one lock: one request at a time. What happens in the event loop is its thread's.
    """

    def __init__(
        self, loop: Loop, place: Place, access: Access, log: Callable[[str], None] = lambda line: None
    ) -> None:
        self.place = place
        self._log = log
        self._loop, self._access = loop, access
        self._unframer = Unframer()
        self._number = 0
        self._lock = threading.Lock()
        self._connections: list[asyncssh.SSHClientConnection] = []
        self._reader: Any = None
        self._writer: Any = None
        self.id = ""
        self.open = False

    @classmethod
    def connect(
        cls, loop: Loop, place: Place, access: Access, log: Callable[[str], None] = lambda line: None
    ) -> "Session":
        """Open one; `log` takes a line for each request.

        Raises:
            ProviderError: The device is not reached, is not the one known by that name, or refuses who asks.
        """
        session = cls(loop, place, access, log)
        with session._logged("connect"):
            session._opened()
        return session

    def _opened(self) -> None:
        place, access = self.place, self._access
        try:
            self._loop.run(self._connect(), access.connect_timeout)
        except TimeoutError:
            self.drop()
            raise ProviderError(f"{place}: nobody lets haplan in within {access.connect_timeout:.0f} s") from None
        except (OSError, asyncssh.Error, EOFError, ValueError) as error:
            self.drop()
            raise ProviderError(f"{place}: {_words(error, access, place)}") from None
        except ProviderError as error:
            self.drop()
            raise ProviderError(f"{place}: {error}") from None
        self.open = True

    @contextlib.contextmanager
    def _logged(self, what: str) -> Iterator[None]:
        """One request, as a line of the log: what was asked, how it ended, and how long it took."""
        began, ended = time.monotonic(), "ok"
        try:
            yield
        except ProviderError as error:
            ended = f"failed: {error}"
            raise
        finally:
            self._log(f"NETCONF {self.place} {what} {(time.monotonic() - began) * 1000:.0f} ms {ended}")

    def rpc(self, request: etree._Element, *, seconds: float | None = None, lenient: bool = False) -> Reply:
        """Ask, and wait for the answer.

        Args:
            seconds: Deadline; that of the settings by default.
            lenient: Errors are in the reply instead of being raised.

        Raises:
            Refused: The device answered with errors.
            ProviderError: There is no answer; `lost` says that nobody knows what came of it.
        """
        with self._logged(without_secrets(etree.tostring(request, encoding="unicode"))):
            return self._asked(request, self._access.timeout if seconds is None else seconds, lenient=lenient)

    def _asked(self, request: etree._Element, deadline: float, *, lenient: bool) -> Reply:
        what = f"{self.place}: {etree.QName(request).localname}"
        with self._lock:
            try:
                message = self._loop.run(self._ask(request), deadline)
            except TimeoutError:
                self.drop()
                raise ProviderError(f"{what}: no answer within {deadline:.0f} s", lost=True) from None
            except (OSError, asyncssh.Error, EOFError) as error:
                self.drop()
                raise ProviderError(
                    f"{what}: the session ended: {_words(error, None, self.place)}", lost=True
                ) from None
            except ProviderError as error:  # what arrived is no message: nobody can tell where the next one begins
                self.drop()
                raise ProviderError(f"{what}: {error}", lost=True) from None
        found = reply(message, what)
        if found.errors and not lenient:
            raise Refused(what, found.errors)
        return found

    def close(self) -> None:
        """End it politely."""
        if self.open:
            with contextlib.suppress(ProviderError):
                self.rpc(etree.Element("close-session"), seconds=5)
        self.drop()

    def drop(self) -> None:
        """End it."""
        self.open = False
        with contextlib.suppress(TimeoutError, RuntimeError):
            self._loop.run(self._drop(), 5)

    # --- in the loop ---

    async def _connect(self) -> None:
        tunnel = None
        if self._access.jump is not None:
            tunnel = await _ssh(self._access.jump, self._access, None)
            self._connections.append(tunnel)
        connection = await _ssh(self.place, self._access, tunnel)
        self._connections.insert(0, connection)
        self._writer, self._reader, _ = await connection.open_session(subsystem="netconf", encoding=None)
        self._writer.write(framed(_hello(), "end"))
        greeting = await self._message()
        hello = reply(greeting, str(self.place)).element
        said = {(one.text or "").strip() for one in named(hello, "capability")}
        if JUNOS not in said:
            raise ProviderError("what answers there is no Junos device")
        self.id = text_of(hello, "session-id")
        self._unframer.framing = "chunks" if CHUNKED in said else "end"

    async def _ask(self, request: etree._Element) -> bytes:
        if self._writer is None:
            raise EOFError("it is closed")
        self._number += 1
        rpc = etree.Element(f"{{{BASE}}}rpc", nsmap={"nc": BASE})
        rpc.set("message-id", str(self._number))
        rpc.append(request)
        self._writer.write(framed(etree.tostring(rpc), self._unframer.framing))
        await self._writer.drain()
        return await self._message()

    async def _message(self) -> bytes:
        while (message := self._unframer.next()) is None:
            data = await self._reader.read(65536)
            if not data:
                raise EOFError("the device closed it")
            self._unframer.feed(data)
        return message

    async def _drop(self) -> None:
        connections, self._connections = self._connections, []
        self._reader = self._writer = None
        for connection in connections:
            connection.abort()
            await connection.wait_closed()


def _hello() -> bytes:
    hello = etree.Element(f"{{{BASE}}}hello", nsmap={None: BASE})
    listed = etree.SubElement(hello, f"{{{BASE}}}capabilities")
    for capability in CAPABILITIES:
        etree.SubElement(listed, f"{{{BASE}}}capability").text = capability
    return etree.tostring(hello)


async def _ssh(place: Place, access: Access, tunnel: Any) -> asyncssh.SSHClientConnection:
    client = Client(access)
    given: dict[str, Any] = {
        "port": place.port, "username": place.user or access.username, "config": None, "tunnel": tunnel or (),
        "keepalive_interval": KEEPALIVE, "keepalive_count_max": MISSES, "login_timeout": access.connect_timeout,
        "known_hosts": lambda host, addr, port: matched(access, host, addr, port), "client_factory": lambda: client,
        "encryption_algs": CIPHERS, "agent_path": access.agent or None, "password": access.password or None,
    }  # fmt: skip
    if access.key_file:
        given |= {"client_keys": [access.key_file], "passphrase": access.key_passphrase or None}
    elif access.password:
        given["client_keys"] = None
    try:
        return await asyncssh.connect(place.host, **given)
    except asyncssh.HostKeyNotVerifiable:
        raise ProviderError(client.why()) from None
    except asyncssh.KeyImportError as error:
        raise ProviderError(f"key file {access.key_file}: {error}") from None


def _words(error: Exception, access: Access | None, place: Place) -> str:
    match error:
        case asyncssh.PermissionDenied() if access is not None:
            return f"it does not let {access.username} in: {access.offered}"
        case ConnectionRefusedError():
            return "it refuses the connection: is NETCONF on (system services netconf ssh)?"
        case asyncssh.ChannelOpenError():
            return f"it opens no NETCONF session: {error.reason}"
        case asyncssh.Error():
            return error.reason
        case OSError():
            said = error.strerror or type(error).__name__
            return f"{error.filename}: {said}" if error.filename else said
    return str(error)
