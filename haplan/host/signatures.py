"""Signatures as OpenSSH makes and checks them: through its own ``ssh-keygen``, so that any other takes them too."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from haplan.errors import Denied, HaplanError
from haplan.model.approval import NAMESPACE

PROGRAM = "ssh-keygen"
KEYS = ("id_ed25519", "id_ecdsa", "id_ed25519_sk", "id_ecdsa_sk", "id_rsa")
"""Keys of a person that signs without naming one, the first that is there."""
PATIENCE = 30.0
"""Seconds that a check may take; it reads files."""
_GOOD = re.compile(r'Good "[^"]*" signature for (.+) with \S+ key (SHA256:\S+)')
_KEY = re.compile(r"key (SHA256:\S+)")


class NotSigned(Exception):
    """A signature that does not count; the message says why. `key` is whose it is, as far as that is known."""

    def __init__(self, why: str, key: str = "") -> None:
        super().__init__(why)
        self.key = key


def usual_key(home: str) -> Path:
    """The key that a person signs with who names none.

    Raises:
        HaplanError: There is none.
    """
    found = [Path(home) / ".ssh" / name for name in KEYS] if home else []
    key = next((one for one in found if one.exists()), None)
    if key is None:
        raise HaplanError("no key to sign with: name one with --key")
    return key


def sign(file: Path, key: Path) -> Path:
    """Sign a file, and give the file with the signature: ``FILE.sig``. A passphrase or a touch is asked for by OpenSSH.

    Raises:
        HaplanError: It was not signed.
    """
    target = file.with_name(f"{file.name}.sig")
    target.unlink(missing_ok=True)  # it would ask whether to overwrite it
    ended = _run(["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key), str(file)], b"", None)
    if ended.returncode or not target.exists():
        raise HaplanError(f"{key}: not signed: {_last(ended.stderr)}")
    return target


def signer(text: bytes, signature: Path, signers: Path, revoked: Path | None, at: str) -> tuple[str, str]:
    """Who signed a text, and the fingerprint of the key.

    Args:
        signers: As ``allowed_signers`` of OpenSSH.
        at: When it has to be valid, in local time, as ``20261201120000``.

    Raises:
        NotSigned: Nobody of them did, or not this text.
    """
    key = key_of(text, signature)
    if not key:
        raise NotSigned("it is not signed, or the signature is of another text")
    when = [f"-Overify-time={at}"]
    known = _run(["-Y", "find-principals", "-s", str(signature), "-f", str(signers), *when], b"")
    for who in known.stdout.splitlines() if not known.returncode else ():
        listed = ["-r", str(revoked)] if revoked else []
        good = _run(
            ["-Y", "verify", "-n", NAMESPACE, "-s", str(signature), "-f", str(signers), "-I", who, *listed, *when], text
        )
        said = _GOOD.search(good.stdout)
        if not good.returncode and said is not None:
            return who, said[2]
    why = f"key {key} is of nobody in {signers.name} now" + (", or is revoked" if revoked else "")
    raise NotSigned(why, key)


def key_of(text: bytes, signature: Path) -> str:
    """The fingerprint of the key that signed a text; "" if it is no signature of it."""
    checked = _run(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(signature)], text)
    found = None if checked.returncode else _KEY.search(checked.stdout)
    return found[1] if found else ""


def _run(
    arguments: Sequence[str], given: bytes, patience: float | None = PATIENCE
) -> "subprocess.CompletedProcess[str]":
    program = shutil.which(PROGRAM)
    if program is None:
        raise Denied(f"{PROGRAM} of OpenSSH is not there, which checks and makes signatures: install openssh-client")
    try:
        ended = subprocess.run(
            [program, *arguments], input=given if patience else None, capture_output=True, timeout=patience, check=False
        )
    except subprocess.TimeoutExpired:
        raise HaplanError(f"{PROGRAM} did not answer within {patience:g} s") from None
    out, err = (said.decode(errors="replace") for said in (ended.stdout, ended.stderr))
    return subprocess.CompletedProcess(ended.args, ended.returncode, out, err)


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it says nothing"])[-1]
