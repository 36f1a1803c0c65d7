"""A lab that runs: the estate, its clock, and its boxes on loopback."""

import os
import pathlib
import secrets
from collections.abc import Collection, Mapping

import asyncssh
import attrs

from haplan.lab.served import ServedLab
from haplan_srx.lab.chassis import boxes, power
from haplan_srx.lab.config import candidates
from haplan_srx.lab.definition import LabDefinition, mac_of
from haplan_srx.lab.estate import Estate
from haplan_srx.lab.netconf.router import Router
from haplan_srx.lab.netconf.server import Servers

KNOWN_HOSTS = "srx_known_hosts"
"""File with the host keys of the boxes, as one server has them; its id is the suffix."""


@attrs.frozen(kw_only=True)
class Served:
    """Where a lab answers.

    Attributes:
        ports: MAC → port on 127.0.0.1.
        user, password: Who may log in.
        key_file: A private key that may too.
        known_hosts: The host keys of all boxes, as OpenSSH keeps them.
    """

    ports: Mapping[str, int]
    user: str
    password: str = attrs.field(repr=False)
    key_file: pathlib.Path
    known_hosts: pathlib.Path

    def host(self, mac: str) -> str:
        return f"127.0.0.1:{self.ports[mac_of(mac)]}"


class Lab(ServedLab[Estate]):
    """Simulated SRX boxes in a folder.

    Threads: one, of whoever started it; its servers have theirs.

    Attributes:
        router: What the SSH servers hand messages to.
    """

    def __init__(self, folder: pathlib.Path, *, definition: LabDefinition = LabDefinition()) -> None:  # noqa: B008
        # frozen, so it can be a default
        super().__init__(Estate(pathlib.Path(folder), definition, boxes.seed))
        self._id = secrets.token_hex(8)
        self.router = Router(self.estate, self._id)

    def start(self, *, port: int = 0) -> Served:
        """Serve every box on 127.0.0.1, in a daemon thread of this process; `port` is the first box's."""
        with self.estate.write() as tx:
            pid = os.getpid()
            candidates.drop_dead(tx)
            self._sweep({str(row["id"]) for row in tx.all("select id from servers")})
            tx.run("insert into servers values (?, ?, ?)", self._id, pid, candidates.started_at(pid))
            keys = {row["mac"]: row["host_key"] for row in tx.all("select mac, host_key from boxes order by seq")}
            users = {row["name"]: row["key"] for row in tx.all("select name, key from users")}
        wanted = {mac: port + place if port else 0 for place, mac in enumerate(keys)}
        servers = Servers(self.router, keys, users, wanted)
        self._servers.append(servers)
        name, known = boxes.USERS[0], self._known(keys, servers.ports)
        return Served(
            ports=servers.ports,
            user=name,
            password=self.password(name),
            key_file=self._key_file(name, users[name]),
            known_hosts=known,
        )

    def password(self, user: str) -> str:
        """What a user logs in with; ``pat`` is a person who works on the boxes by hand."""
        with self.estate.read() as tx:
            row = tx.one("select password from users where name = ?", user)
            if row is None:
                raise LookupError(user)
            return str(row["password"])

    def ended(self) -> None:
        """Its sessions end too."""
        self._hosts_file.unlink(missing_ok=True)
        with self.estate.write() as tx:
            for session in tx.all("select * from sessions where server = ?", self._id):
                candidates.end(tx, session)
            tx.run("delete from servers where id = ?", self._id)

    # --- What a person does in the rack -------------------------------------------------------------------------------

    def link(self, mac: str, port: str, *, up: bool) -> None:
        """Pull or plug a cable: a port of the box, ``control`` or ``fabric``."""
        with self.estate.write() as tx:
            power.plug(tx, mac_of(mac), port, up)

    def power(self, mac: str, *, on: bool) -> None:
        """Switch a box off, or on; on takes as long as a start."""
        with self.estate.write() as tx:
            power.settle(tx)
            box = tx.box(mac_of(mac))
            if on:
                power.switch_on(tx, box)
            else:
                power.go_down(tx, box, boxes.LOST)

    # --- Files for clients --------------------------------------------------------------------------------------------

    @property
    def _hosts_file(self) -> pathlib.Path:
        return self.estate.folder / f"{KNOWN_HOSTS}.{self._id}"

    def _sweep(self, serving: Collection[str]) -> None:
        """Take away the files of servers that were killed."""
        for file in self.estate.folder.glob(f"{KNOWN_HOSTS}.*"):
            if file.suffix.removeprefix(".") not in serving:
                file.unlink(missing_ok=True)

    def _key_file(self, user: str, key: str) -> pathlib.Path:
        file = self.estate.folder / f"srx_{user}_key"
        file.touch(mode=0o600)
        file.write_text(key)
        return file

    def _known(self, keys: Mapping[str, str], ports: Mapping[str, int]) -> pathlib.Path:
        lines = []
        for mac, key in keys.items():
            public = asyncssh.import_private_key(key).export_public_key("openssh").decode().strip()
            lines.append(f"[127.0.0.1]:{ports[mac]} {public}\n")
        self._hosts_file.write_text("".join(lines))
        return self._hosts_file
