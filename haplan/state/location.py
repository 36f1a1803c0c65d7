"""The URL of a state, for people: no message, plan or record may show the password in it."""

import re

HIDDEN = "***"

_USER = re.compile(r"^([^/?#]*://[^:/?#]*:)(.*)@", re.S)
_FIELD = re.compile(r"([?&](?:password|sslpassword)=)[^&]*", re.I)


def shown(url: str) -> str:
    """The URL with ``***`` in place of each password.

    What stands before the last ``@`` is taken for one, so that a password whose signs were not percent-encoded is
    hidden whole.
    """
    return _FIELD.sub(rf"\g<1>{HIDDEN}", _USER.sub(rf"\g<1>{HIDDEN}@", url))
