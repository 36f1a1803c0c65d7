"""Certificates of simulators: one for each estate, with an authority of its own beside it for clients to trust."""

from pathlib import Path

import attrs


@attrs.frozen
class Certificate:
    """A server's certificate.

    Attributes:
        file: It and its key.
        ca_file: The certificate of the authority that signed it: what clients trust.
    """

    file: Path
    ca_file: Path


def certificate(folder: Path, *names: str) -> Certificate:
    """The certificate of an estate for loopback and these names, made at its first use."""
    made = Certificate(folder / "server.pem", folder / "ca.pem")
    if not (made.file.exists() and made.ca_file.exists()):
        import trustme

        authority = trustme.CA(organization_name="haplan lab")
        issued = authority.issue_cert("localhost", "127.0.0.1", *names)
        made.file.touch(mode=0o600)
        issued.private_key_and_cert_chain_pem.write_to_path(str(made.file))
        authority.cert_pem.write_to_path(str(made.ca_file))
    return made


def trust_lines(ca_file: Path) -> tuple[str, ...]:
    """What makes other clients trust an authority: each reads another variable."""
    return tuple(f"{name}={ca_file}" for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"))
