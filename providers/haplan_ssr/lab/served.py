"""A lab that runs: the estate, its clock, and a server on loopback."""

import datetime
import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from haplan.lab.served import ServedLab
from haplan.lab.server import Server
from haplan_ssr.lab.definition import LabDefinition
from haplan_ssr.lab.estate import Estate
from haplan_ssr.lab.http.web import app

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

USER, PERSON, READER = "haplan", "pat", "reader"


@attrs.frozen
class Served:
    """Where a lab answers.

    Attributes:
        url: Without /api/v1.
        host: Host and port.
        ca_file: The server's certificate, which signed itself.
    """

    url: str
    host: str
    ca_file: Path


class Lab(ServedLab[Estate]):
    """A simulated conductor in a folder. `password` gives the password of USER, PERSON and READER.

    Threads: one, of whoever started it; its servers have theirs.
    """

    def __init__(self, folder: Path, *, definition: LabDefinition = LabDefinition()) -> None:  # noqa: B008
        # frozen, so it can be a default
        super().__init__(Estate(Path(folder), definition))

    def password(self, user: str = USER) -> str:
        """The password of an account."""
        return self.estate.password(user)

    def start(self, *, port: int = 0) -> Served:
        """Serve HTTPS on 127.0.0.1 in a daemon thread of this process."""
        server = Server(app(self.estate), port, certificate(self.estate.folder))
        self._servers.append(server)
        host = f"127.0.0.1:{server.port}"
        return Served(f"https://{host}", host, self.estate.folder / "ssr-cert.pem")


def certificate(folder: Path) -> Path:
    """Key and certificate in the estate's folder, made at the first use; the certificate alone is beside them."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    file, public = folder / "ssr-server.pem", folder / "ssr-cert.pem"
    if file.exists() and public.exists():
        return file
    key = ec.generate_private_key(ec.SECP256R1())
    pem = _signed_by_itself(key).public_bytes(serialization.Encoding.PEM)
    file.touch(mode=0o600)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + pem)
    public.write_bytes(pem)
    return file


def _signed_by_itself(key: "ec.EllipticCurvePrivateKey") -> "x509.Certificate":
    """A certificate that is its own authority, as a conductor's is."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "conductor.lab")])
    now = datetime.datetime.now(datetime.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only",
         "decipher_only"), False
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )
