"""Host keys of devices: known, new, changed or revoked, by a file as OpenSSH keeps it."""

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import asyncssh

from haplan.plugin import ProviderError
from haplan_srx.config import SSH, Access

REVOKED = 2
"""Where a match has the keys that are revoked, behind those of the host and of authorities."""
_KEEPING = threading.Lock()


def matched(access: Access, host: str, addr: str, port: int | None) -> Any:
    """What the file says of a host. A key that is revoked for its name is so at any port.

    Raises:
        ProviderError: It is no such file.
    """
    known = _known(access)
    found = [list(keys) for keys in known.match(host, addr, port or SSH)]
    spelt = {host, *(f"[{one}]:{port}" for one in (host, addr) if one)}
    found[REVOKED] += known.match(host, addr, None)[REVOKED]  # by the name alone
    for name in spelt:  # asyncssh forgets what is revoked at a port where it finds no other key
        found[REVOKED] += known.match(name, "", None)[REVOKED]
    return tuple(found)


def _known(access: Access) -> Any:
    """Keys of known hosts: nothing is known without the file, and nothing unknown is trusted."""
    file = Path(access.known_hosts)
    if not file.is_file():
        return asyncssh.import_known_hosts("")
    stamp = file.stat()
    return _known_in(access.known_hosts, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=8)
def _known_in(file: str, _written: int, _size: int) -> Any:
    """Read once while it stays as it is: it has a line for every device, and every connection looks into it."""
    try:
        return asyncssh.read_known_hosts(file)
    except (ValueError, OSError) as error:
        raise ProviderError(f"known_hosts {file}: {error}") from None


class Client(asyncssh.SSHClient):
    """Decides about keys that the known hosts do not have.

    Threads: one, that of the event loop of all sessions.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._asked, self._had = False, False

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """A new host's key is accepted, and kept, only where the settings say so; another key of a known one never.
        Of one that is revoked nobody asks."""
        self._asked, self._had = True, bool(matched(self._access, host, addr, port)[0])
        if self._had or not self._access.accept_new:
            return False
        file = Path(self._access.known_hosts)
        file.parent.mkdir(parents=True, exist_ok=True)
        name = host if port == SSH else f"[{host}]:{port}"
        with _KEEPING, file.open("a", encoding="ascii") as out:
            out.write(f"{name} {key.export_public_key('openssh').decode('ascii').strip()}\n")
        return True

    def why(self) -> str:
        """Why a key was not taken."""
        file = self._access.known_hosts or "known_hosts"
        if not self._asked:
            return f"its host key is revoked in {file}"
        if self._had:
            return f"its host key is another one than in {file}: a device was exchanged, or another one answers; look"
        there = f"is not in {file}" if Path(file).is_file() else f"is not known: there is no file {file}"
        return f"its host key {there}; put it there, or let new hosts in with accept_new=True"
