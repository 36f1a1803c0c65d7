"""The simulator as a process of its own, which can kill its client.

    python simulator.py FOLDER PORT_FILE PID_FILE

After each write that it has stored, and before it answers, it reads PID_FILE; if a process id and a signal stand there,
that process gets the signal and the file is emptied: a killed client dies without knowing what became of its request.
"""

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from haplan_mist.lab import Lab
from haplan_mist.lab.http.web import app


class Signalling:
    """ASGI middleware: sends the client a signal after a write was stored."""

    def __init__(self, inner: Any, pid_file: Path) -> None:
        self.inner = inner
        self.pid_file = pid_file

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def answer(message: Any) -> None:
            write = scope["type"] == "http" and scope["method"] != "GET" and scope["path"].startswith("/api/")
            if write and message["type"] == "http.response.start" and message["status"] < 300:
                self.send_signal()
            await send(message)

        await self.inner(scope, receive, answer)

    def send_signal(self) -> None:
        words = self.pid_file.read_text().split() if self.pid_file.exists() else []
        if words:
            self.pid_file.write_text("")
            os.kill(int(words[0]), signal.Signals[words[1]])


def main() -> None:
    folder, port_file, pid_file = (Path(argument) for argument in sys.argv[1:])
    lab = Lab(folder)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    config = uvicorn.Config(Signalling(app(lab.estate), pid_file), log_level="critical", lifespan="off", ws="none")
    port_file.write_text(str(listening.getsockname()[1]))
    uvicorn.Server(config).run(sockets=[listening])


main()
