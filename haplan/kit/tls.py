"""What a client trusts: the machine's certificates, those in a file, one certificate by its fingerprint, or any."""

import hashlib
import re
import ssl
from functools import cache
from typing import Any

from haplan.plugin import ProviderError

OTHER = "its SHA-256 is"
"""Begins the reason where a certificate is another one than the trusted one."""


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


def distrust(host: str, reason: str, trusting: str) -> str:
    """The sentence about a certificate that is not trusted, or "" where the reason is another one."""
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return f"the certificate of {host} is not trusted; {trusting}"
    if OTHER in reason:
        what = "if it was renewed, give the new SHA-256 as fingerprint=, else somebody stands in between"
        return f"{host} shows another certificate than the one that is trusted ({reason}); {what}"
    return ""


def plain(reason: str) -> str:
    """What TLS says, without the names that Python has for it."""
    return re.sub(r"^\[[\w: -]*\] *| *\(_ssl\.c:\d+\)", "", reason)


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
            raise ssl.SSLError(0, f"{OTHER} {shown}, not {self.fingerprint}")
        return wrapped
