"""A lab that runs: the estate, its clock, and a server on loopback."""

import pathlib

import attrs

from haplan.lab.certificates import certificate
from haplan.lab.served import ServedLab
from haplan.lab.server import Server
from haplan_mist.lab.definition import LabDefinition
from haplan_mist.lab.devices.pushes import remember_running
from haplan_mist.lab.estate import Estate
from haplan_mist.lab.http.proxy import CLOUDS, CloudProxy
from haplan_mist.lab.http.web import app


@attrs.frozen(kw_only=True)
class Served:
    """Where a lab answers.

    Attributes:
        url: base of the API without /api/v1.
        host: host and port.
        org_id, token: organisation and key for it.
        ca_file: CA that signed the server's certificate; None without TLS.
        proxy: With TLS, where clients find the lab that go to none but a real cloud's name.
    """

    url: str
    host: str
    org_id: str
    token: str = attrs.field(repr=False)
    ca_file: pathlib.Path | None = None
    proxy: str = ""


class Lab(ServedLab[Estate]):
    """A simulated Mist organisation in a folder.

    Threads: one, of whoever started it; its servers have theirs.

    Attributes:
        org_id, token: organisation, and the key of an organisation token with the role admin.
        person_token: key of a user, for edits made by "a person in the portal".
        reader_token: key of a token that may only read.
    """

    def __init__(self, folder: pathlib.Path, *, definition: LabDefinition = LabDefinition()) -> None:  # noqa: B008
        # frozen, so it can be a default
        super().__init__(Estate(pathlib.Path(folder), definition))
        with self.estate.write() as tx:
            remember_running(tx)
        identity = self.estate.identity()
        self.org_id, self.token = identity.org_id, identity.token
        self.person_token, self.reader_token = identity.person_token, identity.reader_token

    def start(self, *, port: int = 0, tls: bool = False) -> Served:
        """Serve on 127.0.0.1 in daemon threads of this process: HTTP, or HTTPS with a proxy beside it."""
        trusted = certificate(self.estate.folder, *CLOUDS) if tls else None
        server = Server(app(self.estate), port, trusted.file if trusted else None)
        self._servers.append(server)
        host = f"127.0.0.1:{server.port}"
        plain = Served(url=f"http://{host}", host=host, org_id=self.org_id, token=self.token)
        if trusted is None:
            return plain
        proxy = CloudProxy(host).start()
        self._servers.append(proxy)
        return attrs.evolve(plain, url=f"https://{host}", ca_file=trusted.ca_file, proxy=proxy.url)
