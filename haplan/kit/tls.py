"""What a client trusts: the machine's certificates, those in a file, one certificate by its fingerprint, or any."""

import hashlib
import ssl
from functools import cache
from typing import Any

from haplan.plugin import ProviderError


def trust(provider: str, ca_file: str = "", fingerprint: str = "", *, verify: bool = True) -> ssl.SSLContext | bool:
    """What a TLS connection is checked against; `fingerprint` is a SHA-256 in plain hex digits.

    Raises:
        ProviderError: The file with the certificates cannot be read.
    """
    if fingerprint:
        return _pinned(fingerprint)
    if not verify:
        return False
    try:
        return ssl.create_default_context(cafile=ca_file) if ca_file else _usual()
    except (OSError, ssl.SSLError) as error:
        raise ProviderError(f"{provider}: cannot read the certificates in {ca_file}: {error}") from None


@cache
def _usual() -> ssl.SSLContext:
    """The machine's own certificates, and the public ones for machines that have none.

    To read them takes a tenth of a second, for each alias of a provider: they are read once. Nobody changes what is
    made here, so all threads may use it.
    """
    import certifi  # comes with httpx

    made = ssl.create_default_context(cafile=certifi.where())
    made.load_default_certs()
    return made


def _pinned(fingerprint: str) -> ssl.SSLContext:
    made = _Pinned(ssl.PROTOCOL_TLS_CLIENT)
    made.fingerprint = fingerprint
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


class _Pinned(ssl.SSLContext):
    """Trusts one certificate, by its SHA-256, before anything is sent."""

    fingerprint = ""

    def wrap_socket(self, *args: Any, **more: Any) -> ssl.SSLSocket:
        wrapped = super().wrap_socket(*args, **more)
        shown = hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").hexdigest()
        if shown != self.fingerprint:
            wrapped.close()
            raise ssl.SSLError(f"its certificate has the SHA-256 {shown}, expected {self.fingerprint}")
        return wrapped
