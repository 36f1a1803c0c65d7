"""A lab that runs: the estate, its clock, and a server on loopback."""

import pathlib

import attrs

from haplan.lab.served import ServedLab
from haplan.lab.server import Server
from haplan_mist.lab.definition import LabDefinition
from haplan_mist.lab.devices.pushes import remember_running
from haplan_mist.lab.estate import Estate
from haplan_mist.lab.http.proxy import CLOUDS
from haplan_mist.lab.http.web import app


@attrs.frozen(kw_only=True)
class Served:
    """Where a lab answers.

    Attributes:
        url: base of the API without /api/v1.
        host: host and port.
        org_id, token: organisation and key for it.
        ca_file: CA that signed the server's certificate; None without TLS.
    """

    url: str
    host: str
    org_id: str
    token: str = attrs.field(repr=False)
    ca_file: pathlib.Path | None = None


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
        """Serve on 127.0.0.1 in a daemon thread of this process."""
        server = Server(app(self.estate), port, certificate(self.estate.folder) if tls else None)
        self._servers.append(server)
        host = f"127.0.0.1:{server.port}"
        url = f"{'https' if tls else 'http'}://{host}"
        return Served(
            url=url,
            host=host,
            org_id=self.org_id,
            token=self.token,
            ca_file=self.estate.folder / "ca.pem" if tls else None,
        )


def certificate(folder: pathlib.Path) -> pathlib.Path:
    """Certificate with key in the estate's folder, made at the first use; its CA is `ca.pem` beside it."""
    file, ca_file = folder / "server.pem", folder / "ca.pem"
    if not (file.exists() and ca_file.exists()):
        import trustme

        authority = trustme.CA(organization_name="haplan lab")
        issued = authority.issue_cert("localhost", "127.0.0.1", *CLOUDS)
        authority.cert_pem.write_to_path(str(ca_file))
        issued.private_key_and_cert_chain_pem.write_to_path(str(file))
        file.chmod(0o600)
    return file
