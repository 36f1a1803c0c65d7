"""A cloud that is a process of its own: whatever becomes of its clients, what took effect there stays.

    with CloudProcess(folder / "cloud") as address:
        cloud = RemoteCloud(address, "estate")

The process serves any number of estates, each a `Cloud` by name, on a socket at that path. It ends with its parent.
"""

import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from haplan.model.value import Tree
from haplan.testing.cloud import Cloud, Effect

VERBS = ("begin", "carry_out", "fill", "kept")
"""What of a `Cloud` can be asked for from outside."""


class CloudProcess:
    """Starts the process, and ends it. A context manager that gives the path of its socket.

    Threads: one, the test's.
    """

    def __init__(self, address: Path) -> None:
        self._address = address
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Path:
        command = [sys.executable, "-m", "haplan.testing.cloud_process", str(self._address)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise RuntimeError(f"no cloud could be started at {self._address}")
        return self._address

    def __exit__(self, *exc: object) -> None:
        if self._process is not None:
            self._process.terminate()  # a client that was forked, and stopped, holds its standard input open
            self._process.communicate()


class RemoteCloud(Cloud):
    """An estate of a `CloudProcess`. Of the script of a `Cloud` it knows `seconds` alone.

    Attributes:
        place: The name of the estate.
    """

    def __init__(self, address: Path, place: str) -> None:
        super().__init__()
        self.place = place
        self._connection = Client(str(address), "AF_UNIX")
        self._talking = threading.Lock()
        self.look()

    def ask(self, verb: str, **given: Any) -> Any:
        """One request, and its answer."""
        with self._talking:
            self._connection.send((self.place, verb, given))
            answer = self._connection.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def look(self) -> Mapping[str, Tree]:
        """See what is there now."""
        kept: Mapping[str, Tree] = self.ask("kept")
        self.fill(kept)
        return kept

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def expire(self) -> None:
        self.look()  # who reads sees what is there now; time does not pass in that process

    def begin(self, document: str) -> None:
        self.ask("begin", document=document)

    def carry_out(self, document: str, step: str, name: str, effect: Effect) -> str:
        made: str = self.ask("carry_out", document=document, step=step, name=name, effect=effect)
        return made


def serve(address: str) -> None:
    """Answer for ever."""
    estates: dict[str, Cloud] = {}
    with Listener(address, "AF_UNIX", backlog=16) as listener:
        print("ready", flush=True)
        while True:
            threading.Thread(target=_answer, args=(listener.accept(), estates), daemon=True).start()


def _answer(connection: "Connection[Any, Any]", estates: dict[str, Cloud]) -> None:
    with suppress(EOFError, OSError), connection:  # a client may die at any time
        while True:
            place, verb, given = connection.recv()
            cloud = estates.setdefault(place, Cloud())
            try:
                if verb not in VERBS:
                    raise ValueError(f"a cloud cannot {verb}")
                answer = getattr(cloud, verb)(**given)
            except Exception as error:  # the client is told
                answer = error
            connection.send(answer)


if __name__ == "__main__":
    threading.Thread(target=serve, args=(sys.argv[1],), daemon=True).start()
    sys.stdin.read()  # ends with whoever started it
