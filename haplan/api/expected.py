"""Errors on their way out of the interface: each that can be expected carries an exit code, and none holds a secret."""

from collections.abc import Iterator
from contextlib import contextmanager

from haplan.errors import HaplanError
from haplan.host.redaction import Redactor


@contextmanager
def expected(redact: Redactor | None = None) -> Iterator[None]:
    """A file or folder that this machine does not give is an expected error too.

    Args:
        redact: Takes the secrets out of what is raised.
    """
    try:
        yield
    except BaseException as error:
        if redact is not None:
            redact.error(error)
        if isinstance(error, OSError) and error.filename is not None:
            raise HaplanError(f"{error.filename}: {error.strerror or error}") from error
        raise
