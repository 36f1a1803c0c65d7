"""A way to the lab for clients that insist on HTTPS and on the name of a real Mist cloud.

The client keeps its cloud host, sets `HTTPS_PROXY` to this proxy, and `REQUESTS_CA_BUNDLE` (or `SSL_CERT_FILE`) to the
lab's CA. The proxy understands `CONNECT <cloud>:443` for the names of Mist clouds, and leads it to the lab; it refuses
every other target and never looks into the tunnel.
"""

import contextlib
import socket
import threading
from typing import Self

CLOUDS = (
    "api.mist.com", "api.gc1.mist.com", "api.ac2.mist.com", "api.gc2.mist.com", "api.gc4.mist.com",
    "api.eu.mist.com", "api.gc3.mist.com", "api.ac6.mist.com", "api.gc6.mist.com", "api.ac5.mist.com",
    "api.gc5.mist.com", "api.gc7.mist.com",
)  # fmt: skip


class CloudProxy:
    """A CONNECT proxy on loopback in a thread of this process.

    Threads: one starts and stops it; each connection has its own, and what is open is a set of theirs.

    Attributes:
        target: `host:port` of the lab's TLS server, as `Served.host` says it.
        url: what `HTTPS_PROXY` is set to; known after `start`.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.url = ""
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def start(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._run(self._accept, self._listener)
        return self

    def stop(self) -> None:
        if self._listener:
            # wakes the accepting thread; closing alone does not
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._run(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client:
            self._open.add(client)
            try:
                self._connect(client)
            except OSError:
                pass
            finally:
                self._open.discard(client)

    def _connect(self, client: socket.socket) -> None:
        words = _request_line(client)
        if len(words) != 3 or words[0] != "CONNECT" or words[1] not in {f"{name}:443" for name in CLOUDS}:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        host, _, port = self.target.rpartition(":")
        with socket.create_connection((host, int(port))) as lab:
            self._open.add(lab)
            client.sendall(b"HTTP/1.1 200 Connection Established\r\n\r\n")
            back = threading.Thread(target=_pipe, args=(lab, client), daemon=True)
            back.start()
            _pipe(client, lab)
            back.join(timeout=5)
            self._open.discard(lab)


def _request_line(client: socket.socket) -> list[str]:
    client.settimeout(10)
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 16384:
        chunk = client.recv(4096)
        if not chunk:
            break
        head += chunk
    client.settimeout(None)
    return head.split(b"\r\n", 1)[0].decode("latin-1").split()


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
